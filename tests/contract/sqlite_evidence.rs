//! Which evidence files the log refers to.

use std::collections::HashSet;

use domain::ids::{BlobId, SessionId};
use ekyc_onboarder::store::sqlite::evidence::EvidenceProjection;
use ekyc_onboarder::store::sqlite::{Pump, SqliteStore};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use uuid::Uuid;

async fn insert(dir: &TempDir, session: SessionId, sequence: i64, payload: &str) {
    let options = SqliteConnectOptions::new().filename(dir.path().join("events.sqlite"));
    let insert = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                  payload, metadata) VALUES ('session', ?, ?, 'Anything', '1', ?, '{}')";
    let query = sqlx::query(insert).bind(session.to_string()).bind(sequence).bind(payload);
    query.execute(&mut options.connect().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn files_are_found_wherever_an_event_names_them_and_never_while_the_view_is_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("events.sqlite")).await.unwrap();
    let pump = Pump::new(store.clone(), vec![Box::new(EvidenceProjection)]);
    let [image, frames] = [1, 2].map(|number| BlobId::new(Uuid::from_u128(number)));
    let session = SessionId::new(Uuid::from_u128(3));
    insert(&dir, session, 1, &format!(r#"{{"A":{{"image":{{"blob":"{image}"}},"note":"blb_"}}}}"#)).await;
    assert_eq!(store.evidence_for_sweeping().await.unwrap(), None);
    pump.pump_until_idle().await.unwrap();
    insert(&dir, session, 2, &format!(r#"{{"B":{{"frames":[1,"{frames}","{image}"]}}}}"#)).await;
    assert_eq!(store.evidence_for_sweeping().await.unwrap(), None);
    pump.pump_until_idle().await.unwrap();
    let both = HashSet::from([image, frames]);
    assert_eq!(store.evidence_for_sweeping().await.unwrap(), Some(both.clone()));
    let of_session: HashSet<_> = store.evidence_of(session).await.unwrap().into_iter().collect();
    assert_eq!(of_session, both);
}
