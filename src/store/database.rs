//! One form over SQLite and PostgreSQL: a statement is written once, with `$1` placeholders, and runs on either.
//!
//! The macros put one body behind both pools; inside, `db` is what sqlx calls an executor. What really differs is in
//! `sqlite` and `postgres`.

use std::borrow::Cow;

use sqlx::{Executor, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};

/// Rows of one statement: far below what either database takes, and more gain nothing.
pub(super) const ROWS: usize = 500;

/// The connections to one database.
#[derive(Clone)]
pub(crate) enum Database {
    /// One writer, for SQLite lets nobody else write meanwhile, and readers beside it.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// The server sorts out who waits for whom.
    Postgres(PgPool),
}

/// `on_reader!(database, |db| sqlx::query(..).bind(..).fetch_one(db).await)`: a statement that only reads.
macro_rules! on_reader {
    ($database:expr, |$db:ident| $body:expr) => {
        match &$database {
            $crate::store::database::Database::Sqlite { readers: $db, .. } => $body,
            $crate::store::database::Database::Postgres($db) => $body,
        }
    };
}
pub(crate) use on_reader;

/// As `on_reader!`, for a statement that writes, or that must see the latest write.
macro_rules! on_writer {
    ($database:expr, |$db:ident| $body:expr) => {
        match &$database {
            $crate::store::database::Database::Sqlite { writer: $db, .. } => $body,
            $crate::store::database::Database::Postgres($db) => $body,
        }
    };
}
pub(crate) use on_writer;

/// As `on_reader!`, inside a transaction.
macro_rules! in_transaction {
    ($tx:expr, |$db:ident| $body:expr) => {
        match $tx.connection() {
            $crate::store::database::Connection::Sqlite($db) => $body,
            $crate::store::database::Connection::Postgres($db) => $body,
        }
    };
}
pub(crate) use in_transaction;

impl Database {
    /// Begins a transaction that writes.
    ///
    /// IMMEDIATE on SQLite: a transaction that starts by reading and then writes fails at once when another process
    /// wrote in between, whatever the busy timeout.
    pub(crate) async fn begin(&self) -> sqlx::Result<Transaction> {
        Ok(Transaction::new(match self {
            Self::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        }))
    }

    /// Begins a transaction that reads everything as it stands at one moment.
    pub(crate) async fn snapshot(&self) -> sqlx::Result<Transaction> {
        let isolated = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(Transaction::new(match self {
            Self::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Inner::Postgres(pool.begin_with(isolated).await?),
        }))
    }

    /// Closes all connections; on SQLite this also writes the WAL back into the file.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A transaction on either database; rolled back unless committed.
pub struct Transaction {
    inner: Inner,
    shadowed: &'static [&'static str],
}

/// The connection that a transaction runs on.
pub enum Connection<'c> {
    /// To a SQLite file.
    Sqlite(&'c mut SqliteConnection),
    /// To a PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl Transaction {
    const fn new(inner: Inner) -> Self {
        Self { inner, shadowed: &[] }
    }

    /// Until [`Transaction::reveal`], statements of a projection go to the shadows of these tables.
    pub(super) const fn shadow(&mut self, tables: &'static [&'static str]) {
        self.shadowed = tables;
    }

    /// Statements go to the tables that they name again.
    pub(super) const fn reveal(&mut self) {
        self.shadowed = &[];
    }

    /// What statements run on.
    pub fn connection(&mut self) -> Connection<'_> {
        match &mut self.inner {
            Inner::Sqlite(tx) => Connection::Sqlite(tx),
            Inner::Postgres(tx) => Connection::Postgres(tx),
        }
    }

    /// A projection's statement as it is to run here: on the tables that it names, or on their shadows.
    pub fn sql(&self, statement: &'static str) -> Cow<'static, str> {
        let shadow = |text: Cow<'static, str>, table: &&str| text.replace(table, &shadow_of(table)).into();
        self.shadowed.iter().fold(Cow::Borrowed(statement), shadow)
    }

    /// As [`Transaction::sql`], the text before and after `{values}`, where the rows go.
    pub(super) fn sql_around_values(&self, statement: &'static str) -> (String, String) {
        let sql = self.sql(statement);
        let (head, tail) = sql.split_once("{values}").unwrap_or((&sql, ""));
        (head.to_owned(), tail.to_owned())
    }

    /// Runs statements without parameters, for instance SAVEPOINT: spelled the same on both.
    pub(super) async fn run(&mut self, statements: &str) -> sqlx::Result<()> {
        in_transaction!(self, |db| db.execute(sqlx::raw_sql(statements)).await.map(drop))
    }

    pub(crate) async fn commit(self) -> sqlx::Result<()> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Name of the table in which a rebuild prepares what will replace `table`.
pub(super) fn shadow_of(table: &str) -> String {
    format!("{table}_shadow")
}
