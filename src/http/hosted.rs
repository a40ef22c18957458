//! The page behind `kyc_url`, where a person verifies: rendered here, with a style and scripts of its own and nothing from
//! elsewhere. What it does goes through the session's own calls.

pub mod brand;
mod language;
mod page;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::SessionId;
use serde::Deserialize;

use super::Shared;
use brand::Worn;
use language::Catalogue;

/// Pictures that were taken are shown from memory (`blob:`) before they are sent.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; media-src 'self'; \
                      connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
/// The camera is this page's alone; nothing else is asked of the device.
const PERMISSIONS: &str = "camera=(self), microphone=(), geolocation=()";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const ASSETS: [(&str, &str, &str); 7] = [
    ("hosted.css", "text/css; charset=utf-8", include_str!("hosted/hosted.css")),
    ("hosted.svg", "image/svg+xml", include_str!("hosted/hosted.svg")),
    ("hosted.js", SCRIPT, include_str!("hosted/hosted.js")),
    ("calls.js", SCRIPT, include_str!("hosted/calls.js")),
    ("camera.js", SCRIPT, include_str!("hosted/camera.js")),
    ("picture.js", SCRIPT, include_str!("hosted/picture.js")),
    ("words.js", SCRIPT, include_str!("hosted/words.js")),
];

/// Registers the page and its assets.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/kyc/{session_id}", web::get().to(show)).configure(brand::routes);
    for (name, media_type, text) in ASSETS {
        let serve = web::get().to(move || std::future::ready(served(media_type, text.to_owned())));
        config.route(&format!("/hosted/{name}"), serve);
    }
}

fn served(media_type: &'static str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header(("permissions-policy", PERMISSIONS))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(body)
}

#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
}

/// Where the page of a session is whose identifier came in capitals: the cookie's path is written small, and browsers compare letters.
fn written_small(request: &HttpRequest) -> Option<String> {
    let given = request.match_info().get("session_id")?;
    let session = given.parse::<SessionId>().ok()?.to_string();
    let query = request.query_string();
    // Beside this page, wherever a proxy has put it; the fragment goes along by itself.
    let place = if query.is_empty() { format!("./{session}") } else { format!("./{session}?{query}") };
    (session != given).then_some(place)
}

/// The same page for every session, known or not, in its partner's look for whoever brings its cookie: what it shows comes by
/// calls that need the link.
async fn show(request: HttpRequest, shared: web::Data<Shared>, asked: web::Query<Asked>) -> HttpResponse {
    if let Some(place) = written_small(&request) {
        return HttpResponse::PermanentRedirect().insert_header((LOCATION, place)).finish();
    }
    let words = Catalogue::choose(asked.lang.as_deref(), &request);
    let prefix = url::Url::parse(&shared.settings.public_url)
        .map(|url| url.path().trim_end_matches('/').to_owned())
        .unwrap_or_default();
    let with_specimens = shared.sessions.services().policy.document.accept_specimens;
    let worn = Worn::by(&request, &shared).await;
    let page = page::render(words, &shared.settings, &prefix, with_specimens, worn.as_ref());
    let mut answer = served("text/html; charset=utf-8", page.into_string());
    answer
        .headers_mut()
        .insert(CONTENT_LANGUAGE, actix_web::http::header::HeaderValue::from_static(words.tag));
    answer
        .headers_mut()
        .insert(VARY, actix_web::http::header::HeaderValue::from_static("Accept-Language, Cookie"));
    answer
}
