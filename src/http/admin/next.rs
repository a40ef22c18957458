//! Which case somebody takes up next, and where its images are, so that they can be loaded before it is opened.

use actix_web::web;
use domain::ids::{OperatorId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::evidence::{CaseImage, images};
use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::refusals::Keyed;
use crate::store::StoreError;
use crate::store::review_queue::{ClearedBy, Holding, Kept, QueueFilter, QueueOrder, ReviewRow, Snoozed};

/// Sessions that can be passed over.
const MOST_SKIPPED: usize = 50;

/// What is passed over.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NextQuery {
    /// Sessions that are passed over, separated by commas, at most 50, the one that is looked at last: when nothing else waits, the others
    /// come round again.
    pub skip: Option<String>,
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
    query: web::Query<NextQuery>,
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
    let rows = waiting(shared, caller.who.operator, skipped.len() as u32 + 1).await?;
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
