//! Whether evidence may come at all: asked before it is received, so that nobody's image is taken in to be refused.

use super::command::Caller;
use super::error::{SessionError, Step};
use super::state::Session;
use crate::Timestamp;
use crate::document_type::DocumentSide;
use crate::policy::Policy;
use crate::ports::Services;

/// What may be sent for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Anything.
    Fresh,
    /// Only what was sent before, which is answered again; everything else is refused.
    OnlyAgain {
        /// Bytes of the longest image that was sent before, where that is known.
        most_bytes: Option<u64>,
        /// Why nothing else may come.
        refusal: SessionError,
    },
}

impl Session {
    /// Whether a caller may send evidence for a step at this moment. The command asks the same again, and what depends on the
    /// evidence itself.
    pub fn admits(&self, step: Step, caller: Caller, services: &Services) -> Result<Admission, SessionError> {
        self.require_visible_to(caller)?;
        if matches!(caller, Caller::Operator(_)) {
            return Err(SessionError::NotAllowed);
        }
        self.require_not_cancelled()?;
        self.require_consent(caller, services)?;
        match self.require_open(step, &services.policy, services.clock.now()) {
            Ok(()) => Ok(Admission::Fresh),
            Err(refusal) => match self.sent_before(step) {
                Some(most_bytes) => Ok(Admission::OnlyAgain { most_bytes, refusal }),
                None => Err(refusal),
            },
        }
    }

    fn require_open(&self, step: Step, policy: &Policy, now: Timestamp) -> Result<(), SessionError> {
        self.require_collecting(now)?;
        self.require_asked(step)?;
        if step == Step::Selfie && self.missing_steps().contains(&Step::Document) {
            return Err(SessionError::DocumentFirst);
        }
        if step == Step::Document && self.is_side_open(policy) {
            return Ok(());
        }
        self.require_attempt_left(step, policy)
    }

    /// Whether a side of the document that was declared last has attempts left; which side an image shows is said with it.
    fn is_side_open(&self, policy: &Policy) -> bool {
        self.documents().last().is_some_and(|latest| {
            let declared = &latest.submitted.declared;
            let back = declared.document_type.has_back().then_some(DocumentSide::Back);
            [Some(DocumentSide::Front), back]
                .into_iter()
                .flatten()
                .any(|side| self.document_attempts(declared, side) < policy.session.max_attempts as usize)
        })
    }

    /// The length of the longest image that would be recognised as sent before; none without such an image.
    fn sent_before(&self, step: Step) -> Option<Option<u64>> {
        match step {
            Step::Document => {
                self.documents().iter().map(|attempt| attempt.submitted.image.bytes).max().map(Some)
            }
            Step::Selfie => self.selfies().last().map(|selfie| Some(selfie.image.bytes)),
            Step::Liveness => (!self.all_checks().is_empty()).then_some(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::{Story, selfie};
    use super::super::{Action, Caller, SessionError, Step};
    use super::Admission;
    use crate::consent::ConsentRule;
    use crate::ids::{OperatorId, PartnerId};

    const LINK: Caller = Caller::Link { generation: 0 };

    fn opened() -> Story {
        Story::opened().given(|world| world.consent = ConsentRule::Never)
    }

    fn admits(story: &Story, step: Step, caller: Caller) -> Result<Admission, SessionError> {
        story.state().admits(step, caller, &story.services())
    }

    #[test]
    fn evidence_is_admitted_where_its_command_would_be_carried_out() {
        let story = opened();
        assert_eq!(admits(&story, Step::Document, LINK), Ok(Admission::Fresh));
        assert_eq!(admits(&story, Step::Liveness, LINK), Ok(Admission::Fresh));
        assert_eq!(admits(&story, Step::Selfie, LINK), Err(SessionError::DocumentFirst));
        let document = story.document("document");
        assert_eq!(admits(&story.then(document), Step::Selfie, LINK), Ok(Admission::Fresh));
    }

    #[test]
    fn nobody_brings_evidence_into_a_session_that_is_not_his() {
        let story = opened();
        let uuid = uuid::Uuid::from_u128(99);
        for caller in [Caller::Partner(PartnerId::new(uuid)), Caller::Link { generation: 1 }] {
            assert_eq!(admits(&story, Step::Document, caller), Err(SessionError::NotFound));
        }
        let operator = Caller::Operator(OperatorId::new(uuid));
        assert_eq!(admits(&story, Step::Document, operator), Err(SessionError::NotAllowed));
    }

    #[test]
    fn without_consent_where_it_is_needed_nothing_is_admitted() {
        let story = opened().given(|world| world.consent = ConsentRule::Hosted);
        assert_eq!(admits(&story, Step::Document, LINK), Err(SessionError::ConsentRequired));
    }

    #[test]
    fn after_the_last_attempt_only_what_was_sent_before_is_admitted() {
        let story = ["one", "two", "three"].into_iter().fold(opened(), |story, image| {
            let document = story.document(image);
            story.then(document).then(selfie(image))
        });
        for step in [Step::Document, Step::Selfie] {
            let refusal = SessionError::AttemptsExhausted(step);
            let again = Admission::OnlyAgain { most_bytes: Some("three".len() as u64), refusal };
            assert_eq!(admits(&story, step, LINK), Ok(again));
        }
    }

    #[test]
    fn what_is_over_takes_nothing_new() {
        let story = opened().after(Duration::hours(24));
        assert_eq!(admits(&story, Step::Document, LINK), Err(SessionError::Expired));
        let story = opened().then(Action::Cancel);
        assert_eq!(admits(&story, Step::Liveness, LINK), Err(SessionError::Cancelled));
        let story = opened().complete().then(Action::Submit);
        for step in Step::ALL {
            let found = admits(&story, step, LINK);
            let refusal = SessionError::AlreadySubmitted;
            assert!(matches!(&found, Ok(Admission::OnlyAgain { refusal: found, .. }) if *found == refusal));
        }
    }
}
