//! What a tamperer meets: the database's own refusals, then the proof.

use ekyc_onboarder::store::Store;
use ekyc_onboarder::store::log::verify::VerifyError;

use super::ledger::{append, ledgers};
use super::place::{Place, number_all};

on_both_stores!(
    the_database_refuses_to_delete_rewrite_or_forge_events,
    verify_names_the_event_that_was_changed,
    verify_names_the_position_that_was_removed,
    verify_sees_two_events_that_changed_places,
    verify_sees_a_stream_out_of_its_order,
);

/// Three streams with two events each, numbered.
pub async fn numbered_store(place: &Place) -> Store {
    let store = place.store().await;
    for id in ["a", "b", "c"] {
        assert!(append(&ledgers(&store), id, "one", 2).await);
    }
    number_all(&store).await;
    store
}

async fn the_database_refuses_to_delete_rewrite_or_forge_events(place: &Place) {
    let store = numbered_store(place).await;
    let forged = |leaf: &str| {
        format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
             metadata, position, leaf) VALUES ('ledger', 'x', 1, 'Booked', '1', '{{}}', '{{}}', 7, {leaf})"
        )
    };
    for attempt in [
        "DELETE FROM events",
        place.either("DELETE FROM events WHERE position = 1", "TRUNCATE events"),
        "UPDATE events SET payload = '{}' WHERE position = 3",
        "UPDATE events SET position = 99 WHERE position = 3",
        "UPDATE events SET position = NULL, leaf = NULL WHERE position = 3",
        "UPDATE events SET recorded_at = '' WHERE position = 3",
        &forged(place.either("zeroblob(32)", "decode(repeat('00', 32), 'hex')")),
        "DELETE FROM log_head",
        "UPDATE log_head SET size = 0",
    ] {
        assert!(place.execute(attempt).await.is_err(), "{attempt}");
    }
    assert_eq!(store.verify_log().await.unwrap().head.size, 6);
}

/// What verify says after somebody dropped the triggers and ran `sql` on a numbered store.
async fn verify_after(place: &Place, sql: &str) -> VerifyError {
    let store = place.store().await;
    for (trigger, table) in [
        ("events_are_never_deleted", "events"),
        ("events_are_never_rewritten", "events"),
        ("log_head_never_goes_back", "log_head"),
    ] {
        let on_table = format!("DROP TRIGGER IF EXISTS {trigger} ON {table}");
        let plain = format!("DROP TRIGGER IF EXISTS {trigger}");
        place.execute(place.either(&plain, &on_table)).await.unwrap();
    }
    place.execute(sql).await.unwrap();
    store.verify_log().await.unwrap_err()
}

async fn verify_names_the_event_that_was_changed(place: &Place) {
    numbered_store(place).await;
    let respaced = place.either(
        "UPDATE events SET metadata = metadata || ' ' WHERE position = 6",
        "UPDATE events SET metadata = (metadata::text || ' ')::json WHERE position = 6",
    );
    let error = verify_after(place, respaced).await;
    assert!(matches!(error, VerifyError::Changed { position: 6, .. }), "{error}");
    let reworded = place.either(
        "UPDATE events SET payload = replace(payload, 'one', 'two') WHERE position = 3",
        "UPDATE events SET payload = replace(payload::text, 'one', 'two')::json WHERE position = 3",
    );
    let error = verify_after(place, reworded).await;
    let VerifyError::Changed { position, stream, sequence } = error else { panic!("{error}") };
    assert_eq!((position, stream.to_string().as_str(), sequence), (3, "ledger/b", 1));
}

async fn verify_names_the_position_that_was_removed(place: &Place) {
    numbered_store(place).await;
    let at_the_end = verify_after(place, "DELETE FROM events WHERE position = 6").await;
    assert!(matches!(at_the_end, VerifyError::Size { head: 6, found: 5 }), "{at_the_end}");
    let error = verify_after(place, "DELETE FROM events WHERE position = 4").await;
    assert!(matches!(error, VerifyError::Gap { expected: 4, found: 5 }), "{error}");
}

async fn verify_sees_two_events_that_changed_places(place: &Place) {
    numbered_store(place).await;
    let error = verify_after(
        place,
        "UPDATE events SET position = 100 WHERE position = 2;
         UPDATE events SET position = 2 WHERE position = 3;
         UPDATE events SET position = 3 WHERE position = 100",
    )
    .await;
    assert!(matches!(error, VerifyError::Root { .. }), "{error}");
}

async fn verify_sees_a_stream_out_of_its_order(place: &Place) {
    numbered_store(place).await;
    let error = verify_after(
        place,
        "UPDATE events SET position = 100 WHERE position = 1;
         UPDATE events SET position = 1 WHERE position = 2;
         UPDATE events SET position = 2 WHERE position = 100",
    )
    .await;
    assert!(matches!(error, VerifyError::Order { position: 1, expected: 1, found: 2, .. }), "{error}");
}
