//! Partners: who they are, their API keys, and how their webhooks went.

mod endpoints;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::operator::Role;
use domain::partner::Scope;
use maud::{Markup, html};

use self::endpoints::{endpoint_table, new_endpoint, new_secret};
use super::page::{Page, words};
use super::{branding, for_operator, problem};
use crate::http::admin::{KeyView, OperatorCaller, PartnerDetails, partner, partners};
use crate::http::problem::ApiError;
use crate::http::webhooks::{DeliveriesQuery, WebhookDeliveries, deliveries_of};
use crate::http::{LEAST_PER_MINUTE, Shared};

/// All partners.
pub async fn list(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| all(caller, &shared).await).await
}

async fn all(caller: OperatorCaller, shared: &Shared) -> Result<Page, ApiError> {
    let partners = partners(shared).await?.items;
    let content = html! {
        @if partners.is_empty() { p class="quiet" { "There is no partner yet." } }
        div class="wide" role="region" aria-label="Partners" tabindex="0" {
            table {
                thead { tr { th scope="col" { "Partner" } th scope="col" { "Identifier" } th scope="col" { "Requests a minute" } th scope="col" { "Since" } } }
                tbody {
                    @for partner in &partners {
                        tr {
                            th scope="row" {
                                a href={ "/admin/partners/" (partner.partner_id) } { (partner.name) }
                                @if partner.suspended_at.is_some() { " " span class="tag bad" { "suspended" } }
                            }
                            td { code { (partner.partner_id) } }
                            td { @match partner.requests_per_minute { Some(limit) => (limit), None => "as the server" } }
                            td { (partner.created_at) }
                        }
                    }
                }
            }
        }
        @if caller.who.role == Role::Admin {
            h2 { "Take a partner on" }
            form method="post" data-api="/admin/api/partners" class="row" {
                (problem())
                div { label for="name" { "Name of the company" } input id="name" name="name" required maxlength="100"; }
                button type="submit" { "Take on" }
            }
        }
    };
    Ok(Page::inside("Partners", content, shared, &caller))
}

/// One partner.
pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    query: web::Query<DeliveriesQuery>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| one(caller, &shared, &path, &query).await).await
}

async fn one(
    caller: OperatorCaller,
    shared: &Shared,
    id: &str,
    query: &DeliveriesQuery,
) -> Result<Page, ApiError> {
    let PartnerDetails { partner: info, keys, endpoints, branding: look } = partner(shared, id).await?;
    let parsed = id.parse().map_err(|_| ApiError::Internal("a known partner's identifier".into()))?;
    let deliveries = deliveries_of(shared, parsed, query).await?;
    let is_admin = caller.who.role == Role::Admin;
    let api = format!("/admin/api/partners/{}", info.partner_id);
    let content = html! {
        dl class="facts" {
            div { dt { "Name" } dd { (info.name) } }
            div { dt { "Identifier" } dd { code { (info.partner_id) } } }
            div { dt { "Since" } dd { (info.created_at) } }
        }
        section aria-labelledby="keys" { h2 id="keys" { "API keys" } (key_table(&keys, is_admin, &api)) @if is_admin { (new_key(&api)) } }
        section aria-labelledby="endpoints" { h2 id="endpoints" { "Webhook endpoints" } (endpoint_table(&endpoints, is_admin, &api)) @if is_admin { (new_endpoint(&api)) (new_secret(&api)) } }
        (branding::section(look.as_ref(), is_admin, &api))
        section aria-labelledby="deliveries" {
            h2 id="deliveries" { "Webhook deliveries" }
            (filter(query))
            (delivery_table(&deliveries, is_admin, &api))
            @if deliveries.items.len() == 50 { p { a href={ "?after=" (deliveries.last) @if let Some(state) = &query.state { "&state=" (state) } } { "Later ones" } } }
        }
    };
    Ok(Page::inside("Partner", content, shared, &caller))
}

