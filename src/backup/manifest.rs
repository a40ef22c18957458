//! The manifest of a backup: what the log was, and every file with its hash.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackupError, files};
use crate::store::log::verify::Verified;
use crate::store::sqlite::make_private_file;

const NAME: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What a backup holds; holds no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format.
    pub format: u32,
    /// Version of the software that took the backup.
    pub software: String,
    /// When, UTC.
    pub taken_at: Timestamp,
    /// The log as copied.
    pub log: LogSummary,
    /// Every file but this one.
    pub files: Vec<BackedUpFile>,
    /// Evidence files that events name and that were not there: erased, by and large.
    pub missing: Vec<PathBuf>,
}

/// How far the copied log went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSummary {
    /// Numbered events.
    pub size: u64,
    /// Root of the hash tree over them, hexadecimal.
    pub root: String,
    /// Streams among them.
    pub streams: u64,
    /// Events that waited for their number.
    pub unnumbered: u64,
}

/// A file of the backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUpFile {
    /// Below the backup's folder.
    pub path: PathBuf,
    /// Length.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

impl From<Verified> for LogSummary {
    fn from(verified: Verified) -> Self {
        Self {
            size: verified.head.size,
            root: hex::encode(verified.head.root),
            streams: verified.streams,
            unnumbered: verified.unnumbered,
        }
    }
}

impl Manifest {
    pub(super) fn new(log: LogSummary, taken_at: Timestamp) -> Self {
        let software = env!("CARGO_PKG_VERSION").into();
        Self { format: FORMAT, software, taken_at, log, files: vec![], missing: vec![] }
    }

    pub(super) fn add(&mut self, folder: &Path, path: &Path) -> Result<(), BackupError> {
        let (bytes, sha256) = files::digest(&folder.join(path))?;
        self.files.push(BackedUpFile { path: path.to_owned(), bytes, sha256 });
        Ok(())
    }

    pub(super) fn note_missing(&mut self, path: &Path) {
        self.missing.push(path.to_owned());
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(NAME);
        let failed = BackupError::file(&path);
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| BackupError::Manifest(error.to_string()))?;
        make_private_file(&path).map_err(&failed)?;
        let mut file = std::fs::File::options().write(true).open(&path).map_err(&failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(&failed)
    }

    /// Reads the manifest of a backup; a path that leads out of the backup is refused.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(NAME);
        let text = std::fs::read(&path).map_err(BackupError::file(&path))?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| BackupError::Manifest(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(BackupError::Manifest(format!("format {} is unknown", manifest.format)));
        }
        let leads_out =
            |file: &BackedUpFile| !file.path.components().all(|part| matches!(part, Component::Normal(_)));
        if manifest.files.iter().any(leads_out) {
            return Err(BackupError::Manifest("a path leads out of the backup".into()));
        }
        Ok(manifest)
    }
}
