//! Appends to a file: every commit waits for the disk, so what arrives during one commit shares the next.
//!
//! One task takes turns with the pump on the writer connection. Whoever appends is answered after the commit.

use std::collections::HashSet;
use std::sync::Arc;

use cqrs_es::persist::SerializedEvent;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use crate::store::faults::is_unavailable;

/// Commands whose events share a commit.
const MOST: usize = 256;
/// Seven values a row; SQLite takes 32,766 in one statement.
const ROWS: usize = 4_000;

/// Why nothing was appended.
#[derive(Clone, Debug, thiserror::Error)]
pub(in crate::store) enum AppendError {
    /// The stream has such an event already: another command won the race.
    #[error("the stream went on meanwhile")]
    LostRace,
    /// The database refused.
    #[error("database: {0}")]
    Database(Arc<sqlx::Error>),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// The events of one command, and who waits for their commit.
struct Append {
    events: Vec<SerializedEvent>,
    done: oneshot::Sender<Result<(), AppendError>>,
}

/// Where appends queue.
#[derive(Clone)]
pub(in crate::store) struct Appends(mpsc::Sender<Append>);

impl Appends {
    /// Appends over the writer connection, by a task of the runtime that calls this; it ends with the last clone.
    pub(in crate::store) fn over(writer: SqlitePool) -> Self {
        let (sender, queue) = mpsc::channel(MOST);
        tokio::spawn(serve(writer, queue));
        Self(sender)
    }

    /// Appends all of the events, which continue one stream, or none.
    pub(in crate::store) async fn append(&self, events: &[SerializedEvent]) -> Result<(), AppendError> {
        if events.is_empty() {
            return Ok(());
        }
        let (done, committed) = oneshot::channel();
        let append = Append { events: events.to_vec(), done };
        self.0.send(append).await.map_err(|_| AppendError::Closed)?;
        committed.await.unwrap_or(Err(AppendError::Closed))
    }
}

async fn serve(writer: SqlitePool, mut queue: mpsc::Receiver<Append>) {
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, MOST).await > 0 {
        while !waiting.is_empty() {
            // Of one stream the first only: the next has lost the race against it, and is told so in its own turn.
            let mut streams = HashSet::new();
            let of_its_stream = |append: &mut Append| streams.insert(append.stream());
            let turn: Vec<Append> = waiting.extract_if(.., of_its_stream).collect();
            settle(&writer, turn).await;
        }
    }
}

impl Append {
    fn stream(&self) -> (String, String) {
        (self.events[0].aggregate_type.clone(), self.events[0].aggregate_id.clone())
    }
}

/// Commits them together; if the database refuses the rows of one, each alone, so that only that one fails.
async fn settle(writer: &SqlitePool, turn: Vec<Append>) {
    match commit(writer, &turn).await {
        Ok(lost) => {
            for append in turn {
                let outcome =
                    if lost.contains(&append.stream()) { Err(AppendError::LostRace) } else { Ok(()) };
                // Nobody may be waiting any more.
                let _ = append.done.send(outcome);
            }
        }
        Err(error) if turn.len() > 1 && !is_unavailable(&error) => {
            for append in turn {
                Box::pin(settle(writer, vec![append])).await;
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for append in turn {
                let _ = append.done.send(Err(AppendError::Database(Arc::clone(&error))));
            }
        }
    }
}

/// Inserts what continues its stream; returns the streams that went on meanwhile.
async fn commit(writer: &SqlitePool, turn: &[Append]) -> sqlx::Result<HashSet<(String, String)>> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let lost = lost_races(&mut tx, turn).await?;
    let won: Vec<&SerializedEvent> = turn
        .iter()
        .filter(|append| !lost.contains(&append.stream()))
        .flat_map(|append| &append.events)
        .collect();
    for rows in won.chunks(ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) ",
        );
        insert.push_values(rows, |mut row, event| {
            row.push_bind(&event.aggregate_type)
                .push_bind(&event.aggregate_id)
                .push_bind((event.sequence as u64).cast_signed())
                .push_bind(&event.event_type)
                .push_bind(&event.event_version)
                .push_bind(event.payload.to_string())
                .push_bind(event.metadata.to_string());
        });
        insert.build().persistent(rows.len() == 1).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(lost)
}

/// A stream has no gaps: it went on exactly if the first of the new events is there.
async fn lost_races(db: &mut SqliteConnection, turn: &[Append]) -> sqlx::Result<HashSet<(String, String)>> {
    let mut found = QueryBuilder::<Sqlite>::new("SELECT events.aggregate_type, events.aggregate_id FROM (");
    found.push_values(turn, |mut row, append| {
        let first = &append.events[0];
        row.push_bind(&first.aggregate_type)
            .push_bind(&first.aggregate_id)
            .push_bind((first.sequence as u64).cast_signed());
    });
    // CROSS JOIN keeps the order: each of the few rows is looked up by the primary key, and no event is walked over.
    found.push(
        ") AS first CROSS JOIN events ON events.aggregate_type = first.column1 \
         AND events.aggregate_id = first.column2 AND events.sequence = first.column3",
    );
    let lost: Vec<(String, String)> =
        found.build_query_as().persistent(turn.len() == 1).fetch_all(db).await?;
    Ok(lost.into_iter().collect())
}
