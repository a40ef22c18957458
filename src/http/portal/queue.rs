//! The review queue: what waits, the longest waiting first.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::html;

use super::for_operator;
use super::page::{Page, words};
use crate::http::Shared;
use crate::http::admin::{OperatorCaller, QueueQuery, ReviewItem, queue};
use crate::http::problem::ApiError;

pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    query: web::Query<QueueQuery>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| page(caller, &shared, &query).await).await
}

async fn page(caller: OperatorCaller, shared: &Shared, query: &QueueQuery) -> Result<Page, ApiError> {
    let queue = queue(shared, query).await?;
    let now = shared.sessions.services().clock.now();
    let content = html! {
        p { @if queue.total == 1 { "1 session waits for a person." } @else { (queue.total) " sessions wait for a person." } }
        @if queue.items.is_empty() {
            p class="quiet" { "Nothing to do here." }
        } @else {
            div class="wide" role="region" aria-label="Waiting sessions" tabindex="0" {
                table {
                    thead { tr {
                        th scope="col" { "Session" } th scope="col" { "Waiting" } th scope="col" { "Why" }
                        th scope="col" { "Risk" } th scope="col" { "Reasons" } th scope="col" { "With" }
                    } }
                    tbody { @for item in &queue.items { (row(item, now)) } }
                }
            }
            @if let Some(cursor) = &queue.next_cursor { p { a href={ "/admin?cursor=" (cursor) } { "Next page" } } }
        }
    };
    Ok(Page::inside("Review queue", content, shared, &caller))
}

fn row(item: &ReviewItem, now: DateTime<Utc>) -> maud::Markup {
    html! {
        tr {
            th scope="row" { a href={ "/admin/reviews/" (item.session_id) } { code { (item.session_id) } } }
            td { time datetime=(item.waiting_since) { (waited(&item.waiting_since, now)) } }
            td { (words(&item.cause)) }
            td { (item.risk_level.as_deref().unwrap_or("-")) @if let Some(score) = item.risk_score { " (" (format!("{score:.2}")) ")" } }
            td { @for reason in &item.review_reasons { span class="tag" { (words(reason)) } " " } }
            td { @match &item.claimed_by { Some(reviewer) => code { (reviewer) }, None => span class="quiet" { "nobody" } } }
        }
    }
}

/// How long ago something was, in the largest unit that says something.
fn waited(since: &str, now: DateTime<Utc>) -> String {
    let Ok(since) = since.parse::<DateTime<Utc>>() else { return "-".to_owned() };
    let minutes = (now - since).num_minutes().max(0);
    match minutes {
        0 => "under a minute".to_owned(),
        1..=59 => format!("{minutes} min"),
        60..=2_879 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_a_unit_that_says_something() {
        let now: DateTime<Utc> = "2026-06-03T12:00:00Z".parse().unwrap();
        for (since, told) in [
            ("2026-06-03T11:59:40Z", "under a minute"),
            ("2026-06-03T11:15:00Z", "45 min"),
            ("2026-06-03T02:50:00Z", "9 h 10 min"),
            ("2026-05-30T12:00:00Z", "4 days"),
            ("2026-06-03T12:05:00Z", "under a minute"),
        ] {
            assert_eq!(waited(since, now), told);
        }
    }
}
