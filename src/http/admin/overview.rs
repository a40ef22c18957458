//! How it went of late: sessions by day, how long they took, what stood against them, what waits, and how webhooks fare.

use std::collections::BTreeMap;

use actix_web::web;
use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::operator::OperatorCaller;
use super::queue::ReviewCount;
use crate::http::Shared;
use crate::http::answers::time;
use crate::http::partner::number;
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::query::ApiQuery;
use crate::http::refusals::Keyed;
use crate::store::overview::{DaySum, DurationSum, ReasonSum};

/// How far to look back.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OverviewQuery {
    /// Days, today included: 1 to 92; 30 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 92)]
    days: Option<String>,
}

/// How it went.
#[derive(Serialize, ToSchema)]
pub struct Overview {
    /// Every day, the oldest first.
    pub days: Vec<DayView>,
    /// Half of the outcomes took no more than this many minutes from the opening; null without outcomes.
    pub median_minutes: Option<u64>,
    /// Nine of ten took no more.
    pub p90_minutes: Option<u64>,
    /// What stood against an approval, the most frequent first.
    pub reasons: Vec<ReasonView>,
    /// What waits for a person, by cause and level of risk.
    pub backlog: Vec<ReviewCount>,
    /// Since when the first of them waits.
    #[schema(format = DateTime)]
    pub oldest_waiting_since: Option<String>,
    /// Webhook deliveries by state.
    pub deliveries: BTreeMap<String, u64>,
}

/// A day.
#[derive(Serialize, ToSchema)]
pub struct DayView {
    /// The day, UTC.
    #[schema(format = Date)]
    pub day: NaiveDate,
    /// Sessions that were opened on it, by where they stand now.
    pub sessions: BTreeMap<String, u64>,
}

/// Something that stood against approvals.
#[derive(Serialize, ToSchema)]
pub struct ReasonView {
    /// Its code.
    pub reason: String,
    /// In how many sessions.
    pub sessions: u64,
}

/// Tells how it went of late.
#[utoipa::path(
    get, path = "/admin/api/overview", tag = "Admin", params(OverviewQuery),
    responses(
        (status = 200, description = "How it went", body = Overview),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn get_overview(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<OverviewQuery>,
) -> Answer<Overview> {
    Answer(overview(&shared, &query).await)
}

/// How it went.
pub async fn overview(shared: &Shared, query: &OverviewQuery) -> Result<Overview, ApiError> {
    let count: u32 = number("days", query.days.as_deref(), 30, 1..=92)?;
    let now = shared.sessions.services().clock.now();
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(u64::from(count) - 1)).unwrap_or(today);
    shared.catch_up.wait().await?;
    let sums = shared.store.sums_since(first.and_time(chrono::NaiveTime::MIN).and_utc()).await?;
    let due = (now - Duration::hours(i64::from(shared.settings.review_target_hours))).timestamp_micros();
    let waiting = shared.store.queue_counts(due, now.timestamp_micros()).await?;
    let oldest = waiting.iter().map(|count| count.oldest).min();
    Ok(Overview {
        days: days(first, today, &sums.days),
        median_minutes: quantile(&sums.durations, 0.5),
        p90_minutes: quantile(&sums.durations, 0.9),
        reasons: reasons(&sums.reasons),
        backlog: waiting.into_iter().map(Into::into).collect(),
        oldest_waiting_since: oldest.and_then(DateTime::<Utc>::from_timestamp_micros).map(time),
        deliveries: sums
            .deliveries
            .into_iter()
            .map(|sum| (sum.state, sum.deliveries.cast_unsigned()))
            .collect(),
    })
}

/// Every day of the range, also those on which nobody came.
fn days(first: NaiveDate, today: NaiveDate, sums: &[DaySum]) -> Vec<DayView> {
    let number = |day: NaiveDate| (day - NaiveDate::default()).num_days();
    let view = |day: NaiveDate| {
        let own = sums.iter().filter(|sum| sum.day == number(day));
        let sessions = own.map(|sum| (sum.status.clone(), sum.sessions.cast_unsigned())).collect();
        DayView { day, sessions }
    };
    first.iter_days().take_while(|day| *day <= today).map(view).collect()
}

/// The minutes within which a share of the outcomes fell.
fn quantile(sums: &[DurationSum], share: f64) -> Option<u64> {
    let all: i64 = sums.iter().map(|sum| sum.sessions).sum();
    let wanted = (all as f64 * share).ceil() as i64;
    let mut seen = 0;
    let reached = sums.iter().find(|sum| {
        seen += sum.sessions;
        seen >= wanted
    });
    reached.map(|sum| sum.minutes.max(0).cast_unsigned())
}

fn reasons(sums: &[ReasonSum]) -> Vec<ReasonView> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for sum in sums {
        for reason in serde_json::from_str::<Vec<String>>(&sum.reasons).unwrap_or_default() {
            *counts.entry(reason).or_default() += sum.sessions.cast_unsigned();
        }
    }
    let mut all: Vec<ReasonView> =
        counts.into_iter().map(|(reason, sessions)| ReasonView { reason, sessions }).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.sessions));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(minutes: i64, sessions: i64) -> DurationSum {
        DurationSum { minutes, sessions }
    }

    #[test]
    fn a_quantile_is_the_first_minute_that_covers_its_share() {
        let sums = [took(1, 5), took(3, 4), took(60, 1)];
        assert_eq!(quantile(&sums, 0.5), Some(1));
        assert_eq!(quantile(&sums, 0.9), Some(3));
        assert_eq!(quantile(&sums, 1.0), Some(60));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_day_on_which_nobody_came_is_shown_empty() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let sums = [DaySum { day: 20_605, status: "approved".into(), sessions: 3 }];
        let days = days(day("2026-06-01"), day("2026-06-03"), &sums);
        let counted: Vec<_> = days.iter().map(|day| day.sessions.values().sum::<u64>()).collect();
        assert_eq!(counted, [3, 0, 0]);
    }

    #[test]
    fn sessions_count_once_for_each_of_their_reasons() {
        let sum = |reasons: &str, sessions| ReasonSum { reasons: reasons.into(), sessions };
        let found = reasons(&[sum("[\"a\",\"b\"]", 2), sum("[\"b\"]", 3)]);
        let found: Vec<_> = found.iter().map(|one| (one.reason.as_str(), one.sessions)).collect();
        assert_eq!(found, [("b", 5), ("a", 2)]);
    }
}
