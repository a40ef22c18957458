//! The key database, apart from the data that its keys open: whoever finds one backup alone reads nothing.
//!
//! Its backups need a shorter life than those of the events: a key that was destroyed lives on in every copy of it.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{BackupError, files};
use crate::blobs::make_private_directory;
use crate::store::sqlite::copy::{copy_database, is_intact};
use crate::store::sqlite::make_private_file;
use crate::store::{DatabaseAddress, StoreError};

const NAME: &str = "keys.db";

/// Where a copy of the key database goes, given a file or an existing folder; refused where the backup of the events lies.
pub fn keys_target(target: &Path, events: &Path) -> Result<PathBuf, BackupError> {
    let target = if target.is_dir() { target.join(NAME) } else { target.to_owned() };
    if files::lies_in(&target, events) {
        let reason = "would lie with the data that the keys open; give the keys another folder";
        return Err(BackupError::refused(&target, reason));
    }
    Ok(target)
}

/// Copies the key database into `target`, a file or an existing folder, with its SHA-256 beside it.
///
/// Refused where the backup of the events lies. Taken after it, so that every copied session has its keys.
pub async fn take_keys(keys: &DatabaseAddress, target: &Path, events: &Path) -> Result<PathBuf, BackupError> {
    let keys = keys.file().ok_or(StoreError::NotAFile)?;
    let target = keys_target(target, events)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private_directory(folder).map_err(BackupError::file(folder))?;
    copy_database(keys, &target).await?;
    let (_, sha256) = files::digest(&target)?;
    let note = note_of(&target);
    let failed = BackupError::file(&note);
    make_private_file(&note).map_err(&failed)?;
    let mut file = std::fs::File::options().write(true).truncate(true).open(&note).map_err(&failed)?;
    // The form that `sha256sum --check` reads.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    writeln!(file, "{sha256}  {name}").and_then(|()| file.sync_all()).map_err(&failed)?;
    Ok(target)
}

/// Puts a copy of the key database where the settings want it; an existing one is never replaced.
pub async fn restore_keys(copy: &Path, keys: &DatabaseAddress) -> Result<(), BackupError> {
    let keys = keys.file().ok_or(StoreError::NotAFile)?;
    let copy = if copy.is_dir() { copy.join(NAME) } else { copy.to_owned() };
    if keys.exists() {
        return Err(BackupError::refused(keys, "exists; a key database is never replaced"));
    }
    let (_, found) = files::digest(&copy)?;
    let changed = || BackupError::Changed(copy.display().to_string());
    if let Ok(note) = std::fs::read_to_string(note_of(&copy))
        && note.split_whitespace().next() != Some(&found)
    {
        return Err(changed());
    }
    let mut staged = keys.as_os_str().to_owned();
    staged.push(".restoring");
    let staged = PathBuf::from(staged);
    files::copy(&copy, &staged)?;
    // A copy that came without its hash is at least a whole database.
    if !is_intact(&staged).await? {
        let _ = std::fs::remove_file(&staged);
        return Err(changed());
    }
    std::fs::rename(&staged, keys).map_err(BackupError::file(keys))
}

fn note_of(copy: &Path) -> PathBuf {
    let mut note = copy.as_os_str().to_owned();
    note.push(".sha256");
    note.into()
}
