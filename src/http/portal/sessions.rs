//! Sessions of all partners, to look for one.

use actix_web::{HttpRequest, HttpResponse, web};
use maud::html;
use projections::partner_view::Status;

use super::for_operator;
use super::page::{Page, words};
use crate::http::Shared;
use crate::http::admin::{FoundSession, OperatorCaller, SessionsQuery, sessions};
use crate::http::problem::ApiError;

pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    query: web::Query<SessionsQuery>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| page(caller, &shared, &query).await).await
}

async fn page(caller: OperatorCaller, shared: &Shared, query: &SessionsQuery) -> Result<Page, ApiError> {
    let found = sessions(shared, query).await?;
    let content = html! {
        (form(query))
        p role="status" { @if found.total == 1 { "1 session." } @else { (found.total) " sessions." } }
        div class="wide" role="region" aria-label="Sessions" tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "Session" } th scope="col" { "User" } th scope="col" { "Status" } th scope="col" { "Risk" }
                    th scope="col" { "Opened" } th scope="col" { "Outcome" }
                } }
                tbody { @for one in &found.items { (row(one)) } }
            }
        }
        @if let Some(cursor) = &found.next_cursor { p { a href=(next(query, cursor)) { "Next page" } } }
    };
    Ok(Page::inside("Sessions", content, shared, &caller))
}

fn form(query: &SessionsQuery) -> maud::Markup {
    html! {
        form method="get" action="/admin/sessions" class="row" {
            div { label for="user" { "User" } input id="user" name="external_user_id" maxlength="256" value=[query.external_user_id.as_deref()]; }
            div {
                label for="status" { "Status" }
                select id="status" name="status" {
                    option value="" { "any" }
                    @for status in Status::ALL {
                        option value=(status.as_str()) selected[query.status.as_deref() == Some(status.as_str())] { (words(status.as_str())) }
                    }
                }
            }
            div { label for="from" { "Opened from" } input id="from" name="from" type="date" value=[query.from.as_deref()]; }
            div { label for="to" { "to" } input id="to" name="to" type="date" value=[query.to.as_deref()]; }
            button type="submit" { "Search" }
        }
    }
}

fn row(found: &FoundSession) -> maud::Markup {
    let session = &found.session;
    html! {
        tr {
            th scope="row" { a href={ "/admin/reviews/" (session.session_id) } { code { (session.session_id) } } }
            td { (session.external_user_id.as_deref().unwrap_or("erased")) }
            td { span class="tag" { (words(session.status.as_str())) } }
            td { @match session.risk_level { Some(level) => (level.as_str()), None => "-" } }
            td { (session.created_at) }
            td { (session.decision_reason.as_deref().unwrap_or("-")) }
        }
    }
}

fn next(query: &SessionsQuery, cursor: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    let kept = [
        ("external_user_id", &query.external_user_id),
        ("status", &query.status),
        ("partner_id", &query.partner_id),
        ("from", &query.from),
        ("to", &query.to),
    ];
    for (name, value) in kept {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    format!("/admin/sessions?{}", pairs.append_pair("cursor", cursor).finish())
}
