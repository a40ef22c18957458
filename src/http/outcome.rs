//! How a session stands, as its person may see it: how far it got, what was wrong with the latest attempts, what comes next.
//! Neither risk nor screening is in it.

use actix_web::web;
use domain::Timestamp;
use domain::contact::RedirectUrl;
use domain::document::DocumentProblem;
use domain::document_type::{DocumentSide, DocumentType};
use domain::ids::SessionId;
use domain::liveness::LivenessReason;
use domain::policy::Policy;
use domain::session::{Action, Decision, Session, Step};
use projections::partner_view::{PartnerView, Status};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{LivenessAnswer, ResubmissionView, SelfieAnswer, time};
use super::body::Body;
use super::kyc::act;
use super::kyc_caller::KycCaller;
use super::lifecycle::{ContestBody, contest_reason};
use super::problem::{Answer, ApiError, ErrorBody};
use super::refusals::{Keyed, OnSession};
use super::unsealed::opened;
use super::{Shared, resource};
use crate::sessions::Folded;

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/kyc/{session_id}/outcome", "GET").route(web::get().to(get_outcome)))
        .service(resource("/kyc/{session_id}/contest", "POST").route(web::post().to(contest_outcome)));
}

/// How a session stands, as its person may see it.
#[derive(Serialize, ToSchema)]
pub struct OutcomeAnswer {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    pub session_id: SessionId,
    /// Where it stands.
    #[schema(value_type = String, example = "processing")]
    pub status: Status,
    /// When the session expires unless submitted.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When the automatic outcome fell.
    #[schema(format = DateTime)]
    pub completed_at: Option<String>,
    /// What a reviewer asked for again; null otherwise.
    pub resubmission: Option<ResubmissionView>,
    /// What the reviewer says about it to the person.
    pub message: Option<String>,
    /// Whether the person's consent was taken down.
    pub consent_given: bool,
    /// The steps in their order.
    pub steps: Vec<StepView>,
    /// The document that is being taken; null before its first image.
    pub document: Option<DocumentProgress>,
    /// Where the browser goes at the end, with `session_id` and `status`.
    #[schema(format = "uri")]
    pub redirect_url: Option<String>,
    /// Whether the outcome is an automatic rejection that the person may contest.
    pub may_contest: bool,
}

/// A step of the verification.
#[derive(Serialize, ToSchema)]
pub struct StepView {
    /// document, selfie or liveness.
    #[schema(value_type = String, example = "document")]
    pub step: Step,
    /// Whether it is collected at present; a resubmission asks for some steps only.
    pub needed: bool,
    /// Whether there is what submit needs.
    pub done: bool,
    /// Whether the latest attempt passed.
    pub passed: bool,
    /// Attempts that are left.
    #[schema(minimum = 0)]
    pub attempts_left: u32,
    /// Codes of what was wrong with the latest attempt.
    pub problems: Vec<String>,
}

/// The document that is being taken.
#[derive(Serialize, ToSchema)]
pub struct DocumentProgress {
    /// As declared.
    #[schema(value_type = String, example = "id_card")]
    pub document_type: DocumentType,
    /// As declared, three letters.
    pub country_code: String,
    /// Whether there is an image of the back.
    pub has_back: bool,
    /// The side that is still needed: of a card whose zone was not seen yet, the other one.
    #[schema(value_type = Option<String>, example = "back")]
    pub next_side: Option<DocumentSide>,
}

impl OutcomeAnswer {
    /// The session's own words, opened.
    pub async fn render(folded: &Folded, shared: &Shared) -> Result<Self, ApiError> {
        let Folded { session, view, .. } = folded;
        let services = shared.sessions.services();
        let vault = services.vault.as_ref();
        let status = view.status_at(services.clock.now());
        let message = match view.resubmission.as_ref().and_then(|asked| asked.message.as_ref()) {
            Some(sealed) => {
                opened(vault, view.session_id, sealed).await?.map(|message| message.as_str().to_owned())
            }
            None => None,
        };
        let redirect = match session.opened().and_then(|opened| opened.redirect_url.as_ref()) {
            Some(sealed) => {
                opened(vault, view.session_id, sealed).await?.and_then(|url| with_outcome(&url, view, status))
            }
            None => None,
        };
        Ok(Self {
            session_id: view.session_id,
            status,
            expires_at: time(view.expires_at),
            completed_at: view.completed_at.map(time),
            resubmission: view.resubmission.as_ref().map(ResubmissionView::render),
            message,
            consent_given: session.consent().is_some(),
            steps: steps(session, &services.policy, services.clock.now()),
            document: document(session),
            redirect_url: redirect,
            may_contest: status == Status::Rejected
                && session.outcome() == Some(Decision::Rejected)
                && session.review().is_none(),
        })
    }
}

