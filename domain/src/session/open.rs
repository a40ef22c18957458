//! Opening a session.

use super::command::OpenSession;
use super::error::SessionError;
use super::event::{SessionEvent, SessionOpened};
use super::state::Session;
use crate::ids::SessionId;
use crate::ports::{Indexed, Services, seal};
use crate::sealed::{DataClass, Personal};

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    open: OpenSession,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    if state.opened().is_some() {
        return Err(SessionError::AlreadyOpen);
    }
    let vault = services.vault.as_ref();
    let index = Indexed {
        purpose: crate::contact::ExternalUserId::FIELD,
        class: DataClass::Contact,
        value: open.external_user_id.as_str(),
    };
    vault.open_session(session, open.partner, &[index]).await?;
    let opened = SessionOpened {
        partner_id: open.partner,
        external_user_id: seal(vault, session, &open.external_user_id).await?,
        metadata: seal_optional(vault, session, open.metadata.as_ref()).await?,
        webhook_url: seal_optional(vault, session, open.webhook_url.as_ref()).await?,
        redirect_url: seal_optional(vault, session, open.redirect_url.as_ref()).await?,
        opened_at: services.clock.now(),
        expires_at: open.expires_at,
    };
    Ok(vec![opened.into()])
}

pub(super) async fn seal_optional<T: Personal>(
    vault: &dyn crate::ports::Vault,
    session: SessionId,
    value: Option<&T>,
) -> Result<Option<crate::sealed::Sealed<T>>, SessionError> {
    match value {
        Some(value) => Ok(Some(seal(vault, session, value).await?)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PARTNER, Story, World, open};
    use super::super::{Action, Caller, SessionError, SessionEvent};
    use crate::ids::PartnerId;

    #[test]
    fn opening_gives_one_event_with_the_personal_data_sealed() {
        let nothing = Story { world: World::honest(), events: vec![] };
        let events = nothing.when(open()).unwrap();
        let [SessionEvent::SessionOpened(opened)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(opened.partner_id, PARTNER);
        assert_eq!(opened.opened_at, nothing.world.now);
        assert!(!serde_json::to_string(opened).unwrap().contains("user-1"));
        assert!(opened.metadata.is_none() && opened.webhook_url.is_none() && opened.redirect_url.is_none());
    }

    #[test]
    fn an_open_session_is_not_opened_again() {
        assert_eq!(Story::opened().when(open()), Err(SessionError::AlreadyOpen));
    }

    #[test]
    fn the_session_of_another_partner_is_not_found() {
        let stranger = Caller::Partner(PartnerId::new(uuid::Uuid::from_u128(1)));
        let story = Story::opened();
        for action in [story.document("d"), Action::IssueChallenge, Action::Submit] {
            assert_eq!(story.when_from(stranger, action), Err(SessionError::NotFound));
        }
    }

    #[test]
    fn a_session_that_was_never_opened_is_not_found_by_anybody() {
        let nothing = Story { world: World::honest(), events: vec![] };
        for caller in [Caller::System, Caller::Partner(PARTNER)] {
            assert_eq!(nothing.when_from(caller, nothing.document("d")), Err(SessionError::NotFound));
        }
    }
}
