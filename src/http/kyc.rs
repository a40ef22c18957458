//! `/kyc/{session_id}/...`: the steps of a verification.

use actix_web::web;
use domain::document::Declared;
use domain::document_type::DocumentSide;
use domain::ports::open;
use domain::session::{Action, Arrival, CheckLiveness, Step, SubmitDocument};
use tracing::Instrument;
use utoipa::ToSchema;

use super::admission::admit;
use super::answers::{ChallengeAnswer, DocumentAnswer, LivenessAnswer, SelfieAnswer, SubmitAnswer};
use super::kyc_caller::KycCaller;
use super::parts::Parts;
use super::problem::{Answer, ApiError, FieldProblem};
use super::refusals::{Keyed, OfUpload, OnSession};
use super::request_id::name_session;
use super::upload::{DOCUMENT, FRAMES, SELFIE, Upload};
use super::{Shared, resource};
use crate::sessions::Folded;

/// Fewer frames show no movement.
const MIN_FRAMES: usize = 3;

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/kyc/{session_id}/document", "POST").route(web::post().to(submit_document)))
        .service(resource("/kyc/{session_id}/selfie", "POST").route(web::post().to(submit_selfie)))
        .service(
            resource("/kyc/{session_id}/liveness/challenge", "GET, POST")
                .route(web::get().to(liveness_challenge))
                .route(web::post().to(liveness_challenge)),
        )
        .service(resource("/kyc/{session_id}/liveness", "POST").route(web::post().to(check_liveness)))
        .service(resource("/kyc/{session_id}/submit", "POST").route(web::post().to(submit_session)));
}

/// The parts of a document upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the multipart body, which the handler streams")]
pub struct DocumentUpload {
    /// JPEG, PNG or WebP, at most 10 MB and 24 megapixels (JPEG: 50).
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// passport, id_card, driving_license or residence_permit; common synonyms are understood.
    #[schema(example = "passport")]
    document_type: String,
    /// The issuing country: ISO 3166 alpha-2 or alpha-3, or a code of ICAO 9303.
    #[schema(example = "ESP")]
    country_code: String,
    /// front (default) or back. Both sides of a card are read together; the zone may be on either. A passport has no back.
    side: Option<String>,
}

/// The part of a selfie upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the multipart body, which the handler streams")]
pub struct SelfieUpload {
    /// JPEG, PNG or WebP, at most 10 MB and 24 megapixels (JPEG: 50).
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// camera or file: how the hosted page came by it. Files, and what is not said, are looked at by a person. Without
    /// meaning for API keys.
    capture: Option<String>,
}

/// The parts of a liveness upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the multipart body, which the handler streams")]
pub struct LivenessUpload {
    /// The challenge that the frames answer.
    challenge_id: String,
    /// 3 to 60 frames in order, unmirrored; at most 2 MB each and 30 MB together.
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
    /// camera or file, as for the selfie.
    capture: Option<String>,
}

/// Carries out a step of a session for whoever may verify in it.
pub async fn act(caller: &KycCaller, shared: &Shared, id: &str, action: Action) -> Result<Folded, ApiError> {
    act_holding(caller, shared, id, action, ()).await
}

/// The same, with what is held until it is done.
async fn act_holding<T: Send + 'static>(
    caller: &KycCaller,
    shared: &Shared,
    id: &str,
    action: Action,
    held: T,
) -> Result<Folded, ApiError> {
    let name = step_name(&action);
    let command = caller.command(id, action)?;
    name_session(command.session);
    let step = tracing::info_span!("step", step = name, session_id = %command.session);
    let work = async {
        let done = shared.sessions.execute_holding(command, caller.actor(), held).await;
        match &done {
            Ok(folded) => tracing::info!(version = folded.view.version, "step done"),
            Err(error) => tracing::info!(code = error.code(), "step refused"),
        }
        done
    };
    Ok(work.instrument(step).await?)
}

