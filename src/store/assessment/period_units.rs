//! The units of periods: those that take part, and those that were set aside.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::assessment::period::Period;
use crate::domain::assessment::period_unit::SetAside;
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::schema::period_units::{self, dsl};
use crate::store::schema::units;
use crate::store::types::{id, id_option, id_texts, naive, utc};

/// The units that take part in a period, each with the code of its group, and those that were set aside.
pub type Members = (Vec<(Id, Option<String>)>, Vec<SetAside>);

/// The units of a period in order of code: those that take part, and those that were set aside.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Members, Error> {
    type Columns = (String, Option<NaiveDateTime>, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Columns> = period_units::table
        .inner_join(units::table.on(units::id.eq(period_units::unit_id)))
        .filter(period_units::period_id.eq(period_id.as_str()))
        .order(units::code)
        .select((
            period_units::unit_id,
            period_units::set_aside_at,
            period_units::set_aside_reason,
            period_units::merged_into,
            period_units::group_code,
        ))
        .load(conn)?;
    let (mut taking_part, mut set_aside) = (Vec::new(), Vec::new());
    for (unit_id, at, reason, merged_into, group_code) in rows {
        match at.zip(reason) {
            None => taking_part.push((id(unit_id), group_code)),
            Some((at, reason)) => set_aside.push(SetAside {
                unit_id: id(unit_id),
                reason,
                set_aside_at: utc(at),
                merged_into: id_option(merged_into),
                group_code,
            }),
        }
    }
    Ok((taking_part, set_aside))
}

/// The ids of the units that take part in a period, as a subquery.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn taking_part<'a>(period_id: &'a str) -> _ {
    dsl::period_units.filter(dsl::period_id.eq(period_id)).filter(dsl::set_aside_at.is_null()).select(dsl::unit_id)
}

/// Returns the periods from which some units were set aside, with the unit.
pub fn set_aside_among(conn: &mut Conn, period_ids: &[Id], unit_ids: &[Id]) -> Result<HashSet<(Id, Id)>, Error> {
    let rows: Vec<(String, String)> = dsl::period_units
        .filter(dsl::period_id.eq_any(id_texts(period_ids)))
        .filter(dsl::unit_id.eq_any(id_texts(unit_ids)))
        .filter(dsl::set_aside_at.is_not_null())
        .select((dsl::period_id, dsl::unit_id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(period, unit)| (id(period), id(unit))).collect())
}

/// Returns whether a unit was set aside from a period.
pub fn is_set_aside(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<bool, Error> {
    let row = dsl::period_units.find((period_id.as_str(), unit_id.as_str())).filter(dsl::set_aside_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(conn)?)
}

/// Adds a unit to a period, in its group.
///
/// # Errors
/// `already_exists` for a unit that is there.
pub fn insert(conn: &mut Conn, period: &Period, unit_id: &Id) -> Result<(), Error> {
    let row = (
        dsl::period_id.eq(period.id.as_str()),
        dsl::organization_id.eq(period.organization_id.as_str()),
        dsl::unit_id.eq(unit_id.as_str()),
        dsl::group_code.eq(period.group_code_of(unit_id)),
    );
    let inserted = diesel::insert_into(period_units::table).values(row).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Sets a unit of a period aside.
pub fn set_aside(conn: &mut Conn, period_id: &Id, aside: &SetAside) -> Result<(), Error> {
    let row = dsl::period_units.find((period_id.as_str(), aside.unit_id.as_str())).filter(dsl::set_aside_at.is_null());
    let change = (
        dsl::set_aside_at.eq(naive(aside.set_aside_at)),
        dsl::set_aside_reason.eq(&aside.reason),
        dsl::merged_into.eq(aside.merged_into.as_ref().map(Id::as_str)),
    );
    ensure_one_row(diesel::update(row).set(change).execute(conn)?)
}

/// Lets a unit that was set aside take part again.
pub fn take_back(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<(), Error> {
    let row = dsl::period_units.find((period_id.as_str(), unit_id.as_str())).filter(dsl::set_aside_at.is_not_null());
    let change = (
        dsl::set_aside_at.eq(None::<NaiveDateTime>),
        dsl::set_aside_reason.eq(None::<String>),
        dsl::merged_into.eq(None::<String>),
    );
    ensure_one_row(diesel::update(row).set(change).execute(conn)?)
}
