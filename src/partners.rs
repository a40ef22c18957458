//! The one way to act on partners and their API keys. What was done holds when this returns: the log is pumped on.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::DateTime;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError};
use domain::Timestamp;
use domain::ids::{KeyId, PartnerId};
use domain::partner::{
    InvalidName, KeyHash, NewKey, Partner, PartnerAction, PartnerCommand, PartnerError, PartnerName, Scope,
};
use domain::ports::Clock;
use uuid::Uuid;

use crate::app::pump;
use crate::commands::{Actor, TRIES, attempt};
use crate::store::access::{AdoptableKey, ApiKey, PartnerInfo};
use crate::store::{Pump, Store, StoreError, StoreEvents};

/// A partner's identifier follows from its name, so that two registrations of one name meet in one stream.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c1f_31a1_58f6_4f0e_9f0d_6c2a_7d1b_e3a9);

/// Why something could not be done to a partner.
#[derive(Debug, thiserror::Error)]
pub enum PartnersError {
    /// The partner refused.
    #[error(transparent)]
    Refused(#[from] PartnerError),
    /// The name is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// Others kept changing it.
    #[error("the partner is being changed by somebody else; try again")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database is away, locked or full.
    #[error("storage is not available")]
    Unavailable,
    /// The store failed to append.
    #[error("{0}")]
    Append(String),
}

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct KeyRequest {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Requests a minute; none follows the partner's limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When it stops working; never if none.
    pub expires_at: Option<Timestamp>,
}

impl KeyRequest {
    /// A key that may do everything, for ever.
    pub fn with_every_scope(name: &str) -> Self {
        let scopes = Scope::ALL.to_vec();
        Self { name: name.to_owned(), scopes, requests_per_minute: None, expires_at: None }
    }
}

/// Commands on partners.
pub struct Partners {
    store: Store,
    events: PersistedEventStore<StoreEvents, Partner>,
    pump: Pump,
    clock: Arc<dyn Clock>,
}

impl Partners {
    /// Over a store.
    pub fn new(store: &Store, clock: Arc<dyn Clock>) -> Self {
        Self { events: store.event_store(), pump: pump(store), store: store.clone(), clock }
    }

    /// The partner of this name, taken on if there is none.
    pub async fn register(&self, name: &str, actor: &Actor) -> Result<PartnerInfo, PartnersError> {
        let name = PartnerName::try_from(name.to_owned())?;
        if let Some(known) = self.named(name.as_str()).await? {
            return Ok(known);
        }
        let id = PartnerId::new(Uuid::new_v5(&NAMESPACE, name.as_str().as_bytes()));
        self.act(id, self.clock.now(), PartnerAction::Register(name.clone()), actor).await?;
        let lost = || StoreError::Damaged(format!("the partner {id} is not in its table"));
        Ok(self.named(name.as_str()).await?.ok_or_else(lost)?)
    }

    /// The partner of this name or identifier.
    pub async fn find(&self, name_or_id: &str) -> Result<PartnerInfo, PartnersError> {
        let all = self.store.list_partners().await?;
        let is_meant =
            |partner: &PartnerInfo| partner.name == name_or_id || partner.id.to_string() == name_or_id;
        Ok(all.into_iter().find(is_meant).ok_or(PartnerError::NotFound)?)
    }

    /// Issues a key; the key in clear is nowhere else.
    pub async fn issue_key(
        &self,
        partner: PartnerId,
        request: KeyRequest,
        actor: &Actor,
    ) -> Result<(KeyId, ApiKey), PartnersError> {
        let key = ApiKey::generate();
        let key_id = KeyId::new(Uuid::new_v4());
        let KeyRequest { name, scopes, requests_per_minute, expires_at } = request;
        let hash = KeyHash::new(key.hash());
        let new = NewKey { key_id, name, hash, scopes, requests_per_minute, expires_at };
        self.act(partner, self.clock.now(), PartnerAction::IssueKey(new), actor).await?;
        Ok((key_id, key))
    }

