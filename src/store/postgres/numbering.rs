//! Gives committed events their place in the log and their leaf in the hash tree.
//!
//! Any number of nodes may call it: whoever locks the one row of `log_head` works, the others see that and leave.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row};

use crate::store::StoreError;
use crate::store::log::merkle::CompactRange;
use crate::store::log::{LoggedEvent, OrderCheck};

impl FromRow<'_, PgRow> for LoggedEvent {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
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

/// What one call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    /// Another node is numbering right now.
    Elsewhere,
    /// This many events got their number.
    Events(usize),
}

/// Numbers up to `limit` waiting events in one transaction.
pub async fn number_waiting(pool: &PgPool, limit: u32) -> Result<Numbered, StoreError> {
    let mut tx = pool.begin().await?;
    let head: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT size, subtrees FROM log_head FOR UPDATE SKIP LOCKED")
            .fetch_optional(&mut *tx)
            .await?;
    let Some((size, subtrees)) = head else { return Ok(Numbered::Elsewhere) };
    let mut tree = CompactRange::from_bytes(size.cast_unsigned(), &subtrees)
        .map_err(|error| StoreError::Damaged(error.to_string()))?;
    let waiting =
        sqlx::query(include_str!("sql/unnumbered.sql")).bind(i64::from(limit)).fetch_all(&mut *tx).await?;
    if waiting.is_empty() {
        return Ok(Numbered::Events(0));
    }
    store_numbers(&mut tx, &waiting, &mut tree).await?;
    sqlx::query("UPDATE log_head SET size = $1, subtrees = $2, root = $3")
        .bind(tree.size().cast_signed())
        .bind(tree.to_bytes())
        .bind(tree.root().as_slice())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Numbered::Events(waiting.len()))
}

async fn store_numbers(
    tx: &mut PgConnection,
    waiting: &[PgRow],
    tree: &mut CompactRange,
) -> Result<(), StoreError> {
    let mut order = OrderCheck::default();
    let (mut types, mut ids, mut sequences) = (Vec::new(), Vec::new(), Vec::new());
    let (mut positions, mut leaves) = (Vec::new(), Vec::new());
    for row in waiting {
        let event = LoggedEvent::from_row(row)?;
        order.admit(&event, row.try_get("follows_a_numbered_event")?).map_err(StoreError::Damaged)?;
        let leaf = event.leaf();
        tree.append(leaf);
        positions.push(tree.size().cast_signed());
        leaves.push(leaf.to_vec());
        sequences.push(event.sequence.cast_signed());
        types.push(event.aggregate_type);
        ids.push(event.aggregate_id);
    }
    let updated = sqlx::query(include_str!("sql/number.sql"))
        .bind(types)
        .bind(ids)
        .bind(sequences)
        .bind(positions)
        .bind(leaves)
        .execute(tx)
        .await?;
    if updated.rows_affected() != waiting.len() as u64 {
        return Err(StoreError::Damaged(
            "an event got its number from someone without the head's lock".into(),
        ));
    }
    Ok(())
}
