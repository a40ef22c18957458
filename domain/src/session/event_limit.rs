//! How many events of a kind a session takes from its callers. Every command reads the whole stream, so nobody may make one grow
//! without end.
//!
//! What only one side causes is counted apart: an applicant uses up nothing that the partner or a reviewer needs. Uploads,
//! challenges and outcomes are bounded by their own rules. Submitting, claiming, deciding, cancelling, erasing and what the
//! server does by itself are never refused here.

use serde::{Deserialize, Serialize};

use super::command::Caller;
use super::error::SessionError;
use super::event::SessionEvent;
use super::state::Session;

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Consents, which may change back and forth.
    Consents,
    /// Fresh links.
    Links,
    /// Reads of the identity; a partner may well read once a day.
    Disclosures,
    /// Notes, releases, snoozes and assignments.
    ReviewWork,
    /// What is said about hits; the first word about each is always taken, for no case could be decided without it.
    Resolutions,
    /// Rounds that a reviewer asks for: each brings attempts of its own.
    Rounds,
    /// What a reviewer has screened again.
    Screenings,
}

impl Kind {
    const COUNT: usize = 7;

    const fn of(event: &SessionEvent) -> Option<Self> {
        match event {
            SessionEvent::ConsentGiven(_) => Some(Self::Consents),
            SessionEvent::LinkIssued(_) => Some(Self::Links),
            SessionEvent::IdentityDisclosed(_) => Some(Self::Disclosures),
            SessionEvent::ReviewNoted(_)
            | SessionEvent::ReviewReleased(_)
            | SessionEvent::ReviewSnoozed(_)
            | SessionEvent::ReviewAssigned(_) => Some(Self::ReviewWork),
            SessionEvent::HitResolved(_) => Some(Self::Resolutions),
            SessionEvent::ResubmissionRequested(_) => Some(Self::Rounds),
            SessionEvent::SanctionsScreened(_) => Some(Self::Screenings),
            _ => None,
        }
    }

    /// Far beyond what a case takes, and few enough that a stream reads back in milliseconds.
    const fn most(self) -> u16 {
        match self {
            Self::Consents => 50,
            Self::Links => 100,
            Self::Disclosures => 500,
            Self::ReviewWork => 300,
            Self::Resolutions => 200,
            Self::Rounds => 20,
            Self::Screenings => 100,
        }
    }
}

/// How many there were of each kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct EventCounts([u16; Kind::COUNT]);

impl EventCounts {
    pub(super) const fn note(&mut self, event: &SessionEvent) {
        if let Some(kind) = Kind::of(event) {
            self.0[kind as usize] = self.0[kind as usize].saturating_add(1);
        }
    }
}

