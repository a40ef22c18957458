//! The sanctions lists in force, and the search in them.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::screening::is_stale;
use maud::{Markup, html};
use serde::Deserialize;

use super::case::hit;
use super::for_operator;
use super::page::Page;
use crate::http::Shared;
use crate::http::admin::{HitView, OperatorCaller, SearchQuery, search};
use crate::http::problem::ApiError;

/// What was typed into the form; nothing at first.
#[derive(Deserialize)]
pub struct Asked {
    name: Option<String>,
    date_of_birth: Option<String>,
}

pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    asked: web::Query<Asked>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| page(caller, &shared, &asked).await).await
}

async fn page(caller: OperatorCaller, shared: &Shared, asked: &Asked) -> Result<Page, ApiError> {
    let name = asked.name.clone().filter(|name| !name.trim().is_empty());
    let found = name.map(|name| search(shared, &SearchQuery::named(name, asked.date_of_birth.clone())));
    let content = html! {
        (in_force(shared))
        h2 { "Look a name up" }
        form method="get" action="/admin/lists" class="row" {
            div { label for="name" { "Name" } input id="name" name="name" required maxlength="300" value=[asked.name.as_deref()]; }
            div {
                label for="date_of_birth" { "Birth date or year" }
                input id="date_of_birth" name="date_of_birth" maxlength="30" value=[asked.date_of_birth.as_deref()];
            }
            button type="submit" { "Search" }
        }
        @match found {
            None => {}
            Some(Err(_)) => p class="problem" role="alert" { "The birth date is a day (1970-03-09) or a year." },
            Some(Ok(answer)) if answer.hits.is_empty() => p role="status" { "Nobody of that name is listed." },
            Some(Ok(answer)) => @for found in &answer.hits { article class="panel" { (shown(found)) } },
        }
    };
    Ok(Page::inside("Sanctions lists", content, shared, &caller))
}

fn shown(found: &HitView) -> Markup {
    hit(found)
}

fn in_force(shared: &Shared) -> Markup {
    let services = shared.sessions.services();
    let (today, limit) = (services.clock.now().date_naive(), services.policy.screening.max_list_age_days);
    let lists = shared.lists.versions();
    html! {
        @if lists.is_empty() { p class="problem" { "No list is loaded: nobody can be screened." } }
        div class="wide" role="region" aria-label="Lists in force" tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "List" } th scope="col" { "Date" } th scope="col" { "Confirmed" } th scope="col" { "Age" }
                    th scope="col" { "Entities" } th scope="col" { "Version" }
                } }
                tbody {
                    @for list in &lists {
                        tr {
                            th scope="row" {
                                (list.name)
                                @if list.demonstration { " " span class="tag" { "demonstration" } }
                                @if is_stale(list, limit, services.production, today) { " " span class="tag bad" { "stale" } }
                            }
                            td { (list.date) }
                            td { @match list.confirmed { Some(day) => (day), None => "-" } }
                            td { ((today - list.as_of()).num_days()) " days" }
                            td { (list.entities) }
                            td { code { (list.version) } }
                        }
                    }
                }
            }
        }
    }
}
