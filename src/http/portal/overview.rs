//! How it went of late, as charts that are drawn here.

use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};

use super::for_operator;
use super::page::{Page, words};
use crate::http::Shared;
use crate::http::admin::{DayView, OperatorCaller, Overview, OverviewQuery, overview};
use crate::http::problem::ApiError;

/// Outcomes in the order in which they are stacked, each with the class of its colour and pattern.
const STACKED: [(&str, &str); 4] = [
    ("approved", "bar-good"),
    ("manual_review", "bar-wait"),
    ("rejected", "bar-bad"),
    ("expired", "bar-quiet"),
];
/// Size of the chart in its own units.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;

pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    query: web::Query<OverviewQuery>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| page(caller, &shared, &query).await).await
}

async fn page(caller: OperatorCaller, shared: &Shared, query: &OverviewQuery) -> Result<Page, ApiError> {
    let seen = overview(shared, query).await?;
    let content = html! {
        p { a href="?days=7" { "7 days" } " " a href="?days=30" { "30 days" } " " a href="?days=92" { "92 days" } }
        (figures(&seen))
        section aria-labelledby="by-day" { h2 id="by-day" { "Sessions by day of their opening" } (chart(&seen.days)) }
        div class="columns" {
            section aria-labelledby="reasons" { h2 id="reasons" { "What stood against an approval" } (bars(seen.reasons.iter().map(|one| (words(&one.reason), one.sessions)))) }
            section aria-labelledby="backlog" {
                h2 id="backlog" { "Waiting for a person" }
                (bars(seen.backlog.iter().map(|one| (format!("{}, {} risk", words(&one.cause), one.risk_level.as_deref().unwrap_or("no")), one.waiting))))
            }
        }
        section aria-labelledby="webhooks" { h2 id="webhooks" { "Webhook deliveries" } (bars(seen.deliveries.iter().map(|(state, count)| (words(state), *count)))) }
    };
    Ok(Page::inside("Overview", content, shared, &caller))
}

fn figures(seen: &Overview) -> Markup {
    let all: u64 = seen.days.iter().flat_map(|day| day.sessions.values()).sum();
    let waiting: u64 = seen.backlog.iter().map(|count| count.waiting).sum();
    let overdue: u64 = seen.backlog.iter().map(|count| count.overdue).sum();
    let minutes =
        |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |minutes| format!("{minutes} min"));
    html! {
        dl class="facts" {
            div { dt { "Sessions opened" } dd { (all) } }
            div { dt { "To the outcome, half within" } dd { (minutes(seen.median_minutes)) } }
            div { dt { "Nine of ten within" } dd { (minutes(seen.p90_minutes)) } }
            div { dt { "Waiting for a person" } dd { (waiting) @if overdue > 0 { " " span class="tag bad" { (overdue) " over the target" } } } }
            @if let Some(since) = &seen.oldest_waiting_since { div { dt { "The first since" } dd { (since) } } }
        }
    }
}

/// Stacked columns, one a day; the same as a table for whoever does not see it.
fn chart(days: &[DayView]) -> Markup {
    let total = |day: &DayView| day.sessions.values().sum::<u64>();
    let most = days.iter().map(total).max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / days.len().max(1) as f64;
    html! {
        svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT + 20.0) } role="img" aria-label="Columns of sessions a day; the table below has the numbers" {
            @for (index, day) in days.iter().enumerate() {
                @for (class, x, y, height) in column(day, most, step, index) {
                    rect class=(class) x=(x) y=(y) width=(rounded(step * 0.8)) height=(height) {}
                }
            }
            @if let (Some(first), Some(last)) = (days.first(), days.last()) {
                text x="0" y=(HEIGHT + 15.0) { (first.day) }
                text x=(WIDTH) y=(HEIGHT + 15.0) text-anchor="end" { (last.day) }
            }
        }
        p { @for (status, class) in STACKED { span class={ "key " (class) } {} " " (words(status)) " " } span class="key bar-open" {} " still open or called off" }
        details {
            summary { "The numbers" }
            div class="wide" role="region" aria-label="Sessions by day" tabindex="0" {
                table {
                    thead { tr { th scope="col" { "Day" } @for (status, _) in STACKED { th scope="col" { (words(status)) } } th scope="col" { "all" } } }
                    tbody {
                        @for day in days.iter().rev() {
                            tr {
                                th scope="row" { (day.day) }
                                @for (status, _) in STACKED { td { (day.sessions.get(status).copied().unwrap_or(0)) } }
                                td { (total(day)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The parts of a day's column from the bottom up: class, place and height.
fn column(day: &DayView, most: f64, step: f64, index: usize) -> Vec<(&'static str, f64, f64, f64)> {
    let all: u64 = day.sessions.values().sum();
    let stacked = STACKED.map(|(status, class)| (class, day.sessions.get(status).copied().unwrap_or(0)));
    let open = all - stacked.iter().map(|(_, count)| count).sum::<u64>();
    let mut top = HEIGHT;
    let mut parts = vec![];
    for (class, count) in stacked.into_iter().chain([("bar-open", open)]).filter(|(_, count)| *count > 0) {
        let height = count as f64 / most * HEIGHT;
        top -= height;
        parts.push((class, rounded(index as f64 * step), rounded(top), rounded(height)));
    }
    parts
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A bar for each number, with the number beside it.
fn bars(rows: impl Iterator<Item = (String, u64)>) -> Markup {
    let rows: Vec<(String, u64)> = rows.collect();
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    html! {
        @if rows.is_empty() { p class="quiet" { "None." } }
        table class="bars" { tbody {
            @for (name, count) in &rows {
                tr {
                    th scope="row" { (name) }
                    td { (count) }
                    td { svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" { rect class="bar-plain" width=(rounded(*count as f64 / most as f64 * 100.0)) height="10" {} } }
                }
            }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_stacks_its_parts_without_gaps_and_never_above_the_chart() {
        let sessions = [("approved", 3), ("rejected", 1), ("pending", 4)];
        let sessions = sessions.map(|(status, count)| (status.to_owned(), count)).into();
        let day = DayView { day: chrono::NaiveDate::default(), sessions };
        let parts = column(&day, 8.0, 20.0, 2);
        let classes: Vec<_> = parts.iter().map(|part| part.0).collect();
        assert_eq!(classes, ["bar-good", "bar-bad", "bar-open"]);
        assert_eq!(parts.last().map(|part| (part.1, part.2)), Some((40.0, 0.0)));
        assert!(parts.windows(2).all(|pair| pair[1].2 + pair[1].3 == pair[0].2));
    }
}
