//! Where events, the log and the read models live.
//!
//! `log` is the order and its proof, free of any database; `sqlite` is the embedded store; `postgres` numbers the log
//! on PostgreSQL; `access` is what an API key is. Nothing outside this module may know which store runs.

pub mod access;
pub mod log;
pub mod postgres;
pub mod sqlite;

use std::path::PathBuf;

pub use sqlite::PumpLag;
pub use sqlite::sessions::{PageStart, SessionFilter};

/// The store that runs.
pub type Store = sqlite::SqliteStore;

/// Its repository for cqrs-es.
pub type StoreEvents = sqlite::SqliteEvents;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is not reachable.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("schema: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// A file of the store could not be used.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Another server runs on the same data.
    #[error("another server already runs on {path}; stop it first, or give this one another data directory", path = .0.display())]
    InUse(PathBuf),
    /// Stored data contradicts itself; the text names where and holds no personal data.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}
