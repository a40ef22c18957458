//! Endpoints, their test, and the secret that signs.

use actix_web::web;
use chrono::{DateTime, Utc};
use domain::ids::{EndpointId, PartnerId};
use domain::webhook::MessageKind;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::commands::Actor;
use crate::http::answers::time;
use crate::http::auth::ApiCaller;
use crate::http::body::{Body, JsonObject, json_object};
use crate::http::fields::text;
use crate::http::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use crate::http::refusals::Keyed;
use crate::http::webhooks::no_such_endpoint;
use crate::http::{Shared, resource};
use crate::store::access::Scope;
use crate::webhooks::manage::{Endpoint, EndpointRequest};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    let one = "/partner/webhooks/endpoints/{endpoint_id}";
    config
        .service(
            resource("/partner/webhooks/endpoints", "GET, POST")
                .route(web::get().to(list_webhook_endpoints))
                .route(web::post().to(add_webhook_endpoint)),
        )
        .service(resource(one, "DELETE").route(web::delete().to(remove_webhook_endpoint)))
        .service(resource(&format!("{one}/enable"), "POST").route(web::post().to(enable_webhook_endpoint)))
        .service(resource(&format!("{one}/disable"), "POST").route(web::post().to(disable_webhook_endpoint)))
        .service(resource(&format!("{one}/test"), "POST").route(web::post().to(test_webhook_endpoint)))
        .service(resource("/partner/webhooks/secret", "POST").route(web::post().to(rotate_webhook_secret)));
}

/// A webhook endpoint.
#[derive(Serialize, ToSchema)]
pub struct WebhookEndpoint {
    /// Its identifier.
    pub endpoint_id: String,
    /// Its address.
    pub url: String,
    /// What it is told.
    pub events: Vec<String>,
    /// Whether it is told your own id of the user.
    pub include_external_user_id: bool,
    /// Whether it is told anything.
    pub enabled: bool,
    /// `request`, or `gone` if it answered 410.
    pub disabled_by: Option<String>,
    /// When it was added.
    pub created_at: String,
}

impl From<Endpoint> for WebhookEndpoint {
    fn from(Endpoint { row, url }: Endpoint) -> Self {
        Self {
            endpoint_id: row.id,
            url,
            events: row.events.split_whitespace().map(str::to_owned).collect(),
            include_external_user_id: row.with_external_user_id == 1,
            enabled: row.disabled_at.is_none(),
            disabled_by: row.disabled_by,
            created_at: time(DateTime::<Utc>::from_timestamp_micros(row.created_at).unwrap_or_default()),
        }
    }
}

/// The partner's webhook endpoints.
#[derive(Serialize, ToSchema)]
pub struct WebhookEndpoints {
    /// The oldest first.
    items: Vec<WebhookEndpoint>,
}

/// What a new endpoint shall be.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct WebhookEndpointBody {
    /// https, with a public host.
    #[schema(max_length = 2048, format = "uri")]
    url: String,
    /// What it is told; by default the four documented events.
    events: Option<Vec<MessageName>>,
    /// Whether it is told your own id of the user; by default not.
    include_external_user_id: Option<bool>,
}

/// Name of a webhook event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the words")]
pub enum MessageName {
    /// A session was opened.
    #[schema(rename = "session.created")]
    Created,
    /// A document was read.
    #[schema(rename = "session.document_uploaded")]
    DocumentUploaded,
    /// A selfie was compared.
    #[schema(rename = "session.selfie_uploaded")]
    SelfieUploaded,
    /// Liveness was checked.
    #[schema(rename = "session.liveness_checked")]
    LivenessChecked,
    /// An outcome fell, or is open again.
    #[schema(rename = "session.completed")]
    Completed,
    /// The person was asked for steps again.
    #[schema(rename = "session.resubmission_requested")]
    ResubmissionRequested,
    /// A list changed: an approval is open again, or stands again.
    #[schema(rename = "session.rescreened")]
    Rescreened,
    /// The time ran out.
    #[schema(rename = "session.expired")]
    Expired,
    /// You called it off.
    #[schema(rename = "session.cancelled")]
    Cancelled,
    /// What was held about the person was destroyed.
    #[schema(rename = "session.erased")]
    Erased,
}

/// A fresh secret.
#[derive(Serialize, ToSchema)]
pub struct WebhookSecret {
    /// `whsec_` and base64: shown once.
    secret: String,
    /// Until when the one before signs beside it.
    previous_valid_until: String,
}

