//! What a reviewer does with a case as a whole: take it, give it back, put it off, go on to the next.

use chrono::{DateTime, Duration, Utc};
use domain::operator::Role;
use maud::{Markup, html};

use super::{keys, problem};
use crate::http::admin::{CaseView, NamedOperatorView};
use crate::http::answers::time;

const AHEAD: [(&str, i64); 3] = [("Tomorrow", 1), ("In 3 days", 3), ("Next week", 7)];

/// How a case stands to whoever looks at it.
pub struct Desk<'a> {
    /// The case.
    pub case: &'a CaseView,
    /// Who has a name here.
    pub people: &'a [NamedOperatorView],
    /// Whether the person may do anything to it: no auditor, and not the past.
    pub may_act: bool,
    /// Whether it waits for a decision.
    pub waits: bool,
    /// Whether the person has it.
    pub has_it: bool,
    /// Whether it is kept for somebody else who may take it.
    pub is_anothers: bool,
    /// Now.
    pub now: DateTime<Utc>,
    /// Order and filter of the queue that is worked through, as parameters of an address.
    pub trail: &'a str,
}

impl Desk<'_> {
    /// Where the next case is, this one passed over.
    pub fn next(&self) -> String {
        format!("/admin/next?skip={}{}", self.case.session.session_id, self.and_trail())
    }

    fn and_trail(&self) -> String {
        if self.trail.is_empty() { String::new() } else { format!("&{}", self.trail) }
    }

    /// The queue that is worked through.
    fn queue(&self) -> String {
        if self.trail.is_empty() { "/admin".to_owned() } else { format!("/admin?{}", self.trail) }
    }

    /// Who has the case, for whom it is kept, and until when it is put off.
    pub fn facts(&self) -> Markup {
        html! {
            div { dt { "Claimed by" } dd { @match &self.case.claimed_by { Some(reviewer) => (called(self.people, reviewer)), None => "-" } } }
            @if !self.case.cleared_by.is_empty() {
                div { dt { "Second reviewer needed; match cleared by" } dd { @for reviewer in &self.case.cleared_by { (called(self.people, reviewer)) " " } } }
            }
            @if let Some(assignee) = &self.case.assigned_to { div { dt { "Assigned to" } dd { (called(self.people, assignee)) } } }
            @if let Some(until) = &self.case.snoozed_until { div { dt { "Put off until" } dd { time datetime=(until) { (until) } } } }
        }
    }

    /// What can be done.
    pub fn actions(&self, api: &dyn Fn(&str) -> String) -> Markup {
        // The script loads the next case's images from there.
        let ahead =
            format!("/admin/api/reviews/next?skip={}{}", self.case.session.session_id, self.and_trail());
        let is_free = self.has_it || (self.case.claimed_by.is_none() && !self.is_anothers);
        html! {
            div class="acts" data-live data-ahead=[self.may_act.then_some(ahead)] {
                @if self.may_act { a href=(self.next()) data-onward data-key="n" { "Next case" } }
                @if !self.has_it { a href=(self.queue()) data-key="r" { "Back to the queue" } }
                (keys::help())
            }
            @if self.may_act && self.waits {
                @if self.has_it {
                    form method="post" data-api=(api("release")) data-next=(self.queue()) { (problem()) button class="plain" type="submit" data-key="r" { "Give the case back" } }
                } @else if let Some(reviewer) = &self.case.claimed_by {
                    p class="quiet" {
                        "Claimed by " (called(self.people, reviewer))
                        @if let Some(until) = &self.case.claimed_until { " until " time datetime=(until) { (until) } }
                        "."
                    }
                } @else if self.is_anothers {
                    p class="quiet" { "It is assigned to somebody else; an administrator can assign it anew." }
                } @else {
                    form method="post" data-api=(api("claim")) { (problem()) button type="submit" data-key="c" { "Take the case" } }
                }
                @if is_free { (self.put_off(api)) }
            }
        }
    }

    fn put_off(&self, api: &dyn Fn(&str) -> String) -> Markup {
        html! {
            details {
                summary { "Put the case off" }
                form method="post" data-api=(api("snooze")) data-next=(self.next()) class="panel" {
                    (problem())
                    label { "Why " textarea name="note" maxlength="2000" rows="2" {} }
                    label { "Until, at most 30 days ahead, in your own time " input name="until" type="datetime-local"; }
                    // The first is what Enter in the field presses.
                    button class="plain" type="submit" { "Put off until then" } " "
                    @for (told, days) in AHEAD {
                        button class="plain" type="submit" name="until" value=(time(self.now + Duration::days(days))) { (told) } " "
                    }
                }
            }
        }
    }
}

/// An operator by name; whoever may not work on cases any more is said to.
pub fn called(people: &[NamedOperatorView], id: &str) -> Markup {
    let known = people.iter().find(|one| one.operator_id == id);
    html! {
        @match known.and_then(|one| one.login.as_deref()) { Some(login) => (login), None => code { (id) } }
        @if !known.is_some_and(works) { " " span class="quiet" { "(not at work any more)" } }
    }
}

/// Whether somebody may work on cases.
pub fn works(one: &NamedOperatorView) -> bool {
    one.disabled_at.is_none() && one.role != Role::Auditor
}
