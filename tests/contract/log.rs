//! The log: appends, conflicts, order.

use cqrs_es::{AggregateError, EventStore};
use ekyc_onboarder::store::Store;

use super::ledger::{append, booked, ledgers};
use super::place::{Place, number_all};

on_both_stores!(
    an_append_at_an_old_version_is_a_lost_race_and_writes_nothing,
    a_unique_constraint_of_another_table_is_no_lost_race,
    a_stream_is_read_from_any_sequence,
    texts_come_back_from_the_log_as_they_were_hashed,
    a_clock_that_went_back_does_not_reverse_a_stream,
    the_lag_counts_what_waits_for_its_number,
);

async fn an_append_at_an_old_version_is_a_lost_race_and_writes_nothing(place: &Place) {
    let store = place.store().await;
    let ledgers = ledgers(&store);
    let stale = ledgers.load_aggregate("a").await.unwrap();
    assert!(append(&ledgers, "a", "first", 1).await);
    let lost = ledgers.commit(vec![booked("second"); 2], stale, Default::default()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)));
    assert_eq!(store.load_raw("ledger", "a", 0).await.unwrap().len(), 1);
}

/// A caller that took it for one would try again for ever.
async fn a_unique_constraint_of_another_table_is_no_lost_race(place: &Place) {
    let store = place.store().await;
    let trigger = place.either(
        "CREATE TABLE once (id TEXT UNIQUE);
         CREATE TRIGGER copied AFTER INSERT ON events BEGIN INSERT INTO once VALUES ('same'); END",
        "CREATE TABLE once (id text UNIQUE);
         CREATE FUNCTION copy_event() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO once VALUES ('same'); RETURN NULL; END $$;
         CREATE TRIGGER copied AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION copy_event()",
    );
    place.execute(trigger).await.unwrap();
    let ledgers = ledgers(&store);
    assert!(append(&ledgers, "a", "first", 1).await);
    let context = ledgers.load_aggregate("b").await.unwrap();
    let refused = ledgers.commit(vec![booked("second")], context, Default::default()).await;
    assert!(matches!(refused, Err(AggregateError::UnexpectedError(_))), "{refused:?}");
}

async fn a_stream_is_read_from_any_sequence(place: &Place) {
    let store = place.store().await;
    append(&ledgers(&store), "a", "one", 3).await;
    let events = store.load_raw("ledger", "a", 1).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(events[0].position, 0);
    let payload: serde_json::Value = serde_json::from_str(&events[0].payload).unwrap();
    assert_eq!(payload, serde_json::json!({"Booked": {"amount": 1.1, "by": "one"}}));
    assert_eq!(store.load_raw("ledger", "a", 0).await.unwrap().len(), 3);
    assert_eq!(store.load_raw("ledger", "none", 0).await.unwrap().len(), 0);
}

/// Key order, spaces, escapes and the spelling of numbers included, whatever the version of the server.
async fn texts_come_back_from_the_log_as_they_were_hashed(place: &Place) {
    let store = place.store().await;
    let text = r#"{"b":  1.10, "a":1e2,"a":[ ],"c":"\u00e9"}"#;
    place.insert_event("ledger", "a", 1, text).await;
    assert_eq!(store.load_raw("ledger", "a", 0).await.unwrap()[0].payload, text);
    number_all(&store).await;
    store.verify_log().await.unwrap();
}

async fn a_clock_that_went_back_does_not_reverse_a_stream(place: &Place) {
    let store = place.store().await;
    for (id, sequence, second) in [("a", 1, 50), ("a", 2, 45), ("b", 1, 47), ("a", 3, 48), ("b", 2, 41)] {
        let insert = format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata, recorded_at) VALUES ('ledger', '{id}', {sequence}, 'Booked', '1', '{{}}', '{{}}', \
             '2024-01-15T10:30:{second}.000Z')"
        );
        place.execute(&insert).await.unwrap();
        number_unless(&store, sequence == 2).await;
    }
    number_all(&store).await;
    let verified = store.verify_log().await.unwrap();
    assert_eq!((verified.head.size, verified.streams), (5, 2));
}

async fn number_unless(store: &Store, waits: bool) {
    if !waits {
        number_all(store).await;
    }
}

async fn the_lag_counts_what_waits_for_its_number(place: &Place) {
    let store = place.store().await;
    assert_eq!(store.pump_lag().await.unwrap().events, 0);
    append(&ledgers(&store), "a", "one", 3).await;
    let lag = store.pump_lag().await.unwrap();
    assert_eq!(lag.events, 3);
    assert!(lag.oldest.as_secs() < 60, "{lag:?}");
    number_all(&store).await;
    assert_eq!(
        store.pump_lag().await.unwrap(),
        ekyc_onboarder::store::PumpLag { events: 0, oldest: Default::default() }
    );
}
