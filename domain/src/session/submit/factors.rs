//! The risk factors that follow from what a session has shown.

use super::{Applicant, ScreeningOutcome};
use crate::Timestamp;
use crate::document::{DocumentProblem, DocumentVerdict};
use crate::evidence::Capture;
use crate::liveness::SpoofSignal;
use crate::policy::Policy;
use crate::risk::RiskFactor;
use crate::score::Score;
use crate::session::error::Step;
use crate::session::state::{Comparison, Session};

/// Every factor, sorted and each once; none means that all checks passed.
pub(super) fn all(
    state: &Session,
    screening: &ScreeningOutcome,
    applicant: &Applicant,
    policy: &Policy,
    now: Timestamp,
) -> Vec<RiskFactor> {
    let mut factors = vec![];
    if let Some((_, read)) = state.document() {
        factors.extend(of_document(&read.verdict));
    }
    factors.extend(of_face(state, policy));
    factors.extend(of_liveness(state, policy));
    match screening {
        ScreeningOutcome::Clear => {}
        ScreeningOutcome::PossibleMatch => factors.push(RiskFactor::ScreeningPossibleMatch),
        ScreeningOutcome::NotJudged(_) => factors.push(RiskFactor::ScreeningNotJudged),
    }
    if applicant.below_minimum_age {
        factors.push(RiskFactor::BelowMinimumAge);
    }
    if applicant.review_country {
        factors.push(RiskFactor::ReviewCountry);
    }
    if is_from_file(state) {
        factors.push(RiskFactor::EvidenceFromFile);
    }
    if applicant.evidence_reused {
        factors.push(RiskFactor::EvidenceReused);
    }
    if exhausted(state, policy, now) {
        factors.push(RiskFactor::AttemptsUsed);
    }
    factors.sort();
    factors.dedup();
    factors
}

fn of_document(verdict: &DocumentVerdict) -> impl Iterator<Item = RiskFactor> {
    verdict.problems.iter().map(|problem| match problem {
        DocumentProblem::DocumentExpired => RiskFactor::DocumentExpired,
        DocumentProblem::MrzCheckDigitFailed => RiskFactor::MrzCheckDigitFailed,
        DocumentProblem::SpecimenDocument => RiskFactor::SpecimenDocument,
        DocumentProblem::ImageBlurred | DocumentProblem::ImageGlare | DocumentProblem::ImageTooSmall => {
            RiskFactor::WeakQuality
        }
        _ => RiskFactor::DocumentInvalid,
    })
}

fn of_face(state: &Session, policy: &Policy) -> Vec<RiskFactor> {
    let mut factors = vec![];
    let selfie_is_good = state.selfie().is_some_and(|selfie| selfie.problems.is_empty());
    let portrait_is_good = state.document().is_some_and(|(_, read)| read.verdict.portrait_is_good);
    if !selfie_is_good {
        factors.push(RiskFactor::WeakQuality);
    }
    match state.document_match() {
        None => factors.push(RiskFactor::FaceNotCompared),
        Some(comparison) if comparison.matched => {}
        Some(comparison) => {
            let is_far = comparison.score < policy.face.reject_below && selfie_is_good && portrait_is_good;
            factors.push(if is_far { RiskFactor::FaceFarBelow } else { RiskFactor::FaceMismatch });
        }
    }
    factors
}

fn of_liveness(state: &Session, policy: &Policy) -> Vec<RiskFactor> {
    let mut factors = vec![];
    if state.liveness_passed() != Some(true) {
        factors.push(RiskFactor::LivenessFailed);
    }
    match spoof_signals(state, policy).len() {
        0 => {}
        1 => factors.push(RiskFactor::SpoofSignal),
        _ => factors.push(RiskFactor::SpoofConfirmed),
    }
    factors
}

/// Kinds of signs, each once: the same detector on selfie and frames is one sign, not two.
fn spoof_signals(state: &Session, policy: &Policy) -> Vec<SpoofSignal> {
    let mut signals = state.liveness().map(|check| check.verdict.spoof_signals.clone()).unwrap_or_default();
    let selfie_live: Option<Score> = state.selfie().and_then(|selfie| selfie.live);
    if selfie_live.is_some_and(|live| live < policy.face.min_live) {
        signals.push(SpoofSignal::Texture);
    }
    // Two weak pictures of one person may miss the threshold; only good ones that lie far apart are a sign.
    let selfie_is_good = state.selfie().is_some_and(|selfie| selfie.problems.is_empty());
    let is_far = |comparison: &Comparison| comparison.score < policy.face.reject_below;
    if selfie_is_good && state.liveness_match().is_some_and(is_far) {
        signals.push(SpoofSignal::FaceSwap);
    }
    signals.sort();
    signals.dedup();
    signals
}

/// Whether selfie or frames that count were chosen as files on the hosted page.
fn is_from_file(state: &Session) -> bool {
    let captures =
        [state.selfie().and_then(|selfie| selfie.capture), state.liveness().and_then(|check| check.capture)];
    captures.contains(&Some(Capture::File))
}

/// All attempts at a step were used and the last one failed.
fn exhausted(state: &Session, policy: &Policy, now: Timestamp) -> bool {
    let used = |step| state.attempts_spent(step, now) >= policy.session.max_attempts as usize;
    let document_failed = state.document().is_some_and(|(_, read)| !read.verdict.is_valid);
    let face_failed = !state.document_match().is_some_and(|comparison| comparison.matched);
    (used(Step::Document) && document_failed)
        || (used(Step::Selfie) && face_failed)
        || (used(Step::Liveness) && state.liveness_passed() != Some(true))
}
