//! Where a partner is told about its sessions: the partner's own calls, for administrators.

use actix_web::web;
use domain::ids::PartnerId;

use super::operator::OperatorCaller;
use super::partners::known;
use crate::http::Shared;
use crate::http::body::Body;
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::refusals::{Keyed, OfPartner};
use crate::http::webhooks::{
    WebhookEndpoint, WebhookEndpointBody, WebhookEndpoints, WebhookSecret, WebhookTest, endpoints,
};

async fn administered(
    caller: &OperatorCaller,
    shared: &Shared,
    partner: &str,
) -> Result<PartnerId, ApiError> {
    caller.administering()?;
    Ok(known(shared, partner).await?.id)
}

/// Adds a webhook endpoint to a partner: it is told what happens from now on.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/endpoints", tag = "Admin", request_body = WebhookEndpointBody,
    params(("partner_id" = String, Path, description = "The partner")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpoint),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OfPartner,
    ),
    security(("operator_cookie" = []))
)]
pub async fn add_endpoint(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<WebhookEndpoint> {
    let add = async {
        let partner = administered(&caller, &shared, &path).await?;
        endpoints::add(&shared, partner, payload, &caller.actor()).await
    };
    Answer(add.await)
}

/// Removes a partner's webhook endpoint; what is owed to it is abandoned.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/endpoints/{endpoint_id}/remove", tag = "Admin",
    params(
        ("partner_id" = String, Path, description = "The partner"),
        ("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")
    ),
    responses((status = 200, description = "The endpoints that are left", body = WebhookEndpoints), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn remove_endpoint(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Answer<WebhookEndpoints> {
    let remove = async {
        let partner = administered(&caller, &shared, &path.0).await?;
        endpoints::remove(&shared, partner, &path.1, &caller.actor()).await
    };
    Answer(remove.await)
}

/// Lets a partner's endpoint be told again; what happened meanwhile is not told later.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/endpoints/{endpoint_id}/enable", tag = "Admin",
    params(
        ("partner_id" = String, Path, description = "The partner"),
        ("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")
    ),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn enable_endpoint(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Answer<WebhookEndpoint> {
    Answer(switch(&caller, &shared, &path, true).await)
}

/// Tells a partner's endpoint nothing until it is enabled again; what is owed to it already is still sent.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/endpoints/{endpoint_id}/disable", tag = "Admin",
    params(
        ("partner_id" = String, Path, description = "The partner"),
        ("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")
    ),
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn disable_endpoint(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Answer<WebhookEndpoint> {
    Answer(switch(&caller, &shared, &path, false).await)
}

async fn switch(
    caller: &OperatorCaller,
    shared: &Shared,
    (partner, endpoint): &(String, String),
    enabled: bool,
) -> Result<WebhookEndpoint, ApiError> {
    let partner = administered(caller, shared, partner).await?;
    endpoints::switch(shared, partner, endpoint, enabled, &caller.actor()).await
}

/// Sends `webhook.test` to a partner's endpoint at once, and tells how that went.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/endpoints/{endpoint_id}/test", tag = "Admin",
    params(
        ("partner_id" = String, Path, description = "The partner"),
        ("endpoint_id" = String, Path, description = "The endpoint", pattern = "^whe_[0-9a-f]{32}$")
    ),
    responses((status = 200, description = "How it went", body = WebhookTest), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn test_endpoint(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Answer<WebhookTest> {
    let test = async {
        let partner = administered(&caller, &shared, &path.0).await?;
        endpoints::test(&shared, partner, &path.1).await
    };
    Answer(test.await)
}

/// Replaces the secret that signs a partner's webhooks; for a day the one before signs beside it.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/webhook-secret", tag = "Admin",
    params(("partner_id" = String, Path, description = "The partner")),
    responses((status = 200, description = "The secret, shown once", body = WebhookSecret), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn rotate_secret(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<WebhookSecret> {
    let rotate = async {
        let partner = administered(&caller, &shared, &path).await?;
        endpoints::rotate(&shared, partner, &caller.actor()).await
    };
    Answer(rotate.await)
}
