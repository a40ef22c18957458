//! Being alone at something for a moment, among all processes and nodes on one store: for rules over several streams, which no
//! append at an expected version can keep.

use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

use super::database::{Database, Transaction, in_transaction};
use super::sqlite::lock::FileLock;
use super::{Store, StoreError};
use crate::store::address::DatabaseAddress;

/// Whoever is alone is done in milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(20);

/// Nobody else holds one of the same name while this lives; a crash gives it back.
pub struct Alone {
    _held: Held,
    // Given back last: the next of this process finds what lies between processes free.
    _here: OwnedMutexGuard<()>,
}

#[expect(dead_code, reason = "held, and given back when dropped")]
enum Held {
    File(FileLock),
    /// Its connection is in a transaction that holds an advisory lock and ends by being rolled back.
    Server(Transaction),
}

impl Store {
    /// Waits until nobody else is at `what`, at most five seconds.
    pub async fn alone(&self, what: &'static str) -> Result<Alone, StoreError> {
        // One of a process at a time, so that no more than one connection is spent on waiting.
        let here = std::sync::Arc::clone(&self.alone);
        let here = tokio::time::timeout(PATIENCE, here.lock_owned()).await;
        let here = here.map_err(|_| StoreError::Contended(what))?;
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(held) = self.try_alone(what).await? {
                return Ok(Alone { _held: held, _here: here });
            }
            tokio::time::sleep(AGAIN).await;
        }
        Err(StoreError::Contended(what))
    }

    async fn try_alone(&self, what: &'static str) -> Result<Option<Held>, StoreError> {
        match (&self.address, &self.database) {
            (DatabaseAddress::File(file), Database::Sqlite { .. }) => {
                Ok(FileLock::take(file, what)?.map(Held::File))
            }
            _ => {
                let mut tx = self.database.begin().await?;
                let is_free: bool = in_transaction!(tx, |db| {
                    sqlx::query_scalar("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))")
                        .bind(what)
                        .fetch_one(db)
                        .await
                })?;
                Ok(is_free.then_some(Held::Server(tx)))
            }
        }
    }
}
