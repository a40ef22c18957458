//! What stands against an approval. The person is screened once more: it is the lists in force at that moment that decide.

use super::error::SessionError;
use super::hits;
use super::screen::{Person, Screened};
use super::state::Session;
use crate::evidence::Fingerprint;
use crate::ids::{OperatorId, SessionId};
use crate::ports::Services;
use crate::review::Resolution;
use crate::screening::EnteredIdentity;
use crate::sealed::Sealed;

/// How an approval of a case by one reviewer stands now.
pub struct Approval {
    /// Why it would be refused; none if it would not.
    pub against: Option<SessionError>,
    /// Whether it needs a note, since a check failed or the person was screened by hand.
    pub needs_note: bool,
    /// Keys of the possible matches under the lists in force; the case may have hits that are none any more.
    pub current: Vec<Fingerprint>,
    pub(super) screened: Screened,
    pub(super) entered: Option<Sealed<EnteredIdentity>>,
}

/// Screens again and weighs every possible match; nothing is written.
pub async fn approval(
    state: &Session,
    session: SessionId,
    reviewer: OperatorId,
    services: &Services,
) -> Result<Approval, SessionError> {
    let person = Person::open(state, session, services).await?;
    let on_record = hits::of_person(state, session, &person, services).await?;
    let is_known = |key: &Fingerprint| on_record.iter().any(|known| known.hit.is_match && known.key == *key);
    let screened = person.screen(services).await?;
    let (mut current, mut against) = (vec![], vec![]);
    for hit in screened.matches() {
        let key = hits::key(&person, hit, session, services).await?;
        against.extend(state.objection(&key, is_known(&key), reviewer, services.four_eyes));
        current.push(key);
    }
    if !screened.is_judged() {
        against.push(Objection::NotJudged);
    }
    Ok(Approval {
        against: against.into_iter().min().map(Into::into),
        needs_note: state.has_failed_check() || person.entered.is_some(),
        current,
        screened,
        entered: person.entered.map(|(_, sealed)| sealed),
    })
}

/// What stands against an approval, in the order in which it has to be dealt with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Objection {
    /// A match that is not on record yet: nobody could resolve it.
    Unseen,
    Confirmed,
    Unresolved,
    NotJudged,
    SecondPerson,
}

impl From<Objection> for SessionError {
    fn from(objection: Objection) -> Self {
        match objection {
            Objection::Unseen => Self::HitFound,
            Objection::Confirmed => Self::HitConfirmed,
            Objection::Unresolved => Self::HitUnresolved,
            Objection::NotJudged => Self::ScreeningNotJudged,
            Objection::SecondPerson => Self::SecondPersonNeeded,
        }
    }
}

impl Session {
    fn objection(
        &self,
        hit: &Fingerprint,
        is_on_record: bool,
        reviewer: OperatorId,
        four_eyes: bool,
    ) -> Option<Objection> {
        match self.resolution(hit) {
            None if !is_on_record => Some(Objection::Unseen),
            None => Some(Objection::Unresolved),
            Some(said) if said.resolution == Resolution::SamePerson => Some(Objection::Confirmed),
            Some(said) => {
                let alone = four_eyes && said.reviewer == reviewer && !self.is_settled(hit);
                alone.then_some(Objection::SecondPerson)
            }
        }
    }

    /// Whether document, face or liveness did not pass, or the automatic outcome saw an attack.
    fn has_failed_check(&self) -> bool {
        let document = self.document().is_some_and(|(_, read)| read.verdict.is_valid);
        let face = self.document_match().is_some_and(|compared| compared.matched);
        let attacked = self.risk().is_some_and(|risk| risk.factors.iter().any(|factor| factor.is_attack()));
        !document || !face || self.liveness_passed() != Some(true) || attacked
    }

    /// Whether somebody cleared a hit of the case and nobody has approved it since: under four eyes that operator cannot.
    pub fn awaits_second_reviewer(&self, cleared_by: OperatorId) -> bool {
        let mut seen = vec![];
        for (at, said) in self.resolutions().iter().enumerate().rev() {
            if at < self.settled_resolutions() {
                break;
            }
            if seen.contains(&&said.hit) {
                continue;
            }
            if said.resolution == Resolution::DifferentPerson && said.reviewer == cleared_by {
                return true;
            }
            seen.push(&said.hit);
        }
        false
    }
}

#[cfg(test)]
mod tests;
