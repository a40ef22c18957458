//! Closing a session whose time is over.

use super::error::SessionError;
use super::event::{SessionEvent, SessionExpired};
use super::state::Session;
use crate::ports::Services;

pub(super) fn handle(state: &Session, services: &Services) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    if state.is_expired() {
        return Ok(vec![]);
    }
    match state.require_collecting(now) {
        Err(SessionError::Expired) => Ok(vec![SessionExpired { expired_at: now }.into()]),
        Err(error) => Err(error),
        Ok(()) => Err(SessionError::NotDue),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::{Story, selfie};
    use super::super::{Action, Caller, SessionError, SessionEvent, SessionExpired};

    fn expire(story: &Story) -> Result<Vec<SessionEvent>, SessionError> {
        story.when_from(Caller::System, Action::Expire)
    }

    #[test]
    fn a_session_expires_at_its_exact_instant_and_once() {
        let story = Story::opened().after(Duration::hours(24) - Duration::milliseconds(1));
        assert_eq!(expire(&story), Err(SessionError::NotDue));
        let mut story = story.after(Duration::milliseconds(1));
        let expired = SessionEvent::from(SessionExpired { expired_at: story.world.now });
        assert_eq!(expire(&story), Ok(vec![expired.clone()]));
        story.events.push(expired);
        assert_eq!(expire(&story), Ok(vec![]));
    }

    #[test]
    fn a_submitted_session_never_expires() {
        let story = Story::opened().complete().then(Action::Submit).after(Duration::days(400));
        assert_eq!(expire(&story), Err(SessionError::AlreadySubmitted));
    }

    #[test]
    fn every_step_is_refused_once_the_time_is_over() {
        let story = Story::opened().complete().after(Duration::hours(24));
        let steps = [story.document("x"), selfie("x"), Action::IssueChallenge, Action::Submit];
        for step in steps {
            assert_eq!(story.when(step), Err(SessionError::Expired));
        }
    }
}
