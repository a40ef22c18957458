//! The key database: wrapped data keys and blind indexes, apart from the events.
//!
//! On SQLite no WAL and secure_delete on, so that a deleted key is overwritten in the file rather than kept in a side
//! file. PostgreSQL, for several nodes, overwrites a deleted row when it vacuums and keeps it in its own WAL and backups
//! for as long as those are kept.

use std::path::Path;
use std::time::Duration;

use domain::ids::SessionId;
use domain::sealed::DataClass;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, Encode, QueryBuilder, Type};

use super::VaultError;
use crate::store::database::{Database, in_transaction, on_reader, on_writer};
use crate::store::postgres;
use crate::store::sqlite::{make_private_file, pool};
use crate::store::{Connection, DatabaseAddress, Transaction};

/// For each node; keys are cached, so few are enough.
const CONNECTIONS: u32 = 4;

/// A blind index about to be written.
pub(super) struct BlindIndex {
    pub(super) partner: String,
    pub(super) purpose: &'static str,
    pub(super) value: [u8; 32],
    pub(super) class: DataClass,
}

/// The connections to it.
pub(super) struct KeyDatabase {
    pub(super) database: Database,
}

impl KeyDatabase {
    pub(super) async fn open(address: &DatabaseAddress) -> Result<Self, VaultError> {
        let database = match address {
            DatabaseAddress::File(path) => open_file(path).await?,
            DatabaseAddress::Postgres(options) => {
                let pool = postgres::connect(options, CONNECTIONS).await?;
                postgres::migrate(&pool, sqlx::migrate!("migrations/keys/postgres")).await?;
                Database::Postgres(pool)
            }
        };
        Ok(Self { database })
    }

    /// The sealed check value of the key database at an address, which is neither made nor changed; none where there is none.
    pub(super) async fn peek(address: &DatabaseAddress) -> Result<Option<Vec<u8>>, VaultError> {
        let select = "SELECT sealed FROM master_key_check";
        Ok(match address {
            DatabaseAddress::File(path) if !path.exists() => None,
            DatabaseAddress::File(path) => {
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                let mut connection = options.busy_timeout(Duration::from_secs(10)).connect().await?;
                let sealed = sqlx::query_scalar(select).fetch_optional(&mut connection).await?;
                connection.close().await?;
                sealed
            }
            DatabaseAddress::Postgres(options) => {
                let mut connection = options.connect().await?;
                let sealed = sqlx::query_scalar(select).fetch_optional(&mut connection).await?;
                connection.close().await?;
                sealed
            }
        })
    }

    pub(super) async fn ping(&self) -> Result<(), VaultError> {
        on_reader!(self.database, |db| {
            sqlx::query("SELECT id FROM master_key_check").execute(db).await.map(drop)
        })?;
        Ok(())
    }

