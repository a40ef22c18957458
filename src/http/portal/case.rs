//! A case on one screen: the evidence, the fields, the hits, what to decide, and everything that happened.

mod decide;
mod document;
mod screening;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::SessionId;
use domain::operator::Role;
use domain::review::Resolution;
use maud::{Markup, html};

use self::decide::decide;
use self::document::{duplicates, fields, images, zone};
use self::screening::screening;
use super::desk::{Desk, works};
use super::page::{Page, words};
use super::{for_operator, problem};
use crate::http::Shared;
use crate::http::admin::{
    CaseHit, CaseQuery, CaseView, FacesView, HitView, LivenessView, OperatorCaller, QueueQuery, case_of,
    operators,
};
use crate::http::problem::ApiError;

pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    query: web::Query<CaseQuery>,
    queue: web::Query<QueueQuery>,
) -> HttpResponse {
    let trail = queue.trail();
    for_operator(caller, &request, async |caller| page(caller, &shared, &path, &query, &trail).await).await
}

async fn page(
    caller: OperatorCaller,
    shared: &Shared,
    id: &str,
    query: &CaseQuery,
    trail: &str,
) -> Result<Page, ApiError> {
    let session: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
    let case = case_of(shared, &caller, session, query).await?;
    let latest = case.timeline.last().map_or(case.version, |event| event.sequence);
    let is_past = case.version < latest;
    let own_id = caller.who.operator.to_string();
    let has_it = case.claimed_by.as_deref() == Some(own_id.as_str()) && !is_past;
    let may_act = caller.who.role != Role::Auditor && !is_past;
    let screened_by = case.screening.as_ref().and_then(|screened| screened.screened_by.as_ref());
    let named = [case.assigned_to.as_ref(), case.claimed_by.as_ref(), screened_by];
    let names_somebody = named.iter().any(Option::is_some) || !case.cleared_by.is_empty();
    let people = if names_somebody { operators(shared).await?.items } else { vec![] };
    let assignee = people.iter().find(|one| case.assigned_to.as_ref() == Some(&one.operator_id));
    let desk = Desk {
        case: &case,
        people: &people,
        may_act,
        waits: case.session.status.as_str() == "manual_review",
        has_it,
        is_anothers: assignee.is_some_and(|one| {
            works(one) && one.operator_id != own_id && !case.cleared_by.contains(&one.operator_id)
        }),
        now: shared.sessions.services().clock.now(),
        trail,
    };
    let api = |call: &str| format!("/admin/api/reviews/{session}/{call}");
    let content = html! {
        (time_slider(&case, latest, trail))
        (summary(&desk))
        (desk.actions(&api))
        div class="columns" {
            div {
                (images(&case))
                section aria-labelledby="fields" { h2 id="fields" { "Document" } (fields(&case)) (zone(&case)) }
                section aria-labelledby="duplicates" { h2 id="duplicates" { "Seen before" } (duplicates(&case)) }
                section aria-labelledby="checks" { h2 id="checks" { "Checks" } (checks(&case)) (faces(&case.faces)) (liveness(case.liveness.as_ref())) }
            }
            div {
                section aria-labelledby="hits" {
                    h2 id="hits" { "Sanctions hits" }
                    @if case.hits.is_empty() { p class="quiet" { "None." } }
                    @for found in &case.hits { (case_hit(found, has_it, &api)) }
                }
                section aria-labelledby="screening" { h2 id="screening" { "Screening" } (screening(&desk, &api)) }
                @if has_it { (decide(&desk, &api)) }
                @if may_act { (note(&api)) }
            }
        }
        section aria-labelledby="timeline" { h2 id="timeline" { "What happened" } (timeline(&case, trail)) }
    };
    let title = format!("Case {}", session.to_string().split('-').next().unwrap_or_default());
    Ok(Page::inside(title, content, shared, &caller))
}

/// Leads to the case as it stood after any of its events.
fn time_slider(case: &CaseView, latest: u64, trail: &str) -> Markup {
    let at = case.timeline.iter().find(|event| event.sequence == case.version);
    html! {
        @if case.version < latest {
            p class="problem" role="status" {
                "The case as it stood after event " (case.version) " of " (latest)
                @if let Some(event) = at { ", " (event.event) @if let Some(time) = &event.at { " at " (time) } }
                ". " a href={ "?" (trail) } { "Show it as it stands now" }
            }
        }
        form method="get" class="row" data-slider {
            // A form replaces the whole query.
            @for (name, value) in url::form_urlencoded::parse(trail.as_bytes()) { input type="hidden" name=(name) value=(value); }
            div {
                label for="at" { "As it stood after event " output for="at" { (case.version) } " of " (latest) }
                input id="at" name="at" type="range" min="1" max=(latest) value=(case.version);
            }
            button class="plain" type="submit" { "Show" }
        }
    }
}

fn faces(compared: &[FacesView]) -> Markup {
    html! {
        @if !compared.is_empty() {
            table {
                thead { tr { th scope="col" { "Faces" } th scope="col" { "Similarity" } th scope="col" { "Needed" } } }
                tbody { @for pair in compared {
                    tr {
                        th scope="row" { (words(pair.pair)) }
                        td class=(if pair.matched { "good" } else { "bad" }) { (format!("{:.4}", pair.score)) }
                        td { (format!("{:.4}", pair.threshold)) }
                    }
                } }
            }
        }
    }
}

