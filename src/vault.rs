//! Keys and erasure: every session has a data key per class, wrapped under the master key in a database of its own.
//!
//! Destroying the key of a class makes everything sealed under it unreadable, wherever copies of it lie. The vault
//! knows neither events nor files; it seals bytes, compares by keyed hash and finds sessions by blind index.

mod cache;
pub mod cipher;
mod key_database;
mod logins;
pub mod master;
mod webhooks;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::evidence::Fingerprint;
use domain::ids::{PartnerId, SessionId};
use domain::ports::{Indexed, PortError, Vault};
use domain::sealed::DataClass;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::store::DatabaseAddress;
use crate::store::faults::is_unavailable;
use cache::{KeyCache, SessionKeys, Ticket};
use cipher::{Key, keyed_hash, length_prefixed, random_key};
use key_database::{BlindIndex, KeyDatabase};
pub use logins::Login;
pub use master::{MasterKey, MasterKeyError, MasterKeySource};
pub use webhooks::OVERLAP;

/// Above this many bytes, cryptography leaves the async threads: about 50 microseconds of work.
const LARGE: usize = 64 * 1024;

/// Why the vault does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key database refused or is not reachable.
    #[error("key database: {0}")]
    Database(#[from] sqlx::Error),
    /// Its schema could not be brought up to date.
    #[error("key database schema: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// The file could not be made.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// What is stored does not read back.
    #[error("the key database is damaged")]
    Damaged,
    /// The keys were wrapped under another master key.
    #[error("the master key is not the one that this key database was made with")]
    WrongMasterKey,
}

impl From<VaultError> for PortError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Database(cause) if is_unavailable(&cause) => {
                tracing::error!(error = %cause, "the key database is not available");
                Self::Unavailable
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

/// The vault over a key database of its own.
pub struct KeyVault {
    database: KeyDatabase,
    wrapping: Key,
    indexing: Key,
    cache: KeyCache,
    fingerprint: [u8; 32],
}

impl KeyVault {
    /// Opens the key database, making its file (mode 0600) when missing, and checks that the master key is the right one.
    pub async fn open(address: impl Into<DatabaseAddress>, master: &MasterKey) -> Result<Self, VaultError> {
        let database = KeyDatabase::open(&address.into()).await?;
        let wrapping = master.derive("wrap data keys");
        let check = database.check_value(cipher::seal(&wrapping, b"check", b"")).await?;
        cipher::open(&wrapping, b"check", &check).map_err(|_| VaultError::WrongMasterKey)?;
        let fingerprint = Sha256::digest(&check).into();
        let indexing = master.derive("blind indexes");
        Ok(Self { database, wrapping, indexing, cache: KeyCache::default(), fingerprint })
    }

    /// The fingerprint of the key database at an address, without its master key; none where there is no key database.
    pub async fn fingerprint_at(address: &DatabaseAddress) -> Result<Option<[u8; 32]>, VaultError> {
        let check = KeyDatabase::peek(address).await?;
        Ok(check.map(|check| Sha256::digest(check).into()))
    }

    /// Tells this key database from every other; a restored copy has the same.
    pub const fn database_fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Destroys the class's key and blind indexes; false when they were destroyed before.
    pub async fn erase(&self, session: SessionId, class: DataClass) -> Result<bool, PortError> {
        let erased = self.database.erase(session, class, now()).await?;
        self.cache.forget((session, class));
        Ok(erased)
    }

