//! Conversions between domain values and columns.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use serde::{Deserialize, Serialize};

use crate::domain::criteria::scoring::Totals;
use crate::domain::{Id, Points};
use crate::error::Error;

/// Returns the column text of an enum, which is its JSON text without the quotes.
pub fn enum_text<T: Serialize>(value: T) -> String {
    let json = serde_json::to_string(&value).unwrap_or_default();
    json.trim_matches('"').to_owned()
}

/// Parses an enum from its column text.
pub fn parse_enum<'de, T: Deserialize<'de>>(enum_text: &'de str) -> Result<T, Error> {
    let deserializer: value::StrDeserializer<'de, value::Error> = enum_text.into_deserializer();
    T::deserialize(deserializer).map_err(Error::internal)
}

/// Returns the column text of a structured value.
pub fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// Parses a structured value from its column text.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// Returns the instant in a column, which holds UTC.
pub fn utc(at: NaiveDateTime) -> DateTime<Utc> {
    at.and_utc()
}

/// Returns the instant in a nullable column.
pub fn utc_option(at: Option<NaiveDateTime>) -> Option<DateTime<Utc>> {
    at.map(|at| at.and_utc())
}

/// Returns the column value of an instant.
pub fn naive(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc()
}

/// Returns the column value of an optional instant.
pub fn naive_option(at: Option<DateTime<Utc>>) -> Option<NaiveDateTime> {
    at.map(|at| at.naive_utc())
}

/// Returns the column texts of ids.
pub fn id_texts(ids: &[Id]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// Returns the id in a column.
pub fn id(text: String) -> Id {
    Id::from_uuid_text(text)
}

/// Returns the id in a nullable column.
pub fn id_option(text: Option<String>) -> Option<Id> {
    text.map(Id::from_uuid_text)
}

/// Totals as four columns: base, bonus, penalty, and the points by which the fewest of the table raise their sum.
pub type TotalsColumns = (i64, i64, i64, i64);

/// Returns the totals in their columns.
pub fn totals_of((base, bonus, penalty, raised): TotalsColumns) -> Totals {
    let [base, bonus, penalty, raised] = [base, bonus, penalty, raised].map(Points::from_hundredths);
    Totals::raised_by(base, bonus, penalty, raised)
}

/// Returns the columns of totals.
pub fn totals_columns(totals: &Totals) -> TotalsColumns {
    let Totals { base, bonus, penalty, .. } = totals;
    (base.hundredths(), bonus.hundredths(), penalty.hundredths(), totals.raised().hundredths())
}

/// Returns the totals in columns of which base and bonus are NULL where there is no score yet.
pub fn totals((base, bonus): (Option<i64>, Option<i64>), (penalty, raised): (i64, i64)) -> Option<Totals> {
    Some(totals_of((base?, bonus?, penalty, raised)))
}
