//! The hits of a case: what the latest screening and the list changes after it found, each entity once and as it was found last.

use super::error::SessionError;
use super::event::HitResolved;
use super::screen::Person;
use super::state::Session;
use crate::evidence::Fingerprint;
use crate::ids::SessionId;
use crate::ports::{PortError, Services, open};
use crate::review::Resolution;
use crate::screening::{EnteredIdentity, ScreeningHit};
use crate::sealed::DataClass;

/// A hit of a case, with the last word about it.
#[derive(Clone)]
pub struct CaseHit {
    /// The hit.
    pub hit: ScreeningHit,
    /// What its resolution is about.
    pub key: Fingerprint,
    /// The last word about it; none while nobody said who it is.
    pub said: Option<HitResolved>,
}

/// The hits of a case, the newest finding first.
pub async fn hits(
    state: &Session,
    session: SessionId,
    services: &Services,
) -> Result<Vec<CaseHit>, SessionError> {
    of_person(state, session, &Person::open(state, session, services).await?, services).await
}

pub(super) async fn of_person(
    state: &Session,
    session: SessionId,
    person: &Person,
    services: &Services,
) -> Result<Vec<CaseHit>, SessionError> {
    let mut all: Vec<CaseHit> = vec![];
    for sealed in state.findings().iter().rev() {
        for hit in open(services.vault.as_ref(), session, sealed).await?.0 {
            // Two lists may give two entities the same identifier.
            if all.iter().all(|known| (&known.hit.id, &known.hit.datasets) != (&hit.id, &hit.datasets)) {
                let key = key(person, &hit, session, services).await?;
                let said = state.resolution(&key).cloned();
                all.push(CaseHit { hit, key, said });
            }
        }
    }
    Ok(all)
}

/// What a resolution is about: this person as read and as entered, this entity as it stands on its list, and this algorithm.
pub(super) async fn key(
    person: &Person,
    hit: &ScreeningHit,
    session: SessionId,
    services: &Services,
) -> Result<Fingerprint, SessionError> {
    let entity = (&person.identity, &hit.id, &hit.entity_fingerprint, &hit.algorithm);
    let entered: Option<&EnteredIdentity> = person.entered.as_ref().map(|(entered, _)| entered);
    // What was resolved before anybody entered something was resolved under the first form, which is in the log.
    let bytes = match entered {
        None => serde_json::to_vec(&entity),
        Some(entered) => serde_json::to_vec(&(entity, entered)),
    };
    let bytes = bytes.map_err(|_| PortError::Failed("a hit has no JSON".into()))?;
    Ok(services.vault.fingerprint(session, DataClass::Identity, &bytes).await?)
}

impl Session {
    /// Whether a hit was cleared, and an approval by a second reviewer, or by one alone where that is allowed, confirmed it.
    pub(super) fn is_settled(&self, hit: &Fingerprint) -> bool {
        let last = self.resolutions().iter().enumerate().rev().find(|(_, said)| said.hit == *hit);
        last.is_some_and(|(at, said)| {
            said.resolution == Resolution::DifferentPerson && at < self.settled_resolutions()
        })
    }
}
