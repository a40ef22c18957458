//! Erasing what is held about a person: ordered first, so that an interrupted erasure is finished; then the keys are
//! destroyed, then the files deleted, then it is noted. The log stays whole: it holds only ciphertext.

use super::Permit;
use super::command::ErasureGround;
use super::error::SessionError;
use super::event::{Decision, ErasureOrdered, EvidenceErased, SessionEvent};
use super::state::Session;
use crate::Timestamp;
use crate::ids::{BlobId, SessionId};
use crate::ports::{PortError, Services};
use crate::sealed::DataClass;

pub(super) fn order(
    state: &Session,
    ground: ErasureGround,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    Ok(state.order_erasure(ground, services.clock.now())?.into_iter().collect())
}

/// What is being decided, by a machine or by a person, is still needed.
fn guard(state: &Session, now: Timestamp) -> Result<Permit, SessionError> {
    if state.erasure().is_some() {
        return Ok(Permit::AlreadyDone);
    }
    let is_over = state.is_cancelled()
        || matches!(state.outcome(), Some(Decision::Approved | Decision::Rejected))
        || matches!(state.require_collecting(now), Err(SessionError::Expired));
    if is_over { Ok(Permit::Proceed) } else { Err(SessionError::NotOver) }
}

pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let Some(ordered) = state.erasure() else { return Err(SessionError::NotOver) };
    if state.erased_at().is_some() {
        return Ok(vec![]);
    }
    for class in &ordered.classes {
        services.vault.destroy(session, *class).await?;
    }
    let files = state.evidence_files();
    for blob in &files {
        services.evidence.remove(*blob).await?;
    }
    let classes = ordered.classes.clone();
    Ok(vec![EvidenceErased { classes, files: files.len() as u32, erased_at: services.clock.now() }.into()])
}

impl Session {
    /// The order that everything personal goes; none if it was given before.
    pub fn order_erasure(
        &self,
        ground: ErasureGround,
        now: Timestamp,
    ) -> Result<Option<SessionEvent>, SessionError> {
        if guard(self, now)? == Permit::AlreadyDone {
            return Ok(None);
        }
        Ok(Some(ErasureOrdered { classes: DataClass::ALL.to_vec(), ground, ordered_at: now }.into()))
    }

    /// What is erased, or ordered to be, is neither decided again nor shown.
    pub(super) const fn require_not_erased(&self) -> Result<(), SessionError> {
        if self.erasure().is_some() { Err(SessionError::Port(PortError::Erased)) } else { Ok(()) }
    }

    /// Every file that the session's events refer to.
    fn evidence_files(&self) -> Vec<BlobId> {
        let documents = self.all_documents().iter().map(|document| document.submitted.image.blob);
        let selfies = self.all_selfies().iter().map(|selfie| selfie.image.blob);
        let frames = self.all_checks().iter().map(|check| check.frames.blob);
        documents.chain(selfies).chain(frames).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::{Story, World};
    use super::super::{Action, Caller, ErasureGround, SessionError, SessionEvent};
    use crate::sealed::DataClass;

    const ORDER: Action = Action::OrderErasure(ErasureGround::Retention);

    fn decided() -> Story {
        Story::opened().complete().then(Action::Submit)
    }

    #[test]
    fn what_is_over_is_ordered_to_go_once_and_then_goes_with_its_files() {
        let story = decided().then_from(Caller::System, ORDER);
        assert_eq!(story.when_from(Caller::System, ORDER), Ok(vec![]));
        let events = story.when_from(Caller::System, Action::Erase).unwrap();
        let [SessionEvent::EvidenceErased(erased)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((erased.files, erased.classes.as_slice()), (3, &DataClass::ALL[..]));
        let story = story.then_from(Caller::System, Action::Erase);
        assert_eq!(story.when_from(Caller::System, Action::Erase), Ok(vec![]));
        assert_eq!(story.state().erased_at(), Some(story.world.now));
    }

    #[test]
    fn expired_and_cancelled_sessions_may_go_and_what_is_still_decided_may_not() {
        let late = Story::opened().after(Duration::hours(24));
        for story in [late, Story::opened().then(Action::Cancel)] {
            assert!(story.when_from(Caller::System, ORDER).is_ok_and(|events| events.len() == 1));
        }
        let review = |world: &mut World| world.screening.lists.clear();
        for story in [Story::opened(), Story::opened().given(review).complete().then(Action::Submit)] {
            assert_eq!(story.when_from(Caller::System, ORDER), Err(SessionError::NotOver));
        }
    }

    #[test]
    fn nothing_goes_without_an_order_and_nobody_orders_it_but_the_house() {
        assert_eq!(decided().when_from(Caller::System, Action::Erase), Err(SessionError::NotOver));
        for action in [ORDER, Action::Erase] {
            assert_eq!(decided().when(action), Err(SessionError::NotAllowed));
        }
    }
}
