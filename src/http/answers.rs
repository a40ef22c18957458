//! The bodies of the documented answers: field names and formats are fixed.

use chrono::{NaiveDate, SecondsFormat};
use domain::Timestamp;
use domain::document::{DocumentVerdict, Identity};
use domain::document_type::DocumentType;
use domain::face::Confidence;
use domain::ids::{ChallengeId, CheckId, DocumentId, SessionId, VerificationId};
use domain::liveness::{LivenessCheckName, LivenessReason};
use domain::risk::RiskLevel;
use domain::score::Score;
use domain::session::{Comparison, Decision, LivenessAttempt, SelfieAttempt, Session, Step};
use projections::partner_view::{PartnerView, Resubmission, Status};
use serde::Serialize;
use utoipa::ToSchema;

/// `2024-01-15T10:30:00Z`
pub fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A session as it was opened.
#[derive(Serialize, ToSchema)]
pub struct SessionCreated {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    pub session_id: SessionId,
    /// Always `pending`.
    #[schema(value_type = String, example = "pending")]
    pub status: Status,
    /// Where the user verifies; what follows `#t=` opens this session, so pass it to its user only.
    pub kyc_url: String,
    /// When the session expires unless submitted.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// The results of the checks; null for what was not performed.
#[derive(Serialize, ToSchema)]
pub struct Results {
    /// Whether the document is valid.
    pub document_verified: Option<bool>,
    /// Whether the selfie matches the document's portrait.
    pub face_match_passed: Option<bool>,
    /// How similar they are, 0 to 1.
    pub face_match_score: Option<f64>,
    /// Whether the liveness check passed.
    pub liveness_passed: Option<bool>,
    /// Whether screening found nobody; null when it could not be judged.
    pub sanctions_clear: Option<bool>,
}

/// Steps that a reviewer asked for again.
#[derive(Serialize, ToSchema)]
pub struct ResubmissionView {
    /// document, selfie, liveness.
    #[schema(value_type = Vec<String>, example = json!(["document"]))]
    pub steps: Vec<Step>,
    /// When.
    #[schema(format = DateTime)]
    pub requested_at: String,
}

impl ResubmissionView {
    /// Renders a request without its message, which is for the person.
    pub fn render(asked: &Resubmission) -> Self {
        Self { steps: asked.steps.clone(), requested_at: time(asked.requested_at) }
    }
}

/// A session as its partner sees it.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    pub session_id: SessionId,
    /// The partner's id of its user; null once erased.
    pub external_user_id: Option<String>,
    /// Where it stands.
    #[schema(value_type = String, example = "approved")]
    pub status: Status,
    /// low, medium or high.
    #[schema(value_type = Option<String>, example = "low")]
    pub risk_level: Option<RiskLevel>,
    /// 0 to 1.
    pub risk_score: Option<f64>,
    /// approved, rejected or manual_review.
    #[schema(value_type = Option<String>, example = "approved")]
    pub decision: Option<Decision>,
    /// Why, in a sentence.
    pub decision_reason: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When the automatic outcome fell.
    #[schema(format = DateTime)]
    pub completed_at: Option<String>,
    /// When it expires unless submitted.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When you cancelled it.
    #[schema(format = DateTime)]
    pub cancelled_at: Option<String>,
    /// When you contested the automatic rejection.
    #[schema(format = DateTime)]
    pub contested_at: Option<String>,
    /// When you said that the relationship ended.
    #[schema(format = DateTime)]
    pub relationship_ended_at: Option<String>,
    /// When everything personal was destroyed; the decision stays.
    #[schema(format = DateTime)]
    pub erased_at: Option<String>,
    /// What a reviewer asked for again; null otherwise.
    pub resubmission: Option<ResubmissionView>,
    /// Results of the checks.
    pub verification_results: Results,
}

impl SessionView {
    /// Renders the view at an instant with the user id opened.
    pub fn render(view: &PartnerView, external_user_id: Option<String>, now: Timestamp) -> Self {
        let results = &view.results;
        Self {
            session_id: view.session_id,
            external_user_id,
            status: view.status_at(now),
            risk_level: view.risk_level,
            risk_score: view.risk_score.map(Score::to_f64),
            decision: view.decision,
            decision_reason: view.decision_reason(),
            created_at: time(view.created_at),
            completed_at: view.completed_at.map(time),
            expires_at: time(view.expires_at),
            cancelled_at: view.cancelled_at.map(time),
            contested_at: view.contested_at.map(time),
            relationship_ended_at: view.relationship_ended_at.map(time),
            erased_at: view.erased_at.map(time),
            resubmission: view.resubmission.as_ref().map(ResubmissionView::render),
            verification_results: Results {
                document_verified: results.document_verified,
                face_match_passed: results.face_match_passed,
                face_match_score: results.face_match_score.map(Score::to_f64),
                liveness_passed: results.liveness_passed,
                sanctions_clear: results.sanctions_clear,
            },
        }
    }
}

