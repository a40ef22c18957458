//! Every request has an id: the caller's own if it is harmless, else a fresh one; logs, events and answers carry it.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use tracing::Instrument;
use tracing::field::Empty;

use domain::ids::SessionId;

use super::Shared;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone)]
struct RequestId(String);

/// The id of a request.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// Names the session that the current request acts on in its log lines.
pub fn name_session(session: SessionId) {
    tracing::Span::current().record("session_id", tracing::field::display(session));
}

/// Middleware: names the request, opens its span, and repeats the id in the answer.
pub async fn stamp_request<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = request
        .headers()
        .get(&HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| is_harmless(id))
        .map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    // The matched pattern, not the path: a path may hold what a caller typed by mistake.
    let span =
        tracing::info_span!("request", request_id = %id, method = %request.method(), session_id = Empty);
    let started = std::time::Instant::now();
    let mut response = next.call(request).instrument(span.clone()).await?;
    super::rate_limit::announce(&mut response);
    let (route, status) = (response.request().match_pattern(), response.status().as_u16());
    let took = started.elapsed();
    span.in_scope(|| {
        tracing::info!(route = route.as_deref(), status, ms = took.as_millis() as u64, "answered");
    });
    if let Some(shared) = response.request().app_data::<web::Data<Shared>>() {
        shared.metrics.request(route, response.request().method().as_str(), status, took);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

fn is_harmless(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_harmless;

    #[test]
    fn only_short_plain_ids_are_taken_over() {
        assert!(is_harmless("req-2024_01.15"));
        for id in ["", "a b", "a\"b", &"x".repeat(65)] {
            assert!(!is_harmless(id), "{id:?}");
        }
    }
}
