//! API keys: how they look, what they may do. Stored is only their hash; the key itself is shown once.

mod keys;

use std::fmt;
use std::str::FromStr;

use domain::ids::PartnerId;
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

pub use keys::{KeyInfo, NewKey, Partner};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read sessions and their results.
    SessionsRead,
    /// Open and cancel sessions.
    SessionsWrite,
    /// Upload evidence for the user.
    KycWrite,
    /// Read the user's identity data.
    IdentityRead,
    /// Manage webhook endpoints.
    WebhooksManage,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] =
        [Self::SessionsRead, Self::SessionsWrite, Self::KycWrite, Self::IdentityRead, Self::WebhooksManage];

    /// The documented name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsWrite => "sessions:write",
            Self::KycWrite => "kyc:write",
            Self::IdentityRead => "identity:read",
            Self::WebhooksManage => "webhooks:manage",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No scope has this name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no such scope: {0}")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == name)
            .ok_or_else(|| UnknownScope(name.to_owned()))
    }
}

/// Who calls: the outcome of authenticating a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The key, by its public identifier.
    pub key_id: String,
    /// Whose key it is.
    pub partner_id: PartnerId,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Whether the key has the scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// SHA-256 of a key's text.
pub type KeyHash = [u8; 32];

const PREFIX: &str = "ekyc_live_";
/// 43 characters of 62 carry 256 bits.
const RANDOM: usize = 43;
const CHECKSUM: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key in clear: `ekyc_live_`, 43 random characters, 6 characters of checksum.
#[derive(Debug)]
pub struct ApiKey(SecretString);

/// The text is no API key: mistyped, cut off, or something else; it says nothing about which keys exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an API key")]
pub struct MalformedKey;

impl ApiKey {
    /// Draws a new key.
    pub fn generate() -> Self {
        let mut random = rand::rng();
        let drawn: String = (0..RANDOM).map(|_| char::from(ALPHABET[random.random_range(0..62)])).collect();
        Self(format!("{PREFIX}{drawn}{}", checksum(&drawn)).into())
    }

    /// Recognises a key by its form and checksum, before any look-up.
    pub fn parse(text: &str) -> Result<Self, MalformedKey> {
        let rest = text.strip_prefix(PREFIX).ok_or(MalformedKey)?;
        if rest.len() != RANDOM + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(MalformedKey);
        }
        let (drawn, check) = rest.split_at(RANDOM);
        if checksum(drawn) == check { Ok(Self(text.into())) } else { Err(MalformedKey) }
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> KeyHash {
        Sha256::digest(self.0.expose_secret()).into()
    }

    /// The key in clear, to be shown once.
    pub const fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// Six characters of a hash: against typing mistakes, no secret.
fn checksum(drawn: &str) -> String {
    let digest = Sha256::digest(drawn);
    digest
        .iter()
        .take(CHECKSUM)
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_recognised_and_hashes_the_same() {
        let key = ApiKey::generate();
        let again = ApiKey::parse(key.secret().expose_secret()).unwrap();
        assert_eq!(again.hash(), key.hash());
        assert_ne!(ApiKey::generate().hash(), key.hash());
    }

    #[test]
    fn a_typo_is_recognised_without_a_look_up() {
        let key = ApiKey::generate().secret().expose_secret().to_owned();
        let swapped = if key.as_bytes()[12] == b'a' { "b" } else { "a" };
        let mistyped = format!("{}{swapped}{}", &key[..12], &key[13..]);
        assert_eq!(ApiKey::parse(&mistyped).unwrap_err(), MalformedKey);
        assert!(ApiKey::parse(&key[..key.len() - 1]).is_err());
        assert!(ApiKey::parse("ekyc_live_").is_err());
        assert!(ApiKey::parse("").is_err());
    }

    #[test]
    fn a_key_does_not_print() {
        assert!(!format!("{:?}", ApiKey::generate()).contains(PREFIX));
    }

    #[test]
    fn scopes_read_back_their_names() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert!("sessions:delete".parse::<Scope>().is_err());
    }
}
