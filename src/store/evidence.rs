//! Which evidence files the log refers to: for erasing a session's files and for sweeping what nothing refers to.

use std::collections::HashSet;

use async_trait::async_trait;
use cqrs_es::Aggregate;
use domain::ids::{BlobId, SessionId};
use domain::session::Session;
use serde_json::Value;
use sqlx::QueryBuilder;

use super::database::{ROWS, Transaction, in_transaction, on_reader};
use super::entry::Entry;
use super::projection::{Projection, ProjectionError};
use super::{Store, StoreError};

const NAME: &str = "evidence";
const BATCH: i64 = 1000;
/// Keeps the table `evidence` up to date.
pub struct EvidenceProjection;

#[async_trait]
impl Projection for EvidenceProjection {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> &'static [&'static str] {
        &["evidence"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        let mut found = Vec::new();
        for event in events.iter().filter(|event| event.aggregate_type == Session::TYPE) {
            let payload: Value = serde_json::from_str(&event.payload).map_err(ProjectionError::unparsed)?;
            let mut blobs = Vec::new();
            collect(&payload, &mut blobs);
            found.extend(blobs.into_iter().map(|blob| (blob, event.aggregate_id.as_str())));
        }
        let (head, tail) = tx
            .sql_around_values("INSERT INTO evidence (blob_id, session_id) {values} ON CONFLICT DO NOTHING");
        for rows in found.chunks(ROWS) {
            in_transaction!(tx, |db| {
                let mut insert = QueryBuilder::new(&head);
                insert.push_values(rows, |mut row, (blob, session)| {
                    row.push_bind(blob.to_string()).push_bind(*session);
                });
                insert.push(&tail).build().persistent(false).execute(db).await.map(drop)
            })?;
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

impl Store {
    /// The session's evidence files.
    pub async fn evidence_of(&self, session: SessionId) -> Result<Vec<BlobId>, StoreError> {
        let blobs: Vec<String> = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT blob_id FROM evidence WHERE session_id = $1")
                .bind(session.to_string())
                .fetch_all(db)
                .await
        })?;
        blobs.iter().map(|blob| parse(blob)).collect()
    }

    /// Every file that an event refers to; none while the projection is behind or left a stream out, when a file that
    /// is missing here may still be referred to and sweeping would destroy evidence.
    pub async fn evidence_for_sweeping(&self) -> Result<Option<HashSet<BlobId>>, StoreError> {
        let mut snapshot = self.database.snapshot().await?;
        let is_complete: bool = in_transaction!(snapshot, |db| {
            sqlx::query_scalar(include_str!("sql/is_complete.sql")).bind(NAME).fetch_one(db).await
        })?;
        if !is_complete {
            return Ok(None);
        }
        let blobs: Vec<String> = in_transaction!(snapshot, |db| {
            sqlx::query_scalar("SELECT blob_id FROM evidence").fetch_all(db).await
        })?;
        blobs.iter().map(|blob| parse(blob)).collect::<Result<_, _>>().map(Some)
    }

    /// Every file that any event names, numbered or not: from the events themselves, whatever the projections say.
    pub async fn evidence_in_events(&self) -> Result<HashSet<BlobId>, StoreError> {
        let mut snapshot = self.database.snapshot().await?;
        let (mut found, mut last) = (Vec::new(), 0);
        loop {
            let rows: Vec<(i64, String)> = in_transaction!(snapshot, |db| {
                sqlx::query_as(include_str!("sql/session_payloads_after.sql"))
                    .bind(last)
                    .bind(BATCH)
                    .fetch_all(db)
                    .await
            })?;
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
