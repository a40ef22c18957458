//! The audit trail as a table: who did what, over all streams, in the order of the log.

use async_trait::async_trait;
use domain::Timestamp;
use projections::audit_trail::Cause;
use sqlx::{Encode, QueryBuilder, Type};

use super::database::{ROWS, Transaction, in_transaction, on_reader};
use super::entry::Entry;
use super::projection::{Projection, ProjectionError};
use super::{Store, StoreError};

/// Keeps `audit_trail` up to date.
pub struct AuditTrailProjection;

#[async_trait]
impl Projection for AuditTrailProjection {
    fn name(&self) -> &str {
        "audit_trail"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["audit_trail"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        let (head, _) = tx.sql_around_values(
            "INSERT INTO audit_trail \
             (position, at, actor, action, aggregate_type, aggregate_id, sequence, request_id) {values}",
        );
        for entries in events.chunks(ROWS) {
            let causes: Result<Vec<_>, _> = entries.iter().map(|entry| Cause::of(&entry.metadata)).collect();
            let causes = causes.map_err(ProjectionError::unparsed)?;
            in_transaction!(tx, |db| {
                let mut insert = QueryBuilder::new(&head);
                insert.push_values(entries.iter().zip(causes), |mut row, (entry, cause)| {
                    row.push_bind(entry.position.cast_signed())
                        .push_bind(cause.at.map(|at| at.timestamp_micros()))
                        .push_bind(cause.actor)
                        .push_bind(entry.event_type.as_str())
                        .push_bind(entry.aggregate_type.as_str())
                        .push_bind(entry.aggregate_id.as_str())
                        .push_bind(entry.sequence.cast_signed())
                        .push_bind(cause.request_id);
                });
                insert.build().persistent(false).execute(db).await.map(drop)
            })?;
        }
        Ok(())
    }
}

/// A row of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// Place in the log.
    pub position: i64,
    /// When, microseconds since 1970, UTC.
    pub at: Option<i64>,
    /// Who.
    pub actor: Option<String>,
    /// Name of the event.
    pub action: String,
    /// Kind of the stream.
    pub aggregate_type: String,
    /// The session, partner or operator.
    pub aggregate_id: String,
    /// The request that brought it about.
    pub request_id: Option<String>,
}

/// What an auditor asks for; everything that is set has to hold.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By this actor.
    pub actor: Option<String>,
    /// Events of this name.
    pub action: Option<String>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

impl Store {
    /// A page of the audit trail after a position, in the order of the log.
    pub async fn audit_trail(
        &self,
        filter: &AuditFilter,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rows = on_reader!(self.database, |db| {
            let mut select = filter.applied_after(after);
            select.push(" ORDER BY position LIMIT ").push_bind(i64::from(limit));
            select.build_query_as().fetch_all(db).await
        })?;
        Ok(rows)
    }
}

impl AuditFilter {
    fn applied_after<DB>(&self, position: u64) -> QueryBuilder<'static, DB>
    where
        DB: sqlx::Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let mut query = QueryBuilder::new(
            "SELECT position, at, actor, action, aggregate_type, aggregate_id, request_id FROM audit_trail \
             WHERE position > ",
        );
        query.push_bind(position.cast_signed());
        for (column, value) in [(" AND actor = ", &self.actor), (" AND action = ", &self.action)] {
            if let Some(value) = value {
                query.push(column).push_bind(value.clone());
            }
        }
        for (bound, time) in [(" AND at >= ", self.since), (" AND at < ", self.until)] {
            if let Some(time) = time {
                query.push(bound).push_bind(time.timestamp_micros());
            }
        }
        query
    }
}
