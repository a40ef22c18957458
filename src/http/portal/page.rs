//! What every page of the portal has: its head, the way through, and a place for what it shows.

use std::borrow::Cow;

use maud::{DOCTYPE, Markup, html};

use crate::http::Shared;
use crate::http::admin::{OperatorCaller, csrf_token};

/// Where the portal leads to, and the title of each place.
const PLACES: [(&str, &str); 6] = [
    ("/admin", "Review queue"),
    ("/admin/sessions", "Sessions"),
    ("/admin/overview", "Overview"),
    ("/admin/partners", "Partners"),
    ("/admin/lists", "Sanctions lists"),
    ("/admin/settings", "Settings"),
];

/// A page.
pub struct Page {
    title: Cow<'static, str>,
    content: Markup,
    inside: Option<Inside>,
}

struct Inside {
    operator: String,
    csrf: String,
    role: &'static str,
}

impl Page {
    /// A page for whoever is signed in.
    pub fn inside(
        title: impl Into<Cow<'static, str>>,
        content: Markup,
        shared: &Shared,
        caller: &OperatorCaller,
    ) -> Self {
        let inside = Inside {
            operator: caller.who.operator.to_string(),
            csrf: csrf_token(shared, &caller.who),
            role: caller.who.role.as_str(),
        };
        Self { title: title.into(), content, inside: Some(inside) }
    }

    /// A page for everybody.
    pub const fn outside(title: &'static str, content: Markup) -> Self {
        Self { title: Cow::Borrowed(title), content, inside: None }
    }

    /// The whole document.
    pub fn render(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    @if let Some(inside) = &self.inside {
                        meta name="csrf" content=(inside.csrf);
                        meta name="operator" content=(inside.operator);
                    }
                    title { (self.title) " - eKYC-Onboarder" }
                    link rel="icon" href="/admin/assets/portal.svg" type="image/svg+xml";
                    link rel="stylesheet" href="/admin/assets/portal.css";
                    script type="module" src="/admin/assets/portal.js" {}
                }
                body {
                    a class="skip" href="#content" { "Skip to the content" }
                    header {
                        p class="brand" { "eKYC-Onboarder" }
                        @if let Some(inside) = &self.inside {
                            nav aria-label="Portal" {
                                @for (address, title) in PLACES {
                                    a href=(address) aria-current=[self.is(title)] { (title) }
                                }
                            }
                            form method="post" data-api="/admin/api/sign-out" data-next="/admin/sign-in" {
                                a href="/admin/account" aria-current=[self.is("Account")] { "Signed in as " (inside.role) } " "
                                button class="plain" type="submit" { "Sign out" }
                            }
                        }
                    }
                    main id="content" {
                        h1 { (self.title) }
                        (self.content)
                    }
                }
            }
        }
    }

    fn is(&self, title: &str) -> Option<&'static str> {
        (self.title == title).then_some("page")
    }
}

/// A word of a machine as people read it: `face_mismatch` is `face mismatch`.
pub fn words(code: &str) -> String {
    code.replace('_', " ")
}
