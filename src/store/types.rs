//! Between domain values and columns.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use serde::{Deserialize, Serialize};

use crate::domain::criteria::scoring::Totals;
use crate::domain::{Id, Points};
use crate::error::Error;

/// A state or kind as its column holds it: the word that JSON would hold.
pub fn word<T: Serialize>(value: T) -> String {
    let json = serde_json::to_string(&value).unwrap_or_default();
    json.trim_matches('"').to_owned()
}

/// A state or kind from its column.
pub fn from_word<'de, T: Deserialize<'de>>(word: &'de str) -> Result<T, Error> {
    let deserializer: value::StrDeserializer<'de, value::Error> = word.into_deserializer();
    T::deserialize(deserializer).map_err(Error::internal)
}

/// A list or tree as its column holds it.
pub fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// A list or tree from its column.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// An instant from its column, which is UTC.
pub fn utc(at: NaiveDateTime) -> DateTime<Utc> {
    at.and_utc()
}

/// The same, where there may be none.
pub fn utc_option(at: Option<NaiveDateTime>) -> Option<DateTime<Utc>> {
    at.map(|at| at.and_utc())
}

/// An instant as its column holds it.
pub fn naive(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc()
}

/// The same, where there may be none.
pub fn naive_option(at: Option<DateTime<Utc>>) -> Option<NaiveDateTime> {
    at.map(|at| at.naive_utc())
}

/// Ids as a list of binds.
pub fn texts(ids: &[Id]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// An id from its column.
pub fn id(text: String) -> Id {
    Id::from_uuid_text(text)
}

/// The same, where there may be none.
pub fn id_option(text: Option<String>) -> Option<Id> {
    text.map(Id::from_uuid_text)
}

/// Totals from their two columns.
pub fn totals(base: Option<i64>, bonus: Option<i64>) -> Option<Totals> {
    Some(Totals::new(Points::from_hundredths(base?), Points::from_hundredths(bonus?)))
}
