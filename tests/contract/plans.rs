//! Lists stay cheap however many sessions there are: each reads its page from an index, in order, and sorts nothing.

use domain::ids::{PartnerId, SessionId};
use ekyc_onboarder::store::DatabaseAddress;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row};
use uuid::Uuid;

use super::place::Place;

on_both_stores!(
    every_filter_of_the_list_reads_its_page_from_an_index,
    queue_trail_and_deliveries_read_their_pages_from_an_index,
    links_waiting_events_and_due_deliveries_are_found_without_a_walk,
);

const COLUMNS: &str = "session_id, partner_id, version, status, created_at, body";

/// Three partners with two thousand sessions each, known to the planner.
async fn fill(place: &Place) {
    let values: Vec<_> = (0..6_000_u32)
        .map(|number| {
            let session = SessionId::new(Uuid::from_u128(number.into()));
            let status = ["pending", "approved", "rejected", "manual_review"][(number / 3 % 4) as usize];
            format!("('{session}', '{}', 1, '{status}', {number}, '{{}}')", partner(number % 3))
        })
        .collect();
    let insert = format!("INSERT INTO partner_sessions ({COLUMNS}) VALUES {}", values.join(", "));
    place.execute(&insert).await.unwrap();
    place.execute("ANALYZE").await.unwrap();
}

fn partner(number: u32) -> PartnerId {
    PartnerId::new(Uuid::from_u128(number.into()))
}

/// The plan as the database tells it.
async fn plan(place: &Place, query: &str) -> String {
    match place.address() {
        DatabaseAddress::File(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
            let explain = format!("EXPLAIN QUERY PLAN {query}");
            let rows = sqlx::query(&explain).fetch_all(&mut connection).await.unwrap();
            let lines: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            lines.join("\n")
        }
        DatabaseAddress::Postgres(options) => {
            let mut connection = options.connect().await.unwrap();
            let lines: Vec<String> =
                sqlx::query_scalar(&format!("EXPLAIN {query}")).fetch_all(&mut connection).await.unwrap();
            lines.join("\n")
        }
    }
}

async fn every_filter_of_the_list_reads_its_page_from_an_index(place: &Place) {
    drop(place.store().await);
    fill(place).await;
    let owner = partner(1);
    let last = SessionId::new(Uuid::from_u128(3_000));
    // With few partners PostgreSQL may walk everybody's sessions in order rather than fetch one partner's by their own index.
    let is_file = matches!(place.address(), DatabaseAddress::File(_));
    let [newest, by_status] = if is_file {
        ["partner_sessions_newest", "partner_sessions_by_status"]
    } else {
        ["partner_sessions_"; 2]
    };
    for (filter, index) in [
        (String::new(), newest),
        (format!(" AND (created_at, session_id) < (3000, '{last}')"), newest),
        (" AND status = 'approved'".to_owned(), by_status),
        (format!(" AND status = 'approved' AND (created_at, session_id) < (3000, '{last}')"), by_status),
    ] {
        let query = format!(
            "SELECT {COLUMNS} FROM partner_sessions WHERE partner_id = '{owner}'{filter} \
             ORDER BY created_at DESC, session_id DESC LIMIT 50"
        );
        reads_in_order(place, &query, index).await;
    }
    for (filter, index) in [
        ("true", "partner_sessions_all"),
        ("created_at >= 2000 AND created_at < 4000", "partner_sessions_all"),
        ("status = 'approved' AND created_at < 4000", "partner_sessions_all"),
    ] {
        let query = format!(
            "SELECT {COLUMNS} FROM partner_sessions WHERE {filter} ORDER BY created_at DESC, session_id DESC LIMIT 50"
        );
        reads_in_order(place, &query, index).await;
    }
}

async fn reads_in_order(place: &Place, query: &str, index: &str) {
    let plan = plan(place, query).await;
    assert!(plan.contains(index), "{query}\n{plan}");
    let sorts = plan.contains("Sort") || plan.contains("TEMP B-TREE");
    assert!(!sorts, "{query}\n{plan}");
}

