//! The review queue: what waits, the longest waiting or the riskiest first.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::operator::Role;
use maud::html;

use super::page::{Page, words};
use super::{SIGN_IN, for_operator};
use crate::http::Shared;
use crate::http::admin::{OperatorCaller, QueueQuery, ReviewCount, ReviewItem, queue};
use crate::http::problem::ApiError;

pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    query: web::Query<QueueQuery>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| page(caller, &shared, &query).await).await
}

/// Leads to the riskiest case that nobody has, or to the queue when there is none.
pub async fn next(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let Some(caller) = caller else {
        return HttpResponse::SeeOther().insert_header((LOCATION, SIGN_IN)).finish();
    };
    match queue(&shared, &caller, &QueueQuery::first_of_nobody()).await {
        Ok(found) => {
            let place = found.items.first().map(|item| format!("/admin/reviews/{}", item.session_id));
            let place = place.unwrap_or_else(|| "/admin".to_owned());
            HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
        }
        Err(error) => error.respond(&request),
    }
}

async fn page(caller: OperatorCaller, shared: &Shared, query: &QueueQuery) -> Result<Page, ApiError> {
    let queue = queue(shared, &caller, query).await?;
    let now = shared.sessions.services().clock.now();
    let overdue: u64 = queue.counts.iter().map(|count| count.overdue).sum();
    let content = html! {
        p role="status" {
            @if queue.total == 1 { "1 session waits for a person." } @else { (queue.total) " sessions wait for a person." }
            @if overdue > 0 { " " span class="tag bad" { (overdue) " over the target of " (shared.settings.review_target_hours) " h" } }
        }
        @if caller.who.role != Role::Auditor && queue.total > 0 { p { a class="button" href="/admin/next" { "Take up the next case" } } }
        (filter(query, &queue.counts))
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
            @if let Some(cursor) = &queue.next_cursor { p { a href=(address(query, cursor)) { "Next page" } } }
        }
    };
    Ok(Page::inside("Review queue", content, shared, &caller))
}

/// What is shown, and in which order; each choice tells how many wait.
fn filter(query: &QueueQuery, counts: &[ReviewCount]) -> maud::Markup {
    let waiting = |is: &dyn Fn(&ReviewCount) -> bool| -> u64 {
        counts.iter().filter(|count| is(count)).map(|count| count.waiting).sum()
    };
    let causes = ["undecided", "contested", "rescreened"]
        .map(|cause| (cause, format!("{} ({})", words(cause), waiting(&|count| count.cause == cause))));
    let levels = ["low", "medium", "high"].map(|level| {
        (level, format!("{level} ({})", waiting(&|count| count.risk_level.as_deref() == Some(level))))
    });
    let orders = [("oldest", "the longest waiting"), ("riskiest", "the riskiest")]
        .map(|(word, told)| (word, told.to_owned()));
    let holders = [("nobody", "nobody"), ("me", "me")].map(|(word, told)| (word, told.to_owned()));
    html! {
        form method="get" action="/admin" class="row" {
            (choice("order", "First", None, &orders, &query.order))
            (choice("cause", "Why", Some("any"), &causes, &query.cause))
            (choice("risk_level", "Risk", Some("any"), &levels, &query.risk_level))
            (choice("held_by", "With", Some("anybody"), &holders, &query.held_by))
            button class="plain" type="submit" { "Show" }
        }
    }
}

fn choice(
    name: &str,
    label: &str,
    any: Option<&str>,
    options: &[(&str, String)],
    chosen: &Option<String>,
) -> maud::Markup {
    html! {
        div {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(any) = any { option value="" { (any) } }
                @for (value, told) in options { option value=(value) selected[chosen.as_deref() == Some(value)] { (told) } }
            }
        }
    }
}

/// The same filter, from another place on.
fn address(query: &QueueQuery, cursor: &str) -> String {
    let kept = [
        ("order", &query.order),
        ("cause", &query.cause),
        ("risk_level", &query.risk_level),
        ("partner_id", &query.partner_id),
        ("held_by", &query.held_by),
    ];
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in kept {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    format!("/admin?{}", pairs.append_pair("cursor", cursor).finish())
}

fn row(item: &ReviewItem, now: DateTime<Utc>) -> maud::Markup {
    html! {
        tr {
            th scope="row" { a href={ "/admin/reviews/" (item.session_id) } { code { (item.session_id) } } }
            td { time datetime=(item.waiting_since) { (waited(&item.waiting_since, now)) } @if item.overdue { " " span class="tag bad" { "overdue" } } }
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
