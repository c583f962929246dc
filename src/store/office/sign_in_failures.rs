//! Failed sign-ins, by account and by address: what those wait for who guess.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::office::session::Guesser;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::schema::sign_in_failures::{self, dsl};
use crate::store::types::{naive, utc};

/// Returns until when a key has to wait; `None` where it need not.
pub fn blocked_until(conn: &mut Conn, key: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    let found: Option<NaiveDateTime> =
        dsl::sign_in_failures.find(key).select(dsl::blocked_until).get_result(conn).optional()?;
    Ok(found.map(utc).filter(|until| now < *until))
}

/// Counts a failure, which sets the next wait. Attempts at one key are counted one after the other.
pub fn count(conn: &mut Conn, guesser: Guesser, key: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let first =
        (dsl::key.eq(key), dsl::failures.eq(1), dsl::blocked_until.eq(naive(now)), dsl::failed_at.eq(naive(now)));
    // The update locks the row before its new count is read.
    let change = (dsl::failures.eq(sign_in_failures::failures + 1), dsl::failed_at.eq(naive(now)));
    let upsert =
        diesel::insert_into(sign_in_failures::table).values(first).on_conflict(dsl::key).do_update().set(change);
    dispatch!(conn, c => upsert.execute(c))?;
    let failures: i32 = dsl::sign_in_failures.find(key).select(dsl::failures).get_result(conn)?;
    let until = now + guesser.wait(failures);
    diesel::update(dsl::sign_in_failures.find(key)).set(dsl::blocked_until.eq(naive(until))).execute(conn)?;
    Ok(())
}

/// Forgets the failures of keys.
pub fn clear(conn: &mut Conn, keys: &[&str]) -> Result<(), Error> {
    for key in keys {
        diesel::delete(dsl::sign_in_failures.find(*key)).execute(conn)?;
    }
    Ok(())
}

/// Deletes what failed last before an instant.
pub fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> Result<(), Error> {
    diesel::delete(dsl::sign_in_failures.filter(dsl::failed_at.lt(naive(before)))).execute(conn)?;
    Ok(())
}
