//! What partners and operators do about webhooks: endpoints, the secret, a test.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::contact::{AddressRules, InvalidContact, WebAddress};
use domain::ids::{EndpointId, PartnerId};
use domain::partner::{DisabledBy, NewEndpoint, PartnerAction};
use domain::webhook::MessageKind;
use serde_json::json;
use uuid::Uuid;

use super::guard::SystemNames;
use super::send::{Attempt, Outgoing, Sender};
use super::sign::SigningSecret;
use crate::partners::{Partners, PartnersError};
use crate::sessions::Actor;
use crate::store::webhooks::endpoints::EndpointRow;
use crate::store::{Store, StoreError};
use crate::vault::{KeyVault, OVERLAP, VaultError};

/// Why something could not be done about webhooks.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    /// The partner refused, or the store failed.
    #[error(transparent)]
    Partner(#[from] PartnersError),
    /// The address is none that may be told anything.
    #[error(transparent)]
    Address(#[from] InvalidContact),
    /// There is no such endpoint.
    #[error("there is no such webhook endpoint")]
    NoSuchEndpoint,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key database failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a new endpoint shall be.
#[derive(Clone, Debug)]
pub struct EndpointRequest {
    /// Its address.
    pub url: String,
    /// What it is told; nothing named is what is documented.
    pub events: Vec<MessageKind>,
    /// Whether it is told the partner's id of its user.
    pub with_external_user_id: bool,
}

/// An endpoint with its address in clear.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// As it is stored.
    pub row: EndpointRow,
    /// Its address.
    pub url: String,
}

/// The one way to act on webhooks.
pub struct Webhooks {
    store: Store,
    vault: Arc<KeyVault>,
    partners: Arc<Partners>,
    sender: Sender,
    rules: AddressRules,
}

impl Webhooks {
    /// Over the store; addresses follow the rules.
    pub fn new(
        store: Store,
        vault: Arc<KeyVault>,
        partners: Arc<Partners>,
        rules: AddressRules,
    ) -> reqwest::Result<Self> {
        Ok(Self { sender: Sender::new(SystemNames, rules)?, store, vault, partners, rules })
    }

    /// Tells the partner about its sessions at one more address, from now on.
    pub async fn add(
        &self,
        partner: PartnerId,
        request: EndpointRequest,
        actor: &Actor,
    ) -> Result<Endpoint, WebhooksError> {
        let url = WebAddress::parse(&request.url, self.rules)?;
        let endpoint_id = EndpointId::new(Uuid::new_v4());
        let endpoint = NewEndpoint {
            endpoint_id,
            url: self.vault.seal_endpoint(endpoint_id, &url),
            events: request.events,
            with_external_user_id: request.with_external_user_id,
        };
        self.partners.change(partner, PartnerAction::AddEndpoint(endpoint), actor).await?;
        self.find(partner, endpoint_id).await
    }

    /// The partner's endpoints, the oldest first.
    pub async fn list(&self, partner: PartnerId) -> Result<Vec<Endpoint>, WebhooksError> {
        let rows = self.store.webhook_endpoints(partner).await?;
        let opened = rows.into_iter().map(|row| {
            let id = row.id.parse().map_err(|_| VaultError::Damaged)?;
            Ok(Endpoint { url: self.vault.open_endpoint(id, &row.url)?, row })
        });
        opened.collect()
    }

    /// Tells an address nothing any more; what is owed to it is abandoned.
    pub async fn remove(
        &self,
        partner: PartnerId,
        endpoint: EndpointId,
        actor: &Actor,
    ) -> Result<(), WebhooksError> {
        Ok(self.partners.change(partner, PartnerAction::RemoveEndpoint(endpoint), actor).await?)
    }

    /// Tells an address again, or nothing until then. What happens meanwhile is not told later.
    pub async fn enable(
        &self,
        partner: PartnerId,
        endpoint: EndpointId,
        enabled: bool,
        actor: &Actor,
    ) -> Result<Endpoint, WebhooksError> {
        let action = if enabled {
            PartnerAction::EnableEndpoint(endpoint)
        } else {
            PartnerAction::DisableEndpoint(endpoint, DisabledBy::Request)
        };
        self.partners.change(partner, action, actor).await?;
        self.find(partner, endpoint).await
    }

    /// A new secret, shown once; the one before signs beside it until the given time.
    pub async fn rotate(
        &self,
        partner: PartnerId,
        actor: &Actor,
    ) -> Result<(SigningSecret, DateTime<Utc>), WebhooksError> {
        let now = Utc::now();
        let previous_until = now + OVERLAP;
        let action = PartnerAction::RotateWebhookSecret { previous_until };
        self.partners.change(partner, action, actor).await?;
        Ok((self.vault.rotate_webhook_secret(partner, now).await?, previous_until))
    }

    /// Sends `webhook.test` to an endpoint at once, and tells how that went.
    pub async fn test(&self, partner: PartnerId, endpoint: EndpointId) -> Result<Attempt, WebhooksError> {
        let endpoint = self.find(partner, endpoint).await?;
        let now = Utc::now();
        let id = Uuid::new_v4().to_string();
        let body = json!({
            "event": "webhook.test", "type": "webhook.test",
            "timestamp": now.to_rfc3339_opts(SecondsFormat::Secs, true)
        })
        .to_string();
        let secrets = self.vault.webhook_secrets(partner, now).await?;
        let outgoing = Outgoing {
            url: &endpoint.url,
            id: &id,
            timestamp: now.timestamp(),
            body: body.as_bytes(),
            secrets: &secrets,
        };
        Ok(self.sender.attempt(&outgoing).await)
    }

    async fn find(&self, partner: PartnerId, endpoint: EndpointId) -> Result<Endpoint, WebhooksError> {
        let id = endpoint.to_string();
        let found = self.list(partner).await?.into_iter().find(|one| one.row.id == id);
        found.ok_or(WebhooksError::NoSuchEndpoint)
    }
}
