//! The one way to act on operators: roles in the log, names and passwords in the key database.

mod password;
pub mod sign_in;

pub use password::{InvalidPassword, Password};

use password::Hashing;

use std::sync::Arc;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError, EventStore};
use domain::Timestamp;
use domain::ids::OperatorId;
use domain::operator::{
    InvalidLogin, LoginName, Operator, OperatorAction, OperatorCommand, OperatorError, Role,
};
use domain::ports::Clock;
use uuid::Uuid;

use crate::app::pump;
use crate::commands::{Actor, TRIES, attempt};
use crate::store::access::OperatorInfo;
use crate::store::{Pump, Store, StoreError, StoreEvents};
use crate::vault::{KeyVault, VaultError};

/// Why something could not be done to an operator.
#[derive(Debug, thiserror::Error)]
pub enum OperatorsError {
    /// The rules refused.
    #[error(transparent)]
    Refused(#[from] OperatorError),
    /// The login name is none.
    #[error(transparent)]
    Login(#[from] InvalidLogin),
    /// The password is too weak to take.
    #[error(transparent)]
    Password(#[from] InvalidPassword),
    /// Others kept changing it.
    #[error("the operator is being changed by somebody else; try again")]
    Conflict,
    /// The event store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key database failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Too many passwords wait to be hashed.
    #[error("too many passwords are being tried; try again in {retry_after} s")]
    Busy {
        /// Seconds.
        retry_after: u32,
    },
    /// The event database is away, locked or full.
    #[error("storage is not available")]
    Unavailable,
    /// The store failed to append, or hashing was interrupted.
    #[error("{0}")]
    Failed(String),
}

/// An operator with the name that only the key database knows.
pub struct NamedOperator {
    /// What the log tells.
    pub info: OperatorInfo,
    /// The login name; none once it was erased.
    pub login: Option<LoginName>,
    /// Until when no password is tried, for some address at least.
    pub locked_until: Option<Timestamp>,
}

/// Commands on operators.
pub struct Operators {
    store: Store,
    vault: Arc<KeyVault>,
    events: PersistedEventStore<StoreEvents, Operator>,
    pump: Pump,
    clock: Arc<dyn Clock>,
    hashing: Hashing,
}

impl Operators {
    /// Over a store and its keys.
    pub fn new(store: &Store, vault: Arc<KeyVault>, clock: Arc<dyn Clock>) -> Self {
        let (events, pump) = (store.event_store(), pump(store));
        Self { events, pump, store: store.clone(), vault, clock, hashing: Hashing::default() }
    }

    /// Takes somebody on; an invitation that broke off before its event is finished.
    pub async fn invite(
        &self,
        login: &str,
        role: Role,
        password: Password,
        actor: &Actor,
    ) -> Result<OperatorId, OperatorsError> {
        let login = LoginName::try_from(login)?;
        let hash = self.hashed(&password).await?;
        let fresh = OperatorId::new(Uuid::new_v4());
        let operator = if self.vault.add_login(fresh, &login, &hash).await? {
            fresh
        } else {
            self.vault.find_login(&login).await?.ok_or(OperatorsError::Conflict)?.operator
        };
        self.act(operator, OperatorAction::Invite(role), actor).await?;
        self.vault.set_password(operator, &hash).await?;
        Ok(operator)
    }

    /// Gives another role, disables or enables.
    pub async fn change(
        &self,
        login: &str,
        action: OperatorAction,
        actor: &Actor,
    ) -> Result<OperatorId, OperatorsError> {
        let operator = self.operator(login).await?;
        self.act(operator, action, actor).await?;
        Ok(operator)
    }

    /// Replaces the password.
    pub async fn set_password(
        &self,
        login: &str,
        password: Password,
        actor: &Actor,
    ) -> Result<OperatorId, OperatorsError> {
        let operator = self.operator(login).await?;
        let hash = self.hashed(&password).await?;
        self.act(operator, OperatorAction::NotePassword, actor).await?;
        self.vault.set_password(operator, &hash).await?;
        Ok(operator)
    }

    /// Notes in the log what somebody did that is no stream's own.
    pub async fn note(
        &self,
        operator: OperatorId,
        action: OperatorAction,
        actor: &Actor,
    ) -> Result<(), OperatorsError> {
        self.act(operator, action, actor).await
    }

    /// Has passwords tried again for somebody whose name is locked; where it is not, nothing happens.
    pub async fn unlock(&self, operator: OperatorId, actor: &Actor) -> Result<(), OperatorsError> {
        let login = self.vault.login_name(operator).await?.ok_or(OperatorError::NotFound)?;
        self.unlock_name(operator, &login, actor).await
    }

    /// As [`Operators::unlock`], by the login name.
    pub async fn unlock_login(&self, login: &str, actor: &Actor) -> Result<OperatorId, OperatorsError> {
        let operator = self.operator(login).await?;
        self.unlock_name(operator, &LoginName::try_from(login)?, actor).await?;
        Ok(operator)
    }

    async fn unlock_name(
        &self,
        operator: OperatorId,
        login: &LoginName,
        actor: &Actor,
    ) -> Result<(), OperatorsError> {
        let name = self.guessed_name(login.as_str());
        let is_locked = self.store.locked_names(self.clock.now()).await?.iter().any(|(one, _)| *one == name);
        if is_locked {
            // Noted first: nobody is unlocked without a trace.
            self.act(operator, OperatorAction::Unlock, actor).await?;
        }
        self.store.unlock_name(&name).await?;
        Ok(())
    }

    /// What wrong passwords are counted by: nobody reads a name out of it.
    fn guessed_name(&self, login: &str) -> [u8; 32] {
        self.vault.keyed_digest("sign-in name", login.trim().to_lowercase().as_bytes())
    }

    async fn hashed(&self, password: &Password) -> Result<String, OperatorsError> {
        self.hashing.turn().await?.hash(password).await
    }

    /// Everybody, with names.
    pub async fn list(&self) -> Result<Vec<NamedOperator>, OperatorsError> {
        let mut logins = self.vault.login_names().await?;
        let locked = self.store.locked_names(self.clock.now()).await?;
        let named = |info: OperatorInfo| {
            let login = logins.remove(&info.id);
            let name = login.as_ref().map(|login| self.guessed_name(login.as_str()));
            let lock = locked.iter().find(|(one, _)| name.is_some_and(|name| *one == name));
            NamedOperator { info, login, locked_until: lock.map(|(_, until)| *until) }
        };
        Ok(self.store.list_operators().await?.into_iter().map(named).collect())
    }

    async fn operator(&self, login: &str) -> Result<OperatorId, OperatorsError> {
        let login = LoginName::try_from(login)?;
        Ok(self.vault.find_login(&login).await?.ok_or(OperatorError::NotFound)?.operator)
    }

    /// Whether anybody else is an enabled admin, as the streams tell: the read model may be behind another node's append.
    async fn another_admin(&self, than: OperatorId) -> Result<bool, OperatorsError> {
        self.pump.pump_until_idle().await?;
        let mut others = self.store.list_operators().await?;
        others.retain(|other| other.id != than);
        others.sort_by_key(|other| other.role != Role::Admin || other.disabled_at.is_some());
        for other in others {
            let events = self.events.load_events(&other.id.to_string()).await;
            let events = events.map_err(|error| match error {
                AggregateError::DatabaseConnectionError(_) => OperatorsError::Unavailable,
                other => StoreError::Damaged(other.to_string()).into(),
            })?;
            let mut operator = Operator::default();
            events.into_iter().for_each(|envelope| operator.apply(envelope.payload));
            if operator.is_enabled() && operator.role() == Some(Role::Admin) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn act(
        &self,
        operator: OperatorId,
        action: OperatorAction,
        actor: &Actor,
    ) -> Result<(), OperatorsError> {
        let id = operator.to_string();
        // Two admins who demote each other at once would both find another admin.
        let alone = match &action {
            OperatorAction::Disable | OperatorAction::ChangeRole(Role::Reviewer | Role::Auditor) => {
                Some(self.store.alone("admins").await?)
            }
            _ => None,
        };
        for _ in 0..TRIES {
            let at = self.clock.now();
            let another_admin = alone.is_none() || self.another_admin(operator).await?;
            let command = OperatorCommand { at, another_admin, action: action.clone() };
            let done =
                attempt::<Operator>(&self.events, &id, command, &(), actor.metadata(at), |_, _| {}).await;
            match done {
                Ok(_) => return Ok(self.pump.pump_until_idle().await?),
                Err(AggregateError::AggregateConflict) => {}
                Err(AggregateError::UserError(refusal)) => return Err(refusal.into()),
                Err(AggregateError::DatabaseConnectionError(error)) => {
                    tracing::error!(%error, "the event database is not available");
                    return Err(OperatorsError::Unavailable);
                }
                Err(error) => return Err(OperatorsError::Failed(format!("{}: {error}", Operator::TYPE))),
            }
        }
        Err(OperatorsError::Conflict)
    }
}