/// Fifty thousand rows in each of the lists that reviewers, auditors and partners page through.
async fn fill_lists(place: &Place) {
    for (into, row) in [
        (
            // One in twenty is put off, one in ten is kept for somebody.
            "review_queue (session_id, partner_id, version, cause, waiting_since, reasons, risk_rank, snoozed_until, assigned_to)",
            "'s' || n, 'p' || n % 3, 1, 'decided', n, '[]', n % 10000, CASE n % 20 WHEN 0 THEN 9000 ELSE 0 END, \
             CASE n % 10 WHEN 7 THEN 'opr_1' ELSE '' END",
        ),
        (
            "audit_trail (position, at, actor, action, aggregate_type, aggregate_id, sequence)",
            "n, n, 'actor' || n % 50, 'Action' || n % 50, 'session', 's' || n, 1",
        ),
        (
            "webhook_messages (partner_id, number, id, position, session_id, kind, status, is_final, to_session_url, at)",
            "'p' || n % 3, n, 'm' || n, n, 's' || n, 'session.created', 'pending', 0, 0, n",
        ),
        (
            "deliveries (message_id, endpoint_id, partner_id, number, position, lane, state, attempts, created_at)",
            "'m' || n, 'e' || n % 5, 'p' || n % 3, n, n, 'e' || n % 5, 'delivered', 1, n",
        ),
    ] {
        let numbers =
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000)";
        place.execute(&format!("INSERT INTO {into} {numbers} SELECT {row} FROM numbers")).await.unwrap();
    }
    place.execute("ANALYZE").await.unwrap();
}

async fn queue_trail_and_deliveries_read_their_pages_from_an_index(place: &Place) {
    drop(place.store().await);
    fill_lists(place).await;
    let is_file = matches!(place.address(), DatabaseAddress::File(_));
    let trail = if is_file { "INTEGER PRIMARY KEY" } else { "audit_trail_pkey" };
    // PostgreSQL may find it cheaper to walk the whole trail in order than to fetch a frequent actor's rows one by one.
    let [by_actor, by_action] =
        if is_file { ["audit_trail_by_actor", "audit_trail_by_action"] } else { ["audit_trail_"; 2] };
    // Almost all are kept for nobody: PostgreSQL may walk all of them in order rather than those by their own index.
    let free = if is_file { "review_queue_assigned_riskiest" } else { "riskiest" };
    let events = if is_file { "PRIMARY KEY" } else { "webhook_messages_pkey" };
    let of_deliveries = include_str!("../../src/store/sql/webhooks/deliveries_of_partner.sql");
    let of_deliveries = [("$1", "'p1'"), ("$2", "5000"), ("$3", "''"), ("$4", "50")]
        .into_iter()
        .fold(of_deliveries.to_owned(), |query, (place, value)| query.replace(place, value));
    let of_message = plan(place, &of_deliveries).await;
    assert!(of_message.contains("webhook_messages_by_position"), "{of_message}");
    for (query, index) in [
        (
            "SELECT session_id, waiting_since FROM review_queue WHERE (waiting_since, session_id) > (5000, 's5000') \
             ORDER BY waiting_since, session_id LIMIT 50",
            "review_queue_oldest",
        ),
        (
            "SELECT session_id, waiting_since FROM review_queue \
             WHERE (risk_rank, waiting_since, session_id) > (5000, 5000, 's5000') \
             ORDER BY risk_rank, waiting_since, session_id LIMIT 50",
            "review_queue_riskiest",
        ),
        // What is put off is left out, or nothing else is read; what is kept for somebody, or for nobody, is.
        (
            "SELECT session_id FROM review_queue WHERE snoozed_until <= 5000 ORDER BY waiting_since, session_id LIMIT 50",
            "review_queue_oldest",
        ),
        (
            "SELECT session_id FROM review_queue WHERE snoozed_until > 0 AND snoozed_until > 5000 \
             ORDER BY waiting_since, session_id LIMIT 50",
            "review_queue_snoozed_oldest",
        ),
        (
            "SELECT session_id FROM review_queue WHERE snoozed_until > 0 AND snoozed_until > 5000 \
             ORDER BY risk_rank, waiting_since, session_id LIMIT 50",
            "review_queue_snoozed_riskiest",
        ),
        (
            "SELECT session_id FROM review_queue WHERE (claimed_until IS NULL OR claimed_until <= 5000) AND snoozed_until <= 5000 \
             AND assigned_to = 'opr_1' ORDER BY waiting_since, session_id LIMIT 50",
            "review_queue_assigned_oldest",
        ),
        (
            "SELECT session_id FROM review_queue WHERE (claimed_until IS NULL OR claimed_until <= 5000) AND snoozed_until <= 5000 \
             AND assigned_to = 'opr_1' ORDER BY risk_rank, waiting_since, session_id LIMIT 50",
            "review_queue_assigned_riskiest",
        ),
        (
            "SELECT session_id FROM review_queue WHERE (claimed_until IS NULL OR claimed_until <= 5000) AND snoozed_until <= 5000 \
             AND assigned_to = '' ORDER BY risk_rank, waiting_since, session_id LIMIT 50",
            free,
        ),
        ("SELECT * FROM audit_trail WHERE position > 5000 ORDER BY position LIMIT 50", trail),
        (
            "SELECT * FROM audit_trail WHERE position > 5000 AND actor = 'actor7' ORDER BY position LIMIT 50",
            by_actor,
        ),
        (
            "SELECT * FROM audit_trail WHERE position > 5000 AND action = 'Action7' ORDER BY position LIMIT 50",
            by_action,
        ),
        (
            "SELECT * FROM webhook_messages WHERE partner_id = 'p1' AND number > 5000 ORDER BY number LIMIT 50",
            events,
        ),
        (
            "SELECT * FROM deliveries WHERE partner_id = 'p1' AND number > 5000 ORDER BY number, endpoint_id LIMIT 50",
            "deliveries_by_partner",
        ),
    ] {
        reads_in_order(place, query, index).await;
    }
}