/// A step as the log names it.
const fn step_name(action: &Action) -> &'static str {
    match action {
        Action::Open(_) => "open",
        Action::GiveConsent(_) => "consent",
        Action::SubmitDocument(_) => "document",
        Action::SubmitSelfie { .. } => "selfie",
        Action::IssueChallenge => "challenge",
        Action::CheckLiveness(_) => "liveness",
        Action::Submit => "submit",
        Action::DiscloseIdentity => "identity",
        Action::IssueLink => "link",
        Action::Cancel => "cancel",
        Action::Contest { .. } => "contest",
        Action::RequestResubmission(_) => "resubmission",
        Action::OrderErasure(_) | Action::Erase => "erasure",
        Action::EndRelationship => "relationship_ended",
        Action::Expire => "expire",
        Action::ClaimReview(_)
        | Action::ReleaseReview
        | Action::SnoozeReview(_)
        | Action::AssignReview(_)
        | Action::NoteReview(_)
        | Action::ResolveHit(_)
        | Action::ScreenAgain(_)
        | Action::DecideReview(_) => "review",
        Action::Rescreen(_) => "rescreening",
    }
}

fn missing_after(step: &'static str) -> ApiError {
    ApiError::Internal(format!("the session has no {step} after the command"))
}

/// Takes a document, reads and examines it.
#[utoipa::path(
    post, path = "/kyc/{session_id}/document", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    request_body(content = DocumentUpload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "What was read; `is_valid` says whether it is accepted", body = DocumentAnswer),
        Keyed,
        OnSession,
        OfUpload,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn submit_document(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    parts: Parts,
) -> Answer<DocumentAnswer> {
    Answer(document(&caller, &shared, &path, parts).await)
}

async fn document(
    caller: &KycCaller,
    shared: &Shared,
    id: &str,
    mut parts: Parts,
) -> Result<DocumentAnswer, ApiError> {
    let admitted = admit(caller, shared, id, Step::Document, &mut parts).await?;
    let (upload, held) = Upload::read(parts, &DOCUMENT, admitted).await?;
    let document = document_fields(upload)?;
    let side = document.side;
    let folded = act_holding(caller, shared, id, Action::SubmitDocument(document), held).await?;
    let (submitted, read) = folded.session.document_side(side).ok_or_else(|| missing_after("document"))?;
    let vault = shared.sessions.services().vault.as_ref();
    let identity = open(vault, folded.view.session_id, &read.identity).await?;
    let kind = submitted.declared.document_type;
    Ok(DocumentAnswer::render(submitted.document_id, kind, &read.verdict, &identity))
}

fn document_fields(mut upload: Upload) -> Result<SubmitDocument, ApiError> {
    let mut problems = std::mem::take(&mut upload.problems);
    let mut keep = |problem: FieldProblem| problems.push(problem);
    let image = upload.single().map_err(&mut keep).ok();
    let document_type = parsed(&upload, "document_type").map_err(&mut keep).ok();
    let country = parsed(&upload, "country_code").map_err(&mut keep).ok();
    let side = match upload.texts.contains_key("side") {
        true => parsed(&upload, "side").map_err(&mut keep).ok(),
        false => Some(DocumentSide::default()),
    };
    match (image, document_type, country, side) {
        (Some(image), Some(document_type), Some(country), Some(side)) if problems.is_empty() => {
            Ok(SubmitDocument { declared: Declared { document_type, country }, side, image })
        }
        _ => Err(ApiError::Fields(problems)),
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    upload: &Upload,
    name: &str,
) -> Result<T, FieldProblem> {
    upload
        .text(name)?
        .parse()
        .map_err(|error: T::Err| FieldProblem::body(name, "value_error", error.to_string()))
}

/// Takes a selfie and compares it with the document's portrait.
#[utoipa::path(
    post, path = "/kyc/{session_id}/selfie", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    request_body(content = SelfieUpload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "How the faces compare", body = SelfieAnswer),
        Keyed,
        OnSession,
        OfUpload,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn submit_selfie(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    parts: Parts,
) -> Answer<SelfieAnswer> {
    Answer(selfie(&caller, &shared, &path, parts).await)
}

async fn selfie(
    caller: &KycCaller,
    shared: &Shared,
    id: &str,
    mut parts: Parts,
) -> Result<SelfieAnswer, ApiError> {
    let admitted = admit(caller, shared, id, Step::Selfie, &mut parts).await?;
    let (mut upload, held) = Upload::read(parts, &SELFIE, admitted).await?;
    let mut problems = std::mem::take(&mut upload.problems);
    let mut keep = |problem: FieldProblem| problems.push(problem);
    let capture = caller.capture(&upload.texts).map_err(&mut keep).unwrap_or_default();
    let image = upload.single().map_err(&mut keep).ok().filter(|_| problems.is_empty());
    let image = image.ok_or(ApiError::Fields(problems))?;
    let folded = act_holding(caller, shared, id, Action::SubmitSelfie { image, capture }, held).await?;
    let selfie = folded.session.selfie().ok_or_else(|| missing_after("selfie"))?;
    Ok(SelfieAnswer::render(selfie, folded.session.document_match()))
}

/// Draws a liveness challenge; asked again, the one that is still open.
///
/// Each draw is one of the attempts, answered or not.
#[utoipa::path(
    get, path = "/kyc/{session_id}/liveness/challenge", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The challenge", body = ChallengeAnswer),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn liveness_challenge(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<ChallengeAnswer> {
    Answer(challenge(&caller, &shared, &path).await)
}

