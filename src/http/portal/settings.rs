//! Who of the house may do what, the policy in force, and one's own account.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::operator::Role;
use maud::{Markup, html};

use super::page::Page;
use super::{for_operator, problem};
use crate::http::Shared;
use crate::http::admin::{OperatorCaller, browsers, operators};
use crate::http::problem::ApiError;

const ROLES: [Role; 3] = [Role::Reviewer, Role::Auditor, Role::Admin];

/// Operators and policy.
pub async fn show(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| settings(caller, &shared).await).await
}

async fn settings(caller: OperatorCaller, shared: &Shared) -> Result<Page, ApiError> {
    let is_admin = caller.who.role == Role::Admin;
    let policy = &shared.sessions.services().policy;
    let content = html! {
        section aria-labelledby="people" {
            h2 id="people" { "Operators" }
            (people(shared, is_admin).await?)
            @if is_admin { (invitation()) }
        }
        section aria-labelledby="policy" {
            h2 id="policy" { "Policy in force" }
            p { "Version " strong { (policy.reference.version) } ", SHA-256 " code { (policy.reference.sha256) } ". Every decision names it." }
            details { summary { "Its text" } pre class="zone" tabindex="0" role="region" aria-label="Text of the policy" { (policy.text) } }
        }
    };
    Ok(Page::inside("Settings", content, shared, &caller))
}

async fn people(shared: &Shared, is_admin: bool) -> Result<Markup, ApiError> {
    let all = operators(shared).await?.items;
    Ok(html! {
        div class="wide" role="region" aria-label="Operators" tabindex="0" {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Since" } th scope="col" { "May sign in" } } }
                tbody { @for one in &all {
                    tr {
                        th scope="row" { (one.login.as_deref().unwrap_or("erased")) br; code { (one.operator_id) } }
                        td {
                            @if is_admin {
                                form method="post" data-api={ "/admin/api/operators/" (one.operator_id) "/role" } class="row" {
                                    (problem())
                                    select name="role" aria-label={ "Role of " (one.login.as_deref().unwrap_or("erased")) } { (roles(one.role)) }
                                    button class="plain" type="submit" { "Change" }
                                }
                            } @else { (one.role.as_str()) }
                        }
                        td { (one.created_at) }
                        td {
                            @if is_admin {
                                @let call = if one.disabled_at.is_some() { "enable" } else { "disable" };
                                form method="post" data-api={ "/admin/api/operators/" (one.operator_id) "/" (call) } {
                                    (problem())
                                    @if one.disabled_at.is_some() { button class="plain" type="submit" { "Let in again" } }
                                    @else { button class="bad" type="submit" { "Let in no more" } }
                                }
                                @if let Some(until) = &one.locked_until {
                                    form method="post" data-api={ "/admin/api/operators/" (one.operator_id) "/unlock" } {
                                        (problem())
                                        p class="quiet" { "Too many wrong passwords: locked until " (until) }
                                        button class="plain" type="submit" { "Unlock" }
                                    }
                                }
                            } @else { @if one.disabled_at.is_some() { "no" } @else { "yes" } }
                        }
                    }
                } }
            }
        }
    })
}

fn roles(chosen: Role) -> Markup {
    html! { @for role in ROLES { option value=(role.as_str()) selected[role == chosen] { (role.as_str()) } } }
}

fn invitation() -> Markup {
    html! {
        form method="post" data-api="/admin/api/operators" class="panel" {
            (problem())
            h3 { "Take somebody on" }
            label { "Name to sign in with " input name="login" required maxlength="100" autocomplete="off"; }
            label { "Role " select name="role" { (roles(Role::Reviewer)) } }
            label { "First password, 12 characters or more " input name="password" type="password" required minlength="12" maxlength="256" autocomplete="new-password"; }
            button type="submit" { "Take on" }
        }
    }
}

/// One's own password and browsers.
pub async fn account(
    caller: Option<OperatorCaller>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    for_operator(caller, &request, async |caller| own(caller, &shared).await).await
}

async fn own(caller: OperatorCaller, shared: &Shared) -> Result<Page, ApiError> {
    let all = browsers(shared, &caller).await?.items;
    let content = html! {
        section aria-labelledby="password" {
            h2 id="password" { "Password" }
            form method="post" data-api="/admin/api/password" data-next="/admin/sign-in" class="panel" {
                (problem())
                p class="quiet" { "A new password signs you out everywhere, here too." }
                label { "The one in force " input name="old" type="password" required maxlength="256" autocomplete="current-password"; }
                label { "The new one, 12 characters or more " input name="new" type="password" required minlength="12" maxlength="256" autocomplete="new-password"; }
                button type="submit" { "Change the password" }
            }
        }
        section aria-labelledby="browsers" {
            h2 id="browsers" { "Where you are signed in" }
            table {
                thead { tr { th scope="col" { "Since" } th scope="col" { "Last used" } th scope="col" { "" span class="quiet" { "End it" } } } }
                tbody { @for one in &all {
                    tr {
                        th scope="row" { (one.signed_in_at) }
                        td { (one.seen_at) }
                        td {
                            @if one.is_this { "this browser" } @else {
                                form method="post" data-api={ "/admin/api/me/browsers/" (one.id) "/sign-out" } { (problem()) button class="plain" type="submit" { "Sign out there" } }
                            }
                        }
                    }
                } }
            }
        }
    };
    Ok(Page::inside("Account", content, shared, &caller))
}
