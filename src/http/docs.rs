//! `/openapi.json`, `/docs` and `/redoc`: the API describes itself; the pages' assets are embedded.

mod complete;
mod examples;
mod reference;

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Swagger UI runs its own files, draws with styles of its own making and pictures inside them, and asks this origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      font-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "eKYC-Onboarder",
        description = "Self-hosted identity verification: documents, faces, liveness and sanctions screening.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        super::create_session::create_session, super::partner::get_session, super::partner::list_sessions,
        super::lifecycle::cancel_session, super::lifecycle::contest_decision,
        super::lifecycle::end_relationship,
        super::identity::get_identity, super::link::issue_link, super::link::open_browser,
        super::outcome::get_outcome, super::outcome::contest_outcome, super::held::get_held,
        super::hosted::brand::get_brand, super::hosted::brand::get_brand_style, super::hosted::brand::get_brand_logo,
        super::handoff::get_handoff,
        super::consent::give_consent,
        super::kyc::submit_document, super::kyc::submit_selfie, super::kyc::liveness_challenge,
        super::kyc::check_liveness, super::kyc::submit_session, super::health::health,
        super::readiness::readiness,
        super::webhooks::endpoints::list_webhook_endpoints, super::webhooks::endpoints::add_webhook_endpoint,
        super::webhooks::endpoints::remove_webhook_endpoint, super::webhooks::endpoints::enable_webhook_endpoint,
        super::webhooks::endpoints::disable_webhook_endpoint, super::webhooks::endpoints::test_webhook_endpoint,
        super::webhooks::endpoints::rotate_webhook_secret,
        super::webhooks::deliveries::list_events, super::webhooks::deliveries::list_webhook_deliveries,
        super::webhooks::deliveries::list_webhook_attempts, super::webhooks::deliveries::redeliver_webhooks,
        super::admin::sign_in, super::admin::sign_out, super::admin::who_am_i, super::admin::change_password,
        super::admin::list_reviews, super::admin::get_case, super::admin::get_evidence, super::admin::claim_case, super::admin::release_case,
        super::admin::next_case, super::admin::assign_cases, super::admin::snooze_case,
        super::admin::add_note, super::admin::screen_case, super::admin::resolve_hit, super::admin::decide_case,
        super::admin::request_resubmission, super::admin::search_lists, super::admin::get_overview,
        super::admin::find_sessions, super::admin::list_partners, super::admin::register_partner,
        super::admin::get_partner, super::admin::issue_key, super::admin::revoke_key,
        super::admin::brand_partner, super::admin::unbrand_partner, super::admin::get_logo,
        super::admin::list_operators, super::admin::invite_operator, super::admin::change_role,
        super::admin::disable_operator, super::admin::enable_operator, super::admin::unlock_operator,
        super::admin::list_browsers, super::admin::end_browser,
        super::admin::list_lists, super::admin::import_list, super::admin::remove_list,
        super::admin::add_endpoint, super::admin::remove_endpoint, super::admin::enable_endpoint,
        super::admin::disable_endpoint, super::admin::test_endpoint, super::admin::rotate_secret,
        super::admin::list_deliveries, super::admin::list_attempts, super::admin::redeliver_messages,
    ),
    components(schemas(super::problem::FieldProblem)),
    modifiers(&Callers)
)]
struct Api;

struct Callers;

impl Modify for Callers {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
        components.add_security_scheme("api_key", header);
        components
            .add_security_scheme("session_token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(super::kyc_caller::COOKIE)));
        components.add_security_scheme("session_cookie", cookie);
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(super::admin::SECURE_COOKIE)));
        components.add_security_scheme("operator_cookie", cookie);
    }
}

/// The OpenAPI document of the running version, for the server at an address.
pub fn openapi(public_url: &str) -> Value {
    let mut document =
        complete::complete(serde_json::to_value(Api::openapi()).expect("the document is JSON"));
    document["servers"] = json!([{ "url": public_url }]);
    document
}

/// Registers the routes.
pub fn routes(public_url: &str) -> impl FnOnce(&mut web::ServiceConfig) {
    let document = openapi(public_url);
    move |config| {
        config
            .configure(reference::routes(&document))
            .service(web::resource("/docs").route(web::get().to(to_page)))
            .service(
                SwaggerUi::new("/docs/{_:.*}")
                    .external_url_unchecked("/openapi.json", document)
                    // Its badge would ask a server elsewhere about this one.
                    .config(Config::default().validator_url("none")),
            );
    }
}

/// Under which policy an answer of a path runs, if it is the document or of Swagger UI, whose handler says nothing: both are the
/// same for everybody, and a browser may keep them.
pub fn policy_of(path: &str) -> Option<&'static str> {
    (path == "/openapi.json" || path == "/docs" || path.starts_with("/docs/")).then_some(POLICY)
}

async fn to_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", "/docs/")).finish()
}
