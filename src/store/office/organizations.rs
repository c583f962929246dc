//! Organisations.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::office::organization::Organization;
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::journals;
use crate::store::page::{ById, Page, paged};
use crate::store::schema::organizations::{self, dsl};
use crate::store::types::{from_json, id, json, naive, utc};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = organizations, treat_none_as_null = true)]
struct Row {
    id: String,
    code: String,
    name: String,
    time_zone: String,
    agency_code: Option<String>,
    vote_thresholds: String,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<Row> for Organization {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Organization {
            id: id(row.id),
            code: row.code,
            name: row.name,
            time_zone: row.time_zone,
            agency_code: row.agency_code,
            vote_thresholds: from_json(&row.vote_thresholds)?,
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl TryFrom<&Organization> for Row {
    type Error = Error;
    fn try_from(organization: &Organization) -> Result<Self, Error> {
        Ok(Row {
            id: organization.id.to_string(),
            code: organization.code.clone(),
            name: organization.name.clone(),
            time_zone: organization.time_zone.clone(),
            agency_code: organization.agency_code.clone(),
            vote_thresholds: json(&organization.vote_thresholds)?,
            version: organization.version,
            created_at: naive(organization.created_at),
            updated_at: naive(organization.updated_at),
        })
    }
}

/// Returns an organisation.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Organization>, Error> {
    let row: Option<Row> = dsl::organizations.find(id.as_str()).get_result(conn).optional()?;
    row.map(Organization::try_from).transpose()
}

/// Returns an organisation by its code.
pub fn find_by_code(conn: &mut Conn, code: &str) -> Result<Option<Organization>, Error> {
    let row: Option<Row> = dsl::organizations.filter(dsl::code.eq(code)).get_result(conn).optional()?;
    row.map(Organization::try_from).transpose()
}

/// Returns the only organisation of the installation; `None` where there is none or more than one.
pub fn sole(conn: &mut Conn) -> Result<Option<Organization>, Error> {
    let mut rows: Vec<Row> = dsl::organizations.limit(2).load(conn)?;
    let first = rows.pop();
    first.filter(|_| rows.is_empty()).map(Organization::try_from).transpose()
}

/// Returns all organisations, or those with these ids, in order of id.
pub fn all(conn: &mut Conn, ids: Option<&[Id]>) -> Result<Vec<Organization>, Error> {
    let mut query = dsl::organizations.order(dsl::id).into_boxed();
    if let Some(ids) = ids {
        query = query.filter(dsl::id.eq_any(ids.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(Organization::try_from).collect()
}

/// Returns a page of all organisations, or of those with these ids.
pub fn list(conn: &mut Conn, ids: Option<&[Id]>, page: &Page) -> Result<Vec<Organization>, Error> {
    let mut query = dsl::organizations.into_boxed();
    if let Some(ids) = ids {
        query = query.filter(dsl::id.eq_any(ids.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    let rows: Vec<Row> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    rows.into_iter().map(Organization::try_from).collect()
}

/// Adds an organisation with an empty journal.
///
/// # Errors
/// `already_exists` where the code is in use.
pub fn insert(conn: &mut Conn, organization: &Organization) -> Result<(), Error> {
    let inserted = diesel::insert_into(organizations::table).values(Row::try_from(organization)?).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists)?;
    journals::begin(conn, &organization.id)
}

/// Saves a change to an organisation.
///
/// # Errors
/// `version_mismatch` where the organisation has changed since it was read; `already_exists` where the code is in use.
pub fn update(conn: &mut Conn, organization: Organization) -> Result<Organization, Error> {
    let after = Organization { version: organization.version + 1, ..organization };
    let expected = dsl::organizations.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    let rows =
        map_unique_violation(diesel::update(expected).set(Row::try_from(&after)?).execute(conn), Code::AlreadyExists)?;
    ensure_one_row(rows).map(|()| after)
}
