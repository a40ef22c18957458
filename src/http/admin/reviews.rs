//! The review queue, and what reviewers do with a case.

use actix_web::web;
use chrono::{DateTime, Utc};
use domain::free_text::{ResubmissionMessage, ReviewNote};
use domain::ids::SessionId;
use domain::review::{RejectionCode, Resolution, Ruling};
use domain::session::{Action, DecideReview, RequestResubmission, ResolveHit, SessionCommand, Step};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::case::{CaseView, render};
use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::answers::time;
use crate::http::fields::{json_object, optional_json_object, text};
use crate::http::partner::number;
use crate::http::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use crate::http::refusals::{Keyed, OnSession};
use crate::store::review_queue::{ReviewCursor, ReviewRow};

/// Which page of the queue.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// 1 to 100; 50 by default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The review queue.
#[derive(Serialize, ToSchema)]
pub struct ReviewQueue {
    /// The longest waiting first.
    pub items: Vec<ReviewItem>,
    /// How many wait in all.
    pub total: u64,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

/// A session that waits for a person.
#[derive(Serialize, ToSchema)]
pub struct ReviewItem {
    /// The session.
    #[schema(format = Uuid)]
    pub session_id: String,
    /// Whose it is.
    #[schema(pattern = "^par_[0-9a-f]{32}$")]
    pub partner_id: String,
    /// `undecided`, `contested` or `rescreened`.
    pub cause: String,
    /// Since when it waits.
    #[schema(format = DateTime)]
    pub waiting_since: String,
    /// Level of the risk.
    pub risk_level: Option<String>,
    /// Score of the risk.
    pub risk_score: Option<f64>,
    /// What speaks against an approval.
    pub review_reasons: Vec<String>,
    /// The operator who has the case.
    pub claimed_by: Option<String>,
    /// Until when.
    #[schema(format = DateTime)]
    pub claimed_until: Option<String>,
}

impl ReviewItem {
    fn of(row: ReviewRow, now: DateTime<Utc>) -> Self {
        let at = |micros| DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default();
        let until = row.claimed_until.map(at).filter(|until| *until > now);
        Self {
            session_id: row.session_id,
            partner_id: row.partner_id,
            cause: row.cause,
            waiting_since: time(at(row.waiting_since)),
            risk_level: row.risk_level,
            risk_score: row.risk_score.map(|steps| steps as f64 / 1e4),
            review_reasons: serde_json::from_str(&row.reasons).unwrap_or_default(),
            claimed_by: row.claimed_by.filter(|_| until.is_some()),
            claimed_until: until.map(time),
        }
    }
}

/// Lists the sessions that wait for a person, the longest waiting first.
#[utoipa::path(
    get, path = "/admin/api/reviews", tag = "Admin", params(QueueQuery),
    responses(
        (status = 200, description = "A page of the queue", body = ReviewQueue),
        (status = 400, description = "A query value is not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn list_reviews(
    _caller: OperatorCaller,
    shared: web::Data<Shared>,
    query: web::Query<QueueQuery>,
) -> Answer<ReviewQueue> {
    Answer(queue(&shared, &query).await)
}

/// A page of the queue.
pub async fn queue(shared: &Shared, query: &QueueQuery) -> Result<ReviewQueue, ApiError> {
    let limit: u32 = number("limit", query.limit.as_deref(), 50, 1..=100)?;
    let invalid = || ApiError::bad_request("invalid_parameter", "cursor is not valid");
    let after = query.cursor.as_deref().map(|text| cursor(text).ok_or_else(invalid)).transpose()?;
    let rows = shared.store.review_queue(after.as_ref(), limit).await?;
    let last = rows.last().filter(|_| rows.len() == limit as usize);
    let next_cursor = last.map(|row| format!("{}.{}", row.waiting_since, row.session_id));
    let now = shared.sessions.services().clock.now();
    let items = rows.into_iter().map(|row| ReviewItem::of(row, now)).collect();
    Ok(ReviewQueue { items, total: shared.store.waiting_reviews().await?, next_cursor })
}

fn cursor(text: &str) -> Option<ReviewCursor> {
    let (since, session) = text.split_once('.')?;
    let session: SessionId = session.parse().ok()?;
    Some(ReviewCursor { waiting_since: since.parse().ok()?, session_id: session.to_string() })
}

/// Carries out what a reviewer does, and shows the case after it.
async fn act(
    caller: &OperatorCaller,
    shared: &Shared,
    id: &str,
    action: Action,
) -> Result<CaseView, ApiError> {
    let session: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
    let command = SessionCommand { session, caller: caller.acting()?, action };
    render(shared, shared.sessions.execute(command, caller.actor()).await?).await
}

/// Takes a case for half an hour, so that nobody else decides it; again, keeps it.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/claim", tag = "Admin",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses((status = 200, description = "The case", body = CaseView), Keyed, OnSession),
    security(("operator_cookie" = []))
)]
pub async fn claim_case(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<CaseView> {
    Answer(act(&caller, &shared, &path, Action::ClaimReview).await)
}

/// Gives a case back.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/release", tag = "Admin",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses((status = 200, description = "The case", body = CaseView), Keyed, OnSession),
    security(("operator_cookie" = []))
)]
pub async fn release_case(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<CaseView> {
    Answer(act(&caller, &shared, &path, Action::ReleaseReview).await)
}

/// A note.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct NoteBody {
    /// 1 to 2,000 characters for colleagues and auditors; the person never reads it.
    #[schema(min_length = 1, max_length = 2000)]
    note: String,
}

