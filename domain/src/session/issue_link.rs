//! Giving out a fresh link to the session, for instance when the old one was lost or seen by others.

use super::error::SessionError;
use super::event::{LinkIssued, SessionEvent};
use super::state::Session;
use crate::Timestamp;
use crate::ports::Services;

pub(super) fn handle(state: &Session, services: &Services) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    // A link leads to the steps; once they are closed there is nothing to lead to.
    state.require_collecting(now)?;
    Ok(vec![decide(state, now).into()])
}

fn decide(state: &Session, now: Timestamp) -> LinkIssued {
    LinkIssued { generation: state.link_generation() + 1, issued_at: now }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::Story;
    use super::super::{Action, Caller, LinkIssued, SessionError};

    #[test]
    fn each_link_has_the_next_generation() {
        let story = Story::opened();
        let link = |generation| vec![LinkIssued { generation, issued_at: story.world.now }.into()];
        assert_eq!(story.when(Action::IssueLink), Ok(link(1)));
        assert_eq!(story.clone().then(Action::IssueLink).when(Action::IssueLink), Ok(link(2)));
    }

    #[test]
    fn only_the_latest_link_leads_to_the_session() {
        let ask = |story: &Story, generation| {
            story.when_from(Caller::Link { generation }, Action::IssueChallenge).map(|events| events.len())
        };
        let story = Story::opened();
        assert_eq!((ask(&story, 0), ask(&story, 1)), (Ok(1), Err(SessionError::NotFound)));
        let story = story.then(Action::IssueLink);
        assert_eq!((ask(&story, 0), ask(&story, 1)), (Err(SessionError::NotFound), Ok(1)));
    }

    #[test]
    fn there_is_no_link_to_a_session_whose_steps_are_closed() {
        let submitted = Story::opened().complete().then(Action::Submit);
        assert_eq!(submitted.when(Action::IssueLink), Err(SessionError::AlreadySubmitted));
        let expired = Story::opened().after(Duration::hours(24));
        assert_eq!(expired.when(Action::IssueLink), Err(SessionError::Expired));
        let cancelled = Story::opened().then(Action::Cancel);
        assert_eq!(cancelled.when(Action::IssueLink), Err(SessionError::Cancelled));
    }
}
