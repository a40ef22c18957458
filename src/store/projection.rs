//! Read models in the pump's transaction: each projection reads the log from its own checkpoint.
//!
//! An event that a projection cannot digest parks that event's stream in that projection only; the rest goes on.

use std::collections::HashSet;

use async_trait::async_trait;

use super::StoreError;
use super::database::{Transaction, in_transaction};
use super::faults::is_refused_for_good;
use super::log::{LoggedEvent, StreamName};

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
            Self::Database(error) => is_refused_for_good(error),
        }
    }
}

/// A read model that follows the log.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Names the checkpoint; never changes once used.
    fn name(&self) -> &str;
    /// The tables that it alone writes; a rebuild fills shadows of them.
    fn tables(&self) -> &'static [&'static str];
    /// Applies events, in log order, inside the pump's transaction; its statements pass through [`Transaction::sql`].
    async fn apply(&self, tx: &mut Transaction, events: &[LoggedEvent]) -> Result<(), ProjectionError>;
}

/// Brings one projection up to at most `limit` events further; returns how many it read.
pub(super) async fn advance(
    tx: &mut Transaction,
    projection: &dyn Projection,
    limit: u32,
) -> Result<usize, StoreError> {
    let name = projection.name();
    let checkpoint: Option<i64> = in_transaction!(tx, |db| {
        sqlx::query_scalar("SELECT position FROM checkpoints WHERE projection = $1")
            .bind(name)
            .fetch_optional(db)
            .await
    })?;
    let batch: Vec<LoggedEvent> = in_transaction!(tx, |db| {
        sqlx::query_as(include_str!("sql/logged_after.sql"))
            .bind(checkpoint.unwrap_or(0))
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
    })?;
    let Some(last) = batch.last().map(|event| event.position) else { return Ok(0) };
    let read = batch.len();
    let parked = parked_streams(tx, name).await?;
    let digestible: Vec<_> = batch.into_iter().filter(|event| !parked.contains(&event.stream())).collect();
    apply_or_park(tx, projection, &digestible).await?;
    in_transaction!(tx, |db| {
        sqlx::query(include_str!("sql/save_checkpoint.sql"))
            .bind(name)
            .bind(last.cast_signed())
            .execute(db)
            .await
            .map(drop)
    })?;
    Ok(read)
}

/// The whole batch at once; if that fails for good, event by event to find the stream at fault.
async fn apply_or_park(
    tx: &mut Transaction,
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
    tx: &mut Transaction,
    projection: &dyn Projection,
    events: &[LoggedEvent],
) -> Result<Result<(), ProjectionError>, StoreError> {
    if events.is_empty() {
        return Ok(Ok(()));
    }
    tx.run("SAVEPOINT applying").await?;
    match projection.apply(tx, events).await {
        Ok(()) => {
            tx.run("RELEASE SAVEPOINT applying").await?;
            Ok(Ok(()))
        }
        Err(error) if error.is_final() => {
            tx.run("ROLLBACK TO SAVEPOINT applying; RELEASE SAVEPOINT applying").await?;
            Ok(Err(error))
        }
        Err(ProjectionError::Database(error)) => Err(StoreError::Database(error)),
        Err(ProjectionError::Undigestible(error)) => Err(StoreError::Damaged(error)),
    }
}

async fn parked_streams(tx: &mut Transaction, projection: &str) -> Result<HashSet<StreamName>, StoreError> {
    let rows: Vec<(String, String)> = in_transaction!(tx, |db| {
        sqlx::query_as("SELECT aggregate_type, aggregate_id FROM parked_streams WHERE projection = $1")
            .bind(projection)
            .fetch_all(db)
            .await
    })?;
    let named = |(aggregate_type, aggregate_id)| StreamName { aggregate_type, aggregate_id };
    Ok(rows.into_iter().map(named).collect())
}

async fn park(
    tx: &mut Transaction,
    projection: &str,
    event: &LoggedEvent,
    error: &ProjectionError,
) -> Result<(), StoreError> {
    in_transaction!(tx, |db| {
        sqlx::query(include_str!("sql/park_stream.sql"))
            .bind(projection)
            .bind(&event.aggregate_type)
            .bind(&event.aggregate_id)
            .bind(event.position.cast_signed())
            .bind(error.to_string())
            .execute(db)
            .await
            .map(drop)
    })?;
    Ok(())
}
