//! What happened to a partner, in the past tense.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::keys::KeyHash;
use super::register::PartnerName;
use super::scope::Scope;
use crate::Timestamp;
use crate::branding::Branding;
use crate::contact::WebAddress;
use crate::events::domain_events;
use crate::ids::{EndpointId, KeyId};
use crate::sealed::Sealed;
use crate::webhook::MessageKind;

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
        /// It is told about its sessions at one more address.
        WebhookEndpointAdded = "1",
        /// An address is told nothing any more, for good.
        WebhookEndpointRemoved = "1",
        /// An address is told nothing until it is enabled again.
        WebhookEndpointDisabled = "1",
        /// An address is told again.
        WebhookEndpointEnabled = "1",
        /// What signs its webhooks was replaced.
        WebhookSecretRotated = "1",
        /// It got a look, or another one.
        PartnerBranded = "1",
        /// Its look was taken away.
        BrandingRemoved = "1",
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

/// A partner is told about its sessions at one more address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookEndpointAdded {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Its address; paths of addresses may hold secrets.
    pub url: Sealed<WebAddress>,
    /// What it is told.
    pub events: Vec<MessageKind>,
    /// Whether it is told the partner's id of its user.
    pub with_external_user_id: bool,
    /// When.
    pub added_at: Timestamp,
}

/// An address is told nothing any more, for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookEndpointRemoved {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// When.
    pub removed_at: Timestamp,
}

/// Why an address is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBy {
    /// The partner or an operator asked for it.
    Request,
    /// It answered 410 Gone.
    Gone,
}

/// An address is told nothing until it is enabled again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookEndpointDisabled {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Why.
    pub by: DisabledBy,
    /// When.
    pub disabled_at: Timestamp,
}

/// An address is told again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookEndpointEnabled {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// When.
    pub enabled_at: Timestamp,
}

/// What signs a partner's webhooks was replaced; the secret itself is nowhere in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookSecretRotated {
    /// Until when the one before signs beside it.
    pub previous_until: Timestamp,
    /// When.
    pub rotated_at: Timestamp,
}

/// A partner got a look, or another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerBranded {
    /// What people see; a company's, no personal data.
    pub branding: Branding,
    /// When.
    pub branded_at: Timestamp,
}

/// A partner's look was taken away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrandingRemoved {
    /// When.
    pub removed_at: Timestamp,
}
