//! Reading back: streams and the partner view's pages.

use chrono::DateTime;
use domain::ids::{PartnerId, SessionId};
use ekyc_onboarder::store::Store;
use ekyc_onboarder::store::sessions::{PageStart, SessionFilter};
use uuid::Uuid;

use super::place::Place;

on_both_stores!(
    pages_by_key_and_by_offset_visit_every_session_once_newest_first,
    a_list_filters_by_status_and_by_a_set_and_never_shows_another_partner,
    overdue_sessions_come_longest_overdue_first_and_submitted_ones_never,
    the_latest_link_counts_at_once_on_every_node,
);

fn partner(number: u128) -> PartnerId {
    PartnerId::new(Uuid::from_u128(number))
}

fn session(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

/// Seven sessions of partner 1, two at each instant, every third rejected, the others open; one session of partner 2.
async fn store_with_sessions(place: &Place) -> Store {
    let store = place.store().await;
    for number in 0..8_u32 {
        let (status, expires_at) = if number % 3 == 0 {
            ("rejected", "NULL".into())
        } else {
            ("pending", (100 - number).to_string())
        };
        let (id, created_at) = (session(number.into()), number / 2);
        let owner = partner(if number == 7 { 2 } else { 1 });
        let insert = format!(
            "INSERT INTO partner_sessions (session_id, partner_id, version, status, created_at, body, expires_at) \
             VALUES ('{id}', '{owner}', 1, '{status}', {created_at}, '{{}}', {expires_at})"
        );
        place.execute(&insert).await.unwrap();
    }
    store
}

fn all() -> SessionFilter {
    SessionFilter { partner: Some(partner(1)), status: None, among: None, from: None, until: None }
}

async fn pages_by_key_and_by_offset_visit_every_session_once_newest_first(place: &Place) {
    let store = store_with_sessions(place).await;
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

async fn a_list_filters_by_status_and_by_a_set_and_never_shows_another_partner(place: &Place) {
    let store = store_with_sessions(place).await;
    let start = PageStart::Offset(0);
    let rejected = SessionFilter { status: Some("rejected".into()), ..all() };
    let page = store.list_sessions(&rejected, start, 50).await.unwrap();
    assert_eq!((page.total, page.rows.len()), (3, 3));
    let among = SessionFilter { among: Some(vec![session(6), session(1), session(7)]), ..all() };
    assert_eq!(store.list_sessions(&among, start, 50).await.unwrap().total, 2);
    let none = SessionFilter { among: Some(vec![]), ..all() };
    assert_eq!(store.list_sessions(&none, start, 50).await.unwrap().total, 0);
    assert_eq!(store.session_row(session(7)).await.unwrap().0.unwrap().partner_id, partner(2).to_string());
    assert_eq!(store.partner_of_session(session(7)).await.unwrap(), Some(partner(2)));
    assert_eq!(store.partner_of_session(session(8)).await.unwrap(), None);
}

async fn overdue_sessions_come_longest_overdue_first_and_submitted_ones_never(place: &Place) {
    let store = store_with_sessions(place).await;
    let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
    assert!(store.overdue_sessions(at(92), 10).await.unwrap().is_empty());
    assert_eq!(store.overdue_sessions(at(1_000), 2).await.unwrap(), [session(7), session(5)]);
    assert_eq!(store.overdue_sessions(at(1_000), 10).await.unwrap().len(), 5);
}

/// Nothing is numbered here: a link is valid, or no more, before any read model knows.
async fn the_latest_link_counts_at_once_on_every_node(place: &Place) {
    let (_, other) = (place.store().await, place.store().await);
    let generation = async |number| other.link_generation(session(number)).await.unwrap();
    assert_eq!(generation(1).await, None);
    let append = async |number: u128, sequence: u64, event_type: &str, payload: &str| {
        let insert = format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
             VALUES ('session', '{}', {sequence}, '{event_type}', '1', '{payload}', '{{}}')",
            session(number)
        );
        place.execute(&insert).await.unwrap();
    };
    append(1, 1, "SessionOpened", "{}").await;
    append(2, 1, "SessionOpened", "{}").await;
    assert_eq!((generation(1).await, generation(3).await), (Some(0), None));
    for link in 1..=3 {
        let payload =
            format!(r#"{{"LinkIssued":{{"generation":{link},"issued_at":"2026-06-01T12:00:00Z"}}}}"#);
        append(1, link + 1, "LinkIssued", &payload).await;
        assert_eq!((generation(1).await, generation(2).await), (Some(link as u32), Some(0)));
    }
}
