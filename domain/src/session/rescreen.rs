//! Re-screening: a list changed, and whoever was approved, or waits for a reviewer, may be somebody who is listed now, or is so no
//! more.

use super::error::SessionError;
use super::event::{Decision, SanctionsScreened, ScreeningAlertClosed, SessionEvent, SessionRescreened};
use super::hits;
use super::screen::{Person, Screened};
use super::state::Session;
use crate::evidence::Fingerprint;
use crate::ids::{OperatorId, SessionId};
use crate::ports::{Services, seal};
use crate::screening::{EnteredIdentity, ListChange, ListVersion, ScreeningHit, ScreeningHits};

/// Screens the person again and puts what is new on record: an approval is opened again, a case that waits gets the hits. An alert
/// closes when nothing of the lists in force matches any more.
pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    changes: Vec<ListChange>,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    if !is_monitored(state) {
        return Ok(vec![]);
    }
    let person = Person::open(state, session, services).await?;
    let screened = person.screen(services).await?;
    let on_record: Vec<Fingerprint> = if state.outcome() == Some(Decision::Approved) {
        // What an approval was about is settled or delisted: unless it is settled, it opens the approval again.
        vec![]
    } else {
        let known = hits::of_person(state, session, &person, services).await?;
        known.into_iter().filter(|known| known.hit.is_match).map(|known| known.key).collect()
    };
    let (mut fresh, mut open): (Vec<ScreeningHit>, usize) = (vec![], 0);
    for hit in screened.matches() {
        let key = hits::key(&person, hit, session, services).await?;
        if !state.is_settled(&key) {
            open += 1;
            if !on_record.contains(&key) {
                fresh.push(hit.clone());
            }
        }
    }
    let now = services.clock.now();
    if !fresh.is_empty() {
        let hits = ScreeningHits(fresh);
        return Ok(vec![
            SessionRescreened {
                changes,
                matches: hits.0.len() as u32,
                hits: seal(services.vault.as_ref(), session, &hits).await?,
                algorithm: screened.finding.algorithm,
                lists: screened.finding.lists,
                rescreened_at: now,
            }
            .into(),
        ]);
    }
    if open == 0 && may_close(state, &screened) {
        let lists = screened.finding.lists;
        return Ok(vec![ScreeningAlertClosed { changes, lists, closed_at: now }.into()]);
    }
    Ok(vec![])
}

/// Whoever has to be decided, and whoever was approved and still is a customer; nobody whose data has to go.
fn is_monitored(state: &Session) -> bool {
    let concerns = match state.outcome() {
        Some(Decision::ManualReview) => true,
        Some(Decision::Approved) => !state.has_relationship_ended(),
        _ => false,
    };
    concerns && state.erasure().is_none()
}

/// Silence closes an alert only where it was judged, and not by older lists than those that opened it: another node may have them
/// still.
fn may_close(state: &Session, screened: &Screened) -> bool {
    state.alert().is_some()
        && screened.is_judged()
        && !state.rescreenings().iter().any(|alert| is_older(&screened.finding.lists, alert))
}

fn is_older(lists: &[ListVersion], alert: &SessionRescreened) -> bool {
    let consulted = alert.lists.iter().map(|list| (&list.name, list.date));
    // Events of older versions name only the lists that changed.
    let changed = alert.changes.iter().filter_map(|change| Some((&change.list, change.date?)));
    consulted
        .chain(changed)
        .any(|(name, date)| lists.iter().find(|list| list.name == *name).is_some_and(|list| list.date < date))
}

/// Screens the person at a reviewer's request, by what was read and by what the reviewer enters beside it.
pub(super) async fn by_reviewer(
    state: &Session,
    session: SessionId,
    reviewer: OperatorId,
    entered: Option<EnteredIdentity>,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let mut person = Person::open(state, session, services).await?;
    if let Some(entered) = entered {
        let sealed = seal(services.vault.as_ref(), session, &entered).await?;
        person.entered = Some((entered, sealed));
    }
    let screened = person.screen(services).await?;
    let entered = person.entered.map(|(_, sealed)| sealed);
    let now = services.clock.now();
    let screened: SanctionsScreened = screened.event(session, Some(reviewer), entered, services, now).await?;
    Ok(vec![screened.into()])
}

#[cfg(test)]
mod tests;
