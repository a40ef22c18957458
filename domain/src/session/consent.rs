//! Taking down what the person agreed to, and asking for it before evidence where the operator wants that.

use super::Permit;
use super::command::{Caller, GiveConsent};
use super::error::SessionError;
use super::event::{ConsentGiven, SessionEvent};
use super::state::Session;
use crate::Timestamp;
use crate::consent::ConsentRule;
use crate::ports::Services;

pub(super) fn handle(
    state: &Session,
    consent: GiveConsent,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let now = services.clock.now();
    if guard(state, &consent, now)? == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let GiveConsent { text_hash, locale } = consent;
    Ok(vec![ConsentGiven { text_hash, locale, given_at: now }.into()])
}

fn guard(state: &Session, consent: &GiveConsent, now: Timestamp) -> Result<Permit, SessionError> {
    let is_repeated = state
        .consent()
        .is_some_and(|given| given.text_hash == consent.text_hash && given.locale == consent.locale);
    if is_repeated {
        return Ok(Permit::AlreadyDone);
    }
    state.require_collecting(now)?;
    Ok(Permit::Proceed)
}

impl Session {
    /// Evidence comes only after consent, where that is required.
    pub(super) fn require_consent(&self, caller: Caller, services: &Services) -> Result<(), SessionError> {
        let is_required = match services.consent {
            ConsentRule::Never => false,
            ConsentRule::Hosted => matches!(caller, Caller::Link { .. }),
            ConsentRule::Always => true,
        };
        if !is_required || self.consent().is_some() {
            return Ok(());
        }
        // A session that is over is called so, rather than sent for a consent that it would refuse.
        self.require_collecting(services.clock.now())?;
        Err(SessionError::ConsentRequired)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::testing::{Story, selfie};
    use super::super::{Action, Caller, GiveConsent, SessionError, SessionEvent};
    use crate::consent::ConsentRule;

    fn consent(digit: &str, locale: &str) -> Action {
        Action::GiveConsent(GiveConsent {
            text_hash: digit.repeat(64).parse().unwrap(),
            locale: locale.parse().unwrap(),
        })
    }

    #[test]
    fn consent_is_taken_down_once_for_each_text_and_language() {
        let story = Story::opened();
        let events = story.when(consent("a", "de")).unwrap();
        let [SessionEvent::ConsentGiven(given)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((given.locale.to_string().as_str(), given.given_at), ("de", story.world.now));
        let story = story.then(consent("a", "de"));
        assert_eq!(story.when(consent("A", "DE")), Ok(vec![]));
        assert_eq!(story.when(consent("a", "fr")).map(|events| events.len()), Ok(1));
        assert_eq!(story.when(consent("b", "de")).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn evidence_waits_for_consent_where_it_is_required() {
        let story = Story::opened().given(|world| world.consent = ConsentRule::Always);
        let document = story.document("document");
        let refused = Err(SessionError::ConsentRequired);
        assert_eq!(story.when(document.clone()), refused);
        assert_eq!(story.when(selfie("selfie")), refused);
        let challenged = story.clone().then(Action::IssueChallenge);
        assert_eq!(challenged.when(challenged.answer("frames")), refused);
        assert!(story.then(consent("a", "en")).when(document).is_ok());
    }

    #[test]
    fn only_the_person_at_the_link_has_to_agree_where_partners_see_to_consent() {
        let link = Caller::Link { generation: 0 };
        let story = Story::opened().given(|world| world.consent = ConsentRule::Hosted);
        let document = story.document("document");
        assert!(story.when(document.clone()).is_ok());
        assert_eq!(story.when_from(link, document.clone()), Err(SessionError::ConsentRequired));
        let agreed = story.clone().then(consent("a", "en"));
        assert!(agreed.when_from(link, document.clone()).is_ok());
        let never = story.given(|world| world.consent = ConsentRule::Never);
        assert!(never.when_from(link, document).is_ok());
    }

    #[test]
    fn a_late_consent_is_refused_and_a_repeated_one_is_not() {
        let story = Story::opened().complete().then(consent("a", "en"));
        let late = story.clone().after(Duration::hours(24));
        assert_eq!(late.when(consent("b", "en")), Err(SessionError::Expired));
        let submitted = story.then(Action::Submit);
        assert_eq!(submitted.when(consent("b", "en")), Err(SessionError::AlreadySubmitted));
        assert_eq!(submitted.when(consent("a", "en")), Ok(vec![]));
    }
}
