//! An issuer: what its tokens must say, and its keys, which are fetched again when a token names an unknown one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::check::{Types, Unverified};
use super::fetch::Source;
use super::jwks::KeySet;
use super::{AUDIENCE, Keys};
use crate::domain::office::provider::{Provider, SigningAlgorithm};
use crate::error::{Code, Error};
use crate::service::office::signing_keys::Register;

/// Age from which keys are fetched again; the old ones are used meanwhile.
const MAX_AGE: Duration = Duration::from_mins(15);
/// Pause after a failed fetch, unless the cool-down is shorter.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// An issuer of tokens.
pub struct Issuer {
    name: String,
    audience: String,
    types: Types,
    algorithms: Vec<SigningAlgorithm>,
    needs_key_id: bool,
    source: Source,
    cool_down: Duration,
    keys: RwLock<Arc<KeySet>>,
    refreshes: Mutex<Refreshes>,
}

/// When the keys were fetched and whether they are being fetched now.
#[derive(Default)]
struct Refreshes {
    /// The next fetch may begin from then on; none before the first.
    next: Option<Instant>,
    /// The keys are too old from then on.
    stale: Option<Instant>,
    /// Closed when the fetch that runs has ended.
    running: Option<watch::Receiver<()>>,
}

impl Issuer {
    /// Creates the service's own issuer.
    ///
    /// # Errors
    /// If a key cannot be used.
    pub fn own(keys: &Keys, register: Option<Register>) -> Result<Self, Error> {
        let source =
            register.map_or(Source::None, |register| Source::Register(keys.public().cloned().collect(), register));
        Ok(Issuer {
            name: keys.issuer().to_owned(),
            audience: AUDIENCE.to_owned(),
            types: Types::AccessToken,
            algorithms: vec![SigningAlgorithm::EdDsa],
            needs_key_id: true,
            source,
            cool_down: RETRY_AFTER,
            keys: RwLock::new(Arc::new(keys.verifying()?)),
            refreshes: Mutex::default(),
        })
    }

    /// Creates a configured identity provider. A key set in a file is read now, one at a URL with the first token.
    ///
    /// # Errors
    /// If a key set in a file cannot be read.
    pub fn provider(provider: &Provider) -> Result<Self, Error> {
        let source = Source::of(&provider.keys)?;
        let keys = source.read_file(&provider.algorithms).map_err(Error::internal)?.unwrap_or_default();
        Ok(Issuer {
            name: provider.issuer.clone(),
            audience: provider.audience.clone(),
            types: Types::AnyJwt,
            algorithms: provider.algorithms.clone(),
            needs_key_id: false,
            source,
            cool_down: provider.cool_down,
            keys: RwLock::new(Arc::new(keys)),
            refreshes: Mutex::default(),
        })
    }

    /// Returns the name of the issuer.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn refreshes(&self) -> MutexGuard<'_, Refreshes> {
        self.refreshes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether these are still its keys. If they are old, newer ones are fetched in the background.
    pub fn has_keys(self: &Arc<Self>, keys: &Arc<KeySet>) -> bool {
        self.refresh_stale();
        Arc::ptr_eq(&self.keys(), keys)
    }

    /// Verifies a token, and returns the keys that it was verified with.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`, `provider_unavailable`.
    pub async fn verify(self: &Arc<Self>, token: &Unverified<'_>, now: i64) -> Result<Arc<KeySet>, Error> {
        let id = token.key_id.as_deref();
        let is_expected = token.is_of(self.types)
            && self.algorithms.contains(&token.algorithm)
            && !(self.needs_key_id && id.is_none());
        if !is_expected {
            return Err(Error::new(Code::TokenInvalid));
        }
        let claims = token.claims.check(&self.audience, now);
        self.refresh_stale();
        let mut keys = self.keys();
        // A token that is invalid whoever signed it causes no fetch.
        if claims.is_ok() && !keys.knows(id) {
            self.refresh().await;
            keys = self.keys();
        }
        if claims.is_ok() && keys.is_empty() {
            return Err(Error::new(Code::ProviderUnavailable));
        }
        let key = keys.find(id, token.algorithm).ok_or(Code::TokenInvalid)?;
        token.verify(key)?;
        claims.map(|()| keys)
    }

    fn refresh_stale(self: &Arc<Self>) {
        let is_stale = self.refreshes().stale.is_some_and(|stale| Instant::now() >= stale);
        if is_stale {
            drop(self.start());
        }
    }

    /// Waits for the keys to be fetched anew, by whoever was first; does nothing where that was a moment ago.
    async fn refresh(self: &Arc<Self>) {
        if let Some(mut running) = self.start() {
            // Nothing is ever sent: the channel is closed when the fetch has ended.
            while running.changed().await.is_ok() {}
        }
    }

    /// Starts to fetch the keys, unless that runs already or was done a moment ago.
    fn start(self: &Arc<Self>) -> Option<watch::Receiver<()>> {
        if self.source.is_fixed() {
            return None;
        }
        let mut refreshes = self.refreshes();
        if let Some(running) = refreshes.running.as_ref().filter(|running| running.has_changed().is_ok()) {
            return Some(running.clone());
        }
        let now = Instant::now();
        if refreshes.next.is_some_and(|next| now < next) {
            return None;
        }
        let (ending, running) = watch::channel(());
        refreshes.running = Some(running.clone());
        refreshes.next = Some(now + self.cool_down);
        drop(refreshes);
        let issuer = Arc::clone(self);
        // A task of its own: it goes on when the client that caused it hangs up.
        tokio::spawn(async move {
            issuer.fetch().await;
            drop(ending);
        });
        Some(running)
    }

    async fn fetch(&self) {
        let fetched = self.source.fetch(&self.algorithms).await;
        let now = Instant::now();
        let pause = match &fetched {
            Ok(_) => self.cool_down,
            Err(_) => self.cool_down.min(RETRY_AFTER),
        };
        match fetched {
            Ok(keys) => {
                let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
                if **current != keys {
                    *current = Arc::new(keys);
                }
            }
            // The last good keys stand.
            Err(error) => {
                log::warn!(issuer = self.name.as_str(), error = error.as_str(); "the keys of an issuer could not be fetched");
            }
        }
        let mut refreshes = self.refreshes();
        refreshes.next = Some(now + pause);
        refreshes.stale = Some(now + MAX_AGE);
    }
}
