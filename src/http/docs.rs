//! `/openapi.json` and `/docs`: the API describes itself; the page's assets are embedded.

use actix_web::{HttpResponse, web};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "eKYC-Onboarder",
        description = "Self-hosted identity verification: documents, faces, liveness and sanctions screening.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        super::partner::create_session, super::partner::get_session, super::partner::list_sessions,
        super::lifecycle::cancel_session, super::lifecycle::contest_decision,
        super::lifecycle::end_relationship,
        super::identity::get_identity,
        super::consent::give_consent,
        super::kyc::submit_document, super::kyc::submit_selfie, super::kyc::liveness_challenge,
        super::kyc::check_liveness, super::kyc::submit_session, super::health::health,
    ),
    modifiers(&ApiKeyHeader)
)]
struct Api;

struct ApiKeyHeader;

impl Modify for ApiKeyHeader {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
        openapi.components.get_or_insert_default().add_security_scheme("api_key", scheme);
    }
}

/// The OpenAPI document of the running version.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/docs").route(web::get().to(to_page)))
        .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", openapi()));
}

async fn to_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", "/docs/")).finish()
}
