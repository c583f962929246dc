//! Counting working days.

use chrono::{Datelike, Days, NaiveDate};

use crate::domain::award::DossierTerm;
use crate::domain::calendar::{MAX_DAYS, Reckoning, WorkingCalendar};
use crate::domain::period::{DossierDeadline, DossierSemantics};
use crate::error::{Code, Error};
use crate::store::{self, Conn};

/// The calendar of every year that a reckoning from `from` can touch.
fn around(conn: &mut Conn, from: NaiveDate) -> Result<WorkingCalendar, Error> {
    let first = NaiveDate::from_ymd_opt(from.year(), 1, 1).ok_or(Code::CalendarRange)?;
    // A working day takes two days of the calendar at the very most.
    let last = from.checked_add_days(Days::new(u64::from(MAX_DAYS) * 2)).ok_or(Code::CalendarRange)?;
    let last = NaiveDate::from_ymd_opt(last.year(), 12, 31).ok_or(Code::CalendarRange)?;
    store::calendar::national(conn, first, last)
}

/// The day that is `days` working days after `from`.
///
/// # Errors
/// `calendar_range`.
pub fn add(conn: &mut Conn, from: NaiveDate, days: u32) -> Result<Reckoning, Error> {
    Ok(around(conn, from)?.add(from, days)?)
}

/// How many working days there are after `from` up to and with `to`.
///
/// # Errors
/// `calendar_range`.
pub fn count(conn: &mut Conn, from: NaiveDate, to: NaiveDate) -> Result<Reckoning, Error> {
    Ok(around(conn, from)?.count(from, to)?)
}

/// When the dossiers are due after a notice.
///
/// # Errors
/// `calendar_range`.
pub fn dossier_term(conn: &mut Conn, notice_on: NaiveDate, deadline: &DossierDeadline) -> Result<DossierTerm, Error> {
    let days = u32::try_from(deadline.working_days).map_err(Error::internal)?;
    let Reckoning { result_on, explanation, .. } = add(conn, notice_on, days)?;
    let (due_on, opens_on) = match deadline.semantics {
        DossierSemantics::NotLaterThan => (Some(result_on), None),
        DossierSemantics::NotBefore => (None, Some(result_on)),
    };
    Ok(DossierTerm { due_on, opens_on, explanation })
}