/// A page of sessions, newest first.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    /// The sessions, each as the single call shows it.
    pub items: Vec<SessionView>,
    /// How many there are in all.
    pub total: u64,
    /// As asked.
    pub limit: u32,
    /// As asked.
    pub offset: u64,
    /// Give it as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// What was read of a document.
#[derive(Serialize, ToSchema)]
pub struct DocumentAnswer {
    /// This upload.
    #[schema(value_type = String, example = "doc_0190f3c2a4b87e21b0f5c1d2e3f4a5b6")]
    pub document_id: DocumentId,
    /// As declared.
    #[schema(value_type = String, example = "passport")]
    pub document_type: DocumentType,
    /// Confidence of the reading, 0 to 1.
    pub extraction_confidence: f64,
    /// Given names first.
    pub full_name: Option<String>,
    /// Date of birth; null where a part of it is not known.
    #[schema(format = Date)]
    pub date_of_birth: Option<NaiveDate>,
    /// Year, or year and month, of a date of birth that the document gives only in part.
    #[schema(example = "1970-05")]
    pub partial_date_of_birth: Option<String>,
    /// Three letters.
    pub nationality: Option<String>,
    /// The last four characters behind four stars.
    #[schema(example = "****1234")]
    pub document_number_masked: Option<String>,
    /// Date of expiry; null for a document without an end, too.
    #[schema(format = Date)]
    pub expiry_date: Option<NaiveDate>,
    /// Whether the printed name confirms that of the machine-readable zone, which no check digit covers; null where no
    /// name was read.
    pub name_confirmed: Option<bool>,
    /// Whether the document is what it should be.
    pub is_valid: bool,
    /// Whether every check digit fits; null without a machine-readable zone, or where letters and digits of one shape leave it open.
    pub mrz_valid: Option<bool>,
    /// Codes of everything that speaks against it.
    pub validation_errors: Vec<&'static str>,
}

impl DocumentAnswer {
    /// Renders a verdict with the identity opened.
    pub fn render(
        id: DocumentId,
        kind: DocumentType,
        verdict: &DocumentVerdict,
        identity: &Identity,
    ) -> Self {
        Self {
            document_id: id,
            document_type: kind,
            extraction_confidence: verdict.confidence.to_f64(),
            full_name: identity.full_name.clone(),
            date_of_birth: identity.date_of_birth,
            partial_date_of_birth: identity.partial_date_of_birth.map(|date| date.to_string()),
            nationality: identity.nationality.clone(),
            document_number_masked: identity.document_number_masked(),
            expiry_date: identity.expiry_date,
            name_confirmed: verdict.name_confirmed,
            is_valid: verdict.is_valid,
            mrz_valid: verdict.mrz_valid,
            validation_errors: verdict.problems.iter().map(|problem| problem.code()).collect(),
        }
    }
}

/// How a selfie compares with the document.
#[derive(Serialize, ToSchema)]
pub struct SelfieAnswer {
    /// This upload.
    #[schema(value_type = String, example = "ver_0190f3c2a4b87e21b0f5c1d2e3f4a5b6")]
    pub verification_id: VerificationId,
    /// Cosine similarity, 0 to 1; null where there was nothing to compare.
    pub match_score: Option<f64>,
    /// Whether it reaches the threshold; null where there was nothing to compare.
    pub match_passed: Option<bool>,
    /// low, medium or high.
    #[schema(value_type = String, example = "high")]
    pub confidence: Confidence,
    /// Codes of everything that speaks against the selfie.
    pub validation_errors: Vec<&'static str>,
}

impl SelfieAnswer {
    /// Renders the selfie and its comparison with the portrait.
    pub fn render(selfie: &SelfieAttempt, comparison: Option<&Comparison>) -> Self {
        Self {
            verification_id: selfie.verification_id,
            match_score: comparison.map(|comparison| comparison.score.to_f64()),
            match_passed: comparison.map(|comparison| comparison.matched),
            confidence: comparison.map_or(Confidence::Low, |comparison| comparison.confidence),
            validation_errors: selfie.problems.iter().map(|problem| problem.code()).collect(),
        }
    }
}

