//! `/partner/sessions/{session_id}/identity`: the person's fields in clear; every read is an event.

use actix_web::web;
use chrono::NaiveDate;
use domain::document::Identity;
use domain::document_type::DocumentType;
use domain::ids::SessionId;
use domain::ports::open;
use domain::session::Action;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::ApiCaller;
use super::lifecycle::command;
use super::problem::{Answer, ApiError};
use super::refusals::{Keyed, OnSession};
use super::{Shared, resource};
use crate::store::access::Scope;

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        resource("/partner/sessions/{session_id}/identity", "GET").route(web::get().to(get_identity)),
    );
}

/// The fields of the latest document, in clear; null for what was not read.
#[derive(Serialize, ToSchema)]
pub struct IdentityAnswer {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// Given names first.
    full_name: Option<String>,
    /// Date of birth; null where a part of it is not known.
    #[schema(format = Date)]
    date_of_birth: Option<NaiveDate>,
    /// Year, or year and month, of a date of birth that the document gives only in part.
    #[schema(example = "1970-05")]
    partial_date_of_birth: Option<String>,
    /// Three letters.
    nationality: Option<String>,
    /// Issuing state or organisation, three letters.
    issuer: Option<String>,
    /// The whole number.
    document_number: Option<String>,
    /// Date of expiry.
    #[schema(format = Date)]
    expiry_date: Option<NaiveDate>,
    /// As declared.
    #[schema(value_type = String, example = "passport")]
    document_type: DocumentType,
    /// Whether the document is what it should be; the fields of one that is not are unverified.
    is_valid: bool,
}

/// Reads the person's fields in clear; that it was done, and with which key, stays in the session's history.
#[utoipa::path(
    get, path = "/partner/sessions/{session_id}/identity", tag = "Partner",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The fields", body = IdentityAnswer),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []))
)]
pub async fn get_identity(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<IdentityAnswer> {
    Answer(disclose(&caller, &shared, &path).await)
}

async fn disclose(caller: &ApiCaller, shared: &Shared, id: &str) -> Result<IdentityAnswer, ApiError> {
    let folded = command(caller, Scope::IdentityRead, shared, id, Action::DiscloseIdentity).await?;
    let (submitted, read) = folded
        .session
        .document()
        .ok_or_else(|| ApiError::Internal("the session has no document after the command".into()))?;
    let session_id = folded.view.session_id;
    let identity: Identity =
        open(shared.sessions.services().vault.as_ref(), session_id, &read.identity).await?;
    Ok(IdentityAnswer {
        session_id,
        full_name: identity.full_name,
        date_of_birth: identity.date_of_birth,
        partial_date_of_birth: identity.partial_date_of_birth.map(|date| date.to_string()),
        nationality: identity.nationality,
        issuer: identity.issuer,
        document_number: identity.document_number,
        expiry_date: identity.expiry_date,
        document_type: submitted.declared.document_type,
        is_valid: read.verdict.is_valid,
    })
}