/// Writes something down about a session.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/notes", tag = "Admin", request_body = NoteBody,
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("operator_cookie" = []))
)]
pub async fn add_note(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: web::Payload,
) -> Answer<CaseView> {
    let add = async {
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        let note = fields.note();
        fields.require("note");
        let note = fields.whole(note)?;
        act(&caller, &shared, &path, Action::NoteReview(note)).await
    };
    Answer(add.await)
}

/// Who a hit is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct HitBody {
    /// Id of the listed entity.
    entity_id: String,
    /// `same_person` or `different_person`.
    resolution: ResolutionName,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    note: Option<String>,
}

/// Who a hit is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words")]
pub enum ResolutionName {
    /// The listed person: no approval is possible.
    SamePerson,
    /// Somebody else.
    DifferentPerson,
}

/// Says who a possible match is. Whoever clears one does not approve the case too, unless the settings allow it.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/hits", tag = "Admin", request_body = HitBody,
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("operator_cookie" = []))
)]
pub async fn resolve_hit(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: web::Payload,
) -> Answer<CaseView> {
    let resolve = async {
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        let entity = fields.text("entity_id");
        let resolution: Option<Resolution> = fields.word("resolution", "same_person or different_person");
        fields.require("entity_id");
        fields.require("resolution");
        let note = fields.note();
        let (entity, resolution) = fields.whole(entity.zip(resolution))?;
        act(&caller, &shared, &path, Action::ResolveHit(ResolveHit { entity, resolution, note })).await
    };
    Answer(resolve.await)
}

/// How a case is decided.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct DecisionBody {
    /// `approved` or `rejected`.
    decision: DecisionName,
    /// Why it is rejected; at least one then.
    codes: Option<Vec<RejectionName>>,
    /// What is noted with it.
    #[schema(min_length = 1, max_length = 2000)]
    note: Option<String>,
}

/// How a case is decided.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words")]
pub enum DecisionName {
    /// Every doubt is settled.
    Approved,
    /// For the codes that are named.
    Rejected,
}

/// Why a person is rejected.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words")]
pub enum RejectionName {
    /// The document is forged, altered, or a copy.
    DocumentFraud,
    /// The document cannot be relied on.
    DocumentUnusable,
    /// The person is not the document's holder.
    IdentityMismatch,
    /// Nobody was in front of the camera.
    LivenessFraud,
    /// The person is on a sanctions list.
    SanctionsMatch,
    /// The risk policy excludes the person.
    RiskPolicy,
}

