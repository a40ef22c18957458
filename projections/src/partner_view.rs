//! What a partner sees when it polls a session.

use domain::Timestamp;
use domain::contact::ExternalUserId;
use domain::evidence::Fingerprint;
use domain::free_text::ResubmissionMessage;
use domain::ids::{OperatorId, PartnerId, SessionId};
use domain::review::{RejectionCode, Resolution};
use domain::risk::{RiskFactor, RiskLevel};
use domain::score::Score;
use domain::screening::ScreeningOutcome;
use domain::sealed::Sealed;
use domain::session::{Decision, FacePair, ResubmissionRequested, ReviewDecided, SessionEvent, Step};
use serde::{Deserialize, Serialize};

/// The documented status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Opened; nothing was uploaded yet.
    Pending,
    /// Evidence is coming in.
    Processing,
    /// Every check passed.
    Approved,
    /// A check failed beyond doubt.
    Rejected,
    /// A person decides.
    ManualReview,
    /// The time ran out before submit.
    Expired,
    /// The partner called it off.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Processing,
        Self::Approved,
        Self::Rejected,
        Self::ManualReview,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The documented name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::ManualReview => "manual_review",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The results of the checks; what was not performed is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationResults {
    /// Whether the latest document is valid.
    pub document_verified: Option<bool>,
    /// Whether the latest selfie matches it.
    pub face_match_passed: Option<bool>,
    /// How similar they are.
    pub face_match_score: Option<Score>,
    /// Whether the latest liveness check passed, with the selfie's face.
    pub liveness_passed: Option<bool>,
    /// Whether screening found nobody; none when not judged.
    pub sanctions_clear: Option<bool>,
}

/// Who has a case, and until when; partners do not see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The reviewer.
    pub reviewer: OperatorId,
    /// From then on anybody may take the case.
    pub until: Timestamp,
}

/// A possible match that somebody cleared; partners do not see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// What was cleared, as `HitResolved` names it.
    pub hit: Fingerprint,
    /// By whom.
    pub by: OperatorId,
}

/// What a reviewer asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resubmission {
    /// The steps.
    pub steps: Vec<Step>,
    /// What the person is told, sealed.
    pub message: Option<Sealed<ResubmissionMessage>>,
    /// When.
    pub requested_at: Timestamp,
}

/// One session as its partner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerView {
    /// The session.
    pub session_id: SessionId,
    /// Whose it is.
    pub partner_id: PartnerId,
    /// Sequence of the last event folded in.
    pub version: u64,
    /// The partner's id of its user, sealed.
    pub external_user_id: Sealed<ExternalUserId>,
    /// Status as the events say; see `status_at`.
    pub status: Status,
    /// Level of the risk.
    pub risk_level: Option<RiskLevel>,
    /// Score of the risk.
    pub risk_score: Option<Score>,
    /// The outcome.
    pub decision: Option<Decision>,
    /// What speaks against an approval.
    pub reasons: Vec<RiskFactor>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it expires unless submitted.
    pub expires_at: Timestamp,
    /// When the automatic outcome fell.
    pub completed_at: Option<Timestamp>,
    /// When the partner called it off.
    pub cancelled_at: Option<Timestamp>,
    /// When the partner contested the automatic rejection.
    pub contested_at: Option<Timestamp>,
    /// When a list's change opened the approval again; none once nobody behind the alert is listed any more.
    #[serde(default)]
    pub rescreened_at: Option<Timestamp>,
    /// The reviewer who has the case.
    #[serde(default)]
    pub claim: Option<Claim>,
    /// Until when the case was put off; partners do not see it.
    #[serde(default)]
    pub snoozed_until: Option<Timestamp>,
    /// For whom the case is kept; partners do not see it.
    #[serde(default)]
    pub assignee: Option<OperatorId>,
    /// Matches that were cleared and that no approval has confirmed yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<Cleared>,
    /// When a reviewer decided.
    #[serde(default)]
    pub reviewed_at: Option<Timestamp>,
    /// Why a reviewer rejected.
    #[serde(default)]
    pub codes: Vec<RejectionCode>,
    /// When the person stopped being the partner's customer.
    pub relationship_ended_at: Option<Timestamp>,
    /// When what was held about the person was destroyed.
    #[serde(default)]
    pub erased_at: Option<Timestamp>,
    /// Whether that was ordered and not carried out yet.
    #[serde(default)]
    pub erasure_is_due: bool,
    /// Results of the checks.
    pub results: VerificationResults,
    /// When the person or the partner asked for the decision.
    pub submitted_at: Option<Timestamp>,
    /// Which of the session's links counts.
    #[serde(default)]
    pub link_generation: u32,
    /// What is asked for again; none once it was submitted.
    #[serde(default)]
    pub resubmission: Option<Resubmission>,
    /// Whether the session has an address of its own for webhooks.
    #[serde(default)]
    pub has_webhook_url: bool,
    /// The latest liveness check on its own, before its face is compared with the selfie's.
    liveness_check: Option<bool>,
}

