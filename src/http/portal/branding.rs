//! A partner's look: what people see of it in both themes, and the form that changes it.

use domain::branding::Theme;
use maud::{Markup, html};

use super::problem;
use crate::http::admin::{AccentView, BrandingView};

/// What stands on a partner's page.
pub fn section(branding: Option<&BrandingView>, is_admin: bool, api: &str) -> Markup {
    html! {
        section aria-labelledby="branding" {
            h2 id="branding" { "Look of the verification page" }
            @match branding {
                Some(look) => { (shown(look)) }
                None => { p class="quiet" { "It has none: its people see the house's own." } }
            }
            @if is_admin {
                (form(branding, api))
                @if branding.is_some() {
                    form method="post" data-api={ (api) "/branding/remove" } data-ask="Take the whole look away? The page looks as the house's own from then on." {
                        (problem()) button class="bad" type="submit" { "Remove the look" }
                    }
                }
            }
        }
    }
}

fn shown(look: &BrandingView) -> Markup {
    html! {
        p { strong { (look.name) } " " code { (look.colour) } }
        @if let Some(logo) = &look.logo {
            p { img class="logo" src=(logo.href) alt={ "Logo of " (look.name) } width=(logo.width) height=(logo.height); }
        }
        div class="images" {
            (preview("Light", Theme::Light, &look.light, &look.name))
            (preview("Dark", Theme::Dark, &look.dark, &look.name))
        }
        p class="quiet" { "Links and buttons are as close to the colour as can be read in each theme." }
    }
}

/// A page in small; the colours are attributes of a drawing, for the portal's policy refuses styles that stand in a page.
fn preview(title: &str, theme: Theme, accent: &AccentView, name: &str) -> Markup {
    let [paper, _] = theme.surfaces();
    let label = format!("{title} theme: {} with text in {}", accent.colour, accent.text);
    html! {
        figure {
            svg class="preview" viewBox="0 0 240 104" role="img" aria-label=(label) {
                rect width="240" height="104" fill=(paper) {}
                text x="14" y="34" font-weight="600" fill=(accent.colour) { (name) }
                rect x="14" y="50" width="212" height="40" rx="8" fill=(accent.colour) {}
                text x="120" y="75" text-anchor="middle" font-weight="600" fill=(accent.text) { "Begin" }
            }
            figcaption { (title) " " code { (accent.colour) } }
        }
    }
}

fn form(branding: Option<&BrandingView>, api: &str) -> Markup {
    let name = branding.map(|look| look.name.as_str());
    let colour = branding.map_or("#0a58b5", |look| &look.colour);
    html! {
        form method="post" enctype="multipart/form-data" data-api={ (api) "/branding" } class="panel narrow" {
            (problem())
            h3 { @if branding.is_some() { "Change the look" } @else { "Give it a look" } }
            label for="brand-name" { "Name that people read" }
            input id="brand-name" name="name" value=[name] required maxlength="60" autocomplete="off";
            label for="brand-colour" { "Colour" }
            input id="brand-colour" name="colour" type="color" value=(colour);
            label for="brand-logo" { "Logo: PNG, JPEG or WebP, at most 512 KiB and 2000 x 2000 pixels" }
            input id="brand-logo" name="logo" type="file" accept="image/png,image/jpeg,image/webp";
            @if branding.is_some_and(|look| look.logo.is_some()) {
                label class="choice" { input type="checkbox" name="remove_logo" value="true"; " Without a logo" }
            }
            button type="submit" { "Save the look" }
        }
    }
}
