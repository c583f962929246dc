//! What kind of installation the database belongs to: the sandbox marks what it made.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::{installation, organizations};
use super::types::{naive, utc};
use crate::error::Error;

/// The sandbox's clock, where the sandbox made this database.
///
/// # Errors
/// When the database does not answer.
pub fn sandbox_now(conn: &mut Conn) -> Result<Option<DateTime<Utc>>, Error> {
    let now = installation::table.select(installation::sandbox_now).get_result(conn).optional()?;
    Ok(now.map(utc))
}

/// Marks the database as the sandbox's, or moves the sandbox's clock.
///
/// # Errors
/// When the database does not answer.
pub fn set_sandbox_now(conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
    let moved = diesel::update(installation::table).set(installation::sandbox_now.eq(naive(now))).execute(conn)?;
    if moved == 0 {
        let row = (installation::id.eq(1), installation::kind.eq("sandbox"), installation::sandbox_now.eq(naive(now)));
        diesel::insert_into(installation::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Whether nobody has put anything in yet.
///
/// # Errors
/// When the database does not answer.
pub fn is_empty(conn: &mut Conn) -> Result<bool, Error> {
    let organizations: i64 = organizations::table.count().get_result(conn)?;
    Ok(organizations == 0)
}

/// Whether the database answers.
///
/// # Errors
/// When it does not.
pub fn ping(conn: &mut Conn) -> Result<(), Error> {
    installation::table.select(installation::id).first::<i32>(conn).optional()?;
    Ok(())
}
