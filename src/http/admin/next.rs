//! Which case somebody takes up next, and where its images are, so that they can be loaded before it is opened.

use actix_web::web;
use domain::ids::{OperatorId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::evidence::{CaseImage, images};
use super::operator::OperatorCaller;
use super::queue::{QueueQuery, filter};
use crate::http::Shared;
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::query::ApiQuery;
use crate::http::refusals::Keyed;
use crate::store::StoreError;
use crate::store::review_queue::{ClearedBy, Holding, Kept, QueueFilter, QueueOrder, ReviewRow, Snoozed};

/// Sessions that can be passed over.
const MOST_SKIPPED: usize = 50;

/// What is passed over, and which queue is worked through.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NextQuery {
    /// Sessions that are passed over, separated by commas, at most 50, the one that is looked at last: when nothing else waits, the others
    /// come round again.
    pub skip: Option<String>,
    /// `oldest` or `riskiest` first, as in the queue; riskiest by default.
    pub order: Option<String>,
    /// As in the queue.
    pub cause: Option<String>,
    /// As in the queue.
    pub risk_level: Option<String>,
    /// As in the queue.
    pub partner_id: Option<String>,
    /// `nobody` (default) or `me`.
    pub held_by: Option<String>,
    /// As in the queue.
    pub snoozed: Option<String>,
    /// As in the queue; by default the caller's own and nobody's.
    pub assigned_to: Option<String>,
}

impl NextQuery {
    /// The queue that is worked through.
    pub fn queue(&self) -> QueueQuery {
        QueueQuery {
            order: self.order.clone(),
            cause: self.cause.clone(),
            risk_level: self.risk_level.clone(),
            partner_id: self.partner_id.clone(),
            held_by: self.held_by.clone(),
            snoozed: self.snoozed.clone(),
            assigned_to: self.assigned_to.clone(),
            ..QueueQuery::default()
        }
    }
}

/// The case to take up next.
#[derive(Serialize, ToSchema)]
pub struct NextCase {
    /// The session; null when nothing waits.
    #[schema(format = Uuid)]
    pub session_id: Option<String>,
    /// Its images.
    pub images: Vec<CaseImage>,
}

