//! Tokens that stand for one session: in the fragment of `kyc_url`, and in the cookie that a browser gets for it.
//!
//! A token is HMAC-SHA256 over what it is for, the session and the generation of its link. Nothing is stored: a fresh
//! link has the next generation, and the tokens of the one before fit no more.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::SessionId;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::vault::MasterKey;
use crate::vault::cipher::{Key, keyed_hash, length_prefixed};

/// Where a token travels; one that was seen in one place does not open the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// The fragment of `kyc_url`, then an Authorization header.
    Link,
    /// The cookie that it was swapped for.
    Cookie,
}

impl Carrier {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Cookie => "cookie",
        }
    }
}

/// Makes and compares the tokens of sessions.
pub struct LinkKey(Key);

impl LinkKey {
    /// The key under a master key.
    pub fn new(master: &MasterKey) -> Self {
        Self(master.derive("session links"))
    }

    /// The token of a session's link: 43 characters that need no escaping in addresses and headers.
    pub fn token(&self, carrier: Carrier, session: SessionId, generation: u32) -> SecretString {
        let parts = length_prefixed(&[carrier.as_str(), &session.to_string(), &generation.to_string()]);
        URL_SAFE_NO_PAD.encode(keyed_hash(self.0.as_slice(), &[&parts])).into()
    }

    /// Whether a text is that token; takes the same time wherever they differ.
    pub fn fits(&self, text: &str, carrier: Carrier, session: SessionId, generation: u32) -> bool {
        let token = self.token(carrier, session, generation);
        token.expose_secret().as_bytes().ct_eq(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_fits_its_own_session_generation_carrier_and_key_only() {
        let key = LinkKey::new(&MasterKey::from_bytes(&[1; 32]));
        let (one, two) = (SessionId::new(Uuid::from_u128(1)), SessionId::new(Uuid::from_u128(2)));
        let token = key.token(Carrier::Link, one, 0);
        let token = token.expose_secret();
        assert_eq!(token.len(), 43);
        assert!(key.fits(token, Carrier::Link, one, 0));
        assert!(!key.fits(token, Carrier::Link, one, 1));
        assert!(!key.fits(token, Carrier::Link, two, 0));
        assert!(!key.fits(token, Carrier::Cookie, one, 0));
        assert!(!key.fits(&token[..42], Carrier::Link, one, 0));
        assert!(!LinkKey::new(&MasterKey::from_bytes(&[2; 32])).fits(token, Carrier::Link, one, 0));
    }
}
