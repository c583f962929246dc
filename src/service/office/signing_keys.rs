//! The register of the public keys that the instances of an installation sign tokens with.

use crate::clock::machine_now;
use crate::error::Error;
use crate::store::signing_keys::{self, RegisteredKey};
use crate::store::{Conn, Db};

/// Whether an instance may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Its key is registered.
    Done,
    /// It shares no key with the instances before it.
    Foreign,
}

/// The registered keys, for instances that meet a token of another one.
pub struct Register(Db);

impl Register {
    /// Creates the register in a database.
    pub fn new(db: Db) -> Self {
        Register(db)
    }

    /// Returns the ids and keys of all instances.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn keys(&self) -> Result<Vec<(String, String)>, Error> {
        let registered = self.0.read(signing_keys::all).await?;
        Ok(registered.into_iter().map(|key| (key.kid, key.public)).collect())
    }
}

/// Registers the key that an instance signs with, and removes those before the one that it still accepts. `keys` are pairs
/// of id and key, the one that signs first.
///
/// # Errors
/// If the database fails.
pub fn register(conn: &mut Conn, keys: &[(String, String)]) -> Result<Registration, Error> {
    let registered = signing_keys::all(conn)?;
    let find = |kid: &str| registered.iter().find(|key| key.kid == kid);
    if !registered.is_empty() && keys.iter().all(|(kid, _)| find(kid).is_none()) {
        return Ok(Registration::Foreign);
    }
    if let Some((kid, public)) = keys.first()
        && find(kid).is_none()
    {
        signing_keys::insert(conn, &RegisteredKey::new(kid.clone(), public.clone(), machine_now()))?;
    }
    if let Some(oldest) = keys.get(1).and_then(|(kid, _)| find(kid)) {
        signing_keys::delete_before(conn, oldest)?;
    }
    Ok(Registration::Done)
}
