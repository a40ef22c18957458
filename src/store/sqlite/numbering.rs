//! Gives committed events their place in the log and their leaf in the hash tree.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow, Row};

use crate::store::StoreError;
use crate::store::log::merkle::CompactRange;
use crate::store::log::{LoggedEvent, OrderCheck};

impl FromRow<'_, SqliteRow> for LoggedEvent {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            position: row.try_get::<i64, _>("position")?.cast_unsigned(),
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            sequence: row.try_get::<i64, _>("sequence")?.cast_unsigned(),
            event_type: row.try_get("event_type")?,
            event_version: row.try_get("event_version")?,
            payload: row.try_get("payload")?,
            metadata: row.try_get("metadata")?,
            recorded_at: row.try_get("recorded_at")?,
        })
    }
}

/// Numbers up to `limit` waiting events inside the caller's write transaction; returns how many.
pub(super) async fn number_waiting(tx: &mut SqliteConnection, limit: u32) -> Result<usize, StoreError> {
    let waiting = sqlx::query(include_str!("sql/unnumbered.sql")).bind(limit).fetch_all(&mut *tx).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut tree = load_tree(tx).await?;
    let mut order = OrderCheck::default();
    for row in &waiting {
        let event = LoggedEvent::from_row(row)?;
        order.admit(&event, row.try_get("follows_a_numbered_event")?).map_err(StoreError::Damaged)?;
        let leaf = event.leaf();
        tree.append(leaf);
        sqlx::query("UPDATE events SET position = ?, leaf = ? WHERE rowid = ?")
            .bind(tree.size().cast_signed())
            .bind(leaf.as_slice())
            .bind(row.try_get::<i64, _>("row_number")?)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query("UPDATE log_head SET size = ?, subtrees = ?, root = ?")
        .bind(tree.size().cast_signed())
        .bind(tree.to_bytes())
        .bind(tree.root().as_slice())
        .execute(&mut *tx)
        .await?;
    Ok(waiting.len())
}

async fn load_tree(tx: &mut SqliteConnection) -> Result<CompactRange, StoreError> {
    let (size, subtrees): (i64, Vec<u8>) =
        sqlx::query_as("SELECT size, subtrees FROM log_head").fetch_one(tx).await?;
    CompactRange::from_bytes(size.cast_unsigned(), &subtrees).map_err(|e| StoreError::Damaged(e.to_string()))
}
