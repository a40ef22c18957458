//! Rows of idempotent requests: who may work on a key, and what was answered. No body, no key and no request in clear.
//!
//! Single statements only, so that a request that is dropped leaves no transaction behind.

use chrono::{DateTime, Duration, Utc};
use domain::ids::{PartnerId, SessionId};
use sqlx::Row;

use super::SqliteStore;
use crate::store::StoreError;

/// How long a key is kept.
pub const KEPT: Duration = Duration::hours(24);

/// Creating takes milliseconds: who has not answered by then failed without giving the key back. That two work on one key
/// does no harm, since both work on one session.
const LONGEST_WORK: Duration = Duration::seconds(60);

/// What a partner asked under which key; the key counts within its route.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    /// Who asked.
    pub partner: PartnerId,
    /// Method and path pattern.
    pub route: &'static str,
    /// Keyed hash of the key.
    pub key: [u8; 32],
    /// Keyed hash of the request.
    pub fingerprint: [u8; 32],
}

/// Where a request with a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The caller works on it, on this session: a fresh one, or the one of a process that crashed over it.
    Ours(SessionId),
    /// It was answered before.
    Answered {
        /// The session.
        session: SessionId,
        /// The session's version that the answer shows.
        version: u64,
        /// HTTP status.
        status: u16,
    },
    /// Another request works on it.
    Running,
    /// The key was used for another request.
    OtherRequest,
}

impl SqliteStore {
    /// Takes the key for `fresh`, or says how the request under it stands.
    pub async fn claim_idempotency(
        &self,
        request: &IdempotentRequest,
        fresh: SessionId,
        now: DateTime<Utc>,
    ) -> Result<Claim, StoreError> {
        let taken: Option<String> = sqlx::query_scalar(include_str!("sql/claim_idempotency.sql"))
            .bind(request.partner.to_string())
            .bind(request.route)
            .bind(request.key.as_slice())
            .bind(request.fingerprint.as_slice())
            .bind(fresh.to_string())
            .bind(self.opening.to_string())
            .bind(now.timestamp_micros())
            .bind((now - KEPT).timestamp_micros())
            .bind((now - LONGEST_WORK).timestamp_micros())
            .fetch_optional(&self.writer)
            .await?;
        match taken {
            Some(session) => Ok(Claim::Ours(parse(&session)?)),
            None => self.standing(request).await,
        }
    }

    async fn standing(&self, request: &IdempotentRequest) -> Result<Claim, StoreError> {
        let row = sqlx::query(include_str!("sql/find_idempotency.sql"))
            .bind(request.partner.to_string())
            .bind(request.route)
            .bind(request.key.as_slice())
            .fetch_optional(&self.readers)
            .await?;
        // Swept in between: it is as good as running, the next request takes it.
        let Some(row) = row else { return Ok(Claim::Running) };
        let fingerprint: Vec<u8> = row.try_get("fingerprint")?;
        if fingerprint != request.fingerprint {
            return Ok(Claim::OtherRequest);
        }
        let version: Option<i64> = row.try_get("version")?;
        match (version, row.try_get::<Option<u16>, _>("status")?) {
            (Some(version), Some(status)) => {
                let session = parse(row.try_get("session_id")?)?;
                Ok(Claim::Answered { session, version: version.cast_unsigned(), status })
            }
            _ => Ok(Claim::Running),
        }
    }

    /// Notes what was answered.
    pub async fn answer_idempotency(
        &self,
        request: &IdempotentRequest,
        version: u64,
        status: u16,
    ) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/answer_idempotency.sql"))
            .bind(version.cast_signed())
            .bind(status)
            .bind(request.partner.to_string())
            .bind(request.route)
            .bind(request.key.as_slice())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Gives the key back after a fault of the server: a retry works on the same session.
    pub async fn release_idempotency(&self, request: &IdempotentRequest) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/release_idempotency.sql"))
            .bind(request.partner.to_string())
            .bind(request.route)
            .bind(request.key.as_slice())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Forgets keys that are older than [`KEPT`]; returns how many.
    pub async fn sweep_idempotency(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let swept = sqlx::query("DELETE FROM idempotency WHERE created_at < ?")
            .bind((now - KEPT).timestamp_micros())
            .execute(&self.writer)
            .await?;
        Ok(swept.rows_affected())
    }
}

fn parse(session: &str) -> Result<SessionId, StoreError> {
    session.parse().map_err(|_| StoreError::Damaged("an idempotency row names no session".into()))
}
