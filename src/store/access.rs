//! API keys: how they look, what they may do. Stored is only their hash; the key itself is shown once.

mod branding;
mod keys;
mod projection;

use std::num::NonZeroU32;

use domain::ids::{KeyId, PartnerId};
pub use domain::partner::Scope;
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

pub use keys::{AdoptableKey, KeyInfo, OperatorInfo, PartnerInfo};
pub use projection::AccessProjection;

/// Who calls: the outcome of authenticating a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The key, by its public identifier.
    pub key_id: KeyId,
    /// Whose key it is.
    pub partner_id: PartnerId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Requests a minute, its own or its partner's; none follows the server's setting.
    pub requests_per_minute: Option<NonZeroU32>,
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
}
