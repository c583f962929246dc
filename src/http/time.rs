//! Days and instants as requests and answers write them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::time::instant;

/// An instant: RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2023-11-10T17:00:00.000Z")]
pub struct Instant(pub DateTime<Utc>);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&instant(self.0))
    }
}

/// A day that a request names: `YYYY-MM-DD`, within what both databases hold and an office can mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Date, example = "2023-11-10")]
pub struct Day(pub NaiveDate);

impl Day {
    /// Whether a text has the shape of a day: what reads days by itself takes other shapes too.
    pub fn has_shape(text: &str) -> bool {
        let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
        text.len() == 10 && text.bytes().enumerate().all(shape)
    }

    /// Reads a day.
    pub fn parse(text: &str) -> Option<Self> {
        let day: NaiveDate = Day::has_shape(text).then(|| text.parse().ok()).flatten()?;
        (1900..=2200).contains(&day.year()).then_some(Day(day))
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Day::parse(&text).ok_or_else(|| D::Error::invalid_type(Unexpected::Str(&text), &"a day"))
    }
}

impl From<Day> for NaiveDate {
    fn from(Day(day): Day) -> Self {
        day
    }
}
