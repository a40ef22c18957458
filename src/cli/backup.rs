//! `ekyc backup` and `ekyc restore`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::app::require_own_keys;
use crate::backup::{self, Expectation, Manifest};
use crate::config::Settings;

/// Where the backup goes.
#[derive(Clone, Debug, Args)]
pub struct BackupArgs {
    /// A new or empty folder outside the data folder
    folder: PathBuf,
    /// Back up the key database too: into this file or folder, which must be another place than FOLDER
    #[arg(long, value_name = "FILE_OR_FOLDER")]
    keys: Option<PathBuf>,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

/// Where the backup comes from.
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// The folder of a backup
    folder: PathBuf,
    /// Restore the key database too, from this file or folder
    #[arg(long, value_name = "FILE_OR_FOLDER")]
    keys: Option<PathBuf>,
    /// The root that you noted when the backup was taken: proves that nobody replaced backup and manifest together
    #[arg(long, value_name = "HEX")]
    root: Option<String>,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

/// Takes a backup.
pub async fn take(args: BackupArgs, settings: Settings) -> Result<()> {
    let evidence = settings.evidence_folder();
    let (data, folder) = (settings.data_dir.clone(), args.folder.clone());
    let keys = settings.keys()?;
    // Before anything is written, rather than after half of the work.
    if let Some(target) = &args.keys {
        backup::keys_target(target, &folder)?;
    }
    let own = settings.clone();
    let manifest = super::with_store(settings, async |store| {
        if args.keys.is_some() {
            require_own_keys(&own, store).await?;
        }
        Ok(backup::take(store, &data, &evidence, &folder).await?)
    })
    .await?;
    if let Some(target) = &args.keys {
        let copy = backup::take_keys(&keys, target, &args.folder).await?;
        eprintln!("the key database is in {}; keep it apart and keep it shorter", copy.display());
    }
    print(&manifest, args.json, "backed up")?;
    if !args.json {
        println!(
            "Note the root elsewhere, for `ekyc restore --root`. The master key is not part of a backup."
        );
    }
    Ok(())
}

/// Restores a backup into the data folder of the settings.
pub async fn restore(args: RestoreArgs, settings: Settings) -> Result<()> {
    let expectation = Expectation { root: args.root };
    let manifest = backup::restore(&args.folder, &settings.data_dir, &expectation).await?;
    if let Some(copy) = &args.keys {
        backup::restore_keys(copy, &settings.keys()?).await?;
        super::with_store(settings.clone(), async |store| require_own_keys(&settings, store).await).await?;
    }
    print(&manifest, args.json, "restored and verified")?;
    if !args.json {
        println!("The server needs the key database and the master key of that time to read personal data.");
    }
    Ok(())
}

fn print(manifest: &Manifest, json: bool, done: &str) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(manifest)?);
        return Ok(());
    }
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    println!(
        "{done}: {} events in {} streams, {} files, {} MB\ntree head {}",
        manifest.log.size + manifest.log.unnumbered,
        manifest.log.streams,
        manifest.files.len(),
        bytes / 1_000_000,
        manifest.log.root
    );
    if !manifest.missing.is_empty() {
        println!("{} evidence files were gone when the backup was taken (erased)", manifest.missing.len());
    }
    Ok(())
}
