//! The state that the rules need, folded from events.

use serde::{Deserialize, Serialize};

use super::command::Caller;
use super::error::{SessionError, Step};
use super::event::{
    ConsentGiven, Decision, DocumentRead, DocumentSubmitted, ErasureOrdered, FacePair, FacesCompared,
    HitResolved, LivenessChallengeIssued, LivenessChecked, ReviewClaimed, ReviewDecided, RiskAssessed,
    SanctionsScreened, SelfieSubmitted, SessionDecided, SessionEvent, SessionOpened, SessionRescreened,
};
use super::event_limit::EventCounts;
use super::round::Round;
use crate::Timestamp;
use crate::document::Declared;
use crate::document_type::DocumentSide;
use crate::evidence::Fingerprint;
use crate::ids::OperatorId;
use crate::policy::Policy;
use crate::screening::{EnteredIdentity, ScreeningHits};
use crate::sealed::Sealed;

/// The folded session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    opened: Option<SessionOpened>,
    round: Option<Round>,
    documents: Vec<DocumentAttempt>,
    selfies: Vec<SelfieAttempt>,
    challenges: Vec<Challenge>,
    checks: Vec<LivenessAttempt>,
    document_match: Option<FacesCompared>,
    liveness_match: Option<FacesCompared>,
    submitted_at: Option<Timestamp>,
    screening: Option<SanctionsScreened>,
    /// What a reviewer entered last; it outlives a resubmission.
    entered: Option<Sealed<EnteredIdentity>>,
    risk: Option<RiskAssessed>,
    decision: Option<SessionDecided>,
    expired_at: Option<Timestamp>,
    consent: Option<ConsentGiven>,
    cancelled_at: Option<Timestamp>,
    contested_at: Option<Timestamp>,
    alert: Option<SessionRescreened>,
    /// What list changes found since the latest outcome or full screening.
    rescreenings: Vec<SessionRescreened>,
    /// Everything found: the latest screening, then what list changes brought.
    findings: Vec<Sealed<ScreeningHits>>,
    /// The outcome as it stands.
    standing: Option<Decision>,
    claim: Option<ReviewClaimed>,
    snoozed_until: Option<Timestamp>,
    assignee: Option<OperatorId>,
    resolutions: Vec<HitResolved>,
    /// How many of the resolutions a reviewer's approval has confirmed.
    settled_resolutions: usize,
    review: Option<ReviewDecided>,
    relationship_ended_at: Option<Timestamp>,
    link_generation: u32,
    erasure: Option<ErasureOrdered>,
    erased_at: Option<Timestamp>,
    event_counts: EventCounts,
}

/// One upload of a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DocumentAttempt {
    /// The upload.
    pub submitted: DocumentSubmitted,
    /// What was read; written in the same append.
    pub read: Option<DocumentRead>,
}

/// One upload of a selfie.
pub type SelfieAttempt = SelfieSubmitted;

/// One answer to a challenge.
pub type LivenessAttempt = LivenessChecked;

/// The comparison of two faces.
pub type Comparison = FacesCompared;

/// One challenge and whether it was answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Challenge {
    /// As it was drawn.
    pub issued: LivenessChallengeIssued,
    /// Whether an answer was judged.
    pub used: bool,
}

impl Session {
    /// The opening; none before the session exists.
    pub const fn opened(&self) -> Option<&SessionOpened> {
        self.opened.as_ref()
    }

    /// What is collected at present; none before the session exists.
    pub const fn round(&self) -> Option<&Round> {
        self.round.as_ref()
    }

    /// What the person agreed to last.
    pub const fn consent(&self) -> Option<&ConsentGiven> {
        self.consent.as_ref()
    }

    /// The document that counts: the latest upload, which was read together with the other side.
    pub fn document(&self) -> Option<(&DocumentSubmitted, &DocumentRead)> {
        let attempt = self.documents.last()?;
        Some((&attempt.submitted, attempt.read.as_ref()?))
    }

    /// The latest upload of one side in this round.
    pub fn document_side(&self, side: DocumentSide) -> Option<(&DocumentSubmitted, &DocumentRead)> {
        let attempt = self.documents().iter().rev().find(|attempt| attempt.submitted.side == side)?;
        Some((&attempt.submitted, attempt.read.as_ref()?))
    }

    /// The selfie that counts: the latest.
    pub fn selfie(&self) -> Option<&SelfieAttempt> {
        self.selfies.last()
    }

    /// The liveness check that counts: the latest.
    pub fn liveness(&self) -> Option<&LivenessAttempt> {
        self.checks.last()
    }

