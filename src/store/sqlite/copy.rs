//! Copies a whole database file as it stands at one moment, beside whoever writes to it.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::make_private_file;
use crate::store::StoreError;

/// Copies `source` into the new file `target` (mode 0600), synced to disk; writers of a WAL database are not held up.
pub(crate) async fn copy_database(source: &Path, target: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::File { path: target.to_owned(), error };
    if target.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let name = target.to_str().ok_or_else(|| failed(std::io::ErrorKind::InvalidFilename.into()))?;
    // SQLite takes an empty file as its target and keeps the mode of it.
    make_private_file(target).map_err(failed)?;
    let options = SqliteConnectOptions::new().filename(source).busy_timeout(Duration::from_secs(10));
    let mut connection = options.connect().await?;
    sqlx::query("VACUUM INTO ?").bind(name).execute(&mut connection).await?;
    connection.close().await?;
    std::fs::File::open(target).and_then(|file| file.sync_all()).map_err(failed)
}

/// Whether SQLite finds the file's pages and indexes in order.
pub(crate) async fn is_intact(database: &Path) -> Result<bool, StoreError> {
    let mut connection = SqliteConnectOptions::new().filename(database).read_only(true).connect().await?;
    let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(found == "ok")
}