/// Characters of a receiver's answer that a test tells.
const MOST_SHOWN: usize = 2_000;

/// How a test went.
#[derive(Serialize, ToSchema)]
pub struct WebhookTest {
    /// `delivered`, or why not: gone, refused, forbidden_address, unresolved, unreachable, timed_out.
    result: &'static str,
    /// HTTP status, if there was an answer.
    status: Option<u16>,
    /// How long it took.
    latency_ms: u64,
    /// The beginning of the answer's body, as text; null where there was no answer.
    #[schema(max_length = 2000)]
    answer: Option<String>,
}

fn managing(caller: &ApiCaller) -> Result<PartnerId, ApiError> {
    caller.partner_with(Scope::WebhooksManage)
}

fn endpoint(id: &str) -> Result<EndpointId, ApiError> {
    id.parse().map_err(|_| no_such_endpoint())
}

/// Lists your webhook endpoints.
#[utoipa::path(
    get, path = "/partner/webhooks/endpoints", tag = "Webhooks",
    responses((status = 200, description = "The endpoints", body = WebhookEndpoints), Keyed),
    security(("api_key" = []))
)]
pub async fn list_webhook_endpoints(
    caller: ApiCaller,
    shared: web::Data<Shared>,
) -> Answer<WebhookEndpoints> {
    let list = async { Ok(WebhookEndpoints { items: endpoints_of(&shared, managing(&caller)?).await? }) };
    Answer(list.await)
}

/// A partner's endpoints, the oldest first.
pub async fn endpoints_of(shared: &Shared, partner: PartnerId) -> Result<Vec<WebhookEndpoint>, ApiError> {
    shared.catch_up.wait().await?;
    Ok(shared.webhooks.list(partner).await?.into_iter().map(Into::into).collect())
}

