//! `/kyc/{session_id}/handoff.svg`: the session's link as a QR code, so that a person goes on with a telephone.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, web};
use qrcode::QrCode;
use qrcode::render::svg;

use super::kyc_caller::KycCaller;
use super::link::kyc_url;
use super::problem::ApiError;
use super::refusals::Keyed;
use super::{Shared, resource};

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/kyc/{session_id}/handoff.svg", "GET").route(web::get().to(get_handoff)));
}

/// Draws the link of whoever holds it as a QR code.
#[utoipa::path(
    get, path = "/kyc/{session_id}/handoff.svg", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The code", body = String, content_type = "image/svg+xml"),
        Keyed,
    ),
    security(("session_token" = []), ("session_cookie" = []))
)]
pub async fn get_handoff(caller: KycCaller, request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    match draw(&caller, &shared) {
        Ok(svg) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "image/svg+xml"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            // Whoever reads it can verify in the session.
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(svg),
        Err(error) => error.respond(&request),
    }
}

fn draw(caller: &KycCaller, shared: &Shared) -> Result<String, ApiError> {
    caller.may_bring_evidence()?;
    let KycCaller::Holder(holder) = caller else {
        let detail = "Only whoever holds the session's link has it drawn; a key gets a fresh one by /link";
        return Err(ApiError::refused(StatusCode::FORBIDDEN, "link_only", detail));
    };
    let address = kyc_url(shared, holder.view.session_id, holder.view.link_generation);
    let code =
        QrCode::new(address).map_err(|error| ApiError::Internal(format!("the link as a code: {error}")))?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}
