//! How operators are let in: a password for a token, which lies in a cookie and here only as a hash.
//!
//! A wrong password costs as much time as a right one, whoever it is for. After five in a row a name is locked for a quarter of
//! an hour, for the address that they came from and on every node; each is counted before it is tried. Failures are counted and
//! limited, not recorded as events.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use domain::Timestamp;
use domain::ids::OperatorId;
use domain::operator::{LoginName, OperatorAction, OperatorError, Role};
use domain::ports::Clock;
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::password::Turn;
use super::{Operators, OperatorsError, Password};
use crate::commands::Actor;
use crate::store::operator_sessions::{OperatorSession, TokenHash};
use crate::store::sign_ins::Guess;
use crate::store::{Store, StoreError};
use crate::vault::KeyVault;

/// Without a request for so long, a session is over.
const IDLE: Duration = Duration::minutes(30);
/// However busy, a session is over after so long.
const AT_MOST: Duration = Duration::hours(12);
/// How exactly it is kept when a session was used.
const TOUCH_EVERY: Duration = Duration::minutes(1);

/// Nobody is let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong name or password, or somebody who may not sign in: which one is not said.
    #[error("the name or the password is not right")]
    Refused,
    /// Too many wrong passwords for this name.
    #[error("too many wrong passwords; try again later")]
    Locked {
        /// Seconds until the next try.
        retry_after: u32,
    },
    /// The store, the key database or hashing failed.
    #[error(transparent)]
    Failed(#[from] OperatorsError),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The operator.
    pub operator: OperatorId,
    /// The role, as it is now.
    pub role: Role,
    /// Hash of the token.
    pub token: TokenHash,
}

/// Lets operators in and out.
pub struct SignIns {
    operators: Operators,
    store: Store,
    vault: Arc<KeyVault>,
    clock: Arc<dyn Clock>,
    /// A hash of nobody's password, so that unknown names take as long as known ones.
    nobody: OnceCell<String>,
}

impl SignIns {
    /// Over a store and its keys.
    pub fn new(store: &Store, vault: Arc<KeyVault>, clock: Arc<dyn Clock>) -> Self {
        Self {
            operators: Operators::new(store, Arc::clone(&vault), Arc::clone(&clock)),
            store: store.clone(),
            vault,
            clock,
            nobody: OnceCell::new(),
        }
    }

    /// Commands on operators.
    pub const fn operators(&self) -> &Operators {
        &self.operators
    }

    /// Lets somebody in; the token is for the cookie.
    pub async fn sign_in(
        &self,
        login: &str,
        password: SecretString,
        address: IpAddr,
        request_id: &str,
    ) -> Result<(SecretString, SignedIn), SignInError> {
        let operator = self.tried(login, password, address).await?.ok_or(SignInError::Refused)?;
        let actor = Actor { name: format!("operator:{operator}"), request_id: Some(request_id.to_owned()) };
        match self.operators.act(operator, OperatorAction::SignIn, &actor).await {
            Ok(()) => {}
            Err(OperatorsError::Refused(OperatorError::Disabled | OperatorError::NotFound)) => {
                return Err(SignInError::Refused);
            }
            Err(error) => return Err(error.into()),
        }
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        let token = SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
        let hash = hash(token.expose_secret());
        self.store.add_operator_session(&hash, operator, self.clock.now()).await?;
        let role = self.role(operator).await?.ok_or(SignInError::Refused)?;
        Ok((token, SignedIn { operator, role, token: hash }))
    }

    /// Whose password this is, counted before it is compared; refused while the name is locked.
    async fn tried(
        &self,
        login: &str,
        password: SecretString,
        address: IpAddr,
    ) -> Result<Option<OperatorId>, SignInError> {
        let guess = Guess {
            name: self.operators.guessed_name(login),
            address: self.vault.keyed_digest("sign-in address", address.to_string().as_bytes()),
        };
        self.require_unlocked(self.store.locked_until(&guess, self.clock.now()).await?)?;
        // Before it is counted: no more guesses are under way than there are turns, so that right passwords lock nobody.
        let turn = self.operators.hashing.turn().await?;
        self.require_unlocked(self.store.note_guess(&guess, self.clock.now()).await?)?;
        let proven = self.proven(login, password, &turn).await;
        match &proven {
            Ok(Some(_)) => self.store.forget_guesses(&guess, self.clock.now()).await?,
            Ok(None) => {}
            Err(_) => {
                if let Err(error) = self.store.take_guess_back(&guess).await {
                    tracing::warn!(%error, "a password that was not tried counts as wrong");
                }
            }
        }
        Ok(proven?)
    }