/// What is asked for without a key, before every list, and many times a second.
async fn links_waiting_events_and_due_deliveries_are_found_without_a_walk(place: &Place) {
    drop(place.store().await);
    fill_lists(place).await;
    let numbers =
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000)";
    place
        .execute(&format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
             {numbers} SELECT 'session', 's' || (n / 500), n % 500 + 1, CASE n % 100 WHEN 7 THEN 'LinkIssued' ELSE 'Other' END, \
             '1', '{{}}', '{{}}' FROM numbers"
        ))
        .await
        .unwrap();
    place.execute("UPDATE deliveries SET due_at = number WHERE number % 100 = 0").await.unwrap();
    place.execute("ANALYZE").await.unwrap();
    let is_file = matches!(place.address(), DatabaseAddress::File(_));
    let link = include_str!("../../src/store/sql/latest_link.sql").replace("$1", "'s7'");
    let of_link = plan(place, &link).await;
    assert!(of_link.contains("events_links"), "{of_link}");
    let owed = include_str!("../../src/store/sql/webhooks/partners_owed.sql").replace("$1", "25000");
    let of_owed = plan(place, &owed).await;
    assert!(of_owed.contains("deliveries_due_of_partner"), "{of_owed}");
    for (query, index) in [
        ("SELECT rowid FROM events WHERE position IS NULL ORDER BY rowid DESC LIMIT 1", "events_unnumbered"),
        ("SELECT rowid FROM events WHERE position IS NULL ORDER BY rowid LIMIT 1", "events_unnumbered"),
        (
            "SELECT id, lane, partner_id FROM deliveries WHERE partner_id = 'p1' AND due_at <= 25000 \
             AND lane NOT IN ('e1', 'e2') ORDER BY due_at LIMIT 4",
            // Where little is due, PostgreSQL may walk what is due to everybody.
            if is_file { "deliveries_due_of_partner" } else { "deliveries_due" },
        ),
    ] {
        reads_in_order(place, query, index).await;
    }
}
