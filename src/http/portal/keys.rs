//! The keys that work on a page, and the switch that turns them off: single letters get in the way of speech input (WCAG 2.2, 2.1.4).
//!
//! An element names its key in `data-key`; the script presses it, or moves to it where it has `data-focus`.

use maud::{Markup, html};

const KEYS: [(&str, &str); 6] = [
    ("n", "next case"),
    ("c", "take it"),
    ("r", "give it back, or go back to the queue"),
    ("a", "move to Approve"),
    ("j", "move to the reasons for a rejection"),
    ("?", "this help"),
];

/// A button, and the dialog that it opens.
pub fn help() -> Markup {
    html! {
        button class="plain" type="button" data-key="?" data-help { "Keyboard" }
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { "Keyboard" }
            p { "These keys work while no field has the focus, where the page offers what they do." }
            dl class="keys" { @for (key, told) in KEYS { div { dt { kbd { (key) } } dd { (told) } } } }
            label class="choice" { input type="checkbox" data-switch; " The keys work in this browser" }
            form method="dialog" { button class="plain" type="submit" { "Close" } }
        }
    }
}
