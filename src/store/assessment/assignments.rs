//! Assignments: who is to review a submission at a stage.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::action::Stage;
use crate::domain::assessment::assignment::Assignment;
use crate::domain::office::unit::UnitKey;
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::map_unique_violation;
use crate::store::schema::assignments::{self, dsl};
use crate::store::schema::units;
use crate::store::types::{enum_text, id, id_texts, naive, parse_enum, utc};

#[derive(Queryable, Insertable)]
#[diesel(table_name = assignments, treat_none_as_default_value = false)]
struct Row {
    id: String,
    organization_id: String,
    period_id: String,
    submission_id: String,
    unit_id: String,
    stage: String,
    member_id: String,
    assigned_by: String,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

fn assignment((row, code): (Row, String)) -> Result<Assignment, Error> {
    Ok(Assignment {
        id: id(row.id),
        organization_id: id(row.organization_id),
        period_id: id(row.period_id),
        submission_id: id(row.submission_id),
        unit: UnitKey { id: id(row.unit_id), code },
        stage: parse_enum(&row.stage)?,
        member_id: id(row.member_id),
        assigned_by: id(row.assigned_by),
        version: row.version,
        created_at: utc(row.created_at),
        updated_at: utc(row.updated_at),
    })
}

impl From<&Assignment> for Row {
    fn from(assignment: &Assignment) -> Self {
        Row {
            id: assignment.id.to_string(),
            organization_id: assignment.organization_id.to_string(),
            period_id: assignment.period_id.to_string(),
            submission_id: assignment.submission_id.to_string(),
            unit_id: assignment.unit.id.to_string(),
            stage: enum_text(assignment.stage),
            member_id: assignment.member_id.to_string(),
            assigned_by: assignment.assigned_by.to_string(),
            version: assignment.version,
            created_at: naive(assignment.created_at),
            updated_at: naive(assignment.updated_at),
        }
    }
}

/// Returns the assignment of a submission at a stage.
pub fn find(conn: &mut Conn, submission_id: &Id, stage: Stage) -> Result<Option<Assignment>, Error> {
    let found = dsl::assignments
        .inner_join(units::table.on(units::id.eq(dsl::unit_id)))
        .filter(dsl::submission_id.eq(submission_id.as_str()))
        .filter(dsl::stage.eq(enum_text(stage)))
        .select((assignments::all_columns, units::code));
    let row: Option<(Row, String)> = dispatch!(conn, c => found.get_result(c)).optional()?;
    row.map(assignment).transpose()
}

/// Returns the assignments of some periods, in order of unit and stage.
pub fn of_periods(conn: &mut Conn, period_ids: &[Id]) -> Result<Vec<Assignment>, Error> {
    let rows: Vec<(Row, String)> = dsl::assignments
        .inner_join(units::table.on(units::id.eq(dsl::unit_id)))
        .filter(dsl::period_id.eq_any(id_texts(period_ids)))
        .order((units::code, dsl::stage, dsl::id))
        .select((assignments::all_columns, units::code))
        .load(conn)?;
    rows.into_iter().map(assignment).collect()
}

/// Saves assignments in the place of those with the same ids.
///
/// # Errors
/// `already_exists` where a submission is assigned at the stage meanwhile.
pub fn save(conn: &mut Conn, saved: &[Assignment]) -> Result<(), Error> {
    if saved.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id> = saved.iter().map(|assignment| assignment.id).collect();
    delete(conn, &ids)?;
    let rows: Vec<Row> = saved.iter().map(Row::from).collect();
    let inserted = dispatch!(conn, c => diesel::insert_into(assignments::table).values(&rows).execute(c));
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Deletes assignments.
pub fn delete(conn: &mut Conn, ids: &[Id]) -> Result<(), Error> {
    diesel::delete(dsl::assignments.filter(dsl::id.eq_any(id_texts(ids)))).execute(conn)?;
    Ok(())
}
