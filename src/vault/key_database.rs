//! The key database: wrapped data keys and blind indexes in a SQLite file of their own.
//!
//! No WAL and secure_delete on, so that a deleted key is overwritten in the file rather than kept in a side file.

use std::path::Path;
use std::time::Duration;

use domain::ids::SessionId;
use domain::sealed::DataClass;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::VaultError;
use crate::store::sqlite::{make_private_file, pool};

/// A blind index about to be written.
pub(super) struct BlindIndex {
    pub(super) partner: String,
    pub(super) purpose: &'static str,
    pub(super) value: [u8; 32],
    pub(super) class: DataClass,
}

/// The file; one connection, since the rollback journal lets nobody read while one writes.
pub(super) struct KeyDatabase {
    connection: SqlitePool,
}

impl KeyDatabase {
    pub(super) async fn open(path: &Path) -> Result<Self, VaultError> {
        make_private_file(path).map_err(|error| VaultError::File { path: path.to_owned(), error })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Delete)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .pragma("secure_delete", "ON");
        let connection = pool(1).connect_with(options).await?;
        sqlx::migrate!("migrations/keys").run(&connection).await?;
        Ok(Self { connection })
    }

    pub(super) async fn ping(&self) -> Result<(), VaultError> {
        sqlx::query("SELECT id FROM master_key_check").execute(&self.connection).await?;
        Ok(())
    }

    /// The sealed check value; `fresh` is stored when there is none yet.
    pub(super) async fn check_value(&self, fresh: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        sqlx::query("INSERT INTO master_key_check (id, sealed) VALUES (1, ?) ON CONFLICT (id) DO NOTHING")
            .bind(fresh)
            .execute(&self.connection)
            .await?;
        let sealed = sqlx::query_scalar("SELECT sealed FROM master_key_check").fetch_one(&self.connection);
        Ok(sealed.await?)
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
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut made = Vec::new();
        for (class, wrapped) in keys {
            let query = sqlx::query(include_str!("sql/make_key.sql")).bind(&session).bind(class.as_str());
            if query.bind(wrapped).execute(&mut *tx).await?.rows_affected() == 1 {
                made.push(*class);
            }
        }
        for index in indexes {
            sqlx::query(include_str!("sql/index_value.sql"))
                .bind(&index.partner)
                .bind(index.purpose)
                .bind(index.value.as_slice())
                .bind(&session)
                .bind(index.class.as_str())
                .bind(now)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(made)
    }

    pub(super) async fn wrapped_key(
        &self,
        session: SessionId,
        class: DataClass,
    ) -> Result<Option<Vec<u8>>, VaultError> {
        let wrapped = sqlx::query_scalar("SELECT wrapped FROM data_keys WHERE session_id = ? AND class = ?")
            .bind(session.to_string())
            .bind(class.as_str())
            .fetch_optional(&self.connection)
            .await?;
        Ok(wrapped)
    }

    /// The wrapped keys of many sessions in one statement; erased ones are left out.
    pub(super) async fn wrapped_keys(
        &self,
        sessions: &[SessionId],
        class: DataClass,
    ) -> Result<Vec<(String, Vec<u8>)>, VaultError> {
        let ids: Vec<_> = sessions.iter().map(SessionId::to_string).collect();
        let keys = sqlx::query_as(include_str!("sql/wrapped_keys.sql"))
            .bind(class.as_str())
            .bind(serde_json::Value::from(ids).to_string())
            .fetch_all(&self.connection)
            .await?;
        Ok(keys)
    }

    pub(super) async fn find(
        &self,
        partner: &str,
        purpose: &str,
        value: &[u8; 32],
    ) -> Result<Vec<String>, VaultError> {
        let sessions = sqlx::query_scalar(include_str!("sql/find.sql"))
            .bind(partner)
            .bind(purpose)
            .bind(value.as_slice())
            .fetch_all(&self.connection)
            .await?;
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
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let key = sqlx::query("DELETE FROM data_keys WHERE session_id = ? AND class = ?")
            .bind(&session)
            .bind(class.as_str())
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM blind_indexes WHERE session_id = ? AND class = ?")
            .bind(&session)
            .bind(class.as_str())
            .execute(&mut *tx)
            .await?;
        sqlx::query(include_str!("sql/note_erasure.sql"))
            .bind(&session)
            .bind(class.as_str())
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(key.rows_affected() == 1)
    }
}
