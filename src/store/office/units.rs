//! The units of an organisation.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::domain::Id;
use crate::domain::office::unit::Unit;
use crate::domain::office::unit::UnitKey;
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::{RowLock, lock_row};
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{Page, Place, SortKey, paged};
use crate::store::schema::units::{self, dsl};
use crate::store::types::{enum_text, from_json, id, json, naive, parse_enum, utc};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = units)]
struct Row {
    id: String,
    organization_id: String,
    code: String,
    name: String,
    kind: String,
    active: bool,
    predecessor_ids: String,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<Row> for Unit {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Unit {
            id: id(row.id),
            organization_id: id(row.organization_id),
            code: row.code,
            name: row.name,
            kind: parse_enum(&row.kind)?,
            active: row.active,
            predecessor_ids: from_json(&row.predecessor_ids)?,
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl TryFrom<&Unit> for Row {
    type Error = Error;
    fn try_from(unit: &Unit) -> Result<Self, Error> {
        Ok(Row {
            id: unit.id.to_string(),
            organization_id: unit.organization_id.to_string(),
            code: unit.code.clone(),
            name: unit.name.clone(),
            kind: enum_text(unit.kind),
            active: unit.active,
            predecessor_ids: json(&unit.predecessor_ids)?,
            version: unit.version,
            created_at: naive(unit.created_at),
            updated_at: naive(unit.updated_at),
        })
    }
}

/// The filters of a list of units.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only active units (`true`) or only inactive ones (`false`).
    pub active: Option<bool>,
    /// Only these codes.
    pub codes: Option<Vec<String>>,
}

/// What units can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SortBy {
    /// In order of creation.
    Id,
    /// By code, of which an organisation has each once.
    Code,
}

impl SortKey for SortBy {
    type Position = Position;
    const UNIQUE: Self = SortBy::Id;

    fn is_unique(self) -> bool {
        match self {
            SortBy::Id | SortBy::Code => true,
        }
    }
}

/// Where a unit stands in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Position {
    id: Id,
    code: String,
}

impl From<&Unit> for Position {
    fn from(unit: &Unit) -> Self {
        Position { id: unit.id, code: unit.code.clone() }
    }
}

/// Returns a unit.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Unit>, Error> {
    let row: Option<Row> = dsl::units.find(id.as_str()).get_result(conn).optional()?;
    row.map(Unit::try_from).transpose()
}

/// Returns the id and the code of a unit; `None` where the organisation does not have it.
pub fn find_key(conn: &mut Conn, organization_id: &Id, id: &Id) -> Result<Option<UnitKey>, Error> {
    let own = dsl::units.find(id.as_str()).filter(dsl::organization_id.eq(organization_id.as_str()));
    let code: Option<String> = own.select(dsl::code).get_result(conn).optional()?;
    Ok(code.map(|code| UnitKey { id: *id, code }))
}

/// Locks an organisation's units against every other change to them, and against the opening of a period.
pub fn lock_for_update(conn: &mut Conn, organization_id: &Id) -> Result<(), Error> {
    Ok(lock_row(conn, RowLock::UnitsForUpdate, organization_id.as_str())?)
}

/// Locks an organisation's units against changes.
pub fn lock_for_share(conn: &mut Conn, organization_id: &Id) -> Result<(), Error> {
    Ok(lock_row(conn, RowLock::UnitsForShare, organization_id.as_str())?)
}

/// Returns the predecessors of each of an organisation's units.
pub fn lineage(conn: &mut Conn, organization_id: &Id) -> Result<HashMap<Id, Vec<Id>>, Error> {
    let own = dsl::units.filter(dsl::organization_id.eq(organization_id.as_str()));
    let rows: Vec<(String, String)> = own.select((dsl::id, dsl::predecessor_ids)).load(conn)?;
    rows.into_iter().map(|(unit_id, before)| Ok((id(unit_id), from_json(&before)?))).collect()
}

/// Returns those of the ids that belong to active units of the organisation.
pub fn filter_active(conn: &mut Conn, organization_id: &Id, ids: &[Id]) -> Result<Vec<Id>, Error> {
    let ids: Vec<&str> = ids.iter().map(Id::as_str).collect();
    let own = dsl::units.filter(dsl::organization_id.eq(organization_id.as_str())).filter(dsl::active.eq(true));
    let found: Vec<String> = own.filter(dsl::id.eq_any(ids)).select(dsl::id).load(conn)?;
    Ok(found.into_iter().map(Id::from_uuid_text).collect())
}

/// Returns those of an organisation's units that have these codes.
pub fn keys_by_code(conn: &mut Conn, organization_id: &Id, codes: &[String]) -> Result<Vec<UnitKey>, Error> {
    let own = dsl::units.filter(dsl::organization_id.eq(organization_id.as_str()));
    let found: Vec<(String, String)> = own.filter(dsl::code.eq_any(codes)).select((dsl::id, dsl::code)).load(conn)?;
    Ok(found.into_iter().map(|(unit_id, code)| UnitKey { id: id(unit_id), code }).collect())
}

/// Returns the codes of units by id.
pub fn codes_by_id(conn: &mut Conn, ids: &[&Id]) -> Result<HashMap<Id, String>, Error> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows: Vec<(String, String)> = dsl::units.filter(dsl::id.eq_any(ids)).select((dsl::id, dsl::code)).load(conn)?;
    Ok(rows.into_iter().map(|(unit_id, code)| (id(unit_id), code)).collect())
}

/// Returns a page of an organisation's units.
pub fn list(conn: &mut Conn, organization_id: &Id, filter: &Filter, page: &Page<SortBy>) -> Result<Vec<Unit>, Error> {
    let mut query = dsl::units.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(active) = filter.active {
        query = query.filter(dsl::active.eq(active));
    }
    if let Some(codes) = &filter.codes {
        query = query.filter(dsl::code.eq_any(codes.clone()));
    }
    let key = |key: SortBy, place: Place<'_, Position>| match key {
        SortBy::Id => place.by(dsl::id, |after| after.id.to_string()),
        SortBy::Code => place.by(dsl::code, |after| after.code.clone()),
    };
    let rows: Vec<Row> = paged(query, page, key).load(conn)?;
    rows.into_iter().map(Unit::try_from).collect()
}

/// Adds a unit.
///
/// # Errors
/// `already_exists` where the organisation has a unit of this code.
pub fn insert(conn: &mut Conn, unit: &Unit) -> Result<(), Error> {
    let inserted = diesel::insert_into(units::table).values(Row::try_from(unit)?).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Saves a change to a unit.
///
/// # Errors
/// `version_mismatch` where the unit has changed since it was read; `already_exists` where the code is in use.
pub fn update(conn: &mut Conn, unit: Unit) -> Result<Unit, Error> {
    let after = Unit { version: unit.version + 1, ..unit };
    let expected = dsl::units.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    let rows =
        map_unique_violation(diesel::update(expected).set(Row::try_from(&after)?).execute(conn), Code::AlreadyExists)?;
    ensure_one_row(rows).map(|()| after)
}
