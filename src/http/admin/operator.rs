//! Who of the house calls: the token in the cookie, and for everything that changes something a second token that no other
//! site can know.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpRequest};
use domain::operator::Role;
use domain::session::Caller;
use subtle::ConstantTimeEq;

use super::SECURE_COOKIE;
use crate::commands::Actor;
use crate::http::Shared;
use crate::http::kyc_caller::{require_own_origin, shared};
use crate::http::problem::ApiError;
use crate::http::request_id::request_id;
use crate::operators::sign_in::SignedIn;

/// The cookie's name where there is no https, as in development.
const PLAIN_COOKIE: &str = "ekyc_operator";
/// The header of the second token.
const CSRF: &str = "x-csrf-token";

/// An operator who is signed in; extracting it answers 401 where nobody is, and 403 to what another site sends.
pub struct OperatorCaller {
    pub who: SignedIn,
    request_id: String,
}

impl OperatorCaller {
    /// How commands on sessions name the caller; an auditor gives none.
    pub fn acting(&self) -> Result<Caller, ApiError> {
        match self.who.role {
            Role::Admin | Role::Reviewer => Ok(Caller::Operator(self.who.operator)),
            Role::Auditor => Err(ApiError::refused(
                StatusCode::FORBIDDEN,
                "role_missing",
                "Auditors read and change nothing",
            )),
        }
    }

    /// Lets administrators pass.
    pub fn administering(&self) -> Result<(), ApiError> {
        match self.who.role {
            Role::Admin => Ok(()),
            Role::Reviewer | Role::Auditor => {
                let detail = "Only administrators assign cases and change partners, keys and settings";
                Err(ApiError::refused(StatusCode::FORBIDDEN, "role_missing", detail))
            }
        }
    }

    /// How events name the caller.
    pub fn actor(&self) -> Actor {
        Actor { name: format!("operator:{}", self.who.operator), request_id: Some(self.request_id.clone()) }
    }
}

impl FromRequest for OperatorCaller {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            recognise(&request).await.map_err(|error| {
                let response = error.respond(&request);
                InternalError::from_response("not signed in", response).into()
            })
        })
    }
}

async fn recognise(request: &HttpRequest) -> Result<OperatorCaller, ApiError> {
    let shared = shared(request)?;
    let nobody = || ApiError::refused(StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in first");
    // The secure name always counts; browsers hold and send it by https only.
    let plain = || request.cookie(PLAIN_COOKIE).filter(|_| !is_https(shared));
    let cookie = request.cookie(SECURE_COOKIE).or_else(plain).ok_or_else(nobody)?;
    let Some(who) = shared.sign_ins.recognise(cookie.value()).await? else {
        shared.limits.admit_to_portal(request)?;
        return Err(nobody());
    };
    if request.headers().contains_key(header::ORIGIN) {
        require_own_origin(request)?;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let given = request.headers().get(CSRF).map_or(&[][..], |value| value.as_bytes());
        if !bool::from(csrf_token(shared, &who).as_bytes().ct_eq(given)) {
            let detail = "The X-CSRF-Token header is missing or not the one of this session";
            return Err(ApiError::refused(StatusCode::FORBIDDEN, "csrf_token_missing", detail));
        }
    }
    Ok(OperatorCaller { who, request_id: request_id(request) })
}

/// Follows from the session's own token, so that nothing more has to be kept.
pub fn csrf_token(shared: &Shared, who: &SignedIn) -> String {
    hex::encode(shared.vault.keyed_digest("operator csrf", &who.token))
}

/// A cookie that only https carries needs https.
pub fn cookie_name(shared: &Shared) -> &'static str {
    if is_https(shared) { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// Whether people come by https.
pub fn is_https(shared: &Shared) -> bool {
    shared.settings.public_url.starts_with("https://")
}