/// What the user is asked to do before the camera.
#[derive(Serialize, ToSchema)]
pub struct ChallengeAnswer {
    /// The challenge; good for one answer.
    #[schema(value_type = String, example = "chl_0190f3c2a4b87e21b0f5c1d2e3f4a5b6")]
    pub challenge_id: ChallengeId,
    /// head_turn or blink.
    #[schema(example = "head_turn")]
    pub challenge_type: &'static str,
    /// For a head turn: left or right, as the person sees it.
    pub direction: Option<&'static str>,
    /// The instruction for the user.
    pub instructions: &'static str,
    /// Seconds left to send the frames.
    pub timeout_seconds: i64,
}

/// The verdict over liveness frames.
#[derive(Serialize, ToSchema)]
pub struct LivenessAnswer {
    /// This check.
    #[schema(value_type = String, example = "lvc_0190f3c2a4b87e21b0f5c1d2e3f4a5b6")]
    pub check_id: CheckId,
    /// Whether a live person, the selfie's, answered the challenge.
    pub passed: bool,
    /// 0 to 1.
    pub confidence: f64,
    /// Whether a presentation attack is suspected.
    pub spoof_detected: bool,
    /// The checks that had usable input.
    #[schema(value_type = Vec<String>)]
    pub checks_performed: Vec<LivenessCheckName>,
    /// Code of the first thing that did not pass; null when passed.
    #[schema(value_type = Option<String>, example = "challenge_expired")]
    pub reason: Option<LivenessReason>,
    /// Codes of everything that did not pass.
    #[schema(value_type = Vec<String>)]
    pub reasons: Vec<LivenessReason>,
}

impl LivenessAnswer {
    /// Renders a check; the comparison with the selfie counts if this is the latest one.
    pub fn render(check: &LivenessAttempt, session: &Session) -> Self {
        let is_latest = session.liveness().is_some_and(|latest| latest.check_id == check.check_id);
        let other_face = is_latest && session.liveness_match().is_some_and(|comparison| !comparison.matched);
        let verdict = &check.verdict;
        let mut reasons = verdict.reasons.clone();
        if other_face && !reasons.contains(&LivenessReason::SpoofSuspected) {
            reasons.push(LivenessReason::SpoofSuspected);
        }
        Self {
            check_id: check.check_id,
            passed: verdict.passed && !other_face,
            confidence: verdict.confidence.to_f64(),
            spoof_detected: other_face || !verdict.spoof_signals.is_empty(),
            checks_performed: verdict.checks_performed.clone(),
            reason: reasons.first().copied(),
            reasons,
        }
    }
}

/// The automatic outcome.
#[derive(Serialize, ToSchema)]
pub struct SubmitAnswer {
    /// The session.
    #[schema(value_type = String, format = Uuid)]
    pub session_id: SessionId,
    /// Where it stands.
    #[schema(value_type = String, example = "approved")]
    pub status: Status,
    /// approved, rejected or manual_review.
    #[schema(value_type = Option<String>, example = "approved")]
    pub decision: Option<Decision>,
    /// 0 to 1.
    pub risk_score: Option<f64>,
    /// low, medium or high.
    #[schema(value_type = Option<String>, example = "low")]
    pub risk_level: Option<RiskLevel>,
    /// Whether the document is valid.
    pub document_verified: Option<bool>,
    /// Whether the faces match.
    pub face_match_passed: Option<bool>,
    /// Whether liveness passed.
    pub liveness_passed: Option<bool>,
    /// Whether screening found nobody; null when it could not be judged.
    pub screening_passed: Option<bool>,
    /// Codes of what speaks against an approval.
    pub review_reasons: Vec<&'static str>,
    /// When the session was opened.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When the outcome fell.
    #[schema(format = DateTime)]
    pub completed_at: Option<String>,
}

impl SubmitAnswer {
    /// Renders the outcome at an instant.
    pub fn render(view: &PartnerView, now: Timestamp) -> Self {
        Self {
            session_id: view.session_id,
            status: view.status_at(now),
            decision: view.decision,
            risk_score: view.risk_score.map(Score::to_f64),
            risk_level: view.risk_level,
            document_verified: view.results.document_verified,
            face_match_passed: view.results.face_match_passed,
            liveness_passed: view.results.liveness_passed,
            screening_passed: view.results.sanctions_clear,
            review_reasons: view.reasons.iter().map(|factor| factor.code()).collect(),
            started_at: time(view.created_at),
            completed_at: view.completed_at.map(time),
        }
    }

    /// Without what only the partner may know: that screening found somebody must not reach the person (tipping off).
    pub fn for_the_person(self) -> Self {
        Self { risk_score: None, risk_level: None, screening_passed: None, review_reasons: vec![], ..self }
    }
}

/// The state of the server.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `healthy` or `unhealthy`.
    #[schema(example = "healthy")]
    pub status: &'static str,
    /// Version of the software.
    pub version: &'static str,
    /// `connected` or `disconnected`.
    #[schema(example = "connected")]
    pub database: &'static str,
}
