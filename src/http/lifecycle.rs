//! `/partner/sessions/{session_id}/...`: what a partner says about a session as a whole.

use actix_web::web;
use domain::free_text::ContestReason;
use domain::ids::SessionId;
use domain::session::{Action, Caller, SessionCommand};
use utoipa::ToSchema;

use super::answers::SessionView;
use super::auth::ApiCaller;
use super::body::{Body, optional_json_object};
use super::fields::text;
use super::partner::render;
use super::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use super::refusals::{Keyed, OnSession};
use super::{Shared, resource};
use crate::sessions::Folded;
use crate::store::access::Scope;

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            resource("/partner/sessions/{session_id}/cancel", "POST").route(web::post().to(cancel_session)),
        )
        .service(
            resource("/partner/sessions/{session_id}/review", "POST").route(web::post().to(contest_decision)),
        )
        .service(
            resource("/partner/sessions/{session_id}/relationship-ended", "POST")
                .route(web::post().to(end_relationship)),
        );
}

/// Carries out a command for a partner whose key has the scope.
pub async fn command(
    caller: &ApiCaller,
    scope: Scope,
    shared: &Shared,
    id: &str,
    action: Action,
) -> Result<Folded, ApiError> {
    let partner = caller.partner_with(scope)?;
    let session: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
    let command = SessionCommand { session, caller: Caller::Partner(partner), action };
    Ok(shared.sessions.execute(command, caller.actor()).await?)
}

async fn say(caller: &ApiCaller, shared: &Shared, id: &str, action: Action) -> Result<SessionView, ApiError> {
    let folded = command(caller, Scope::SessionsWrite, shared, id, action).await?;
    render(shared, &folded.view).await
}

/// Calls a verification off, until it has a final outcome; again, the same answer.
#[utoipa::path(
    post, path = "/partner/sessions/{session_id}/cancel", tag = "Partner",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The session, cancelled", body = SessionView),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []))
)]
pub async fn cancel_session(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<SessionView> {
    Answer(say(&caller, &shared, &path, Action::Cancel).await)
}

/// What may be said against a rejection.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct ContestBody {
    /// Up to 2,000 characters for the reviewer.
    #[schema(
        max_length = 2000,
        pattern = "^[^\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F]*[^\\s\\x00-\\x1F\\x7F-\\x9F][^\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F]*$"
    )]
    reason: Option<String>,
}

/// Contests an automatic rejection, so that a person decides; again, the same answer.
#[utoipa::path(
    post, path = "/partner/sessions/{session_id}/review", tag = "Partner",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    request_body = Option<ContestBody>,
    responses(
        (status = 200, description = "The session, in manual review", body = SessionView),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "The reason is not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []))
)]
pub async fn contest_decision(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<SessionView> {
    Answer(contest(&caller, &shared, &path, payload).await)
}

async fn contest(
    caller: &ApiCaller,
    shared: &Shared,
    id: &str,
    payload: Body,
) -> Result<SessionView, ApiError> {
    caller.partner_with(Scope::SessionsWrite)?;
    let reason = contest_reason(payload).await?;
    say(caller, shared, id, Action::Contest { reason }).await
}

/// What a body says against a rejection.
pub async fn contest_reason(payload: Body) -> Result<Option<ContestReason>, ApiError> {
    let object = optional_json_object(payload).await?;
    let mut problems = object.misnamed(&["reason"]);
    let reason = text(&object, "reason", &mut |problem| problems.push(problem));
    let reason = reason.map(ContestReason::try_from).transpose();
    let reason = reason.map_err(|error| {
        problems.push(FieldProblem::body("reason", "value_error", error.to_string()));
    });
    match reason {
        Ok(reason) if problems.is_empty() => Ok(reason),
        _ => Err(ApiError::Fields(problems)),
    }
}

/// Notes that the person is no customer any more, from when the retention of the data counts; again, the same answer.
#[utoipa::path(
    post, path = "/partner/sessions/{session_id}/relationship-ended", tag = "Partner",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The session", body = SessionView),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []))
)]
pub async fn end_relationship(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<SessionView> {
    Answer(say(&caller, &shared, &path, Action::EndRelationship).await)
}
