//! Journals: the head of each organisation's audit chain and the number of its last event.
//!
//! A transaction locks the journal before its first entry and keeps the lock until the commit. Numbers therefore have
//! no gaps and follow the order of the commits, and a reader never skips an entry that is yet to be committed. The
//! journal is always the last row that a transaction locks.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::Id;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, dispatch};
use crate::store::error::ensure_one_row;
use crate::store::schema::journals::{self, dsl};

/// The chain for changes that belong to no organisation.
pub const INSTALLATION: &str = "installation";
/// The `prev_hash` of the first entry of a chain.
pub const FIRST_PREV_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The head of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = journals, treat_none_as_default_value = false)]
pub struct Journal {
    /// The organisation's id, or [`INSTALLATION`].
    pub chain: String,
    /// The organisation; `None` for the installation's own journal.
    pub organization_id: Option<String>,
    /// The number of the last audit entry; 0 before the first.
    pub audit_sequence: i64,
    /// The hash of the last audit entry.
    pub audit_hash: String,
    /// The number of the last event; 0 before the first.
    pub event_sequence: i64,
}

/// Returns the name of an organisation's chain, or of the installation's.
pub fn chain_of(organization_id: Option<&Id>) -> &str {
    organization_id.map_or(INSTALLATION, Id::as_str)
}

/// Adds the empty journal of a new organisation.
pub fn begin(conn: &mut Conn, organization_id: &Id) -> Result<(), Error> {
    let journal = Journal {
        chain: organization_id.to_string(),
        organization_id: Some(organization_id.to_string()),
        audit_sequence: 0,
        audit_hash: FIRST_PREV_HASH.to_owned(),
        event_sequence: 0,
    };
    dispatch!(conn, c => diesel::insert_into(journals::table).values(&journal).execute(c))?;
    Ok(())
}

/// Locks a journal until the transaction ends and returns it.
pub fn lock_for_update(conn: &mut Conn, chain: &str) -> Result<Journal, Error> {
    let journal = dsl::journals.find(chain);
    Ok(match conn {
        Conn::Sqlite(conn) => journal.get_result(conn)?,
        Conn::Postgres(conn) => journal.for_update().get_result(conn)?,
    })
}

/// Returns a journal.
pub fn find(conn: &mut Conn, chain: &str) -> Result<Journal, Error> {
    Ok(dsl::journals.find(chain).get_result(conn)?)
}

/// Returns all journals, in order of chain.
pub fn all(conn: &mut Conn) -> Result<Vec<Journal>, Error> {
    Ok(dsl::journals.order(dsl::chain).load(conn)?)
}

/// Saves a locked journal.
pub fn save(conn: &mut Conn, journal: &Journal) -> Result<(), Error> {
    let statement = RawSql("UPDATE journals SET audit_sequence = ".into())
        .bind::<BigInt, _>(journal.audit_sequence, ", audit_hash = ")
        .bind::<Text, _>(journal.audit_hash.as_str(), ", event_sequence = ")
        .bind::<BigInt, _>(journal.event_sequence, " WHERE chain = ")
        .bind::<Text, _>(journal.chain.as_str(), "");
    ensure_one_row(dispatch!(conn, c => statement.execute(c))?)
}
