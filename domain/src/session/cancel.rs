//! Calling a verification off: possible until there is a final outcome.

use super::Permit;
use super::error::SessionError;
use super::event::{Decision, SessionCancelled, SessionEvent};
use super::state::Session;
use crate::Timestamp;
use crate::ports::Services;

pub(super) fn handle(state: &Session, services: &Services) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    match guard(state, now)? {
        Permit::AlreadyDone => Ok(vec![]),
        Permit::Proceed => Ok(vec![SessionCancelled { cancelled_at: now }.into()]),
    }
}

fn guard(state: &Session, now: Timestamp) -> Result<Permit, SessionError> {
    if state.is_cancelled() {
        return Ok(Permit::AlreadyDone);
    }
    match state.outcome() {
        Some(Decision::ManualReview) => Ok(Permit::Proceed),
        Some(Decision::Approved | Decision::Rejected) => Err(SessionError::NotCancellable),
        None => state.require_collecting(now).map(|()| Permit::Proceed),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::{Story, selfie};
    use super::super::{Action, Caller, SessionCancelled, SessionError};

    #[test]
    fn an_open_session_is_cancelled_once() {
        let story = Story::opened();
        let cancelled = SessionCancelled { cancelled_at: story.world.now }.into();
        assert_eq!(story.when(Action::Cancel), Ok(vec![cancelled]));
        assert_eq!(story.then(Action::Cancel).when(Action::Cancel), Ok(vec![]));
    }

    #[test]
    fn a_session_with_evidence_is_cancelled_too() {
        assert!(Story::opened().complete().when(Action::Cancel).is_ok());
    }

    #[test]
    fn a_session_in_review_is_cancelled() {
        let unscreened = Story::opened().given(|world| world.screening.lists.clear());
        let story = unscreened.complete().then(Action::Submit);
        assert_eq!(story.state().outcome(), Some(super::Decision::ManualReview));
        assert!(story.when(Action::Cancel).is_ok());
    }

    #[test]
    fn a_final_outcome_is_not_called_off() {
        let story = Story::opened().complete().then(Action::Submit);
        assert_eq!(story.when(Action::Cancel), Err(SessionError::NotCancellable));
    }

    #[test]
    fn a_session_whose_time_is_over_is_expired_rather_than_cancelled() {
        let story = Story::opened().after(Duration::hours(24));
        assert_eq!(story.when(Action::Cancel), Err(SessionError::Expired));
    }

    #[test]
    fn nothing_comes_after_cancelling() {
        let story = Story::opened().complete().then(Action::Cancel);
        // The document is a repetition, which is refused all the same.
        let steps = [story.document("document"), selfie("x"), Action::IssueChallenge, Action::Submit];
        for step in steps {
            assert_eq!(story.when(step), Err(SessionError::Cancelled));
        }
        let late = story.after(Duration::hours(24));
        assert_eq!(late.when_from(Caller::System, Action::Expire), Err(SessionError::Cancelled));
    }
}
