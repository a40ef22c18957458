//! Read models made anew from the log, beside the ones that are served, and put in their place in one step.
//!
//! What could not be digested before is tried again: a rebuild is also how a parked stream is retried.

use super::database::{Connection, Database, Transaction, in_transaction, on_reader, shadow_of};
use super::numbering::take_head;
use super::projection::{Projection, advance};
use super::{Store, StoreError, sqlite};

/// Events of one transaction: on a file nobody else writes meanwhile, for some tens of milliseconds.
const BATCH: u32 = 1_000;

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
        let _alone = self.lock_rebuild(&shadow).await?;
        self.make_shadows(&shadow).await?;
        loop {
            let status = &self.projection_status(&[&shadow.name]).await?[0];
            progress(status.position, status.position + status.lag);
            if status.lag < BATCH.into() {
                break;
            }
            let mut tx = self.database.begin().await?;
            tx.shadow(projection.tables());
            advance(&mut tx, &shadow, BATCH).await?;
            tx.commit().await?;
        }
        self.swap(&shadow).await
    }

    /// Held as long as the rebuild runs: two nodes that fill one shadow would overwrite each other's later rows.
    ///
    /// On a file each step has the database to itself; there, of two rebuilds the second to swap finds no shadow and fails.
    async fn lock_rebuild(&self, shadow: &Shadow<'_>) -> Result<Option<Transaction>, StoreError> {
        let Database::Postgres(_) = &self.database else { return Ok(None) };
        // Read committed and idle between two statements, so that it holds back no vacuum.
        let mut tx = self.database.begin().await?;
        let Connection::Postgres(db) = tx.connection() else { return Ok(None) };
        let locked: bool = sqlx::query_scalar(include_str!("postgres/sql/lock_rebuild.sql"))
            .bind(&shadow.name)
            .fetch_one(db)
            .await?;
        if locked { Ok(Some(tx)) } else { Err(StoreError::Rebuilding(shadow.of.name().to_owned())) }
    }

    /// Empty shadows, whatever a rebuild that broke off has left.
    async fn make_shadows(&self, shadow: &Shadow<'_>) -> Result<(), StoreError> {
        let rebuild = chrono::Utc::now().timestamp_micros();
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
        }
        for forget in [
            "DELETE FROM checkpoints WHERE projection = $1",
            "DELETE FROM parked_streams WHERE projection = $1",
        ] {
            in_transaction!(tx, |db| sqlx::query(forget).bind(&shadow.name).execute(db).await.map(drop))?;
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
        while advance(&mut tx, shadow, BATCH).await? > 0 {}
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
        events: &[super::log::LoggedEvent],
    ) -> Result<(), super::projection::ProjectionError> {
        self.of.apply(tx, events).await
    }
}
