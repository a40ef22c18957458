//! The embedded store: one SQLite file, many readers, one writer.
//!
//! WAL with synchronous=FULL, because NORMAL can lose acknowledged commits on power loss. One writer connection: it
//! gives more throughput and a quarter of the latency of ten that wait for each other's lock.

pub mod access;
pub(crate) mod copy;
pub mod events;
pub mod evidence;
pub mod history;
pub mod idempotency;
mod lock;
mod numbering;
pub mod partner_view;
pub mod projection;
pub mod pump;
pub mod sessions;
mod verify;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqrs_es::Aggregate;
use cqrs_es::persist::PersistedEventStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlitePool};
use tokio::sync::Notify;
use uuid::Uuid;

pub use events::SqliteEvents;
pub use lock::InstanceLock;
pub use pump::{Pump, PumpLag};

use crate::store::StoreError;

/// Long enough for a command line beside the server to finish its append.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// The embedded store; clones share its connections.
#[derive(Clone)]
pub struct SqliteStore {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    appended: Arc<Notify>,
    key_uses: Arc<Mutex<HashMap<String, i64>>>,
    /// Tells this opening of the store from one before a crash.
    opening: Uuid,
}

impl SqliteStore {
    /// Opens the database file, making it (mode 0600) and its schema when missing.
    ///
    /// Any number of processes may open one file; only a server takes the [`InstanceLock`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        make_private_file(path).map_err(|error| StoreError::File { path: path.to_owned(), error })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            // Without it, INSERT OR REPLACE would delete a row past the trigger that refuses deletes.
            .pragma("recursive_triggers", "ON");
        let writer = pool(1).connect_with(options.clone()).await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let readers = pool(READERS).connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers,
            appended: Arc::new(Notify::new()),
            key_uses: Arc::default(),
            opening: Uuid::new_v4(),
        })
    }

    /// Takes the lock that only one server may hold on this database.
    pub fn lock_instance(&self) -> Result<InstanceLock, StoreError> {
        InstanceLock::acquire(&self.path)
    }

    /// Copies the database as it stands at one moment into the new file `target`; appends go on meanwhile.
    pub async fn copy_into(&self, target: &Path) -> Result<(), StoreError> {
        copy::copy_database(&self.path, target).await
    }

    /// The cqrs-es repository over this store.
    pub fn events(&self) -> SqliteEvents {
        SqliteEvents::new(&self.readers, &self.writer, Arc::clone(&self.appended))
    }

    /// The cqrs-es event store of one aggregate; no snapshots.
    pub fn event_store<A: Aggregate>(&self) -> PersistedEventStore<SqliteEvents, A> {
        PersistedEventStore::new_event_store(self.events())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    /// Closes all connections, which also writes the WAL back into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A pool of connections that live as long as it does, but for one left inside a transaction: that is replaced.
///
/// A COMMIT that fails on a full disk makes SQLite roll back by itself. The ROLLBACK that sqlx sends then fails, so it
/// counts the transaction as open for ever, and every later one on the connection is refused.
pub(crate) fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}

/// Makes the file readable by its owner only; SQLite gives its side files the same mode.
pub(crate) fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
