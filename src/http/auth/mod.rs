//! Bearer tokens: issuing by the service's own issuer, verification of every issuer's.

mod check;
pub mod fetch;
mod issuer;
pub mod jwks;
pub mod own;
pub mod statement;

use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::clock::machine_now;
use crate::domain::access::{Principal, Scopes};
use crate::domain::office::provider::Provider;
use crate::error::{Code, Error};
use crate::service::Caller;
use crate::service::office::signing_keys::Register;

use check::{Claims, Unverified};
use issuer::Issuer;
use jwks::KeySet;
pub use own::{Checkpoint, Keys};

/// Audience of the service's own tokens.
pub const AUDIENCE: &str = "thidua";
/// Type of the service's own tokens, as in RFC 9068.
const TOKEN_TYPE: &str = "at+jwt";
/// Longest lifetime of a token, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 24 * 3600;
/// Lifetime of a token of a service account, in seconds.
pub const LIFETIME_SECONDS: i64 = 3600;
/// Number of verified tokens in the cache. Verifying a signature costs more than the rest of authentication.
const CACHE_CAPACITY: usize = 4096;

/// A verified token, with the keys that its issuer had then.
struct Verified {
    caller: Caller,
    claims: Claims,
    issuer: Arc<Issuer>,
    keys: Arc<KeySet>,
}

/// The issuers whose tokens are accepted.
pub struct Issuers {
    own: Arc<Issuer>,
    providers: Vec<Arc<Issuer>>,
    verified: Cache<[u8; 32], Arc<Verified>>,
}

impl Issuers {
    /// Creates the service's own issuer and the configured identity providers. Keys of other instances are looked up in the
    /// `register`.
    ///
    /// # Errors
    /// If a key cannot be used or a key set in a file cannot be read.
    pub fn new(keys: &Keys, register: Option<Register>, providers: &[Provider]) -> Result<Self, Error> {
        let own = Arc::new(Issuer::own(keys, register)?);
        let providers = providers.iter().map(|provider| Issuer::provider(provider).map(Arc::new));
        Ok(Issuers { own, providers: providers.collect::<Result<_, _>>()?, verified: Cache::new(CACHE_CAPACITY) })
    }

    /// Returns the caller that a token identifies.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`; `provider_unavailable` if the provider's keys could never be fetched.
    pub async fn verify(&self, token: &str) -> Result<Caller, Error> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let now = machine_now().timestamp();
        if let Some(known) = self.verified.get(&digest)
            && known.issuer.has_keys(&known.keys)
        {
            return known.claims.check_times(now).map(|()| known.caller.clone());
        }
        let token = Unverified::read(token)?;
        let mut all = std::iter::once(&self.own).chain(&self.providers);
        let issuer = all.find(|issuer| issuer.name() == token.issuer()).ok_or(Code::TokenInvalid)?;
        let keys = issuer.verify(&token, now).await?;
        let caller = if Arc::ptr_eq(issuer, &self.own) {
            own::caller(&token.claims.sub, &token.payload)?
        } else {
            // What the provider says of roles and scopes is ignored: both are the database's.
            let (issuer, subject) = (issuer.name().to_owned(), token.claims.sub.clone());
            Caller { principal: Principal::External { issuer, subject }, scopes: Scopes::default() }
        };
        let verified = Verified { caller: caller.clone(), claims: token.claims, issuer: Arc::clone(issuer), keys };
        self.verified.insert(digest, Arc::new(verified));
        Ok(caller)
    }
}

#[cfg(test)]
mod tests;
