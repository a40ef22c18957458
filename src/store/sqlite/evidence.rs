//! Which evidence files the log refers to: for erasing a session's files and for sweeping what nothing refers to.

use std::collections::HashSet;

use async_trait::async_trait;
use cqrs_es::Aggregate;
use domain::ids::{BlobId, SessionId};
use domain::session::Session;
use serde_json::Value;
use sqlx::sqlite::SqliteConnection;

use super::SqliteStore;
use super::projection::{Projection, ProjectionError};
use crate::store::StoreError;
use crate::store::log::LoggedEvent;

const NAME: &str = "evidence";
const BATCH: u32 = 1000;

/// Keeps the table `evidence` up to date.
pub struct EvidenceProjection;

#[async_trait]
impl Projection for EvidenceProjection {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn apply(&self, tx: &mut SqliteConnection, events: &[LoggedEvent]) -> Result<(), ProjectionError> {
        for event in events.iter().filter(|event| event.aggregate_type == Session::TYPE) {
            let payload: Value = serde_json::from_str(&event.payload)
                .map_err(|_| ProjectionError::Undigestible("the event is not JSON".into()))?;
            let mut blobs = Vec::new();
            collect(&payload, &mut blobs);
            for blob in blobs {
                sqlx::query(
                    "INSERT INTO evidence (blob_id, session_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                )
                .bind(blob.to_string())
                .bind(&event.aggregate_id)
                .execute(&mut *tx)
                .await?;
            }
        }
        Ok(())
    }
}

/// Every blob id anywhere in an event: an event type that comes later cannot be forgotten here.
fn collect(value: &Value, blobs: &mut Vec<BlobId>) {
    match value {
        Value::String(text) => blobs.extend(text.parse::<BlobId>()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, blobs)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, blobs)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl SqliteStore {
    /// The session's evidence files.
    pub async fn evidence_of(&self, session: SessionId) -> Result<Vec<BlobId>, StoreError> {
        let blobs: Vec<String> = sqlx::query_scalar("SELECT blob_id FROM evidence WHERE session_id = ?")
            .bind(session.to_string())
            .fetch_all(&self.readers)
            .await?;
        blobs.iter().map(|blob| parse(blob)).collect()
    }

    /// Every file that an event refers to; none while the projection is behind or left a stream out, when a file that
    /// is missing here may still be referred to and sweeping would destroy evidence.
    pub async fn evidence_for_sweeping(&self) -> Result<Option<HashSet<BlobId>>, StoreError> {
        let mut snapshot = self.readers.begin().await?;
        let is_complete: bool = sqlx::query_scalar(include_str!("sql/is_complete.sql"))
            .bind(NAME)
            .fetch_one(&mut *snapshot)
            .await?;
        if !is_complete {
            return Ok(None);
        }
        let blobs: Vec<String> =
            sqlx::query_scalar("SELECT blob_id FROM evidence").fetch_all(&mut *snapshot).await?;
        blobs.iter().map(|blob| parse(blob)).collect::<Result<_, _>>().map(Some)
    }
}

impl SqliteStore {
    /// Every file that any event names, numbered or not: from the events themselves, whatever the projections say.
    pub async fn evidence_in_events(&self) -> Result<HashSet<BlobId>, StoreError> {
        let mut snapshot = self.readers.begin().await?;
        let (mut found, mut last) = (Vec::new(), 0);
        loop {
            let rows: Vec<(i64, String)> = sqlx::query_as(include_str!("sql/session_payloads_after.sql"))
                .bind(last)
                .bind(BATCH)
                .fetch_all(&mut *snapshot)
                .await?;
            let Some((end, _)) = rows.last() else { return Ok(found.into_iter().collect()) };
            last = *end;
            for (_, payload) in &rows {
                let payload = serde_json::from_str(payload)
                    .map_err(|_| StoreError::Damaged("an event is not JSON".into()))?;
                collect(&payload, &mut found);
            }
        }
    }
}

fn parse(blob: &str) -> Result<BlobId, StoreError> {
    blob.parse().map_err(|_| StoreError::Damaged("an evidence file's identifier does not parse".into()))
}
