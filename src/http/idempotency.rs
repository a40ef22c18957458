//! `Idempotency-Key`: a call that creates something, repeated with the same key, creates it once.
//!
//! Uploads and submit need no key: they are repeatable by their content, so there the header is accepted and ignored.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;

use super::Shared;
use super::problem::ApiError;
use crate::store::StoreError;
use crate::store::idempotency::{Claim, IdempotentRequest};
use domain::ids::{PartnerId, SessionId};

const HEADER: &str = "idempotency-key";
/// Creating takes milliseconds.
const RETRY_AFTER: u32 = 1;

/// A request that may be repeated: its key and what it asks.
pub struct Repeatable {
    row: IdempotentRequest,
}

/// What to do with a request that carries a key.
pub enum Turn {
    /// Do the work on this session, which exists if an earlier try got that far; then call `answered` or `failed`.
    Work(SessionId),
    /// Render the answer again: this session at this version.
    Again(SessionId, u64),
}

impl Repeatable {
    /// None without the header; 400 where it is no key. `request` is what the partner asks, in a form of its own.
    pub fn read(
        http: &HttpRequest,
        shared: &Shared,
        partner: PartnerId,
        route: &'static str,
        request: &[u8],
    ) -> Result<Option<Self>, ApiError> {
        let mut headers = http.headers().get_all(HEADER);
        let Some(key) = headers.next() else { return Ok(None) };
        let key = key.as_bytes();
        let is_visible = (1..=255).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        if !is_visible || headers.next().is_some() {
            let detail = "Idempotency-Key must be one value of 1 to 255 visible ASCII characters";
            return Err(ApiError::bad_request("invalid_idempotency_key", detail));
        }
        let vault = &shared.vault;
        let row = IdempotentRequest {
            partner,
            route,
            key: vault.keyed_digest("idempotency key", key),
            fingerprint: vault.keyed_digest("idempotent request", request),
        };
        Ok(Some(Self { row }))
    }

    /// Takes the key, or refuses.
    pub async fn begin(&self, shared: &Shared) -> Result<Turn, ApiError> {
        let services = shared.sessions.services();
        let fresh = SessionId::new(services.ids.uuid());
        match shared.store.claim_idempotency(&self.row, fresh, services.clock.now()).await? {
            Claim::Ours(session) => Ok(Turn::Work(session)),
            Claim::Answered { session, version, .. } => Ok(Turn::Again(session, version)),
            Claim::Running => Err(ApiError::Later {
                status: StatusCode::CONFLICT,
                code: "idempotency_in_progress",
                detail: "A request with this Idempotency-Key is still running",
                retry_after: RETRY_AFTER,
            }),
            Claim::OtherRequest => {
                let detail = "This Idempotency-Key was used for another request";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Err(ApiError::refused(status, "idempotency_mismatch", detail))
            }
        }
    }

    /// Notes that the request was answered with 200 from this version of its session.
    pub async fn answered(&self, shared: &Shared, version: u64) -> Result<(), StoreError> {
        shared.store.answer_idempotency(&self.row, version, StatusCode::OK.as_u16()).await
    }

    /// Gives the key back after a fault of the server; a failure of that is told, the row then waits for its sweep.
    pub async fn failed(&self, shared: &Shared) {
        if let Err(error) = shared.store.release_idempotency(&self.row).await {
            tracing::error!(%error, "an idempotency key could not be given back");
        }
    }
}
