//! Passwords: argon2id by the parameters that OWASP recommends (19 MiB, two passes, one lane), off the async threads and few at a
//! time, so that guesses take neither all the memory nor all the cores.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::OperatorsError;

/// NIST SP 800-63B asks for 8 at least, and 15 where a password is all there is.
const SHORTEST: usize = 12;
/// Longer ones only cost time.
const LONGEST: usize = 256;
/// Passwords hashed at a time: 38 MiB.
const AT_A_TIME: usize = 2;
/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// When whoever waited in vain may come again, in seconds.
const AGAIN_IN: u32 = 5;

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
}

/// Who hashes passwords, few at a time.
pub(super) struct Hashing(Arc<Semaphore>);

/// A turn at hashing: one password after the other.
pub(super) struct Turn(Arc<OwnedSemaphorePermit>);

impl Default for Hashing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }
}

impl Hashing {
    /// Waits for a turn, but not for long.
    pub(super) async fn turn(&self) -> Result<Turn, OperatorsError> {
        self.turn_within(PATIENCE).await
    }

    async fn turn_within(&self, patience: Duration) -> Result<Turn, OperatorsError> {
        let turn = tokio::time::timeout(patience, Arc::clone(&self.0).acquire_owned()).await;
        let busy = OperatorsError::Busy { retry_after: AGAIN_IN };
        // The semaphore is never closed.
        turn.ok().and_then(Result::ok).map(|permit| Turn(Arc::new(permit))).ok_or(busy)
    }
}

impl Turn {
    /// argon2id with a fresh salt, in the PHC string format.
    pub(super) async fn hash(&self, password: &Password) -> Result<String, OperatorsError> {
        let password = password.0.clone();
        let hashed = self.work(move || {
            Argon2::default().hash_password(password.expose_secret().as_bytes()).map(|hash| hash.to_string())
        });
        hashed.await?.map_err(|error| OperatorsError::Failed(format!("argon2: {error}")))
    }

    /// Whether this is the password of a hash.
    pub(super) async fn fits(&self, password: &Password, hash: String) -> Result<bool, OperatorsError> {
        let password = password.0.clone();
        self.work(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
            })
        })
        .await
    }

    /// The turn lasts until the work is done, even if whoever waits for it goes away.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, OperatorsError> {
        let permit = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.map_err(|_| OperatorsError::Failed("hashing was interrupted".into()))
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
        let turn = Hashing::default().turn().await.unwrap();
        let right = password("correct horse battery").unwrap();
        let hash = turn.hash(&right).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, turn.hash(&right).await.unwrap());
        assert!(turn.fits(&right, hash.clone()).await.unwrap());
        assert!(!turn.fits(&password("correct horse batterx").unwrap(), hash).await.unwrap());
        assert!(!turn.fits(&right, "rubbish".into()).await.unwrap());
    }

    #[tokio::test]
    async fn passwords_wait_for_their_turn_and_not_for_ever() {
        let hashing = Hashing::default();
        let [one, two] = [hashing.turn().await.unwrap(), hashing.turn().await.unwrap()];
        let late = hashing.turn_within(Duration::from_millis(10)).await;
        assert!(matches!(late, Err(OperatorsError::Busy { retry_after: AGAIN_IN })));
        drop(one);
        let three = hashing.turn().await.unwrap();
        // Whoever waits may go away while a password is hashed: the turn goes on until that is done.
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let work = three.work(move || {
            begun.send(()).unwrap();
            let _ = finished.recv();
        });
        assert!(tokio::time::timeout(Duration::from_millis(10), work).await.is_err());
        has_begun.recv().unwrap();
        drop(three);
        assert_eq!(hashing.0.available_permits(), 0);
        drop(two);
        assert_eq!(hashing.0.available_permits(), 1);
        drop(finish);
    }

    #[test]
    fn a_short_password_is_refused_and_none_prints() {
        assert_eq!(password("elevenchars").err(), Some(InvalidPassword));
        assert!(!format!("{:?}", password("correct horse battery")).contains("horse"));
    }
}
