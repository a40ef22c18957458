//! Personal data inside events: ciphertext only, opened through the `Vault` port.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What is erased together: each class of a session has a data key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Names, dates, numbers, document images, screening explanations.
    Identity,
    /// Faces: templates, selfies, liveness frames.
    Biometric,
    /// What the partner gave: external_user_id, metadata, addresses.
    Contact,
}

impl DataClass {
    /// Every class, in the order in which keys are made.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Biometric, Self::Contact];

    /// The name that is bound into the ciphertext.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Biometric => "biometric",
            Self::Contact => "contact",
        }
    }
}

/// A value that may stand in an event only when sealed.
pub trait Personal: Serialize + DeserializeOwned + Send + Sync {
    /// The key that seals it.
    const CLASS: DataClass;
    /// The field name that is bound into the ciphertext; never changes once written.
    const FIELD: &'static str;
}

/// The ciphertext of a `T`: XChaCha20-Poly1305, associated data = session, class, field.
pub struct Sealed<T> {
    ciphertext: String,
    of: PhantomData<fn() -> T>,
}

impl<T> Sealed<T> {
    /// Wraps base64 ciphertext as a vault made it.
    pub const fn from_ciphertext(ciphertext: String) -> Self {
        Self { ciphertext, of: PhantomData }
    }

    /// Base64 of nonce and ciphertext.
    pub fn ciphertext(&self) -> &str {
        &self.ciphertext
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self::from_ciphertext(self.ciphertext.clone())
    }
}

impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ciphertext == other.ciphertext
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

impl<T> Serialize for Sealed<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ciphertext.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Sealed<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from_ciphertext)
    }
}
