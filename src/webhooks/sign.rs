//! Signatures by Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`.

use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
/// Bytes of a secret, as the standard allows.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
const FRESH: usize = 32;

/// A secret shared with the receiver: 24 to 64 bytes, written `whsec_` and base64.
#[derive(Clone, Debug)]
pub struct SigningSecret(SecretSlice<u8>);

/// The text is no signing secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a signing secret is whsec_ and base64 of 24 to 64 bytes")]
pub struct MalformedSecret;

impl SigningSecret {
    /// Draws a fresh secret of 32 bytes.
    pub fn generate() -> Self {
        let mut bytes = vec![0; FRESH];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes.into())
    }

    /// The secret as its receiver is shown it, once.
    pub fn reveal(&self) -> SecretString {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(self.0.expose_secret())).into()
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).expect("HMAC takes keys of every length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl FromStr for SigningSecret {
    type Err = MalformedSecret;

    fn from_str(text: &str) -> Result<Self, MalformedSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(MalformedSecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| MalformedSecret)?;
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes.into())) } else { Err(MalformedSecret) }
    }
}

/// The value of `webhook-signature`: one signature for each secret, the newest first, so that a receiver may change its
/// secret while both are valid. `timestamp` is the attempt's, in seconds.
pub fn signatures(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let each: Vec<String> = secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
    each.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "msg_5f0c3b7a";

    fn headers(signature: &str, timestamp: i64) -> reqwest::header::HeaderMap {
        let pairs = [
            ("webhook-id", ID.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature.to_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn accepts(secret: &SigningSecret, signature: &str, timestamp: i64, body: &[u8]) -> bool {
        let receiver = standardwebhooks::Webhook::new(secret.reveal().expose_secret()).unwrap();
        receiver.verify(body, &headers(signature, timestamp)).is_ok()
    }

    #[test]
    fn the_public_library_accepts_a_signature_and_refuses_what_was_changed() {
        let (secret, other) = (SigningSecret::generate(), SigningSecret::generate());
        let now = chrono::Utc::now().timestamp();
        let signature = signatures(std::slice::from_ref(&secret), ID, now, b"{}");
        assert!(accepts(&secret, &signature, now, b"{}"));
        assert!(!accepts(&secret, &signature, now, b"{ }"));
        assert!(!accepts(&secret, &signature, now + 1, b"{}"));
        assert!(!accepts(&other, &signature, now, b"{}"));
        let old = now - 3_600;
        assert!(!accepts(&secret, &signatures(std::slice::from_ref(&secret), ID, old, b"{}"), old, b"{}"));
    }

    #[test]
    fn during_a_rotation_either_secret_verifies() {
        let secrets = [SigningSecret::generate(), SigningSecret::generate()];
        let now = chrono::Utc::now().timestamp();
        let both = signatures(&secrets, ID, now, b"body");
        assert_eq!(both.split(' ').count(), 2);
        for secret in &secrets {
            assert!(accepts(secret, &both, now, b"body"));
        }
    }

    #[test]
    fn a_secret_reads_back_and_does_not_print() {
        let secret = SigningSecret::generate();
        let shown = secret.reveal().expose_secret().to_owned();
        let again: SigningSecret = shown.parse().unwrap();
        assert_eq!(again.0.expose_secret(), secret.0.expose_secret());
        assert!(!format!("{secret:?}").contains(shown.strip_prefix(PREFIX).unwrap()));
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let short = format!("{PREFIX}{}", BASE64_STANDARD.encode([0; 23]));
        let long = format!("{PREFIX}{}", BASE64_STANDARD.encode([0; 65]));
        for text in ["", "whsec_", "whsec_!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &short, &long] {
            assert_eq!(text.parse::<SigningSecret>().err(), Some(MalformedSecret), "{text}");
        }
    }
}
