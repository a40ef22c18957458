//! Read models in the pump's transaction: each projection reads the log from its own checkpoint.
//!
//! An event that a projection cannot digest parks that event's stream in that projection only; the rest goes on.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use super::StoreError;
use super::database::{Transaction, in_transaction};
use super::entry::Entry;
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
    /// An event, or a row of the projection's own, that does not parse.
    pub(super) fn unparsed(error: impl std::error::Error) -> Self {
        tracing::debug!(%error, "an event or a row does not parse");
        Self::Undigestible("the event does not parse".into())
    }

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
    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError>;
}

/// Lets each projection read a batch of at most `limit` events from its own checkpoint on.
///
/// Projections that stand at the same place, as they do unless one was added or rebuilt, share what is read and parsed.
pub(super) async fn advance_all(
    tx: &mut Transaction,
    projections: &[Box<dyn Projection>],
    limit: u32,
) -> Result<(), StoreError> {
    let checkpoints = checkpoints(tx).await?;
    let mut batches: HashMap<i64, Vec<Entry>> = HashMap::new();
    for projection in projections {
        let from = checkpoints.get(projection.name()).copied().unwrap_or(0);
        if let Slot::Vacant(slot) = batches.entry(from) {
            slot.insert(read(tx, from, limit).await?);
        }
        take(tx, projection.as_ref(), &batches[&from]).await?;
    }
    Ok(())
}

/// The batch of at most `limit` events behind a position.
pub(super) async fn read(tx: &mut Transaction, after: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let events: Vec<LoggedEvent> = in_transaction!(tx, |db| {
        sqlx::query_as(include_str!("sql/logged_after.sql"))
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
    })?;
    Ok(events.into_iter().map(Entry::new).collect())
}

/// Where a projection stands; 0 before its first event.
pub(super) async fn checkpoint(tx: &mut Transaction, projection: &str) -> Result<i64, StoreError> {
    Ok(checkpoints(tx).await?.get(projection).copied().unwrap_or(0))
}

async fn checkpoints(tx: &mut Transaction) -> Result<HashMap<String, i64>, StoreError> {
    let rows: Vec<(String, i64)> = in_transaction!(tx, |db| {
        sqlx::query_as("SELECT projection, position FROM checkpoints").fetch_all(db).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Applies the batch that begins at the projection's checkpoint, leaving parked streams out, and moves the checkpoint.
pub(super) async fn take(
    tx: &mut Transaction,
    projection: &dyn Projection,
    batch: &[Entry],
) -> Result<(), StoreError> {
    let Some(last) = batch.last().map(|event| event.position) else { return Ok(()) };
    let name = projection.name();
    let parked = parked_streams(tx, name).await?;
    if parked.is_empty() {
        apply_or_park(tx, projection, batch).await?;
    } else {
        let digestible: Vec<_> =
            batch.iter().filter(|event| !parked.contains(&event.stream())).cloned().collect();
        apply_or_park(tx, projection, &digestible).await?;
    }
    in_transaction!(tx, |db| {
        sqlx::query(include_str!("sql/save_checkpoint.sql"))
            .bind(name)
            .bind(last.cast_signed())
            .execute(db)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// The whole batch at once; if that fails for good, event by event to find the stream at fault.
async fn apply_or_park(
    tx: &mut Transaction,
    projection: &dyn Projection,
    events: &[Entry],
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
    events: &[Entry],
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
    event: &Entry,
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
