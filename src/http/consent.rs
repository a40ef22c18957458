//! `/kyc/{session_id}/consent`: what the person agreed to.

use std::str::FromStr;

use actix_web::web;
use domain::consent::InvalidConsent;
use domain::ids::SessionId;
use domain::session::{Action, GiveConsent};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answers::time;
use super::body::{Body, JsonObject, json_object};
use super::fields::text;
use super::kyc::act;
use super::kyc_caller::KycCaller;
use super::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use super::refusals::{Keyed, OnSession};
use super::{Shared, resource};

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(resource("/kyc/{session_id}/consent", "POST").route(web::post().to(give_consent)));
}

/// What the person agreed to.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct ConsentBody {
    /// SHA-256 of the text that was shown, 64 hexadecimal characters.
    #[schema(pattern = "^[0-9A-Fa-f]{64}$")]
    text_hash: String,
    /// The language that it was shown in, a BCP 47 tag.
    #[schema(pattern = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$", max_length = 64)]
    locale: String,
}

/// The consent as it was taken down.
#[derive(Serialize, ToSchema)]
pub struct ConsentAnswer {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// SHA-256 of the text that was shown.
    text_hash: String,
    /// The language that it was shown in.
    locale: String,
    /// When.
    #[schema(format = DateTime)]
    given_at: String,
}

/// Takes down what the person agreed to; the same again is the same consent.
#[utoipa::path(
    post, path = "/kyc/{session_id}/consent", tag = "Verification", request_body = ConsentBody,
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The consent", body = ConsentAnswer),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields are missing or wrong", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn give_consent(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<ConsentAnswer> {
    Answer(consent(&caller, &shared, &path, payload).await)
}

async fn consent(
    caller: &KycCaller,
    shared: &Shared,
    id: &str,
    payload: Body,
) -> Result<ConsentAnswer, ApiError> {
    caller.may_bring_evidence()?;
    let action = Action::GiveConsent(fields(&json_object(payload).await?)?);
    let folded = act(caller, shared, id, action).await?;
    let given = folded
        .session
        .consent()
        .ok_or_else(|| ApiError::Internal("the session has no consent after the command".into()))?;
    Ok(ConsentAnswer {
        session_id: folded.view.session_id,
        text_hash: given.text_hash.to_string(),
        locale: given.locale.to_string(),
        given_at: time(given.given_at),
    })
}

fn fields(object: &JsonObject) -> Result<GiveConsent, ApiError> {
    let mut problems = object.misnamed(&["text_hash", "locale"]);
    let text_hash = parsed(object, "text_hash", &mut problems);
    let locale = parsed(object, "locale", &mut problems);
    match (text_hash, locale) {
        (Some(text_hash), Some(locale)) if problems.is_empty() => Ok(GiveConsent { text_hash, locale }),
        _ => Err(ApiError::Fields(problems)),
    }
}

fn parsed<T: FromStr<Err = InvalidConsent>>(
    object: &Map<String, Value>,
    field: &str,
    problems: &mut Vec<FieldProblem>,
) -> Option<T> {
    if matches!(object.get(field), None | Some(Value::Null)) {
        problems.push(FieldProblem::missing(field));
    }
    let text = text(object, field, &mut |problem| problems.push(problem))?;
    text.parse()
        .map_err(|error: InvalidConsent| {
            problems.push(FieldProblem::body(field, "value_error", error.to_string()));
        })
        .ok()
}
