//! Sending a session that waits for a review back to its person, who does the named steps again; for whoever has claimed it.

use super::Permit;
use super::command::{Caller, RequestResubmission};
use super::error::{SessionError, Step};
use super::event::{Decision, ResubmissionRequested, SessionEvent};
use super::open::seal_optional;
use super::review::{require_claim, reviewer};
use super::state::Session;
use crate::Timestamp;
use crate::ids::{OperatorId, SessionId};
use crate::ports::Services;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    caller: Caller,
    command: RequestResubmission,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (requested_by, requested_at) = (reviewer(caller)?, services.clock.now());
    let steps = in_order(&command.steps);
    if guard(state, &steps, requested_by, requested_at)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let message = seal_optional(services.vault.as_ref(), session, command.message.as_ref()).await?;
    let expires_at = command.expires_at;
    Ok(vec![ResubmissionRequested { steps, message, requested_by, requested_at, expires_at }.into()])
}

fn in_order(named: &[Step]) -> Vec<Step> {
    Step::ALL.into_iter().filter(|step| named.contains(step)).collect()
}

fn guard(
    state: &Session,
    steps: &[Step],
    reviewer: OperatorId,
    now: Timestamp,
) -> Result<Permit, SessionError> {
    if steps.is_empty() {
        return Err(SessionError::NoStepNamed);
    }
    state.require_not_erased()?;
    if state.outcome() == Some(Decision::ManualReview) {
        return require_claim(state, reviewer, now).map(|()| Permit::Proceed);
    }
    // The same request again, before the person did anything, is the same request.
    let round = state.round().filter(|round| round.asked.is_some() && round.steps == steps);
    let untouched = state.submitted_at().is_none() && state.missing_steps() == steps;
    if round.is_some() && untouched { Ok(Permit::AlreadyDone) } else { Err(SessionError::NotInReview) }
}

#[cfg(test)]
mod tests;
