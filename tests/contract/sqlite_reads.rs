//! Reading back: streams, the partner view's pages, keys.

use chrono::{DateTime, Duration, Utc};
use domain::ids::{PartnerId, SessionId};
use ekyc_onboarder::store::access::Scope;
use ekyc_onboarder::store::sqlite::SqliteStore;
use ekyc_onboarder::store::sqlite::access::NewKey;
use ekyc_onboarder::store::sqlite::sessions::{PageStart, SessionFilter};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use uuid::Uuid;

use super::ledger::append;

async fn new_store() -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("events.sqlite")).await.unwrap();
    (dir, store)
}

fn noon() -> DateTime<Utc> {
    "2024-01-15T12:00:00Z".parse().unwrap()
}

fn partner(number: u128) -> PartnerId {
    PartnerId::new(Uuid::from_u128(number))
}

fn session(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

/// Seven sessions of partner 1, two at each instant, every third rejected; one session of partner 2.
async fn store_with_sessions() -> (TempDir, SqliteStore) {
    let (dir, store) = new_store().await;
    let mut direct =
        SqliteConnectOptions::new().filename(dir.path().join("events.sqlite")).connect().await.unwrap();
    for number in 0..8_u32 {
        let status = if number % 3 == 0 { "rejected" } else { "pending" };
        let owner = if number == 7 { 2 } else { 1 };
        let insert = "INSERT INTO partner_sessions (session_id, partner_id, version, status, created_at, body) \
                      VALUES (?, ?, 1, ?, ?, '{}')";
        sqlx::query(insert)
            .bind(session(number.into()).to_string())
            .bind(partner(owner).to_string())
            .bind(status)
            .bind(i64::from(number / 2))
            .execute(&mut direct)
            .await
            .unwrap();
    }
    (dir, store)
}

fn all() -> SessionFilter {
    SessionFilter { partner: partner(1), status: None, among: None }
}

#[tokio::test]
async fn a_stream_is_read_from_any_sequence() {
    let (_dir, store) = new_store().await;
    append(&store.event_store(), "a", "one", 3).await;
    let events = store.load_raw("ledger", "a", 1).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(events[0].position, 0);
    assert_eq!(events[0].payload, r#"{"Booked":{"amount":1.1,"by":"one"}}"#);
    assert_eq!(store.stream_version("ledger", "a").await.unwrap(), 3);
    assert_eq!(store.stream_version("ledger", "none").await.unwrap(), 0);
}

#[tokio::test]
async fn pages_by_key_and_by_offset_visit_every_session_once_newest_first() {
    let (_dir, store) = store_with_sessions().await;
    let expected: Vec<_> = (0..7).rev().map(|number| session(number).to_string()).collect();
    let (mut by_key, mut by_offset) = (Vec::new(), Vec::new());
    let mut start = PageStart::Offset(0);
    loop {
        let page = store.list_sessions(&all(), start, 3).await.unwrap();
        assert_eq!(page.total, 7);
        let Some(last) = page.rows.last() else { break };
        start = PageStart::After { created_at: last.created_at, session: last.session_id.parse().unwrap() };
        by_key.extend(page.rows.into_iter().map(|row| row.session_id));
    }
    for offset in [0, 3, 6, 9] {
        let page = store.list_sessions(&all(), PageStart::Offset(offset), 3).await.unwrap();
        by_offset.extend(page.rows.into_iter().map(|row| row.session_id));
    }
    assert_eq!(by_key, expected);
    assert_eq!(by_offset, expected);
}

#[tokio::test]
async fn a_list_filters_by_status_and_by_a_set_and_never_shows_another_partner() {
    let (_dir, store) = store_with_sessions().await;
    let start = PageStart::Offset(0);
    let rejected = SessionFilter { status: Some("rejected".into()), ..all() };
    let page = store.list_sessions(&rejected, start, 50).await.unwrap();
    assert_eq!((page.total, page.rows.len()), (3, 3));
    let among = SessionFilter { among: Some(vec![session(6), session(1), session(7)]), ..all() };
    assert_eq!(store.list_sessions(&among, start, 50).await.unwrap().total, 2);
    let none = SessionFilter { among: Some(vec![]), ..all() };
    assert_eq!(store.list_sessions(&none, start, 50).await.unwrap().total, 0);
    assert!(store.session_row(partner(1), session(7)).await.unwrap().is_none());
    assert!(store.session_row(partner(2), session(7)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_key_authenticates_until_it_expires_or_is_revoked() {
    let (_dir, store) = new_store().await;
    let owner = store.create_partner("Acme", noon()).await.unwrap();
    assert_eq!(store.create_partner("Acme", noon()).await.unwrap(), owner);
    let new = NewKey {
        partner: owner.id,
        name: "production".into(),
        scopes: vec![Scope::SessionsRead, Scope::KycWrite],
        expires_at: Some(noon() + Duration::days(1)),
    };
    let (id, key) = store.create_key(&new, noon()).await.unwrap();
    let caller = store.authenticate(&key.hash(), noon()).await.unwrap().unwrap();
    assert_eq!((caller.partner_id, caller.may(Scope::KycWrite)), (owner.id, true));
    assert!(!caller.may(Scope::SessionsWrite));
    assert!(store.authenticate(&[0; 32], noon()).await.unwrap().is_none());
    assert!(store.authenticate(&key.hash(), noon() + Duration::days(1)).await.unwrap().is_none());
    assert!(store.revoke_key(&id, noon()).await.unwrap());
    assert!(!store.revoke_key(&id, noon()).await.unwrap());
    assert!(store.authenticate(&key.hash(), noon()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_last_use_of_a_key_is_written_later() {
    let (_dir, store) = new_store().await;
    let owner = store.create_partner("Acme", noon()).await.unwrap();
    let new = NewKey { partner: owner.id, name: "k".into(), scopes: vec![], expires_at: None };
    let (_, key) = store.create_key(&new, noon()).await.unwrap();
    store.authenticate(&key.hash(), noon()).await.unwrap();
    assert_eq!(store.list_keys().await.unwrap()[0].last_used_at, None);
    store.save_key_uses().await.unwrap();
    assert_eq!(store.list_keys().await.unwrap()[0].last_used_at, Some(noon()));
}
