//! Days and instants as requests and answers write them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::time::{deserialize_day, instant, read_day};

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
    /// Reads a day.
    pub fn parse(text: &str) -> Option<Self> {
        read_day(text).map(Day)
    }
}

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
