//! The log on SQLite: appends, order, the pump, and what a tamperer meets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use cqrs_es::persist::PersistedEventStore;
use ekyc_onboarder::store::StoreError;
use ekyc_onboarder::store::log::LoggedEvent;
use ekyc_onboarder::store::log::verify::VerifyError;
use ekyc_onboarder::store::sqlite::projection::{Projection, ProjectionError};
use ekyc_onboarder::store::sqlite::{Pump, SqliteEvents, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ledger::{Ledger, append, write_against_others};

async fn new_store() -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("events.sqlite")).await.unwrap();
    (dir, store)
}

fn ledgers(store: &SqliteStore) -> PersistedEventStore<SqliteEvents, Ledger> {
    store.event_store()
}

/// A pump in a task of its own, stopped as the server stops it.
struct RunningPump {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningPump {
    fn start(pump: &Pump) -> Self {
        let (pump, stop) = (pump.clone(), watch::Sender::new(false));
        let stopping = stop.subscribe();
        Self { stop, task: tokio::spawn(async move { pump.run(stopping).await }) }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// The connection of somebody who has the file and knows SQL.
async fn tamperer(dir: &TempDir) -> SqliteConnection {
    SqliteConnectOptions::new().filename(dir.path().join("events.sqlite")).connect().await.unwrap()
}

/// Three streams with two events each, numbered.
async fn numbered_store() -> (TempDir, SqliteStore) {
    let (dir, store) = new_store().await;
    for id in ["a", "b", "c"] {
        assert!(append(&ledgers(&store), id, "one", 2).await);
    }
    Pump::new(store.clone(), vec![]).pump_until_idle().await.unwrap();
    (dir, store)
}

#[tokio::test]
async fn an_append_at_an_old_version_is_a_lost_race_and_writes_nothing() {
    use cqrs_es::{AggregateError, EventStore};
    let (_dir, store) = new_store().await;
    let ledgers = ledgers(&store);
    let stale = ledgers.load_aggregate("a").await.unwrap();
    assert!(append(&ledgers, "a", "first", 1).await);
    let lost = ledgers.commit(vec![super::ledger::booked("second"); 2], stale, Default::default()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)));
    assert_eq!(store.stream_version("ledger", "a").await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_give_one_gapless_log_with_every_stream_in_order() {
    let (_dir, store) = new_store().await;
    let pump = Pump::new(store.clone(), vec![]);
    let running = RunningPump::start(&pump);
    let writers: Vec<_> =
        (0..8).map(|writer| tokio::spawn(write_against_others(ledgers(&store), writer, 25, 5))).collect();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    running.stop().await;
    pump.pump_until_idle().await.unwrap();
    let verified = store.verify_log().await.unwrap();
    assert_eq!(verified.head.size, written as u64);
    assert_eq!((verified.streams, verified.unnumbered), (5, 0));
}

#[tokio::test]
async fn a_running_pump_numbers_what_another_process_appended() {
    let (dir, store) = new_store().await;
    let other = SqliteStore::open(&dir.path().join("events.sqlite")).await.unwrap();
    let pump = Pump::new(store.clone(), vec![]);
    let running = RunningPump::start(&pump);
    assert!(append(&ledgers(&other), "a", "command line", 1).await);
    for _ in 0..200 {
        if store.log_head().await.unwrap().size == 1 {
            return running.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not numbered within two seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pump_stopped_at_any_moment_leaves_the_writer_usable() {
    let (_dir, store) = new_store().await;
    let pump = Pump::new(store.clone(), vec![]);
    for round in 0..40 {
        let running = RunningPump::start(&pump);
        let writer = tokio::spawn(write_against_others(ledgers(&store), round, 5, 5));
        tokio::time::sleep(std::time::Duration::from_micros(150 * u64::from(round as u32))).await;
        running.stop().await;
        pump.pump_until_idle().await.unwrap();
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn only_one_server_may_run_on_a_file() {
    let (dir, store) = new_store().await;
    let other = SqliteStore::open(&dir.path().join("events.sqlite")).await.unwrap();
    let lock = store.lock_instance().unwrap();
    assert!(matches!(other.lock_instance(), Err(StoreError::InUse(_))));
    drop(lock);
    other.lock_instance().unwrap();
}

#[tokio::test]
async fn the_database_refuses_to_delete_rewrite_or_forge_events() {
    let (dir, _store) = numbered_store().await;
    let mut tamperer = tamperer(&dir).await;
    for attempt in [
        "DELETE FROM events",
        "UPDATE events SET payload = '{}' WHERE position = 3",
        "UPDATE events SET position = 99 WHERE position = 3",
        "UPDATE events SET position = NULL, leaf = NULL WHERE position = 3",
        "UPDATE events SET recorded_at = '' WHERE position = 3",
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
         position, leaf) VALUES ('ledger', 'x', 1, 'Booked', '1', '{}', '{}', 7, zeroblob(32))",
        "DELETE FROM log_head",
        "UPDATE log_head SET size = 0",
    ] {
        assert!(sqlx::query(attempt).execute(&mut tamperer).await.is_err(), "{attempt}");
    }
}

/// What verify says after somebody dropped the triggers and ran `sql`.
async fn verify_after(sql: &'static str) -> VerifyError {
    let (dir, store) = numbered_store().await;
    let mut tamperer = tamperer(&dir).await;
    for trigger in ["events_are_never_deleted", "events_are_never_rewritten", "log_head_never_goes_back"] {
        sqlx::query(&format!("DROP TRIGGER {trigger}")).execute(&mut tamperer).await.unwrap();
    }
    sqlx::raw_sql(sql).execute(&mut tamperer).await.unwrap();
    tamperer.close().await.unwrap();
    store.verify_log().await.unwrap_err()
}

#[tokio::test]
async fn verify_names_the_event_that_was_changed() {
    let error =
        verify_after("UPDATE events SET payload = replace(payload, 'one', 'two') WHERE position = 3").await;
    let VerifyError::Changed { position, stream, sequence } = error else { panic!("{error}") };
    assert_eq!((position, stream.to_string().as_str(), sequence), (3, "ledger/b", 1));
    let respaced = verify_after("UPDATE events SET metadata = metadata || ' ' WHERE position = 6").await;
    assert!(matches!(respaced, VerifyError::Changed { position: 6, .. }));
}

#[tokio::test]
async fn verify_names_the_position_that_was_removed() {
    let error = verify_after("DELETE FROM events WHERE position = 4").await;
    assert!(matches!(error, VerifyError::Gap { expected: 4, found: 5 }), "{error}");
    let at_the_end = verify_after("DELETE FROM events WHERE position = 6").await;
    assert!(matches!(at_the_end, VerifyError::Size { head: 6, found: 5 }), "{at_the_end}");
}

#[tokio::test]
async fn verify_sees_two_events_that_changed_places() {
    let error = verify_after(
        "UPDATE events SET position = 100 WHERE position = 2;
         UPDATE events SET position = 2 WHERE position = 3;
         UPDATE events SET position = 3 WHERE position = 100",
    )
    .await;
    assert!(matches!(error, VerifyError::Root { .. }), "{error}");
}

#[tokio::test]
async fn verify_sees_a_stream_out_of_its_order() {
    let error = verify_after(
        "UPDATE events SET position = 100 WHERE position = 1;
         UPDATE events SET position = 1 WHERE position = 2;
         UPDATE events SET position = 2 WHERE position = 100",
    )
    .await;
    assert!(matches!(error, VerifyError::Order { position: 1, expected: 1, found: 2, .. }), "{error}");
}

/// Counts events per stream, refuses a stream named `poison`, and fails as a database would when told to.
struct Counting {
    broken: Arc<AtomicBool>,
}

#[async_trait]
impl Projection for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn apply(&self, tx: &mut SqliteConnection, events: &[LoggedEvent]) -> Result<(), ProjectionError> {
        for event in events {
            sqlx::query("INSERT INTO counted VALUES (?, ?)")
                .bind(&event.aggregate_id)
                .bind(event.position.cast_signed())
                .execute(&mut *tx)
                .await?;
            if event.aggregate_id == "poison" {
                return Err(ProjectionError::Undigestible("cannot count poison".into()));
            }
        }
        if self.broken.load(Ordering::SeqCst) { Err(sqlx::Error::PoolTimedOut.into()) } else { Ok(()) }
    }
}

async fn counting_pump(dir: &TempDir, store: &SqliteStore) -> (Pump, Arc<AtomicBool>) {
    let mut other = tamperer(dir).await;
    sqlx::query("CREATE TABLE counted (stream TEXT, position INTEGER)").execute(&mut other).await.unwrap();
    let broken = Arc::new(AtomicBool::new(false));
    let projection = Counting { broken: Arc::clone(&broken) };
    (Pump::new(store.clone(), vec![Box::new(projection)]), broken)
}

async fn one_number(dir: &TempDir, sql: &str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut tamperer(dir).await).await.unwrap()
}

#[tokio::test]
async fn a_failed_step_leaves_neither_numbers_nor_rows_nor_checkpoint() {
    let (dir, store) = new_store().await;
    let (pump, broken) = counting_pump(&dir, &store).await;
    assert!(append(&ledgers(&store), "a", "one", 3).await);
    broken.store(true, Ordering::SeqCst);
    assert!(pump.pump_until_idle().await.is_err());
    assert_eq!(store.log_head().await.unwrap().size, 0);
    assert_eq!(store.unnumbered().await.unwrap(), 3);
    assert_eq!(one_number(&dir, "SELECT count(*) FROM counted").await, 0);
    assert_eq!(one_number(&dir, "SELECT count(*) FROM checkpoints").await, 0);
    broken.store(false, Ordering::SeqCst);
    pump.pump_until_idle().await.unwrap();
    assert_eq!(one_number(&dir, "SELECT count(*) FROM counted").await, 3);
    assert_eq!(one_number(&dir, "SELECT position FROM checkpoints").await, 3);
}

#[tokio::test]
async fn a_poison_event_parks_its_stream_and_the_rest_goes_on() {
    let (dir, store) = new_store().await;
    let (pump, _) = counting_pump(&dir, &store).await;
    let ledgers = ledgers(&store);
    for id in ["a", "poison", "b"] {
        assert!(append(&ledgers, id, "one", 2).await);
    }
    pump.pump_until_idle().await.unwrap();
    assert!(append(&ledgers, "poison", "later", 1).await);
    assert!(append(&ledgers, "b", "later", 1).await);
    pump.pump_until_idle().await.unwrap();
    assert_eq!(one_number(&dir, "SELECT count(*) FROM counted WHERE stream = 'poison'").await, 0);
    assert_eq!(one_number(&dir, "SELECT count(*) FROM counted").await, 5);
    assert_eq!(one_number(&dir, "SELECT position FROM checkpoints").await, 8);
    let parked = store.parked_streams().await.unwrap();
    assert_eq!(parked, [("counting".into(), "ledger/poison".into(), "cannot count poison".into())]);
    store.verify_log().await.unwrap();
}

#[tokio::test]
async fn a_projection_added_later_reads_the_log_from_its_beginning() {
    let (dir, store) = numbered_store().await;
    let (pump, _) = counting_pump(&dir, &store).await;
    pump.pump_until_idle().await.unwrap();
    assert_eq!(one_number(&dir, "SELECT count(*) FROM counted").await, 6);
}
