//! The one mapping from errors to HTTP answers: `{"detail", "status_code", "code", "request_id"}`, or RFC 9457 when
//! asked. No stack, SQL or path ever reaches a client.

use std::borrow::Cow;

use actix_web::error::{InternalError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{Error, HttpRequest, HttpResponse, Responder};
use domain::contact::InvalidContact;
use domain::ports::PortError;
use domain::session::SessionError;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::body::told;
use super::request_id::request_id;
use crate::sessions::CommandError;
use crate::store::StoreError;
use crate::verifiers::image_guard::ImageError;

/// Seconds until it is worth asking a database again that was away.
const STORAGE_AGAIN_IN: u32 = 2;

/// What every error answers.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, for people; a list of fields with status 422.
    pub detail: Value,
    /// The HTTP status again.
    #[schema(example = 404)]
    pub status_code: u16,
    /// What went wrong, for machines; stable.
    #[schema(example = "session_not_found")]
    pub code: String,
    /// The request, as the logs name it.
    pub request_id: String,
}

/// One field of a request body that is refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where: `["body", "field"]`.
    pub loc: Vec<String>,
    /// What is wrong with it.
    pub msg: String,
    /// The kind of mistake; stable.
    #[serde(rename = "type")]
    pub kind: String,
}

impl FieldProblem {
    /// A problem of a field of the body.
    pub fn body(field: &str, kind: &str, msg: impl Into<String>) -> Self {
        Self { loc: vec!["body".into(), field.into()], msg: msg.into(), kind: kind.into() }
    }

    /// Nobody asks for a field of this name.
    pub fn unknown(field: &str, known: &[&str]) -> Self {
        let msg = match known {
            [] => "Extra inputs are not permitted; there are no fields".to_owned(),
            known => format!("Extra inputs are not permitted; there are {}", known.join(", ")),
        };
        Self::body(&told(field), "extra_forbidden", msg)
    }

    /// The field is not there.
    pub fn missing(field: &str) -> Self {
        Self::body(field, "missing", "Field required")
    }
}

/// Every way in which a request can fail.
#[derive(Debug)]
pub enum ApiError {
    /// A precise refusal.
    Refused {
        /// The status.
        status: StatusCode,
        /// The stable code.
        code: &'static str,
        /// For people.
        detail: Cow<'static, str>,
    },
    /// Fields of the body are missing or wrong.
    Fields(Vec<FieldProblem>),
    /// Too much work is waiting.
    Busy {
        /// Seconds.
        retry_after: u32,
    },
    /// The same request may succeed later.
    Later {
        /// The status.
        status: StatusCode,
        /// The stable code.
        code: &'static str,
        /// For people.
        detail: &'static str,
        /// Seconds.
        retry_after: u32,
    },
    /// A fault of the server; the text goes to the log only.
    Internal(String),
}

impl ApiError {
    /// A refusal.
    pub fn refused(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused { status, code, detail: detail.into() }
    }

    /// A refused parameter or state.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such session for this caller.
    pub fn no_such_session() -> Self {
        SessionError::NotFound.into()
    }

    /// A database or a disk is away, locked or full: nothing is wrong with the request.
    pub fn storage_unavailable() -> Self {
        Self::Later {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "storage_unavailable",
            detail: "The server cannot store or read data right now; try again shortly",
            retry_after: STORAGE_AGAIN_IN,
        }
    }

    /// Renders the answer for a request.
    pub fn respond(self, request: &HttpRequest) -> HttpResponse {
        let request_id = request_id(request);
        let (status, code, detail, retry_after) = match self {
            Self::Refused { status, code, detail } => (status, code, Value::from(detail.into_owned()), None),
            Self::Fields(fields) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "validation_error", json!(fields), None)
            }
            Self::Busy { retry_after } => {
                let detail = "The server is busy; try again shortly";
                (StatusCode::SERVICE_UNAVAILABLE, "busy", Value::from(detail), Some(retry_after))
            }
            Self::Later { status, code, detail, retry_after } => {
                (status, code, Value::from(detail), Some(retry_after))
            }
            Self::Internal(cause) => {
                tracing::error!(request_id, cause, "request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", Value::from("Internal server error"), None)
            }
        };
        let mut response = HttpResponse::build(status);
        if let Some(seconds) = retry_after {
            response.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "ApiKey"));
        }
        let wants_problem = request
            .headers()
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(asks_for_problem);
        if wants_problem {
            let title = status.canonical_reason().unwrap_or("Error");
            response.content_type("application/problem+json");
            response.json(json!({
                "type": "about:blank", "title": title, "status": status.as_u16(),
                "detail": detail, "code": code, "request_id": request_id,
            }))
        } else {
            response.json(ErrorBody { detail, status_code: status.as_u16(), code: code.into(), request_id })
        }
    }
}