    /// The sealed check value; `fresh` is stored when there is none yet.
    pub(super) async fn check_value(&self, fresh: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let insert = "INSERT INTO master_key_check (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        Ok(on_writer!(self.database, |db| {
            sqlx::query(insert).bind(fresh).execute(db).await?;
            sqlx::query_scalar("SELECT sealed FROM master_key_check").fetch_one(db).await?
        }))
    }

    /// Writes a session's keys and indexes in one transaction; returns the classes whose key is really the given one.
    pub(super) async fn make_session(
        &self,
        session: SessionId,
        keys: &[(DataClass, Vec<u8>)],
        indexes: &[BlindIndex],
        now: i64,
    ) -> Result<Vec<DataClass>, VaultError> {
        let session = session.to_string();
        let mut tx = self.begin_on(&session).await?;
        let mut made = Vec::new();
        for (class, wrapped) in keys {
            let rows = in_transaction!(tx, |db| {
                let query = sqlx::query(include_str!("sql/make_key.sql")).bind(&session).bind(class.as_str());
                query.bind(wrapped).execute(db).await.map(|done| done.rows_affected())
            })?;
            if rows == 1 {
                made.push(*class);
            }
        }
        let erased: Vec<String> = in_transaction!(tx, |db| {
            sqlx::query_scalar("SELECT class FROM erased_classes WHERE session_id = $1")
                .bind(&session)
                .fetch_all(db)
                .await
        })?;
        let kept: Vec<&BlindIndex> = indexes
            .iter()
            .filter(|index| !erased.iter().any(|class| class == index.class.as_str()))
            .collect();
        if !kept.is_empty() {
            in_transaction!(tx, |db| {
                // A film has up to 60 frames: one statement, whose text depends on their number.
                values_of(&session, &kept, now).build().persistent(false).execute(db).await.map(drop)
            })?;
        }
        tx.commit().await?;
        Ok(made)
    }

    pub(super) async fn wrapped_key(
        &self,
        session: SessionId,
        class: DataClass,
    ) -> Result<Option<Vec<u8>>, VaultError> {
        let wrapped = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT wrapped FROM data_keys WHERE session_id = $1 AND class = $2")
                .bind(session.to_string())
                .bind(class.as_str())
                .fetch_optional(db)
                .await
        })?;
        Ok(wrapped)
    }

    /// The wrapped keys of many sessions in one statement; erased ones are left out.
    pub(super) async fn wrapped_keys(
        &self,
        sessions: &[SessionId],
        class: DataClass,
    ) -> Result<Vec<(String, Vec<u8>)>, VaultError> {
        let keys = on_reader!(self.database, |db| {
            // The number of sessions is part of the text, so the statement is not worth keeping.
            keys_of(sessions, class).build_query_as().persistent(false).fetch_all(db).await
        })?;
        Ok(keys)
    }

    pub(super) async fn find(
        &self,
        partner: &str,
        purpose: &str,
        value: &[u8; 32],
    ) -> Result<Vec<String>, VaultError> {
        let sessions = on_reader!(self.database, |db| {
            sqlx::query_scalar(include_str!("sql/find.sql"))
                .bind(partner)
                .bind(purpose)
                .bind(value.as_slice())
                .fetch_all(db)
                .await
        })?;
        Ok(sessions)
    }

    /// Other sessions with the same value under `purpose`, for whatever value the session has there.
    pub(super) async fn sharing(
        &self,
        session: &str,
        purpose: &str,
        limit: u32,
    ) -> Result<Vec<String>, VaultError> {
        let sessions = on_reader!(self.database, |db| {
            sqlx::query_scalar(include_str!("sql/sharing.sql"))
                .bind(session)
                .bind(purpose)
                .bind(i64::from(limit))
                .fetch_all(db)
                .await
        })?;
        Ok(sessions)
    }

    /// Deletes a class's key and indexes and remembers that; false when the key was gone before.
    pub(super) async fn erase(
        &self,
        session: SessionId,
        class: DataClass,
        now: i64,
    ) -> Result<bool, VaultError> {
        let session = session.to_string();
        let mut tx = self.begin_on(&session).await?;
        let keys = in_transaction!(tx, |db| {
            sqlx::query("DELETE FROM data_keys WHERE session_id = $1 AND class = $2")
                .bind(&session)
                .bind(class.as_str())
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?;
        in_transaction!(tx, |db| {
            sqlx::query("DELETE FROM blind_indexes WHERE session_id = $1 AND class = $2")
                .bind(&session)
                .bind(class.as_str())
                .execute(db)
                .await
                .map(drop)
        })?;
        in_transaction!(tx, |db| {
            let query = sqlx::query(include_str!("sql/note_erasure.sql")).bind(&session).bind(class.as_str());
            query.bind(now).execute(db).await.map(drop)
        })?;
        tx.commit().await?;
        Ok(keys == 1)
    }

    /// A transaction that has the session's keys to itself: an opening that ran beside an erasure would see neither its
    /// note nor its deletion, and bring a key back. On SQLite nobody writes beside it anyway.
    async fn begin_on(&self, session: &str) -> Result<Transaction, VaultError> {
        let mut tx = self.database.begin().await?;
        if let Connection::Postgres(db) = tx.connection() {
            let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            sqlx::query(lock).bind(session).execute(db).await?;
        }
        Ok(tx)
    }
}

/// One connection, since the rollback journal lets nobody read while one writes.
async fn open_file(path: &Path) -> Result<Database, VaultError> {
    make_private_file(path).map_err(|error| VaultError::File { path: path.to_owned(), error })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("secure_delete", "ON");
    let connection = pool(1).connect_with(options).await?;
    sqlx::migrate!("migrations/keys/sqlite").run(&connection).await?;
    Ok(Database::Sqlite { writer: connection.clone(), readers: connection })
}

fn values_of<DB>(session: &str, indexes: &[&BlindIndex], now: i64) -> QueryBuilder<'static, DB>
where
    DB: sqlx::Database,
    String: for<'q> Encode<'q, DB> + Type<DB>,
    Vec<u8>: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
{
    let columns = "(partner_id, purpose, index_value, session_id, class, created_at) ";
    let mut query = QueryBuilder::new(format!("INSERT INTO blind_indexes {columns}"));
    query.push_values(indexes, |mut row, index| {
        row.push_bind(index.partner.clone())
            .push_bind(index.purpose.to_owned())
            .push_bind(index.value.to_vec())
            .push_bind(session.to_owned())
            .push_bind(index.class.as_str().to_owned())
            .push_bind(now);
    });
    query.push(" ON CONFLICT (partner_id, purpose, index_value, session_id) DO NOTHING");
    query
}

fn keys_of<DB>(sessions: &[SessionId], class: DataClass) -> QueryBuilder<'static, DB>
where
    DB: sqlx::Database,
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new("SELECT session_id, wrapped FROM data_keys WHERE class = ");
    query.push_bind(class.as_str().to_owned()).push(" AND session_id IN (");
    let mut ids = query.separated(", ");
    for session in sessions {
        ids.push_bind(session.to_string());
    }
    query.push(")");
    query
}
