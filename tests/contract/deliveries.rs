//! What is owed to partners, as it is stored.

use chrono::{TimeDelta, Utc};
use domain::ids::PartnerId;
use ekyc_onboarder::store::webhooks::deliveries::PartnerTurn;
use uuid::Uuid;

use super::place::Place;

on_both_stores!(
    a_delivery_finds_its_message_by_its_place_or_by_the_number_that_an_older_node_gave_it,
    a_partners_flood_hides_nothing_that_is_due_to_another,
);

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
    let turns = [PartnerTurn { partner: partner.to_string(), closed: vec![] }];
    let lease = now + TimeDelta::minutes(1);
    let claimed = store.claim_deliveries(now, lease, Uuid::new_v4(), &turns, 10, |_, _| true).await;
    let mut found: Vec<_> =
        claimed.unwrap().into_iter().map(|due| (due.message.id, due.message.number)).collect();
    found.sort();
    assert_eq!(found, [("m1".to_owned(), 1), ("m2".to_owned(), 2), ("m3".to_owned(), 3)]);
    let listed = store.deliveries_of(partner, 0, None, 10).await.unwrap();
    assert_eq!(listed.len(), 3);
}

/// Two partners with five thousand deliveries that are due for long, and one with a single fresh one.
async fn a_partners_flood_hides_nothing_that_is_due_to_another(place: &Place) {
    let store = place.store().await;
    let partner = |number: u128| PartnerId::new(Uuid::from_u128(number)).to_string();
    let numbers =
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)";
    for (into, row) in [
        (
            "webhook_messages (partner_id, number, id, position, session_id, kind, status, is_final, to_session_url, at)",
            "n, 'PARTNERm' || n, n, 's', 'session.created', 'pending', 0, 0, n",
        ),
        (
            "deliveries (partner_id, message_id, endpoint_id, number, position, lane, state, attempts, due_at, created_at)",
            "'PARTNERm' || n, 'e' || (n % 20), n, n, 'PARTNERe' || (n % 20), 'due', 0, n, n",
        ),
    ] {
        for (number, count) in [(1, 5_000), (2, 5_000), (3, 1)] {
            let row = row.replace("PARTNER", &number.to_string());
            let select = format!("SELECT '{}', {row} FROM numbers WHERE n > 5000 - {count}", partner(number));
            place.execute(&format!("INSERT INTO {into} {numbers} {select}")).await.unwrap();
        }
    }
    let now = Utc::now();
    let owed = store.partners_owed(now).await.unwrap();
    assert_eq!(owed, [partner(1), partner(2), partner(3)]);
    assert!(store.partners_owed(chrono::DateTime::UNIX_EPOCH).await.unwrap().is_empty());
    let turns: Vec<_> = owed.into_iter().map(|partner| PartnerTurn { partner, closed: vec![] }).collect();
    let worker = Uuid::new_v4();
    let lease = now + TimeDelta::minutes(1);
    let mut asked = vec![];
    let claimed = store
        .claim_deliveries(now, lease, worker, &turns, 10, |partner, _| {
            asked.push(partner.to_owned());
            asked.len() <= 7
        })
        .await
        .unwrap();
    assert_eq!(asked[..3], [partner(1), partner(2), partner(3)], "one of each, in turns");
    assert_eq!((asked.len(), claimed.len()), (21, 7));
    let closed = (0..20).map(|endpoint| format!("1e{endpoint}")).filter(|lane| lane != "1e5").collect();
    let one = [PartnerTurn { partner: partner(1), closed }];
    let left = store.claim_deliveries(now, lease, worker, &one, 10, |_, lane| lane == "1e5").await.unwrap();
    assert_eq!(left.len(), 10, "lanes that are full are passed over");
    // What another node claimed meanwhile is not claimed twice.
    let other = place.store().await;
    let again = other.claim_deliveries(now, lease, Uuid::new_v4(), &turns, 10, |_, _| true).await.unwrap();
    let twice = again.iter().filter(|due| claimed.iter().any(|one| one.delivery_id == due.delivery_id));
    assert_eq!((again.len(), twice.count()), (20, 0));
}
