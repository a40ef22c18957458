//! What a reviewer decides of a case: approve, where that would not be refused, reject, or ask the person again.

use maud::{Markup, html};

use super::super::desk::Desk;
use super::super::problem;

const CODES: [(&str, &str); 6] = [
    ("document_fraud", "The document is not genuine"),
    ("document_unusable", "The document cannot be relied on"),
    ("identity_mismatch", "Not the document's holder"),
    ("liveness_fraud", "Nobody was in front of the camera"),
    ("sanctions_match", "On a sanctions list"),
    ("risk_policy", "Excluded by the risk policy"),
];

/// However it is decided, the next case follows.
pub fn decide(desk: &Desk<'_>, api: &dyn Fn(&str) -> String) -> Markup {
    let next = &desk.next();
    html! {
        section aria-labelledby="decide" {
            h2 id="decide" { "Decide" }
            @match &desk.case.approval {
                Some(approval) if approval.allowed => form method="post" data-api=(api("decision")) data-next=(next) class="panel" {
                    (problem())
                    input type="hidden" name="decision" value="approved";
                    @if approval.note_required {
                        p { "A check failed, or the applicant was screened by hand: say why the case can be approved." }
                    }
                    label { "Note " textarea name="note" maxlength="2000" rows="2" required[approval.note_required] {} }
                    button type="submit" data-key="a" data-focus { "Approve" }
                },
                Some(approval) => p class="panel" role="status" {
                    (approval.detail.as_deref().unwrap_or_default()) "."
                    @if approval.code == Some("hit_found") { " Screen now to see it." }
                },
                None => {},
            }
            form method="post" data-api=(api("decision")) data-next=(next) class="panel" {
                (problem())
                input type="hidden" name="decision" value="rejected";
                fieldset {
                    legend { "Reject because" }
                    @for (number, (code, sentence)) in CODES.iter().enumerate() {
                        @let key = (number == 0).then_some("j");
                        label class="choice" { input type="checkbox" name="codes[]" value=(code) data-key=[key] data-focus=[key]; " " (sentence) }
                    }
                }
                label { "Note " textarea name="note" maxlength="2000" rows="2" {} }
                button class="bad" type="submit" { "Reject" }
            }
            form method="post" data-api=(api("resubmission")) data-next=(next) class="panel" {
                (problem())
                fieldset {
                    legend { "Ask the person again for" }
                    @for step in ["document", "selfie", "liveness"] {
                        label class="choice" { input type="checkbox" name="steps[]" value=(step); " " (step) }
                    }
                }
                label { "What the person is told; say nothing of screening " textarea name="message" maxlength="2000" rows="2" {} }
                button class="plain" type="submit" { "Send back" }
            }
        }
    }
}
