//! Every partner's sessions, to look for one.

use actix_web::web;
use chrono::{Days, NaiveDate};
use domain::ids::SessionId;
use domain::sealed::DataClass;
use projections::partner_view::Status;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::operator::OperatorCaller;
use super::partners::known;
use super::queue::given;
use crate::http::Shared;
use crate::http::answers::SessionView;
use crate::http::partner::{number, read_cursor, render, write_cursor};
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::query::ApiQuery;
use crate::http::refusals::Keyed;
use crate::store::{PageStart, SessionFilter};

/// Which sessions; kept as text, so that a wrong value has a precise answer. An empty value is none.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// pending, processing, approved, rejected, manual_review, expired or cancelled.
    pub status: Option<String>,
    /// The partner's id of its user.
    pub external_user_id: Option<String>,
    /// Only this partner's.
    pub partner_id: Option<String>,
    /// Opened on this day or later, UTC.
    #[param(format = Date)]
    pub from: Option<String>,
    /// Opened on this day or before, UTC.
    #[param(format = Date)]
    pub to: Option<String>,
    /// 1 to 100; 50 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub struct FoundSessions {
    /// The newest first.
    pub items: Vec<FoundSession>,
    /// How many there are in all.
    pub total: u64,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

/// A session that was found.
#[derive(Serialize, ToSchema)]
pub struct FoundSession {
    /// Whose it is.
    #[schema(pattern = "^par_[0-9a-f]{32}$")]
    pub partner_id: String,
    /// The session, as its partner sees it.
    pub session: SessionView,
}

/// Looks for sessions of all partners.
#[utoipa::path(
    get, path = "/admin/api/sessions", tag = "Admin", params(SessionsQuery),
    responses(
        (status = 200, description = "A page of sessions", body = FoundSessions),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        (status = 404, description = "There is no such partner", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn find_sessions(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<SessionsQuery>,
) -> Answer<FoundSessions> {
    Answer(sessions(&shared, &query).await)
}

/// A page of what a query asks for.
pub async fn sessions(shared: &Shared, query: &SessionsQuery) -> Result<FoundSessions, ApiError> {
    let limit: u32 = number("limit", given(&query.limit), 50, 1..=100)?;
    let start = match given(&query.cursor) {
        Some(cursor) => read_cursor(cursor).ok_or_else(|| invalid("cursor is not valid"))?,
        None => PageStart::Offset(0),
    };
    shared.catch_up.wait().await?;
    let filter = filter(shared, query).await?;
    let page = shared.store.list_sessions(&filter, start, limit).await?;
    let last = page.rows.last().filter(|_| page.rows.len() == limit as usize);
    let next_cursor = last.map(|last| write_cursor(last.created_at, &last.session_id));
    let views = page.rows.iter().map(|row| row.view()).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<SessionId> = views.iter().map(|view| view.session_id).collect();
    shared.sessions.services().vault.prepare(&ids, DataClass::Contact).await?;
    let mut items = Vec::with_capacity(views.len());
    for view in &views {
        let session = render(shared, view).await?;
        items.push(FoundSession { partner_id: view.partner_id.to_string(), session });
    }
    Ok(FoundSessions { items, total: page.total, next_cursor })
}

fn invalid(detail: &'static str) -> ApiError {
    ApiError::bad_request("invalid_parameter", detail)
}

async fn filter(shared: &Shared, query: &SessionsQuery) -> Result<SessionFilter, ApiError> {
    let status = match given(&query.status) {
        Some(name) if Status::ALL.iter().all(|status| status.as_str() != name) => {
            return Err(invalid("status is not one of the documented ones"));
        }
        status => status.map(str::to_owned),
    };
    let partner = match given(&query.partner_id) {
        Some(id) => Some(known(shared, id).await?.id),
        None => None,
    };
    let among = match given(&query.external_user_id) {
        Some(user) => Some(of_user(shared, partner, user).await?),
        None => None,
    };
    let from = day(&query.from)?;
    let until = day(&query.to)?.and_then(|day| day.checked_add_days(Days::new(1)));
    let micros = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
    Ok(SessionFilter { partner, status, among, from: from.map(micros), until: until.map(micros) })
}

fn day(text: &Option<String>) -> Result<Option<NaiveDate>, ApiError> {
    let parsed = given(text).map(str::parse::<NaiveDate>).transpose();
    parsed.map_err(|_| invalid("from and to are days, for instance 2026-03-09"))
}

/// The blind indexes are each partner's own.
async fn of_user(
    shared: &Shared,
    partner: Option<domain::ids::PartnerId>,
    user: &str,
) -> Result<Vec<SessionId>, ApiError> {
    let partners = match partner {
        Some(partner) => vec![partner],
        None => shared.store.list_partners().await?.into_iter().map(|partner| partner.id).collect(),
    };
    let mut found = vec![];
    for partner in partners {
        found.extend(shared.sessions.with_external_user_id(partner, user).await?);
    }
    Ok(found)
}
