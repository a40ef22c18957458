//! What there was to tell, to whom it was told, and telling it again.

use actix_web::http::StatusCode;
use actix_web::web;
use chrono::{DateTime, Utc};
use domain::ids::PartnerId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::answers::time;
use crate::http::auth::ApiCaller;
use crate::http::body::{Body, json_object};
use crate::http::partner::number;
use crate::http::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use crate::http::query::ApiQuery;
use crate::http::refusals::Keyed;
use crate::http::{Shared, resource};
use crate::store::access::Scope;
use crate::store::webhooks::deliveries::{AttemptRow, DeliveryRow};
use crate::webhooks::body::WebhookBody;

const STATES: [&str; 5] = ["due", "delivered", "gone", "exhausted", "abandoned"];

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/partner/events", "GET").route(web::get().to(list_events)))
        .service(
            resource("/partner/webhooks/deliveries", "GET").route(web::get().to(list_webhook_deliveries)),
        )
        .service(
            resource("/partner/webhooks/deliveries/{message_id}", "GET")
                .route(web::get().to(list_webhook_attempts)),
        )
        .service(resource("/partner/webhooks/redeliver", "POST").route(web::post().to(redeliver_webhooks)));
}

/// Where a list starts and how long it is; kept as text, so that a wrong value has a precise answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The last number that you know; 0 by default.
    #[param(value_type = Option<u64>, minimum = 0)]
    after: Option<String>,
    /// 1 to 100; 50 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

/// As `EventsQuery`, of deliveries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// due, delivered, gone, exhausted or abandoned.
    pub state: Option<String>,
    /// The last number that you know; 0 by default.
    #[param(value_type = Option<u64>, minimum = 0)]
    after: Option<String>,
    /// 1 to 100; 50 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

/// What happened, as webhooks tell it.
#[derive(Serialize, ToSchema)]
pub struct EventList {
    /// In order, without gaps.
    items: Vec<WebhookBody>,
    /// Number of the last one: the next `after`.
    last: u64,
}

/// A webhook that is owed to an endpoint, or was.
#[derive(Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// `webhook-id`.
    pub message_id: String,
    /// The endpoint, or `session` for the session's own address.
    pub endpoint_id: String,
    /// The message's number.
    pub sequence: i64,
    /// What it tells of.
    pub event: String,
    /// The session.
    pub session_id: String,
    /// due, delivered, gone, exhausted or abandoned.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt_at: Option<String>,
    /// When it was given out.
    pub created_at: String,
}

/// Deliveries.
#[derive(Serialize, ToSchema)]
pub struct WebhookDeliveries {
    /// By their messages' numbers.
    pub items: Vec<WebhookDelivery>,
    /// Number of the last one: the next `after`.
    pub last: u64,
}

/// One attempt at a webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookAttempt {
    /// The endpoint, or `session`.
    endpoint_id: String,
    /// When it began.
    started_at: String,
    /// delivered, gone, refused, forbidden_address, unresolved, unreachable or timed_out.
    result: String,
    /// HTTP status, if there was an answer.
    status: Option<i64>,
    /// How long it took.
    latency_ms: i64,
    /// The beginning of the answer's body.
    answer: Option<String>,
}

/// The attempts at a webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookAttempts {
    /// In order.
    items: Vec<WebhookAttempt>,
}

/// Which messages are told again.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct RedeliverBody {
    /// The first message's number.
    #[schema(minimum = 1)]
    from: u64,
    /// The last message's number; by default the first.
    #[schema(minimum = 1)]
    to: Option<u64>,
}

/// How many are told again.
#[derive(Serialize, ToSchema)]
pub struct Redelivered {
    /// Deliveries that are due again.
    deliveries: u64,
}

fn micros(at: i64) -> String {
    time(DateTime::<Utc>::from_timestamp_micros(at).unwrap_or_default())
}

fn page(after: Option<&str>, limit: Option<&str>) -> Result<(u64, u32), ApiError> {
    let after = number("after", after, 0, 0..=i64::MAX.cast_unsigned())?;
    Ok((after, number("limit", limit, 50, 1..=100)?))
}

