//! Verifies the log as it stands in the database.

use super::database::{Transaction, in_transaction};
use super::log::LoggedEvent;
use super::log::verify::{LogHead, Verified, VerifyError, Walk};
use super::{Store, StoreError};

const BATCH: i64 = 1000;

/// An event with the leaf that is kept beside it.
#[derive(sqlx::FromRow)]
struct WithLeaf {
    #[sqlx(flatten)]
    event: LoggedEvent,
    leaf: Option<Vec<u8>>,
}

impl Store {
    /// Walks all numbered events in order and compares every leaf, every stream's order and the tree head.
    ///
    /// One snapshot throughout, so running servers may go on appending.
    pub async fn verify_log(&self) -> Result<Verified, VerifyError> {
        let mut snapshot = self.database.snapshot().await.map_err(StoreError::from)?;
        let (size, root) = in_transaction!(snapshot, |db| {
            sqlx::query_as("SELECT size, root FROM log_head").fetch_one(db).await
        })
        .map_err(StoreError::from)?;
        let head = LogHead::from_stored(size, root)?;
        let mut walk = Walk::default();
        while step(&mut snapshot, &mut walk).await? {}
        let unnumbered: i64 = in_transaction!(snapshot, |db| {
            sqlx::query_scalar("SELECT count(*) FROM events WHERE position IS NULL").fetch_one(db).await
        })
        .map_err(StoreError::from)?;
        walk.finish(head, unnumbered.cast_unsigned())
    }
}

/// One batch; false at the end.
async fn step(snapshot: &mut Transaction, walk: &mut Walk) -> Result<bool, VerifyError> {
    let after = walk.position().cast_signed();
    let rows: Vec<WithLeaf> = in_transaction!(snapshot, |db| {
        sqlx::query_as(include_str!("sql/logged_after_with_leaf.sql"))
            .bind(after)
            .bind(BATCH)
            .fetch_all(db)
            .await
    })
    .map_err(StoreError::from)?;
    for WithLeaf { event, leaf } in &rows {
        walk.step(event, leaf.as_deref())?;
    }
    Ok(!rows.is_empty())
}
