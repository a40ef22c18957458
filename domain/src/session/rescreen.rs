//! Re-screening: a list changed, and a person who was approved may be somebody who is listed now, or is so no more.

use super::error::SessionError;
use super::event::{Decision, ScreeningAlertClosed, SessionEvent, SessionRescreened};
use super::state::Session;
use super::{Permit, review};
use crate::ids::SessionId;
use crate::ports::{Services, open, seal};
use crate::review::Resolution;
use crate::screening::{Listed, Rescreening, ScreeningHit, ScreeningHits};

/// Opens an approved session again if there is a possible match among what is new.
pub(super) async fn handle(
    state: &Session,
    session: SessionId,
    found: Rescreening,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let Rescreening { mut hits, changes, algorithm } = found;
    hits.retain(|hit| hit.is_match);
    if hits.is_empty() || guard(state) == Permit::AlreadyDone {
        return Ok(vec![]);
    }
    let hits = without_cleared(state, session, hits, services).await?;
    if hits.is_empty() {
        return Ok(vec![]);
    }
    let hits = ScreeningHits(hits);
    Ok(vec![
        SessionRescreened {
            matches: hits.0.len() as u32,
            hits: seal(services.vault.as_ref(), session, &hits).await?,
            changes,
            algorithm,
            rescreened_at: services.clock.now(),
        }
        .into(),
    ])
}

/// A hit that a reviewer cleared stays cleared while person, entity and algorithm are the same.
async fn without_cleared(
    state: &Session,
    session: SessionId,
    hits: Vec<ScreeningHit>,
    services: &Services,
) -> Result<Vec<ScreeningHit>, SessionError> {
    let Some((_, read)) = state.document().filter(|_| !state.resolutions().is_empty()) else {
        return Ok(hits);
    };
    let identity = open(services.vault.as_ref(), session, &read.identity).await?;
    let mut left = vec![];
    for hit in hits {
        let key = review::key(&identity, &hit, session, services).await?;
        let said = state.resolution(&key).map(|said| said.resolution);
        if said != Some(Resolution::DifferentPerson) {
            left.push(hit);
        }
    }
    Ok(left)
}

/// Only an approval can turn out wrong by a list's change; while a person decides, the alert is there already.
fn guard(state: &Session) -> Permit {
    let is_approved = state.outcome() == Some(Decision::Approved);
    let is_over = state.has_relationship_ended() || state.erasure().is_some();
    if is_approved && !is_over { Permit::Proceed } else { Permit::AlreadyDone }
}

/// Closes an alert all of whose possible matches are listed no more.
pub(super) async fn close(
    state: &Session,
    session: SessionId,
    listed: Listed,
    services: &Services,
) -> Result<Vec<SessionEvent>, SessionError> {
    let Some(alert) = state.alert() else { return Ok(vec![]) };
    if state.erasure().is_some() {
        return Ok(vec![]);
    }
    let hits = open(services.vault.as_ref(), session, &alert.hits).await?;
    if hits.0.iter().any(|hit| listed.entities.contains(&hit.id)) {
        return Ok(vec![]);
    }
    Ok(vec![ScreeningAlertClosed { changes: listed.changes, closed_at: services.clock.now() }.into()])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::super::testing::{Story, hit};
    use super::super::{Action, Caller, Decision, SessionError, SessionEvent};
    use crate::screening::{ListChange, Listed, Rescreening, ScreeningHit};

    fn changes() -> Vec<ListChange> {
        vec![ListChange {
            list: "us_ofac_sdn".into(),
            version: Some("2".into()),
            date: None,
            added_or_modified: 1,
            delisted: 0,
        }]
    }

    fn rescreened(hits: Vec<ScreeningHit>) -> Action {
        Action::Rescreen(Box::new(Rescreening { hits, changes: changes(), algorithm: "test/1".into() }))
    }

    fn listed(ids: &[&str]) -> Action {
        let entities: HashSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        Action::CloseAlert(Listed { entities: Arc::new(entities), changes: changes() })
    }

    fn approved() -> Story {
        let story = Story::opened().complete().then(Action::Submit);
        assert_eq!(story.state().outcome(), Some(Decision::Approved));
        story
    }

    fn alerted() -> Story {
        approved().then_from(Caller::System, rescreened(vec![hit("a", true), hit("b", true)]))
    }

    #[test]
    fn a_new_match_opens_an_approval_again_and_names_the_change() {
        let events =
            approved().when_from(Caller::System, rescreened(vec![hit("a", true), hit("b", false)])).unwrap();
        let [SessionEvent::SessionRescreened(event)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((event.matches, &event.changes), (1, &changes()));
        assert_eq!(alerted().state().outcome(), Some(Decision::ManualReview));
    }

    #[test]
    fn near_misses_and_what_is_not_approved_stay_as_they_are() {
        let nothing = Ok(vec![]);
        assert_eq!(approved().when_from(Caller::System, rescreened(vec![hit("a", false)])), nothing);
        assert_eq!(alerted().when_from(Caller::System, rescreened(vec![hit("c", true)])), nothing);
        let ended = approved().then(Action::EndRelationship);
        assert_eq!(ended.when_from(Caller::System, rescreened(vec![hit("a", true)])), nothing);
        let open = Story::opened().complete();
        assert_eq!(open.when_from(Caller::System, rescreened(vec![hit("a", true)])), nothing);
    }

    #[test]
    fn only_the_house_itself_rescreens() {
        assert_eq!(approved().when(rescreened(vec![hit("a", true)])), Err(SessionError::NotAllowed));
        assert_eq!(alerted().when(listed(&[])), Err(SessionError::NotAllowed));
    }

    #[test]
    fn an_alert_closes_once_nobody_behind_it_is_listed_any_more() {
        assert_eq!(alerted().when_from(Caller::System, listed(&["b", "c"])), Ok(vec![]));
        let closed = alerted().then_from(Caller::System, listed(&["c"]));
        assert_eq!(closed.state().outcome(), Some(Decision::Approved));
        assert_eq!(closed.when_from(Caller::System, listed(&[])), Ok(vec![]));
        let again = closed.then_from(Caller::System, rescreened(vec![hit("a", true)]));
        assert_eq!(again.state().outcome(), Some(Decision::ManualReview));
    }
}
