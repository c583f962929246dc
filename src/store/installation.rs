//! The kind of installation that a database belongs to. The sandbox marks the databases that it creates.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Conn;
use super::schema::{installation, organizations};
use super::types::{naive, utc};
use crate::error::Error;

/// Returns the time of the sandbox's clock, or `None` where the database is not a sandbox's.
///
/// # Errors
/// When the database fails.
pub fn sandbox_now(conn: &mut Conn) -> Result<Option<DateTime<Utc>>, Error> {
    let now = installation::table.select(installation::sandbox_now).get_result(conn).optional()?;
    Ok(now.map(utc))
}

/// Marks the database as a sandbox's and saves the time of the sandbox's clock.
///
/// # Errors
/// When the database fails.
pub fn set_sandbox_now(conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
    let moved = diesel::update(installation::table).set(installation::sandbox_now.eq(naive(now))).execute(conn)?;
    if moved == 0 {
        let row = (installation::id.eq(1), installation::kind.eq("sandbox"), installation::sandbox_now.eq(naive(now)));
        diesel::insert_into(installation::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Returns whether the database has no organisation yet.
///
/// # Errors
/// When the database fails.
pub fn is_empty(conn: &mut Conn) -> Result<bool, Error> {
    let organizations: i64 = organizations::table.count().get_result(conn)?;
    Ok(organizations == 0)
}

/// Checks that the database responds.
///
/// # Errors
/// When it does not respond.
pub fn ping(conn: &mut Conn) -> Result<(), Error> {
    installation::table.select(installation::id).first::<i32>(conn).optional()?;
    Ok(())
}
