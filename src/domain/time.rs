//! Conversion between local dates and instants, and their text forms.

use std::borrow::Cow;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

/// Returns the time zone with this IANA name.
pub fn zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// Returns the instant at which a due date has passed: 00:00 local time of the following day, or the first moment of
/// that day if a clock change skips midnight.
pub fn closes_at(due_on: NaiveDate, zone: Tz) -> DateTime<Utc> {
    starts_at(due_on.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX), zone)
}

/// Returns the first moment of a local date.
pub fn starts_at(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let skipped = || zone.from_local_datetime(&(midnight + chrono::TimeDelta::hours(1))).earliest();
    let local = zone.from_local_datetime(&midnight).earliest().or_else(skipped);
    local.map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
}

/// Parses a date as `YYYY-MM-DD` and in no other form.
pub fn read_day(text: &str) -> Option<NaiveDate> {
    let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let has_shape = text.len() == 10 && text.bytes().enumerate().all(shape);
    has_shape.then(|| text.parse().ok()).flatten()
}

/// Deserialises a date of a request or of a stored request.
///
/// # Errors
/// If [`read_day`] does not accept it.
pub fn deserialize_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    read_day(&text).ok_or_else(|| D::Error::invalid_type(Unexpected::Str(&text), &"a day"))
}

/// Returns the local date at an instant.
pub fn date_in(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// Formats an instant as responses do.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ten_november_in_viet_nam_closes_at_17_utc() {
        let zone = zone("Asia/Ho_Chi_Minh").unwrap();
        assert_eq!(closes_at(on("2023-11-10"), zone).to_rfc3339(), "2023-11-10T17:00:00+00:00");
        assert_eq!(date_in(zone, closes_at(on("2023-11-10"), zone)), on("2023-11-11"));
    }

    #[test]
    fn a_midnight_that_does_not_exist_is_the_days_first_moment() {
        let zone = zone("America/Sao_Paulo").unwrap();
        assert_eq!(closes_at(on("2018-11-03"), zone).to_rfc3339(), "2018-11-04T03:00:00+00:00");
    }

    #[test]
    fn only_zones_of_the_tz_database_are_zones() {
        assert!(zone("Asia/Ha_Noi").is_none() && zone("UTC+7").is_none() && zone("Asia/Ho_Chi_Minh").is_some());
    }
}