impl Session {
    /// Refuses events beyond the limit of their kind.
    pub(super) fn require_room(&self, caller: Caller, events: &[SessionEvent]) -> Result<(), SessionError> {
        let is_first_word = |event: &SessionEvent| matches!(event, SessionEvent::HitResolved(said) if self.resolution(&said.hit).is_none());
        let is_refused = |event: &SessionEvent| {
            let is_full = |kind: Kind| self.event_counts().0[kind as usize] >= kind.most();
            Kind::of(event).is_some_and(is_full) && !is_first_word(event)
        };
        // Submitting and deciding screen on their way.
        let decides = |event: &SessionEvent| {
            matches!(event, SessionEvent::SessionSubmitted(_) | SessionEvent::ReviewDecided(_))
        };
        if caller == Caller::System || events.iter().any(decides) {
            return Ok(());
        }
        if events.iter().any(is_refused) { Err(SessionError::EventLimit) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::reviews::{ANN, BEN, approve, claim, operator, resolve, undecided};
    use super::super::testing::{Story, hit};
    use super::super::{Action, Caller, GiveConsent, SessionError};
    use super::Kind;
    use crate::review::{CLAIM_LASTS, Resolution};
    use crate::screening::ScreeningHits;

    fn consent(digit: &str) -> Action {
        Action::GiveConsent(GiveConsent {
            text_hash: digit.repeat(64).parse().unwrap(),
            locale: "en".parse().unwrap(),
        })
    }

    /// A session whose applicant changed the consent back and forth as often as it is taken.
    fn full_of_consents() -> Story {
        (0..Kind::Consents.most()).fold(Story::opened(), |story, number| {
            story.then(consent(if number % 2 == 0 { "a" } else { "b" }))
        })
    }

    #[test]
    fn a_consent_that_changes_for_ever_is_refused_and_nothing_else_is() {
        let story = full_of_consents();
        for caller in [None, Some(Caller::Link { generation: 0 })] {
            let again = |digit| match caller {
                None => story.when(consent(digit)),
                Some(caller) => story.when_from(caller, consent(digit)),
            };
            assert_eq!(again("a"), Err(SessionError::EventLimit));
            assert_eq!(again("b"), Ok(vec![]), "the one in force is no event");
        }
        assert!(story.when(Action::IssueLink).is_ok());
        let decided = story.complete().then(Action::Submit);
        assert!(decided.state().outcome().is_some());
    }

    #[test]
    fn links_and_reads_of_the_identity_end_some_time_and_cancelling_never_does() {
        let story = (0..Kind::Links.most()).fold(Story::opened(), |story, _| story.then(Action::IssueLink));
        assert_eq!(story.when(Action::IssueLink), Err(SessionError::EventLimit));
        assert_eq!(story.when(Action::Cancel).map(|events| events.len()), Ok(1));
        let document = story.document("passport");
        let read = (0..Kind::Disclosures.most())
            .fold(story.then(document), |story, _| story.then(Action::DiscloseIdentity));
        assert_eq!(read.when(Action::DiscloseIdentity), Err(SessionError::EventLimit));
        assert!(read.when(consent("a")).is_ok(), "a partner uses up nothing of the applicant's");
    }

    #[test]
    fn a_case_that_was_given_back_for_ever_is_still_claimed_and_decided() {
        let story = (0..Kind::ReviewWork.most()).fold(undecided(), |story, _| {
            story.then_from(operator(ANN), claim()).then_from(operator(ANN), Action::ReleaseReview)
        });
        let claimed = story.then_from(operator(ANN), claim());
        assert_eq!(claimed.when_from(operator(ANN), Action::ReleaseReview), Err(SessionError::EventLimit));
        assert!(claimed.when_from(operator(ANN), approve()).is_ok());
        let lapsed = claimed.after(CLAIM_LASTS);
        assert!(lapsed.then_from(operator(BEN), claim()).when_from(operator(BEN), approve()).is_ok());
    }

    #[test]
    fn a_case_that_was_screened_for_ever_is_still_decided() {
        let screen = || Action::ScreenAgain(None);
        let story = (0..Kind::Screenings.most() - 1)
            .fold(undecided().then_from(operator(ANN), claim()), |story, _| {
                story.then_from(operator(ANN), screen())
            });
        assert_eq!(story.when_from(operator(ANN), screen()), Err(SessionError::EventLimit));
        assert!(story.when_from(operator(ANN), approve()).is_ok());
    }

    #[test]
    fn the_first_word_about_a_hit_is_always_taken() {
        let hits = ScreeningHits(vec![hit("a", true), hit("b", true)]);
        let matched = Story::opened().given(|world| world.screening.hits = hits).complete();
        let both = [Resolution::SamePerson, Resolution::DifferentPerson];
        let story = (0..Kind::Resolutions.most())
            .fold(matched.then(Action::Submit).then_from(operator(ANN), claim()), |story, number| {
                story.then_from(operator(ANN), resolve("a", both[usize::from(number % 2)]))
            });
        let say = |entity| story.when_from(operator(ANN), resolve(entity, Resolution::SamePerson));
        assert_eq!(say("a"), Err(SessionError::EventLimit));
        assert_eq!(say("b").map(|events| events.len()), Ok(1));
    }
}
