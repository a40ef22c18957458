//! The refusals that several calls share, as the OpenAPI document lists them.

use utoipa::IntoResponses;

use super::problem::ErrorBody;

/// What every call that asks who calls may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; problem.rs gives them")]
pub enum Keyed {
    /// The API key, or the session's token, is missing or not valid.
    #[response(status = 401)]
    NotAuthenticated(ErrorBody),
    /// The caller may not do this.
    #[response(status = 403)]
    NotPermitted(ErrorBody),
    /// Too many requests of this key, or too many wrong keys from this address.
    #[response(status = 429)]
    RateLimited(ErrorBody),
    /// A fault of the server.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// Too much work is waiting, or a database is away: see Retry-After.
    #[response(status = 503)]
    ComeAgain(ErrorBody),
}

/// What every call on a session may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; problem.rs gives them")]
pub enum OnSession {
    /// Malformed request, or a wrong state: `code` says which.
    #[response(status = 400)]
    Refused(ErrorBody),
    /// No such session.
    #[response(status = 404)]
    NoSession(ErrorBody),
    /// Another request keeps changing the session.
    #[response(status = 409)]
    Conflict(ErrorBody),
}

/// What every call on a partner may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; problem.rs gives them")]
pub enum OfPartner {
    /// Malformed request, or the partner's state does not allow it: `code` says which.
    #[response(status = 400)]
    Refused(ErrorBody),
    /// No such partner, or it has nothing of that identifier.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// Another request keeps changing the partner.
    #[response(status = 409)]
    Conflict(ErrorBody),
}

/// What every call on an operator may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; problem.rs gives them")]
pub enum OfOperator {
    /// Malformed request, or the rules do not allow it: `code` says which.
    #[response(status = 400)]
    Refused(ErrorBody),
    /// No such operator.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// Another request keeps changing the operator.
    #[response(status = 409)]
    Conflict(ErrorBody),
}

/// What every upload may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; problem.rs gives them")]
pub enum OfUpload {
    /// The upload is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// Neither JPEG nor PNG nor WebP, or no multipart form, or compressed.
    #[response(status = 415)]
    UnsupportedType(ErrorBody),
    /// Parts are missing or wrong.
    #[response(status = 422)]
    WrongParts(ErrorBody),
}
