//! What a reviewer says of a case: who a hit is, why a person is rejected.

use chrono::Duration;
use serde::{Deserialize, Serialize};

/// How long a case is a reviewer's alone; then anybody may take it.
pub const CLAIM_LASTS: Duration = Duration::minutes(30);

/// Who a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The listed person: no approval is possible.
    SamePerson,
    /// Somebody else.
    DifferentPerson,
}

/// Why a reviewer rejects a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// The document is forged, altered, or a copy.
    DocumentFraud,
    /// The document cannot be relied on, without anybody's fault.
    DocumentUnusable,
    /// The person is not the document's holder.
    IdentityMismatch,
    /// Nobody was in front of the camera, or somebody was made to be.
    LivenessFraud,
    /// The person is on a sanctions list.
    SanctionsMatch,
    /// The partner's risk policy excludes the person.
    RiskPolicy,
}

impl RejectionCode {
    /// Every code.
    pub const ALL: [Self; 6] = [
        Self::DocumentFraud,
        Self::DocumentUnusable,
        Self::IdentityMismatch,
        Self::LivenessFraud,
        Self::SanctionsMatch,
        Self::RiskPolicy,
    ];

    /// A sentence for the partner; it says nothing about screening.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::DocumentFraud => "The document was found not to be genuine",
            Self::DocumentUnusable => "The document could not be relied on",
            Self::IdentityMismatch => "The person is not the document's holder",
            Self::LivenessFraud => "Presence in front of the camera was not proven",
            Self::SanctionsMatch | Self::RiskPolicy => "The verification was rejected after review",
        }
    }
}

/// What a reviewer decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Every doubt is settled.
    Approve,
    /// At least one code.
    Reject(Vec<RejectionCode>),
}
