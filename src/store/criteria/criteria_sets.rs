//! Criteria sets, whose tree of parts and criteria is stored as JSON.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, CriteriaSetStatus};
use crate::domain::{Id, Points};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{ById, Page, paged};
use crate::store::schema::criteria_sets::{self, dsl};
use crate::store::types::{
    enum_text, from_json, id, id_option, json, naive, naive_option, parse_enum, utc, utc_option,
};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = criteria_sets, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    code: String,
    title: String,
    year: i32,
    legal_basis: Option<String>,
    total_points: i64,
    parts: String,
    status: String,
    published_at: Option<NaiveDateTime>,
    retired_at: Option<NaiveDateTime>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    copied_from_id: Option<String>,
    not_applicable: String,
    limits: String,
    minimum_total: i64,
}

impl TryFrom<Row> for CriteriaSet {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(CriteriaSet {
            id: id(row.id),
            organization_id: id(row.organization_id),
            content: CriteriaContent {
                code: row.code,
                title: row.title,
                year: row.year,
                legal_basis: row.legal_basis,
                total_points: Points::from_hundredths(row.total_points),
                minimum_total: Points::from_hundredths(row.minimum_total),
                not_applicable: parse_enum(&row.not_applicable)?,
                limits: from_json(&row.limits)?,
                parts: from_json(&row.parts)?,
            },
            status: parse_enum(&row.status)?,
            published_at: utc_option(row.published_at),
            retired_at: utc_option(row.retired_at),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
            copied_from_id: id_option(row.copied_from_id),
        })
    }
}

impl TryFrom<&CriteriaSet> for Row {
    type Error = Error;
    fn try_from(set: &CriteriaSet) -> Result<Self, Error> {
        Ok(Row {
            id: set.id.to_string(),
            organization_id: set.organization_id.to_string(),
            code: set.content.code.clone(),
            title: set.content.title.clone(),
            year: set.content.year,
            legal_basis: set.content.legal_basis.clone(),
            total_points: set.content.total_points.hundredths(),
            parts: json(&set.content.parts)?,
            status: enum_text(set.status),
            published_at: naive_option(set.published_at),
            retired_at: naive_option(set.retired_at),
            version: set.version,
            created_at: naive(set.created_at),
            updated_at: naive(set.updated_at),
            copied_from_id: set.copied_from_id.as_ref().map(ToString::to_string),
            not_applicable: enum_text(set.content.not_applicable),
            limits: json(&set.content.limits)?,
            minimum_total: set.content.minimum_total.hundredths(),
        })
    }
}

/// The filters of a list of criteria sets.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only these states.
    pub statuses: Option<Vec<CriteriaSetStatus>>,
    /// Only these years.
    pub years: Option<Vec<i32>>,
}

/// A criteria set in a list, without its tree.
#[derive(Debug, Clone)]
pub struct CriteriaSetListItem {
    /// The criteria set's id.
    pub id: Id,
    /// The code, unique within the organisation.
    pub code: String,
    /// The title.
    pub title: String,
    /// The year for which it scores.
    pub year: i32,
    /// The maximum points of all parts together.
    pub total_points: Points,
    /// The state.
    pub status: CriteriaSetStatus,
    /// The version, which every change increments.
    pub version: i64,
}

/// Returns a criteria set.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<CriteriaSet>, Error> {
    let row: Option<Row> = dsl::criteria_sets.find(id.as_str()).get_result(conn).optional()?;
    row.map(CriteriaSet::try_from).transpose()
}

/// Returns criteria sets by their ids, in order of id.
pub fn with_ids<'a>(conn: &mut Conn, ids: impl Iterator<Item = &'a Id>) -> Result<Vec<CriteriaSet>, Error> {
    let mut ids: Vec<&str> = ids.map(Id::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<Row> = dsl::criteria_sets.filter(dsl::id.eq_any(ids)).order(dsl::id).load(conn)?;
    rows.into_iter().map(CriteriaSet::try_from).collect()
}

/// Returns whether an organisation has a criteria set of this code.
pub fn has_code(conn: &mut Conn, organization_id: &Id, code: &str) -> Result<bool, Error> {
    let known = dsl::criteria_sets.filter(dsl::organization_id.eq(organization_id.as_str())).filter(dsl::code.eq(code));
    Ok(diesel::select(diesel::dsl::exists(known)).get_result(conn)?)
}

/// Returns a page of an organisation's criteria sets.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<CriteriaSetListItem>, Error> {
    let mut query = dsl::criteria_sets.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(statuses) = &filter.statuses {
        query = query.filter(dsl::status.eq_any(statuses.iter().map(enum_text).collect::<Vec<_>>()));
    }
    if let Some(years) = &filter.years {
        query = query.filter(dsl::year.eq_any(years.clone()));
    }
    let columns = (dsl::id, dsl::code, dsl::title, dsl::year, dsl::total_points, dsl::status, dsl::version);
    let rows: Vec<(String, String, String, i32, i64, String, i64)> =
        paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).select(columns).load(conn)?;
    rows.into_iter()
        .map(|(row_id, code, title, year, total, status, version)| {
            let total_points = Points::from_hundredths(total);
            Ok(CriteriaSetListItem {
                id: id(row_id),
                code,
                title,
                year,
                total_points,
                status: parse_enum(&status)?,
                version,
            })
        })
        .collect()
}

/// Adds a criteria set.
///
/// # Errors
/// `already_exists` where the code is in use.
pub fn insert(conn: &mut Conn, set: &CriteriaSet) -> Result<(), Error> {
    let inserted = diesel::insert_into(criteria_sets::table).values(Row::try_from(set)?).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Saves a change to a criteria set.
///
/// # Errors
/// `version_mismatch` where it has changed since it was read; `already_exists` where the code is in use.
pub fn update(conn: &mut Conn, set: CriteriaSet) -> Result<CriteriaSet, Error> {
    let after = CriteriaSet { version: set.version + 1, ..set };
    let expected = dsl::criteria_sets.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    let rows =
        map_unique_violation(diesel::update(expected).set(Row::try_from(&after)?).execute(conn), Code::AlreadyExists)?;
    ensure_one_row(rows).map(|()| after)
}
