//! Putting a case off.

use actix_web::web;
use domain::review::SnoozeUntil;
use domain::session::{Action, SnoozeReview};
use utoipa::ToSchema;

use super::body::Fields;
use super::case::CaseView;
use super::operator::OperatorCaller;
use super::reviews::act;
use crate::http::Shared;
use crate::http::body::{Body, json_object};
use crate::http::problem::{Answer, ErrorBody};
use crate::http::refusals::{Keyed, OnSession};

/// Until when a case is put off.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct SnoozeBody {
    /// A time to come, at most 30 days ahead.
    #[schema(format = DateTime)]
    until: String,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    note: Option<String>,
}

/// Gives a case back and puts it off: until then it is in nobody's queue, unless somebody takes it before. Whoever has the case may, and
/// anybody while nobody has it.
///
/// 409 with code `assigned_to_another` while it is assigned to somebody else who may work on it.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/snooze", tag = "Admin", request_body = SnoozeBody,
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("operator_cookie" = []))
)]
pub async fn snooze_case(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<CaseView> {
    let snooze = async {
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        fields.require("until");
        let now = shared.sessions.services().clock.now();
        let until = fields.instant("until").map(|until| SnoozeUntil::new(until, now));
        if let Some(Err(error)) = until {
            fields.refuse("until", error.to_string());
        }
        let note = fields.note();
        let until = fields.whole(until.and_then(Result::ok))?;
        let staff = shared.store.staff().await?;
        act(&caller, &shared, &path, Action::SnoozeReview(SnoozeReview { until, note, staff })).await
    };
    Answer(snooze.await)
}
