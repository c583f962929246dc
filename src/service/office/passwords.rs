//! Hashes and judges passwords, a few at a time, so that sign-ins never starve the service.

use std::sync::Arc;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::{new_secret, random_bytes};
use crate::domain::office::invitation::{PASSWORD_MIN_SCORE, Password};
use crate::error::{Code, Error, Fault};

/// How many may wait for their turn.
const QUEUE: usize = 32;
/// How long one waits for its turn.
const WAIT: Duration = Duration::from_secs(5);

/// Hashes and judges passwords in the blocking pool.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// What is compared where there is no password, so that it takes as long.
    dummy: String,
    /// A place for each that runs or waits.
    places: Arc<Semaphore>,
    /// A permit for each that runs.
    permits: Arc<Semaphore>,
}

/// A turn to hash, which others wait for until it is dropped.
pub struct Turn {
    _place: OwnedSemaphorePermit,
    _permit: OwnedSemaphorePermit,
}

impl Passwords {
    /// Lets half as many run at once as there are threads that serve.
    ///
    /// # Errors
    /// When the system's random source fails.
    pub fn new(workers: usize) -> Result<Self, Error> {
        // OWASP's first choice of 19 MiB, two passes and one lane.
        let params = Params::new(19_456, 2, 1, None).map_err(|error| Error::internal(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let running = (workers / 2).max(1);
        let dummy = hash(&argon2, &new_secret().map_err(Error::internal)?)?;
        let (places, permits) = (Arc::new(Semaphore::new(running + QUEUE)), Arc::new(Semaphore::new(running)));
        Ok(Passwords { argon2, dummy, places, permits })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// `busy` where too many wait already, or the wait is too long.
    pub async fn turn(&self) -> Result<Turn, Error> {
        let busy = || Error::new(Code::Busy).with("retry_after_seconds", WAIT.as_secs());
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let permit = tokio::time::timeout(WAIT, Arc::clone(&self.permits).acquire_owned()).await;
        Ok(Turn { _place: place, _permit: permit.map_err(|_| busy())?.map_err(Error::internal)? })
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// `internal` when it cannot be hashed.
    pub async fn hash(&self, _turn: &Turn, password: Password) -> Result<String, Error> {
        let argon2 = self.argon2.clone();
        blocking(move || hash(&argon2, password.text())).await
    }

    /// Whether a password is that of a hash. Takes as long where there is none.
    ///
    /// # Errors
    /// `internal` when the hash cannot be read.
    pub async fn verify(&self, _turn: &Turn, password: Password, hash: Option<String>) -> Result<bool, Error> {
        let argon2 = self.argon2.clone();
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.clone());
        blocking(move || {
            let matches = PasswordVerifier::<str>::verify_password(&argon2, password.text().as_bytes(), &hash).is_ok();
            Ok(matches && exists)
        })
        .await
    }

    /// Judges a new password, which must not be made of what is known of its person.
    ///
    /// # Errors
    /// `password_too_weak`.
    pub async fn judge(
        &self,
        _turn: &Turn,
        pointer: &'static str,
        password: Password,
        known: Vec<String>,
    ) -> Result<(), Error> {
        blocking(move || {
            let known: Vec<&str> = known.iter().flat_map(|text| parts(text)).collect();
            let score = u8::from(zxcvbn::zxcvbn(password.text(), &known).score());
            if score >= PASSWORD_MIN_SCORE {
                return Ok(());
            }
            let fault = Fault::at(pointer, Code::PasswordTooWeak);
            Err(Error::of_fault(fault.with("score", score).with("min_score", PASSWORD_MIN_SCORE)))
        })
        .await
    }
}

/// A text and its words.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    std::iter::once(text).chain(text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2))
}

fn hash(argon2: &Argon2, password: &str) -> Result<String, Error> {
    let salt = random_bytes::<16>().map_err(Error::internal)?;
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| Error::internal(error.to_string()))?.to_string())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_and_knows_its_password() {
        let passwords = Passwords::new(1).unwrap();
        let turn = passwords.turn().await.unwrap();
        let right = || Password::given("một câu dài không ai đoán");
        let hash = passwords.hash(&turn, right()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(&turn, right(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(&turn, Password::given("x"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(&turn, right(), None).await.unwrap());
    }

    #[tokio::test]
    async fn common_and_self_describing_passwords_are_refused() {
        let passwords = Passwords::new(1).unwrap();
        let turn = passwords.turn().await.unwrap();
        let known = || vec!["nguyen.van.an".to_owned(), "Nguyễn Văn An".to_owned(), "VP-UBND".to_owned()];
        for (text, fits) in [
            ("passwordpassword", false),
            ("123456789012", false),
            ("nguyen.van.an", false),
            ("VP-UBND-2023", false),
            ("bốn con trâu qua cầu", true),
        ] {
            let judged = passwords.judge(&turn, "/password", Password::given(text), known()).await;
            assert_eq!(judged.is_ok(), fits, "{text}");
        }
    }

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_sent_away() {
        let passwords = Passwords::new(1).unwrap();
        let _turn = passwords.turn().await.unwrap();
        let places = Arc::clone(&passwords.places).try_acquire_many_owned(32).unwrap();
        assert_eq!(passwords.turn().await.err().map(|error| error.code), Some(Code::Busy));
        drop(places);
    }
}
