//! Rows of idempotent requests: who may work on a key, and what was answered. No body, no key and no request in clear.
//!
//! Single statements only, so that a request that is dropped leaves no transaction behind.

use chrono::{DateTime, Duration, Utc};
use domain::ids::{PartnerId, SessionId};

use super::database::{on_reader, on_writer};
use super::{Store, StoreError};

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

/// A row as it is stored.
#[derive(sqlx::FromRow)]
struct Stored {
    fingerprint: Vec<u8>,
    session_id: String,
    version: Option<i64>,
    status: Option<i64>,
}

impl Store {
    /// Takes the key for `fresh`, or says how the request under it stands.
    pub async fn claim_idempotency(
        &self,
        request: &IdempotentRequest,
        fresh: SessionId,
        now: DateTime<Utc>,
    ) -> Result<Claim, StoreError> {
        let taken: Option<String> = on_writer!(self.database, |db| {
            sqlx::query_scalar(include_str!("sql/claim_idempotency.sql"))
                .bind(request.partner.to_string())
                .bind(request.route)
                .bind(request.key.as_slice())
                .bind(request.fingerprint.as_slice())
                .bind(fresh.to_string())
                .bind(self.worker.to_string())
                .bind(now.timestamp_micros())
                .bind((now - KEPT).timestamp_micros())
                .bind((now - LONGEST_WORK).timestamp_micros())
                .fetch_optional(db)
                .await
        })?;
        match taken {
            Some(session) => Ok(Claim::Ours(parse(&session)?)),
            None => self.standing(request).await,
        }
    }

    async fn standing(&self, request: &IdempotentRequest) -> Result<Claim, StoreError> {
        let stored: Option<Stored> = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/find_idempotency.sql"))
                .bind(request.partner.to_string())
                .bind(request.route)
                .bind(request.key.as_slice())
                .fetch_optional(db)
                .await
        })?;
        // Swept in between: it is as good as running, the next request takes it.
        let Some(stored) = stored else { return Ok(Claim::Running) };
        if stored.fingerprint != request.fingerprint {
            return Ok(Claim::OtherRequest);
        }
        let status = stored.status.and_then(|status| u16::try_from(status).ok());
        match (stored.version, status) {
            (Some(version), Some(status)) => {
                let session = parse(&stored.session_id)?;
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
        on_writer!(self.database, |db| {
            sqlx::query(include_str!("sql/answer_idempotency.sql"))
                .bind(version.cast_signed())
                .bind(i64::from(status))
                .bind(request.partner.to_string())
                .bind(request.route)
                .bind(request.key.as_slice())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Gives the key back after a fault of the server: a retry works on the same session.
    pub async fn release_idempotency(&self, request: &IdempotentRequest) -> Result<(), StoreError> {
        on_writer!(self.database, |db| {
            sqlx::query(include_str!("sql/release_idempotency.sql"))
                .bind(request.partner.to_string())
                .bind(request.route)
                .bind(request.key.as_slice())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Forgets keys that are older than [`KEPT`]; returns how many.
    pub async fn sweep_idempotency(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let swept = on_writer!(self.database, |db| {
            sqlx::query("DELETE FROM idempotency WHERE created_at < $1")
                .bind((now - KEPT).timestamp_micros())
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(swept)
    }
}

fn parse(session: &str) -> Result<SessionId, StoreError> {
    session.parse().map_err(|_| StoreError::Damaged("an idempotency row names no session".into()))
}
