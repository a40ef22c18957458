//! The review queue: what waits, the longest waiting or the riskiest first.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::operator::Role;
use futures_util::future::try_join;
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{called, works};
use super::door::leading_back;
use super::page::{Page, words};
use super::{for_operator, keys, problem};
use crate::http::Shared;
use crate::http::admin::{
    NamedOperatorView, NextQuery, OperatorCaller, QueueQuery, ReviewCount, ReviewItem, ReviewQueue,
    operators, queue,
};
use crate::http::problem::ApiError;

/// How somebody came here.
#[derive(Deserialize)]
pub struct Arrival {
    /// Present after the last case.
    done: Option<String>,
}

pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    query: web::Query<QueueQuery>,
    arrival: web::Query<Arrival>,
) -> HttpResponse {
    let is_done = arrival.done.is_some();
    for_operator(caller, &request, async |caller| page(caller, &shared, &query, is_done).await).await
}

/// Leads to the next case, or to the queue when there is none.
pub async fn next(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    query: web::Query<NextQuery>,
) -> HttpResponse {
    let Some(caller) = caller else {
        return leading_back(&request);
    };
    match crate::http::admin::next(&shared, &caller, &query).await {
        Ok(found) => {
            let trail = query.queue().trail();
            let place = match found {
                Some(session) if trail.is_empty() => format!("/admin/reviews/{session}"),
                Some(session) => format!("/admin/reviews/{session}?{trail}"),
                None if trail.is_empty() => "/admin?done=1".to_owned(),
                None => format!("/admin?done=1&{trail}"),
            };
            HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
        }
        Err(error) => error.respond(&request),
    }
}

async fn page(
    caller: OperatorCaller,
    shared: &Shared,
    query: &QueueQuery,
    is_done: bool,
) -> Result<Page, ApiError> {
    let (queue, people) = try_join(queue(shared, &caller, query), operators(shared)).await?;
    let people = people.items;
    let now = shared.sessions.services().clock.now();
    let overdue: u64 = queue.counts.iter().map(|count| count.overdue).sum();
    let is_narrowed = query.narrowing().next().is_some();
    // The page shows the oldest first where nobody chose; whoever starts from here goes on in that order.
    let shown = QueueQuery {
        order: Some(query.order.clone().unwrap_or_else(|| "oldest".to_owned())),
        ..query.filter_only()
    };
    let trail = shown.trail();
    let content = html! {
        @if is_done {
            p class="panel" role="status" {
                @if is_narrowed { "There is no other case to start with this filter." } @else { "Your queue is empty." }
                @if queue.total > 0 { " What is left is snoozed, or claimed by or assigned to others." }
            }
        }
        p role="status" data-live {
            @if is_narrowed { (queue.matching) " of " (queue.total) @if queue.total == 1 { " case" } @else { " cases" } " to review match the filter." }
            @else if queue.total == 1 { "1 case to review." } @else { (queue.total) " cases to review." }
            @if queue.snoozed > 0 { " Snoozed: " (queue.snoozed) "." }
            @if is_narrowed { " " a href="/admin" { "Show all" } }
            @if overdue > 0 { " " span class="tag bad" { (overdue) " over the target of " (shared.settings.review_target_hours) " h" } }
        }
        @if caller.who.role != Role::Auditor && queue.total > 0 { p { a class="button" href={ "/admin/next?" (trail) } data-key="n" { "Start next case" } } }
        (filter(query, &queue.counts, &people))
        @if queue.items.is_empty() {
            p class="quiet" { "Nothing to do here." }
        } @else {
            @if caller.who.role == Role::Admin {
                form method="post" data-api="/admin/api/reviews/assign" data-pick {
                    (assignment(&people))
                    (table(&queue, &people, now, &trail, true))
                }
            } @else {
                (table(&queue, &people, now, &trail, false))
            }
            @if let Some(cursor) = &queue.next_cursor { p { a href=(address(query, cursor)) { "Next page" } } }
        }
    };
    Ok(Page::inside("Review queue", html! { (content) (keys::help()) }, shared, &caller))
}

fn table(
    queue: &ReviewQueue,
    people: &[NamedOperatorView],
    now: DateTime<Utc>,
    trail: &str,
    can_pick: bool,
) -> Markup {
    html! {
        div class="wide" role="region" aria-label="Waiting sessions" tabindex="0" {
            table {
                thead { tr {
                    @if can_pick { th scope="col" { input type="checkbox" data-all aria-label="Select all on this page"; } }
                    th scope="col" { "Session" } th scope="col" { "Waiting" } th scope="col" { "Trigger" }
                    th scope="col" { "Risk" } th scope="col" { "Reasons" } th scope="col" { "Claimed by" } th scope="col" { "Assigned to" }
                } }
                tbody { @for item in &queue.items { (row(item, people, now, trail, can_pick)) } }
            }
        }
    }
}

