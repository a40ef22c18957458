//! What happens around a verification: what the partner and the person say about it, beside the evidence itself.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The partner called the verification off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionCancelled {
    /// When.
    pub cancelled_at: Timestamp,
}
