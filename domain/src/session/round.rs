//! What is collected at present: every step from the opening on, or the steps that a reviewer asked for again.
//!
//! All attempts are kept; those of earlier rounds count neither against the limit nor as the same image again.

use serde::{Deserialize, Serialize};

use super::error::{SessionError, Step};
use super::event::ResubmissionRequested;
use super::state::{Challenge, DocumentAttempt, LivenessAttempt, SelfieAttempt, Session};
use crate::Timestamp;
use crate::policy::Policy;

/// A round of collecting, and how much had been collected before it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// The steps that are collected.
    pub steps: Vec<Step>,
    /// When the session expires unless submitted.
    pub expires_at: Timestamp,
    /// The request that began it; none for the first round.
    pub asked: Option<ResubmissionRequested>,
    documents: usize,
    selfies: usize,
    challenges: usize,
    checks: usize,
}

impl Round {
    /// The round that begins with the opening.
    pub(super) fn first(expires_at: Timestamp) -> Self {
        let steps = Step::ALL.to_vec();
        Self { steps, expires_at, asked: None, documents: 0, selfies: 0, challenges: 0, checks: 0 }
    }

    /// The round that a reviewer begins.
    pub(super) fn asked(asked: ResubmissionRequested, state: &Session) -> Self {
        Self {
            steps: asked.steps.clone(),
            expires_at: asked.expires_at,
            documents: state.all_documents().len(),
            selfies: state.all_selfies().len(),
            challenges: state.challenges().len(),
            checks: state.all_checks().len(),
            asked: Some(asked),
        }
    }
}

impl Session {
    /// The step is one of those that are collected at present.
    pub(super) fn require_asked(&self, step: Step) -> Result<(), SessionError> {
        match self.round() {
            Some(round) if !round.steps.contains(&step) => Err(SessionError::StepNotRequested(step)),
            _ => Ok(()),
        }
    }

    /// The steps of which nothing was taken yet.
    pub fn missing_steps(&self) -> Vec<Step> {
        let steps = self.round().map(|round| round.steps.as_slice()).unwrap_or_default();
        steps.iter().copied().filter(|step| self.attempts(*step) == 0).collect()
    }

    /// The steps without which submit is refused: liveness is done with when its last challenge passed unanswered.
    pub fn missing_for_submit(&self, policy: &Policy, now: Timestamp) -> Vec<Step> {
        let mut missing = self.missing_steps();
        let most = policy.session.max_attempts as usize;
        missing.retain(|step| *step != Step::Liveness || self.attempts_spent(*step, now) < most);
        missing
    }

    pub(super) fn documents(&self) -> &[DocumentAttempt] {
        since(self.all_documents(), self.round().map(|round| round.documents))
    }

    pub(super) fn selfies(&self) -> &[SelfieAttempt] {
        since(self.all_selfies(), self.round().map(|round| round.selfies))
    }

    pub(super) fn checks(&self) -> &[LivenessAttempt] {
        since(self.all_checks(), self.round().map(|round| round.checks))
    }

    /// The challenges of this round, oldest first.
    pub(super) fn round_challenges(&self) -> &[Challenge] {
        since(self.challenges(), self.round().map(|round| round.challenges))
    }
}

/// Nothing is ever removed, so a round's start stays within bounds.
fn since<T>(all: &[T], start: Option<usize>) -> &[T] {
    all.get(start.unwrap_or(0)..).unwrap_or_default()
}
