//! Verifies the log on PostgreSQL.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row};

use crate::store::StoreError;
use crate::store::log::LoggedEvent;
use crate::store::log::verify::{LogHead, Verified, VerifyError, Walk};

const BATCH: i64 = 1000;

/// Walks all numbered events in order and compares every leaf, every stream's order and the tree head.
///
/// One snapshot throughout, so running servers may go on appending.
pub async fn verify_log(pool: &PgPool) -> Result<Verified, VerifyError> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let mut snapshot = pool.begin_with(begin).await.map_err(StoreError::from)?;
    let (size, root) = sqlx::query_as("SELECT size, root FROM log_head")
        .fetch_one(&mut *snapshot)
        .await
        .map_err(StoreError::from)?;
    let head = LogHead::from_stored(size, root)?;
    let mut walk = Walk::default();
    while step(&mut snapshot, &mut walk).await? {}
    let unnumbered: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE position IS NULL")
        .fetch_one(&mut *snapshot)
        .await
        .map_err(StoreError::from)?;
    walk.finish(head, unnumbered.cast_unsigned())
}

/// One batch; false at the end.
async fn step(snapshot: &mut PgConnection, walk: &mut Walk) -> Result<bool, VerifyError> {
    let rows: Vec<PgRow> = sqlx::query(include_str!("sql/logged_after.sql"))
        .bind(walk.position().cast_signed())
        .bind(BATCH)
        .fetch_all(snapshot)
        .await
        .map_err(StoreError::from)?;
    for row in &rows {
        let event = LoggedEvent::from_row(row).map_err(StoreError::from)?;
        let leaf: Option<Vec<u8>> = row.try_get("leaf").map_err(StoreError::from)?;
        walk.step(&event, leaf.as_deref())?;
    }
    Ok(!rows.is_empty())
}
