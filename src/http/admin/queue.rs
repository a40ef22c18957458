//! The review queue as operators read it.

use actix_web::web;
use chrono::{DateTime, Duration, Utc};
use domain::ids::SessionId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::answers::time;
use crate::http::partner::number;
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::query::ApiQuery;
use crate::http::refusals::Keyed;
use crate::store::review_queue::{
    Holding, Kept, QueueCount, QueueFilter, QueueOrder, ReviewCursor, ReviewRow, Snoozed,
};

const CAUSES: [&str; 3] = ["undecided", "contested", "rescreened"];
const LEVELS: [&str; 3] = ["low", "medium", "high"];

/// Which page of the queue.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// `oldest` (default) or `riskiest` first.
    pub order: Option<String>,
    /// undecided, contested or rescreened.
    pub cause: Option<String>,
    /// low, medium or high.
    pub risk_level: Option<String>,
    /// Only this partner's.
    pub partner_id: Option<String>,
    /// `nobody` or `me`: who has the case.
    pub held_by: Option<String>,
    /// `only` or `all`: cases that are put off are left out by default.
    pub snoozed: Option<String>,
    /// `nobody`, `me` or an operator's id: for whom the case is kept.
    pub assigned_to: Option<String>,
    /// 1 to 100; 50 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<String>,
    /// `next_cursor` of the page before, in the same order.
    pub cursor: Option<String>,
}

