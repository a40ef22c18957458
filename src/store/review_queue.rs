//! The manual-review queue as a table: one row for each session that waits for a person.

mod filter;

use async_trait::async_trait;
use projections::review_queue::ReviewCase;
use sqlx::QueryBuilder;

use super::database::{ROWS, Transaction, in_transaction, on_reader};
use super::entry::Entry;
use super::projection::{Projection, ProjectionError};
use super::{Store, StoreError, views};
pub use filter::{ClearedBy, Holding, Kept, QueueFilter, QueueOrder, Snoozed};

/// Keeps `review_queue` up to date.
pub struct ReviewQueueProjection;

#[async_trait]
impl Projection for ReviewQueueProjection {
    fn name(&self) -> &str {
        "review_queue"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["review_queue"]
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Entry]) -> Result<(), ProjectionError> {
        let sessions = views::fold(tx, events, ReviewCase::follows, |_, _, _| {}).await?;
        if sessions.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = sessions.keys().map(ToString::to_string).collect();
        let cases: Vec<ReviewCase> = sessions.values().filter_map(ReviewCase::of).collect();
        remove(tx, &ids).await?;
        insert(tx, &cases).await
    }
}

async fn remove(tx: &mut Transaction, sessions: &[String]) -> Result<(), ProjectionError> {
    let head = tx.sql("DELETE FROM review_queue WHERE session_id IN (").into_owned();
    for ids in sessions.chunks(ROWS) {
        in_transaction!(tx, |db| {
            let mut delete = QueryBuilder::new(&head);
            let mut list = delete.separated(", ");
            for id in ids {
                list.push_bind(id);
            }
            delete.push(")").build().persistent(false).execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

async fn insert(tx: &mut Transaction, cases: &[ReviewCase]) -> Result<(), ProjectionError> {
    let (head, _) = tx.sql_around_values(
        "INSERT INTO review_queue \
         (session_id, partner_id, version, cause, waiting_since, risk_score, risk_level, reasons, claimed_by, \
         claimed_until, risk_rank, snoozed_until, assigned_to, cleared_by) {values}",
    );
    for rows in cases.chunks(ROWS) {
        let reasons: Result<Vec<_>, _> =
            rows.iter().map(|case| serde_json::to_string(&case.reasons)).collect();
        let reasons = reasons.map_err(ProjectionError::unparsed)?;
        in_transaction!(tx, |db| {
            let mut insert = QueryBuilder::new(&head);
            insert.push_values(rows.iter().zip(reasons), |mut row, (case, reasons)| {
                row.push_bind(case.session_id.to_string())
                    .push_bind(case.partner_id.to_string())
                    .push_bind(case.version.cast_signed())
                    .push_bind(case.cause.as_str())
                    .push_bind(case.waiting_since.timestamp_micros())
                    .push_bind(case.risk_score.map(|score| i64::from(score.steps())))
                    .push_bind(case.risk_level.map(|level| level.as_str()))
                    .push_bind(reasons)
                    .push_bind(case.claim.map(|claim| claim.reviewer.to_string()))
                    .push_bind(case.claim.map(|claim| claim.until.timestamp_micros()))
                    .push_bind(risk_rank(case))
                    .push_bind(case.snoozed_until.map_or(0, |until| until.timestamp_micros()))
                    .push_bind(case.assignee.map(|assignee| assignee.to_string()).unwrap_or_default())
                    .push_bind(cleared_by(case));
            });
            insert.build().persistent(false).execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// Separated by blanks.
fn cleared_by(case: &ReviewCase) -> String {
    let reviewers: Vec<String> = case.cleared_by.iter().map(ToString::to_string).collect();
    reviewers.join(" ")
}

/// Ascending from the riskiest.
fn risk_rank(case: &ReviewCase) -> i64 {
    10_000 - case.risk_score.map_or(0, |score| i64::from(score.steps()))
}

/// A row of the queue.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReviewRow {
    /// The session.
    pub session_id: String,
    /// Whose it is.
    pub partner_id: String,
    /// `undecided`, `contested` or `rescreened`.
    pub cause: String,
    /// Microseconds since 1970, UTC.
    pub waiting_since: i64,
    /// In steps of 1e-4.
    pub risk_score: Option<i64>,
    /// low, medium or high.
    pub risk_level: Option<String>,
    /// Codes of the risk factors, a JSON array.
    pub reasons: String,
    /// The operator who has the case, lapsed or not.
    pub claimed_by: Option<String>,
    /// Microseconds since 1970, UTC.
    pub claimed_until: Option<i64>,
    /// 10000 for no risk, 0 for the highest.
    pub risk_rank: i64,
    /// Until when it was put off, past or not, microseconds since 1970, UTC; 0 where it was not.
    pub snoozed_until: i64,
    /// The operator for whom it is kept; empty for nobody.
    pub assigned_to: String,
    /// Operators who cleared a match that no approval has confirmed yet, separated by blanks.
    pub cleared_by: String,
}

impl ReviewRow {
    /// The place of this row, after which the next page begins.
    pub fn cursor(&self) -> ReviewCursor {
        ReviewCursor {
            risk_rank: self.risk_rank,
            waiting_since: self.waiting_since,
            session_id: self.session_id.clone(),
        }
    }
}

/// How many cases of one cause and level of risk wait.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct QueueCount {
    /// The cause.
    pub cause: String,
    /// The level.
    pub risk_level: Option<String>,
    /// How many wait.
    pub waiting: i64,
    /// How many of them began to wait before the instant that was asked about.
    pub overdue: i64,
    /// How many of them are put off.
    pub snoozed: i64,
    /// Since when the first of them waits, microseconds since 1970, UTC.
    pub oldest: i64,
}

/// The last row of a page, after which the next begins; ascending from the riskiest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReviewCursor {
    /// Its `risk_rank`.
    pub risk_rank: i64,
    /// Its `waiting_since`.
    pub waiting_since: i64,
    /// Its session.
    pub session_id: String,
}

impl Store {
    /// A page of the queue.
    pub async fn review_queue(
        &self,
        filter: &QueueFilter,
        after: Option<&ReviewCursor>,
        limit: u32,
    ) -> Result<Vec<ReviewRow>, StoreError> {
        let rows =
            on_reader!(self.database, |db| filter.query(after, limit).build_query_as().fetch_all(db).await)?;
        Ok(rows)
    }

    /// How many cases of the queue a filter lets through.
    pub async fn matching_reviews(&self, filter: &QueueFilter) -> Result<u64, StoreError> {
        let count: i64 =
            on_reader!(self.database, |db| { filter.count().build_query_scalar().fetch_one(db).await })?;
        Ok(count.cast_unsigned())
    }

    /// How many sessions wait for a person.
    pub async fn waiting_reviews(&self) -> Result<u64, StoreError> {
        let count: i64 = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT count(*) FROM review_queue").fetch_one(db).await
        })?;
        Ok(count.cast_unsigned())
    }

    /// How many wait, by cause and level of risk; `overdue` counts those that have waited since before `due`, `snoozed` those that are
    /// put off at `now`, microseconds since 1970, UTC.
    pub async fn queue_counts(&self, due: i64, now: i64) -> Result<Vec<QueueCount>, StoreError> {
        let counts = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/queue_counts.sql")).bind(due).bind(now).fetch_all(db).await
        })?;
        Ok(counts)
    }
}
