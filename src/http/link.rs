//! Links to a session: `kyc_url` with its token, a fresh one, the cookie for a browser, and what its holder sees of it.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::SessionId;
use domain::session::Action;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::time;
use super::auth::ApiCaller;
use super::kyc_caller::{COOKIE, bearer, holder, require_own_origin, shared};
use super::lifecycle::command;
use super::outcome::OutcomeAnswer;
use super::problem::{Answer, ApiError};
use super::refusals::{Keyed, OnSession};
use super::{Shared, resource};
use crate::links::Carrier;
use crate::store::access::Scope;

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/partner/sessions/{session_id}/link", "POST").route(web::post().to(issue_link)))
        .service(resource("/kyc/{session_id}/session", "POST").route(web::post().to(open_browser)));
}

/// Where the user verifies. The token stands in the fragment, which browsers send to no server.
pub fn kyc_url(shared: &Shared, session: SessionId, generation: u32) -> String {
    let token = shared.links.token(Carrier::Link, session, generation);
    format!("{}/kyc/{session}#t={}", shared.settings.public_url, token.expose_secret())
}

/// A fresh link.
#[derive(Serialize, ToSchema)]
pub struct LinkAnswer {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// Where the user verifies from now on.
    kyc_url: String,
    /// When the session expires unless submitted.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Gives out a fresh kyc_url; older ones, and what browsers got for them, stop working.
#[utoipa::path(
    post, path = "/partner/sessions/{session_id}/link", tag = "Partner",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The link", body = LinkAnswer),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []))
)]
pub async fn issue_link(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<LinkAnswer> {
    Answer(link(&caller, &shared, &path).await)
}

async fn link(caller: &ApiCaller, shared: &Shared, id: &str) -> Result<LinkAnswer, ApiError> {
    let view = command(caller, Scope::SessionsWrite, shared, id, Action::IssueLink).await?.view;
    Ok(LinkAnswer {
        session_id: view.session_id,
        kyc_url: kyc_url(shared, view.session_id, view.link_generation),
        expires_at: time(view.expires_at),
    })
}

/// Swaps the token of kyc_url for a cookie that scripts cannot read and other sites cannot send.
#[utoipa::path(
    post, path = "/kyc/{session_id}/session", tag = "Verification",
    params(
        ("session_id" = String, Path, description = "The session", format = Uuid),
        ("Origin" = String, Header, description = "The origin of `public_url`; browsers send it", format = "uri")
    ),
    responses(
        (status = 200, description = "The cookie is set, for this session's paths only", body = OutcomeAnswer),
        Keyed,
    ),
    security(("session_token" = []))
)]
pub async fn open_browser(request: HttpRequest) -> HttpResponse {
    swap(&request).await.unwrap_or_else(|error| error.respond(&request))
}

async fn swap(request: &HttpRequest) -> Result<HttpResponse, ApiError> {
    let holder = holder(request, bearer(request).unwrap_or_default(), Carrier::Link).await?;
    require_own_origin(request)?;
    let shared = shared(request)?;
    let view = &holder.view;
    let cookie = cookie(shared, view.session_id, view.link_generation)?;
    Ok(HttpResponse::Ok()
        .cookie(cookie)
        .json(OutcomeAnswer::render(&holder.folded(shared).await?, shared).await?))
}

/// Ends with the browser's session. Without https it is not Secure: Safari drops Secure cookies of plain localhost.
fn cookie(shared: &Shared, session: SessionId, generation: u32) -> Result<Cookie<'static>, ApiError> {
    let token = shared.links.token(Carrier::Cookie, session, generation);
    let url = url::Url::parse(&shared.settings.public_url)
        .map_err(|error| ApiError::Internal(format!("public_url: {error}")))?;
    Ok(Cookie::build(COOKIE, token.expose_secret().to_owned())
        .path(format!("{}/kyc/{session}", url.path().trim_end_matches('/')))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(url.scheme() == "https")
        .finish())
}
