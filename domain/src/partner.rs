//! The partner aggregate: a fintech that opens sessions, with its API keys and limits.

mod access;
mod brand;
mod event;
mod keys;
mod register;
mod scope;
#[cfg(test)]
mod testing;
mod webhooks;

pub use brand::{NewBranding, NewLogo};
pub use event::{
    ApiKeyIssued, ApiKeyRevoked, BrandingRemoved, DisabledBy, PartnerBranded, PartnerEvent,
    PartnerRegistered, PartnerReinstated, PartnerSuspended, RequestLimitChanged, WebhookEndpointAdded,
    WebhookEndpointDisabled, WebhookEndpointEnabled, WebhookEndpointRemoved, WebhookSecretRotated,
};
pub use keys::{InvalidHash, KeyHash, NewKey};
pub use register::{InvalidName, PartnerName};
pub use scope::{Scope, UnknownScope};
pub use webhooks::{MOST_ENDPOINTS, NewEndpoint};

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::branding::Branding;
use crate::ids::{EndpointId, KeyId};

/// What the dearest call, a liveness upload, costs: a lower limit would never let it through.
pub const LEAST_REQUESTS_PER_MINUTE: u32 = 10;

/// A command, and when it is given.
#[derive(Clone, Debug)]
pub struct PartnerCommand {
    /// Now, by the caller's clock.
    pub at: Timestamp,
    /// What is asked.
    pub action: PartnerAction,
}

/// What may be asked of a partner.
#[derive(Clone, Debug)]
pub enum PartnerAction {
    /// Take it on under a name.
    Register(PartnerName),
    /// Give it a key.
    IssueKey(NewKey),
    /// Stop a key for good.
    RevokeKey(KeyId),
    /// Requests a minute for each of its keys that has no limit of its own; none leaves it to the server's setting.
    LimitRequests(Option<NonZeroU32>),
    /// Stop all its keys until it is reinstated.
    Suspend,
    /// Let its keys work again.
    Reinstate,
    /// Tell it about its sessions at one more address.
    AddEndpoint(NewEndpoint),
    /// Tell an address nothing any more.
    RemoveEndpoint(EndpointId),
    /// Tell an address nothing until it is enabled again.
    DisableEndpoint(EndpointId, DisabledBy),
    /// Tell an address again.
    EnableEndpoint(EndpointId),
    /// Replace what signs its webhooks.
    RotateWebhookSecret {
        /// Until when the one before signs beside it.
        previous_until: Timestamp,
    },
    /// Give it a look on the page that its people see, or another one.
    Brand(NewBranding),
    /// Take its look away.
    Unbrand,
}

/// Why a partner refuses a command; nothing changes then.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PartnerError {
    /// There is no such partner.
    #[error("there is no such partner")]
    NotFound,
    /// It has no such key.
    #[error("the partner has no such key")]
    NoSuchKey,
    /// The key's identifier is taken.
    #[error("a key of this identifier was issued before")]
    KeyExists,
    /// A key needs something that it may do.
    #[error("a key needs at least one scope")]
    NoScope,
    /// A key that would never work.
    #[error("the key would expire before it is issued")]
    ExpiresInThePast,
    /// It has no such webhook endpoint.
    #[error("the partner has no such webhook endpoint")]
    NoSuchEndpoint,
    /// It has as many endpoints as a partner may have.
    #[error("a partner has at most {MOST_ENDPOINTS} webhook endpoints")]
    TooManyEndpoints,
    /// The dearest call would never be let through.
    #[error("a limit is at least {LEAST_REQUESTS_PER_MINUTE} requests a minute")]
    LimitTooLow,
    /// A suspended partner gets no keys.
    #[error("the partner is suspended")]
    Suspended,
}

/// A partner as its events tell it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Partner {
    name: Option<PartnerName>,
    keys: BTreeMap<KeyId, KeyState>,
    requests_per_minute: Option<NonZeroU32>,
    is_suspended: bool,
    /// Whether each is enabled.
    endpoints: BTreeMap<EndpointId, bool>,
    branding: Option<Branding>,
}

