//! Where an organisation's audit chain and the order of its events stand.
//!
//! A journal is held from the first entry of a transaction until its commit, so that numbers have no gaps, the order
//! of numbers is the order of commits, and nobody reads past what is still to come. It is always the last row that
//! an act holds.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::Id;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, on_each};
use crate::store::error::one_row;
use crate::store::schema::journals::{self, dsl};

/// The name of the chain that belongs to no organisation.
pub const INSTALLATION: &str = "installation";
/// What the first entry of a chain follows.
pub const FIRST_PREV_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A journal as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = journals, treat_none_as_default_value = false)]
pub struct Journal {
    /// The organisation's id, or [`INSTALLATION`].
    pub chain: String,
    /// Whose it is.
    pub organization_id: Option<String>,
    /// The number of the last audit entry; 0 before the first.
    pub audit_sequence: i64,
    /// The hash of the last audit entry.
    pub audit_hash: String,
    /// The number of the last event; 0 before the first.
    pub event_sequence: i64,
}

/// The name of an organisation's chain.
pub fn chain_of(organization_id: Option<&Id>) -> &str {
    organization_id.map_or(INSTALLATION, Id::as_str)
}

/// Begins the journal of a new organisation.
pub fn begin(conn: &mut Conn, organization_id: &Id) -> Result<(), Error> {
    let journal = Journal {
        chain: organization_id.to_string(),
        organization_id: Some(organization_id.to_string()),
        audit_sequence: 0,
        audit_hash: FIRST_PREV_HASH.to_owned(),
        event_sequence: 0,
    };
    on_each!(conn, c => diesel::insert_into(journals::table).values(&journal).execute(c))?;
    Ok(())
}

/// A journal as it stands, held until the transaction ends.
pub fn lock_for_update(conn: &mut Conn, chain: &str) -> Result<Journal, Error> {
    let journal = dsl::journals.find(chain);
    Ok(match conn {
        Conn::Sqlite(conn) => journal.get_result(conn)?,
        Conn::Postgres(conn) => journal.for_update().get_result(conn)?,
    })
}

/// A journal as it stands.
pub fn find(conn: &mut Conn, chain: &str) -> Result<Journal, Error> {
    Ok(dsl::journals.find(chain).get_result(conn)?)
}

/// Every journal.
pub fn all(conn: &mut Conn) -> Result<Vec<Journal>, Error> {
    Ok(dsl::journals.order(dsl::chain).load(conn)?)
}

/// Saves where a journal stands that is held.
pub fn save(conn: &mut Conn, journal: &Journal) -> Result<(), Error> {
    let statement = RawSql("UPDATE journals SET audit_sequence = ".into())
        .bind::<BigInt, _>(journal.audit_sequence, ", audit_hash = ")
        .bind::<Text, _>(journal.audit_hash.as_str(), ", event_sequence = ")
        .bind::<BigInt, _>(journal.event_sequence, " WHERE chain = ")
        .bind::<Text, _>(journal.chain.as_str(), "");
    one_row(on_each!(conn, c => statement.execute(c))?)
}
