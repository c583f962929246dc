//! The register of stored files. A file is claimed here before it is stored, so that the store holds no unknown file.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::schema::stored_files::{self, dsl};
use crate::store::schema::{council_minutes, evidence, proposal_documents};
use crate::store::types::naive;

/// The time after which an unfinished sweep is considered dead.
const SWEEP_TIMEOUT: TimeDelta = TimeDelta::hours(1);

/// Claims a file before it is stored.
///
/// # Errors
/// `busy` while a sweep is removing the same file.
pub fn claim(conn: &mut Conn, sha256: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = (dsl::sha256.eq(sha256), dsl::claimed_at.eq(naive(now)), dsl::going.eq(false));
    let insert = diesel::insert_into(stored_files::table).values(row).on_conflict_do_nothing();
    if dispatch!(conn, c => insert.execute(c))? == 1 {
        return Ok(());
    }
    let unmarked = dsl::stored_files.find(sha256).filter(dsl::going.eq(false));
    match diesel::update(unmarked).set(dsl::claimed_at.eq(naive(now))).execute(conn)? {
        1 => Ok(()),
        _ => Err(Error::new(Code::Busy)),
    }
}

/// Marks the files for removal that were claimed before `before` and that no row refers to, and takes over those that a
/// dead sweep marked. Returns their SHA-256 hashes.
pub fn mark_unreferenced(conn: &mut Conn, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
    let by_evidence = evidence::table.filter(evidence::sha256.eq(dsl::sha256.nullable()));
    let by_document = proposal_documents::table.filter(proposal_documents::sha256.eq(dsl::sha256.nullable()));
    let by_minutes = council_minutes::table.filter(council_minutes::sha256.eq(dsl::sha256));
    let is_unreferenced = dsl::going
        .eq(false)
        .and(dsl::claimed_at.lt(naive(before)))
        .and(not(exists(by_evidence)))
        .and(not(exists(by_document)))
        .and(not(exists(by_minutes)));
    let is_abandoned = dsl::going.eq(true).and(dsl::claimed_at.lt(naive(now - SWEEP_TIMEOUT)));
    let marked = diesel::update(dsl::stored_files.filter(is_unreferenced.or(is_abandoned)))
        .set((dsl::going.eq(true), dsl::claimed_at.eq(naive(now))))
        .returning(dsl::sha256);
    Ok(dispatch!(conn, c => marked.get_results(c))?)
}

/// Deletes the records of removed files.
pub fn delete_marked(conn: &mut Conn, gone: &[String]) -> Result<(), Error> {
    diesel::delete(dsl::stored_files.filter(dsl::sha256.eq_any(gone)).filter(dsl::going.eq(true))).execute(conn)?;
    Ok(())
}
