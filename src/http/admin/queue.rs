//! The review queue as operators read it.

use actix_web::web;
use chrono::{DateTime, Utc};
use domain::ids::SessionId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::answers::time;
use crate::http::partner::number;
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::refusals::Keyed;
use crate::store::review_queue::{ReviewCursor, ReviewRow};

/// Which page of the queue.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// 1 to 100; 50 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The review queue.
#[derive(Serialize, ToSchema)]
pub struct ReviewQueue {
    /// The longest waiting first.
    pub items: Vec<ReviewItem>,
    /// How many wait in all.
    pub total: u64,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

/// A session that waits for a person.
#[derive(Serialize, ToSchema)]
pub struct ReviewItem {
    /// The session.
    #[schema(format = Uuid)]
    pub session_id: String,
    /// Whose it is.
    #[schema(pattern = "^par_[0-9a-f]{32}$")]
    pub partner_id: String,
    /// `undecided`, `contested` or `rescreened`.
    pub cause: String,
    /// Since when it waits.
    #[schema(format = DateTime)]
    pub waiting_since: String,
    /// Level of the risk.
    pub risk_level: Option<String>,
    /// Score of the risk.
    pub risk_score: Option<f64>,
    /// What speaks against an approval.
    pub review_reasons: Vec<String>,
    /// The operator who has the case.
    pub claimed_by: Option<String>,
    /// Until when.
    #[schema(format = DateTime)]
    pub claimed_until: Option<String>,
}

impl ReviewItem {
    fn of(row: ReviewRow, now: DateTime<Utc>) -> Self {
        let at = |micros| DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default();
        let until = row.claimed_until.map(at).filter(|until| *until > now);
        Self {
            session_id: row.session_id,
            partner_id: row.partner_id,
            cause: row.cause,
            waiting_since: time(at(row.waiting_since)),
            risk_level: row.risk_level,
            risk_score: row.risk_score.map(|steps| steps as f64 / 1e4),
            review_reasons: serde_json::from_str(&row.reasons).unwrap_or_default(),
            claimed_by: row.claimed_by.filter(|_| until.is_some()),
            claimed_until: until.map(time),
        }
    }
}

/// Lists the sessions that wait for a person, the longest waiting first.
#[utoipa::path(
    get, path = "/admin/api/reviews", tag = "Admin", params(QueueQuery),
    responses(
        (status = 200, description = "A page of the queue", body = ReviewQueue),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn list_reviews(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    query: web::Query<QueueQuery>,
) -> Answer<ReviewQueue> {
    Answer(queue(&shared, &query).await)
}

/// A page of the queue.
pub async fn queue(shared: &Shared, query: &QueueQuery) -> Result<ReviewQueue, ApiError> {
    let limit: u32 = number("limit", query.limit.as_deref(), 50, 1..=100)?;
    let invalid = || ApiError::bad_request("invalid_parameter", "cursor is not valid");
    let after = query.cursor.as_deref().map(|text| cursor(text).ok_or_else(invalid)).transpose()?;
    let rows = shared.store.review_queue(after.as_ref(), limit).await?;
    let last = rows.last().filter(|_| rows.len() == limit as usize);
    let next_cursor = last.map(|row| format!("{}.{}", row.waiting_since, row.session_id));
    let now = shared.sessions.services().clock.now();
    let items = rows.into_iter().map(|row| ReviewItem::of(row, now)).collect();
    Ok(ReviewQueue { items, total: shared.store.waiting_reviews().await?, next_cursor })
}

fn cursor(text: &str) -> Option<ReviewCursor> {
    let (since, session) = text.split_once('.')?;
    let session: SessionId = session.parse().ok()?;
    Some(ReviewCursor { waiting_since: since.parse().ok()?, session_id: session.to_string() })
}
