//! What reviewers do: take a case, say who its hits are, note, decide. A case is one reviewer's at a time, and whoever clears a
//! hit does not approve the person too.

use super::approval::approval;
use super::assign::require_kept_for;
use super::command::{Caller, DecideReview, ResolveHit};
use super::error::SessionError;
use super::event::{
    Decision, HitResolved, ReviewClaimed, ReviewDecided, ReviewNoted, ReviewReleased, SessionEvent,
};
use super::open::seal_optional;
use super::state::Session;
use super::{hits, rescreen};
use crate::Timestamp;
use crate::free_text::ReviewNote;
use crate::ids::{OperatorId, SessionId};
use crate::ports::{Services, seal};
use crate::review::{CLAIM_LASTS, Ruling, Staff};
use crate::screening::EnteredIdentity;

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
            require_kept_for(state, reviewer, staff, services)?;
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
    state.require_not_erased()?;
    let note = seal(services.vault.as_ref(), session, &note).await?;
    Ok(vec![ReviewNoted { reviewer, note, noted_at: services.clock.now() }.into()])
}

/// Says who a hit is; the last word counts. Whoever several lists name by one identifier is resolved on all of them.
pub(super) async fn resolve(
    state: &Session,
    session: SessionId,
    caller: Caller,
    command: ResolveHit,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (reviewer, now) = (reviewer(caller)?, services.clock.now());
    require_claim(state, reviewer, now)?;
    let mut hits = hits::hits(state, session, services).await?;
    hits.retain(|known| known.hit.is_match && known.hit.id == command.entity);
    if hits.is_empty() {
        return Err(SessionError::HitUnknown);
    }
    let note = seal_optional(services.vault.as_ref(), session, command.note.as_ref()).await?;
    let resolution = command.resolution;
    hits.retain(|known| {
        !known.said.as_ref().is_some_and(|last| last.resolution == resolution && last.reviewer == reviewer)
    });
    let resolved = |known: hits::CaseHit| {
        HitResolved { hit: known.key, resolution, note: note.clone(), reviewer, resolved_at: now }.into()
    };
    Ok(hits.into_iter().map(resolved).collect())
}

/// Screens the person again, by what was read or by what the reviewer enters.
pub(super) async fn screen(
    state: &Session,
    session: SessionId,
    caller: Caller,
    entered: Option<EnteredIdentity>,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let reviewer = reviewer(caller)?;
    require_claim(state, reviewer, services.clock.now())?;
    rescreen::by_reviewer(state, session, reviewer, entered, services).await
}

/// Decides the case. An approval names the lists that it was screened under once more.
pub(super) async fn decide(
    state: &Session,
    session: SessionId,
    caller: Caller,
    command: DecideReview,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let (reviewer, now) = (reviewer(caller)?, services.clock.now());
    require_claim(state, reviewer, now)?;
    let mut events = vec![];
    let (decision, mut codes) = match command.ruling {
        Ruling::Approve => {
            let approval = approval(state, session, reviewer, services).await?;
            if let Some(refusal) = approval.against {
                return Err(refusal);
            }
            if approval.needs_note && command.note.is_none() {
                return Err(SessionError::NoteRequired);
            }
            let (screened, entered) = (approval.screened, approval.entered);
            events.push(screened.event(session, Some(reviewer), entered, services, now).await?.into());
            (Decision::Approved, vec![])
        }
        Ruling::Reject(codes) if codes.is_empty() => return Err(SessionError::NoCodeNamed),
        Ruling::Reject(codes) => (Decision::Rejected, codes),
    };
    codes.sort();
    codes.dedup();
    let note = seal_optional(services.vault.as_ref(), session, command.note.as_ref()).await?;
    events.push(ReviewDecided { decision, codes, note, reviewer, decided_at: now }.into());
    Ok(events)
}

pub(super) fn require_in_review(state: &Session) -> Result<(), SessionError> {
    let waits = state.outcome() == Some(Decision::ManualReview) && state.erasure().is_none();
    if waits { Ok(()) } else { Err(SessionError::NotInReview) }
}

/// The reviewer has the case, and it still waits.
pub(super) fn require_claim(
    state: &Session,
    reviewer: OperatorId,
    now: Timestamp,
) -> Result<(), SessionError> {
    require_in_review(state)?;
    match state.claim_at(now) {
        Some((holder, _)) if holder == reviewer => Ok(()),
        Some(_) => Err(SessionError::ClaimedByAnother),
        None => Err(SessionError::NotClaimed),
    }
}

#[cfg(test)]
mod tests;