/// Whom the picked cases are assigned to.
fn assignment(people: &[NamedOperatorView]) -> Markup {
    html! {
        (problem())
        div class="acts" {
            div {
                label for="operator" { "Assign the selected cases to" }
                // The API takes null for nobody, which no field of a form can say.
                select id="operator" name="operator_id" data-null="nobody" {
                    @for one in people.iter().filter(|one| works(one)) {
                        option value=(one.operator_id) { (one.login.as_deref().unwrap_or(&one.operator_id)) ", " (one.role.as_str()) }
                    }
                    option value="nobody" { "nobody in particular" }
                }
            }
            button class="plain" type="submit" { "Assign" }
        }
    }
}

/// What is shown, and in which order; each choice tells how many wait.
fn filter(query: &QueueQuery, counts: &[ReviewCount], people: &[NamedOperatorView]) -> Markup {
    let waiting = |is: &dyn Fn(&ReviewCount) -> bool| -> u64 {
        counts.iter().filter(|count| is(count)).map(|count| count.waiting).sum()
    };
    let causes = ["undecided", "contested", "rescreened"]
        .map(|cause| (cause, format!("{} ({})", words(cause), waiting(&|count| count.cause == cause))));
    let levels = ["low", "medium", "high"].map(|level| {
        (level, format!("{level} ({})", waiting(&|count| count.risk_level.as_deref() == Some(level))))
    });
    let orders = [("oldest", "oldest first"), ("riskiest", "riskiest first")]
        .map(|(word, told)| (word, told.to_owned()));
    let holders = [("nobody", "nobody"), ("me", "me")].map(|(word, told)| (word, told.to_owned()));
    let snoozed = counts.iter().map(|count| count.snoozed).sum::<u64>();
    let snoozing = [("all", format!("include ({snoozed})")), ("only", format!("only ({snoozed})"))];
    let named = people
        .iter()
        .map(|one| (one.operator_id.as_str(), one.login.clone().unwrap_or_else(|| one.operator_id.clone())));
    let assignees: Vec<_> = holders.iter().cloned().chain(named).collect();
    html! {
        form method="get" action="/admin" class="row" {
            (choice("order", "Sort by", None, &orders, &query.order))
            (choice("cause", "Trigger", Some("any"), &causes, &query.cause))
            (choice("risk_level", "Risk", Some("any"), &levels, &query.risk_level))
            (choice("held_by", "Claimed by", Some("anybody"), &holders, &query.held_by))
            (choice("assigned_to", "Assigned to", Some("anybody"), &assignees, &query.assigned_to))
            (choice("snoozed", "Snoozed", Some("hide"), &snoozing, &query.snoozed))
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
) -> Markup {
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
    let cursor = url::form_urlencoded::Serializer::new(query.trail()).append_pair("cursor", cursor).finish();
    format!("/admin?{cursor}")
}

fn row(
    item: &ReviewItem,
    people: &[NamedOperatorView],
    now: DateTime<Utc>,
    trail: &str,
    can_pick: bool,
) -> Markup {
    html! {
        tr {
            @if can_pick { td { input type="checkbox" name="sessions[]" value=(item.session_id) aria-label={ "Select " (item.session_id) }; } }
            th scope="row" { a href={ "/admin/reviews/" (item.session_id) "?" (trail) } { code { (item.session_id) } } }
            td { time datetime=(item.waiting_since) { (waited(&item.waiting_since, now)) } @if item.overdue { " " span class="tag bad" { "overdue" } }
                @if let Some(until) = &item.snoozed_until { " " span class="tag" { "snoozed until " (until) } }
            }
            td { (words(&item.cause)) }
            td { (item.risk_level.as_deref().unwrap_or("-")) @if let Some(score) = item.risk_score { " (" (format!("{score:.2}")) ")" } }
            td {
                @for reason in &item.review_reasons { span class="tag" { (words(reason)) } " " }
                @if !item.cleared_by.is_empty() { span class="tag" { "second reviewer needed" } }
            }
            td { @match &item.claimed_by { Some(reviewer) => code { (reviewer) }, None => span class="quiet" { "nobody" } } }
            td { @match &item.assigned_to { Some(operator) => (called(people, operator)), None => span class="quiet" { "nobody" } } }
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
