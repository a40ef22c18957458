//! Who of the house is signed in: the hashes of the tokens in their browsers' cookies.

use domain::Timestamp;
use domain::ids::OperatorId;

use super::database::{on_reader, on_writer};
use super::{Store, StoreError};

/// SHA-256 of a token.
pub type TokenHash = [u8; 32];

/// A browser of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorSession {
    /// Whose it is.
    pub operator: OperatorId,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub seen_at: Timestamp,
}

impl Store {
    /// Keeps a session that begins now.
    pub async fn add_operator_session(
        &self,
        token: &TokenHash,
        operator: OperatorId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on_writer!(self.database, |db| {
            sqlx::query("INSERT INTO operator_sessions (token, operator_id, created_at, seen_at) VALUES ($1, $2, $3, $3)")
                .bind(token.as_slice())
                .bind(operator.to_string())
                .bind(now.timestamp_micros())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// The session of a token.
    pub async fn operator_session(&self, token: &TokenHash) -> Result<Option<OperatorSession>, StoreError> {
        let row: Option<(String, i64, i64)> = on_reader!(self.database, |db| {
            sqlx::query_as("SELECT operator_id, created_at, seen_at FROM operator_sessions WHERE token = $1")
                .bind(token.as_slice())
                .fetch_optional(db)
                .await
        })?;
        let damaged = || StoreError::Damaged("a session of an operator does not parse".into());
        let time = |micros| Timestamp::from_timestamp_micros(micros).ok_or_else(damaged);
        row.map(|(operator, created_at, seen_at)| {
            let operator = operator.parse().map_err(|_| damaged())?;
            Ok(OperatorSession { operator, created_at: time(created_at)?, seen_at: time(seen_at)? })
        })
        .transpose()
    }

    /// The sessions of an operator with the hashes of their tokens, the one used last first.
    pub async fn operator_sessions_of(
        &self,
        operator: OperatorId,
    ) -> Result<Vec<(TokenHash, OperatorSession)>, StoreError> {
        let rows: Vec<(Vec<u8>, i64, i64)> = on_reader!(self.database, |db| {
            sqlx::query_as(
                "SELECT token, created_at, seen_at FROM operator_sessions WHERE operator_id = $1 ORDER BY seen_at DESC, token",
            )
            .bind(operator.to_string())
            .fetch_all(db)
            .await
        })?;
        let damaged = || StoreError::Damaged("a session of an operator does not parse".into());
        let time = |micros| Timestamp::from_timestamp_micros(micros).ok_or_else(damaged);
        let session = |(token, created_at, seen_at): (Vec<u8>, i64, i64)| {
            let token: TokenHash = token.try_into().map_err(|_| damaged())?;
            Ok((token, OperatorSession { operator, created_at: time(created_at)?, seen_at: time(seen_at)? }))
        };
        rows.into_iter().map(session).collect()
    }

    /// Notes that a session was used.
    pub async fn touch_operator_session(&self, token: &TokenHash, now: Timestamp) -> Result<(), StoreError> {
        on_writer!(self.database, |db| {
            sqlx::query("UPDATE operator_sessions SET seen_at = $2 WHERE token = $1")
                .bind(token.as_slice())
                .bind(now.timestamp_micros())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Ends a session; false if it had ended.
    pub async fn end_operator_session(&self, token: &TokenHash) -> Result<bool, StoreError> {
        let ended = on_writer!(self.database, |db| {
            sqlx::query("DELETE FROM operator_sessions WHERE token = $1")
                .bind(token.as_slice())
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(ended > 0)
    }

    /// Ends every session of an operator.
    pub async fn end_operator_sessions(&self, operator: OperatorId) -> Result<(), StoreError> {
        on_writer!(self.database, |db| {
            sqlx::query("DELETE FROM operator_sessions WHERE operator_id = $1")
                .bind(operator.to_string())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Forgets sessions that nobody used since.
    pub async fn sweep_operator_sessions(&self, unused_since: Timestamp) -> Result<(), StoreError> {
        on_writer!(self.database, |db| {
            sqlx::query("DELETE FROM operator_sessions WHERE seen_at < $1")
                .bind(unused_since.timestamp_micros())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }
}
