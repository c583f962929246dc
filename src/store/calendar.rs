//! The days that differ from their weekday.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::Conn;
use super::schema::calendar_days::dsl;
use super::types::from_word;
use crate::domain::calendar::WorkingCalendar;
use crate::error::Error;

/// The national calendar from the first day of a year to the last of another.
pub fn national(conn: &mut Conn, from: NaiveDate, to: NaiveDate) -> Result<WorkingCalendar, Error> {
    let days = dsl::calendar_days.filter(dsl::organization_id.is_null()).filter(dsl::day_on.between(from, to));
    let rows: Vec<(NaiveDate, String, String)> = days.select((dsl::day_on, dsl::kind, dsl::status)).load(conn)?;
    rows.into_iter().map(|(on, kind, status)| Ok((on, from_word(&kind)?, from_word(&status)?))).collect()
}
