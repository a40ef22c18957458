//! The people of the house: who may sign in, and from which browsers somebody is signed in.

use actix_web::http::StatusCode;
use actix_web::web;
use domain::ids::OperatorId;
use domain::operator::{OperatorAction, OperatorError, Role};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::answers::time;
use crate::http::body::{Body, json_object};
use crate::http::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use crate::http::refusals::{Keyed, OfOperator};
use crate::operators::{NamedOperator, OperatorsError, Password};
use crate::store::operator_sessions::{OperatorSession, TokenHash};

impl From<OperatorsError> for ApiError {
    fn from(error: OperatorsError) -> Self {
        match error {
            OperatorsError::Refused(OperatorError::NotFound) => no_such_operator(),
            OperatorsError::Refused(error) => Self::bad_request("operator_refused", error.to_string()),
            OperatorsError::Login(error) => {
                Self::Fields(vec![FieldProblem::body("login", "value_error", error.to_string())])
            }
            OperatorsError::Password(error) => {
                Self::Fields(vec![FieldProblem::body("password", "value_error", error.to_string())])
            }
            OperatorsError::Conflict => {
                Self::refused(StatusCode::CONFLICT, "conflict", "Somebody else changes it; try again")
            }
            OperatorsError::Store(error) => error.into(),
            OperatorsError::Vault(error) => error.into(),
            OperatorsError::Busy { retry_after } => Self::Busy { retry_after },
            OperatorsError::Unavailable => Self::storage_unavailable(),
            OperatorsError::Failed(error) => Self::Internal(error),
        }
    }
}

fn no_such_operator() -> ApiError {
    ApiError::refused(StatusCode::NOT_FOUND, "operator_not_found", "There is no such operator")
}

/// Somebody of the house.
#[derive(Serialize, ToSchema)]
pub struct NamedOperatorView {
    /// The operator.
    #[schema(pattern = "^opr_[0-9a-f]{32}$")]
    pub operator_id: String,
    /// The name to sign in with; null once it was erased.
    pub login: Option<String>,
    /// admin, reviewer or auditor.
    #[schema(value_type = String, example = "reviewer")]
    pub role: Role,
    /// Since when the person is let in no more.
    #[schema(format = DateTime)]
    pub disabled_at: Option<String>,
    /// Until when no password is tried, for some address at least: too many were wrong.
    #[schema(format = DateTime)]
    pub locked_until: Option<String>,
    /// When the person was taken on.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<NamedOperator> for NamedOperatorView {
    fn from(NamedOperator { info, login, locked_until }: NamedOperator) -> Self {
        Self {
            operator_id: info.id.to_string(),
            login: login.map(|login| login.as_str().to_owned()),
            role: info.role,
            disabled_at: info.disabled_at.map(time),
            locked_until: locked_until.map(time),
            created_at: time(info.created_at),
        }
    }
}

/// Everybody.
#[derive(Serialize, ToSchema)]
pub struct OperatorList {
    /// The oldest first.
    pub items: Vec<NamedOperatorView>,
}

/// Who is taken on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct OperatorBody {
    /// The name to sign in with.
    #[schema(min_length = 1, max_length = 100)]
    login: String,
    /// admin, reviewer or auditor.
    role: String,
    /// 12 to 256 characters, which the person changes after signing in.
    #[schema(min_length = 12, max_length = 256, format = Password)]
    password: String,
}

/// Another role.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct RoleBody {
    /// admin, reviewer or auditor.
    role: String,
}

/// A browser from which somebody is signed in.
#[derive(Serialize, ToSchema)]
pub struct BrowserView {
    /// Names the session; it opens nothing.
    pub id: String,
    /// Whether it is the one that asks.
    pub is_this: bool,
    /// When the person signed in.
    #[schema(format = DateTime)]
    pub signed_in_at: String,
    /// When it was used last.
    #[schema(format = DateTime)]
    pub seen_at: String,
}

/// The caller's browsers.
#[derive(Serialize, ToSchema)]
pub struct BrowserList {
    /// The one used last first.
    pub items: Vec<BrowserView>,
}

/// Lists everybody of the house.
#[utoipa::path(
    get, path = "/admin/api/operators", tag = "Admin",
    responses((status = 200, description = "Everybody", body = OperatorList), Keyed),
    security(("operator_cookie" = []))
)]
pub async fn list_operators(_caller: OperatorCaller, shared: web::Data<Shared>) -> Answer<OperatorList> {
    Answer(operators(&shared).await)
}

/// Everybody of the house.
pub async fn operators(shared: &Shared) -> Result<OperatorList, ApiError> {
    shared.catch_up.wait().await?;
    let all = shared.sign_ins.operators().list().await?;
    Ok(OperatorList { items: all.into_iter().map(Into::into).collect() })
}

