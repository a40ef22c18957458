//! Gives committed events their place in the log and their leaf in the hash tree.
//!
//! Any number of nodes may call it: on PostgreSQL whoever locks the one row of `log_head` works and the others see that
//! and leave; on SQLite the write lock is taken with the transaction.

use super::StoreError;
use super::database::{Connection, Transaction, in_transaction};
use super::log::merkle::{CompactRange, Hash};
use super::log::{LoggedEvent, OrderCheck};
use super::{postgres, sqlite};

/// An event without a number, and whether its turn has come.
#[derive(sqlx::FromRow)]
struct Waiting {
    row_number: i64,
    #[sqlx(flatten)]
    event: LoggedEvent,
    follows_a_numbered_event: bool,
}

/// The number that an event gets.
pub(super) struct Numbered {
    /// Which row.
    pub(super) row: i64,
    /// Its position.
    pub(super) position: i64,
    /// Its leaf.
    pub(super) leaf: Hash,
}

/// Takes the head of the log for this transaction; none while another node holds it.
pub(super) async fn take_head(tx: &mut Transaction) -> Result<Option<CompactRange>, StoreError> {
    let head: Option<(i64, Vec<u8>)> = match tx.connection() {
        Connection::Sqlite(db) => {
            sqlx::query_as("SELECT size, subtrees FROM log_head").fetch_optional(db).await?
        }
        Connection::Postgres(db) => {
            let locking = "SELECT size, subtrees FROM log_head FOR UPDATE SKIP LOCKED";
            sqlx::query_as(locking).fetch_optional(db).await?
        }
    };
    let tree = head.map(|(size, subtrees)| CompactRange::from_bytes(size.cast_unsigned(), &subtrees));
    tree.transpose().map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Numbers up to `limit` waiting events behind the head that this transaction took.
pub(super) async fn number_waiting(
    tx: &mut Transaction,
    mut tree: CompactRange,
    limit: u32,
) -> Result<(), StoreError> {
    let waiting: Vec<Waiting> = in_transaction!(tx, |db| {
        sqlx::query_as(include_str!("sql/unnumbered.sql")).bind(i64::from(limit)).fetch_all(db).await
    })?;
    if waiting.is_empty() {
        return Ok(());
    }
    let mut order = OrderCheck::default();
    let mut numbered = Vec::with_capacity(waiting.len());
    for Waiting { row_number, event, follows_a_numbered_event } in &waiting {
        order.admit(event, *follows_a_numbered_event).map_err(StoreError::Damaged)?;
        let leaf = event.leaf();
        tree.append(leaf);
        numbered.push(Numbered { row: *row_number, position: tree.size().cast_signed(), leaf });
    }
    let rows = match tx.connection() {
        Connection::Sqlite(db) => sqlite::store_numbers(db, &numbered).await?,
        Connection::Postgres(db) => postgres::store_numbers(db, &numbered).await?,
    };
    if rows != numbered.len() as u64 {
        let reason = "an event got its number from someone without the head's lock";
        return Err(StoreError::Damaged(reason.into()));
    }
    in_transaction!(tx, |db| {
        sqlx::query(include_str!("sql/save_head.sql"))
            .bind(tree.size().cast_signed())
            .bind(tree.to_bytes())
            .bind(tree.root().as_slice())
            .execute(db)
            .await
            .map(drop)
    })?;
    Ok(())
}
