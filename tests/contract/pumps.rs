//! Pumps beside writers and beside each other.

use std::time::{Duration, Instant};

use ekyc_onboarder::store::{Pump, Step, Store};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ledger::{append, ledgers, write_against_others};
use super::place::Place;
use super::postgres_server::Database;

on_both_stores!(
    eight_writers_on_two_nodes_with_a_pump_each_give_one_gapless_log_with_every_stream_in_order,
    a_running_pump_numbers_what_another_process_appended,
    a_pump_stopped_at_any_moment_leaves_the_store_usable,
);

/// A pump in a task of its own, stopped as the server stops it.
pub struct RunningPump {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningPump {
    pub fn start(pump: &Pump) -> Self {
        let (pump, stop) = (pump.clone(), watch::Sender::new(false));
        let stopping = stop.subscribe();
        Self { stop, task: tokio::spawn(async move { pump.run(stopping).await }) }
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Waits until the log is so long; whatever waits longer than a minute waits for ever.
pub async fn until_numbered(store: &Store, size: u64) {
    let start = Instant::now();
    while store.log_head().await.unwrap().size < size {
        assert!(start.elapsed() < Duration::from_secs(60), "not numbered within a minute");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn eight_writers_on_two_nodes_with_a_pump_each_give_one_gapless_log_with_every_stream_in_order(
    place: &Place,
) {
    let nodes = [place.store().await, place.store().await];
    let pumps = nodes.each_ref().map(|store| RunningPump::start(&Pump::new(store.clone(), vec![])));
    let writers: Vec<_> = (0..8)
        .map(|writer| tokio::spawn(write_against_others(ledgers(&nodes[writer % 2]), writer, 25, 5)))
        .collect();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap() as u64;
    }
    until_numbered(&nodes[0], written).await;
    for pump in pumps {
        pump.stop().await;
    }
    let verified = nodes[1].verify_log().await.unwrap();
    assert_eq!(verified.head.size, written);
    assert_eq!((verified.streams, verified.unnumbered), (5, 0));
}

async fn a_running_pump_numbers_what_another_process_appended(place: &Place) {
    let (store, other) = (place.store().await, place.store().await);
    let running = RunningPump::start(&Pump::new(store.clone(), vec![]));
    assert!(append(&ledgers(&other), "a", "command line", 1).await);
    until_numbered(&store, 1).await;
    running.stop().await;
}

async fn a_pump_stopped_at_any_moment_leaves_the_store_usable(place: &Place) {
    let store = place.store().await;
    let pump = Pump::new(store.clone(), vec![]);
    for round in 0..40 {
        let running = RunningPump::start(&pump);
        let writer = tokio::spawn(write_against_others(ledgers(&store), round, 5, 5));
        tokio::time::sleep(Duration::from_micros(150 * round as u64)).await;
        running.stop().await;
        pump.pump_until_idle().await.unwrap();
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_pump_that_finds_the_head_taken_leaves_at_once() {
    let place = Place::server().await;
    let store = place.store().await;
    let pump = Pump::new(store.clone(), vec![]);
    assert!(append(&ledgers(&store), "a", "one", 1).await);
    let Place::Server(database) = &place else { unreachable!() };
    let pool = pool(database, 1).await;
    let mut other = pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM log_head FOR UPDATE").execute(&mut *other).await.unwrap();
    assert_eq!(pump.step().await.unwrap(), Step::Elsewhere);
    other.rollback().await.unwrap();
    assert_eq!(pump.step().await.unwrap(), Step::Taken);
    assert_eq!(store.log_head().await.unwrap().size, 1);
    place.end().await;
}

/// An open transaction hides its events from the pump; what commits meanwhile does not wait for it.
#[tokio::test]
async fn an_idle_transaction_and_a_rollback_leave_no_gap() {
    let place = Place::server().await;
    let store = place.store().await;
    let pump = Pump::new(store.clone(), vec![]);
    let Place::Server(database) = &place else { unreachable!() };
    let pool = pool(database, 2).await;
    let insert = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
                  metadata) VALUES ('ledger', $1, 1, 'Booked', '1', '{}', '{}')";
    let (mut idle, mut lost) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
    sqlx::query(insert).bind("early").execute(&mut *idle).await.unwrap();
    sqlx::query(insert).bind("never").execute(&mut *lost).await.unwrap();
    assert!(append(&ledgers(&store), "later", "one", 2).await);
    pump.pump_until_idle().await.unwrap();
    assert_eq!(store.log_head().await.unwrap().size, 2);
    lost.rollback().await.unwrap();
    idle.commit().await.unwrap();
    pump.pump_until_idle().await.unwrap();
    let verified = store.verify_log().await.unwrap();
    assert_eq!((verified.head.size, verified.streams, verified.unnumbered), (3, 2, 0));
    place.end().await;
}

/// A pool of its own, as another node would have.
async fn pool(database: &Database, connections: u32) -> PgPool {
    PgPoolOptions::new().max_connections(connections).connect_with(database.options()).await.unwrap()
}
