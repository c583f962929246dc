//! The targets of a period's units.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::assessment::target::Target;
use crate::domain::{Id, Quantity};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, json_rows, on_each};
use crate::store::schema::period_targets::{self, dsl};
use crate::store::schema::{scores, submissions};
use crate::store::types::{id, json};

type Columns = (String, String, i64, String);

const COLUMNS: (dsl::unit_id, dsl::criterion_code, dsl::target, dsl::unit_of_measure) =
    (dsl::unit_id, dsl::criterion_code, dsl::target, dsl::unit_of_measure);

fn target((unit_id, criterion_code, target, unit_of_measure): Columns) -> Target {
    Target { unit_id: id(unit_id), criterion_code, target: Quantity::from_units(target), unit_of_measure }
}

/// The targets of a period, by unit and criterion.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<Target>, Error> {
    let of_period = dsl::period_targets.filter(dsl::period_id.eq(period_id.as_str())).select(COLUMNS);
    let rows: Vec<Columns> = of_period.order((dsl::unit_id, dsl::criterion_code)).load(conn)?;
    Ok(rows.into_iter().map(target).collect())
}

/// The targets of one unit in a period.
pub fn of_unit(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<Vec<Target>, Error> {
    let of_unit = period_targets::table
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq(unit_id.as_str()))
        .select(COLUMNS);
    let rows: Vec<Columns> = on_each!(conn, c => of_unit.load(c))?;
    Ok(rows.into_iter().map(target).collect())
}

/// Sets the targets of a period in place of those that were.
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
    on_each!(conn, c => statement.execute(c))?;
    Ok(())
}

/// The units of a period whose sheets have been sent, whatever has become of them since.
pub fn units_that_sent(conn: &mut Conn, period_id: &Id) -> Result<Vec<Id>, Error> {
    let sent = submissions::table
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(submissions::revision.gt(0))
        .select(submissions::unit_id);
    let rows: Vec<String> = sent.load(conn)?;
    Ok(rows.into_iter().map(id).collect())
}

/// Unit and criterion of every scored line of a period.
pub fn scored_lines(conn: &mut Conn, period_id: &Id) -> Result<Vec<(Id, String)>, Error> {
    let lines = scores::table
        .inner_join(submissions::table.on(submissions::id.eq(scores::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(scores::points.is_not_null())
        .select((submissions::unit_id, scores::criterion_code));
    let rows: Vec<(String, String)> = lines.load(conn)?;
    Ok(rows.into_iter().map(|(unit_id, criterion)| (id(unit_id), criterion)).collect())
}
