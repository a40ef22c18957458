//! Restores a backup into an empty data folder; nothing is in place before everything proved whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{BackupError, DATABASE, EVIDENCE, Manifest, examine, files};
use crate::blobs::make_private_directory;

/// Where the copies are examined, inside the data folder: a rename then moves them, and never half of one.
const STAGING: &str = ".restoring";

/// What the operator noted when the backup was taken; stronger than a manifest that lies beside the data.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// Root of the log, hexadecimal.
    pub root: Option<String>,
}

/// Restores the backup in `folder` into `data`, which must be missing or empty.
///
/// Every file is copied and then compared with the manifest, the log is verified, and its root compared.
pub async fn restore(folder: &Path, data: &Path, expectation: &Expectation) -> Result<Manifest, BackupError> {
    files::require_empty(data)?;
    let manifest = Manifest::read(folder)?;
    make_private_directory(data).map_err(BackupError::file(data))?;
    let staging = data.join(STAGING);
    let proved = stage(folder, &staging, &manifest, expectation).await;
    let done = proved.and_then(|()| put_in_place(&staging, data));
    if done.is_err() {
        // What is left would only make the next attempt find a folder that is not empty.
        let _ = std::fs::remove_dir_all(&staging);
    }
    done.map(|()| manifest)
}

async fn stage(
    folder: &Path,
    staging: &Path,
    manifest: &Manifest,
    expectation: &Expectation,
) -> Result<(), BackupError> {
    for file in &manifest.files {
        let copy = staging.join(&file.path);
        let changed = || BackupError::Changed(file.path.display().to_string());
        if !files::copy(&folder.join(&file.path), &copy)? {
            return Err(changed());
        }
        // The copy is hashed, not the original: it is what will be served.
        if files::digest(&copy)? != (file.bytes, file.sha256.clone()) {
            return Err(changed());
        }
    }
    let database = staging.join(DATABASE);
    if !database.exists() {
        return Err(BackupError::Manifest("it lists no event database".into()));
    }
    let (log, named) = examine(&database).await?;
    let expected_root = expectation.root.as_ref().unwrap_or(&manifest.log.root);
    if log != manifest.log || !log.root.eq_ignore_ascii_case(expected_root) {
        let text = |size, root: &str| format!("{size} events with root {root}");
        return Err(BackupError::AnotherLog {
            expected: text(manifest.log.size, expected_root),
            found: text(log.size, &log.root),
        });
    }
    let known: BTreeSet<&PathBuf> =
        manifest.files.iter().map(|file| &file.path).chain(&manifest.missing).collect();
    let unknown = named.iter().filter(|place| !known.contains(&Path::new(EVIDENCE).join(place))).count();
    if unknown > 0 { Err(BackupError::Incomplete(unknown)) } else { Ok(()) }
}

/// The database comes last: a data folder without one is not used by any command.
fn put_in_place(staging: &Path, data: &Path) -> Result<(), BackupError> {
    let move_up = |name: &str| {
        let from = staging.join(name);
        if from.exists() { std::fs::rename(&from, data.join(name)) } else { Ok(()) }
    };
    let moved = move_up(EVIDENCE).and_then(|()| move_up(DATABASE));
    moved.and_then(|()| std::fs::remove_dir_all(staging)).map_err(BackupError::file(data))
}
