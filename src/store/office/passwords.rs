//! Passwords of local accounts, hashed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::schema::passwords::{self, dsl};
use crate::store::types::naive;

/// Returns the hash of a member's password; `None` before the first.
pub fn find(conn: &mut Conn, member_id: &Id) -> Result<Option<String>, Error> {
    Ok(dsl::passwords.find(member_id.as_str()).select(dsl::hash).get_result(conn).optional()?)
}

/// Stores the hash of a member's password in the place of the one before.
pub fn put(conn: &mut Conn, member_id: &Id, hash: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = (dsl::member_id.eq(member_id.as_str()), dsl::hash.eq(hash), dsl::changed_at.eq(naive(now)));
    let change = (dsl::hash.eq(hash), dsl::changed_at.eq(naive(now)));
    let put = diesel::insert_into(passwords::table).values(row).on_conflict(dsl::member_id).do_update().set(change);
    dispatch!(conn, c => put.execute(c))?;
    Ok(())
}
