//! What the applicant was screened against last, and the form for doing it again.

use domain::screening::NotJudged;
use maud::{Markup, html};

use super::super::desk::{Desk, called};
use super::super::page::words;
use super::super::problem;

/// What the applicant was screened against last, and the form for doing it again.
pub fn screening(desk: &Desk<'_>, api: &dyn Fn(&str) -> String) -> Markup {
    let seen = desk.case.screening.as_ref();
    html! {
        @match seen {
            None => p class="quiet" { "Not screened yet." },
            Some(seen) => {
                p {
                    span class="tag" { (words(seen.outcome)) } " "
                    @for doubt in &seen.because { span class="tag bad" { (words(not_judged(*doubt))) } " " }
                    time datetime=(seen.screened_at) { (seen.screened_at) }
                    @if let Some(reviewer) = &seen.screened_by { " by " (called(desk.people, reviewer)) }
                }
                p class="quiet" {
                    @if seen.lists.is_empty() { "No list was consulted." }
                    @for list in &seen.lists { (list.name) ", version " (list.version) ", of " (list.date) @if list.demonstration { " (demonstration)" } ". " }
                }
                @if let Some(entered) = &seen.entered {
                    p { "Entered by hand: " strong { (entered.name) } ", born " (entered.date_of_birth) }
                }
            }
        }
        @if desk.has_it {
            form method="post" data-api=(api("screening")) class="panel" {
                (problem())
                p class="quiet" { "Leave both fields empty to screen by what was read. What you enter is kept and counts for this case." }
                label { "Name " input name="name" maxlength="300" autocomplete="off"; }
                label { "Date or year of birth, such as 1970-03-09 or 1970 " input name="date_of_birth" maxlength="10" autocomplete="off"; }
                button class="plain" type="submit" { "Screen now" }
            }
        }
    }
}

const fn not_judged(doubt: NotJudged) -> &'static str {
    match doubt {
        NotJudged::NameUnread => "name not read for sure",
        NotJudged::BirthDateUnread => "birth date not read for sure",
        NotJudged::ListsMissing => "no list is loaded",
        NotJudged::ListsStale => "a list is too old",
    }
}
