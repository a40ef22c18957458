//! Read models in the pump's transaction: each projection reads the log from its own checkpoint.
//!
//! An event that a projection cannot digest parks that event's stream in that projection only; the rest goes on.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sqlx::QueryBuilder;

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

impl From<ProjectionError> for StoreError {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Database(error) => Self::Database(error),
            ProjectionError::Undigestible(error) => Self::Damaged(error),
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
/// Projections that stand at the same place, as they do unless one was added or rebuilt, share what is read and parsed. True if
/// one of them read a whole batch.
pub(super) async fn advance_all(
    tx: &mut Transaction,
    projections: &[Box<dyn Projection>],
    limit: u32,
) -> Result<bool, StoreError> {
    let (checkpoints, parked) = (checkpoints(tx).await?, parked_streams(tx).await?);
    let mut batches: HashMap<i64, Vec<Entry>> = HashMap::new();
    let mut turns = Vec::with_capacity(projections.len());
    for projection in projections {
        let from = checkpoints.get(projection.name()).copied().unwrap_or(0);
        if let Slot::Vacant(slot) = batches.entry(from) {
            slot.insert(read(tx, from, limit).await?);
        }
        let batch = &batches[&from];
        if let Some(last) = batch.last() {
            let digestible = without(batch, parked.get(projection.name()));
            turns.push((projection.as_ref(), digestible, last.position));
        }
    }
    if !try_all(tx, &turns).await? {
        for (projection, events, _) in &turns {
            apply_or_park(tx, *projection, events).await?;
        }
    }
    let reached: Vec<_> = turns.iter().map(|(projection, _, last)| (projection.name(), *last)).collect();
    save_checkpoints(tx, &reached).await?;
    Ok(batches.values().any(|batch| batch.len() == limit as usize))
}

/// A projection, what it is to take, and the position that it then has reached.
type Turn<'a> = (&'a dyn Projection, Vec<Entry>, u64);

/// All of them behind one savepoint, for almost always all of them work; false, and nothing done, if one refuses for good.
async fn try_all(tx: &mut Transaction, turns: &[Turn<'_>]) -> Result<bool, StoreError> {
    tx.run("SAVEPOINT all_of_them").await?;
    for (projection, events, _) in turns {
        match projection.apply(tx, events).await {
            Ok(()) => {}
            Err(error) if error.is_final() => {
                tx.run("ROLLBACK TO SAVEPOINT all_of_them; RELEASE SAVEPOINT all_of_them").await?;
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
    }
    tx.run("RELEASE SAVEPOINT all_of_them").await?;
    Ok(true)
}

fn without(batch: &[Entry], parked: Option<&HashSet<StreamName>>) -> Vec<Entry> {
    let is_parked = |event: &Entry| parked.is_some_and(|parked| parked.contains(&event.stream()));
    batch.iter().filter(|event| !is_parked(event)).cloned().collect()
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
    let parked = parked_streams(tx).await?;
    apply_or_park(tx, projection, &without(batch, parked.get(projection.name()))).await?;
    save_checkpoints(tx, &[(projection.name(), last)]).await
}

async fn save_checkpoints(tx: &mut Transaction, reached: &[(&str, u64)]) -> Result<(), StoreError> {
    if reached.is_empty() {
        return Ok(());
    }
    let (head, tail) = tx.sql_around_values(include_str!("sql/save_checkpoints.sql"));
    in_transaction!(tx, |db| {
        let mut insert = QueryBuilder::new(&head);
        insert.push_values(reached, |mut row, (projection, position)| {
            row.push_bind(*projection).push_bind(position.cast_signed());
        });
        insert.push(&tail).build().execute(db).await.map(drop)
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
        Err(error) => Err(error.into()),
    }
}

/// What each projection leaves out.
async fn parked_streams(tx: &mut Transaction) -> Result<HashMap<String, HashSet<StreamName>>, StoreError> {
    let rows: Vec<(String, String, String)> = in_transaction!(tx, |db| {
        sqlx::query_as("SELECT projection, aggregate_type, aggregate_id FROM parked_streams")
            .fetch_all(db)
            .await
    })?;
    let mut parked: HashMap<_, HashSet<_>> = HashMap::new();
    for (projection, aggregate_type, aggregate_id) in rows {
        parked.entry(projection).or_default().insert(StreamName { aggregate_type, aggregate_id });
    }
    Ok(parked)
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
