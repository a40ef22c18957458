//! What reviewers do with a case.

use actix_web::web;
use domain::free_text::ResubmissionMessage;
use domain::ids::SessionId;
use domain::review::{RejectionCode, Resolution, Ruling};
use domain::session::{Action, DecideReview, RequestResubmission, ResolveHit, SessionCommand, Step};
use utoipa::ToSchema;

use super::body::Fields;
use super::case::{CaseView, render};
use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::body::{Body, json_object, optional_json_object};
use crate::http::problem::{Answer, ApiError, ErrorBody};
use crate::http::refusals::{Keyed, OnSession};

/// Carries out what a reviewer does, and shows the case after it.
pub async fn act(
    caller: &OperatorCaller,
    shared: &Shared,
    id: &str,
    action: Action,
) -> Result<CaseView, ApiError> {
    let session: SessionId = id.parse().map_err(|_| ApiError::no_such_session())?;
    let command = SessionCommand { session, caller: caller.acting()?, action };
    render(shared, caller, shared.sessions.execute(command, caller.actor()).await?).await
}

/// Takes a case for half an hour, put off or not, so that nobody else decides it; again, keeps it.
///
/// 409 with code `assigned_to_another` while it is assigned to somebody else who may work on it.
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
    let claim = async {
        let staff = shared.store.staff().await?;
        act(&caller, &shared, &path, Action::ClaimReview(staff)).await
    };
    Answer(claim.await)
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
    payload: Body,
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
    payload: Body,
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

/// Approves or rejects a case that the caller has claimed. An approval screens once more, under the lists in force.
///
/// 400 with code `hit_found` when that finds a match that is new: it is part of the case then; `hit_unresolved` and `hit_confirmed` while
/// a match is not cleared; `screening_not_judged` while nothing can be said, for instance since the document was not read for sure or
/// lists are stale; `second_person_needed` for whoever cleared a match; `note_required` where a check failed or the applicant was
/// screened by hand, and no note is sent.
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
    payload: Body,
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

/// Sends a case that the caller has claimed back to its person, who does the named steps again within the usual time of a session.
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
    payload: Body,
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