    async fn proven(
        &self,
        login: &str,
        password: SecretString,
        turn: &Turn,
    ) -> Result<Option<OperatorId>, OperatorsError> {
        let known = match LoginName::try_from(login) {
            Ok(login) => self.vault.find_login(&login).await?,
            Err(_) => None,
        };
        let fresh = || Password::new("a password that nobody has".to_owned().into());
        let nobody = self.nobody.get_or_try_init(|| async { turn.hash(&fresh()?).await });
        let hash = match &known {
            Some(login) => login.password_hash.clone(),
            None => nobody.await?.clone(),
        };
        // Too short to be anybody's: compared all the same.
        let (password, is_possible) = match Password::new(password) {
            Ok(password) => (password, true),
            Err(_) => (fresh()?, false),
        };
        let fits = turn.fits(&password, hash).await?;
        Ok(known.filter(|_| fits && is_possible).map(|login| login.operator))
    }

    /// Who holds a token; notes that it is in use.
    pub async fn recognise(&self, token: &str) -> Result<Option<SignedIn>, StoreError> {
        let (token, now) = (hash(token), self.clock.now());
        let Some(session) = self.store.operator_session(&token).await? else { return Ok(None) };
        if now >= session.seen_at + IDLE || now >= session.created_at + AT_MOST {
            self.store.end_operator_session(&token).await?;
            return Ok(None);
        }
        if now >= session.seen_at + TOUCH_EVERY {
            match self.store.touch_operator_session(&token, now).await {
                // Reading goes on where nothing can be written.
                Err(error) if error.is_unavailable() => {
                    tracing::warn!(%error, "a session's use is not noted")
                }
                other => other?,
            }
        }
        let role = self.role(session.operator).await?;
        Ok(role.map(|role| SignedIn { operator: session.operator, role, token }))
    }

    /// The role of somebody who may sign in.
    async fn role(&self, operator: OperatorId) -> Result<Option<Role>, StoreError> {
        let all = self.store.list_operators().await?;
        let enabled = all.into_iter().find(|info| info.id == operator && info.disabled_at.is_none());
        Ok(enabled.map(|info| info.role))
    }

    /// Ends one browser's session.
    pub async fn sign_out(&self, who: &SignedIn, actor: &Actor) -> Result<(), OperatorsError> {
        if self.store.end_operator_session(&who.token).await? {
            self.operators.act(who.operator, OperatorAction::SignOut, actor).await?;
        }
        Ok(())
    }

    /// Replaces the password and ends every session that the old one began.
    pub async fn change_password(
        &self,
        who: &SignedIn,
        old: SecretString,
        new: Password,
        address: IpAddr,
        actor: &Actor,
    ) -> Result<(), SignInError> {
        let login = self.vault.login_name(who.operator).await.map_err(OperatorsError::from)?;
        let login = login.ok_or(SignInError::Refused)?;
        if self.tried(login.as_str(), old, address).await? != Some(who.operator) {
            return Err(SignInError::Refused);
        }
        self.operators.set_password(login.as_str(), new, actor).await?;
        Ok(self.store.end_operator_sessions(who.operator).await?)
    }

    /// Gives another role, disables or enables; whoever is disabled is out of every browser.
    pub async fn change(
        &self,
        operator: OperatorId,
        action: OperatorAction,
        actor: &Actor,
    ) -> Result<(), OperatorsError> {
        let ends = matches!(action, OperatorAction::Disable);
        self.operators.act(operator, action, actor).await?;
        if ends {
            self.store.end_operator_sessions(operator).await?;
        }
        Ok(())
    }

    /// The browsers from which somebody is signed in, the one used last first; those that idled too long are left out.
    pub async fn browsers(&self, who: &SignedIn) -> Result<Vec<(TokenHash, OperatorSession)>, StoreError> {
        let now = self.clock.now();
        let mut all = self.store.operator_sessions_of(who.operator).await?;
        all.retain(|(_, session)| now < session.seen_at + IDLE && now < session.created_at + AT_MOST);
        Ok(all)
    }

    /// Signs somebody out of one of the own browsers, by its name in the list.
    pub async fn end_browser(&self, who: &SignedIn, name: &str, actor: &Actor) -> Result<(), OperatorsError> {
        let all = self.store.operator_sessions_of(who.operator).await?;
        match all.into_iter().find(|(token, _)| hex::encode(token) == name) {
            Some((token, _)) => self.sign_out(&SignedIn { token, ..*who }, actor).await,
            None => Ok(()),
        }
    }

    fn require_unlocked(&self, until: Option<Timestamp>) -> Result<(), SignInError> {
        let Some(until) = until else { return Ok(()) };
        let left = (until - self.clock.now()).num_seconds().clamp(1, i64::from(u32::MAX));
        Err(SignInError::Locked { retry_after: left as u32 })
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}
