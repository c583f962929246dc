//! Calendar days that differ from their weekday: national days, and an organisation's days that override them.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::schedule::calendar::{CalendarDay, WorkingCalendar};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::{AdvisoryLock, lock_advisory};
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::schema::calendar_days::{self, dsl};
use crate::store::types::{enum_text, id_option, parse_enum};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = calendar_days, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: Option<String>,
    day_on: NaiveDate,
    kind: String,
    name: String,
    status: String,
    legal_basis: String,
    version: i64,
}

impl TryFrom<Row> for CalendarDay {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(CalendarDay {
            id: row.id,
            organization_id: id_option(row.organization_id),
            on: row.day_on,
            kind: parse_enum(&row.kind)?,
            name: row.name,
            status: parse_enum(&row.status)?,
            legal_basis: row.legal_basis,
            version: row.version,
        })
    }
}

impl From<&CalendarDay> for Row {
    fn from(day: &CalendarDay) -> Self {
        Row {
            id: day.id.clone(),
            organization_id: day.organization_id.as_ref().map(ToString::to_string),
            day_on: day.on,
            kind: enum_text(day.kind),
            name: day.name.clone(),
            status: enum_text(day.status),
            legal_basis: day.legal_basis.clone(),
            version: day.version,
        }
    }
}

/// Returns the national days and, where one is given, an organisation's days between two dates, in order of date. Where
/// both have a day, the national one comes first.
pub fn days(
    conn: &mut Conn,
    organization_id: Option<&Id>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<CalendarDay>, Error> {
    // Matches no organisation, because no id is empty.
    let own = organization_id.map(ToString::to_string).unwrap_or_default();
    let days = dsl::calendar_days
        .filter(dsl::organization_id.is_null().or(dsl::organization_id.eq(own).assume_not_null()))
        .filter(dsl::day_on.between(from, to));
    let rows: Vec<Row> = days.load(conn)?;
    let mut days: Vec<CalendarDay> = rows.into_iter().map(CalendarDay::try_from).collect::<Result<_, _>>()?;
    days.sort_by(|a, b| (a.on, &a.organization_id).cmp(&(b.on, &b.organization_id)));
    Ok(days)
}

/// Returns the working calendar of each organisation between two dates: the national days, overridden by its own.
pub fn calendars(
    conn: &mut Conn,
    organization_ids: &[&Id],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<Id, WorkingCalendar>, Error> {
    let ids: Vec<&str> = organization_ids.iter().map(|id| id.as_str()).collect();
    let days = dsl::calendar_days
        .filter(dsl::organization_id.is_null().or(dsl::organization_id.eq_any(ids).assume_not_null()))
        .filter(dsl::day_on.between(from, to))
        .select((dsl::organization_id, dsl::day_on, dsl::kind, dsl::status));
    let rows: Vec<(Option<String>, NaiveDate, String, String)> = days.load(conn)?;
    let mut national = Vec::new();
    let mut overlays: HashMap<String, Vec<_>> = HashMap::new();
    for (organization_id, on, kind, status) in rows {
        let day = (on, parse_enum(&kind)?, parse_enum(&status)?);
        match organization_id {
            None => national.push(day),
            Some(id) => overlays.entry(id).or_default().push(day),
        }
    }
    let national: WorkingCalendar = national.into_iter().collect();
    let mut with_overlay = |id: &&Id| {
        let overlay = overlays.remove(id.as_str()).unwrap_or_default();
        (*(*id), national.clone().overlaid(overlay))
    };
    Ok(organization_ids.iter().map(&mut with_overlay).collect())
}

/// Returns the working calendar of an organisation between two dates, or the national one where none is given.
pub fn of(
    conn: &mut Conn,
    organization_id: Option<&Id>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<WorkingCalendar, Error> {
    let nobody = Id::NIL;
    let id = organization_id.unwrap_or(&nobody);
    Ok(calendars(conn, &[id], from, to)?.remove(id).unwrap_or_default())
}

/// Returns the organisations that override the national calendar on a day.
pub fn overriding_organizations(conn: &mut Conn, on: NaiveDate) -> Result<HashSet<Id>, Error> {
    let own = dsl::calendar_days.filter(dsl::day_on.eq(on)).filter(dsl::organization_id.is_not_null());
    let ids: Vec<Option<String>> = own.select(dsl::organization_id).load(conn)?;
    Ok(ids.into_iter().flatten().map(Id::from_uuid_text).collect())
}

/// Locks all calendars and time zones until the transaction ends, to change a day or a zone.
pub fn lock_for_update(conn: &mut Conn) -> Result<(), Error> {
    Ok(lock_advisory(conn, AdvisoryLock::Calendar, true)?)
}

/// Prevents changes to calendars and time zones until the transaction ends, to compute dates that are stored.
pub fn lock_for_share(conn: &mut Conn) -> Result<(), Error> {
    Ok(lock_advisory(conn, AdvisoryLock::Calendar, false)?)
}

/// Returns the day as an organisation defines it, or as the national calendar does where none is given.
pub fn find(conn: &mut Conn, organization_id: Option<&Id>, on: NaiveDate) -> Result<Option<CalendarDay>, Error> {
    let day = dsl::calendar_days.filter(dsl::day_on.eq(on));
    let row: Option<Row> = match organization_id {
        None => day.filter(dsl::organization_id.is_null()).get_result(conn).optional()?,
        Some(id) => day.filter(dsl::organization_id.eq(id.as_str())).get_result(conn).optional()?,
    };
    row.map(CalendarDay::try_from).transpose()
}

/// Adds a day, or saves a change to it where its version is not 0.
///
/// # Errors
/// `version_mismatch` where the day has been added or changed meanwhile.
pub fn save(conn: &mut Conn, day: CalendarDay) -> Result<CalendarDay, Error> {
    let after = CalendarDay { version: day.version + 1, ..day };
    if after.version == 1 {
        let inserted = diesel::insert_into(calendar_days::table).values(Row::from(&after)).execute(conn);
        map_unique_violation(inserted, Code::VersionMismatch)?;
        return Ok(after);
    }
    let expected = dsl::calendar_days.find(&after.id).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::from(&after)).execute(conn)?).map(|()| after)
}

/// Deletes a day.
///
/// # Errors
/// `version_mismatch` where the day has changed since it was read.
pub fn delete(conn: &mut Conn, day: &CalendarDay) -> Result<(), Error> {
    let expected = dsl::calendar_days.find(&day.id).filter(dsl::version.eq(day.version));
    ensure_one_row(diesel::delete(expected).execute(conn)?)
}
