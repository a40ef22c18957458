//! Keeping cases for somebody, many at once. Each is a command of its own: what one case refuses does not touch the others.

use actix_web::web;
use domain::ids::{OperatorId, SessionId};
use domain::session::{Action, SessionCommand};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::body::{Body, json_object};
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::refusals::Keyed;
use crate::sessions::CommandError;

/// Cases of one request.
const MOST_AT_ONCE: usize = 100;

/// Which cases are kept for whom.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct AssignBody {
    /// The sessions.
    #[schema(min_items = 1, max_items = 100)]
    sessions: Vec<uuid::Uuid>,
    /// An administrator or a reviewer who may sign in; null keeps the cases for nobody. Has to be named.
    #[schema(required, pattern = "^opr_[0-9a-f]{32}$")]
    operator_id: Option<String>,
}

/// What came of an assignment.
#[derive(Serialize, ToSchema)]
pub struct Assignments {
    /// One for each session, in the order of the request.
    pub items: Vec<AssignmentView>,
}

/// What came of one case.
#[derive(Serialize, ToSchema)]
pub struct AssignmentView {
    /// The session.
    #[schema(format = Uuid)]
    pub session_id: String,
    /// `assigned`, `unassigned` or `refused`.
    pub outcome: &'static str,
    /// Why it was refused: `session_not_found`, `not_in_review`, `claimed_by_another` ...
    pub code: Option<&'static str>,
}

/// Assigns cases to somebody, or to nobody in particular: while a case is assigned, only that person takes it. An assignment does not lapse;
/// it ends with the case, with another one, and counts for nothing while the person may not work on cases.
///
/// A case that another reviewer has claimed is refused while the claim lasts. The other cases are assigned all the same.
#[utoipa::path(
    post, path = "/admin/api/reviews/assign", tag = "Admin", request_body = AssignBody,
    responses(
        (status = 200, description = "What came of each case", body = Assignments),
        (status = 400, description = "The body cannot be read", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn assign_cases(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    payload: Body,
) -> Answer<Assignments> {
    let assign = async {
        caller.administering()?;
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        fields.require("sessions");
        fields.require_named("operator_id");
        let sessions: Option<Vec<SessionId>> =
            fields.ids("sessions", "identifiers of sessions", 1..=MOST_AT_ONCE);
        let assignee = assignee(&mut fields, &shared).await?;
        let sessions = fields.whole(sessions)?;
        let mut items = Vec::with_capacity(sessions.len());
        for session in sessions {
            items.push(assigned(&caller, &shared, session, assignee).await?);
        }
        // Whoever assigns looks at the queue next.
        shared.catch_up.wait().await?;
        Ok(Assignments { items })
    };
    Answer(assign.await)
}

/// Whom the body names, if that person may work on cases.
async fn assignee(fields: &mut Fields<'_>, shared: &Shared) -> Result<Option<OperatorId>, ApiError> {
    let Some(named) = fields.text("operator_id") else { return Ok(None) };
    let named: Option<OperatorId> = named.parse().ok();
    let operators = shared.store.list_operators().await?;
    match operators.iter().find(|info| Some(info.id) == named) {
        Some(info) if info.works_on_cases() => return Ok(named),
        Some(_) => fields.refuse("operator_id", "The operator may not work on cases"),
        None => fields.refuse("operator_id", "There is no such operator"),
    }
    Ok(None)
}

async fn assigned(
    caller: &OperatorCaller,
    shared: &Shared,
    session: SessionId,
    assignee: Option<OperatorId>,
) -> Result<AssignmentView, ApiError> {
    let action = Action::AssignReview(assignee);
    let command = SessionCommand { session, caller: caller.acting()?, action };
    let (outcome, code) = match shared.sessions.execute(command, caller.actor()).await {
        Ok(_) if assignee.is_some() => ("assigned", None),
        Ok(_) => ("unassigned", None),
        Err(error @ (CommandError::Refused(_) | CommandError::Conflict)) => ("refused", Some(error.code())),
        // Nothing is wrong with the case: the whole request can be sent again.
        Err(error) => return Err(error.into()),
    };
    Ok(AssignmentView { session_id: session.to_string(), outcome, code })
}