/// Tells which case to take up next: the riskiest of those that are assigned to the caller, then of those that are assigned to nobody;
/// last of all those in which the caller cleared a match and a second reviewer must approve. What somebody has, or put off, is left out.
/// With an order or a filter of the queue: the next one there that the caller may take.
#[utoipa::path(
    get, path = "/admin/api/reviews/next", tag = "Admin", params(NextQuery),
    responses(
        (status = 200, description = "The case", body = NextCase),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn next_case(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<NextQuery>,
) -> Answer<NextCase> {
    let find = async {
        let Some(session) = next(&shared, &caller, &query).await? else {
            return Ok(NextCase { session_id: None, images: vec![] });
        };
        let folded = shared.sessions.folded(session).await?;
        let images = folded.map(|folded| images(session, &folded.session)).unwrap_or_default();
        Ok(NextCase { session_id: Some(session.to_string()), images })
    };
    Answer(find.await)
}

/// The case to take up next; none when nothing waits.
pub async fn next(
    shared: &Shared,
    caller: &OperatorCaller,
    query: &NextQuery,
) -> Result<Option<SessionId>, ApiError> {
    let skipped = skipped(query)?;
    shared.catch_up.wait().await?;
    let (queue, limit) = (query.queue(), skipped.len() as u32 + 1);
    let rows = match queue.trail().is_empty() {
        true => waiting(shared, caller.who.operator, limit).await?,
        false => along(shared, caller, &queue, limit).await?,
    };
    let waiting: Vec<SessionId> = rows.iter().filter_map(|row| row.session_id.parse().ok()).collect();
    let fresh = waiting.iter().find(|session| !skipped.contains(session));
    // The one that is looked at may be decided and still listed.
    let again = || waiting.iter().find(|session| skipped.last() != Some(*session));
    Ok(fresh.or_else(again).copied())
}

fn skipped(query: &NextQuery) -> Result<Vec<SessionId>, ApiError> {
    let invalid = || {
        let detail = format!("skip is a list of at most {MOST_SKIPPED} sessions, separated by commas");
        ApiError::bad_request("invalid_parameter", detail)
    };
    let named = query.skip.as_deref().unwrap_or_default().split(',').filter(|id| !id.is_empty());
    let sessions: Result<Vec<SessionId>, _> = named.map(str::parse).collect();
    sessions.ok().filter(|sessions| sessions.len() <= MOST_SKIPPED).ok_or_else(invalid)
}

/// The first of a queue that somebody works through in its order: what others have, or what is kept for them, is passed over unless it is asked for.
async fn along(
    shared: &Shared,
    caller: &OperatorCaller,
    query: &QueueQuery,
    limit: u32,
) -> Result<Vec<ReviewRow>, ApiError> {
    let now = shared.sessions.services().clock.now();
    let mut filter = filter(caller, query, now)?;
    filter.holding.get_or_insert(Holding::Nobody(now.timestamp_micros()));
    let own = caller.who.operator;
    // Those in which the caller cleared a match come last: somebody else has to approve them.
    let passes = match shared.sessions.services().four_eyes {
        true => vec![Some(ClearedBy::NotBy(own)), Some(ClearedBy::By(own))],
        false => vec![None],
    };
    let kept = match filter.kept.take() {
        Some(kept) => vec![kept],
        None => {
            let operators = shared.store.list_operators().await?;
            let gone: Vec<OperatorId> =
                operators.iter().filter(|info| !info.works_on_cases()).map(|info| info.id).collect();
            let mut kept = vec![Kept::For(own), Kept::ForNobody];
            kept.extend((!gone.is_empty()).then_some(Kept::ForAny(gone)));
            kept
        }
    };
    let mut all = vec![];
    for cleared in passes {
        filter.cleared = cleared;
        all.extend(in_order(shared, &mut filter, &kept, limit).await?);
    }
    Ok(all)
}

/// The first of several queues as one, in their order.
async fn in_order(
    shared: &Shared,
    filter: &mut QueueFilter,
    kept: &[Kept],
    limit: u32,
) -> Result<Vec<ReviewRow>, StoreError> {
    let mut all = vec![];
    for kept in kept {
        filter.kept = Some(kept.clone());
        all.extend(shared.store.review_queue(filter, None, limit).await?);
    }
    match filter.order {
        QueueOrder::Riskiest => all.sort_by_cached_key(ReviewRow::cursor),
        QueueOrder::Oldest => all.sort_by_cached_key(|row| (row.waiting_since, row.session_id.clone())),
    }
    Ok(all)
}

/// The first of all three: at least `limit` of those that are somebody's own, if there are so many, then of those that are nobody's.
async fn waiting(shared: &Shared, own: OperatorId, limit: u32) -> Result<Vec<ReviewRow>, StoreError> {
    let now = shared.sessions.services().clock.now().timestamp_micros();
    let four_eyes = shared.sessions.services().four_eyes;
    let read = async |kept, is_last| {
        let cleared = if is_last { ClearedBy::By(own) } else { ClearedBy::NotBy(own) };
        let filter = QueueFilter {
            cleared: four_eyes.then_some(cleared),
            order: QueueOrder::Riskiest,
            holding: Some(Holding::Nobody(now)),
            snoozed: Some(Snoozed::LeftOut(now)),
            kept: Some(kept),
            ..QueueFilter::default()
        };
        shared.store.review_queue(&filter, None, limit).await
    };
    let mut all = read(Kept::For(own), false).await?;
    let mut free = read(Kept::ForNobody, false).await?;
    // What is kept for somebody who works here no more is nobody's.
    let operators = shared.store.list_operators().await?;
    let gone: Vec<OperatorId> =
        operators.iter().filter(|info| !info.works_on_cases()).map(|info| info.id).collect();
    if !gone.is_empty() {
        free.extend(read(Kept::ForAny(gone), false).await?);
        free.sort_by_cached_key(ReviewRow::cursor);
    }
    all.extend(free);
    if four_eyes && all.len() < limit as usize {
        all.extend(read(Kept::For(own), true).await?);
        all.extend(read(Kept::ForNobody, true).await?);
    }
    Ok(all)
}
