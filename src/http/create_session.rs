//! `POST /partner/sessions`: opens a session, once for each idempotency key.

use actix_web::{HttpRequest, web};
use chrono::Duration;
use domain::ids::{PartnerId, SessionId};
use domain::session::{Action, Caller, OpenSession, SessionCommand};
use projections::partner_view::PartnerView;
use utoipa::ToSchema;

use super::Shared;
use super::answers::{SessionCreated, time};
use super::auth::ApiCaller;
use super::body::{Body, json_object};
use super::fields::CreateFields;
use super::idempotency::{Repeatable, Turn};
use super::link::kyc_url;
use super::problem::{Answer, ApiError, ErrorBody};
use super::refusals::Keyed;
use super::request_id::name_session;
use crate::sessions::Actor;
use crate::store::access::Scope;

/// A session that was opened and nothing else.
const FIRST_VERSION: u64 = 1;

/// What opens a session.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct CreateSession {
    /// Your own id of the user.
    #[schema(
        max_length = 256,
        pattern = "^[^\\x00-\\x1F\\x7F-\\x9F]*[^\\s\\x00-\\x1F\\x7F-\\x9F][^\\x00-\\x1F\\x7F-\\x9F]*$"
    )]
    external_user_id: String,
    /// Where webhooks of this session go; https.
    #[schema(format = "uri", max_length = 2048, pattern = "^https://")]
    webhook_url: Option<String>,
    /// Where the browser goes afterwards; https.
    #[schema(format = "uri", max_length = 2048, pattern = "^https://")]
    redirect_url: Option<String>,
    /// Up to 50 keys with values of up to 500 characters.
    #[schema(value_type = Option<Object>)]
    metadata: Option<std::collections::BTreeMap<String, String>>,
}

/// Opens a session for a user.
#[utoipa::path(
    post, path = "/partner/sessions", tag = "Partner", request_body = CreateSession,
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 visible characters; a repetition within 24 hours opens nothing new",
        pattern = "^[!-~]{1,255}$"
    )),
    responses(
        (status = 200, description = "The session is open", body = SessionCreated),
        (status = 400, description = "The Idempotency-Key is malformed", body = ErrorBody),
        (status = 409, description = "A request with this Idempotency-Key is still running", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (
            status = 422,
            description = "Fields are missing or wrong, or the Idempotency-Key was used for another request",
            body = ErrorBody
        ),
        Keyed,
    ),
    security(("api_key" = []))
)]
pub async fn create_session(
    request: HttpRequest,
    caller: ApiCaller,
    shared: web::Data<Shared>,
    payload: Body,
) -> Answer<SessionCreated> {
    Answer(create(&request, caller, shared, payload).await)
}

async fn create(
    request: &HttpRequest,
    caller: ApiCaller,
    shared: web::Data<Shared>,
    payload: Body,
) -> Result<SessionCreated, ApiError> {
    let partner = caller.partner_with(Scope::SessionsWrite)?;
    let fields = CreateFields::parse(&json_object(payload).await?, shared.settings.address_rules())?;
    let route = "POST /partner/sessions";
    let view = match Repeatable::read(request, &shared, partner, route, &fields.canonical()?)? {
        None => {
            let session = SessionId::new(shared.sessions.services().ids.uuid());
            open_session(&shared, session, partner, fields, caller.actor()).await?
        }
        Some(repeatable) => {
            let data = shared.clone();
            let once = async move { open_once(&data, &repeatable, partner, fields, caller.actor()).await };
            // To its end even if the caller goes away: the key must not stay taken.
            let done = shared.sessions.spawn(once).await;
            done.map_err(|_| ApiError::Internal("the request's task did not finish".into()))??
        }
    };
    name_session(view.session_id);
    Ok(SessionCreated {
        session_id: view.session_id,
        status: view.status,
        kyc_url: kyc_url(&shared, view.session_id, view.link_generation),
        expires_at: time(view.expires_at),
        created_at: time(view.created_at),
    })
}

async fn open_session(
    shared: &Shared,
    session: SessionId,
    partner: PartnerId,
    fields: CreateFields,
    actor: Actor,
) -> Result<PartnerView, ApiError> {
    let lifetime = Duration::hours(i64::from(shared.settings.session_hours));
    let open = OpenSession {
        partner,
        external_user_id: fields.external_user_id,
        metadata: fields.metadata,
        webhook_url: fields.webhook_url,
        redirect_url: fields.redirect_url,
        expires_at: shared.sessions.services().clock.now() + lifetime,
    };
    let command = SessionCommand { session, caller: Caller::Partner(partner), action: Action::Open(open) };
    Ok(shared.sessions.execute(command, actor).await?.view)
}

/// The session is there already if an earlier try appended it and did not come to note its answer.
async fn open_or_find(
    shared: &Shared,
    session: SessionId,
    partner: PartnerId,
    fields: CreateFields,
    actor: Actor,
) -> Result<PartnerView, ApiError> {
    let find = || shared.sessions.view_at(partner, session, FIRST_VERSION);
    if let Some(view) = find().await? {
        return Ok(view);
    }
    match open_session(shared, session, partner, fields, actor).await {
        Ok(view) => Ok(view),
        Err(error) => find().await?.ok_or(error),
    }
}

/// Opens a session under an idempotency key: once, however often it is asked.
async fn open_once(
    shared: &Shared,
    repeatable: &Repeatable,
    partner: PartnerId,
    fields: CreateFields,
    actor: Actor,
) -> Result<PartnerView, ApiError> {
    let (session, version) = match repeatable.begin(shared).await? {
        Turn::Again(session, version) => (session, version),
        Turn::Work(session) => {
            let opened = async {
                let view = open_or_find(shared, session, partner, fields, actor).await?;
                repeatable.answered(shared, view.version).await?;
                Ok(view)
            };
            let opened = opened.await;
            if opened.is_err() {
                repeatable.failed(shared).await;
            }
            return opened;
        }
    };
    let lost = || ApiError::Internal("an idempotency row names a session that is not there".into());
    shared.sessions.view_at(partner, session, version).await?.ok_or_else(lost)
}