/// Adds a webhook endpoint: it is told what happens from now on.
#[utoipa::path(
    post, path = "/partner/webhooks/endpoints", tag = "Webhooks", request_body = WebhookEndpointBody,
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpoint),
        (status = 400, description = "There are as many endpoints as a partner may have", body = ErrorBody),
        (status = 409, description = "Another request keeps changing the partner", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn add_webhook_endpoint(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    payload: Body,
) -> Answer<WebhookEndpoint> {
    Answer(async { add(&shared, managing(&caller)?, payload, &caller.actor()).await }.await)
}

/// Adds an endpoint as the body asks.
pub async fn add(
    shared: &Shared,
    partner: PartnerId,
    payload: Body,
    actor: &Actor,
) -> Result<WebhookEndpoint, ApiError> {
    let request = request(&json_object(payload).await?)?;
    Ok(shared.webhooks.add(partner, request, actor).await?.into())
}

fn request(object: &JsonObject) -> Result<EndpointRequest, ApiError> {
    let mut problems = object.misnamed(&["url", "events", "include_external_user_id"]);
    let mut keep = |problem: FieldProblem| problems.push(problem);
    let url = text(object, "url", &mut keep);
    if matches!(object.get("url"), None | Some(Value::Null)) {
        keep(FieldProblem::missing("url"));
    }
    let kind = |name: &Value| name.as_str().and_then(|name| name.parse::<MessageKind>().ok());
    let events = match object.get("events") {
        None | Some(Value::Null) => Some(vec![]),
        Some(Value::Array(names)) => names.iter().map(kind).collect(),
        Some(_) => None,
    };
    if events.is_none() {
        keep(FieldProblem::body(
            "events",
            "value_error",
            "Input should be a list of names of webhook events",
        ));
    }
    let with_external_user_id = match object.get("include_external_user_id") {
        None | Some(Value::Null) => Some(false),
        other => other.and_then(Value::as_bool),
    };
    if with_external_user_id.is_none() {
        keep(FieldProblem::body("include_external_user_id", "bool_type", "Input should be true or false"));
    }
    match (url, events, with_external_user_id) {
        (Some(url), Some(events), Some(with_external_user_id)) if problems.is_empty() => {
            Ok(EndpointRequest { url, events, with_external_user_id })
        }
        _ => Err(ApiError::Fields(problems)),
    }
}

/// Removes a webhook endpoint; what is owed to it is abandoned.
#[utoipa::path(
    delete, path = "/partner/webhooks/endpoints/{endpoint_id}", tag = "Webhooks",
    params(("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")),
    responses(
        (status = 200, description = "The endpoints that are left", body = WebhookEndpoints),
        (status = 404, description = "No such endpoint", body = ErrorBody),
        (status = 409, description = "Another request keeps changing the partner", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn remove_webhook_endpoint(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<WebhookEndpoints> {
    Answer(async { remove(&shared, managing(&caller)?, &path, &caller.actor()).await }.await)
}

/// Removes an endpoint; returns those that are left.
pub async fn remove(
    shared: &Shared,
    partner: PartnerId,
    id: &str,
    actor: &Actor,
) -> Result<WebhookEndpoints, ApiError> {
    shared.webhooks.remove(partner, endpoint(id)?, actor).await?;
    Ok(WebhookEndpoints { items: endpoints_of(shared, partner).await? })
}

/// Enables or disables an endpoint.
pub async fn switch(
    shared: &Shared,
    partner: PartnerId,
    id: &str,
    enabled: bool,
    actor: &Actor,
) -> Result<WebhookEndpoint, ApiError> {
    Ok(shared.webhooks.enable(partner, endpoint(id)?, enabled, actor).await?.into())
}

/// Lets an endpoint be told again; what happened meanwhile is not told later, see `/partner/events`.
#[utoipa::path(
    post, path = "/partner/webhooks/endpoints/{endpoint_id}/enable", tag = "Webhooks",
    params(("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpoint),
        (status = 404, description = "No such endpoint", body = ErrorBody),
        (status = 409, description = "Another request keeps changing the partner", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn enable_webhook_endpoint(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<WebhookEndpoint> {
    Answer(async { switch(&shared, managing(&caller)?, &path, true, &caller.actor()).await }.await)
}

/// Tells an endpoint nothing until it is enabled again; what is owed to it already is still sent.
#[utoipa::path(
    post, path = "/partner/webhooks/endpoints/{endpoint_id}/disable", tag = "Webhooks",
    params(("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpoint),
        (status = 404, description = "No such endpoint", body = ErrorBody),
        (status = 409, description = "Another request keeps changing the partner", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn disable_webhook_endpoint(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<WebhookEndpoint> {
    Answer(async { switch(&shared, managing(&caller)?, &path, false, &caller.actor()).await }.await)
}

/// Sends `webhook.test` to an endpoint at once, signed like every webhook, and tells how that went.
#[utoipa::path(
    post, path = "/partner/webhooks/endpoints/{endpoint_id}/test", tag = "Webhooks",
    params(("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")),
    responses(
        (status = 200, description = "How it went", body = WebhookTest),
        (status = 404, description = "No such endpoint", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn test_webhook_endpoint(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<WebhookTest> {
    Answer(async { test(&shared, managing(&caller)?, &path).await }.await)
}

/// Sends a test to an endpoint.
pub async fn test(shared: &Shared, partner: PartnerId, id: &str) -> Result<WebhookTest, ApiError> {
    let attempt = shared.webhooks.test(partner, endpoint(id)?).await?;
    let latency_ms = attempt.latency.as_millis() as u64;
    let answer = attempt.status.map(|_| beginning(&attempt.body));
    Ok(WebhookTest { result: attempt.result.as_str(), status: attempt.status, latency_ms, answer })
}

/// Text of a receiver, as far as somebody looks at it; what is no text is marked as such.
fn beginning(body: &[u8]) -> String {
    let is_shown = |letter: &char| matches!(letter, '\n' | '\t') || !letter.is_control();
    String::from_utf8_lossy(body).chars().filter(is_shown).take(MOST_SHOWN).collect()
}

/// Replaces the secret that signs your webhooks; for a day the one before signs beside it.
#[utoipa::path(
    post, path = "/partner/webhooks/secret", tag = "Webhooks",
    responses(
        (status = 200, description = "The secret, shown once", body = WebhookSecret),
        (status = 409, description = "Another request keeps changing the partner", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn rotate_webhook_secret(caller: ApiCaller, shared: web::Data<Shared>) -> Answer<WebhookSecret> {
    Answer(async { rotate(&shared, managing(&caller)?, &caller.actor()).await }.await)
}

/// Replaces a partner's secret.
pub async fn rotate(shared: &Shared, partner: PartnerId, actor: &Actor) -> Result<WebhookSecret, ApiError> {
    let (secret, until) = shared.webhooks.rotate(partner, actor).await?;
    Ok(WebhookSecret {
        secret: secret.reveal().expose_secret().to_owned(),
        previous_valid_until: time(until),
    })
}
