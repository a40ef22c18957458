//! Who may verify in a session: an API key with `kyc:write`, or whoever holds the session's own link.
//!
//! The link's token comes as `Authorization: Bearer`, or as the cookie that it was swapped for. A bare session id opens
//! nothing.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpRequest, web};
use chrono::Duration;
use domain::Timestamp;
use domain::evidence::Capture;
use domain::ids::SessionId;
use domain::session::{Action, Caller, SessionCommand};
use projections::partner_view::{PartnerView, Status};
use sha2::{Digest, Sha256};

use super::Shared;
use super::auth::{ApiCaller, authenticate};
use super::problem::{ApiError, FieldProblem};
use super::request_id::request_id;
use crate::links::Carrier;
use crate::sessions::{Actor, Folded};
use crate::store::access::{KeyHash, Scope};

/// The cookie's name; its path binds it to one session.
pub const COOKIE: &str = "ekyc_link";

/// How long after submit a link still shows the outcome.
const OUTCOME_HOURS: i64 = 1;

/// Who calls a step of a session; extracting it answers 401 where nobody does.
pub enum KycCaller {
    /// A partner's server.
    Key(ApiCaller),
    /// Whoever holds the session's link.
    Holder(Box<Holder>),
}

/// Whoever holds the link of one session.
pub struct Holder {
    /// The session as its partner sees it now.
    pub view: PartnerView,
    request_id: String,
}

impl Holder {
    /// The whole session, read from its stream.
    pub async fn folded(&self, shared: &Shared) -> Result<Folded, ApiError> {
        let folded = shared.sessions.folded(self.view.session_id).await?;
        folded.ok_or_else(ApiError::no_such_session)
    }
}

impl KycCaller {
    fn holding(holder: Holder) -> Self {
        Self::Holder(Box::new(holder))
    }

    /// Whether evidence may come; asked before a body is read.
    pub fn may_bring_evidence(&self) -> Result<(), ApiError> {
        match self {
            Self::Key(key) => key.partner_with(Scope::KycWrite).map(drop),
            Self::Holder(holder) if holder.view.submitted_at.is_some() => Err(ApiError::refused(
                StatusCode::FORBIDDEN,
                "outcome_only",
                "The verification was submitted; this link only shows its outcome",
            )),
            Self::Holder(_) => Ok(()),
        }
    }

    /// The session, if it is this caller's to see.
    pub async fn session(self, shared: &Shared, id: &str) -> Result<Folded, ApiError> {
        match self {
            Self::Holder(holder) => holder.folded(shared).await,
            Self::Key(key) => {
                let partner = key.partner_with(Scope::KycWrite)?;
                let session: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
                let folded = shared.sessions.folded_of(partner, session).await?;
                folded.ok_or_else(ApiError::no_such_session)
            }
        }
    }

    /// What the session's partner sees of it, if it is this caller's to see; less work than the whole session.
    pub async fn view(self, shared: &Shared, id: &str) -> Result<PartnerView, ApiError> {
        match self {
            Self::Holder(holder) => Ok(holder.view),
            Self::Key(key) => {
                let partner = key.partner_with(Scope::KycWrite)?;
                let session: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
                shared.sessions.view(partner, session).await?.ok_or_else(ApiError::no_such_session)
            }
        }
    }

    /// The command, if this caller may give it. From submit on, whoever holds the link may ask for the decision again, which
    /// only shows it, and contest it.
    pub fn command(&self, id: &str, action: Action) -> Result<SessionCommand, ApiError> {
        if !matches!((self, &action), (Self::Holder(_), Action::Submit | Action::Contest { .. })) {
            self.may_bring_evidence()?;
        }
        let (session, caller) = self.in_session(id)?;
        Ok(SessionCommand { session, caller, action })
    }

    /// The session that a path names, and who this caller is in it.
    pub fn in_session(&self, id: &str) -> Result<(SessionId, Caller), ApiError> {
        let session: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
        let caller = match self {
            Self::Key(key) => Caller::Partner(key.partner_with(Scope::KycWrite)?),
            Self::Holder(holder) => Caller::Link { generation: holder.view.link_generation },
        };
        Ok((session, caller))
    }

    /// How an image of a face came to be: a partner's server captures itself and says nothing; the hosted page says so, and
    /// what it says nothing of counts as a file.
    pub fn capture(&self, texts: &HashMap<String, String>) -> Result<Option<Capture>, FieldProblem> {
        match (self, texts.get("capture").map(String::as_str)) {
            (Self::Key(_), _) => Ok(None),
            (Self::Holder(_), Some("camera")) => Ok(Some(Capture::Camera)),
            (Self::Holder(_), Some("file") | None) => Ok(Some(Capture::File)),
            (Self::Holder(_), Some(_)) => {
                Err(FieldProblem::body("capture", "value_error", "Input should be camera or file"))
            }
        }
    }

