//! Partners, their API keys, and what their webhooks came to.

use std::num::NonZeroU32;

use actix_web::http::StatusCode;
use actix_web::web;
use chrono::{DateTime, Utc};
use domain::ids::{KeyId, PartnerId};
use domain::partner::{PartnerError, Scope};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::branding::BrandingView;
use super::operator::OperatorCaller;
use crate::http::answers::time;
use crate::http::body::{Body, JsonObject, json_object};
use crate::http::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use crate::http::refusals::{Keyed, OfPartner};
use crate::http::webhooks::{WebhookEndpoint, endpoints_of};
use crate::http::{LEAST_PER_MINUTE, Shared};
use crate::partners::{KeyRequest, PartnersError};
use crate::store::access::{KeyInfo, PartnerInfo};

/// Longest name of a key, in characters.
const LONGEST_NAME: usize = 100;

impl From<PartnersError> for ApiError {
    fn from(error: PartnersError) -> Self {
        match error {
            PartnersError::Refused(PartnerError::NotFound) => no_such_partner(),
            PartnersError::Refused(PartnerError::NoSuchKey) => {
                Self::refused(StatusCode::NOT_FOUND, "key_not_found", "There is no such key")
            }
            PartnersError::Refused(error) => Self::bad_request("partner_refused", error.to_string()),
            PartnersError::Name(error) => {
                Self::Fields(vec![FieldProblem::body("name", "value_error", error.to_string())])
            }
            PartnersError::Conflict => {
                Self::refused(StatusCode::CONFLICT, "conflict", "Somebody else changes it; try again")
            }
            PartnersError::Store(error) => error.into(),
            PartnersError::Unavailable => Self::storage_unavailable(),
            PartnersError::Append(error) => Self::Internal(error),
        }
    }
}

fn no_such_partner() -> ApiError {
    ApiError::refused(StatusCode::NOT_FOUND, "partner_not_found", "There is no such partner")
}

/// A partner.
#[derive(Serialize, ToSchema)]
pub struct PartnerView {
    /// Its identifier.
    #[schema(pattern = "^par_[0-9a-f]{32}$")]
    pub partner_id: String,
    /// Its name.
    pub name: String,
    /// Requests a minute for each key without a limit of its own; null follows the server's setting.
    #[schema(minimum = 1)]
    pub requests_per_minute: Option<u32>,
    /// When all its keys were stopped.
    #[schema(format = DateTime)]
    pub suspended_at: Option<String>,
    /// When it was taken on.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<PartnerInfo> for PartnerView {
    fn from(info: PartnerInfo) -> Self {
        Self {
            partner_id: info.id.to_string(),
            name: info.name,
            requests_per_minute: info.requests_per_minute.map(NonZeroU32::get),
            suspended_at: info.suspended_at.map(time),
            created_at: time(info.created_at),
        }
    }
}

/// All partners.
#[derive(Serialize, ToSchema)]
pub struct PartnerList {
    /// The oldest first.
    pub items: Vec<PartnerView>,
}

/// An API key, without the key itself, which is stored nowhere.
#[derive(Serialize, ToSchema)]
pub struct KeyView {
    /// Its public identifier.
    pub key_id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<&'static str>,
    /// `working`, `expired` or `revoked`.
    pub state: &'static str,
    /// Requests a minute; null follows the partner's limit.
    #[schema(minimum = 1)]
    pub requests_per_minute: Option<u32>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it stops working.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// When it was stopped.
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
    /// When it was used last.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

impl KeyView {
    fn of(key: KeyInfo, now: DateTime<Utc>) -> Self {
        Self {
            state: key.state(now),
            key_id: key.id.to_string(),
            name: key.name,
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            requests_per_minute: key.requests_per_minute.map(NonZeroU32::get),
            created_at: time(key.created_at),
            expires_at: key.expires_at.map(time),
            revoked_at: key.revoked_at.map(time),
            last_used_at: key.last_used_at.map(time),
        }
    }
}

/// A partner with its keys and endpoints.
#[derive(Serialize, ToSchema)]
pub struct PartnerDetails {
    /// The partner.
    pub partner: PartnerView,
    /// Its keys, the oldest first.
    pub keys: Vec<KeyView>,
    /// Where it is told about its sessions.
    pub endpoints: Vec<WebhookEndpoint>,
    /// How it looks on the page behind kyc_url; null where that looks like the house's own.
    pub branding: Option<BrandingView>,
}

/// Who is taken on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct PartnerBody {
    /// A company's name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// What a new key shall be.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct KeyBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do, at least one of sessions:read, sessions:write, kyc:write, identity:read, webhooks:manage.
    #[schema(min_items = 1)]
    scopes: Vec<String>,
    /// Requests a minute; by default the partner's limit. A liveness upload counts as 10.
    #[schema(minimum = 10)]
    requests_per_minute: Option<u32>,
    /// Days until it stops working; by default never.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u16>,
}

/// A fresh key.
#[derive(Serialize, ToSchema)]
pub struct FreshKey {
    /// Its public identifier.
    pub key_id: String,
    /// The key: shown once, and nowhere stored.
    pub api_key: String,
}

/// Lists the partners.
#[utoipa::path(
    get, path = "/admin/api/partners", tag = "Admin",
    responses((status = 200, description = "The partners", body = PartnerList), Keyed),
    security(("operator_cookie" = []))
)]
pub async fn list_partners(_caller: OperatorCaller, shared: web::Data<Shared>) -> Answer<PartnerList> {
    Answer(partners(&shared).await)
}

