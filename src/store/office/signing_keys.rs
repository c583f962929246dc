//! Public keys of the service's own issuer.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::error::map_unique_violation;
use crate::store::schema::signing_keys::{self, dsl};
use crate::store::types::naive;

/// A public key: its id, the key in base64url, and when it was registered.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = signing_keys)]
pub struct RegisteredKey {
    /// The id under which tokens name it.
    pub kid: String,
    /// The key in base64url.
    pub public: String,
    created_at: NaiveDateTime,
}

impl RegisteredKey {
    /// Creates a key that is registered at an instant.
    pub fn new(kid: String, public: String, at: DateTime<Utc>) -> Self {
        RegisteredKey { kid, public, created_at: naive(at) }
    }
}

/// Returns all keys, oldest first.
pub fn all(conn: &mut Conn) -> Result<Vec<RegisteredKey>, Error> {
    Ok(dsl::signing_keys.order((dsl::created_at, dsl::kid)).load(conn)?)
}

/// Registers a key.
///
/// # Errors
/// `already_exists` if another instance was faster.
pub fn insert(conn: &mut Conn, key: &RegisteredKey) -> Result<(), Error> {
    let inserted = diesel::insert_into(signing_keys::table).values(key.clone()).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(drop)
}

/// Removes the keys that were registered before another one.
pub fn delete_before(conn: &mut Conn, key: &RegisteredKey) -> Result<(), Error> {
    diesel::delete(dsl::signing_keys.filter(dsl::created_at.lt(key.created_at))).execute(conn)?;
    Ok(())
}