    /// Stops a key for good.
    pub async fn revoke_key(&self, key: KeyId, actor: &Actor) -> Result<(), PartnersError> {
        let partner = self.store.partner_of(key).await?.ok_or(PartnerError::NoSuchKey)?;
        self.act(partner, self.clock.now(), PartnerAction::RevokeKey(key), actor).await
    }

    /// Changes a partner in any other way.
    pub async fn change(
        &self,
        partner: PartnerId,
        action: PartnerAction,
        actor: &Actor,
    ) -> Result<(), PartnersError> {
        self.act(partner, self.clock.now(), action, actor).await
    }

    /// Takes what an older version kept in tables of its own into the log, once.
    pub async fn adopt(&self) -> Result<(), PartnersError> {
        for key in self.store.adoptable_keys().await? {
            let actor = Actor::system();
            self.adopt_key(&key, &actor).await?;
            self.store.forget_adopted(&key.id).await?;
            tracing::info!(key_id = key.id, "a key of an older version is in the log now");
        }
        Ok(())
    }

    async fn adopt_key(&self, key: &AdoptableKey, actor: &Actor) -> Result<(), PartnersError> {
        let damaged = |what: &str| StoreError::Damaged(format!("{what} of the key {} is unreadable", key.id));
        let time = |micros| DateTime::from_timestamp_micros(micros).ok_or_else(|| damaged("a time"));
        let partner: PartnerId = key.partner_id.parse().map_err(|_| damaged("the partner"))?;
        let name = PartnerName::try_from(key.partner.clone())?;
        self.act(partner, time(key.registered_at)?, PartnerAction::Register(name), actor).await?;
        let key_id: KeyId = key.id.parse().map_err(|_| damaged("the identifier"))?;
        let hash = key.hash.as_slice().try_into().map_err(|_| damaged("the hash"))?;
        let scopes = key.scopes.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        let new = NewKey {
            key_id,
            name: key.name.clone(),
            hash: KeyHash::new(hash),
            scopes: scopes.map_err(|_| damaged("a scope"))?,
            requests_per_minute: None,
            expires_at: key.expires_at.map(time).transpose()?,
        };
        match self.act(partner, time(key.created_at)?, PartnerAction::IssueKey(new), actor).await {
            // A start before this one came so far.
            Ok(()) | Err(PartnersError::Refused(PartnerError::KeyExists)) => {}
            // It never worked.
            Err(PartnersError::Refused(PartnerError::NoScope | PartnerError::ExpiresInThePast)) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        match key.revoked_at {
            Some(at) => self.act(partner, time(at)?, PartnerAction::RevokeKey(key_id), actor).await,
            None => Ok(()),
        }
    }

    async fn named(&self, name: &str) -> Result<Option<PartnerInfo>, StoreError> {
        Ok(self.store.list_partners().await?.into_iter().find(|partner| partner.name == name))
    }

    async fn act(
        &self,
        partner: PartnerId,
        at: Timestamp,
        action: PartnerAction,
        actor: &Actor,
    ) -> Result<(), PartnersError> {
        let id = partner.to_string();
        for _ in 0..TRIES {
            let command = PartnerCommand { at, action: action.clone() };
            let metadata = actor.metadata(self.clock.now());
            match attempt::<Partner>(&self.events, &id, command, &(), metadata, |_, _| {}).await {
                Ok(_) => return Ok(self.pump.pump_until_idle().await?),
                Err(AggregateError::AggregateConflict) => {}
                Err(AggregateError::UserError(refusal)) => return Err(refusal.into()),
                Err(AggregateError::DatabaseConnectionError(error)) => {
                    tracing::error!(%error, "the event database is not available");
                    return Err(PartnersError::Unavailable);
                }
                Err(error) => return Err(PartnersError::Append(format!("{}: {error}", Partner::TYPE))),
            }
        }
        Err(PartnersError::Conflict)
    }
}
