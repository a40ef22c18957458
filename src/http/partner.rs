//! `/partner/sessions`: partners poll and list their sessions; opening one is in `create_session`.

use actix_web::web;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{PartnerId, SessionId};
use domain::sealed::DataClass;
use projections::partner_view::{PartnerView, Status};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::{SessionList, SessionView};
use super::auth::ApiCaller;
use super::problem::{Answer, ApiError, ErrorBody};
use super::query::ApiQuery;
use super::refusals::Keyed;
use super::request_id::name_session;
use super::unsealed::opened;
use super::{Shared, create_session, resource};
use crate::store::access::Scope;
use crate::store::{PageStart, SessionFilter};

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            resource("/partner/sessions", "GET, POST")
                .route(web::post().to(create_session::create_session))
                .route(web::get().to(list_sessions)),
        )
        .service(resource("/partner/sessions/{session_id}", "GET").route(web::get().to(get_session)));
}

/// Reads a session: its status, decision and results.
#[utoipa::path(
    get, path = "/partner/sessions/{session_id}", tag = "Partner",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The session", body = SessionView),
        (status = 404, description = "No such session", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn get_session(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<SessionView> {
    Answer(get(caller, &shared, &path).await)
}

async fn get(caller: ApiCaller, shared: &Shared, id: &str) -> Result<SessionView, ApiError> {
    let partner = caller.partner_with(Scope::SessionsRead)?;
    let id: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
    name_session(id);
    let view = shared.sessions.view(partner, id).await?.ok_or_else(ApiError::no_such_session)?;
    render(shared, &view).await
}

/// Renders a session as its partner sees it, with the user id opened.
pub async fn render(shared: &Shared, view: &PartnerView) -> Result<SessionView, ApiError> {
    let services = shared.sessions.services();
    let user = opened(services.vault.as_ref(), view.session_id, &view.external_user_id).await?;
    let user = user.map(|id| id.as_str().to_owned());
    Ok(SessionView::render(view, user, services.clock.now()))
}

/// Which sessions to list; kept as text, so that a wrong value has a precise answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// pending, processing, approved, rejected, manual_review, expired or cancelled.
    status: Option<String>,
    /// Your own id of the user.
    external_user_id: Option<String>,
    /// 1 to 100; 50 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// How many to skip.
    #[param(value_type = Option<u64>, minimum = 0)]
    offset: Option<String>,
    /// `next_cursor` of the page before; then `offset` must be absent.
    cursor: Option<String>,
}

/// Lists sessions, newest first.
#[utoipa::path(
    get, path = "/partner/sessions", tag = "Partner", params(ListQuery),
    responses(
        (status = 200, description = "A page of sessions", body = SessionList),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn list_sessions(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<ListQuery>,
) -> Answer<SessionList> {
    Answer(list(caller, &shared, &query).await)
}

async fn list(caller: ApiCaller, shared: &Shared, query: &ListQuery) -> Result<SessionList, ApiError> {
    let partner = caller.partner_with(Scope::SessionsRead)?;
    let limit: u32 = number("limit", query.limit.as_deref(), 50, 1..=100)?;
    let offset: u64 = number("offset", query.offset.as_deref(), 0, 0..=u64::from(u32::MAX))?;
    let start = match &query.cursor {
        Some(_) if query.offset.is_some() => {
            return Err(invalid("cursor", "cursor and offset exclude each other"));
        }
        Some(cursor) => read_cursor(cursor).ok_or_else(|| invalid("cursor", "cursor is not valid"))?,
        None => PageStart::Offset(offset),
    };
    shared.catch_up.wait().await?;
    let filter = filter(partner, shared, query).await?;
    let page = shared.store.list_sessions(&filter, start, limit).await?;
    let next_cursor = match page.rows.last() {
        Some(last) if page.rows.len() == limit as usize => {
            Some(write_cursor(last.created_at, &last.session_id))
        }
        _ => None,
    };
    let views = page.rows.iter().map(|row| row.view()).collect::<Result<Vec<_>, _>>()?;
    let sessions: Vec<SessionId> = views.iter().map(|view| view.session_id).collect();
    shared.sessions.services().vault.prepare(&sessions, DataClass::Contact).await?;
    let mut items = Vec::with_capacity(views.len());
    for view in &views {
        items.push(render(shared, view).await?);
    }
    Ok(SessionList { items, total: page.total, limit, offset, next_cursor })
}

async fn filter(partner: PartnerId, shared: &Shared, query: &ListQuery) -> Result<SessionFilter, ApiError> {
    let status = match query.status.as_deref() {
        None => None,
        Some(name) if Status::ALL.iter().any(|status| status.as_str() == name) => Some(name.to_owned()),
        Some(_) => return Err(invalid("status", "status is not one of the documented ones")),
    };
    let among = match &query.external_user_id {
        None => None,
        Some(value) => Some(shared.sessions.with_external_user_id(partner, value).await?),
    };
    Ok(SessionFilter { partner: Some(partner), status, among, from: None, until: None })
}

fn invalid(parameter: &'static str, detail: &'static str) -> ApiError {
    tracing::debug!(parameter, "query refused");
    ApiError::bad_request("invalid_parameter", detail)
}

/// A number of the query, within a range.
pub fn number<N: std::str::FromStr + PartialOrd + std::fmt::Display>(
    name: &str,
    text: Option<&str>,
    default: N,
    range: std::ops::RangeInclusive<N>,
) -> Result<N, ApiError> {
    let Some(text) = text else { return Ok(default) };
    text.parse().ok().filter(|value| range.contains(value)).ok_or_else(|| {
        let detail = format!("{name} must be a whole number from {} to {}", range.start(), range.end());
        ApiError::bad_request("invalid_parameter", detail)
    })
}

/// Where the page after a session begins.
pub fn write_cursor(created_at: i64, session: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{created_at}|{session}"))
}

/// Reads what [`write_cursor`] wrote.
pub fn read_cursor(cursor: &str) -> Option<PageStart> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (created_at, session) = text.split_once('|')?;
    Some(PageStart::After { created_at: created_at.parse().ok()?, session: session.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_rubbish_does_not() {
        let cursor = write_cursor(5, "00000000-0000-0000-0000-000000000007");
        assert!(matches!(read_cursor(&cursor), Some(PageStart::After { created_at: 5, .. })));
        assert!(read_cursor("rubbish").is_none());
    }
}
