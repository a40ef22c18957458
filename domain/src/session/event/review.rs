//! What reviewers do with a case.

use serde::{Deserialize, Serialize};

use super::Decision;
use crate::Timestamp;
use crate::evidence::Fingerprint;
use crate::free_text::ReviewNote;
use crate::ids::OperatorId;
use crate::review::{RejectionCode, Resolution};
use crate::sealed::Sealed;

/// A reviewer took the case: until then it is nobody else's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewClaimed {
    /// Who.
    pub reviewer: OperatorId,
    /// When.
    pub claimed_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// The reviewer gave the case back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewReleased {
    /// Who.
    pub reviewer: OperatorId,
    /// When.
    pub released_at: Timestamp,
}

/// A reviewer put the case off: it waits for nobody until then, unless somebody takes it before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewSnoozed {
    /// Who.
    pub reviewer: OperatorId,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub note: Option<Sealed<ReviewNote>>,
    /// When.
    pub snoozed_at: Timestamp,
}

/// An administrator gave the case to somebody, or to nobody in particular again: it is kept for that person, claimed or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewAssigned {
    /// To whom; none for nobody in particular.
    pub assignee: Option<OperatorId>,
    /// By whom.
    pub assigned_by: OperatorId,
    /// When.
    pub assigned_at: Timestamp,
}

/// A reviewer wrote something down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewNoted {
    /// Who.
    pub reviewer: OperatorId,
    /// What.
    pub note: Sealed<ReviewNote>,
    /// When.
    pub noted_at: Timestamp,
}

/// A reviewer said who a hit is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitResolved {
    /// Keyed hash of subject, entity, the entity's state and the algorithm: of another of any of these nothing is said.
    pub hit: Fingerprint,
    /// Who it is.
    pub resolution: Resolution,
    /// Why.
    pub note: Option<Sealed<ReviewNote>>,
    /// Who says so.
    pub reviewer: OperatorId,
    /// When.
    pub resolved_at: Timestamp,
}

/// A reviewer decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewDecided {
    /// Approved or rejected.
    pub decision: Decision,
    /// Why it was rejected.
    pub codes: Vec<RejectionCode>,
    /// What the reviewer notes.
    pub note: Option<Sealed<ReviewNote>>,
    /// Who.
    pub reviewer: OperatorId,
    /// When.
    pub decided_at: Timestamp,
}
