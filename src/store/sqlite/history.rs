//! Reads streams and the log as they are stored.

use super::SqliteStore;
use crate::store::StoreError;
use crate::store::log::LoggedEvent;
use crate::store::log::verify::LogHead;

impl SqliteStore {
    /// Sequence of the stream's last event; 0 when there is none.
    pub async fn stream_version(&self, aggregate_type: &str, id: &str) -> Result<u64, StoreError> {
        let version: Option<i64> = sqlx::query_scalar(
            "SELECT max(sequence) FROM events WHERE aggregate_type = ? AND aggregate_id = ?",
        )
        .bind(aggregate_type)
        .bind(id)
        .fetch_one(&self.readers)
        .await?;
        Ok(version.unwrap_or(0).cast_unsigned())
    }

    /// The stream's events after `after_sequence`, in order; `position` is 0 where the pump has not been yet.
    pub async fn load_raw(
        &self,
        aggregate_type: &str,
        id: &str,
        after_sequence: u64,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let events = sqlx::query_as(include_str!("sql/stream_after.sql"))
            .bind(aggregate_type)
            .bind(id)
            .bind(after_sequence.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        Ok(events)
    }

    /// How far the log is numbered.
    pub async fn log_head(&self) -> Result<LogHead, StoreError> {
        let (size, root) = sqlx::query_as("SELECT size, root FROM log_head").fetch_one(&self.readers).await?;
        LogHead::from_stored(size, root)
    }

    /// Events that wait for their number.
    pub async fn unnumbered(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE position IS NULL")
            .fetch_one(&self.readers)
            .await?;
        Ok(count.cast_unsigned())
    }

    /// Streams that projections left out because an event could not be digested: projection, stream, error.
    pub async fn parked_streams(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let rows = sqlx::query_as(include_str!("sql/parked_streams.sql")).fetch_all(&self.readers).await?;
        Ok(rows)
    }
}
