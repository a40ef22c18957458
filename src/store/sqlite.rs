//! The embedded database: one SQLite file, many readers, one writer.
//!
//! WAL with synchronous=FULL, because NORMAL can lose acknowledged commits on power loss. One writer connection: it
//! gives more throughput and a quarter of the latency of ten that wait for each other's lock.

pub(super) mod appends;
pub(crate) mod copy;
pub(super) mod lock;
pub(super) mod shadow;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, QueryBuilder, Sqlite};

use super::StoreError;
use super::database::Database;
use super::numbering::Numbered;

/// Long enough for a command line beside the server to finish its append.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// Rows that a reader's thread may be ahead of who takes them: a rebuild reads thousands, and every pause wakes a thread.
const ROWS_AHEAD: usize = 1_000;
/// KiB of pages that the writer keeps (negative: SQLite's sign for it), instead of 2 MiB: indexes in no order of time, such as those by
/// identifier, are read again and again while a read model is made anew.
const WRITER_CACHE: &str = "-65536";

/// Opens the database file, making it (mode 0600) and its schema when missing.
///
/// Any number of processes may open one file; only a server takes the instance lock.
pub(super) async fn open(path: &Path) -> Result<Database, StoreError> {
    make_private_file(path).map_err(|error| StoreError::File { path: path.to_owned(), error })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // Without it, INSERT OR REPLACE would delete a row past the trigger that refuses deletes.
        .pragma("recursive_triggers", "ON");
    let writer = pool(1).connect_with(options.clone().pragma("cache_size", WRITER_CACHE)).await?;
    sqlx::migrate!("migrations/sqlite").run(&writer).await?;
    let reading = options.pragma("query_only", "ON").row_buffer_size(ROWS_AHEAD);
    let readers = pool(READERS).connect_with(reading).await?;
    Ok(Database::Sqlite { writer, readers })
}

/// Stores numbers and leaves in one statement; returns how many rows got theirs.
pub(super) async fn store_numbers(db: &mut SqliteConnection, numbered: &[Numbered]) -> sqlx::Result<u64> {
    let mut update = QueryBuilder::<Sqlite>::new(
        "UPDATE events SET position = numbered.column1, leaf = numbered.column2 FROM (",
    );
    update.push_values(numbered, |mut row, event| {
        row.push_bind(event.position).push_bind(event.leaf.as_slice()).push_bind(event.row);
    });
    update.push(") AS numbered WHERE events.rowid = numbered.column3 AND events.position IS NULL");
    Ok(update.build().persistent(false).execute(db).await?.rows_affected())
}

/// A pool of connections that live as long as it does, but for one left inside a transaction: that is replaced.
///
/// A COMMIT that fails on a full disk makes SQLite roll back by itself. The ROLLBACK that sqlx sends then fails, so it
/// counts the transaction as open for ever, and every later one on the connection is refused.
pub(crate) fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        // A connection to a file does not die by itself; asking it each time would wake its thread once more.
        .test_before_acquire(false)
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
