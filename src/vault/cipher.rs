//! The primitives: XChaCha20-Poly1305 sealing, HKDF-SHA256 derivation, and keyed hashes over length-prefixed parts.

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A 256-bit key that is wiped when dropped.
pub type Key = Zeroizing<[u8; 32]>;

const NONCE: usize = 24;

/// The ciphertext does not belong to this key and context, or was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the ciphertext does not open under this key and context")]
pub struct DoesNotOpen;

/// A fresh random key.
pub fn random_key() -> Key {
    let mut key = Key::default();
    rand::Rng::fill_bytes(&mut rand::rng(), key.as_mut());
    key
}

/// Seals; the result is a random 24-byte nonce followed by the ciphertext with its tag.
pub fn seal(key: &Key, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let nonce = XNonce::generate();
    let ciphertext = cipher(key)
        .encrypt(&nonce, Payload { msg: plaintext, aad: context })
        .expect("only a plaintext of more than 256 GiB is refused");
    [nonce.as_slice(), &ciphertext].concat()
}

/// Opens what `seal` made under the same key and context.
pub fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE).ok_or(DoesNotOpen)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| DoesNotOpen)?;
    let plaintext = cipher(key).decrypt(&nonce, Payload { msg: ciphertext, aad: context });
    plaintext.map(Zeroizing::new).map_err(|_| DoesNotOpen)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

/// HMAC-SHA256 over the parts, one after the other.
pub fn keyed_hash(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HKDF-Extract, RFC 5869 section 2.2.
pub fn extract(salt: &[u8], input: &[u8]) -> Key {
    Key::new(keyed_hash(salt, &[input]))
}

/// HKDF-Expand for one block of 32 bytes, RFC 5869 section 2.3.
pub fn expand(key: &Key, purpose: &[u8]) -> Key {
    Key::new(keyed_hash(key.as_slice(), &[purpose, &[1]]))
}

/// The parts, each preceded by its length in four big-endian bytes: no two lists of parts give the same bytes.
pub fn length_prefixed(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        let length = u32::try_from(part.len()).expect("a part is far below 4 GiB");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivation_gives_the_vectors_of_rfc_5869() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let key = extract(&salt, &[0x0b; 22]);
        assert_eq!(
            hex::encode(key.as_slice()),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
        );
        let purpose: Vec<u8> = (0xf0..=0xf9).collect();
        assert_eq!(
            hex::encode(expand(&key, &purpose).as_slice()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        );
    }

    #[test]
    fn what_is_sealed_twice_looks_different_and_opens_the_same() {
        let key = random_key();
        let (one, two) = (seal(&key, b"context", b"plain"), seal(&key, b"context", b"plain"));
        assert_ne!(one, two);
        assert_eq!(open(&key, b"context", &one).unwrap().as_slice(), b"plain");
        assert_eq!(open(&key, b"context", &two).unwrap().as_slice(), b"plain");
    }

    #[test]
    fn another_key_context_or_byte_does_not_open() {
        let key = random_key();
        let mut sealed = seal(&key, b"context", b"plain");
        assert_eq!(open(&random_key(), b"context", &sealed), Err(DoesNotOpen));
        assert_eq!(open(&key, b"other", &sealed), Err(DoesNotOpen));
        assert_eq!(open(&key, b"context", &sealed[..20]), Err(DoesNotOpen));
        sealed[30] ^= 1;
        assert_eq!(open(&key, b"context", &sealed), Err(DoesNotOpen));
    }

    #[test]
    fn parts_cannot_be_moved_across_their_border() {
        assert_ne!(length_prefixed(&["ab", "c"]), length_prefixed(&["a", "bc"]));
    }
}
