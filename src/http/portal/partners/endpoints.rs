//! Where a partner is told about its sessions, and what signs that.

use domain::webhook::MessageKind;
use maud::{Markup, html};

use crate::http::portal::problem;
use crate::http::webhooks::WebhookEndpoint;

/// The endpoints, and for an administrator what can be done about each.
pub(super) fn endpoint_table(endpoints: &[WebhookEndpoint], is_admin: bool, api: &str) -> Markup {
    html! {
        @if endpoints.is_empty() { p class="quiet" { "It has none; sessions may name an address of their own." } }
        @for endpoint in endpoints {
            article class="panel" {
                p {
                    code { (endpoint.url) } " "
                    @if endpoint.enabled { span class="tag good" { "enabled" } } @else { span class="tag bad" { "disabled" } }
                    @if endpoint.include_external_user_id { " " span class="tag" { "with the user's id" } }
                }
                p { @for event in &endpoint.events { span class="tag" { (event) } " " } }
                @if is_admin { (acts(endpoint, &format!("{api}/endpoints/{}", endpoint.endpoint_id))) }
            }
        }
    }
}

fn acts(endpoint: &WebhookEndpoint, api: &str) -> Markup {
    let (call, said) = if endpoint.enabled { ("disable", "Disable") } else { ("enable", "Enable") };
    html! {
        div class="acts" {
            form method="post" data-api={ (api) "/test" } data-shows="result" data-again class="wide-form" {
                (problem())
                button class="plain" type="submit" { "Send a test" }
                div data-shown hidden role="status" {
                    p {
                        "Result: " strong { output data-of="result" {} } ", HTTP status " strong { output data-of="status" {} }
                        ", " output data-of="latency_ms" {} " ms. The receiver answered:"
                    }
                    pre class="answer" tabindex="0" aria-label="Beginning of the receiver's answer" { output data-of="answer" {} }
                }
            }
            form method="post" data-api={ (api) "/" (call) } { (problem()) button class="plain" type="submit" { (said) } }
            form method="post" data-api={ (api) "/remove" } data-ask="Remove this endpoint? What is owed to it is never sent." {
                (problem())
                button class="bad" type="submit" { "Remove" }
            }
        }
    }
}

/// Adds an endpoint.
pub(super) fn new_endpoint(api: &str) -> Markup {
    html! {
        form method="post" data-api={ (api) "/endpoints" } class="panel" {
            (problem())
            h3 { "Add an endpoint" }
            label { "Address, https " input name="url" type="url" required maxlength="2048" placeholder="https://" autocomplete="off"; }
            fieldset {
                legend { "It is told; nothing chosen is the four documented events" }
                @for kind in MessageKind::ALL {
                    label class="choice" { input type="checkbox" name="events[]" value=(kind.as_str()); " " code { (kind.as_str()) } }
                }
            }
            label class="choice" { input type="checkbox" name="include_external_user_id" value="true" data-flag; " With the partner's id of its user" }
            button type="submit" { "Add the endpoint" }
        }
    }
}

/// Replaces the secret.
pub(super) fn new_secret(api: &str) -> Markup {
    html! {
        form method="post" data-api={ (api) "/webhook-secret" } data-shows="secret" data-ask="Make a new secret? The one in force signs beside it for a day." class="panel" {
            (problem())
            h3 { "What signs its webhooks" }
            button class="plain" type="submit" { "Make a new secret" }
            div data-shown hidden {
                p role="status" { "The secret is shown only now; copy it to where webhooks are verified:" }
                p { output { } }
            }
        }
    }
}
