//! Which files there are: a claim is made before a file is put in its place, so that none is there unknown.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::on_each;
use crate::store::schema::stored_files::{self, dsl};
use crate::store::schema::{evidence, proposal_documents};
use crate::store::types::naive;

/// After this a sweep that has not ended is taken for dead.
const LEFT_AFTER: TimeDelta = TimeDelta::hours(1);

/// Claims the place of a file.
///
/// # Errors
/// `busy` while the same file, which nobody needed, is being taken away.
pub fn claim(conn: &mut Conn, sha256: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = (dsl::sha256.eq(sha256), dsl::claimed_at.eq(naive(now)), dsl::going.eq(false));
    let insert = diesel::insert_into(stored_files::table).values(row).on_conflict_do_nothing();
    if on_each!(conn, c => insert.execute(c))? == 1 {
        return Ok(());
    }
    let staying = dsl::stored_files.find(sha256).filter(dsl::going.eq(false));
    match diesel::update(staying).set(dsl::claimed_at.eq(naive(now))).execute(conn)? {
        1 => Ok(()),
        _ => Err(Error::new(Code::Busy)),
    }
}

/// Marks the files that were claimed before `before` and that no row names as going, and gives them to this sweep alone;
/// with them those that another sweep marked an hour ago and left.
pub fn mark_unnamed(conn: &mut Conn, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    let by_evidence = evidence::table.filter(evidence::sha256.eq(dsl::sha256.nullable()));
    let by_document = proposal_documents::table.filter(proposal_documents::sha256.eq(dsl::sha256.nullable()));
    let is_unnamed = dsl::going
        .eq(false)
        .and(dsl::claimed_at.lt(naive(before)))
        .and(not(exists(by_evidence)))
        .and(not(exists(by_document)));
    let is_left = dsl::going.eq(true).and(dsl::claimed_at.lt(naive(now - LEFT_AFTER)));
    let marked = diesel::update(dsl::stored_files.filter(is_unnamed.or(is_left)))
        .set((dsl::going.eq(true), dsl::claimed_at.eq(naive(now))))
        .returning(dsl::sha256);
    Ok(on_each!(conn, c => marked.get_results(c))?)
}

/// Forgets files that are gone.
pub fn forget(conn: &mut Conn, gone: &[String]) -> Result<(), Error> {
    diesel::delete(dsl::stored_files.filter(dsl::sha256.eq_any(gone)).filter(dsl::going.eq(true))).execute(conn)?;
    Ok(())
}