impl QueueQuery {
    /// What narrows the queue, by name.
    pub fn narrowing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("cause", &self.cause),
            ("risk_level", &self.risk_level),
            ("partner_id", &self.partner_id),
            ("held_by", &self.held_by),
            ("snoozed", &self.snoozed),
            ("assigned_to", &self.assigned_to),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, given(value)?)))
    }

    /// The same queue from its beginning.
    pub fn filter_only(&self) -> Self {
        Self {
            order: self.order.clone(),
            cause: self.cause.clone(),
            risk_level: self.risk_level.clone(),
            partner_id: self.partner_id.clone(),
            held_by: self.held_by.clone(),
            snoozed: self.snoozed.clone(),
            assigned_to: self.assigned_to.clone(),
            limit: None,
            cursor: None,
        }
    }

    /// Order and filter as parameters of an address.
    pub fn trail(&self) -> String {
        let order = given(&self.order).map(|order| ("order", order));
        let pairs = order.into_iter().chain(self.narrowing());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

/// The review queue.
#[derive(Serialize, ToSchema)]
pub struct ReviewQueue {
    /// In the order that was asked for.
    pub items: Vec<ReviewItem>,
    /// How many wait in all, whatever the filter.
    pub total: u64,
    /// How many of them the filter lets through, on all pages.
    pub matching: u64,
    /// How many of them are put off.
    pub snoozed: u64,
    /// How many wait, by cause and level of risk.
    pub counts: Vec<ReviewCount>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

/// How many sessions of one cause and level of risk wait.
#[derive(Serialize, ToSchema)]
pub struct ReviewCount {
    /// `undecided`, `contested` or `rescreened`.
    pub cause: String,
    /// low, medium or high.
    pub risk_level: Option<String>,
    /// How many wait.
    pub waiting: u64,
    /// How many of them wait longer than the target (`review_target_hours`).
    pub overdue: u64,
    /// How many of them are put off.
    pub snoozed: u64,
}

impl From<QueueCount> for ReviewCount {
    fn from(count: QueueCount) -> Self {
        let QueueCount { cause, risk_level, waiting, overdue, snoozed, .. } = count;
        let [waiting, overdue, snoozed] = [waiting, overdue, snoozed].map(i64::cast_unsigned);
        Self { cause, risk_level, waiting, overdue, snoozed }
    }
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
    /// Whether it waits longer than the target.
    pub overdue: bool,
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
    /// Until when the case is put off; null when it is not, or not any more.
    #[schema(format = DateTime)]
    pub snoozed_until: Option<String>,
    /// The operator for whom the case is kept.
    pub assigned_to: Option<String>,
    /// Operators who cleared a match that no approval has confirmed yet; somebody else has to approve.
    pub cleared_by: Vec<String>,
}

impl ReviewItem {
    fn of(row: ReviewRow, now: DateTime<Utc>, due: i64, four_eyes: bool) -> Self {
        let at = |micros| DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default();
        let until = row.claimed_until.map(at).filter(|until| *until > now);
        Self {
            session_id: row.session_id,
            partner_id: row.partner_id,
            cause: row.cause,
            waiting_since: time(at(row.waiting_since)),
            overdue: row.waiting_since < due,
            risk_level: row.risk_level,
            risk_score: row.risk_score.map(|steps| steps as f64 / 1e4),
            review_reasons: serde_json::from_str(&row.reasons).unwrap_or_default(),
            claimed_by: row.claimed_by.filter(|_| until.is_some()),
            claimed_until: until.map(time),
            snoozed_until: Some(at(row.snoozed_until)).filter(|until| *until > now).map(time),
            assigned_to: Some(row.assigned_to).filter(|operator| !operator.is_empty()),
            cleared_by: row.cleared_by.split_whitespace().filter(|_| four_eyes).map(str::to_owned).collect(),
        }
    }
}

/// Lists the sessions that wait for a person and are not put off, the longest waiting or the riskiest first.
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
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<QueueQuery>,
) -> Answer<ReviewQueue> {
    Answer(queue(&shared, &caller, &query).await)
}

/// A page of the queue as somebody sees it.
pub async fn queue(
    shared: &Shared,
    caller: &OperatorCaller,
    query: &QueueQuery,
) -> Result<ReviewQueue, ApiError> {
    let limit: u32 = number("limit", given(&query.limit), 50, 1..=100)?;
    let invalid = || ApiError::bad_request("invalid_parameter", "cursor is not valid");
    let after = given(&query.cursor).map(|text| cursor(text).ok_or_else(invalid)).transpose()?;
    let now = shared.sessions.services().clock.now();
    let due = (now - Duration::hours(i64::from(shared.settings.review_target_hours))).timestamp_micros();
    let filter = filter(caller, query, now)?;
    let four_eyes = shared.sessions.services().four_eyes;
    shared.catch_up.wait().await?;
    let rows = shared.store.review_queue(&filter, after.as_ref(), limit).await?;
    let next_cursor = rows.last().filter(|_| rows.len() == limit as usize).map(|row| written(&row.cursor()));
    let counts: Vec<ReviewCount> =
        shared.store.queue_counts(due, now.timestamp_micros()).await?.into_iter().map(Into::into).collect();
    let total = counts.iter().map(|count| count.waiting).sum();
    let snoozed = counts.iter().map(|count| count.snoozed).sum();
    let matching = match query.narrowing().next() {
        // Those that are put off are left out unless somebody asks for them.
        None => total - snoozed,
        Some(_) => shared.store.matching_reviews(&filter).await?,
    };
    Ok(ReviewQueue {
        items: rows.into_iter().map(|row| ReviewItem::of(row, now, due, four_eyes)).collect(),
        total,
        matching,
        snoozed,
        counts,
        next_cursor,
    })
}

/// An empty value, as a form sends it, is none.
pub fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// What a query asks for, for whoever asks.
pub fn filter(
    caller: &OperatorCaller,
    query: &QueueQuery,
    now: DateTime<Utc>,
) -> Result<QueueFilter, ApiError> {
    let invalid = |detail: &'static str| ApiError::bad_request("invalid_parameter", detail);
    let word = |text: &Option<String>, known: &[&'static str], detail: &'static str| match given(text) {
        None => Ok(None),
        Some(text) => {
            known.iter().find(|word| **word == text).map(|word| Some(*word)).ok_or_else(|| invalid(detail))
        }
    };
    let order = word(&query.order, &["oldest", "riskiest"], "order is oldest or riskiest")?;
    let held_by = word(&query.held_by, &["nobody", "me"], "held_by is nobody or me")?;
    let snoozed = word(&query.snoozed, &["only", "all"], "snoozed is only or all")?;
    let kept = match given(&query.assigned_to) {
        None => None,
        Some("nobody") => Some(Kept::ForNobody),
        Some("me") => Some(Kept::For(caller.who.operator)),
        Some(id) => {
            let unknown = |_| invalid("assigned_to is nobody, me or the id of an operator");
            Some(Kept::For(id.parse().map_err(unknown)?))
        }
    };
    let partner = given(&query.partner_id).map(str::parse).transpose();
    let at = now.timestamp_micros();
    Ok(QueueFilter {
        order: if order == Some("riskiest") { QueueOrder::Riskiest } else { QueueOrder::Oldest },
        cause: word(&query.cause, &CAUSES, "cause is undecided, contested or rescreened")?,
        risk_level: word(&query.risk_level, &LEVELS, "risk_level is low, medium or high")?,
        partner: partner.map_err(|_| invalid("partner_id is not valid"))?,
        holding: held_by.map(|who| match who {
            "me" => Holding::Operator(caller.who.operator, at),
            _ => Holding::Nobody(at),
        }),
        snoozed: match snoozed {
            None => Some(Snoozed::LeftOut(at)),
            Some("only") => Some(Snoozed::Only(at)),
            Some(_) => None,
        },
        kept,
        cleared: None,
    })
}

fn written(cursor: &ReviewCursor) -> String {
    format!("{}.{}.{}", cursor.risk_rank, cursor.waiting_since, cursor.session_id)
}

fn cursor(text: &str) -> Option<ReviewCursor> {
    let mut parts = text.splitn(3, '.');
    let risk_rank = parts.next()?.parse().ok()?;
    let waiting_since = parts.next()?.parse().ok()?;
    let session: SessionId = parts.next()?.parse().ok()?;
    Some(ReviewCursor { risk_rank, waiting_since, session_id: session.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_rubbish_does_not() {
        let session_id = "00000000-0000-0000-0000-000000000007".to_owned();
        let place = ReviewCursor { risk_rank: 9_300, waiting_since: -5, session_id };
        assert_eq!(cursor(&written(&place)), Some(place));
        for rubbish in ["", "1.2", "1.2.3", "a.b.c", "5.00000000-0000-0000-0000-000000000007"] {
            assert_eq!(cursor(rubbish), None, "{rubbish}");
        }
    }
}