    /// The check that answered a challenge.
    pub fn check_of(&self, challenge: crate::ids::ChallengeId) -> Option<&LivenessAttempt> {
        self.checks.iter().find(|check| check.challenge_id == challenge)
    }

    /// The challenges of every round, oldest first.
    pub fn challenges(&self) -> &[Challenge] {
        &self.challenges
    }

    /// Every upload of a document, of every round.
    pub fn all_documents(&self) -> &[DocumentAttempt] {
        &self.documents
    }

    /// Every selfie, of every round.
    pub fn all_selfies(&self) -> &[SelfieAttempt] {
        &self.selfies
    }

    /// Every answer to a challenge, of every round.
    pub fn all_checks(&self) -> &[LivenessAttempt] {
        &self.checks
    }

    /// The latest document's portrait against the latest selfie; none if either has no face.
    pub const fn document_match(&self) -> Option<&Comparison> {
        self.document_match.as_ref()
    }

    /// The latest selfie against the latest frames; none if either has no face.
    pub const fn liveness_match(&self) -> Option<&Comparison> {
        self.liveness_match.as_ref()
    }

    /// When the partner asked for the decision.
    pub const fn submitted_at(&self) -> Option<Timestamp> {
        self.submitted_at
    }

    /// The latest full screening.
    pub const fn screening(&self) -> Option<&SanctionsScreened> {
        self.screening.as_ref()
    }

    /// The assessed risk.
    pub const fn risk(&self) -> Option<&RiskAssessed> {
        self.risk.as_ref()
    }

    /// The outcome.
    pub const fn decision(&self) -> Option<&SessionDecided> {
        self.decision.as_ref()
    }

    /// Which of the session's links counts; 0 is the one that it was opened with.
    pub const fn link_generation(&self) -> u32 {
        self.link_generation
    }

    /// The erasure that was ordered, carried out or not.
    pub const fn erasure(&self) -> Option<&ErasureOrdered> {
        self.erasure.as_ref()
    }

    /// When keys and files were destroyed.
    pub const fn erased_at(&self) -> Option<Timestamp> {
        self.erased_at
    }

    /// The outcome as it stands. A rejection that was contested and an approval with an open screening alert are a person's
    /// to decide; a reviewer's decision stands until one of these opens it again.
    pub const fn outcome(&self) -> Option<Decision> {
        self.standing
    }

    /// The reviewer who has the case at an instant, and until when.
    pub fn claim_at(&self, now: Timestamp) -> Option<(OperatorId, Timestamp)> {
        let claim = self.claim.as_ref().filter(|claim| now < claim.until)?;
        Some((claim.reviewer, claim.until))
    }

