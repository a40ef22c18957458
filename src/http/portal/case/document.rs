//! What a case's document shows: its images with what was found on them, its fields, and where it was seen before.

use maud::{Markup, html};

use crate::http::admin::{CaseImage, CaseView, FieldView, FrameView, ZoneView};
use crate::http::portal::page::words;

/// The images that are held.
pub(super) fn images(case: &CaseView) -> Markup {
    html! {
        section aria-labelledby="evidence" {
            h2 id="evidence" { "Evidence" }
            @if case.images.is_empty() { p class="quiet" { "No image is held." } }
            div class="images" {
                @for image in &case.images {
                    figure class=[(image.kind == "liveness_frame").then_some("frame")] {
                        a href=(image.href) class=[is_marked(image).then_some("marked")] {
                            img src=(image.href) alt=(words(image.kind)) loading="lazy";
                            @if is_marked(image) { (marks(image)) }
                        }
                        figcaption { (words(image.kind)) @if let Some(frame) = &image.frame { (seen(frame)) } }
                    }
                }
            }
        }
    }
}

/// What a frame shows by itself.
fn seen(frame: &FrameView) -> Markup {
    let side = |turn: f64| if turn < 0.0 { "right" } else { "left" };
    html! {
        " " (frame.number)
        @match frame.faces {
            "one" => {},
            faces => span class="bad" { ": " (faces) },
        }
        @if let Some(turn) = frame.turn { br; (format!("{:.0}° {}", turn.abs(), side(turn))) }
        @if let Some(open) = frame.eyes_open { br; "eyes " (format!("{open:.2}")) }
        @if let Some(live) = frame.live { br; "live " (format!("{live:.2}")) }
    }
}

const fn is_marked(image: &CaseImage) -> bool {
    image.face.is_some() || !image.zones.is_empty()
}

/// Frames around a face and what was read, over the picture that they are in.
fn marks(image: &CaseImage) -> Markup {
    let at = |share: f64| (share * 1_000.0).round();
    let corners = |zone: &ZoneView| zone.corners.map(|[x, y]| format!("{},{}", at(x), at(y))).join(" ");
    html! {
        svg class="mark" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true" {
            @if let Some(face) = image.face {
                rect x=(at(face.left)) y=(at(face.top)) width=(at(face.width)) height=(at(face.height)) {}
            }
            @for zone in &image.zones { polygon points=(corners(zone)) { title { (words(zone.field)) } } }
        }
    }
}

/// The zone as it was read, and each of its check digits.
pub(super) fn zone(case: &CaseView) -> Markup {
    let rows = case.identity.as_ref().map(|identity| identity.mrz_rows.as_slice()).unwrap_or_default();
    html! {
        @if !rows.is_empty() {
            h3 { "Machine-readable zone" }
            pre class="zone" tabindex="0" role="region" aria-label="Machine-readable zone" { @for row in rows { (row) "\n" } }
        }
        @if !case.check_digits.is_empty() {
            table {
                thead { tr { th scope="col" { "Check digit of" } th scope="col" { "Printed" } th scope="col" { "Computed" } } }
                tbody { @for digit in &case.check_digits {
                    tr {
                        th scope="row" { (words(digit.field)) }
                        td class=(if digit.ok { "good" } else { "bad" }) { code { (digit.printed) } @if !digit.ok { " wrong" } }
                        td { code { (digit.computed) } }
                    }
                } }
            }
        }
    }
}

/// The fields as each source has them.
pub(super) fn fields(case: &CaseView) -> Markup {
    html! {
        @if case.identity.is_none() { p class="quiet" { "Nothing was read, or it was erased." } }
        (findings(case))
        @if !case.fields.is_empty() { (fields_table(&case.fields)) }
        (metadata(case))
    }
}

/// What speaks against the document, and what to make of it.
fn findings(case: &CaseView) -> Markup {
    html! {
        @if !case.document_findings.is_empty() {
            h3 { "Findings" }
            ul class="pairs" { @for finding in &case.document_findings {
                li { span class="tag" { (words(finding.code)) } @if let Some(text) = finding.text { " " (text) } }
            } }
        }
        @if case.name_confirmed == Some(false) {
            p class="quiet" { "The name is not confirmed by the print. No check digit covers it: compare it with the image." }
        }
    }
}

fn fields_table(fields: &[FieldView]) -> Markup {
    let cell = |value: &Option<String>| html! { td { (value.as_deref().unwrap_or("-")) } };
    html! {
        div class="wide" role="region" aria-label="Fields of the document" tabindex="0" { table {
            thead { tr { th scope="col" { "Field" } th scope="col" { "Zone" } th scope="col" { "Printed" } th scope="col" { "Partner" } th scope="col" { "Agree" } } }
            tbody { @for row in fields {
                tr {
                    th scope="row" { (words(row.field)) }
                    (cell(&row.zone)) (cell(&row.printed)) (cell(&row.partner))
                    td { @match row.agree {
                        Some(true) => span class="good" { "yes" },
                        Some(false) => span class="bad" { "no" },
                        None => span class="quiet" { "-" },
                    } }
                }
            } }
        } }
    }
}

fn metadata(case: &CaseView) -> Markup {
    html! {
        @if let Some(entries) = case.metadata.as_ref().filter(|entries| !entries.is_empty()) {
            details {
                summary { "All that the partner says (" (entries.len()) ")" }
                table { tbody { @for (key, value) in entries { tr { th scope="row" { (key) } td { (value) } } } } }
            }
        }
    }
}

/// Other sessions of the same document or person.
pub(super) fn duplicates(case: &CaseView) -> Markup {
    html! {
        @if case.duplicates.is_empty() { p class="quiet" { "No other session of this partner shows this document or person." } }
        @else {
            ul class="pairs" {
                @for other in &case.duplicates {
                    li {
                        a href={ "/admin/reviews/" (other.session_id) } { (other.created_at) } " "
                        span class="tag" { (words(&other.status)) } " "
                        @for alike in &other.alike { span class="quiet" { (words(alike)) " " } }
                    }
                }
            }
        }
    }
}
