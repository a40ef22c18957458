//! The manual-review queue as a table: one row for each session that waits for a person.

use async_trait::async_trait;
use domain::ids::{OperatorId, PartnerId};
use projections::review_queue::ReviewCase;
use sqlx::{Encode, QueryBuilder, Type};

use super::database::{ROWS, Transaction, in_transaction, on_reader};
use super::entry::Entry;
use super::projection::{Projection, ProjectionError};
use super::{Store, StoreError, views};

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
         claimed_until, risk_rank) {values}",
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
                    .push_bind(risk_rank(case));
            });
            insert.build().persistent(false).execute(db).await.map(drop)
        })?;
    }
    Ok(())
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

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// The longest waiting.
    #[default]
    Oldest,
    /// The riskiest, of these the longest waiting.
    Riskiest,
}

/// Whose cases, at an instant in microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Those that nobody has.
    Nobody(i64),
    /// Those that this operator has.
    Operator(OperatorId, i64),
}

/// Which cases are wanted, and in which order.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// What comes first.
    pub order: QueueOrder,
    /// Only of this cause.
    pub cause: Option<&'static str>,
    /// Only of this level of risk.
    pub risk_level: Option<&'static str>,
    /// Only this partner's.
    pub partner: Option<PartnerId>,
    /// Only who has them.
    pub holding: Option<Holding>,
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
    /// Since when the first of them waits, microseconds since 1970, UTC.
    pub oldest: i64,
}

/// The last row of a page, after which the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewCursor {
    /// Its `risk_rank`.
    pub risk_rank: i64,
    /// Its `waiting_since`.
    pub waiting_since: i64,
    /// Its session.
    pub session_id: String,
}

impl QueueFilter {
    fn query<DB>(&self, after: Option<&ReviewCursor>, limit: u32) -> QueryBuilder<'static, DB>
    where
        DB: sqlx::Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let mut query = QueryBuilder::new(
            "SELECT session_id, partner_id, cause, waiting_since, risk_score, risk_level, reasons, claimed_by, \
             claimed_until, risk_rank FROM review_queue WHERE true",
        );
        if let Some(cause) = self.cause {
            query.push(" AND cause = ").push_bind(cause.to_owned());
        }
        if let Some(level) = self.risk_level {
            query.push(" AND risk_level = ").push_bind(level.to_owned());
        }
        if let Some(partner) = self.partner {
            query.push(" AND partner_id = ").push_bind(partner.to_string());
        }
        match self.holding {
            None => {}
            Some(Holding::Nobody(now)) => {
                query.push(" AND (claimed_until IS NULL OR claimed_until <= ").push_bind(now).push(")");
            }
            Some(Holding::Operator(operator, now)) => {
                query.push(" AND claimed_by = ").push_bind(operator.to_string());
                query.push(" AND claimed_until > ").push_bind(now);
            }
        }
        let by_risk = self.order == QueueOrder::Riskiest;
        if let Some(last) = after {
            query.push(if by_risk {
                " AND (risk_rank, waiting_since, session_id) > ("
            } else {
                " AND (waiting_since, session_id) > ("
            });
            if by_risk {
                query.push_bind(last.risk_rank).push(", ");
            }
            query.push_bind(last.waiting_since).push(", ").push_bind(last.session_id.clone()).push(")");
        }
        query.push(if by_risk {
            " ORDER BY risk_rank, waiting_since, session_id"
        } else {
            " ORDER BY waiting_since, session_id"
        });
        query.push(" LIMIT ").push_bind(i64::from(limit));
        query
    }
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

    /// How many sessions wait for a person.
    pub async fn waiting_reviews(&self) -> Result<u64, StoreError> {
        let count: i64 = on_reader!(self.database, |db| {
            sqlx::query_scalar("SELECT count(*) FROM review_queue").fetch_one(db).await
        })?;
        Ok(count.cast_unsigned())
    }

    /// How many wait, by cause and level of risk; `overdue` counts those that have waited since before `due`, microseconds since
    /// 1970, UTC.
    pub async fn queue_counts(&self, due: i64) -> Result<Vec<QueueCount>, StoreError> {
        let counts = on_reader!(self.database, |db| {
            sqlx::query_as(include_str!("sql/queue_counts.sql")).bind(due).fetch_all(db).await
        })?;
        Ok(counts)
    }
}