    /// Until when the case is put off, if it still is at an instant.
    pub fn snoozed_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.snoozed_until.filter(|until| now < *until)
    }

    /// For whom the case is kept.
    pub const fn assignee(&self) -> Option<OperatorId> {
        self.assignee
    }

    /// The last word about a hit.
    pub fn resolution(&self, hit: &Fingerprint) -> Option<&HitResolved> {
        self.resolutions.iter().rev().find(|resolved| resolved.hit == *hit)
    }

    /// Everything that was said about hits, the oldest first.
    pub fn resolutions(&self) -> &[HitResolved] {
        &self.resolutions
    }

    /// The reviewer's decision, if it is the one that stands or was opened again.
    pub const fn review(&self) -> Option<&ReviewDecided> {
        self.review.as_ref()
    }

    /// The re-screening that opened an approval again and is not closed.
    pub const fn alert(&self) -> Option<&SessionRescreened> {
        self.alert.as_ref()
    }

    pub(super) fn rescreenings(&self) -> &[SessionRescreened] {
        &self.rescreenings
    }

    pub(super) const fn entered(&self) -> Option<&Sealed<EnteredIdentity>> {
        self.entered.as_ref()
    }

    pub(super) fn findings(&self) -> &[Sealed<ScreeningHits>] {
        &self.findings
    }

    pub(super) const fn settled_resolutions(&self) -> usize {
        self.settled_resolutions
    }

    pub(super) const fn has_relationship_ended(&self) -> bool {
        self.relationship_ended_at.is_some()
    }

    pub(super) const fn is_contested(&self) -> bool {
        self.contested_at.is_some()
    }

    /// Whether the liveness step as a whole passed: the check itself, and the same face as the selfie's.
    pub fn liveness_passed(&self) -> Option<bool> {
        // Asked for again and not answered: the check of an earlier round vouches for nobody.
        let is_asked = self.round().is_some_and(|round| round.steps.contains(&Step::Liveness));
        if is_asked && self.checks().is_empty() {
            return None;
        }
        let check = self.liveness()?;
        let is_other_face = self.liveness_match.as_ref().is_some_and(|comparison| !comparison.matched);
        Some(check.verdict.passed && !is_other_face)
    }

    /// Attempts used in this round before an upload of one side of a document. Each side of a card has its own; whoever
    /// declares another document than before goes on with what the earlier ones took, so that declaring gives no attempt.
    pub fn document_attempts(&self, declared: &Declared, side: DocumentSide) -> usize {
        let runs = self.declared_runs();
        let (of_this, earlier) = match runs.split_last() {
            Some((last, earlier)) if is_declared(last, declared) => (uploads_of(last, side), earlier),
            _ => (0, runs.as_slice()),
        };
        of_this + earlier.iter().map(|run| longest_side(run)).sum::<usize>()
    }

    /// Attempts made in this round at a step; of a card with two sides, at the one that took more.
    pub fn attempts(&self, step: Step) -> usize {
        match step {
            Step::Document => self.declared_runs().into_iter().map(longest_side).sum(),
            Step::Selfie => self.selfies().len(),
            Step::Liveness => self.checks().len(),
        }
    }

    /// Attempts at a step that are gone at an instant: a challenge whose time passed without an answer took one too.
    pub fn attempts_spent(&self, step: Step, now: Timestamp) -> usize {
        let lapsed = |challenge: &&Challenge| !challenge.used && now >= challenge.issued.answer_by;
        match step {
            Step::Liveness => self.attempts(step) + self.round_challenges().iter().filter(lapsed).count(),
            _ => self.attempts(step),
        }
    }

    /// The uploads of this round, each time another document was declared by themselves.
    fn declared_runs(&self) -> Vec<&[DocumentAttempt]> {
        self.documents().chunk_by(|one, next| one.submitted.declared == next.submitted.declared).collect()
    }

    pub(super) fn require_visible_to(&self, caller: Caller) -> Result<(), SessionError> {
        match (&self.opened, caller) {
            (Some(_), Caller::System | Caller::Operator(_)) => Ok(()),
            (Some(_), Caller::Link { generation }) if generation == self.link_generation => Ok(()),
            (Some(opened), Caller::Partner(partner)) if opened.partner_id == partner => Ok(()),
            _ => Err(SessionError::NotFound),
        }
    }

    /// Evidence may still come: not submitted, not expired. The clock decides even before the clock's event.
    pub(super) fn require_collecting(&self, now: Timestamp) -> Result<(), SessionError> {
        let round = self.round.as_ref().ok_or(SessionError::NotFound)?;
        if self.submitted_at.is_some() {
            Err(SessionError::AlreadySubmitted)
        } else if self.expired_at.is_some() || now >= round.expires_at {
            Err(SessionError::Expired)
        } else {
            Ok(())
        }
    }

    pub(super) fn require_attempt_left(&self, step: Step, policy: &Policy) -> Result<(), SessionError> {
        if self.attempts(step) >= policy.session.max_attempts as usize {
            Err(SessionError::AttemptsExhausted(step))
        } else {
            Ok(())
        }
    }

    pub(super) const fn require_not_cancelled(&self) -> Result<(), SessionError> {
        if self.is_cancelled() { Err(SessionError::Cancelled) } else { Ok(()) }
    }

    pub(super) const fn is_cancelled(&self) -> bool {
        self.cancelled_at.is_some()
    }

    pub(super) const fn is_expired(&self) -> bool {
        self.expired_at.is_some()
    }

    pub(super) const fn event_counts(&self) -> &EventCounts {
        &self.event_counts
    }

    pub(super) fn fold(&mut self, event: SessionEvent) {
        self.event_counts.note(&event);
        match event {
            SessionEvent::SessionOpened(opened) => {
                self.round = Some(Round::first(opened.expires_at));
                self.opened = Some(opened);
            }
            SessionEvent::ResubmissionRequested(asked) => {
                self.round = Some(Round::asked(asked, self));
                self.submitted_at = None;
                self.screening = None;
                self.risk = None;
                self.decision = None;
                self.contested_at = None;
                self.alert = None;
                self.rescreenings.clear();
                self.findings.clear();
                self.standing = None;
                self.clear_desk();
                self.review = None;
            }
            SessionEvent::DocumentSubmitted(submitted) => {
                self.documents.push(DocumentAttempt { submitted, read: None });
                self.document_match = None;
            }
            SessionEvent::DocumentRead(read) => {
                if let Some(attempt) = self.documents.last_mut() {
                    attempt.read = Some(read);
                }
            }
            SessionEvent::SelfieSubmitted(selfie) => {
                self.selfies.push(selfie);
                self.document_match = None;
                self.liveness_match = None;
            }
            SessionEvent::FacesCompared(comparison) => match comparison.pair {
                FacePair::DocumentSelfie => self.document_match = Some(comparison),
                FacePair::SelfieLiveness => self.liveness_match = Some(comparison),
            },
            SessionEvent::LivenessChallengeIssued(issued) => {
                self.challenges.push(Challenge { issued, used: false });
            }
            SessionEvent::LivenessChecked(check) => self.fold_check(check),
            SessionEvent::SessionSubmitted(submitted) => self.submitted_at = Some(submitted.submitted_at),
            SessionEvent::SanctionsScreened(screening) => {
                // It asked all lists about all that is known, so that it takes the place of what was found before.
                self.findings = vec![screening.hits.clone()];
                if screening.entered.is_some() {
                    self.entered.clone_from(&screening.entered);
                }
                self.screening = Some(screening);
            }
            SessionEvent::RiskAssessed(risk) => self.risk = Some(risk),
            SessionEvent::SessionDecided(decided) => {
                self.standing = Some(decided.decision);
                self.decision = Some(decided);
            }
            SessionEvent::SessionRescreened(rescreened) => {
                self.findings.push(rescreened.hits.clone());
                self.rescreenings.push(rescreened.clone());
                if self.standing == Some(Decision::ManualReview) {
                    // Whoever works on the case goes on with it, and sees what is new.
                    self.snoozed_until = None;
                } else {
                    self.alert = Some(rescreened);
                    self.clear_desk();
                    self.standing = Some(Decision::ManualReview);
                }
            }
            SessionEvent::ScreeningAlertClosed(_) => {
                self.alert = None;
                self.rescreenings.clear();
                self.findings.truncate(1);
                self.clear_desk();
                self.standing = Some(Decision::Approved);
            }
            SessionEvent::ReviewClaimed(claim) => {
                self.claim = Some(claim);
                self.snoozed_until = None;
            }
            SessionEvent::ReviewReleased(_) => self.claim = None,
            SessionEvent::ReviewSnoozed(snoozed) => {
                self.claim = None;
                self.snoozed_until = Some(snoozed.until);
            }
            SessionEvent::ReviewAssigned(assigned) => self.assignee = assigned.assignee,
            // The log keeps it.
            SessionEvent::ReviewNoted(_) => {}
            SessionEvent::HitResolved(resolved) => self.resolutions.push(resolved),
            SessionEvent::ReviewDecided(decided) => {
                self.clear_desk();
                self.alert = None;
                self.rescreenings.clear();
                if decided.decision == Decision::Approved {
                    self.settled_resolutions = self.resolutions.len();
                }
                self.standing = Some(decided.decision);
                self.review = Some(decided);
            }
            SessionEvent::SessionExpired(expired) => self.expired_at = Some(expired.expired_at),
            SessionEvent::ConsentGiven(consent) => self.consent = Some(consent),
            SessionEvent::RelationshipEnded(ended) => self.relationship_ended_at = Some(ended.ended_at),
            SessionEvent::LinkIssued(link) => self.link_generation = link.generation,
            // Reading changes nothing; the log keeps that it happened.
            SessionEvent::IdentityDisclosed(_) => {}
            SessionEvent::ErasureOrdered(ordered) => self.erasure = Some(ordered),
            SessionEvent::EvidenceErased(erased) => self.erased_at = Some(erased.erased_at),
            SessionEvent::DecisionContested(contested) => {
                self.contested_at = Some(contested.contested_at);
                self.clear_desk();
                self.standing = Some(Decision::ManualReview);
            }
            SessionEvent::SessionCancelled(cancelled) => self.cancelled_at = Some(cancelled.cancelled_at),
        }
    }

    /// A case that begins or ends is nobody's, and not put off.
    fn clear_desk(&mut self) {
        self.claim = None;
        self.snoozed_until = None;
        self.assignee = None;
    }

    fn fold_check(&mut self, check: LivenessChecked) {
        for challenge in &mut self.challenges {
            challenge.used |= challenge.issued.challenge_id == check.challenge_id;
        }
        self.checks.push(check);
        self.liveness_match = None;
    }
}

fn is_declared(run: &[DocumentAttempt], declared: &Declared) -> bool {
    run.iter().all(|attempt| attempt.submitted.declared == *declared)
}

fn uploads_of(run: &[DocumentAttempt], side: DocumentSide) -> usize {
    run.iter().filter(|attempt| attempt.submitted.side == side).count()
}

fn longest_side(run: &[DocumentAttempt]) -> usize {
    uploads_of(run, DocumentSide::Front).max(uploads_of(run, DocumentSide::Back))
}
