//! The cqrs-es repository: reads go to the readers, appends to the one writer, and each append wakes the pump.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use serde_json::Value;
use sqlite_es::SqliteEventRepository;
use sqlx::SqlitePool;
use tokio::sync::Notify;

/// Two repositories of sqlite-es, one over each pool.
pub struct SqliteEvents {
    reading: SqliteEventRepository,
    writing: SqliteEventRepository,
    appended: Arc<Notify>,
}

impl SqliteEvents {
    pub(super) fn new(readers: &SqlitePool, writer: &SqlitePool, appended: Arc<Notify>) -> Self {
        Self {
            reading: SqliteEventRepository::new(readers.clone()),
            writing: SqliteEventRepository::new(writer.clone()),
            appended,
        }
    }
}

impl PersistedEventRepository for SqliteEvents {
    async fn get_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.reading.get_events::<A>(id).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.reading.get_last_events::<A>(id, last_sequence).await
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        self.reading.get_snapshot::<A>(id).await
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        self.writing.persist::<A>(events, snapshot_update).await?;
        self.appended.notify_one();
        Ok(())
    }

    async fn stream_events<A: Aggregate>(&self, id: &str) -> Result<ReplayStream, PersistenceError> {
        self.reading.stream_events::<A>(id).await
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        self.reading.stream_all_events::<A>().await
    }
}
