//! Read models made anew from the log, beside the ones that are served, and put in their place in one step.
//!
//! What could not be digested before is tried again: a rebuild is also how a parked stream is retried.

use tokio::sync::mpsc;

use super::database::{Connection, Transaction, in_transaction, on_reader, shadow_of};
use super::entry::Entry;
use super::log::LoggedEvent;
use super::numbering::take_head;
use super::projection::{Projection, checkpoint, read, take};
use super::sqlite::lock::FileLock;
use super::{Store, StoreError, postgres, sqlite};

/// Events of one transaction: on a file nobody else writes meanwhile, for some tens of milliseconds.
const BATCH: u32 = 2_000;
/// Batches that wait to be written.
const AHEAD: usize = 2;

/// How a projection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The last position that it read.
    pub position: u64,
    /// Numbered events that it has not read.
    pub lag: u64,
    /// Streams that it left out because an event could not be digested.
    pub parked: u64,
}

/// What a rebuild came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events read.
    pub events: u64,
    /// Streams left out.
    pub parked: u64,
}

impl Store {
    /// How projections of these names stand.
    pub async fn projection_status(&self, names: &[&str]) -> Result<Vec<ProjectionStatus>, StoreError> {
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            let (position, size, parked): (i64, i64, i64) = on_reader!(self.database, |db| {
                sqlx::query_as(include_str!("sql/projection_status.sql")).bind(name).fetch_one(db).await
            })?;
            all.push(ProjectionStatus {
                name: (*name).to_owned(),
                position: position.cast_unsigned(),
                lag: (size - position).max(0).cast_unsigned(),
                parked: parked.cast_unsigned(),
            });
        }
        Ok(all)
    }

    /// Rebuilds a projection while everything goes on; `progress` is told the last position read and the log's size.
    pub async fn rebuild(
        &self,
        projection: &dyn Projection,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Rebuilt, StoreError> {
        let shadow = Shadow { of: projection, name: shadow_of(projection.name()) };
        let alone = self.lock_rebuild(&shadow).await?;
        let rebuilt = self.fill_and_swap(&shadow, &mut progress).await;
        alone.release().await?;
        rebuilt
    }

    async fn fill_and_swap(
        &self,
        shadow: &Shadow<'_>,
        progress: &mut (impl FnMut(u64, u64) + Send),
    ) -> Result<Rebuilt, StoreError> {
        let set_aside = self.make_shadows(shadow).await?;
        let mut ahead = self.read_ahead();
        while let Some(batch) = ahead.recv().await {
            let batch = batch?;
            let position = batch.last().map_or(0, |event| event.position);
            let mut tx = self.database.begin().await?;
            tx.shadow(shadow.of.tables());
            take(&mut tx, shadow, &batch).await?;
            tx.commit().await?;
            progress(position, self.log_head().await?.size);
        }
        self.index(&set_aside).await?;
        self.swap(shadow).await
    }

    /// Full batches of the log from its beginning, read and parsed while the one before is written; what is left at the
    /// end is less than a batch.
    fn read_ahead(&self) -> mpsc::Receiver<Result<Vec<Entry>, StoreError>> {
        let (batches, ahead) = mpsc::channel(AHEAD);
        let store = self.clone();
        tokio::spawn(async move {
            let mut last = 0;
            loop {
                let read = store.parsed_after(last).await;
                match &read {
                    Ok(batch) if batch.len() < BATCH as usize => return,
                    Ok(batch) => last = batch.last().map_or(last, |event| event.position.cast_signed()),
                    Err(_) => {}
                }
                let failed = read.is_err();
                // Nobody takes it any more once the rebuild has failed.
                if batches.send(read).await.is_err() || failed {
                    return;
                }
            }
        });
        ahead
    }

    async fn parsed_after(&self, position: i64) -> Result<Vec<Entry>, StoreError> {
        let events: Vec<LoggedEvent> = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/logged_after.sql"))
                .bind(position)
                .bind(i64::from(BATCH))
                .fetch_all(db)
                .await
        })?;
        let parse = move || {
            let entries: Vec<_> = events.into_iter().map(Entry::new).collect();
            // One that does not parse is found again, and parked, when it is applied.
            entries.iter().for_each(|entry| drop(entry.session()));
            entries
        };
        tokio::task::spawn_blocking(parse).await.map_err(|error| StoreError::Damaged(error.to_string()))
    }

    /// Held as long as the rebuild runs: two that fill one shadow would overwrite each other's later rows.
    async fn lock_rebuild(&self, shadow: &Shadow<'_>) -> Result<RebuildLock, StoreError> {
        let running = || StoreError::Rebuilding(shadow.of.name().to_owned());
        if let Some(file) = self.address.file() {
            return FileLock::take(file, &shadow.name)?.map(RebuildLock::File).ok_or_else(running);
        }
        // Read committed and idle between two statements, so that it holds back no vacuum.
        let mut tx = self.database.begin().await?;
        let locked: bool = match tx.connection() {
            Connection::Sqlite(_) => false,
            Connection::Postgres(db) => {
                let lock = include_str!("postgres/sql/lock_rebuild.sql");
                sqlx::query_scalar(lock).bind(&shadow.name).fetch_one(db).await?
            }
        };
        if locked { Ok(RebuildLock::Server(tx)) } else { Err(running()) }
    }

    /// Empty shadows, whatever a rebuild that broke off has left. Returns what makes the indexes that are set aside until
    /// the shadows are full.
    async fn make_shadows(&self, shadow: &Shadow<'_>) -> Result<Vec<String>, StoreError> {
        let rebuild = chrono::Utc::now().timestamp_micros();
        let mut set_aside = vec![];
        let mut tx = self.database.begin().await?;
        for table in shadow.of.tables() {
            let name = shadow_of(table);
            tx.run(&format!("DROP TABLE IF EXISTS {name}")).await?;
            let statements = match tx.connection() {
                Connection::Sqlite(db) => sqlite::shadow::statements(db, table, rebuild).await?,
                Connection::Postgres(_) => vec![format!("CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")],
            };
            for statement in statements {
                tx.run(&statement).await?;
            }
            if let Connection::Postgres(db) = tx.connection() {
                set_aside.extend(postgres::shadow::set_indexes_aside(db, &name).await?);
            }
        }
        for forget in [
            "DELETE FROM checkpoints WHERE projection = $1",
            "DELETE FROM parked_streams WHERE projection = $1",
        ] {
            in_transaction!(tx, |db| sqlx::query(forget).bind(&shadow.name).execute(db).await.map(drop))?;
        }
        tx.commit().await?;
        Ok(set_aside)
    }

    /// Makes the indexes that were set aside; only the rebuild looks at their tables yet.
    async fn index(&self, set_aside: &[String]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for statement in set_aside {
            tx.run(statement).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Reads the last events with the log held, and lets the shadows take the tables' place.
    async fn swap(&self, shadow: &Shadow<'_>) -> Result<Rebuilt, StoreError> {
        let mut tx = loop {
            let mut tx = self.database.begin().await?;
            if take_head(&mut tx).await?.is_some() {
                break tx;
            }
            // Another node numbers; it is done in milliseconds.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        };
        tx.shadow(shadow.of.tables());
        loop {
            let from = checkpoint(&mut tx, &shadow.name).await?;
            let batch = read(&mut tx, from, BATCH).await?;
            if batch.is_empty() {
                break;
            }
            take(&mut tx, shadow, &batch).await?;
        }
        tx.reveal();
        for table in shadow.of.tables() {
            tx.run(&format!("DROP TABLE {table}")).await?;
            tx.run(&format!("ALTER TABLE {} RENAME TO {table}", shadow_of(table))).await?;
        }
        for table in ["checkpoints", "parked_streams"] {
            let forget = format!("DELETE FROM {table} WHERE projection = $1");
            let take_over = format!("UPDATE {table} SET projection = $1 WHERE projection = $2");
            in_transaction!(tx, |db| {
                sqlx::query(&forget).bind(shadow.of.name()).execute(&mut *db).await?;
                sqlx::query(&take_over).bind(shadow.of.name()).bind(&shadow.name).execute(db).await.map(drop)
            })?;
        }
        tx.commit().await?;
        let status = &self.projection_status(&[shadow.of.name()]).await?[0];
        Ok(Rebuilt { events: status.position, parked: status.parked })
    }
}

/// What keeps a second rebuild of a projection away.
enum RebuildLock {
    File(FileLock),
    Server(Transaction),
}

impl RebuildLock {
    /// Lets go at once: a transaction that is only dropped is rolled back some time later.
    async fn release(self) -> sqlx::Result<()> {
        match self {
            Self::File(lock) => {
                drop(lock);
                Ok(())
            }
            Self::Server(tx) => tx.commit().await,
        }
    }
}

/// A projection with a checkpoint and parked streams of its own.
struct Shadow<'p> {
    of: &'p dyn Projection,
    name: String,
}

#[async_trait::async_trait]
impl Projection for Shadow<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn tables(&self) -> &'static [&'static str] {
        self.of.tables()
    }

    async fn apply(
        &self,
        tx: &mut Transaction,
        events: &[Entry],
    ) -> Result<(), super::projection::ProjectionError> {
        self.of.apply(tx, events).await
    }
}
