//! Lists show everything that was written before they were asked for: where something still waits for its number, a list takes a
//! step of the pump first, or waits for the node that takes it.
//!
//! Cheap where nothing waits: one look at an index that is empty then. Bounded where the pump is stuck, is held by a node that
//! died, or has thousands of events before it: after that the list shows what there is. A projection that is being read for the
//! first time, or that left a stream out, is not waited for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::database::on_reader;
use super::{Pump, Step, Store, StoreError};

/// How long a list waits for what was written before it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Another node is at it; it is done in milliseconds.
const ELSEWHERE: Duration = Duration::from_millis(5);
/// After a wait in vain, lists try one step at most and wait no longer than this for it, for a while.
const IMPATIENCE: Duration = Duration::from_millis(100);
const DISCOURAGED: Duration = Duration::from_secs(5);
/// Messages given out in one transaction.
const DISPATCH: u32 = 500;

/// Brings the read models up to date for whoever is about to read them.
#[derive(Clone)]
pub struct CatchUp {
    store: Store,
    pump: Pump,
    /// One step at a time in this process; whoever waited for it finds its own events numbered by it.
    turn: Arc<tokio::sync::Mutex<()>>,
    discouraged_until: Arc<Mutex<Option<Instant>>>,
    /// Steps are taken to their end even if the reader goes away: a future dropped while a transaction begins leaves its
    /// connection inside it.
    runtime: Handle,
}

impl Store {
    /// The latest event that waits for its number, by its order of arrival.
    async fn last_unnumbered(&self) -> Result<Option<i64>, StoreError> {
        let last = "SELECT rowid FROM events WHERE position IS NULL ORDER BY rowid DESC LIMIT 1";
        Ok(on_reader!(self.database, |db| sqlx::query_scalar(last).fetch_optional(db).await)?)
    }

    /// Whether an event that arrived so early still waits for its number.
    async fn is_unnumbered(&self, until: i64) -> Result<bool, StoreError> {
        let first = "SELECT rowid FROM events WHERE position IS NULL ORDER BY rowid LIMIT 1";
        let first: Option<i64> =
            on_reader!(self.database, |db| sqlx::query_scalar(first).fetch_optional(db).await)?;
        Ok(first.is_some_and(|first| first <= until))
    }
}

impl CatchUp {
    /// Steps are taken on the runtime that calls this.
    pub fn new(store: Store, pump: Pump) -> Self {
        let runtime = Handle::current();
        Self { store, pump, turn: Arc::default(), discouraged_until: Arc::default(), runtime }
    }

    /// Waits until what is written by now is in the read models, or for two seconds.
    pub async fn wait(&self) -> Result<(), StoreError> {
        let Some(last) = self.store.last_unnumbered().await? else { return Ok(()) };
        let is_discouraged = self.discouraged_until().is_some_and(|until| Instant::now() < until);
        let this = self.clone();
        let steps = self.runtime.spawn(async move { this.advance(last, is_discouraged).await });
        let patience = if is_discouraged { IMPATIENCE } else { PATIENCE };
        match tokio::time::timeout(patience, steps).await {
            Ok(Ok(Ok(true))) => *self.discouraged_until() = None,
            Ok(Ok(Ok(false))) | Err(_) => {
                if !is_discouraged {
                    tracing::warn!("a list shows what there is: the log is numbered too slowly");
                }
                *self.discouraged_until() = Some(Instant::now() + DISCOURAGED);
            }
            // The pump itself says so at the level of errors; the list may be readable all the same.
            Ok(Ok(Err(error))) => tracing::debug!(%error, "a list shows what there is"),
            Ok(Err(error)) => tracing::debug!(%error, "a step of the pump was interrupted"),
        }
        Ok(())
    }

    /// As [`CatchUp::wait`], and waits until the messages that follow are given out to whoever is to be told.
    pub async fn wait_for_deliveries(&self) -> Result<(), StoreError> {
        self.wait().await?;
        let Some(last) = self.store.last_undispatched().await? else { return Ok(()) };
        let store = self.store.clone();
        let dispatched = self.runtime.spawn(async move {
            let deadline = Instant::now() + PATIENCE;
            while store.last_undispatched().await?.is_some() && Instant::now() < deadline {
                if !store.dispatch_webhooks(chrono::Utc::now(), DISPATCH).await? {
                    // Another node gives them out.
                    tokio::time::sleep(ELSEWHERE).await;
                }
                if store.dispatched().await? >= last {
                    break;
                }
            }
            Ok::<_, StoreError>(())
        });
        if let Ok(Ok(Err(error))) = tokio::time::timeout(PATIENCE, dispatched).await {
            tracing::debug!(%error, "a list shows what there is");
        }
        Ok(())
    }

    /// Steps until every event that arrived so early has its number; false if that did not come to be in time.
    async fn advance(&self, until: i64, once: bool) -> Result<bool, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            {
                let _turn = self.turn.lock().await;
                if Instant::now() >= deadline {
                    return Ok(false);
                }
                if !self.store.is_unnumbered(until).await? {
                    return Ok(true);
                }
                if self.pump.step().await? != Step::Elsewhere {
                    continue;
                }
            }
            if once || Instant::now() >= deadline {
                return Ok(false);
            }
            tokio::time::sleep(ELSEWHERE).await;
        }
    }

    fn discouraged_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.discouraged_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