/// All partners.
pub async fn partners(shared: &Shared) -> Result<PartnerList, ApiError> {
    shared.catch_up.wait().await?;
    let all = shared.store.list_partners().await?;
    Ok(PartnerList { items: all.into_iter().map(Into::into).collect() })
}

/// Takes a partner on; of a name that is known already, gives that partner.
#[utoipa::path(
    post, path = "/admin/api/partners", tag = "Admin", request_body = PartnerBody,
    responses(
        (status = 200, description = "The partner", body = PartnerView),
        (status = 400, description = "The body cannot be read", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn register_partner(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    payload: Body,
) -> Answer<PartnerView> {
    let register = async {
        caller.administering()?;
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        let name = fields.text("name");
        fields.require("name");
        let name = fields.whole(name)?;
        Ok(shared.partners.register(&name, &caller.actor()).await?.into())
    };
    Answer(register.await)
}

/// Shows a partner with its keys and endpoints.
#[utoipa::path(
    get, path = "/admin/api/partners/{partner_id}", tag = "Admin",
    params(("partner_id" = String, Path, description = "The partner")),
    responses((status = 200, description = "The partner", body = PartnerDetails), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn get_partner(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<PartnerDetails> {
    Answer(partner(&shared, &path).await)
}

/// A partner with its keys and endpoints.
pub async fn partner(shared: &Shared, id: &str) -> Result<PartnerDetails, ApiError> {
    shared.catch_up.wait().await?;
    let info = known(shared, id).await?;
    let now = shared.sessions.services().clock.now();
    let keys = shared.store.list_keys().await?;
    Ok(PartnerDetails {
        keys: keys
            .into_iter()
            .filter(|key| key.partner == info.name)
            .map(|key| KeyView::of(key, now))
            .collect(),
        endpoints: endpoints_of(shared, info.id).await?,
        branding: shared.store.branding(info.id).await?.map(|look| BrandingView::of(info.id, &look)),
        partner: info.into(),
    })
}

/// The partner of an identifier.
pub async fn known(shared: &Shared, id: &str) -> Result<PartnerInfo, ApiError> {
    let id: PartnerId = id.parse().map_err(|_| no_such_partner())?;
    let all = shared.store.list_partners().await?;
    all.into_iter().find(|partner| partner.id == id).ok_or_else(no_such_partner)
}

/// Makes an API key and shows it, once.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/keys", tag = "Admin", request_body = KeyBody,
    params(("partner_id" = String, Path, description = "The partner")),
    responses(
        (status = 200, description = "The key", body = FreshKey),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OfPartner,
    ),
    security(("operator_cookie" = []))
)]
pub async fn issue_key(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<FreshKey> {
    let issue = async {
        caller.administering()?;
        let now = shared.sessions.services().clock.now();
        let request = key_request(&json_object(payload).await?, now)?;
        let partner = known(&shared, &path).await?;
        let (id, key) = shared.partners.issue_key(partner.id, request, &caller.actor()).await?;
        Ok(FreshKey { key_id: id.to_string(), api_key: key.secret().expose_secret().to_owned() })
    };
    Answer(issue.await)
}

fn key_request(object: &JsonObject, now: DateTime<Utc>) -> Result<KeyRequest, ApiError> {
    let mut fields = Fields::of(object);
    fields.require("name");
    fields.require("scopes");
    let name = fields.text("name").filter(|name| !name.trim().is_empty());
    if name.as_ref().is_none_or(|name| name.chars().count() > LONGEST_NAME) && object.contains_key("name") {
        fields.refuse("name", format!("Input should be 1 to {LONGEST_NAME} characters"));
    }
    let scopes: Option<Vec<Scope>> = fields.word("scopes", "a list of scopes");
    if scopes.as_ref().is_some_and(Vec::is_empty) {
        fields.refuse("scopes", "Input should name at least one scope");
    }
    let limit = fields.whole_number("requests_per_minute", LEAST_PER_MINUTE, u32::MAX);
    let days = fields.whole_number("expires_in_days", 1, 3_650);
    let (name, scopes) = fields.whole(name.zip(scopes))?;
    Ok(KeyRequest {
        name,
        scopes,
        requests_per_minute: limit.and_then(NonZeroU32::new),
        expires_at: days.map(|days| now + chrono::Duration::days(i64::from(days))),
    })
}

/// Stops an API key at once and for good; again, the same answer.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/keys/{key_id}/revoke", tag = "Admin",
    params(
        ("partner_id" = String, Path, description = "The partner"),
        ("key_id" = String, Path, description = "The key's public identifier")
    ),
    responses((status = 200, description = "The partner", body = PartnerDetails), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn revoke_key(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Answer<PartnerDetails> {
    let revoke = async {
        caller.administering()?;
        let (id, key) = path.into_inner();
        let unknown = || ApiError::from(PartnersError::Refused(PartnerError::NoSuchKey));
        let key: KeyId = key.parse().map_err(|_| unknown())?;
        let of = shared.store.partner_of(key).await?;
        if of != Some(known(&shared, &id).await?.id) {
            return Err(unknown());
        }
        shared.partners.revoke_key(key, &caller.actor()).await?;
        partner(&shared, &id).await
    };
    Answer(revoke.await)
}
