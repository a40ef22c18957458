//! Who calls: the API key in `X-API-Key`, its partner and its scopes.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use domain::ids::PartnerId;

use super::Shared;
use super::problem::ApiError;
use super::request_id::request_id;
use crate::sessions::Actor;
use crate::store::access::{ApiKey, Caller, Scope};

/// An authenticated caller; extracting it answers 401 where there is none.
pub struct ApiCaller {
    caller: Caller,
    request_id: String,
}

impl ApiCaller {
    /// The caller's partner, if the key has the scope; 403 otherwise.
    pub fn partner_with(&self, scope: Scope) -> Result<PartnerId, ApiError> {
        if self.caller.may(scope) {
            Ok(self.caller.partner_id)
        } else {
            let detail = format!("The API key lacks the permission {scope}");
            Err(ApiError::refused(StatusCode::FORBIDDEN, "permission_missing", detail))
        }
    }

    /// How events name the caller.
    pub fn actor(&self) -> Actor {
        Actor { name: format!("key:{}", self.caller.key_id), request_id: Some(self.request_id.clone()) }
    }
}

impl FromRequest for ApiCaller {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            authenticate(&request).await.map_err(|error| {
                let response = error.respond(&request);
                InternalError::from_response("not authenticated", response).into()
            })
        })
    }
}

/// The caller by its API key; 401 where there is none.
pub async fn authenticate(request: &HttpRequest) -> Result<ApiCaller, ApiError> {
    let shared = request
        .app_data::<web::Data<Shared>>()
        .ok_or_else(|| ApiError::Internal("the routes were registered without shared data".into()))?;
    let key = match read_key(request) {
        Ok(key) => key.hash(),
        Err(refusal) => {
            shared.limits.admit_stranger(request)?;
            return Err(refusal);
        }
    };
    if !shared.limits.is_proven(&key) {
        shared.limits.admit_stranger(request)?;
    }
    let caller = shared.store.authenticate(&key, shared.sessions.services().clock.now()).await?;
    shared.limits.note(key, caller.is_some());
    let caller = caller.ok_or_else(|| refuse(INVALID))?;
    shared.limits.admit(&caller, request)?;
    Ok(ApiCaller { caller, request_id: request_id(request) })
}

const INVALID: &str = "The API key is not valid";

fn read_key(request: &HttpRequest) -> Result<ApiKey, ApiError> {
    let header =
        request.headers().get("x-api-key").ok_or_else(|| refuse("The X-API-Key header is missing"))?;
    header.to_str().ok().and_then(|text| ApiKey::parse(text).ok()).ok_or_else(|| refuse(INVALID))
}

fn refuse(detail: &'static str) -> ApiError {
    ApiError::refused(StatusCode::UNAUTHORIZED, "invalid_api_key", detail)
}