fn with_outcome(url: &RedirectUrl, view: &PartnerView, status: Status) -> Option<String> {
    let mut url = url::Url::parse(url.0.as_str()).ok()?;
    url.query_pairs_mut()
        .append_pair("session_id", &view.session_id.to_string())
        .append_pair("status", status.as_str());
    Some(url.into())
}

fn steps(session: &Session, policy: &Policy, now: Timestamp) -> Vec<StepView> {
    let max_attempts = policy.session.max_attempts;
    let asked = session.round().map(|round| round.steps.as_slice()).unwrap_or_default();
    let missing = session.missing_for_submit(policy, now);
    let view = |step: Step| {
        let mut problems = problems(session, step);
        let done = !missing.contains(&step);
        if done && step == Step::Liveness && session.attempts(step) == 0 && asked.contains(&step) {
            // Every challenge passed without an answer.
            problems = vec![LivenessReason::ChallengeExpired.code().to_owned()];
        }
        let used = session.attempts_spent(step, now).min(max_attempts as usize) as u32;
        StepView {
            step,
            needed: asked.contains(&step),
            done,
            passed: done && problems.is_empty(),
            attempts_left: max_attempts - used,
            problems,
        }
    };
    Step::ALL.into_iter().map(view).collect()
}

/// The codes that the calls of the step answer.
fn problems(session: &Session, step: Step) -> Vec<String> {
    match step {
        Step::Document => {
            let read = session.document().map(|(_, read)| &read.verdict).filter(|verdict| !verdict.is_valid);
            let codes = read.into_iter().flat_map(|verdict| verdict.problems.iter());
            codes.map(|problem| problem.code().to_owned()).collect()
        }
        Step::Selfie => {
            let Some(selfie) = session.selfie() else { return vec![] };
            let answer = SelfieAnswer::render(selfie, session.document_match());
            let unlike = match answer.match_passed {
                Some(true) => None,
                Some(false) => Some("face_mismatch"),
                None => Some("face_not_compared"),
            };
            answer.validation_errors.into_iter().chain(unlike).map(str::to_owned).collect()
        }
        Step::Liveness => {
            let Some(check) = session.liveness() else { return vec![] };
            let reasons = LivenessAnswer::render(check, session).reasons;
            reasons.iter().map(|reason| reason.code().to_owned()).collect()
        }
    }
}

fn document(session: &Session) -> Option<DocumentProgress> {
    let (submitted, read) = session.document()?;
    let has = |side| session.document_side(side).is_some();
    let kind = submitted.declared.document_type;
    let is_card = matches!(kind, DocumentType::IdCard | DocumentType::ResidencePermit);
    // A zone that is left open is there all the same.
    let has_zone =
        read.verdict.mrz_valid.is_some() || read.verdict.problems.contains(&DocumentProblem::NumberAmbiguous);
    let lacks_zone = is_card && !has_zone;
    let next_side = match (has(DocumentSide::Front), has(DocumentSide::Back)) {
        (true, false) if lacks_zone => Some(DocumentSide::Back),
        (false, true) => Some(DocumentSide::Front),
        _ => None,
    };
    Some(DocumentProgress {
        document_type: kind,
        country_code: submitted.declared.country.to_string(),
        has_back: has(DocumentSide::Back),
        next_side,
    })
}

/// Tells how the session stands, to whoever may verify in it; the holder of a link until an hour after submit.
#[utoipa::path(
    get, path = "/kyc/{session_id}/outcome", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "How it stands", body = OutcomeAnswer),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn get_outcome(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<OutcomeAnswer> {
    Answer(outcome(caller, &shared, &path).await)
}

async fn outcome(caller: KycCaller, shared: &Shared, id: &str) -> Result<OutcomeAnswer, ApiError> {
    OutcomeAnswer::render(&caller.session(shared, id).await?, shared).await
}

/// Contests an automatic rejection, so that a person decides; whoever holds the link may, for an hour. Again, the same answer.
#[utoipa::path(
    post, path = "/kyc/{session_id}/contest", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    request_body = Option<ContestBody>,
    responses(
        (status = 200, description = "How it stands: in manual review", body = OutcomeAnswer),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 422, description = "The reason is not valid", body = ErrorBody),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn contest_outcome(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: Body,
) -> Answer<OutcomeAnswer> {
    let contest = async {
        let reason = contest_reason(payload).await?;
        let folded = act(&caller, &shared, &path, Action::Contest { reason }).await?;
        OutcomeAnswer::render(&folded, &shared).await
    };
    Answer(contest.await)
}
