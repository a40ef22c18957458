//! Passwords: argon2id by the parameters that OWASP recommends (19 MiB, two passes, one lane), off the async threads.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};

use super::OperatorsError;

/// NIST SP 800-63B asks for 8 at least, and 15 where a password is all there is.
const SHORTEST: usize = 12;
/// Longer ones only cost time.
const LONGEST: usize = 256;

/// The text is too short or too long for a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a password has {SHORTEST} to {LONGEST} characters")]
pub struct InvalidPassword;

/// A password in clear; it does not print.
#[derive(Debug)]
pub struct Password(SecretString);

impl Password {
    /// Takes a password of bearable length.
    pub fn new(text: SecretString) -> Result<Self, InvalidPassword> {
        let length = text.expose_secret().chars().count();
        if (SHORTEST..=LONGEST).contains(&length) { Ok(Self(text)) } else { Err(InvalidPassword) }
    }

    /// argon2id with a fresh salt, in the PHC string format.
    pub(super) async fn hash(&self) -> Result<String, OperatorsError> {
        let password = self.0.clone();
        let hashed = tokio::task::spawn_blocking(move || {
            Argon2::default().hash_password(password.expose_secret().as_bytes()).map(|hash| hash.to_string())
        });
        let interrupted = |_| OperatorsError::Failed("hashing was interrupted".into());
        hashed.await.map_err(interrupted)?.map_err(|error| OperatorsError::Failed(format!("argon2: {error}")))
    }

    /// Whether this is the password of a hash.
    pub async fn fits(&self, hash: String) -> bool {
        let password = self.0.clone();
        let verified = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
            })
        });
        verified.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Result<Password, InvalidPassword> {
        Password::new(text.to_owned().into())
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let right = password("correct horse battery").unwrap();
        let hash = right.hash().await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, right.hash().await.unwrap());
        assert!(right.fits(hash.clone()).await);
        assert!(!password("correct horse batterx").unwrap().fits(hash).await);
        assert!(!right.fits("rubbish".into()).await);
    }

    #[test]
    fn a_short_password_is_refused_and_none_prints() {
        assert_eq!(password("elevenchars").err(), Some(InvalidPassword));
        assert!(!format!("{:?}", password("correct horse battery")).contains("horse"));
    }
}