    /// Seals bytes in binary form: 24 bytes of nonce, then the ciphertext.
    pub async fn seal_raw(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, PortError> {
        let keys = self.keys(session, class).await?;
        let context = context(session, class, field);
        with_bytes(plaintext, move |bytes| cipher::seal(&keys.sealing, &context, bytes)).await
    }

    /// Opens what `seal_raw` made.
    pub async fn open_raw(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, PortError> {
        let keys = self.keys(session, class).await?;
        let context = context(session, class, field);
        let opened = with_bytes(sealed, move |bytes| cipher::open(&keys.sealing, &context, bytes)).await?;
        opened.map_err(|error| PortError::Failed(format!("{} {field}: {error}", class.as_str())))
    }

    /// Whether the class's key is there; `Erased` when not.
    pub async fn require_key(&self, session: SessionId, class: DataClass) -> Result<(), PortError> {
        self.keys(session, class).await.map(drop)
    }

    async fn keys(&self, session: SessionId, class: DataClass) -> Result<Arc<SessionKeys>, PortError> {
        if let Some(keys) = self.cache.get((session, class)) {
            return Ok(keys);
        }
        let ticket = self.cache.ticket();
        let wrapped = self.database.wrapped_key(session, class).await?.ok_or(PortError::Erased)?;
        self.unwrap_key((session, class), &wrapped, ticket)
    }

    fn unwrap_key(
        &self,
        (session, class): (SessionId, DataClass),
        wrapped: &[u8],
        ticket: Ticket,
    ) -> Result<Arc<SessionKeys>, PortError> {
        let data_key = cipher::open(&self.wrapping, &wrapping_context(session, class), wrapped);
        let data_key = data_key.ok().and_then(|bytes| Some(Key::new(bytes.as_slice().try_into().ok()?)));
        let data_key = data_key.ok_or_else(|| PortError::Failed("a data key does not unwrap".into()))?;
        let keys = Arc::new(SessionKeys::of(&data_key));
        self.cache.insert((session, class), Arc::clone(&keys), ticket);
        Ok(keys)
    }

    /// Whether the key database answers.
    pub async fn ping(&self) -> Result<(), VaultError> {
        self.database.ping().await
    }

    /// Keyed hash of bytes that belong to no session, for instance of a request; `purpose` keeps uses apart.
    pub fn keyed_digest(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        keyed_hash(self.indexing.as_slice(), &[&length_prefixed(&["digest", purpose]), bytes])
    }

    fn blind(&self, partner: PartnerId, indexed: &[Indexed<'_>]) -> Vec<BlindIndex> {
        let blind = |index: &Indexed<'_>| BlindIndex {
            partner: partner.to_string(),
            purpose: index.purpose,
            value: self.index_value(partner, index.purpose, index.value),
            class: index.class,
        };
        indexed.iter().map(blind).collect()
    }

    fn index_value(&self, partner: PartnerId, purpose: &str, value: &str) -> [u8; 32] {
        keyed_hash(self.indexing.as_slice(), &[&length_prefixed(&[&partner.to_string(), purpose, value])])
    }
}

#[async_trait]
impl Vault for KeyVault {
    async fn open_session(
        &self,
        session: SessionId,
        partner: PartnerId,
        indexed: &[Indexed<'_>],
    ) -> Result<(), PortError> {
        let fresh = DataClass::ALL.map(|class| (class, random_key()));
        let wrapped = fresh.each_ref().map(|(class, key)| {
            (*class, cipher::seal(&self.wrapping, &wrapping_context(session, *class), key.as_slice()))
        });
        let indexes = self.blind(partner, indexed);
        let ticket = self.cache.ticket();
        let made = self.database.make_session(session, &wrapped, &indexes, now()).await?;
        for (class, key) in fresh.iter().filter(|(class, _)| made.contains(class)) {
            self.cache.insert((session, *class), Arc::new(SessionKeys::of(key)), ticket);
        }
        Ok(())
    }

    async fn index(
        &self,
        session: SessionId,
        partner: PartnerId,
        indexed: &[Indexed<'_>],
    ) -> Result<(), PortError> {
        if !indexed.is_empty() {
            self.database.make_session(session, &[], &self.blind(partner, indexed), now()).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        partner: PartnerId,
        purpose: &str,
        value: &str,
    ) -> Result<Vec<SessionId>, PortError> {
        let value = self.index_value(partner, purpose, value);
        let found = self.database.find(&partner.to_string(), purpose, &value).await?;
        let parsed: Result<_, _> = found.iter().map(|id| id.parse()).collect();
        parsed.map_err(|_| PortError::Failed("a blind index names no session".into()))
    }

    async fn sharing(
        &self,
        session: SessionId,
        purpose: &str,
        limit: u32,
    ) -> Result<Vec<SessionId>, PortError> {
        let found = self.database.sharing(&session.to_string(), purpose, limit).await?;
        let parsed: Result<_, _> = found.iter().map(|id| id.parse()).collect();
        parsed.map_err(|_| PortError::Failed("a blind index names no session".into()))
    }

    async fn digest(&self, purpose: &str, bytes: &[u8]) -> Result<Fingerprint, PortError> {
        let (key, purpose) = (self.indexing.clone(), length_prefixed(&["digest", purpose]));
        let hash = with_bytes(bytes, move |bytes| keyed_hash(key.as_slice(), &[&purpose, bytes])).await?;
        Ok(Fingerprint::from_hex(hex::encode(hash)))
    }

    async fn seal_bytes(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        plaintext: &[u8],
    ) -> Result<String, PortError> {
        Ok(BASE64_STANDARD.encode(self.seal_raw(session, class, field, plaintext).await?))
    }

    async fn open_bytes(
        &self,
        session: SessionId,
        class: DataClass,
        field: &str,
        ciphertext: &str,
    ) -> Result<Vec<u8>, PortError> {
        let sealed = BASE64_STANDARD.decode(ciphertext);
        let sealed = sealed.map_err(|_| PortError::Failed(format!("{field}: not base64")))?;
        let mut opened = self.open_raw(session, class, field, &sealed).await?;
        Ok(std::mem::take(&mut opened))
    }

    async fn prepare(&self, sessions: &[SessionId], class: DataClass) -> Result<(), PortError> {
        let missing: Vec<SessionId> =
            sessions.iter().copied().filter(|session| self.cache.get((*session, class)).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let ticket = self.cache.ticket();
        for (session, wrapped) in self.database.wrapped_keys(&missing, class).await? {
            // Whoever opens what lies under a damaged key is told; the others' keys are none the worse for it.
            if let Ok(session) = session.parse() {
                let _ = self.unwrap_key((session, class), &wrapped, ticket);
            }
        }
        Ok(())
    }

    async fn destroy(&self, session: SessionId, class: DataClass) -> Result<(), PortError> {
        self.erase(session, class).await.map(drop)
    }

    async fn fingerprint(
        &self,
        session: SessionId,
        class: DataClass,
        bytes: &[u8],
    ) -> Result<Fingerprint, PortError> {
        let keys = self.keys(session, class).await?;
        let hash = with_bytes(bytes, move |bytes| keyed_hash(keys.fingerprint.as_slice(), &[bytes])).await?;
        Ok(Fingerprint::from_hex(hex::encode(hash)))
    }
}

/// Works on the bytes here when they are few, else on a thread that may block.
async fn with_bytes<T: Send + 'static>(
    bytes: &[u8],
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, PortError> {
    if bytes.len() <= LARGE {
        return Ok(work(bytes));
    }
    let bytes = Zeroizing::new(bytes.to_vec());
    let done = tokio::task::spawn_blocking(move || work(&bytes)).await;
    done.map_err(|_| PortError::Failed("sealing was interrupted".into()))
}

/// What a ciphertext is bound to: moved to another session, class or field, it does not open.
fn context(session: SessionId, class: DataClass, field: &str) -> Vec<u8> {
    length_prefixed(&[&session.to_string(), class.as_str(), field])
}

fn wrapping_context(session: SessionId, class: DataClass) -> Vec<u8> {
    length_prefixed(&[&session.to_string(), class.as_str()])
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

#[cfg(test)]
mod tests;
