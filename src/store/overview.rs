//! Sums over what was verified since an instant, for the portal's overview.

use domain::Timestamp;

use super::database::on_reader;
use super::{Store, StoreError};

/// Sessions of one day and status.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DaySum {
    /// The day of their opening, counted from 1970-01-01, UTC.
    pub day: i64,
    /// The documented status word.
    pub status: String,
    /// How many there are.
    pub sessions: i64,
}

/// Sessions that took the same number of minutes from their opening to the automatic outcome.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DurationSum {
    /// Whole minutes.
    pub minutes: i64,
    /// How many took so long.
    pub sessions: i64,
}

/// Sessions with the same reasons against an approval.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReasonSum {
    /// Codes, a JSON array.
    pub reasons: String,
    /// How many there are.
    pub sessions: i64,
}

/// Webhook deliveries in one state.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeliverySum {
    /// due, delivered, gone, exhausted or abandoned.
    pub state: String,
    /// How many there are.
    pub deliveries: i64,
}

/// What happened since an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Sessions that were opened since then, by day and status.
    pub days: Vec<DaySum>,
    /// Outcomes since then, by the minutes that they took, ascending.
    pub durations: Vec<DurationSum>,
    /// Outcomes since then that were no clean approvals.
    pub reasons: Vec<ReasonSum>,
    /// Deliveries since then.
    pub deliveries: Vec<DeliverySum>,
}

impl Store {
    /// Sums since an instant; a few statements, each over one index range.
    pub async fn sums_since(&self, since: Timestamp) -> Result<Sums, StoreError> {
        let since = since.timestamp_micros();
        macro_rules! sum {
            ($query:literal) => {
                on_reader!(self.database, |db| sqlx::query_as(include_str!($query))
                    .bind(since)
                    .fetch_all(db)
                    .await)?
            };
        }
        Ok(Sums {
            days: sum!("sql/sum_days.sql"),
            durations: sum!("sql/sum_durations.sql"),
            reasons: sum!("sql/sum_reasons.sql"),
            deliveries: sum!("sql/sum_deliveries.sql"),
        })
    }
}
