//! The sanctions lists in force, the search in them, importing and removing one.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::operator::Role;
use maud::{Markup, html};
use serde::Deserialize;

use super::case::hit;
use super::page::Page;
use super::{for_operator, problem};
use crate::http::Shared;
use crate::http::admin::{ListView, OperatorCaller, SearchQuery, in_force, search};
use crate::http::problem::ApiError;
use crate::list_status::{SourceState, SourceStatus};

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
    let is_admin = caller.who.role == Role::Admin;
    let lists = in_force(shared).await?;
    let content = html! {
        @for notice in &lists.notices { p class="problem" role="status" { (notice) } }
        (table(&lists.items, is_admin))
        (not_in_force(&lists.sources))
        h2 { "Search name" }
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
            Some(Ok(answer)) => @for found in &answer.hits { article class="panel" { (hit(found)) } },
        }
        @if is_admin { (import()) }
    };
    Ok(Page::inside("Sanctions lists", content, shared, &caller))
}

fn table(lists: &[ListView], is_admin: bool) -> Markup {
    html! {
        div class="wide" role="region" aria-label="Lists in force" tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "List" } th scope="col" { "Date" } th scope="col" { "Confirmed" } th scope="col" { "Age" }
                    th scope="col" { "Entities" } th scope="col" { "Rows rejected" } th scope="col" { "Version" }
                    @if is_admin { th scope="col" { "Remove" } }
                } }
                tbody { @for list in lists { tr { (row(list)) @if is_admin { td { (remove(list, lists.len() == 1)) } } } } }
            }
        }
    }
}

fn row(list: &ListView) -> Markup {
    html! {
        th scope="row" {
            (list.name)
            @if list.demonstration { " " span class="tag" { "demonstration" } }
            @if list.stale { " " span class="tag bad" { "stale" } }
        }
        td { (list.date) }
        td { @match list.confirmed { Some(day) => (day), None => "-" } }
        td { (list.age_days) " days" }
        td { (list.entities) }
        td {
            @match list.rejected_rows { Some(rows) => (rows), None => "-" }
            @if !list.problems.is_empty() {
                details { summary { "Which" } ul class="pairs" { @for problem in &list.problems { li { (problem) } } } }
            }
        }
        td { code { (list.version) } }
    }
}

fn remove(list: &ListView, is_last: bool) -> Markup {
    let ask = if is_last {
        "Remove the last list? Nobody can be screened without one, and every session goes to manual review."
    } else {
        "Remove this list? Nobody is screened against it any more."
    };
    html! {
        form method="post" data-api={ "/admin/api/lists/" (list.name) "/remove" } data-ask=(ask) {
            (problem())
            button class="bad" type="submit" { "Remove" }
        }
    }
}

/// The sources that nobody is screened against at the moment.
fn not_in_force(sources: &[SourceStatus]) -> Markup {
    let state = |source: &SourceStatus| match source.state {
        SourceState::NotLoaded => "imported, not loaded",
        SourceState::NotFetched => "never fetched",
        SourceState::Replaced => "demonstration list, replaced by the current one",
        SourceState::Removed => "demonstration list, removed",
        SourceState::InForce | SourceState::Stale => "in force",
    };
    let is_out = |source: &&SourceStatus| !matches!(source.state, SourceState::InForce | SourceState::Stale);
    let out: Vec<&SourceStatus> = sources.iter().filter(is_out).collect();
    html! {
        @if !out.is_empty() {
            p class="quiet" {
                "Not in force: "
                @for (at, source) in out.into_iter().enumerate() { @if at > 0 { "; " } (source.name) " (" (state(source)) ")" }
            }
        }
    }
}

/// Imports a list.
fn import() -> Markup {
    html! {
        form method="post" enctype="multipart/form-data" data-api="/admin/api/lists" class="panel" {
            (problem())
            h2 { "Import list" }
            p class="quiet" { "As its publisher gives it out: OFAC, United Nations, European Union, United Kingdom, OpenSanctions, FollowTheMoney. It is imported whole or not at all, and stays beside the lists of other sources." }
            label { "File; of OFAC's CSV, names and aliases together " input name="files" type="file" multiple required; }
            label { "Custom name (optional) " input name="name" maxlength="64" autocomplete="off"; }
            label { "Date of the list, where the file does not say it " input name="date" type="date"; }
            label class="choice" { input type="checkbox" name="accept_shrink" value="true"; " Accept a list that names far fewer than before" }
            button type="submit" { "Import" }
        }
    }
}
