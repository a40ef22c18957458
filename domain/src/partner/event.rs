//! What happened to a partner, in the past tense.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::keys::KeyHash;
use super::register::PartnerName;
use super::scope::Scope;
use crate::Timestamp;
use crate::events::domain_events;
use crate::ids::KeyId;

domain_events! {
    /// An event of the `partner` aggregate.
    PartnerEvent {
        /// A partner was taken on.
        PartnerRegistered = "1",
        /// It got a key.
        ApiKeyIssued = "1",
        /// A key was stopped for good.
        ApiKeyRevoked = "1",
        /// How much it may ask was changed.
        RequestLimitChanged = "1",
        /// All its keys were stopped.
        PartnerSuspended = "1",
        /// Its keys work again.
        PartnerReinstated = "1",
    }
}

/// A partner was taken on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerRegistered {
    /// A company's name; no personal data.
    pub name: PartnerName,
    /// When.
    pub registered_at: Timestamp,
}

/// A partner got a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyIssued {
    /// The key's public identifier.
    pub key_id: KeyId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the key, which itself is nowhere.
    pub hash: KeyHash,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Requests a minute; none follows the partner's limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When it stops working; never if none.
    pub expires_at: Option<Timestamp>,
    /// When.
    pub issued_at: Timestamp,
}

/// A key was stopped for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyRevoked {
    /// The key.
    pub key_id: KeyId,
    /// When.
    pub revoked_at: Timestamp,
}

/// How much a partner may ask was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestLimitChanged {
    /// Requests a minute for each key without a limit of its own; none follows the server's setting.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When.
    pub changed_at: Timestamp,
}

/// All keys of a partner were stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerSuspended {
    /// When.
    pub suspended_at: Timestamp,
}

/// The keys of a partner work again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerReinstated {
    /// When.
    pub reinstated_at: Timestamp,
}
