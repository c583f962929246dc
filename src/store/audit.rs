//! Every change, with who made it: written in the change's own transaction, never altered.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::Conn;
use super::dialect::on_each;
use super::page::{Page, paged};
use super::schema::audit_entries::{self, dsl};
use crate::domain::Id;
use crate::error::Error;

/// An entry as its row holds it.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = audit_entries, treat_none_as_default_value = false)]
pub struct Entry {
    /// Its id: the order of the entries.
    pub id: String,
    /// Where.
    pub organization_id: Option<String>,
    /// When, in UTC.
    pub at: NaiveDateTime,
    /// By which request.
    pub request_id: String,
    /// By whom.
    pub actor_issuer: String,
    /// By whom.
    pub actor_subject: String,
    /// What was done.
    pub action: String,
    /// To what kind of record.
    pub subject_type: String,
    /// To which.
    pub subject_id: String,
    /// As it was, in JSON.
    pub before_state: Option<String>,
    /// As it became, in JSON.
    pub after_state: Option<String>,
}

/// What a list of entries is narrowed to.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only these kinds of record.
    pub subject_types: Option<Vec<String>>,
    /// Only this record.
    pub subject_id: Option<String>,
    /// Only these acts.
    pub actions: Option<Vec<String>>,
}

/// Adds an entry.
pub fn insert(conn: &mut Conn, entry: &Entry) -> Result<(), Error> {
    on_each!(conn, c => diesel::insert_into(audit_entries::table).values(entry).execute(c))?;
    Ok(())
}

/// A page of an organisation's entries.
pub fn list(conn: &mut Conn, organization_id: &Id, filter: &Filter, page: &Page) -> Result<Vec<Entry>, Error> {
    let mut query = dsl::audit_entries.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(types) = &filter.subject_types {
        query = query.filter(dsl::subject_type.eq_any(types.clone()));
    }
    if let Some(id) = &filter.subject_id {
        query = query.filter(dsl::subject_id.eq(id.clone()));
    }
    if let Some(actions) = &filter.actions {
        query = query.filter(dsl::action.eq_any(actions.clone()));
    }
    Ok(paged!(query, dsl::id, page).load(conn)?)
}
