//! Which evidence files the log refers to.

use std::collections::HashSet;

use domain::ids::{BlobId, SessionId};
use ekyc_onboarder::store::Pump;
use ekyc_onboarder::store::evidence::EvidenceProjection;
use uuid::Uuid;

use super::place::Place;

on_both_stores!(files_are_found_wherever_an_event_names_them_and_never_while_the_view_is_behind);

async fn insert(place: &Place, session: SessionId, sequence: u64, payload: &str) {
    place.insert_event("session", &session.to_string(), sequence, payload).await;
}

async fn files_are_found_wherever_an_event_names_them_and_never_while_the_view_is_behind(place: &Place) {
    let store = place.store().await;
    let pump = Pump::new(store.clone(), vec![Box::new(EvidenceProjection)]);
    let [image, frames] = [1, 2].map(|number| BlobId::new(Uuid::from_u128(number)));
    let session = SessionId::new(Uuid::from_u128(3));
    insert(place, session, 1, &format!(r#"{{"A":{{"image":{{"blob":"{image}"}},"note":"blb_"}}}}"#)).await;
    assert_eq!(store.evidence_for_sweeping().await.unwrap(), None);
    pump.pump_until_idle().await.unwrap();
    insert(place, session, 2, &format!(r#"{{"B":{{"frames":[1,"{frames}","{image}"]}}}}"#)).await;
    assert_eq!(store.evidence_for_sweeping().await.unwrap(), None);
    pump.pump_until_idle().await.unwrap();
    let both = HashSet::from([image, frames]);
    assert_eq!(store.evidence_for_sweeping().await.unwrap(), Some(both.clone()));
    let of_session: HashSet<_> = store.evidence_of(session).await.unwrap().into_iter().collect();
    assert_eq!(of_session, both);
    assert_eq!(store.evidence_in_events().await.unwrap(), both);
}
