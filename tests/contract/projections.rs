//! Projections in the pump's transaction: checkpoints, poison, late arrivals.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ekyc_onboarder::store::projection::{Projection, ProjectionError};
use ekyc_onboarder::store::{Connection, Entry, Pump, Store, Transaction};

use super::ledger::{append, ledgers};
use super::place::Place;
use super::tampering::numbered_store;

on_both_stores!(
    a_failed_step_leaves_neither_numbers_nor_rows_nor_checkpoint,
    a_poison_event_parks_its_stream_and_the_rest_goes_on,
    a_projection_added_later_reads_the_log_from_its_beginning,
);

/// Counts events per stream, refuses a stream named `poison`, and fails as a database would when told to.
struct Counting {
    broken: Arc<AtomicBool>,
}

#[async_trait]
impl Projection for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["counted"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        let sql = tx.sql("INSERT INTO counted (stream, position) VALUES ($1, $2)");
        for event in events {
            let (stream, position) = (&event.aggregate_id, event.position.cast_signed());
            match tx.connection() {
                Connection::Sqlite(db) => {
                    sqlx::query(&sql).bind(stream).bind(position).execute(db).await.map(drop)?;
                }
                Connection::Postgres(db) => {
                    sqlx::query(&sql).bind(stream).bind(position).execute(db).await.map(drop)?;
                }
            }
            if event.aggregate_id == "poison" {
                return Err(ProjectionError::Undigestible("cannot count poison".into()));
            }
        }
        if self.broken.load(Ordering::SeqCst) { Err(sqlx::Error::PoolTimedOut.into()) } else { Ok(()) }
    }
}

pub async fn counting_pump(place: &Place, store: &Store) -> (Pump, Arc<AtomicBool>) {
    // The length is one that a stream can break: a constraint as a projection's own table may have it.
    place
        .execute("CREATE TABLE counted (stream TEXT CHECK (length(stream) < 20), position BIGINT)")
        .await
        .unwrap();
    let broken = Arc::new(AtomicBool::new(false));
    let projection = Counting { broken: Arc::clone(&broken) };
    (Pump::new(store.clone(), vec![Box::new(projection)]), broken)
}

async fn a_failed_step_leaves_neither_numbers_nor_rows_nor_checkpoint(place: &Place) {
    let store = place.store().await;
    let (pump, broken) = counting_pump(place, &store).await;
    assert!(append(&ledgers(&store), "a", "one", 3).await);
    broken.store(true, Ordering::SeqCst);
    assert!(pump.pump_until_idle().await.is_err());
    assert_eq!(store.log_head().await.unwrap().size, 0);
    assert_eq!(store.unnumbered().await.unwrap(), 3);
    assert_eq!(place.number("SELECT count(*) FROM counted").await, 0);
    assert_eq!(place.number("SELECT count(*) FROM checkpoints").await, 0);
    broken.store(false, Ordering::SeqCst);
    pump.pump_until_idle().await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM counted").await, 3);
    assert_eq!(place.number("SELECT position FROM checkpoints").await, 3);
}

async fn a_poison_event_parks_its_stream_and_the_rest_goes_on(place: &Place) {
    let store = place.store().await;
    let (pump, _) = counting_pump(place, &store).await;
    let ledgers = ledgers(&store);
    let long = "longer than the column takes";
    for id in ["a", "poison", long, "b"] {
        assert!(append(&ledgers, id, "one", 2).await);
    }
    pump.pump_until_idle().await.unwrap();
    assert!(append(&ledgers, "poison", "later", 1).await);
    assert!(append(&ledgers, "b", "later", 1).await);
    pump.pump_until_idle().await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM counted WHERE stream IN ('a', 'b')").await, 5);
    assert_eq!(place.number("SELECT count(*) FROM counted").await, 5);
    assert_eq!(place.number("SELECT position FROM checkpoints").await, 10);
    let parked = store.parked_streams().await.unwrap();
    let streams: Vec<_> =
        parked.iter().map(|(projection, stream, _)| (projection.as_str(), stream.as_str())).collect();
    assert_eq!(streams, [("counting", "ledger/poison"), ("counting", &format!("ledger/{long}"))]);
    assert_eq!(parked[0].2, "cannot count poison");
    store.verify_log().await.unwrap();
}

async fn a_projection_added_later_reads_the_log_from_its_beginning(place: &Place) {
    let store = numbered_store(place).await;
    let (pump, _) = counting_pump(place, &store).await;
    pump.pump_until_idle().await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM counted").await, 6);
}