/// Whether Accept names problem+json, other than to refuse it (`q=0`).
fn asks_for_problem(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/problem+json"));
        let is_refused =
            |part: &str| part.strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0_f32));
        is_named && !parts.any(is_refused)
    })
}

/// A handler's result: the answer, or the mapped error.
pub struct Answer<T>(pub Result<T, ApiError>);

impl<T: Serialize> Responder for Answer<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self.0 {
            Ok(body) => HttpResponse::Ok().json(body),
            Err(error) => error.respond(request),
        }
    }
}

/// The answer for a path or method that does not exist.
pub async fn no_such_route(request: HttpRequest) -> HttpResponse {
    ApiError::refused(StatusCode::NOT_FOUND, "not_found", "Not Found").respond(&request)
}

/// The answer for a method that a path does not have; `allow` lists those that it has.
pub fn no_such_method(request: &HttpRequest, allow: &'static str) -> HttpResponse {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut response = ApiError::refused(status, "method_not_allowed", "Method Not Allowed").respond(request);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// The answer for a query string that does not parse, for instance with a name given twice.
pub fn unreadable_query(_: QueryPayloadError, request: &HttpRequest) -> Error {
    let response = ApiError::bad_request("invalid_parameter", "The query cannot be read").respond(request);
    InternalError::from_response("unreadable query", response).into()
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        let code = error.code();
        match error {
            SessionError::NotFound | SessionError::IdentityUnread => {
                Self::refused(StatusCode::NOT_FOUND, code, error.to_string())
            }
            SessionError::AssignedToAnother => Self::refused(StatusCode::CONFLICT, code, error.to_string()),
            SessionError::NotAllowed => Self::refused(StatusCode::FORBIDDEN, code, error.to_string()),
            SessionError::Port(port) => port.into(),
            SessionError::AlreadyOpen => Self::Internal("a fresh session id was taken".into()),
            refusal => Self::bad_request(code, refusal.to_string()),
        }
    }
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::UndecodableImage => {
                Self::bad_request("undecodable_image", "The image cannot be decoded")
            }
            PortError::IncompleteImage => ImageError::Incomplete.into(),
            PortError::Busy { retry_after_seconds } => Self::Busy { retry_after: retry_after_seconds },
            PortError::Unavailable => Self::storage_unavailable(),
            PortError::Erased => Self::bad_request("erased", "The data of this session was erased"),
            PortError::Failed(cause) => Self::Internal(cause),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::Conflict => {
                Self::refused(StatusCode::CONFLICT, "conflict", "The session is being changed; try again")
            }
            CommandError::Unavailable => Self::storage_unavailable(),
            CommandError::Store(cause) => Self::Internal(cause),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() { Self::storage_unavailable() } else { Self::Internal(error.to_string()) }
    }
}

impl From<ImageError> for ApiError {
    fn from(error: ImageError) -> Self {
        let status = match error {
            ImageError::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::refused(status, error.code(), error.to_string())
    }
}

impl From<(&'static str, InvalidContact)> for FieldProblem {
    fn from((field, error): (&'static str, InvalidContact)) -> Self {
        Self::body(field, "value_error", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::asks_for_problem;

    #[test]
    fn problem_json_is_given_to_who_asks_for_it() {
        for accept in ["application/problem+json", "application/json, Application/Problem+JSON;q=0.5"] {
            assert!(asks_for_problem(accept), "{accept}");
        }
        for accept in ["application/json", "*/*", "application/problem+json;q=0", "application/problem+jsonx"]
        {
            assert!(!asks_for_problem(accept), "{accept}");
        }
    }
}
