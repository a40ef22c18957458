//! Risk: factors drawn from findings, their sum, the level.

use serde::{Deserialize, Serialize};

use crate::policy::RiskWeights;
use crate::score::Score;

/// One thing that raises the risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskFactor {
    /// The document is not valid, for a reason that has no factor of its own.
    DocumentInvalid,
    /// The document has expired, for sure.
    DocumentExpired,
    /// A check digit does not fit.
    MrzCheckDigitFailed,
    /// A specimen, under a policy that refuses them.
    SpecimenDocument,
    /// Document or face images are weak.
    WeakQuality,
    /// The faces do not match.
    FaceMismatch,
    /// The faces are of two people, both images good.
    FaceFarBelow,
    /// The faces could not be compared.
    FaceNotCompared,
    /// Liveness did not pass.
    LivenessFailed,
    /// One sign of a presentation attack.
    SpoofSignal,
    /// Two independent signs of a presentation attack.
    SpoofConfirmed,
    /// A possible sanctions match.
    ScreeningPossibleMatch,
    /// Screening could not be judged.
    ScreeningNotJudged,
    /// Younger than the policy allows.
    BelowMinimumAge,
    /// Nationality or issuer that the policy sends to a reviewer.
    ReviewCountry,
    /// All attempts at a step were used.
    AttemptsUsed,
    /// Selfie or liveness frames came from files, so that nobody knows when and of whom they were taken.
    EvidenceFromFile,
    /// A selfie or frame is byte for byte one that another session brought, or a film that answered another challenge.
    EvidenceReused,
}

impl RiskFactor {
    /// Every factor.
    pub const ALL: [Self; 18] = [
        Self::DocumentInvalid,
        Self::DocumentExpired,
        Self::MrzCheckDigitFailed,
        Self::SpecimenDocument,
        Self::WeakQuality,
        Self::FaceMismatch,
        Self::FaceFarBelow,
        Self::FaceNotCompared,
        Self::LivenessFailed,
        Self::SpoofSignal,
        Self::SpoofConfirmed,
        Self::ScreeningPossibleMatch,
        Self::ScreeningNotJudged,
        Self::BelowMinimumAge,
        Self::ReviewCountry,
        Self::AttemptsUsed,
        Self::EvidenceFromFile,
        Self::EvidenceReused,
    ];

    /// The stable code that `review_reasons` shows.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DocumentInvalid => "document_invalid",
            Self::DocumentExpired => "document_expired",
            Self::MrzCheckDigitFailed => "mrz_check_digit_failed",
            Self::SpecimenDocument => "specimen_document",
            Self::WeakQuality => "weak_quality",
            Self::FaceMismatch => "face_mismatch",
            Self::FaceFarBelow => "face_far_below",
            Self::FaceNotCompared => "face_not_compared",
            Self::LivenessFailed => "liveness_failed",
            Self::SpoofSignal => "spoof_signal",
            Self::SpoofConfirmed => "spoof_confirmed",
            Self::ScreeningPossibleMatch => "screening_possible_match",
            Self::ScreeningNotJudged => "screening_not_judged",
            Self::BelowMinimumAge => "below_minimum_age",
            Self::ReviewCountry => "review_country",
            Self::AttemptsUsed => "attempts_used",
            Self::EvidenceFromFile => "evidence_from_file",
            Self::EvidenceReused => "evidence_reused",
        }
    }

    /// The sentence that `decision_reason` shows.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::DocumentInvalid => "The document could not be verified",
            Self::DocumentExpired => "The document has expired",
            Self::MrzCheckDigitFailed => "A check digit of the machine-readable zone does not fit",
            Self::SpecimenDocument => "The document is a specimen",
            Self::WeakQuality => "The images are of weak quality",
            Self::FaceMismatch => "The selfie does not match the document's portrait",
            Self::FaceFarBelow => "The selfie shows another person than the document",
            Self::FaceNotCompared => "The selfie could not be compared with the document's portrait",
            Self::LivenessFailed => "The liveness check did not pass",
            Self::SpoofSignal => "A presentation attack is suspected",
            Self::SpoofConfirmed => "A presentation attack was detected",
            // A reviewer sees the hit; the partner's user must not be told of it (tipping off).
            Self::ScreeningPossibleMatch | Self::ScreeningNotJudged => "Screening needs a review",
            Self::BelowMinimumAge => "The person is younger than the minimum age",
            Self::ReviewCountry => "The country needs a review",
            Self::AttemptsUsed => "All attempts at a step were used",
            Self::EvidenceFromFile => "The selfie or the liveness frames came from files",
            Self::EvidenceReused => "The selfie or liveness frames were used before",
        }
    }

    /// Whether somebody may have tried to deceive the checks.
    pub const fn is_attack(self) -> bool {
        matches!(self, Self::SpoofSignal | Self::SpoofConfirmed | Self::FaceFarBelow)
    }

    /// Whether the factor alone rejects; every other one goes to a reviewer.
    pub const fn rejects(self) -> bool {
        matches!(
            self,
            Self::DocumentExpired | Self::SpecimenDocument | Self::FaceFarBelow | Self::SpoofConfirmed
        )
    }
}

/// The documented levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Below 0.3.
    Low,
    /// Below 0.7.
    Medium,
    /// 0.7 and above.
    High,
}

impl RiskLevel {
    /// The documented word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The level of a score.
    pub const fn of(score: Score) -> Self {
        match score.steps() {
            0..3_000 => Self::Low,
            3_000..7_000 => Self::Medium,
            _ => Self::High,
        }
    }
}

/// Sums the weights of the factors, cut at one.
pub fn score(factors: &[RiskFactor], weights: &RiskWeights) -> Score {
    Score::saturating(factors.iter().map(|factor| u32::from(weights.of(*factor).steps())).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    #[test]
    fn every_code_is_the_serialised_name() {
        for factor in RiskFactor::ALL {
            assert_eq!(serde_json::to_value(factor).unwrap(), factor.code());
        }
    }

    #[test]
    fn what_rejects_is_of_high_risk() {
        let weights = Policy::embedded().risk;
        for factor in RiskFactor::ALL {
            let level = RiskLevel::of(score(&[factor], &weights));
            assert!(!factor.rejects() || level == RiskLevel::High, "{factor:?}");
        }
    }
}