fn key_table(keys: &[KeyView], is_admin: bool, api: &str) -> Markup {
    html! {
        @if keys.is_empty() { p class="quiet" { "It has no key." } }
        div class="wide" role="region" aria-label="API keys" tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "Key" } th scope="col" { "May" } th scope="col" { "Requests a minute" } th scope="col" { "Expires" }
                    th scope="col" { "Last used" } th scope="col" { "State" }
                } }
                tbody {
                    @for key in keys {
                        tr {
                            th scope="row" { (key.name) br; code { (key.key_id) } }
                            td { @for scope in &key.scopes { span class="tag" { (scope) } " " } }
                            td { @match key.requests_per_minute { Some(limit) => (limit), None => "as the partner" } }
                            td { (key.expires_at.as_deref().unwrap_or("never")) }
                            td { (key.last_used_at.as_deref().unwrap_or("never")) }
                            td {
                                @if key.state == "working" && is_admin {
                                    form method="post" data-api={ (api) "/keys/" (key.key_id) "/revoke" } data-ask="Stop this key for good? Whoever uses it is refused at once." {
                                        (problem()) button class="bad" type="submit" { "Revoke" }
                                    }
                                } @else { (key.state) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn new_key(api: &str) -> Markup {
    html! {
        form method="post" data-api={ (api) "/keys" } data-shows="api_key" class="panel" {
            (problem())
            h3 { "Make a key" }
            label { "Name " input name="name" required maxlength="100"; }
            fieldset {
                legend { "It may" }
                @for scope in Scope::ALL {
                    label class="choice" { input type="checkbox" name="scopes[]" value=(scope.as_str()) checked; " " code { (scope.as_str()) } }
                }
            }
            label { "Requests a minute; empty as the partner " input name="requests_per_minute" type="number" min=(LEAST_PER_MINUTE) inputmode="numeric"; }
            label { "Days until it stops; empty for never " input name="expires_in_days" type="number" min="1" max="3650" inputmode="numeric"; }
            button type="submit" { "Make the key" }
            div data-shown hidden {
                p role="status" { "The key is shown only now; copy it to where it is used:" }
                p { output { } }
            }
        }
    }
}

fn filter(query: &DeliveriesQuery) -> Markup {
    html! {
        form method="get" class="row" {
            div {
                label for="state" { "State" }
                select id="state" name="state" {
                    option value="" { "any" }
                    @for state in ["due", "delivered", "exhausted", "gone", "abandoned"] {
                        option value=(state) selected[query.state.as_deref() == Some(state)] { (state) }
                    }
                }
            }
            button class="plain" type="submit" { "Show" }
        }
    }
}

fn delivery_table(deliveries: &WebhookDeliveries, is_admin: bool, api: &str) -> Markup {
    html! {
        @if deliveries.items.is_empty() { p class="quiet" { "None." } }
        div class="wide" role="region" aria-label="Deliveries" tabindex="0" {
            table {
                thead { tr {
                    th scope="col" { "Number" } th scope="col" { "Event" } th scope="col" { "Session" } th scope="col" { "State" }
                    th scope="col" { "Attempts" } th scope="col" { "Next" } th scope="col" { "Again" }
                } }
                tbody {
                    @for one in &deliveries.items {
                        tr {
                            th scope="row" { (one.sequence) }
                            td { (one.event) }
                            td { a href={ "/admin/reviews/" (one.session_id) } { code { (one.session_id) } } }
                            td { span class="tag" { (words(&one.state)) } }
                            td { a href={ (api) "/deliveries/" (one.message_id) } { (one.attempts) } }
                            td { (one.next_attempt_at.as_deref().unwrap_or("-")) }
                            td {
                                @if is_admin && one.state != "due" {
                                    form method="post" data-api={ (api) "/redeliver" } {
                                        (problem())
                                        input type="hidden" name="from" value=(one.sequence) data-number;
                                        button class="plain" type="submit" { "Send again" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
