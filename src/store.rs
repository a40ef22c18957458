//! Where events, the log and the read models live.
//!
//! `log` is the order and its proof, free of any database; `database` is one form over SQLite and PostgreSQL, and every
//! statement in `sql` is written once for both. What really differs is in `sqlite` and `postgres`: opening, locks,
//! copies. Nothing outside this module may know which store runs.

pub mod access;
mod address;
mod alone;
pub mod audit_trail;
mod catch_up;
pub(crate) mod database;
mod entry;
mod events;
pub mod evidence;
pub(crate) mod faults;
mod history;
pub mod idempotency;
pub mod log;
pub mod monitoring;
mod numbering;
pub mod operator_sessions;
pub mod overview;
pub mod partner_view;
pub(crate) mod postgres;
pub mod projection;
mod pump;
mod rebuild;
pub mod retention;
pub mod review_queue;
pub mod sessions;
pub mod sign_ins;
pub(crate) mod sqlite;
mod verify;
mod views;
pub mod webhooks;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cqrs_es::Aggregate;
use cqrs_es::persist::PersistedEventStore;
use tokio::sync::Notify;
use uuid::Uuid;

pub use address::{DatabaseAddress, InvalidAddress};
pub use alone::Alone;
pub use catch_up::CatchUp;
pub use database::{Connection, Transaction};
pub use entry::Entry;
pub use events::StoreEvents;
pub use pump::{Pump, PumpLag, Step};
pub use rebuild::{ProjectionStatus, Rebuilt};
pub use sessions::{PageStart, SessionFilter};
pub use sqlite::lock::FileLock;

use database::{Database, on_reader, on_writer};
use events::Repository;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is not reachable.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database is away, locked or full, as the event store tells it.
    #[error("database: {0}")]
    Unavailable(String),
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
    /// Others are at it, one after the other; it may work later.
    #[error("others are at {0}")]
    Contended(&'static str),
    /// A server's database is copied by the server's own tools.
    #[error(
        "the database is on PostgreSQL: back it up with its own tools (pg_dump, or its provider's backups)"
    )]
    NotAFile,
    /// Somebody else already does it; two at once would fill one table in turns.
    #[error("a rebuild of {0} is running already")]
    Rebuilding(String),
}

impl StoreError {
    /// Whether the database is away, locked or full, so that the same may work later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Database(error) => faults::is_unavailable(error),
            Self::Contended(_) => true,
            Self::Unavailable(_) => true,
            _ => false,
        }
    }
}

/// The store; clones share its connections.
#[derive(Clone)]
pub struct Store {
    database: Database,
    events: Arc<Repository>,
    address: DatabaseAddress,
    appended: Arc<Notify>,
    key_uses: Arc<Mutex<HashMap<String, i64>>>,
    /// Held by whoever of this process is alone at something.
    alone: Arc<tokio::sync::Mutex<()>>,
    /// On a file: tells this opening of the store from one before a crash, for there is one server only. On PostgreSQL
    /// all nodes work under one name, since another node is no crashed one.
    worker: Uuid,
}

impl Store {
    /// Opens the database, bringing its schema up to date; a file is made (mode 0600) when missing.
    pub async fn open(address: impl Into<DatabaseAddress>) -> Result<Self, StoreError> {
        let address = address.into();
        let (database, worker) = match &address {
            DatabaseAddress::File(path) => (sqlite::open(path).await?, Uuid::new_v4()),
            DatabaseAddress::Postgres(options) => (postgres::open(options).await?, Uuid::nil()),
        };
        let events = Arc::new(Repository::over(&database));
        Ok(Self {
            database,
            events,
            address,
            appended: Arc::new(Notify::new()),
            key_uses: Arc::default(),
            alone: Arc::default(),
            worker,
        })
    }

    /// The same store over connections of the runtime that calls this.
    ///
    /// A connection to PostgreSQL lives in the runtime that opened it, and the HTTP workers have runtimes of their own:
    /// once they have ended, what they opened is dead. A file has no such connections.
    pub async fn reconnected(&self) -> Result<Self, StoreError> {
        match &self.address {
            DatabaseAddress::File(_) => Ok(self.clone()),
            DatabaseAddress::Postgres(options) => {
                let database = postgres::open(options).await?;
                let events = Arc::new(Repository::over(&database));
                Ok(Self { database, events, ..self.clone() })
            }
        }
    }

    /// Takes the lock that only one server may hold on a file; PostgreSQL takes any number of servers.
    pub fn lock_instance(&self) -> Result<Option<FileLock>, StoreError> {
        let Some(file) = self.address.file() else { return Ok(None) };
        FileLock::take(file, "lock")?.map(Some).ok_or_else(|| StoreError::InUse(file.to_owned()))
    }

    /// Copies the database file as it stands at one moment into the new file `target`; appends go on meanwhile.
    pub async fn copy_into(&self, target: &Path) -> Result<(), StoreError> {
        let file = self.address.file().ok_or(StoreError::NotAFile)?;
        sqlite::copy::copy_database(file, target).await
    }

    /// The cqrs-es event store of one aggregate; no snapshots.
    pub fn event_store<A: Aggregate>(&self) -> PersistedEventStore<StoreEvents, A> {
        let events = StoreEvents::new(Arc::clone(&self.events), Arc::clone(&self.appended));
        PersistedEventStore::new_event_store(events)
    }

    /// Notes at the first start which key database opens what is sealed here; false if it was another one.
    pub async fn belongs_with(&self, fingerprint: &[u8; 32]) -> Result<bool, StoreError> {
        let note = "INSERT INTO key_database (id, fingerprint) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        let known: Vec<u8> = on_writer!(self.database, |db| {
            sqlx::query(note).bind(fingerprint.as_slice()).execute(db).await?;
            sqlx::query_scalar("SELECT fingerprint FROM key_database").fetch_one(db).await?
        });
        Ok(known == fingerprint)
    }

    /// The fingerprint of the key database that opens what is sealed here; none before the first start.
    pub async fn key_database(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let known = "SELECT fingerprint FROM key_database";
        Ok(on_reader!(self.database, |db| sqlx::query_scalar(known).fetch_optional(db).await)?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on_reader!(self.database, |db| sqlx::query("SELECT 1").execute(db).await.map(drop))?;
        Ok(())
    }

    /// Closes all connections; on a file this also writes the WAL back into it.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
