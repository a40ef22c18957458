//! The admin portal: pages for operators, rendered here, with a style and a script of their own and nothing from elsewhere.
//!
//! Pages only show; what changes something goes through `/admin/api`, which the script calls for the forms.

mod branding;
mod case;
mod desk;
mod door;
mod keys;
mod lists;
mod overview;
mod page;
mod partners;
mod queue;
mod sessions;
mod settings;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};

use super::admin::OperatorCaller;
use super::problem::ApiError;
use page::Page;

const STYLE: &str = include_str!("portal/portal.css");
const ICON: &str = include_str!("portal/portal.svg");
const SCRIPT: &str = include_str!("portal/portal.js");
const ONWARD: &str = include_str!("portal/onward.js");
const DRAFTS: &str = include_str!("portal/drafts.js");
const KEYS: &str = include_str!("portal/keys.js");
const PICK: &str = include_str!("portal/pick.js");
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Registers the pages and their assets.
pub fn routes(config: &mut web::ServiceConfig) {
    let asset = |media_type: &'static str, text: &'static str| {
        web::get().to(move || std::future::ready(served(media_type, text.to_owned())))
    };
    config
        .route("/admin", web::get().to(queue::show))
        .route(door::SIGN_IN, web::get().to(door::show))
        .route("/admin/next", web::get().to(queue::next))
        .route("/admin/reviews/{session_id}", web::get().to(case::show))
        .route("/admin/sessions", web::get().to(sessions::show))
        .route("/admin/overview", web::get().to(overview::show))
        .route("/admin/partners", web::get().to(partners::list))
        .route("/admin/partners/{partner_id}", web::get().to(partners::show))
        .route("/admin/lists", web::get().to(lists::show))
        .route("/admin/settings", web::get().to(settings::show))
        .route("/admin/account", web::get().to(settings::account))
        .route("/admin/assets/portal.css", asset("text/css; charset=utf-8", STYLE))
        .route("/admin/assets/portal.svg", asset("image/svg+xml", ICON))
        .route("/admin/assets/portal.js", asset("text/javascript; charset=utf-8", SCRIPT))
        .route("/admin/assets/onward.js", asset("text/javascript; charset=utf-8", ONWARD))
        .route("/admin/assets/drafts.js", asset("text/javascript; charset=utf-8", DRAFTS))
        .route("/admin/assets/keys.js", asset("text/javascript; charset=utf-8", KEYS))
        .route("/admin/assets/pick.js", asset("text/javascript; charset=utf-8", PICK));
}

fn served(media_type: &'static str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        // Pages hold personal data, and a shared computer's cache is no place for it.
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}

/// A page for whoever is signed in; anybody else is led to the door.
async fn for_operator<F>(
    caller: Option<OperatorCaller>,
    request: &HttpRequest,
    page: impl FnOnce(OperatorCaller) -> F,
) -> HttpResponse
where
    F: Future<Output = Result<Page, ApiError>>,
{
    let Some(caller) = caller else {
        return door::leading_back(request);
    };
    match page(caller).await {
        Ok(page) => served("text/html; charset=utf-8", page.render().into_string()),
        Err(error) => error.respond(request),
    }
}

/// Where the script says what went wrong.
fn problem() -> Markup {
    html! { p class="problem" role="alert" hidden {} }
}