async fn challenge(caller: &KycCaller, shared: &Shared, id: &str) -> Result<ChallengeAnswer, ApiError> {
    let folded = act(caller, shared, id, Action::IssueChallenge).await?;
    let now = shared.sessions.services().clock.now();
    let issued = &folded.session.open_challenge(now).ok_or_else(|| missing_after("challenge"))?.issued;
    Ok(ChallengeAnswer {
        challenge_id: issued.challenge_id,
        challenge_type: issued.kind.challenge_type(),
        direction: issued.kind.direction(),
        instructions: issued.kind.instructions(),
        timeout_seconds: (issued.answer_by - now).num_seconds().max(0),
    })
}

/// Judges the frames that answer a challenge.
///
/// The request has to begin after the challenge was drawn and within its time, and to end at most a minute after that.
#[utoipa::path(
    post, path = "/kyc/{session_id}/liveness", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    request_body(content = LivenessUpload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The verdict", body = LivenessAnswer),
        Keyed,
        OnSession,
        OfUpload,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn check_liveness(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    parts: Parts,
) -> Answer<LivenessAnswer> {
    Answer(liveness(&caller, &shared, &path, parts).await)
}

async fn liveness(
    caller: &KycCaller,
    shared: &Shared,
    id: &str,
    mut parts: Parts,
) -> Result<LivenessAnswer, ApiError> {
    let clock = &shared.sessions.services().clock;
    let began_at = clock.now();
    let admitted = admit(caller, shared, id, Step::Liveness, &mut parts).await?;
    let (mut upload, held) = Upload::read(parts, &FRAMES, admitted).await?;
    // A slow line is no reason to be late, within bounds: a body may also be held back until its content is known.
    let arrival = Arrival { began_at, ended_at: clock.now() };
    let mut problems = std::mem::take(&mut upload.problems);
    let text = upload.text("challenge_id").map(str::to_owned).map_err(|field| problems.push(field)).ok();
    if upload.images.len() < MIN_FRAMES {
        let msg = format!("At least {MIN_FRAMES} frames are needed");
        problems.push(FieldProblem::body("files", "too_short", msg));
    }
    let capture = caller.capture(&upload.texts).map_err(|field| problems.push(field)).unwrap_or_default();
    let (Some(text), true) = (text, problems.is_empty()) else { return Err(ApiError::Fields(problems)) };
    let challenge = text.trim().parse().map_err(|_| domain::session::SessionError::ChallengeUnknown)?;
    let check = CheckLiveness { challenge, frames: upload.images, capture, arrival };
    let folded = act_holding(caller, shared, id, Action::CheckLiveness(check), held).await?;
    let check = folded.session.check_of(challenge).ok_or_else(|| missing_after("liveness check"))?;
    Ok(LivenessAnswer::render(check, &folded.session))
}

/// Screens, assesses and decides; again, the same answer.
#[utoipa::path(
    post, path = "/kyc/{session_id}/submit", tag = "Verification",
    params(("session_id" = String, Path, description = "The session", format = Uuid)),
    responses(
        (status = 200, description = "The automatic outcome; without risk, screening and reasons for the holder of a link", body = SubmitAnswer),
        Keyed,
        OnSession,
    ),
    security(("api_key" = []), ("session_token" = []), ("session_cookie" = []))
)]
pub async fn submit_session(
    caller: KycCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<SubmitAnswer> {
    Answer(submit(&caller, &shared, &path).await)
}

async fn submit(caller: &KycCaller, shared: &Shared, id: &str) -> Result<SubmitAnswer, ApiError> {
    let folded = act(caller, shared, id, Action::Submit).await?;
    let answer = SubmitAnswer::render(&folded.view, shared.sessions.services().clock.now());
    Ok(if matches!(caller, KycCaller::Holder(_)) { answer.for_the_person() } else { answer })
}
