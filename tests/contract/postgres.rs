//! The pump's SQL on a real PostgreSQL: many writers, several pumps, one gapless log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cqrs_es::persist::PersistedEventStore;
use ekyc_onboarder::store::postgres::migrate;
use ekyc_onboarder::store::postgres::numbering::{Numbered, number_waiting};
use ekyc_onboarder::store::postgres::verify::verify_log;
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;

use super::ledger::{Ledger, append, write_against_others};
use super::postgres_server::Database;

fn ledgers(pool: &PgPool) -> PersistedEventStore<PostgresEventRepository, Ledger> {
    PersistedEventStore::new_event_store(PostgresEventRepository::new(pool.clone()))
}

/// Numbers until told to stop; returns how many events it numbered.
async fn pump(pool: PgPool, stop: Arc<AtomicBool>) -> usize {
    let mut numbered = 0;
    while !stop.load(Ordering::SeqCst) {
        // A small batch, so that a burst spans several transactions and both pumps get their turn.
        match number_waiting(&pool, 20).await.unwrap() {
            Numbered::Events(0) | Numbered::Elsewhere => tokio::task::yield_now().await,
            Numbered::Events(count) => numbered += count,
        }
    }
    numbered
}

async fn number_the_rest(pool: &PgPool) -> usize {
    let mut numbered = 0;
    while let Numbered::Events(count @ 1..) = number_waiting(pool, 20).await.unwrap() {
        numbered += count;
    }
    numbered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_and_two_pumps_give_one_gapless_log_with_every_stream_in_order() {
    let database = Database::create().await;
    let pool = database.pool(8).await;
    migrate(&pool).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut pumps = Vec::new();
    for _ in 0..2 {
        pumps.push(tokio::spawn(pump(database.pool(1).await, Arc::clone(&stop))));
    }
    let writers: Vec<_> =
        (0..8).map(|writer| tokio::spawn(write_against_others(ledgers(&pool), writer, 25, 5))).collect();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    let mut numbered = 0;
    for pump in pumps {
        numbered += pump.await.unwrap();
    }
    assert!(numbered > 0, "the pumps worked beside the writers");
    numbered += number_the_rest(&pool).await;
    let verified = verify_log(&pool).await.unwrap();
    assert_eq!((numbered, verified.head.size), (written, written as u64));
    assert_eq!((verified.streams, verified.unnumbered), (5, 0));
    database.drop_database().await;
}

#[tokio::test]
async fn a_pump_that_finds_the_head_locked_leaves_at_once() {
    let database = Database::create().await;
    let pool = database.pool(2).await;
    migrate(&pool).await.unwrap();
    assert!(append(&ledgers(&pool), "a", "one", 1).await);
    let mut other = pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM log_head FOR UPDATE").execute(&mut *other).await.unwrap();
    assert_eq!(number_waiting(&pool, 10).await.unwrap(), Numbered::Elsewhere);
    other.rollback().await.unwrap();
    assert_eq!(number_waiting(&pool, 10).await.unwrap(), Numbered::Events(1));
    database.drop_database().await;
}

#[tokio::test]
async fn a_clock_that_went_back_does_not_reverse_a_stream() {
    let database = Database::create().await;
    let pool = database.pool(2).await;
    migrate(&pool).await.unwrap();
    for (id, sequence, recorded_at) in [("a", 1, 10), ("a", 2, 5), ("b", 1, 7), ("a", 3, 8), ("b", 2, 1)] {
        let insert = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                      payload, metadata, recorded_at) \
                      VALUES ('ledger', $1, $2, 'Booked', '1', '{}', '{}', to_timestamp($3))";
        let query = sqlx::query(insert).bind(id).bind(i64::from(sequence)).bind(f64::from(recorded_at));
        query.execute(&pool).await.unwrap();
    }
    // One at a time: even a batch that ends inside a stream keeps its order.
    for _ in 0..5 {
        assert_eq!(number_waiting(&pool, 1).await.unwrap(), Numbered::Events(1));
    }
    assert_eq!(verify_log(&pool).await.unwrap().head.size, 5);
    database.drop_database().await;
}

#[tokio::test]
async fn the_database_refuses_to_delete_or_rewrite_events_and_verify_sees_it_done_past_the_triggers() {
    let database = Database::create().await;
    let pool = database.pool(2).await;
    migrate(&pool).await.unwrap();
    assert!(append(&ledgers(&pool), "a", "one", 2).await);
    number_waiting(&pool, 10).await.unwrap();
    for attempt in [
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE events SET payload = '{}' WHERE position = 1",
        "UPDATE events SET position = 99 WHERE position = 1",
        "UPDATE events SET position = NULL, leaf = NULL WHERE position = 1",
    ] {
        assert!(sqlx::query(attempt).execute(&pool).await.is_err(), "{attempt}");
    }
    // The same JSON, spelled otherwise: the leaf covers the text.
    sqlx::raw_sql(
        "ALTER TABLE events DISABLE TRIGGER events_are_never_rewritten;
         UPDATE events SET payload = '{\"Booked\":{\"by\":\"one\",\"amount\":1.1}}' WHERE position = 2",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert!(verify_log(&pool).await.unwrap_err().to_string().contains("position 2"));
    database.drop_database().await;
}
