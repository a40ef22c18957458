//! The log pump: numbers what was appended and updates the read models, in one transaction per step.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::SqliteStore;
use super::numbering::number_waiting;
use super::projection::{Projection, advance};
use crate::store::StoreError;

/// Bounds how long a step keeps appends waiting for the writer connection.
const BATCH: u32 = 256;
/// Finds what another process appended; this process's appends wake the pump at once.
const POLL: Duration = Duration::from_millis(50);
const RETRY: Duration = Duration::from_millis(500);

/// What waits for its place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PumpLag {
    /// Events without a number.
    pub events: u64,
    /// Since the oldest of them was appended; zero when there is none.
    pub oldest: Duration,
}

/// The one sequencer of a store, with the projections that follow the log.
#[derive(Clone)]
pub struct Pump {
    store: SqliteStore,
    projections: Arc<[Box<dyn Projection>]>,
    names: String,
}

impl SqliteStore {
    /// How far the numbering is behind.
    pub async fn pump_lag(&self) -> Result<PumpLag, StoreError> {
        let (events, millis): (i64, i64) =
            sqlx::query_as(include_str!("sql/pump_lag.sql")).fetch_one(&self.readers).await?;
        // A clock that was set back makes no negative age.
        Ok(PumpLag {
            events: events.cast_unsigned(),
            oldest: Duration::from_millis(millis.max(0).cast_unsigned()),
        })
    }
}

impl Pump {
    /// A pump over `store`; nothing moves until it is run.
    pub fn new(store: SqliteStore, projections: Vec<Box<dyn Projection>>) -> Self {
        let names: Vec<_> = projections.iter().map(|projection| projection.name()).collect();
        let names = serde_json::Value::from(names).to_string();
        Self { store, projections: projections.into(), names }
    }

    /// Runs until `stop` turns true: woken by each append of this process, else every 50 ms.
    ///
    /// Let it end by itself: a future dropped while a transaction begins leaves the writer connection inside that
    /// transaction, for whoever takes it next.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.pump_until_idle().await {
                tracing::error!(%error, "the log pump failed and will try again");
                tokio::time::sleep(RETRY).await;
                continue;
            }
            // Either way it is time to look again.
            let _ = tokio::time::timeout(POLL, self.store.appended.notified()).await;
        }
    }

    /// Steps until every event has its number and every projection has read to the head.
    pub async fn pump_until_idle(&self) -> Result<(), StoreError> {
        while self.has_work().await? {
            self.step().await?;
        }
        Ok(())
    }

    /// One transaction: numbers a batch, then lets each projection read a batch.
    async fn step(&self) -> Result<(), StoreError> {
        // IMMEDIATE: a transaction that starts by reading and then writes fails at once when another process wrote
        // in between, whatever the busy timeout.
        let mut tx = self.store.writer.begin_with("BEGIN IMMEDIATE").await?;
        number_waiting(&mut tx, BATCH).await?;
        for projection in self.projections.iter() {
            advance(&mut tx, projection.as_ref(), BATCH).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Asks a reader, so that an idle server never takes the write lock.
    async fn has_work(&self) -> Result<bool, StoreError> {
        let work = sqlx::query_scalar(include_str!("sql/has_work.sql"))
            .bind(&self.names)
            .fetch_one(&self.store.readers)
            .await?;
        Ok(work)
    }
}
