//! What is owed to partners, as it is stored.

use chrono::{TimeDelta, Utc};
use domain::ids::PartnerId;
use uuid::Uuid;

use super::place::Place;

on_both_stores!(a_delivery_finds_its_message_by_its_place_or_by_the_number_that_an_older_node_gave_it);

async fn a_delivery_finds_its_message_by_its_place_or_by_the_number_that_an_older_node_gave_it(
    place: &Place,
) {
    let store = place.store().await;
    let partner = PartnerId::new(Uuid::from_u128(1));
    for (message, number, position) in [("m1", 1, 7), ("m2", 2, 7), ("m3", 3, 9)] {
        let columns =
            "partner_id, number, id, position, session_id, kind, status, is_final, to_session_url, at";
        let row = format!(
            "'{partner}', {number}, '{message}', {position}, 's', 'session.created', 'pending', 0, 0, 1"
        );
        place.execute(&format!("INSERT INTO webhook_messages ({columns}) VALUES ({row})")).await.unwrap();
    }
    // A rebuild numbered the first two anew since, as when a stream that was parked is read again.
    for (message, number, position) in [("m1", 2, "7"), ("m2", 1, "7"), ("m3", 3, "NULL")] {
        let columns = "message_id, endpoint_id, partner_id, number, position, lane, state, attempts, due_at, created_at";
        let row =
            format!("'{message}', 'session', '{partner}', {number}, {position}, 'l', 'due', 0, {number}, 1");
        place.execute(&format!("INSERT INTO deliveries ({columns}) VALUES ({row})")).await.unwrap();
    }
    let now = Utc::now();
    let claimed =
        store.claim_deliveries(now, now + TimeDelta::minutes(1), Uuid::new_v4(), &[], 10, |_| true).await;
    let mut found: Vec<_> =
        claimed.unwrap().into_iter().map(|due| (due.message.id, due.message.number)).collect();
    found.sort();
    assert_eq!(found, [("m1".to_owned(), 1), ("m2".to_owned(), 2), ("m3".to_owned(), 3)]);
    let listed = store.deliveries_of(partner, 0, None, 10).await.unwrap();
    assert_eq!(listed.len(), 3);
}
