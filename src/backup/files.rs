//! Files of a backup: hashed, copied and synced.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::BackupError;
use crate::blobs::make_private_directory;
use crate::store::sqlite::make_private_file;

/// Refuses a folder that holds anything.
pub(super) fn require_empty(folder: &Path) -> Result<(), BackupError> {
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(BackupError::file(folder)(error)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BackupError::refused(folder, "is not empty")),
        },
    }
}

/// Whether `path` is `folder` or below it, whatever links lead there; neither has to exist yet.
pub(super) fn lies_in(path: &Path, folder: &Path) -> bool {
    match (resolved(path), resolved(folder)) {
        (Some(path), Some(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// The path without links: those of its nearest ancestor that exists, for what does not exist yet cannot be a link.
fn resolved(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().find_map(|ancestor| {
        let rest = path.strip_prefix(ancestor).ok()?;
        Some(ancestor.canonicalize().ok()?.join(rest))
    })
}

/// Length in bytes and SHA-256, hexadecimal.
pub(super) fn digest(path: &Path) -> Result<(u64, String), BackupError> {
    let failed = BackupError::file(path);
    let mut file = File::open(path).map_err(&failed)?;
    let (mut hash, mut length, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer).map_err(&failed)?;
        if read == 0 {
            return Ok((length, hex::encode(hash.finalize())));
        }
        hash.update(&buffer[..read]);
        length += read as u64;
    }
}

/// Links the file, or copies it where a link is impossible; false when there is no such file.
///
/// An evidence file is never changed in place, so a link stays what was backed up; a deletion leaves it alone.
pub(super) fn link_or_copy(source: &Path, target: &Path) -> Result<bool, BackupError> {
    make_parent(target)?;
    match std::fs::hard_link(source, target) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(_) => copy(source, target),
    }
}

/// Copies the file (mode 0600) and syncs it; false when there is no such file.
pub(super) fn copy(source: &Path, target: &Path) -> Result<bool, BackupError> {
    let mut from = match File::open(source) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(BackupError::file(source))?,
    };
    make_parent(target)?;
    let failed = BackupError::file(target);
    make_private_file(target).map_err(&failed)?;
    let mut to = File::options().write(true).truncate(true).open(target).map_err(&failed)?;
    io::copy(&mut from, &mut to).map_err(&failed)?;
    to.sync_all().map_err(&failed)?;
    Ok(true)
}

fn make_parent(path: &Path) -> Result<(), BackupError> {
    path.parent().map_or(Ok(()), |folder| make_private_directory(folder).map_err(BackupError::file(folder)))
}
