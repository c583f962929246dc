//! The targets of units in a period.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::assessment::target::Target;
use crate::domain::{Id, Quantity};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, dispatch, json_rows};
use crate::store::schema::period_targets::{self, dsl};
use crate::store::schema::{scores, submissions};
use crate::store::types::{id, json};

type Columns = (String, String, i64, String);

const COLUMNS: (dsl::unit_id, dsl::criterion_code, dsl::target, dsl::unit_of_measure) =
    (dsl::unit_id, dsl::criterion_code, dsl::target, dsl::unit_of_measure);

fn target((unit_id, criterion_code, target, unit_of_measure): Columns) -> Target {
    Target { unit_id: id(unit_id), criterion_code, target: Quantity::from_units(target), unit_of_measure }
}

/// Returns the targets of a period, in order of unit and criterion.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<Target>, Error> {
    let of_period = dsl::period_targets.filter(dsl::period_id.eq(period_id.as_str())).select(COLUMNS);
    let rows: Vec<Columns> = of_period.order((dsl::unit_id, dsl::criterion_code)).load(conn)?;
    Ok(rows.into_iter().map(target).collect())
}

/// Returns the targets of a unit in a period.
pub fn of_unit(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<Vec<Target>, Error> {
    let of_unit = period_targets::table
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq(unit_id.as_str()))
        .select(COLUMNS);
    let rows: Vec<Columns> = dispatch!(conn, c => of_unit.load(c))?;
    Ok(rows.into_iter().map(target).collect())
}

/// Replaces the targets of a period.
pub fn replace(conn: &mut Conn, period_id: &Id, targets: &[Target]) -> Result<(), Error> {
    diesel::delete(dsl::period_targets.filter(dsl::period_id.eq(period_id.as_str()))).execute(conn)?;
    if targets.is_empty() {
        return Ok(());
    }
    let row = |target: &Target| {
        (target.unit_id, target.criterion_code.clone(), target.target.units(), target.unit_of_measure.clone())
    };
    let rows: Vec<_> = targets.iter().map(row).collect();
    let (open, close) = json_rows(conn);
    let into = "INSERT INTO period_targets (period_id, unit_id, criterion_code, target, unit_of_measure) SELECT ";
    let columns = format!(", value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3 FROM {open}");
    let statement = RawSql(into.into())
        .bind::<Text, _>(period_id.as_str(), columns)
        .bind::<Text, _>(json(&rows)?, format!("{close} WHERE true"));
    dispatch!(conn, c => statement.execute(c))?;
    Ok(())
}

/// Returns the units of a period that have submitted at least once, whatever the state of their submissions is now.
pub fn submitted_units(conn: &mut Conn, period_id: &Id) -> Result<Vec<Id>, Error> {
    let submitted = submissions::table
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(submissions::revision.gt(0))
        .select(submissions::unit_id);
    let rows: Vec<String> = submitted.load(conn)?;
    Ok(rows.into_iter().map(id).collect())
}

/// Returns the unit and the criterion of every scored line of a period's self-assessments.
pub fn scored_lines(conn: &mut Conn, period_id: &Id) -> Result<Vec<(Id, String)>, Error> {
    let lines = scores::table
        .inner_join(submissions::table.on(submissions::id.eq(scores::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(scores::points.is_not_null())
        .select((submissions::unit_id, scores::criterion_code));
    let rows: Vec<(String, String)> = lines.load(conn)?;
    Ok(rows.into_iter().map(|(unit_id, criterion)| (id(unit_id), criterion)).collect())
}
