//! Lists after writes: what was written before a list was asked for is in its read model, on any node.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use ekyc_onboarder::store::projection::{Projection, ProjectionError};
use ekyc_onboarder::store::{CatchUp, DatabaseAddress, Entry, Pump, Store, Transaction};
use futures_util::future::join_all;
use sqlx::ConnectOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::ledger::{append, ledgers};
use super::place::Place;
use super::projections::counting_pump;

on_both_stores!(
    whoever_waits_after_a_write_on_any_node_finds_it_in_the_log,
    thousands_of_events_that_wait_do_not_keep_a_list_waiting_for_ever,
    a_parked_stream_keeps_no_list_waiting,
    nothing_is_waited_for_where_nothing_waits,
);

fn catch_up(store: &Store) -> CatchUp {
    CatchUp::new(store.clone(), Pump::new(store.clone(), vec![]))
}

/// No node runs a pump of its own.
async fn whoever_waits_after_a_write_on_any_node_finds_it_in_the_log(place: &Place) {
    let nodes = [place.store().await, place.store().await];
    let readers = nodes.each_ref().map(catch_up);
    let work = (0..8_usize).map(|writer| {
        let (ledgers, reader) = (ledgers(&nodes[writer % 2]), &readers[(writer + 1) % 2]);
        async move {
            for round in 0..10 {
                let id = format!("w{writer}r{round}");
                assert!(append(&ledgers, &id, "one", 1).await);
                reader.wait().await.unwrap();
                let mine =
                    format!("SELECT count(*) FROM events WHERE aggregate_id = '{id}' AND position IS NULL");
                assert_eq!(place.number(&mine).await, 0, "{id} was written and is not numbered");
            }
        }
    });
    join_all(work).await;
    let verified = nodes[0].verify_log().await.unwrap();
    assert_eq!((verified.head.size, verified.unnumbered), (80, 0));
}

async fn thousands_of_events_that_wait_do_not_keep_a_list_waiting_for_ever(place: &Place) {
    let store = place.store().await;
    for stream in 0..10 {
        assert!(append(&ledgers(&store), &format!("s{stream}"), "flood", 1_000).await);
    }
    let reader = catch_up(&store);
    let started = Instant::now();
    let waits = join_all((0..20).map(|_| reader.wait())).await;
    assert!(waits.into_iter().all(|wait| wait.is_ok()));
    // Two seconds are the bound; this machine may be busy with other tests.
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    while store.unnumbered().await.unwrap() > 0 {
        reader.wait().await.unwrap();
    }
    assert_eq!(store.verify_log().await.unwrap().head.size, 10_000);
}

async fn a_parked_stream_keeps_no_list_waiting(place: &Place) {
    let store = place.store().await;
    let (pump, _) = counting_pump(place, &store).await;
    let reader = CatchUp::new(store.clone(), pump);
    for id in ["poison", "a"] {
        assert!(append(&ledgers(&store), id, "one", 1).await);
    }
    reader.wait().await.unwrap();
    for round in 2..6 {
        assert!(append(&ledgers(&store), "poison", "again", 1).await);
        assert!(append(&ledgers(&store), "a", "again", 1).await);
        let started = Instant::now();
        reader.wait().await.unwrap();
        assert!(started.elapsed() < Duration::from_millis(1_900), "{:?}", started.elapsed());
        assert_eq!(place.number("SELECT count(*) FROM counted WHERE stream = 'a'").await, round);
    }
    assert_eq!(store.parked_streams().await.unwrap().len(), 1);
}

async fn nothing_is_waited_for_where_nothing_waits(place: &Place) {
    let store = place.store().await;
    assert!(append(&ledgers(&store), "a", "one", 1).await);
    let reader = catch_up(&store);
    reader.wait().await.unwrap();
    // Another process writes: a list that took a step would wait for it.
    let file = match place.address() {
        DatabaseAddress::File(path) => {
            let mut writing = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut writing).await.unwrap();
            Some(writing)
        }
        DatabaseAddress::Postgres(_) => None,
    };
    let started = Instant::now();
    for _ in 0..200 {
        reader.wait().await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    drop(file);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_holds_the_log_and_is_dead_costs_lists_two_seconds_once() {
    let place = Place::server().await;
    let store = place.store().await;
    let Place::Server(database) = &place else { unreachable!() };
    let pool = PgPoolOptions::new().max_connections(1).connect_with(database.options()).await.unwrap();
    let mut dead = pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM log_head FOR UPDATE").execute(&mut *dead).await.unwrap();
    assert!(append(&ledgers(&store), "a", "one", 1).await);
    let reader = catch_up(&store);
    let started = Instant::now();
    reader.wait().await.unwrap();
    let first = started.elapsed();
    assert!((Duration::from_millis(1_900)..Duration::from_secs(6)).contains(&first), "{first:?}");
    let started = Instant::now();
    for _ in 0..5 {
        reader.wait().await.unwrap();
    }
    assert!(started.elapsed() < first, "{:?}: no list after the first waits so long", started.elapsed());
    assert_eq!(store.unnumbered().await.unwrap(), 1);
    dead.rollback().await.unwrap();
    reader.wait().await.unwrap();
    assert_eq!(store.unnumbered().await.unwrap(), 0);
    place.end().await;
}

/// A projection that never comes to its end, as a process that was stopped.
struct Hanging;

#[async_trait]
impl Projection for Hanging {
    fn name(&self) -> &str {
        "hanging"
    }

    fn tables(&self) -> &'static [&'static str] {
        &[]
    }

    async fn apply(&self, _: &mut Transaction, _: &[Entry]) -> Result<(), ProjectionError> {
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_inside_a_step_lets_the_log_go() {
    let place = Place::server().await;
    let (hung, store) = (place.store().await, place.store().await);
    assert!(append(&ledgers(&store), "a", "one", 1).await);
    let hanging =
        tokio::spawn(async move { Pump::new(hung, vec![Box::new(Hanging)]).step().await.map(drop) });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let reader = catch_up(&store);
    let started = Instant::now();
    while store.unnumbered().await.unwrap() > 0 {
        assert!(started.elapsed() < Duration::from_secs(40), "the log is held for ever");
        reader.wait().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(started.elapsed() > Duration::from_secs(5), "it was held: {:?}", started.elapsed());
    hanging.abort();
    place.end().await;
}
