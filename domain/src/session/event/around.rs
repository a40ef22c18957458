//! What happens around a verification: what the partner and the person say about it, beside the evidence itself.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::contest::ContestReason;
use crate::sealed::Sealed;

/// The partner called the verification off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionCancelled {
    /// When.
    pub cancelled_at: Timestamp,
}

/// The partner contested an automatic rejection: from here a person decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionContested {
    /// What speaks against it.
    pub reason: Option<Sealed<ContestReason>>,
    /// When.
    pub contested_at: Timestamp,
}
