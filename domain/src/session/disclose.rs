//! Showing the person's fields in clear: every read is an event, so that an auditor sees who looked when.

use super::error::SessionError;
use super::event::{DocumentRead, IdentityDisclosed, SessionEvent};
use super::state::Session;
use crate::ids::SessionId;
use crate::ports::{Services, open};

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let read = guard(state)?;
    // What cannot be opened any more was not shown: an erased identity leaves no event.
    open(services.vault.as_ref(), session, &read.identity).await?;
    let disclosed = IdentityDisclosed { document_id: read.document_id, disclosed_at: services.clock.now() };
    Ok(vec![disclosed.into()])
}

fn guard(state: &Session) -> Result<&DocumentRead, SessionError> {
    // Ordered is enough: the keys may not be gone yet.
    state.require_not_erased()?;
    state.document().map(|(_, read)| read).ok_or(SessionError::IdentityUnread)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Story;
    use super::super::{Action, Caller, ErasureGround, IdentityDisclosed, SessionError};
    use crate::ports::PortError;

    #[test]
    fn every_read_is_an_event_that_names_the_document() {
        let story = Story::opened();
        let document = story.document("passport");
        let story = story.then(document);
        let document_id = story.state().document().unwrap().0.document_id;
        let disclosed = IdentityDisclosed { document_id, disclosed_at: story.world.now };
        assert_eq!(story.when(Action::DiscloseIdentity), Ok(vec![disclosed.clone().into()]));
        let story = story.then(Action::DiscloseIdentity);
        assert_eq!(story.when(Action::DiscloseIdentity), Ok(vec![disclosed.into()]));
    }

    #[test]
    fn without_a_document_there_is_no_identity() {
        assert_eq!(Story::opened().when(Action::DiscloseIdentity), Err(SessionError::IdentityUnread));
    }

    #[test]
    fn an_outcome_does_not_close_the_identity_but_cancelling_does() {
        let story = Story::opened().complete();
        assert!(story.clone().then(Action::Submit).when(Action::DiscloseIdentity).is_ok());
        let cancelled = story.then(Action::Cancel);
        assert_eq!(cancelled.when(Action::DiscloseIdentity), Err(SessionError::Cancelled));
    }

    #[test]
    fn an_identity_that_has_to_go_is_shown_no_more() {
        let order = Action::OrderErasure(ErasureGround::Request);
        let story = Story::opened().complete().then(Action::Submit).then_from(Caller::System, order);
        assert_eq!(story.when(Action::DiscloseIdentity), Err(SessionError::Port(PortError::Erased)));
    }

    #[test]
    fn an_erased_identity_is_refused_without_an_event() {
        let story = Story::opened().complete().given(|world| world.erased = true);
        let erased = Err(SessionError::Port(PortError::Erased));
        assert_eq!(story.when(Action::DiscloseIdentity), erased);
    }
}