/// Lists what happened to your sessions after a number that you know: what webhooks tell, whether or not one arrived.
#[utoipa::path(
    get, path = "/partner/events", tag = "Webhooks", params(EventsQuery),
    responses(
        (status = 200, description = "What happened", body = EventList),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn list_events(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<EventsQuery>,
) -> Answer<EventList> {
    let list = async {
        let partner = caller.partner_with(Scope::WebhooksManage)?;
        let (after, limit) = page(query.after.as_deref(), query.limit.as_deref())?;
        shared.catch_up.wait().await?;
        let rows = shared.store.messages_of(partner, after, limit).await?;
        let last = rows.last().map_or(after, |row| row.number.cast_unsigned());
        Ok(EventList { items: rows.iter().map(|row| WebhookBody::of(row, None)).collect(), last })
    };
    Answer(list.await)
}

/// Lists deliveries after a message's number.
#[utoipa::path(
    get, path = "/partner/webhooks/deliveries", tag = "Webhooks", params(DeliveriesQuery),
    responses(
        (status = 200, description = "The deliveries", body = WebhookDeliveries),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn list_webhook_deliveries(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    query: ApiQuery<DeliveriesQuery>,
) -> Answer<WebhookDeliveries> {
    let list = async {
        let partner = caller.partner_with(Scope::WebhooksManage)?;
        deliveries_of(&shared, partner, &query).await
    };
    Answer(list.await)
}

/// A partner's deliveries.
pub async fn deliveries_of(
    shared: &Shared,
    partner: PartnerId,
    query: &DeliveriesQuery,
) -> Result<WebhookDeliveries, ApiError> {
    let (after, limit) = page(query.after.as_deref(), query.limit.as_deref())?;
    // A form sends an empty value for all of them.
    let state = query.state.as_deref().filter(|state| !state.is_empty());
    if state.is_some_and(|state| !STATES.contains(&state)) {
        let detail = "state is due, delivered, gone, exhausted or abandoned";
        return Err(ApiError::bad_request("invalid_parameter", detail));
    }
    shared.catch_up.wait_for_deliveries().await?;
    let rows = shared.store.deliveries_of(partner, after, state, limit).await?;
    let last = rows.last().map_or(after, |row| row.number.cast_unsigned());
    Ok(WebhookDeliveries { items: rows.into_iter().map(delivery).collect(), last })
}

fn delivery(row: DeliveryRow) -> WebhookDelivery {
    WebhookDelivery {
        message_id: row.message_id,
        endpoint_id: row.endpoint_id,
        sequence: row.number,
        event: row.kind,
        session_id: row.session_id,
        state: row.state,
        attempts: row.attempts,
        next_attempt_at: row.due_at.map(micros),
        created_at: micros(row.created_at),
    }
}

/// Lists the attempts at one message, to every endpoint.
#[utoipa::path(
    get, path = "/partner/webhooks/deliveries/{message_id}", tag = "Webhooks",
    params(("message_id" = String, Path, description = "Its `webhook-id`", format = Uuid)),
    responses(
        (status = 200, description = "The attempts; none while nothing was tried", body = WebhookAttempts),
        (status = 404, description = "No such message was given out to anybody", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn list_webhook_attempts(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<WebhookAttempts> {
    let list = async { attempts_of(&shared, caller.partner_with(Scope::WebhooksManage)?, &path).await };
    Answer(list.await)
}

/// The attempts at one of a partner's messages.
pub async fn attempts_of(shared: &Shared, partner: PartnerId, id: &str) -> Result<WebhookAttempts, ApiError> {
    let unknown =
        || ApiError::refused(StatusCode::NOT_FOUND, "message_not_found", "There is no such message");
    let message = Uuid::try_parse(id).map_err(|_| unknown())?;
    shared.catch_up.wait_for_deliveries().await?;
    if !shared.store.was_given_out(partner, message).await? {
        return Err(unknown());
    }
    let rows = shared.store.attempts_of(partner, message).await?;
    let items: Result<_, ApiError> = rows.into_iter().map(|row| attempt(shared, row)).collect();
    Ok(WebhookAttempts { items: items? })
}

fn attempt(shared: &Shared, row: AttemptRow) -> Result<WebhookAttempt, ApiError> {
    let answer = row.answer.map(|sealed| shared.vault.open_answer(&sealed)).transpose()?;
    Ok(WebhookAttempt {
        endpoint_id: row.endpoint_id,
        started_at: micros(row.started_at),
        result: row.result,
        status: row.status,
        latency_ms: row.latency_ms,
        answer: answer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    })
}

/// Sends messages of a range of numbers again, to the endpoints that they were given out to; those that are due already
/// are left as they are.
#[utoipa::path(
    post, path = "/partner/webhooks/redeliver", tag = "Webhooks", request_body = RedeliverBody,
    responses(
        (status = 200, description = "How many are due again", body = Redelivered),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 400, description = "The body cannot be read", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn redeliver_webhooks(
    caller: ApiCaller,
    shared: web::Data<Shared>,
    payload: Body,
) -> Answer<Redelivered> {
    let again = async { redeliver(&shared, caller.partner_with(Scope::WebhooksManage)?, payload).await };
    Answer(again.await)
}

/// Has a range of a partner's messages sent again.
pub async fn redeliver(shared: &Shared, partner: PartnerId, payload: Body) -> Result<Redelivered, ApiError> {
    let object = json_object(payload).await?;
    let mut problems = object.misnamed(&["from", "to"]);
    let mut bound = |field: &str| match object.get(field) {
        None | Some(Value::Null) => None,
        Some(value) => match value.as_i64().filter(|number| *number > 0) {
            Some(number) => Some(number.cast_unsigned()),
            None => {
                let what = "Input should be a whole number from 1";
                problems.push(FieldProblem::body(field, "int_type", what));
                None
            }
        },
    };
    let (from, to) = (bound("from"), bound("to"));
    if matches!(object.get("from"), None | Some(Value::Null)) {
        problems.push(FieldProblem::missing("from"));
    }
    let from = from.filter(|_| problems.is_empty()).ok_or(ApiError::Fields(problems))?;
    let deliveries = shared.store.redeliver(partner, from..=to.unwrap_or(from), Utc::now()).await?;
    Ok(Redelivered { deliveries })
}
