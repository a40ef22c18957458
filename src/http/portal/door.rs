//! The door: whoever is not signed in is led here from a page, and back to it.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::html;
use serde::Deserialize;

use super::page::Page;
use super::{problem, served};

/// Where it is.
pub const SIGN_IN: &str = "/admin/sign-in";
const QUEUE: &str = "/admin";

/// From where somebody comes.
#[derive(Deserialize)]
pub struct Arrival {
    /// The page that is gone back to.
    next: Option<String>,
}

/// Leads to the door, and by it to the page that was asked for.
pub fn leading_back(request: &HttpRequest) -> HttpResponse {
    let asked = request.uri().path_and_query().map_or(QUEUE, |asked| asked.as_str());
    let place = match own_page(asked) {
        Some(page) if page != QUEUE => {
            let next =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("next", page).finish();
            format!("{SIGN_IN}?{next}")
        }
        _ => SIGN_IN.to_owned(),
    };
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}

/// A page of the portal, and nothing else: whoever signs in is led nowhere that somebody else chose.
fn own_page(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let is_own = path == QUEUE || path.strip_prefix(QUEUE).is_some_and(|rest| rest.starts_with('/'));
    let is_page =
        !path.starts_with(SIGN_IN) && !path.starts_with("/admin/api") && !path.starts_with("/admin/assets");
    // A browser takes `%2e` for a dot; no page of the portal has a `%` in its path.
    let is_plain = path.split('/').all(|step| step != ".." && step != ".")
        && !path.contains('%')
        && !address.contains('\\')
        && !address.chars().any(char::is_control);
    (is_own && is_page && is_plain && address.len() <= 2_048).then_some(address)
}

/// The form.
pub async fn show(arrival: web::Query<Arrival>) -> HttpResponse {
    let next = arrival.next.as_deref().and_then(own_page);
    let form = html! {
        form method="post" class="narrow" data-api="/admin/api/sign-in" data-next=(next.unwrap_or(QUEUE)) {
            @if next.is_some_and(|next| next != QUEUE) {
                p class="panel" role="status" { "Sign in to go back to the page you were on. Anything you had entered there is kept in this tab." }
            }
            (problem())
            label for="login" { "Name" }
            input id="login" name="login" autocomplete="username" required autofocus maxlength="100";
            label for="password" { "Password" }
            input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256";
            button type="submit" { "Sign in" }
            noscript { p { "This page needs JavaScript to talk to its server." } }
        }
    };
    served("text/html; charset=utf-8", Page::outside("Sign in", form).render().into_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_leads_back_to_pages_of_the_portal_only() {
        for page in [
            "/admin",
            "/admin?order=oldest",
            "/admin/reviews/x?at=3",
            "/admin/lists?name=A%20B",
            "/admin/next?skip=x",
        ] {
            assert_eq!(own_page(page), Some(page));
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "/administer",
            "https://evil.example/admin",
            "/admin\\@evil.example",
            "/admin/../x",
            "/admin/%2e%2e/kyc/x",
            "/admin/%2e/api/me",
            "/admin/./x",
            "javascript:alert(1)",
            "/admin/api/me",
            "/admin/sign-in?next=/admin",
            "/admin/assets/portal.js",
            "/admin/\n",
            "/kyc/x",
            "admin",
        ] {
            assert_eq!(own_page(other), None, "{other}");
        }
        assert_eq!(own_page(&format!("/admin/{}", "x".repeat(3_000))), None);
    }
}
