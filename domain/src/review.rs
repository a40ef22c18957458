//! What a reviewer says of a case: who a hit is, why a person is rejected; for how long a case is somebody's, or nobody's yet.

use std::sync::Arc;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ids::OperatorId;

/// How long a case is a reviewer's alone; then anybody may take it.
pub const CLAIM_LASTS: Duration = Duration::minutes(30);

/// How far ahead a case can be put off: its person waits.
pub const LONGEST_SNOOZE: Duration = Duration::days(30);

/// Until when a case is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnoozeUntil(Timestamp);

/// The instant is past or too far ahead.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("until must be a time to come, at most {} days ahead", LONGEST_SNOOZE.num_days())]
pub struct InvalidSnooze;

impl SnoozeUntil {
    /// An instant after `now`, at most [`LONGEST_SNOOZE`] ahead of it.
    pub fn new(until: Timestamp, now: Timestamp) -> Result<Self, InvalidSnooze> {
        if until > now && until - now <= LONGEST_SNOOZE { Ok(Self(until)) } else { Err(InvalidSnooze) }
    }

    /// The instant.
    pub const fn instant(self) -> Timestamp {
        self.0
    }
}

/// The operators who may work on cases now, which their own streams tell: a case that is kept for anybody else is kept for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staff(Arc<[OperatorId]>);

impl Staff {
    /// Whether somebody may work on cases.
    pub fn has(&self, operator: OperatorId) -> bool {
        self.0.contains(&operator)
    }
}

impl FromIterator<OperatorId> for Staff {
    fn from_iter<T: IntoIterator<Item = OperatorId>>(operators: T) -> Self {
        Self(operators.into_iter().collect())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_put_off_into_the_future_and_for_thirty_days_at_most() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        for ahead in [Duration::seconds(1), Duration::days(30)] {
            assert_eq!(SnoozeUntil::new(now + ahead, now).map(SnoozeUntil::instant), Ok(now + ahead));
        }
        for wrong in [Duration::zero(), Duration::seconds(-1), Duration::days(30) + Duration::seconds(1)] {
            assert_eq!(SnoozeUntil::new(now + wrong, now), Err(InvalidSnooze), "{wrong}");
        }
    }
}
