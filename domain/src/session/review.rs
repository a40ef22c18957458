//! What reviewers do: take a case, say who its hits are, note, decide. A case is one reviewer's at a time, and whoever clears a
//! hit does not approve the person too.

use super::assign::require_kept_for;
use super::command::{Caller, DecideReview, ResolveHit};
use super::error::SessionError;
use super::event::{
    Decision, HitResolved, ReviewClaimed, ReviewDecided, ReviewNoted, ReviewReleased, SessionEvent,
};
use super::open::seal_optional;
use super::state::Session;
use crate::Timestamp;
use crate::document::Identity;
use crate::evidence::Fingerprint;
use crate::free_text::ReviewNote;
use crate::ids::{OperatorId, SessionId};
use crate::ports::{PortError, Services, open, seal};
use crate::review::{CLAIM_LASTS, Resolution, Ruling, Staff};
use crate::screening::ScreeningHit;
use crate::sealed::DataClass;

pub(super) fn reviewer(caller: Caller) -> Result<OperatorId, SessionError> {
    match caller {
        Caller::Operator(reviewer) => Ok(reviewer),
        _ => Err(SessionError::NotAllowed),
    }
}

/// Takes the case, put off or not, or keeps it for longer.
pub(super) fn claim(
    state: &Session,
    caller: Caller,
    staff: &Staff,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (reviewer, now) = (reviewer(caller)?, services.clock.now());
    require_in_review(state)?;
    match state.claim_at(now) {
        Some((holder, _)) if holder != reviewer => Err(SessionError::ClaimedByAnother),
        // The same request again; a claim that nears its end is renewed.
        Some((_, until)) if until - now > CLAIM_LASTS / 2 => Ok(vec![]),
        _ => {
            require_kept_for(state, reviewer, staff)?;
            Ok(vec![ReviewClaimed { reviewer, claimed_at: now, until: now + CLAIM_LASTS }.into()])
        }
    }
}

/// Gives the case back.
pub(super) fn release(
    state: &Session,
    caller: Caller,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (reviewer, now) = (reviewer(caller)?, services.clock.now());
    match state.claim_at(now) {
        Some((holder, _)) if holder == reviewer => {
            Ok(vec![ReviewReleased { reviewer, released_at: now }.into()])
        }
        Some(_) => Err(SessionError::ClaimedByAnother),
        None => Ok(vec![]),
    }
}

/// Writes something down; any reviewer may, at any time before the end of all.
pub(super) async fn note(
    state: &Session,
    session: SessionId,
    caller: Caller,
    note: ReviewNote,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let reviewer = reviewer(caller)?;
    if state.erasure().is_some() {
        return Err(SessionError::Port(PortError::Erased));
    }
    let note = seal(services.vault.as_ref(), session, &note).await?;
    Ok(vec![ReviewNoted { reviewer, note, noted_at: services.clock.now() }.into()])
}

/// Says who a hit is; the last word counts.
pub(super) async fn resolve(
    state: &Session,
    session: SessionId,
    caller: Caller,
    command: ResolveHit,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (reviewer, now) = (reviewer(caller)?, services.clock.now());
    require_claim(state, reviewer, now)?;
    let case = Case::open(state, session, services).await?;
    let hit = case.hits.iter().find(|hit| hit.is_match && hit.id == command.entity);
    let hit = case.key(hit.ok_or(SessionError::HitUnknown)?, session, services).await?;
    let last = state.resolution(&hit);
    if last.is_some_and(|last| last.resolution == command.resolution && last.reviewer == reviewer) {
        return Ok(vec![]);
    }
    let note = seal_optional(services.vault.as_ref(), session, command.note.as_ref()).await?;
    Ok(vec![HitResolved { hit, resolution: command.resolution, note, reviewer, resolved_at: now }.into()])
}

/// Decides the case.
pub(super) async fn decide(
    state: &Session,
    session: SessionId,
    caller: Caller,
    command: DecideReview,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (reviewer, now) = (reviewer(caller)?, services.clock.now());
    require_claim(state, reviewer, now)?;
    let (decision, mut codes) = match command.ruling {
        Ruling::Approve => {
            let case = Case::open(state, session, services).await?;
            case.require_approvable(state, session, reviewer, services).await?;
            (Decision::Approved, vec![])
        }
        Ruling::Reject(codes) if codes.is_empty() => return Err(SessionError::NoCodeNamed),
        Ruling::Reject(codes) => (Decision::Rejected, codes),
    };
    codes.sort();
    codes.dedup();
    let note = seal_optional(services.vault.as_ref(), session, command.note.as_ref()).await?;
    Ok(vec![ReviewDecided { decision, codes, note, reviewer, decided_at: now }.into()])
}

pub(super) fn require_in_review(state: &Session) -> Result<(), SessionError> {
    let waits = state.outcome() == Some(Decision::ManualReview) && state.erasure().is_none();
    if waits { Ok(()) } else { Err(SessionError::NotInReview) }
}

fn require_claim(state: &Session, reviewer: OperatorId, now: Timestamp) -> Result<(), SessionError> {
    require_in_review(state)?;
    match state.claim_at(now) {
        Some((holder, _)) if holder == reviewer => Ok(()),
        Some(_) => Err(SessionError::ClaimedByAnother),
        None => Err(SessionError::NotClaimed),
    }
}

/// What of a case is sealed: the person, and the hits of the screening and of an open alert.
struct Case {
    identity: Identity,
    hits: Vec<ScreeningHit>,
}

impl Case {
    async fn open(state: &Session, session: SessionId, services: &Services) -> Result<Self, SessionError> {
        let vault = services.vault.as_ref();
        let (_, read) = state.document().ok_or(SessionError::NotInReview)?;
        let identity = open(vault, session, &read.identity).await?;
        let mut hits = vec![];
        let screened = state.screening().map(|screened| &screened.hits);
        for sealed in screened.into_iter().chain(state.alert().map(|alert| &alert.hits)) {
            hits.extend(open(vault, session, sealed).await?.0);
        }
        Ok(Self { identity, hits })
    }

    async fn key(
        &self,
        hit: &ScreeningHit,
        session: SessionId,
        services: &Services,
    ) -> Result<Fingerprint, SessionError> {
        key(&self.identity, hit, session, services).await
    }

    async fn require_approvable(
        &self,
        state: &Session,
        session: SessionId,
        reviewer: OperatorId,
        services: &Services,
    ) -> Result<(), SessionError> {
        for hit in self.hits.iter().filter(|hit| hit.is_match) {
            let key = self.key(hit, session, services).await?;
            match state.resolution(&key) {
                None => return Err(SessionError::HitUnresolved),
                Some(said) if said.resolution == Resolution::SamePerson => {
                    return Err(SessionError::HitConfirmed);
                }
                Some(said) if services.four_eyes && said.reviewer == reviewer => {
                    return Err(SessionError::SecondPersonNeeded);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// What a resolution is about: this person as read, this entity as it stands on its list, and this algorithm.
pub async fn key(
    identity: &Identity,
    hit: &ScreeningHit,
    session: SessionId,
    services: &Services,
) -> Result<Fingerprint, SessionError> {
    let parts = (identity, &hit.id, &hit.entity_fingerprint, &hit.algorithm);
    let bytes = serde_json::to_vec(&parts).map_err(|_| PortError::Failed("a hit has no JSON".into()))?;
    Ok(services.vault.fingerprint(session, DataClass::Identity, &bytes).await?)
}

#[cfg(test)]
mod tests;
