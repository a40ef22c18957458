//! Locks between processes on one database file, each a file beside it. Only who needs to be alone takes one.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::store::StoreError;

/// Held as long as it lives; the system releases it even after a kill.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Locks `<database>.<what>`; none if another process, or another part of this one, holds it.
    pub(in crate::store) fn take(database: &Path, what: &str) -> Result<Option<Self>, StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".");
        path.push(what);
        let failed = |error| StoreError::File { path: path.clone().into(), error };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