/// Approves or rejects a case that the caller has claimed. An approval needs a word about every possible match.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/decision", tag = "Admin", request_body = DecisionBody,
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("operator_cookie" = []))
)]
pub async fn decide_case(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: web::Payload,
) -> Answer<CaseView> {
    let decide = async {
        let object = json_object(payload).await?;
        let mut fields = Fields::of(&object);
        let decision = fields.text("decision");
        fields.require("decision");
        let codes: Option<Vec<RejectionCode>> = fields.word("codes", "a list of codes of rejection");
        let ruling = match decision.as_deref() {
            Some("approved") => Some(Ruling::Approve),
            Some("rejected") => Some(Ruling::Reject(codes.unwrap_or_default())),
            Some(_) => {
                fields.refuse("decision", "Input should be approved or rejected");
                None
            }
            None => None,
        };
        let note = fields.note();
        let ruling = fields.whole(ruling)?;
        act(&caller, &shared, &path, Action::DecideReview(DecideReview { ruling, note })).await
    };
    Answer(decide.await)
}

/// What is asked for again.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reports every wrong field itself")]
pub struct ResubmissionBody {
    /// The steps.
    steps: Vec<StepName>,
    /// What the person is told; say nothing of screening.
    #[schema(min_length = 1, max_length = 2000)]
    message: Option<String>,
}

/// A step of a verification.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words")]
pub enum StepName {
    /// The document.
    Document,
    /// The selfie.
    Selfie,
    /// The liveness check.
    Liveness,
}

/// Sends a case back to its person, who does the named steps again within the usual time of a session.
#[utoipa::path(
    post, path = "/admin/api/reviews/{session_id}/resubmission", tag = "Admin", request_body = ResubmissionBody,
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "Fields of the body are not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("operator_cookie" = []))
)]
pub async fn request_resubmission(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: web::Payload,
) -> Answer<CaseView> {
    let ask = async {
        let object = optional_json_object(payload).await?;
        let mut fields = Fields::of(&object);
        let steps: Option<Vec<Step>> = fields.word("steps", "a list of document, selfie and liveness");
        fields.require("steps");
        let message = fields.free_text::<ResubmissionMessage>("message");
        let steps = fields.whole(steps)?;
        let hours = chrono::Duration::hours(shared.settings.session_hours.into());
        let expires_at = shared.sessions.services().clock.now() + hours;
        let request = RequestResubmission { steps, message, expires_at };
        act(&caller, &shared, &path, Action::RequestResubmission(request)).await
    };
    Answer(ask.await)
}

/// Reads the fields of a body and keeps what is wrong with them.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<FieldProblem>,
}

impl<'a> Fields<'a> {
    const fn of(object: &'a Map<String, Value>) -> Self {
        Self { object, problems: vec![] }
    }

    fn text(&mut self, field: &str) -> Option<String> {
        text(self.object, field, &mut |problem| self.problems.push(problem))
    }

    fn note(&mut self) -> Option<ReviewNote> {
        self.free_text("note")
    }

    fn free_text<T: TryFrom<String, Error: std::fmt::Display>>(&mut self, field: &str) -> Option<T> {
        let text = self.text(field)?;
        T::try_from(text).map_err(|error| self.refuse(field, error.to_string())).ok()
    }

    /// A value of known words.
    fn word<T: DeserializeOwned>(&mut self, field: &str, what: &str) -> Option<T> {
        let value = self.object.get(field).filter(|value| !value.is_null())?;
        let read = serde_json::from_value(value.clone());
        read.map_err(|_| self.refuse(field, format!("Input should be {what}"))).ok()
    }

    fn require(&mut self, field: &str) {
        if matches!(self.object.get(field), None | Some(Value::Null)) {
            self.problems.push(FieldProblem::missing(field));
        }
    }

    fn refuse(&mut self, field: &str, what: impl Into<String>) {
        self.problems.push(FieldProblem::body(field, "value_error", what));
    }

    fn whole<T>(self, value: Option<T>) -> Result<T, ApiError> {
        value.filter(|_| self.problems.is_empty()).ok_or(ApiError::Fields(self.problems))
    }
}
