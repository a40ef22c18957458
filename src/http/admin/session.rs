//! Operators sign in and out, and change their passwords.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::operator::Role;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::operator::{OperatorCaller, cookie_name, csrf_token, is_https};
use crate::commands::Actor;
use crate::http::Shared;
use crate::http::body::{Body, JsonObject, json_object};
use crate::http::kyc_caller::{require_own_origin, shared};
use crate::http::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use crate::http::refusals::Keyed;
use crate::http::request_id::request_id;
use crate::operators::Password;
use crate::operators::sign_in::{SignInError, SignedIn};

/// Who signs in.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct SignInBody {
    /// The name.
    #[schema(max_length = 100)]
    login: String,
    /// The password.
    #[schema(max_length = 256, format = Password)]
    password: String,
}

/// Another password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct PasswordBody {
    /// The one in force.
    #[schema(max_length = 256, format = Password)]
    old: String,
    /// 12 to 256 characters.
    #[schema(min_length = 12, max_length = 256, format = Password)]
    new: String,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub struct OperatorView {
    /// The operator.
    #[schema(pattern = "^opr_[0-9a-f]{32}$")]
    operator_id: String,
    /// admin, reviewer or auditor.
    #[schema(value_type = String, example = "reviewer")]
    role: Role,
    /// Goes into the `X-CSRF-Token` header of everything that changes something.
    csrf_token: String,
}

impl OperatorView {
    fn of(shared: &Shared, who: &SignedIn) -> Self {
        Self { operator_id: who.operator.to_string(), role: who.role, csrf_token: csrf_token(shared, who) }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => Self::refused(
                StatusCode::UNAUTHORIZED,
                "sign_in_refused",
                "The name or the password is not right",
            ),
            SignInError::Locked { retry_after } => Self::Later {
                status: StatusCode::TOO_MANY_REQUESTS,
                code: "sign_in_locked",
                detail: "Too many wrong passwords; try again later",
                retry_after,
            },
            SignInError::Failed(error) => error.into(),
        }
    }
}

/// Signs an operator in: the answer sets a cookie that scripts cannot read and other sites cannot send. After five wrong
/// passwords from one address the name is locked there for a quarter of an hour, or until an administrator unlocks it.
#[utoipa::path(
    post, path = "/admin/api/sign-in", tag = "Admin", request_body = SignInBody,
    responses(
        (status = 200, description = "Who is signed in", body = OperatorView),
        (status = 400, description = "The body cannot be read", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
    )
)]
pub async fn sign_in(request: HttpRequest, payload: Body) -> HttpResponse {
    let signed_in = async {
        let shared = shared(&request)?;
        shared.limits.admit_to_portal(&request)?;
        if request.headers().contains_key("origin") {
            require_own_origin(&request)?;
        }
        let [login, password] = both(&json_object(payload).await?, ["login", "password"])?;
        let password = SecretString::from(password);
        let (address, id) = (shared.limits.subscriber(&request), request_id(&request));
        let (token, who) = shared.sign_ins.sign_in(&login, password, address, &id).await?;
        Ok(HttpResponse::Ok().cookie(cookie(shared, &token)).json(OperatorView::of(shared, &who)))
    };
    signed_in.await.unwrap_or_else(|error: ApiError| error.respond(&request))
}

/// Ends with the browser's session, and on the server before that.
fn cookie(shared: &Shared, token: &SecretString) -> Cookie<'static> {
    Cookie::build(cookie_name(shared), token.expose_secret().to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(is_https(shared))
        .finish()
}

/// Ends this browser's session.
#[utoipa::path(
    post, path = "/admin/api/sign-out", tag = "Admin",
    responses((status = 200, description = "Who was signed in", body = OperatorView), Keyed),
    security(("operator_cookie" = []))
)]
pub async fn sign_out(
    caller: OperatorCaller,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let actor: Actor = caller.actor();
    match shared.sign_ins.sign_out(&caller.who, &actor).await {
        Ok(()) => {
            let mut gone = cookie(&shared, &SecretString::default());
            gone.make_removal();
            HttpResponse::Ok().cookie(gone).json(OperatorView::of(&shared, &caller.who))
        }
        Err(error) => ApiError::from(SignInError::Failed(error)).respond(&request),
    }
}

/// Tells who is signed in.
#[utoipa::path(
    get, path = "/admin/api/me", tag = "Admin",
    responses((status = 200, description = "Who is signed in", body = OperatorView), Keyed),
    security(("operator_cookie" = []))
)]
pub async fn who_am_i(caller: OperatorCaller, shared: web::Data<Shared>) -> Answer<OperatorView> {
    Answer(Ok(OperatorView::of(&shared, &caller.who)))
}

/// Replaces the password and ends every session that the old one began, this one too.
#[utoipa::path(
    post, path = "/admin/api/password", tag = "Admin", request_body = PasswordBody,
    responses(
        (status = 200, description = "Whose password it is", body = OperatorView),
        (status = 400, description = "The body cannot be read", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn change_password(
    caller: OperatorCaller,
    request: HttpRequest,
    shared: web::Data<Shared>,
    payload: Body,
) -> Answer<OperatorView> {
    let change = async {
        let [old, new] = both(&json_object(payload).await?, ["old", "new"])?;
        let invalid = |error: crate::operators::InvalidPassword| {
            ApiError::Fields(vec![FieldProblem::body("new", "value_error", error.to_string())])
        };
        let new = Password::new(new.into()).map_err(invalid)?;
        let address = shared.limits.subscriber(&request);
        shared.sign_ins.change_password(&caller.who, old.into(), new, address, &caller.actor()).await?;
        Ok(OperatorView::of(&shared, &caller.who))
    };
    Answer(change.await)
}

/// Two texts that have to be there.
fn both(object: &JsonObject, names: [&str; 2]) -> Result<[String; 2], ApiError> {
    let mut fields = Fields::of(object);
    let [one, other] = names.map(|name| {
        fields.require(name);
        fields.text(name)
    });
    fields.whole(one.zip(other)).map(|(one, other)| [one, other])
}
