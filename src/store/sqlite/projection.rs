//! Read models in the pump's transaction: each projection reads the log from its own checkpoint.
//!
//! An event that a projection cannot digest parks that event's stream in that projection only; the rest goes on.

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Acquire, Sqlite, Transaction};

use crate::store::StoreError;
use crate::store::log::{LoggedEvent, StreamName};

/// Why a projection did not take an event.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The database failed; the step is rolled back and tried again.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The event cannot be digested, today or tomorrow; the text holds no personal data.
    #[error("{0}")]
    Undigestible(String),
}

impl ProjectionError {
    /// Whether trying again is pointless: a constraint that the same rows will violate again, or the event itself.
    fn is_final(&self) -> bool {
        match self {
            Self::Undigestible(_) => true,
            Self::Database(sqlx::Error::Database(e)) => {
                e.is_unique_violation() || e.is_check_violation() || e.is_foreign_key_violation()
            }
            Self::Database(_) => false,
        }
    }
}

/// A read model that follows the log.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Names the checkpoint; never changes once used.
    fn name(&self) -> &'static str;
    /// Applies events, in log order, inside the pump's transaction.
    async fn apply(&self, tx: &mut SqliteConnection, events: &[LoggedEvent]) -> Result<(), ProjectionError>;
}

/// Brings one projection up to at most `limit` events further; returns how many it read.
pub(super) async fn advance(
    tx: &mut Transaction<'_, Sqlite>,
    projection: &dyn Projection,
    limit: u32,
) -> Result<usize, StoreError> {
    let checkpoint: Option<i64> = sqlx::query_scalar("SELECT position FROM checkpoints WHERE projection = ?")
        .bind(projection.name())
        .fetch_optional(&mut **tx)
        .await?;
    let batch: Vec<LoggedEvent> = sqlx::query_as(include_str!("sql/logged_after.sql"))
        .bind(checkpoint.unwrap_or(0))
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
    let Some(last) = batch.last().map(|event| event.position) else { return Ok(0) };
    let read = batch.len();
    let parked = parked_streams(tx, projection.name()).await?;
    let digestible: Vec<_> = batch.into_iter().filter(|event| !parked.contains(&event.stream())).collect();
    apply_or_park(tx, projection, &digestible).await?;
    sqlx::query(include_str!("sql/save_checkpoint.sql"))
        .bind(projection.name())
        .bind(last.cast_signed())
        .execute(&mut **tx)
        .await?;
    Ok(read)
}

/// The whole batch at once; if that fails for good, event by event to find the stream at fault.
async fn apply_or_park(
    tx: &mut Transaction<'_, Sqlite>,
    projection: &dyn Projection,
    events: &[LoggedEvent],
) -> Result<(), StoreError> {
    if try_apply(tx, projection, events).await?.is_ok() {
        return Ok(());
    }
    let mut parked = HashSet::new();
    for event in events {
        if parked.contains(&event.stream()) {
            continue;
        }
        if let Err(error) = try_apply(tx, projection, std::slice::from_ref(event)).await? {
            tracing::error!(projection = projection.name(), stream = %event.stream(), position = event.position,
                %error, "a projection parked a stream");
            park(tx, projection.name(), event, &error).await?;
            parked.insert(event.stream());
        }
    }
    Ok(())
}

/// Applies inside a savepoint. The outer error asks for the whole step to be tried again, the inner one is final.
async fn try_apply(
    tx: &mut Transaction<'_, Sqlite>,
    projection: &dyn Projection,
    events: &[LoggedEvent],
) -> Result<Result<(), ProjectionError>, StoreError> {
    if events.is_empty() {
        return Ok(Ok(()));
    }
    let mut savepoint = tx.begin().await?;
    match projection.apply(&mut savepoint, events).await {
        Ok(()) => {
            savepoint.commit().await?;
            Ok(Ok(()))
        }
        Err(error) if error.is_final() => {
            savepoint.rollback().await?;
            Ok(Err(error))
        }
        Err(ProjectionError::Database(error)) => Err(StoreError::Database(error)),
        Err(ProjectionError::Undigestible(error)) => Err(StoreError::Damaged(error)),
    }
}

async fn parked_streams(
    tx: &mut Transaction<'_, Sqlite>,
    projection: &str,
) -> Result<HashSet<StreamName>, StoreError> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT aggregate_type, aggregate_id FROM parked_streams WHERE projection = ?")
            .bind(projection)
            .fetch_all(&mut **tx)
            .await?;
    Ok(rows
        .into_iter()
        .map(|(aggregate_type, aggregate_id)| StreamName { aggregate_type, aggregate_id })
        .collect())
}

async fn park(
    tx: &mut Transaction<'_, Sqlite>,
    projection: &str,
    event: &LoggedEvent,
    error: &ProjectionError,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/park_stream.sql"))
        .bind(projection)
        .bind(&event.aggregate_type)
        .bind(&event.aggregate_id)
        .bind(event.position.cast_signed())
        .bind(error.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
