//! Refuses bodies that come compressed: nothing here inflates what a caller sends.

use actix_web::Error;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;

use super::problem::ApiError;

/// Middleware: 415 for a body with a content coding, with what is taken (RFC 9110, section 15.5.16).
pub async fn refuse_encoded_body<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || !is_encoded(request.headers()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let detail = "The body is compressed; send it as it is, without Content-Encoding";
    let refusal = ApiError::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_encoding", detail);
    let mut response = refusal.respond(request.request());
    response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(request.into_response(response).map_into_right_body())
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).any(|value| {
        let is_plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        !value.to_str().is_ok_and(|codings| codings.split(',').map(str::trim).all(is_plain))
    })
}