impl PartnerView {
    /// Folds one event; `None` stands for a session that was not opened.
    pub fn fold(view: Option<Self>, session: SessionId, sequence: u64, event: &SessionEvent) -> Option<Self> {
        let mut view = match (view, event) {
            (None, SessionEvent::SessionOpened(opened)) => Self {
                session_id: session,
                partner_id: opened.partner_id,
                version: sequence,
                external_user_id: opened.external_user_id.clone(),
                status: Status::Pending,
                risk_level: None,
                risk_score: None,
                decision: None,
                reasons: vec![],
                created_at: opened.opened_at,
                expires_at: opened.expires_at,
                completed_at: None,
                cancelled_at: None,
                contested_at: None,
                rescreened_at: None,
                claim: None,
                snoozed_until: None,
                assignee: None,
                cleared: vec![],
                reviewed_at: None,
                codes: vec![],
                relationship_ended_at: None,
                erased_at: None,
                erasure_is_due: false,
                results: VerificationResults::default(),
                submitted_at: None,
                link_generation: 0,
                resubmission: None,
                has_webhook_url: opened.webhook_url.is_some(),
                liveness_check: None,
            },
            (None, _) => return None,
            (Some(view), _) => view,
        };
        view.version = sequence;
        view.apply(event);
        Some(view)
    }

    /// The status at an instant: a session whose time is over is expired before the event says so.
    pub fn status_at(&self, now: Timestamp) -> Status {
        let is_open = matches!(self.status, Status::Pending | Status::Processing);
        if is_open && now >= self.expires_at { Status::Expired } else { self.status }
    }

    /// The sentence that partners read; none before an outcome.
    pub fn decision_reason(&self) -> Option<String> {
        match self.decision? {
            Decision::Approved if self.reviewed_at.is_some() => Some("Approved after review".to_owned()),
            Decision::Rejected if self.reviewed_at.is_some() => {
                let mut sentences: Vec<&str> = self.codes.iter().map(|code| code.sentence()).collect();
                sentences.dedup();
                Some(sentences.join("; "))
            }
            Decision::Approved => Some("All verification checks passed".to_owned()),
            Decision::Rejected | Decision::ManualReview => {
                let mut sentences: Vec<&str> = self.reasons.iter().map(|factor| factor.sentence()).collect();
                sentences.dedup();
                Some(sentences.join("; "))
            }
        }
    }

