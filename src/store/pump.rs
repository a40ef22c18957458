//! The log pump: numbers what was appended and updates the read models, in one transaction per step.
//!
//! Every node may run one: a step takes the head of the log, and who does not get it leaves at once.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::database::{Connection, on_reader};
use super::numbering::{number_waiting, take_head};
use super::projection::{Projection, advance_all};
use super::{Store, StoreError};

/// Bounds how long a step keeps appends waiting for the writer connection.
const BATCH: u32 = 256;
/// Finds what another process appended; this process's appends wake the pump at once.
const POLL: Duration = Duration::from_millis(50);
/// What is appended within this time shares a step, also while the load lasts: a step costs much the same for few events as for
/// many, and on a file it keeps appends waiting.
const GATHER: Duration = Duration::from_millis(10);
/// Another node works; it is done in milliseconds.
const ELSEWHERE: Duration = Duration::from_millis(10);
const RETRY: Duration = Duration::from_millis(500);
/// A node that hangs inside a step, or is cut off, must not keep the head of the log from all others.
const LET_GO: &str = "SET LOCAL idle_in_transaction_session_timeout = '15s'";

/// What waits for its place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PumpLag {
    /// Events without a number.
    pub events: u64,
    /// Since the oldest of them was appended; zero when there is none.
    pub oldest: Duration,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It moved all that there was to move.
    Taken,
    /// It moved a whole batch; there may be more.
    Batch,
    /// Another node is at it right now.
    Elsewhere,
}

/// One of the sequencers of a store, with the projections that follow the log.
#[derive(Clone)]
pub struct Pump {
    store: Store,
    projections: Arc<[Box<dyn Projection>]>,
    has_work: Arc<str>,
}

impl Store {
    /// How far the numbering is behind.
    pub async fn pump_lag(&self) -> Result<PumpLag, StoreError> {
        let (events, oldest): (i64, Option<String>) = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/pump_lag.sql")).fetch_one(db).await
        })?;
        let oldest = oldest.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        // A clock that was set back makes no negative age.
        let age = oldest.and_then(|oldest| (Utc::now() - oldest).to_std().ok());
        Ok(PumpLag { events: events.cast_unsigned(), oldest: age.unwrap_or_default() })
    }
}

impl Pump {
    /// A pump over `store`; nothing moves until it is run.
    pub fn new(store: Store, projections: Vec<Box<dyn Projection>>) -> Self {
        let names: Vec<_> = (1..=projections.len()).map(|number| format!("${number}")).collect();
        let has_work = include_str!("sql/has_work.sql")
            .replace("{names}", &if names.is_empty() { "''".to_owned() } else { names.join(", ") })
            .replace("{count}", &names.len().to_string());
        Self { store, projections: projections.into(), has_work: has_work.into() }
    }

    /// Runs until `stop` turns true: woken by each append of this process, else every 50 ms.
    ///
    /// Let it end by itself: a future dropped while a transaction begins leaves the writer connection inside that
    /// transaction, for whoever takes it next.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.step_if_needed().await {
                Ok(Some(Step::Batch)) => {}
                Ok(Some(Step::Taken)) => tokio::time::sleep(GATHER).await,
                Ok(Some(Step::Elsewhere)) => tokio::time::sleep(ELSEWHERE).await,
                Ok(None) => {
                    // Either way it is time to look again.
                    if tokio::time::timeout(POLL, self.store.appended.notified()).await.is_ok() {
                        tokio::time::sleep(GATHER).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the log pump failed and will try again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Steps until every event has its number and every projection has read to the head.
    pub async fn pump_until_idle(&self) -> Result<(), StoreError> {
        while let Some(step) = self.step_if_needed().await? {
            if step == Step::Elsewhere {
                tokio::time::sleep(ELSEWHERE).await;
            }
        }
        Ok(())
    }

    /// None if there is nothing to move.
    async fn step_if_needed(&self) -> Result<Option<Step>, StoreError> {
        if self.has_work().await? { self.step().await.map(Some) } else { Ok(None) }
    }

    /// One transaction: numbers a batch, then lets each projection read a batch.
    pub async fn step(&self) -> Result<Step, StoreError> {
        let mut tx = self.store.database.begin().await?;
        if let Connection::Postgres(db) = tx.connection() {
            sqlx::query(LET_GO).execute(db).await?;
        }
        let Some(head) = take_head(&mut tx).await? else { return Ok(Step::Elsewhere) };
        number_waiting(&mut tx, head, BATCH).await?;
        let is_batch = advance_all(&mut tx, &self.projections, BATCH).await?;
        tx.commit().await?;
        Ok(if is_batch { Step::Batch } else { Step::Taken })
    }

    /// Asks a reader, so that an idle server never takes the write lock.
    async fn has_work(&self) -> Result<bool, StoreError> {
        let work = on_reader!(self.store.database, |db| {
            let mut query = sqlx::query_scalar(&self.has_work);
            for projection in self.projections.iter() {
                query = query.bind(projection.name());
            }
            query.fetch_one(db).await
        })?;
        Ok(work)
    }
}
