//! Reads streams and the log as they are stored.

use super::database::on_reader;
use super::log::LoggedEvent;
use super::log::verify::LogHead;
use super::{Store, StoreError};

impl Store {
    /// The stream's events after `after_sequence`, in order; `position` is 0 where the pump has not been yet.
    pub async fn load_raw(
        &self,
        aggregate_type: &str,
        id: &str,
        after_sequence: u64,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let events = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/stream_after.sql"))
                .bind(aggregate_type)
                .bind(id)
                .bind(after_sequence.cast_signed())
                .fetch_all(db)
                .await
        })?;
        Ok(events)
    }

    /// How far the log is numbered.
    pub async fn log_head(&self) -> Result<LogHead, StoreError> {
        let (size, root) = on_reader!(self.database, |db| {
            sqlx::query_as("SELECT size, root FROM log_head").fetch_one(db).await
        })?;
        LogHead::from_stored(size, root)
    }

    /// Events that wait for their number.
    pub async fn unnumbered(&self) -> Result<u64, StoreError> {
        let count: i64 = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT count(*) FROM events WHERE position IS NULL").fetch_one(db).await
        })?;
        Ok(count.cast_unsigned())
    }

    /// Streams that projections left out because an event could not be digested: projection, stream, error.
    pub async fn parked_streams(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let rows = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/parked_streams.sql")).fetch_all(db).await
        })?;
        Ok(rows)
    }
}