/// Takes somebody on.
#[utoipa::path(
    post, path = "/admin/api/operators", tag = "Admin", request_body = OperatorBody,
    responses(
        (status = 200, description = "Everybody", body = OperatorList),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OfOperator,
    ),
    security(("operator_cookie" = []))
)]
pub async fn invite_operator(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    payload: Body,
) -> Answer<OperatorList> {
    let invite = async {
        caller.administering()?;
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        for field in ["login", "role", "password"] {
            fields.require(field);
        }
        let (login, password) = (fields.text("login"), fields.text("password"));
        let role: Option<Role> = fields.word("role", "admin, reviewer or auditor");
        let (login, (role, password)) = fields.whole(login.zip(role.zip(password)))?;
        let password = Password::new(SecretString::from(password)).map_err(OperatorsError::from)?;
        shared.sign_ins.operators().invite(&login, role, password, &caller.actor()).await?;
        operators(&shared).await
    };
    Answer(invite.await)
}

async fn change(
    caller: &OperatorCaller,
    shared: &Shared,
    id: &str,
    action: OperatorAction,
) -> Result<OperatorList, ApiError> {
    caller.administering()?;
    let id: OperatorId = id.parse().map_err(|_| no_such_operator())?;
    shared.sign_ins.change(id, action, &caller.actor()).await?;
    operators(shared).await
}

/// Gives somebody another role.
#[utoipa::path(
    post, path = "/admin/api/operators/{operator_id}/role", tag = "Admin", request_body = RoleBody,
    params(("operator_id" = String, Path, description = "The operator")),
    responses(
        (status = 200, description = "Everybody", body = OperatorList),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OfOperator,
    ),
    security(("operator_cookie" = []))
)]
pub async fn change_role(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<OperatorList> {
    let give = async {
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        fields.require("role");
        let role: Option<Role> = fields.word("role", "admin, reviewer or auditor");
        let role = fields.whole(role)?;
        change(&caller, &shared, &path, OperatorAction::ChangeRole(role)).await
    };
    Answer(give.await)
}

/// Lets somebody in no more, at once in every browser.
#[utoipa::path(
    post, path = "/admin/api/operators/{operator_id}/disable", tag = "Admin",
    params(("operator_id" = String, Path, description = "The operator")),
    responses((status = 200, description = "Everybody", body = OperatorList), Keyed, OfOperator),
    security(("operator_cookie" = []))
)]
pub async fn disable_operator(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<OperatorList> {
    Answer(change(&caller, &shared, &path, OperatorAction::Disable).await)
}

/// Lets somebody in again.
#[utoipa::path(
    post, path = "/admin/api/operators/{operator_id}/enable", tag = "Admin",
    params(("operator_id" = String, Path, description = "The operator")),
    responses((status = 200, description = "Everybody", body = OperatorList), Keyed, OfOperator),
    security(("operator_cookie" = []))
)]
pub async fn enable_operator(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<OperatorList> {
    Answer(change(&caller, &shared, &path, OperatorAction::Enable).await)
}

/// Has passwords tried again at once for somebody whose name is locked; again, the same answer.
#[utoipa::path(
    post, path = "/admin/api/operators/{operator_id}/unlock", tag = "Admin",
    params(("operator_id" = String, Path, description = "The operator")),
    responses((status = 200, description = "Everybody", body = OperatorList), Keyed, OfOperator),
    security(("operator_cookie" = []))
)]
pub async fn unlock_operator(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<OperatorList> {
    let unlock = async {
        caller.administering()?;
        let id: OperatorId = path.parse().map_err(|_| no_such_operator())?;
        shared.sign_ins.operators().unlock(id, &caller.actor()).await?;
        operators(&shared).await
    };
    Answer(unlock.await)
}

/// Lists the browsers from which the caller is signed in.
#[utoipa::path(
    get, path = "/admin/api/me/browsers", tag = "Admin",
    responses((status = 200, description = "The browsers", body = BrowserList), Keyed),
    security(("operator_cookie" = []))
)]
pub async fn list_browsers(caller: OperatorCaller, shared: web::Data<Shared>) -> Answer<BrowserList> {
    Answer(browsers(&shared, &caller).await)
}

/// The browsers from which somebody is signed in.
pub async fn browsers(shared: &Shared, caller: &OperatorCaller) -> Result<BrowserList, ApiError> {
    let all = shared.sign_ins.browsers(&caller.who).await?;
    let view = |(token, session): (TokenHash, OperatorSession)| BrowserView {
        id: hex::encode(token),
        is_this: token == caller.who.token,
        signed_in_at: time(session.created_at),
        seen_at: time(session.seen_at),
    };
    Ok(BrowserList { items: all.into_iter().map(view).collect() })
}

/// Signs the caller out of another browser; again, the same answer.
#[utoipa::path(
    post, path = "/admin/api/me/browsers/{id}/sign-out", tag = "Admin",
    params(("id" = String, Path, description = "The browser, as the list names it")),
    responses((status = 200, description = "The browsers that are left", body = BrowserList), Keyed),
    security(("operator_cookie" = []))
)]
pub async fn end_browser(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<BrowserList> {
    let end = async {
        shared.sign_ins.end_browser(&caller.who, &path, &caller.actor()).await?;
        browsers(&shared, &caller).await
    };
    Answer(end.await)
}
