//! `/kyc/{session_id}/held`: what is held about the person, in kinds and numbers. The fields themselves the partner shows,
//! who knows the person.

use actix_web::web;
use domain::session::Session;
use serde::Serialize;
use utoipa::ToSchema;

use super::kyc_caller::KycCaller;
use super::problem::{Answer, ApiError};
use super::refusals::{Keyed, OnSession};
use super::{Shared, resource};

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/kyc/{session_id}/held", "GET").route(web::get().to(get_held)));
}

/// What is held about a person.
#[derive(Serialize, ToSchema)]
pub struct HeldAnswer {
    /// Each kind of which there is something.
    items: Vec<HeldItem>,
}

/// One kind of data.
#[derive(Serialize, ToSchema)]
pub struct HeldItem {
    /// consent, document, selfie, liveness, screening, decision, or erased when nothing personal is left.
    #[schema(example = "document")]
    kind: &'static str,
    /// How many there are.
    #[schema(minimum = 1)]
    count: usize,
}

/// Tells what is held about the person: kinds and numbers, nothing of its content.
#[utoipa::path(
    get, path = "/kyc/{session_id}/held", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses((status = 200, description = "What is held", body = HeldAnswer), Keyed, OnSession),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn get_held(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<HeldAnswer> {
    Answer(held(caller, &shared, &path).await)
}

async fn held(caller: KycCaller, shared: &Shared, id: &str) -> Result<HeldAnswer, ApiError> {
    let session = caller.session(shared, id).await?.session;
    Ok(HeldAnswer { items: items(&session) })
}

fn items(session: &Session) -> Vec<HeldItem> {
    if session.erased_at().is_some() {
        return vec![HeldItem { kind: "erased", count: 1 }];
    }
    let counts = [
        ("consent", usize::from(session.consent().is_some())),
        ("document", session.all_documents().len()),
        ("selfie", session.all_selfies().len()),
        ("liveness", session.all_checks().len()),
        ("screening", usize::from(session.screening().is_some())),
        ("decision", usize::from(session.decision().is_some())),
    ];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(kind, count)| HeldItem { kind, count }).collect()
}