/// What the rules need of a key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct KeyState {
    is_revoked: bool,
}

impl Partner {
    /// Its name; none before it is registered.
    pub const fn name(&self) -> Option<&PartnerName> {
        self.name.as_ref()
    }

    fn require_limit(limit: Option<NonZeroU32>) -> Result<(), PartnerError> {
        let is_enough = limit.is_none_or(|limit| limit.get() >= LEAST_REQUESTS_PER_MINUTE);
        if is_enough { Ok(()) } else { Err(PartnerError::LimitTooLow) }
    }

    const fn require_registered(&self) -> Result<(), PartnerError> {
        if self.name.is_some() { Ok(()) } else { Err(PartnerError::NotFound) }
    }
}

impl Aggregate for Partner {
    const TYPE: &'static str = "partner";
    type Command = PartnerCommand;
    type Event = PartnerEvent;
    type Error = PartnerError;
    type Services = ();

    async fn handle(
        &mut self,
        command: PartnerCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), PartnerError> {
        let PartnerCommand { at, action } = command;
        let event = match action {
            PartnerAction::Register(name) => register::decide(self, name, at),
            PartnerAction::IssueKey(key) => keys::issue(self, key, at).map(Some)?,
            PartnerAction::RevokeKey(key) => keys::revoke(self, key, at)?,
            PartnerAction::LimitRequests(limit) => access::limit(self, limit, at)?,
            PartnerAction::Suspend => access::suspend(self, at)?,
            PartnerAction::Reinstate => access::reinstate(self, at)?,
            PartnerAction::AddEndpoint(endpoint) => webhooks::add(self, endpoint, at)?,
            PartnerAction::RemoveEndpoint(endpoint) => webhooks::remove(self, endpoint, at)?,
            PartnerAction::DisableEndpoint(endpoint, by) => webhooks::disable(self, endpoint, by, at)?,
            PartnerAction::EnableEndpoint(endpoint) => webhooks::enable(self, endpoint, at)?,
            PartnerAction::RotateWebhookSecret { previous_until } => {
                webhooks::rotate(self, previous_until, at)?
            }
            PartnerAction::Brand(new) => brand::brand(self, new, at)?,
            PartnerAction::Unbrand => brand::unbrand(self, at)?,
        };
        if let Some(event) = event {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PartnerEvent) {
        match event {
            PartnerEvent::PartnerRegistered(registered) => self.name = Some(registered.name),
            PartnerEvent::ApiKeyIssued(issued) => {
                self.keys.insert(issued.key_id, KeyState { is_revoked: false });
            }
            PartnerEvent::ApiKeyRevoked(revoked) => {
                self.keys.insert(revoked.key_id, KeyState { is_revoked: true });
            }
            PartnerEvent::RequestLimitChanged(changed) => {
                self.requests_per_minute = changed.requests_per_minute;
            }
            PartnerEvent::PartnerSuspended(_) => self.is_suspended = true,
            PartnerEvent::PartnerReinstated(_) => self.is_suspended = false,
            PartnerEvent::WebhookEndpointAdded(added) => {
                self.endpoints.insert(added.endpoint_id, true);
            }
            PartnerEvent::WebhookEndpointRemoved(removed) => {
                self.endpoints.remove(&removed.endpoint_id);
            }
            PartnerEvent::WebhookEndpointDisabled(disabled) => {
                self.endpoints.insert(disabled.endpoint_id, false);
            }
            PartnerEvent::WebhookEndpointEnabled(enabled) => {
                self.endpoints.insert(enabled.endpoint_id, true);
            }
            PartnerEvent::WebhookSecretRotated(_) => {}
            PartnerEvent::PartnerBranded(branded) => self.branding = Some(branded.branding),
            PartnerEvent::BrandingRemoved(_) => self.branding = None,
        }
    }
}
