//! Dates and instants in requests and responses.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::time::{deserialize_day, instant, read_day};

/// An instant, as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2023-11-10T17:00:00.000Z")]
pub struct Instant(pub DateTime<Utc>);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&instant(self.0))
    }
}

/// A date, as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Date, example = "2023-11-10")]
pub struct Day(pub NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_day(deserializer).map(Day)
    }
}

impl From<Day> for NaiveDate {
    fn from(Day(day): Day) -> Self {
        day
    }
}

/// A date in a path or query, as `YYYY-MM-DD`, in the years 1900 to 2200.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Date, example = "2023-11-10")]
pub struct BoundedDay(pub NaiveDate);

impl BoundedDay {
    /// Parses a date.
    pub fn parse(text: &str) -> Option<Self> {
        read_day(text).filter(|day| (1900..=2200).contains(&day.year())).map(BoundedDay)
    }
}

impl<'de> Deserialize<'de> for BoundedDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BoundedDay::parse(&text).ok_or_else(|| D::Error::invalid_type(Unexpected::Str(&text), &"a day"))
    }
}

impl From<BoundedDay> for NaiveDate {
    fn from(BoundedDay(day): BoundedDay) -> Self {
        day
    }
}
