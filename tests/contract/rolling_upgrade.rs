//! Nodes of this version beside one of the next: it has migrated the schema and writes events with fields unknown here.

use std::sync::Arc;

use ekyc_onboarder::app::{SystemClock, pump};
use ekyc_onboarder::partners::{KeyRequest, Partners};
use ekyc_onboarder::sessions::Actor;

use super::place::Place;

const LATER: &str = "
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9999, 'of a later version', true, 'x', 0);
    ALTER TABLE events ADD COLUMN later text;
    ALTER TABLE partners ADD COLUMN later text NOT NULL DEFAULT 'unknown';
    ALTER TABLE partner_sessions ADD COLUMN later text;
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_starts_reads_and_writes_beside_one_of_a_later_version() {
    let place = Place::server().await;
    let running = place.store().await;
    place.execute(LATER).await.unwrap();
    let id = "par_00000000000000000000000000000007";
    let registered = r#"{"PartnerRegistered": {"name": "later", "registered_at": "2026-06-01T12:00:00Z", "colour": "blue"}}"#;
    place.insert_event("partner", id, 1, registered).await;
    // One that ran before the migration, and one that starts after it.
    for store in [running, place.store().await] {
        pump(&store).pump_until_idle().await.unwrap();
        let partners = Partners::new(&store, Arc::new(SystemClock));
        let later = store.list_partners().await.unwrap().into_iter().find(|partner| partner.name == "later");
        let later = later.expect("the other node's partner is known here").id;
        let keys = store.list_keys().await.unwrap().len();
        partners.issue_key(later, KeyRequest::with_every_scope("k"), &Actor::system()).await.unwrap();
        assert_eq!(store.list_keys().await.unwrap().len(), keys + 1);
        let parked = store.parked_streams().await.unwrap();
        assert!(parked.is_empty(), "{parked:?}");
        store.verify_log().await.unwrap();
    }
    place.end().await;
}