    fn apply(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::SessionOpened(_)
            | SessionEvent::LivenessChallengeIssued(_)
            | SessionEvent::ConsentGiven(_)
            | SessionEvent::IdentityDisclosed(_) => {}
            SessionEvent::DocumentSubmitted(_) => {
                self.status = Status::Processing;
                self.forget_match();
            }
            SessionEvent::DocumentRead(read) => {
                self.results.document_verified = Some(read.verdict.is_valid);
            }
            SessionEvent::SelfieSubmitted(_) => {
                self.status = Status::Processing;
                self.forget_match();
                self.results.liveness_passed = self.liveness_check;
            }
            SessionEvent::FacesCompared(comparison) => match comparison.pair {
                FacePair::DocumentSelfie => {
                    self.results.face_match_passed = Some(comparison.matched);
                    self.results.face_match_score = Some(comparison.score);
                }
                FacePair::SelfieLiveness => {
                    self.results.liveness_passed =
                        self.liveness_check.map(|passed| passed && comparison.matched);
                }
            },
            SessionEvent::LivenessChecked(check) => {
                self.status = Status::Processing;
                self.liveness_check = Some(check.verdict.passed);
                self.results.liveness_passed = self.liveness_check;
            }
            SessionEvent::SessionSubmitted(submitted) => {
                self.status = Status::Processing;
                self.submitted_at = Some(submitted.submitted_at);
                self.resubmission = None;
            }
            SessionEvent::LinkIssued(link) => self.link_generation = link.generation,
            SessionEvent::SanctionsScreened(screened) => {
                self.results.sanctions_clear = screened.outcome.clear();
                // A reviewer screened, and there is more to say than there was at submit.
                if self.status == Status::ManualReview && screened.outcome == ScreeningOutcome::PossibleMatch
                {
                    self.add_reason(RiskFactor::ScreeningPossibleMatch);
                }
            }
            SessionEvent::RiskAssessed(risk) => {
                self.risk_level = Some(risk.level);
                self.risk_score = Some(risk.score);
            }
            SessionEvent::SessionDecided(decided) => {
                self.decision = Some(decided.decision);
                self.reasons = decided.reasons.clone();
                self.completed_at = Some(decided.decided_at);
                self.status = match decided.decision {
                    Decision::Approved => Status::Approved,
                    Decision::Rejected => Status::Rejected,
                    Decision::ManualReview => Status::ManualReview,
                };
            }
            SessionEvent::SessionExpired(_) => self.status = Status::Expired,
            SessionEvent::RelationshipEnded(ended) => self.relationship_ended_at = Some(ended.ended_at),
            SessionEvent::DecisionContested(contested) => {
                self.status = Status::ManualReview;
                self.decision = Some(Decision::ManualReview);
                self.contested_at = Some(contested.contested_at);
                self.clear_desk();
            }
            SessionEvent::SessionRescreened(found) => {
                self.results.sanctions_clear = Some(false);
                if self.status == Status::ManualReview {
                    // It waits as it did before, for one reason more.
                    self.snoozed_until = None;
                    self.add_reason(RiskFactor::ScreeningPossibleMatch);
                } else {
                    self.status = Status::ManualReview;
                    self.decision = Some(Decision::ManualReview);
                    self.reasons = vec![RiskFactor::ScreeningPossibleMatch];
                    self.rescreened_at = Some(found.rescreened_at);
                    self.clear_desk();
                }
            }
            SessionEvent::ScreeningAlertClosed(_) => {
                self.status = Status::Approved;
                self.decision = Some(Decision::Approved);
                self.reasons.clear();
                self.results.sanctions_clear = Some(true);
                self.rescreened_at = None;
                self.clear_desk();
            }
            SessionEvent::ReviewClaimed(claim) => {
                self.claim = Some(Claim { reviewer: claim.reviewer, until: claim.until });
                self.snoozed_until = None;
            }
            SessionEvent::ReviewReleased(_) => self.claim = None,
            SessionEvent::ReviewSnoozed(snoozed) => {
                self.claim = None;
                self.snoozed_until = Some(snoozed.until);
            }
            SessionEvent::ReviewAssigned(assigned) => self.assignee = assigned.assignee,
            SessionEvent::ReviewNoted(_) => {}
            SessionEvent::HitResolved(resolved) => {
                self.cleared.retain(|cleared| cleared.hit != resolved.hit);
                if resolved.resolution == Resolution::DifferentPerson {
                    self.cleared.push(Cleared { hit: resolved.hit.clone(), by: resolved.reviewer });
                }
            }
            SessionEvent::ReviewDecided(decided) => self.reviewed(decided),
            SessionEvent::ResubmissionRequested(asked) => self.reopen(asked),
            SessionEvent::ErasureOrdered(_) => self.erasure_is_due = true,
            SessionEvent::EvidenceErased(erased) => {
                self.erasure_is_due = false;
                self.erased_at = Some(erased.erased_at);
            }
            SessionEvent::SessionCancelled(cancelled) => {
                self.status = Status::Cancelled;
                self.cancelled_at = Some(cancelled.cancelled_at);
            }
        }
    }

    fn add_reason(&mut self, reason: RiskFactor) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// A case that begins or ends is nobody's, and not put off.
    fn clear_desk(&mut self) {
        self.claim = None;
        self.snoozed_until = None;
        self.assignee = None;
    }

    fn reviewed(&mut self, decided: &ReviewDecided) {
        self.clear_desk();
        self.rescreened_at = None;
        self.decision = Some(decided.decision);
        self.reviewed_at = Some(decided.decided_at);
        self.codes.clone_from(&decided.codes);
        if decided.decision == Decision::Approved {
            self.status = Status::Approved;
            self.reasons.clear();
            self.cleared.clear();
            // Every possible match was found to be somebody else.
            self.results.sanctions_clear = self.results.sanctions_clear.map(|_| true);
        } else {
            self.status = Status::Rejected;
        }
    }

    /// Back to collecting: what was concluded is open again, the results of the other steps stay.
    fn reopen(&mut self, asked: &ResubmissionRequested) {
        self.status = Status::Pending;
        self.expires_at = asked.expires_at;
        self.decision = None;
        self.reasons.clear();
        self.risk_level = None;
        self.risk_score = None;
        self.completed_at = None;
        self.submitted_at = None;
        self.contested_at = None;
        self.rescreened_at = None;
        self.clear_desk();
        self.reviewed_at = None;
        self.codes.clear();
        self.results.sanctions_clear = None;
        for step in &asked.steps {
            match step {
                Step::Document => self.results.document_verified = None,
                Step::Selfie => self.forget_match(),
                Step::Liveness => {
                    self.liveness_check = None;
                    self.results.liveness_passed = None;
                }
            }
        }
        self.resubmission = Some(Resubmission {
            steps: asked.steps.clone(),
            message: asked.message.clone(),
            requested_at: asked.requested_at,
        });
    }

    fn forget_match(&mut self) {
        self.results.face_match_passed = None;
        self.results.face_match_score = None;
    }
}

#[cfg(test)]
mod tests;
