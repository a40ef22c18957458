//! What a partner was told, whether it arrived, and telling it again: the partner's own calls, for operators.

use actix_web::web;

use super::operator::OperatorCaller;
use super::partners::known;
use crate::http::Shared;
use crate::http::body::Body;
use crate::http::problem::{Answer, ErrorBody};
use crate::http::query::ApiQuery;
use crate::http::refusals::{Keyed, OfPartner};
use crate::http::webhooks::{
    DeliveriesQuery, RedeliverBody, Redelivered, WebhookAttempts, WebhookDeliveries, attempts_of,
    deliveries_of, redeliver,
};

/// Lists a partner's deliveries after a message's number.
#[utoipa::path(
    get, path = "/admin/api/partners/{partner_id}/deliveries", tag = "Admin",
    params(("partner_id" = String, Path, description = "The partner"), DeliveriesQuery),
    responses((status = 200, description = "The deliveries", body = WebhookDeliveries), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn list_deliveries(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    query: ApiQuery<DeliveriesQuery>,
) -> Answer<WebhookDeliveries> {
    let list = async { deliveries_of(&shared, known(&shared, &path).await?.id, &query).await };
    Answer(list.await)
}

/// Lists the attempts at one message.
#[utoipa::path(
    get, path = "/admin/api/partners/{partner_id}/deliveries/{message_id}", tag = "Admin",
    params(
        ("partner_id" = String, Path, description = "The partner"),
        ("message_id" = String, Path, description = "Its `webhook-id`", format = Uuid)
    ),
    responses((status = 200, description = "The attempts", body = WebhookAttempts), Keyed, OfPartner),
    security(("operator_cookie" = []))
)]
pub async fn list_attempts(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Answer<WebhookAttempts> {
    let list = async { attempts_of(&shared, known(&shared, &path.0).await?.id, &path.1).await };
    Answer(list.await)
}

/// Sends messages of a range of numbers again.
#[utoipa::path(
    post, path = "/admin/api/partners/{partner_id}/redeliver", tag = "Admin", request_body = RedeliverBody,
    params(("partner_id" = String, Path, description = "The partner")),
    responses(
        (status = 200, description = "How many are due again", body = Redelivered),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OfPartner,
    ),
    security(("operator_cookie" = []))
)]
pub async fn redeliver_messages(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<Redelivered> {
    let again = async {
        caller.administering()?;
        redeliver(&shared, known(&shared, &path).await?.id, payload).await
    };
    Answer(again.await)
}