    /// How events name the caller.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Key(key) => key.actor(),
            Self::Holder(holder) => Actor {
                name: format!("link:{}", holder.view.link_generation),
                request_id: Some(holder.request_id.clone()),
            },
        }
    }
}

impl FromRequest for KycCaller {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            recognise(&request).await.map_err(|error| {
                let response = error.respond(&request);
                InternalError::from_response("not authenticated", response).into()
            })
        })
    }
}

async fn recognise(request: &HttpRequest) -> Result<KycCaller, ApiError> {
    if request.headers().contains_key("x-api-key") {
        return authenticate(request).await.map(KycCaller::Key);
    }
    if let Some(token) = bearer(request) {
        return holder(request, token, Carrier::Link).await.map(KycCaller::holding);
    }
    match request.cookie(COOKIE) {
        Some(cookie) => {
            require_own_origin(request)?;
            holder(request, cookie.value(), Carrier::Cookie).await.map(KycCaller::holding)
        }
        None => authenticate(request).await.map(KycCaller::Key),
    }
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whoever holds a token of the session in the path; 401 alike for a wrong token and an unknown session, after the same work:
/// nothing of a session is read before its token fits.
pub async fn holder(request: &HttpRequest, token: &str, carrier: Carrier) -> Result<Holder, ApiError> {
    let invalid = || {
        let detail = "The link is not valid; ask for a new one";
        ApiError::refused(StatusCode::UNAUTHORIZED, "invalid_session_token", detail)
    };
    let shared = shared(request)?;
    let session: SessionId =
        request.match_info().get("session_id").and_then(|id| id.parse().ok()).ok_or_else(invalid)?;
    let hash: KeyHash = Sha256::digest(token).into();
    if !shared.limits.is_proven_link(&hash) {
        shared.limits.admit_stranger(request)?;
    }
    let generation = shared.sessions.link_generation(session).await?;
    let fits = shared.links.fits(token, carrier, session, generation.unwrap_or_default());
    let fits = fits && generation.is_some();
    shared.limits.note_link(hash, fits);
    if !fits {
        return Err(invalid());
    }
    let view = shared.sessions.latest_view(session, |_| true).await?.ok_or_else(invalid)?;
    let now = shared.sessions.services().clock.now();
    // A fresh link may have been issued since.
    let is_fresh = Some(view.link_generation) == generation;
    if !is_fresh || is_over(ended_at(&view, now), now) || shared.store.is_suspended(view.partner_id).await? {
        return Err(invalid());
    }
    shared.limits.admit_link(session, request)?;
    Ok(Holder { view, request_id: request_id(request) })
}

/// From when a session takes no more evidence: submitted, cancelled or expired.
fn ended_at(view: &PartnerView, now: Timestamp) -> Option<Timestamp> {
    let expired_at = (view.status_at(now) == Status::Expired).then_some(view.expires_at);
    view.submitted_at.or(view.cancelled_at).or(expired_at)
}

/// Whether a link has shown its outcome long enough.
fn is_over(ended_at: Option<Timestamp>, now: Timestamp) -> bool {
    ended_at.is_some_and(|ended| now >= ended + Duration::hours(OUTCOME_HOURS))
}

/// Refuses what another site's page sends. Browsers name the origin of every POST; of a GET only across origins.
pub fn require_own_origin(request: &HttpRequest) -> Result<(), ApiError> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_own = match request.headers().get(header::ORIGIN) {
        None => reads,
        Some(origin) => origin.to_str().is_ok_and(|origin| own_origin(request).as_deref() == Ok(origin)),
    };
    let refused = || {
        let detail = "The request comes from another site";
        ApiError::refused(StatusCode::FORBIDDEN, "origin_refused", detail)
    };
    if is_own { Ok(()) } else { Err(refused()) }
}

fn own_origin(request: &HttpRequest) -> Result<String, ()> {
    let settings = &shared(request).map_err(drop)?.settings;
    let url = url::Url::parse(&settings.public_url).map_err(drop)?;
    Ok(url.origin().ascii_serialization())
}

/// What every handler shares.
pub fn shared(request: &HttpRequest) -> Result<&web::Data<Shared>, ApiError> {
    request
        .app_data::<web::Data<Shared>>()
        .ok_or_else(|| ApiError::Internal("the routes were registered without shared data".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_shows_its_outcome_for_exactly_an_hour() {
        let submitted: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let hour = Duration::hours(1);
        assert!(!is_over(None, submitted + hour * 1_000));
        assert!(!is_over(Some(submitted), submitted + hour - Duration::milliseconds(1)));
        assert!(is_over(Some(submitted), submitted + hour));
    }
}
