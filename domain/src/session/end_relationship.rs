//! Noting that the person is no customer any more: retention counts from there.

use super::Permit;
use super::error::SessionError;
use super::event::{Decision, RelationshipEnded, SessionEvent};
use super::state::Session;
use crate::ports::Services;

pub(super) fn handle(state: &Session, services: &Services) -> Result<Vec<SessionEvent>, SessionError> {
    match guard(state)? {
        Permit::AlreadyDone => Ok(vec![]),
        Permit::Proceed => Ok(vec![RelationshipEnded { ended_at: services.clock.now() }.into()]),
    }
}

fn guard(state: &Session) -> Result<Permit, SessionError> {
    if state.has_relationship_ended() {
        return Ok(Permit::AlreadyDone);
    }
    match state.outcome() {
        Some(Decision::Approved | Decision::Rejected) => Ok(Permit::Proceed),
        Some(Decision::ManualReview) | None => Err(SessionError::NotDecided),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::Story;
    use super::super::{Action, RelationshipEnded, SessionError};

    #[test]
    fn a_relationship_ends_once_and_however_late() {
        let story = Story::opened().complete().then(Action::Submit).after(Duration::days(900));
        let ended = RelationshipEnded { ended_at: story.world.now };
        assert_eq!(story.when(Action::EndRelationship), Ok(vec![ended.into()]));
        assert_eq!(story.then(Action::EndRelationship).when(Action::EndRelationship), Ok(vec![]));
    }

    #[test]
    fn there_is_none_to_end_before_a_final_outcome() {
        let review = Story::opened().given(|world| world.screening.lists.clear()).complete();
        for story in [Story::opened(), Story::opened().complete(), review.then(Action::Submit)] {
            assert_eq!(story.when(Action::EndRelationship), Err(SessionError::NotDecided));
        }
    }
}
