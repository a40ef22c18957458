//! Backups: the event database and the evidence files in one folder, the key database apart from them.
//!
//! A backup is taken beside a running server. Order makes it consistent: an evidence file is on disk before the event
//! that names it, and a session's keys are made before its first event, so the database is copied first. The master key
//! is never part of a backup.

mod files;
mod keys;
pub mod manifest;
mod restore;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::Utc;

pub use keys::{keys_target, restore_keys, take_keys};
pub use manifest::{LogSummary, Manifest};
pub use restore::{Expectation, restore};

use crate::blobs::{make_private_directory, place};
use crate::store::log::verify::VerifyError;
use crate::store::{Store, StoreError};

/// Name of the event database inside a backup, as in the data folder.
pub(crate) const DATABASE: &str = "ekyc.db";
/// Folder of the evidence files inside a backup, as in the data folder.
pub(crate) const EVIDENCE: &str = "blobs";

/// Why a backup could not be taken or was not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The folder is not for this.
    #[error("{path} {reason}", path = path.display())]
    Refused {
        /// The folder or file.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// The manifest does not parse or is of another format.
    #[error("the manifest cannot be used: {0}")]
    Manifest(String),
    /// A file is not the one that was backed up.
    #[error("{0} is not the file that was backed up: its SHA-256 or its length differs")]
    Changed(String),
    /// The log is not the one that was backed up.
    #[error("the log is not the one that was backed up: {found} found, {expected} expected")]
    AnotherLog {
        /// What the manifest or the operator says.
        expected: String,
        /// What the log is.
        found: String,
    },
    /// An event names a file that the manifest does not know.
    #[error("{0} evidence files that the log names are neither in the backup nor noted as missing")]
    Incomplete(usize),
    /// The copied log is not whole.
    #[error("the log does not verify: {0}")]
    Log(#[from] VerifyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    fn file(path: &Path) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), error }
    }

    fn refused(path: &Path, reason: &'static str) -> Self {
        Self::Refused { path: path.to_owned(), reason }
    }
}

/// Backs up `store` and the files under `evidence` into `folder`, which must be new or empty and not inside `data`.
///
/// The manifest is written last: a folder without one is no backup.
pub async fn take(
    store: &Store,
    data: &Path,
    evidence: &Path,
    folder: &Path,
) -> Result<Manifest, BackupError> {
    if files::lies_in(folder, data) {
        return Err(BackupError::refused(folder, "lies inside the data folder; a backup belongs elsewhere"));
    }
    files::require_empty(folder)?;
    make_private_directory(folder).map_err(BackupError::file(folder))?;
    let database = folder.join(DATABASE);
    store.copy_into(&database).await?;
    let (log, named) = examine(&database).await?;
    let mut manifest = Manifest::new(log, Utc::now());
    manifest.add(folder, Path::new(DATABASE))?;
    for blob in named {
        let source = evidence.join(&blob);
        let place = Path::new(EVIDENCE).join(&blob);
        if files::link_or_copy(&source, &folder.join(&place))? {
            manifest.add(folder, &place)?;
        } else {
            manifest.note_missing(&place);
        }
    }
    manifest.write(folder)?;
    Ok(manifest)
}

/// Verifies the log of a copied database and lists the places of the files that it names.
async fn examine(database: &Path) -> Result<(LogSummary, BTreeSet<PathBuf>), BackupError> {
    let copy = Store::open(database).await?;
    let examined = async {
        let log = LogSummary::from(copy.verify_log().await?);
        let named = copy.evidence_in_events().await?.into_iter().map(place).collect();
        Ok((log, named))
    };
    let examined = examined.await;
    // Also writes the side file back, so that the database is one file again.
    copy.close().await;
    examined
}
