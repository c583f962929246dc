//! Sources of an issuer's keys. A fetch is limited in size and in time and never follows a redirect to another host.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use url::Url;

use super::jwks::{KeySet, MAX_BYTES};
use super::own::{PublicKey, key_set};
use crate::domain::office::provider::{KeySource, SigningAlgorithm};
use crate::error::Error;
use crate::service::office::signing_keys::Register;

/// Time limit of a fetch.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Largest number of redirects that are followed.
const MAX_REDIRECTS: usize = 3;

/// Source of an issuer's keys.
pub enum Source {
    /// They do not change.
    None,
    /// The key file of this instance and the register of all of them.
    Register(Vec<PublicKey>, Register),
    /// A key set in a file.
    File(PathBuf),
    /// A key set at a URL.
    Url(Box<(reqwest::Client, Url)>),
}

/// Follows redirects within the same host only.
fn within_host(attempt: Attempt) -> reqwest::redirect::Action {
    let place = |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
    let is_same = attempt.previous().first().is_some_and(|first| place(first) == place(attempt.url()));
    if is_same && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
}

impl Source {
    /// Creates a configured source.
    ///
    /// # Errors
    /// If no HTTP client can be built.
    pub fn of(source: &KeySource) -> Result<Self, Error> {
        let url = match source {
            KeySource::File(path) => return Ok(Source::File(path.clone())),
            KeySource::Url(url) => Url::parse(url).map_err(Error::internal)?,
        };
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::custom(within_host))
            .no_proxy()
            // A connection belongs to the thread that opened it, which may be gone at the next fetch.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(Error::internal)?;
        Ok(Source::Url(Box::new((client, url))))
    }

    /// Returns whether there is nothing to fetch.
    pub fn is_fixed(&self) -> bool {
        matches!(self, Source::None)
    }

    /// Reads the key set in a file, or returns `None` for any other source.
    ///
    /// # Errors
    /// A message that says what is wrong with it.
    pub fn read_file(&self, algorithms: &[SigningAlgorithm]) -> Result<Option<KeySet>, String> {
        match self {
            Source::File(path) => {
                let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
                KeySet::parse(&bytes, algorithms).map(Some)
            }
            Source::None | Source::Register(..) | Source::Url(_) => Ok(None),
        }
    }

    /// Fetches the keys.
    ///
    /// # Errors
    /// A message for the log.
    pub async fn fetch(&self, algorithms: &[SigningAlgorithm]) -> Result<KeySet, String> {
        match self {
            Source::None => Err("there is nothing to fetch".to_owned()),
            Source::Register(own, register) => {
                let registered = register.keys().await.map_err(|error| error.to_string())?;
                let others = registered.into_iter().map(|(id, x)| PublicKey { id, x });
                let others = others.filter(|key| !own.contains(key));
                let all: Vec<PublicKey> = own.iter().cloned().chain(others).collect();
                key_set(all.iter()).map_err(|error| error.to_string())
            }
            Source::File(path) => {
                let path = path.clone();
                let reading = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
                let bytes = reading.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
                KeySet::parse(&bytes, algorithms)
            }
            Source::Url(place) => {
                let (client, url) = place.as_ref();
                let mut answer = client.get(url.clone()).send().await.map_err(|error| error.to_string())?;
                if answer.status() != reqwest::StatusCode::OK {
                    return Err(format!("the status is {}", answer.status()));
                }
                let mut bytes = Vec::new();
                while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() > MAX_BYTES {
                        return Err(format!("the key set is larger than {MAX_BYTES} bytes"));
                    }
                }
                KeySet::parse(&bytes, algorithms)
            }
        }
    }
}