fn liveness(seen: Option<&LivenessView>) -> Markup {
    let Some(seen) = seen else { return html! {} };
    let told = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "not judged".to_owned(), |value| format!("{value}{unit}"))
    };
    let rows = [
        ("Frames with one face", format!("{} of {}", seen.frames_with_face, seen.frames)),
        ("Turned to the left", told(seen.turned_left, " degrees")),
        ("Turned to the right", told(seen.turned_right, " degrees")),
        ("Eyes closed", told(seen.eye_dip, "")),
        ("Live texture", told(seen.live, "")),
        ("One and the same face", told(seen.consistency, "")),
        ("Frames differ by", told(seen.frame_difference, "")),
    ];
    html! {
        table {
            thead { tr { th scope="col" { "Liveness" } th scope="col" { "Measured" } } }
            tbody { @for (name, value) in rows { tr { th scope="row" { (name) } td { (value) } } } }
        }
        @for reason in &seen.reasons { span class="tag bad" { (words(reason)) } " " }
    }
}

fn summary(desk: &Desk<'_>) -> Markup {
    let case = desk.case;
    html! {
        dl class="facts" {
            div { dt { "Session" } dd { code { (case.session.session_id) } } }
            div { dt { "Status" } dd { span class="tag" { (words(case.session.status.as_str())) } } }
            div { dt { "Partner" } dd { code { (case.partner_id) } } }
            div { dt { "User" } dd { (case.session.external_user_id.as_deref().unwrap_or("erased")) } }
            @if let Some(level) = case.session.risk_level { div { dt { "Risk" } dd { (level.as_str()) } } }
            (desk.facts())
        }
        @if !case.review_reasons.is_empty() {
            p { "Against an approval: " @for reason in &case.review_reasons { span class="tag" { (words(reason)) } " " } }
        }
    }
}

fn checks(case: &CaseView) -> Markup {
    let results = &case.session.verification_results;
    let rows = [
        ("Document", results.document_verified),
        ("Face", results.face_match_passed),
        ("Liveness", results.liveness_passed),
        ("Sanctions", results.sanctions_clear),
    ];
    html! {
        table { tbody {
            @for (name, passed) in rows {
                tr {
                    th scope="row" { (name) }
                    td { @match passed {
                        Some(true) => span class="good" { "passed" },
                        Some(false) => span class="bad" { "not passed" },
                        None => span class="quiet" { "not judged" },
                    } }
                }
            }
            @if let Some(score) = results.face_match_score { tr { th scope="row" { "Face similarity" } td { (format!("{score:.4}")) } } }
        } }
    }
}

fn case_hit(found: &CaseHit, has_it: bool, api: &dyn Fn(&str) -> String) -> Markup {
    let said = match found.resolution {
        Some(Resolution::SamePerson) => Some("the same person"),
        Some(Resolution::DifferentPerson) => Some("somebody else"),
        None => None,
    };
    html! {
        article class="panel" {
            (hit(&found.hit))
            @if found.current == Some(false) && found.hit.is_match { p { span class="tag" { "no match any more" } } }
            @if let Some(said) = said {
                p { strong { "Found to be " (said) } " by " code { (found.resolved_by.as_deref().unwrap_or("-")) } }
            }
            @if has_it && found.hit.is_match {
                form method="post" data-api=(api("hits")) {
                    (problem())
                    input type="hidden" name="entity_id" value=(found.hit.id);
                    label { "Why " input name="note" maxlength="2000"; }
                    button class="plain" name="resolution" value="different_person" type="submit" { "Somebody else" } " "
                    button class="plain bad" name="resolution" value="same_person" type="submit" { "The same person" }
                }
            }
        }
    }
}

/// A hit with what made its score.
pub fn hit(found: &HitView) -> Markup {
    html! {
        h3 { (found.caption) " " span class="tag" { (format!("{:.2}", found.score)) } @if !found.is_match { " " span class="quiet" { "near miss" } } }
        p class="quiet" { (found.datasets.join(", ")) " - " code { (found.id) } }
        p { "Compared with the " (words(&found.matched_name.kind)) " " strong { (found.matched_name.candidate) } }
        ul class="pairs" {
            @for pair in &found.pairs { li { (pair.query) " = " (pair.candidate) " " span class="quiet" { (format!("{:.2}", pair.score)) } } }
        }
        table { tbody {
            @for (feature, part) in &found.explanations {
                tr {
                    th scope="row" { (words(feature)) }
                    td { (format!("{:+.2}", if feature == "name" { part.score } else { part.weight })) }
                    td { (part.detail) @if let Some(listed) = &part.candidate { " " span class="quiet" { "Listed: " (listed) } } }
                }
            }
        } }
        @for property in ["birthDate", "nationality", "program", "topics"] {
            @if let Some(values) = found.properties.get(property) { p class="quiet" { (property) ": " (values.join(", ")) } }
        }
    }
}

fn note(api: &dyn Fn(&str) -> String) -> Markup {
    html! {
        form method="post" data-api=(api("notes")) class="panel" {
            (problem())
            label { "A note for colleagues and auditors " textarea name="note" required maxlength="2000" rows="2" {} }
            button class="plain" type="submit" { "Add the note" }
        }
    }
}

fn timeline(case: &CaseView, trail: &str) -> Markup {
    let and_trail = if trail.is_empty() { String::new() } else { format!("&{trail}") };
    html! {
        ol class="timeline" {
            @for event in &case.timeline {
                li class=[(event.sequence > case.version).then_some("later")] {
                    a href={ "?at=" (event.sequence) (and_trail) } { "#" (event.sequence) } " "
                    @if event.sequence > case.version { span class="tag" { "later" } " " }
                    time datetime=[event.at.as_deref()] { (event.at.as_deref().unwrap_or("-")) } " "
                    strong { (event.event) } " "
                    span class="quiet" { "by " (event.actor.as_deref().unwrap_or("unknown")) }
                    @if let Some(text) = &event.text { p class="quote" { (text) } }
                }
            }
        }
    }
}
