//! What submit brings: screening, risk, the outcome; and the end of a session that was never submitted.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ids::OperatorId;
use crate::risk::{RiskFactor, RiskLevel};
use crate::score::Score;
use crate::screening::{EnteredIdentity, ListChange, ListVersion, ScreeningHits, ScreeningOutcome};
use crate::sealed::Sealed;
use crate::stamp::PolicyRef;

/// The partner asked for the decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionSubmitted {
    /// When.
    pub submitted_at: Timestamp,
}

/// The person was screened against sanctions lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SanctionsScreened {
    /// The one fact that follows.
    pub outcome: ScreeningOutcome,
    /// Number of possible matches.
    pub matches: u32,
    /// The hits with their explanations.
    pub hits: Sealed<ScreeningHits>,
    /// The lists as they stood.
    pub lists: Vec<ListVersion>,
    /// Name and version of the algorithm.
    pub algorithm: String,
    /// The reviewer who screened, or approved and so screened once more; none at submit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screened_by: Option<OperatorId>,
    /// Whom a reviewer entered by hand; screened beside what was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Sealed<EnteredIdentity>>,
    /// When.
    pub screened_at: Timestamp,
}

/// The risk was assessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskAssessed {
    /// The sum of the factors.
    pub score: Score,
    /// Its level.
    pub level: RiskLevel,
    /// What raised it.
    pub factors: Vec<RiskFactor>,
}

/// An outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Every check passed.
    Approved,
    /// A check failed beyond doubt.
    Rejected,
    /// A person decides.
    ManualReview,
}

/// The automatic outcome fell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionDecided {
    /// The outcome.
    pub decision: Decision,
    /// Why; empty for an approval.
    pub reasons: Vec<RiskFactor>,
    /// The policy that decided.
    pub policy: PolicyRef,
    /// When.
    pub decided_at: Timestamp,
}

/// A list changed, and the person may be somebody who is listed now: from here a reviewer decides. A case that waits already, or
/// whose alert is open, gets what is new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionRescreened {
    /// How the lists changed.
    pub changes: Vec<ListChange>,
    /// Number of possible matches among what is new.
    pub matches: u32,
    /// Those matches with their explanations.
    pub hits: Sealed<ScreeningHits>,
    /// Name and version of the algorithm.
    pub algorithm: String,
    /// The lists as they stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListVersion>,
    /// When.
    pub rescreened_at: Timestamp,
}

/// Nothing of the lists matches the person any more: the approval stands again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScreeningAlertClosed {
    /// How the lists changed.
    pub changes: Vec<ListChange>,
    /// The lists as they stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListVersion>,
    /// When.
    pub closed_at: Timestamp,
}

/// The session's time ran out before it was submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionExpired {
    /// When that was noticed; the time itself is `expires_at`.
    pub expired_at: Timestamp,
}
