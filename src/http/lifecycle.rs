//! `/partner/sessions/{session_id}/...`: what a partner says about a session as a whole.

use actix_web::web;
use domain::ids::SessionId;
use domain::session::{Action, Caller, SessionCommand};

use super::Shared;
use super::answers::SessionView;
use super::auth::ApiCaller;
use super::partner::render;
use super::problem::{Answer, ApiError};
use super::refusals::{Keyed, OnSession};
use crate::sessions::Folded;
use crate::store::access::Scope;

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/partner/sessions/{session_id}/cancel").route(web::post().to(cancel_session)),
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
