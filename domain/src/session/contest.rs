//! Contesting an automatic rejection: from then on a person decides.

use super::Permit;
use super::error::SessionError;
use super::event::{Decision, DecisionContested, SessionEvent};
use super::open::seal_optional;
use super::state::Session;
use crate::free_text::ContestReason;
use crate::ids::SessionId;
use crate::ports::Services;

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    reason: Option<ContestReason>,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    if guard(state)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let reason = seal_optional(services.vault.as_ref(), session, reason.as_ref()).await?;
    Ok(vec![DecisionContested { reason, contested_at: services.clock.now() }.into()])
}

fn guard(state: &Session) -> Result<Permit, SessionError> {
    // Nothing is left to decide by.
    state.require_not_erased()?;
    if state.is_contested() {
        return Ok(Permit::AlreadyDone);
    }
    // What a person decided is not decided again by asking.
    match state.outcome() {
        Some(Decision::Rejected) if state.review().is_none() => Ok(Permit::Proceed),
        _ => Err(SessionError::NotContestable),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Story, World};
    use super::super::{Action, Caller, Decision, ErasureGround, SessionError, SessionEvent};
    use crate::document::specimen::day;
    use crate::ports::PortError;

    fn contest() -> Action {
        Action::Contest { reason: Some("It is no specimen".to_owned().try_into().unwrap()) }
    }

    fn decided(change: impl FnOnce(&mut World)) -> Story {
        Story::opened().given(change).complete().then(Action::Submit)
    }

    fn rejected() -> Story {
        let story = decided(|world| world.document.fields.expiry_date = day(2020, 1, 1));
        assert_eq!(story.state().outcome(), Some(Decision::Rejected));
        story
    }

    #[test]
    fn a_contested_rejection_is_for_a_person_to_decide() {
        let story = rejected();
        let events = story.when(contest()).unwrap();
        let [SessionEvent::DecisionContested(contested)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(contested.contested_at, story.world.now);
        assert!(!serde_json::to_string(contested).unwrap().contains("specimen"));
        let state = story.then(contest()).state();
        assert_eq!(state.outcome(), Some(Decision::ManualReview));
        assert_eq!(state.decision().map(|decided| decided.decision), Some(Decision::Rejected));
    }

    #[test]
    fn contesting_again_changes_nothing_whatever_the_reason() {
        let story = rejected().then(contest());
        assert_eq!(story.when(Action::Contest { reason: None }), Ok(vec![]));
    }

    #[test]
    fn what_was_not_rejected_cannot_be_contested() {
        let review = |world: &mut World| world.screening.lists.clear();
        for story in [Story::opened(), Story::opened().complete(), decided(|_| {}), decided(review)] {
            assert_eq!(story.when(contest()), Err(SessionError::NotContestable));
        }
    }

    #[test]
    fn what_was_erased_or_has_to_be_is_decided_no_more() {
        let ordered = rejected().then_from(Caller::System, Action::OrderErasure(ErasureGround::Request));
        let erased = ordered.clone().then_from(Caller::System, Action::Erase);
        for story in [ordered, erased] {
            assert_eq!(story.when(contest()), Err(SessionError::Port(PortError::Erased)));
        }
    }

    #[test]
    fn a_contested_session_may_still_be_cancelled_and_then_not_contested() {
        let story = rejected().then(contest()).then(Action::Cancel);
        assert_eq!(story.when(contest()), Err(SessionError::Cancelled));
    }
}
