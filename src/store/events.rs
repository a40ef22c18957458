//! The cqrs-es repository over either database; each append wakes the pump.
//!
//! Two things that sqlite-es and postgres-es report wrongly are put right here: a database that is busy or away is an
//! error of the connection, and a lost race is only what left another event in the place of ours.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlite_es::SqliteEventRepository;
use sqlx::PgPool;
use tokio::sync::Notify;

use super::database::Database;
use super::faults::is_unavailable;
use super::sqlite::appends::{AppendError, Appends};

/// The repository of the store.
pub struct StoreEvents {
    repository: Arc<Repository>,
    appended: Arc<Notify>,
}

/// The databases' own repositories, one for all aggregates.
pub(super) enum Repository {
    /// Appends of all aggregates share their commits.
    Sqlite {
        repository: SqliteEventRepository,
        appends: Appends,
    },
    Postgres {
        repository: PostgresEventRepository,
        pool: PgPool,
    },
}

macro_rules! reading {
    ($events:expr, |$repository:ident| $body:expr) => {
        match $events.repository.as_ref() {
            Repository::Sqlite { repository: $repository, .. } => $body,
            Repository::Postgres { repository: $repository, .. } => $body,
        }
        .map_err(classified)
    };
}

impl Repository {
    /// Over the connections, from the runtime that calls this.
    pub(super) fn over(database: &Database) -> Self {
        match database {
            Database::Sqlite { writer, readers } => Self::Sqlite {
                repository: SqliteEventRepository::new(readers.clone()),
                appends: Appends::over(writer.clone()),
            },
            Database::Postgres(pool) => {
                Self::Postgres { repository: PostgresEventRepository::new(pool.clone()), pool: pool.clone() }
            }
        }
    }
}

impl StoreEvents {
    pub(super) const fn new(repository: Arc<Repository>, appended: Arc<Notify>) -> Self {
        Self { repository, appended }
    }
}

impl PersistedEventRepository for StoreEvents {
    async fn get_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        reading!(self, |repository| repository.get_events::<A>(id).await)
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        reading!(self, |repository| repository.get_last_events::<A>(id, last_sequence).await)
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        reading!(self, |repository| repository.get_snapshot::<A>(id).await)
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        match self.repository.as_ref() {
            Repository::Sqlite { appends, .. } => {
                if snapshot_update.is_some() {
                    return Err(PersistenceError::UnknownError("no snapshots are taken".into()));
                }
                appends.append(events).await.map_err(refused)?;
            }
            Repository::Postgres { repository, pool } => {
                let persisted = repository.persist::<A>(events, snapshot_update).await;
                if let Err(PersistenceError::OptimisticLockError) = persisted {
                    return Err(lost_race::<A>(pool, events).await);
                }
                persisted.map_err(classified)?;
            }
        }
        self.appended.notify_one();
        Ok(())
    }

    async fn stream_events<A: Aggregate>(&self, id: &str) -> Result<ReplayStream, PersistenceError> {
        reading!(self, |repository| repository.stream_events::<A>(id).await)
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        reading!(self, |repository| repository.stream_all_events::<A>().await)
    }
}

fn classified(error: PersistenceError) -> PersistenceError {
    match error {
        PersistenceError::UnknownError(cause)
            if cause.downcast_ref::<sqlx::Error>().is_some_and(is_unavailable) =>
        {
            PersistenceError::ConnectionError(cause)
        }
        other => other,
    }
}

fn refused(error: AppendError) -> PersistenceError {
    match error {
        AppendError::LostRace => PersistenceError::OptimisticLockError,
        AppendError::Database(cause) if !is_unavailable(&cause) => {
            PersistenceError::UnknownError(Box::new(cause))
        }
        away => PersistenceError::ConnectionError(Box::new(away)),
    }
}

/// postgres-es takes every unique violation for a lost race; retrying one that is none would never end well.
async fn lost_race<A: Aggregate>(pool: &PgPool, events: &[SerializedEvent]) -> PersistenceError {
    let Some(first) = events.first() else { return PersistenceError::OptimisticLockError };
    let found: Result<bool, _> = sqlx::query_scalar(include_str!("postgres/sql/event_exists.sql"))
        .bind(A::TYPE)
        .bind(&first.aggregate_id)
        .bind((first.sequence as u64).cast_signed())
        .fetch_one(pool)
        .await;
    match found {
        Ok(true) => PersistenceError::OptimisticLockError,
        Ok(false) => PersistenceError::UnknownError("a unique constraint other than the events' own".into()),
        Err(error) => classified(PersistenceError::UnknownError(Box::new(error))),
    }
}
