//! Query strings, read into the types that document them.
//!
//! A query is a struct that derives `Deserialize`, `Default` and `IntoParams`, so that it documents exactly what it
//! reads. A vector accepts several values, separated by commas or given as repeated parameters.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::domain::text::is_override;
use crate::error::{Code, Error};

/// The parameters of a query. Those that no type has read are unknown.
#[derive(Debug, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
    asked: Vec<(String, String)>,
    fault: Option<Error>,
}

impl Query {
    /// Parses a query string. A control character or a direction override is in no value that this service knows, and PostgreSQL takes no
    /// text with a NUL, so that a value with one is a fault and counts as absent.
    pub fn parse(text: &str) -> Self {
        let Ok(asked) = serde_urlencoded::from_str::<Vec<(String, String)>>(text) else {
            return Query { fault: Some(invalid("?")), ..Query::default() };
        };
        // A cursor has a fault of its own, and is decoded before it is used.
        let is_invisible = |c: char| c.is_control() || is_override(c);
        let is_unreadable = |(name, value): &(String, String)| name != "cursor" && value.contains(is_invisible);
        let (unreadable, pairs): (Vec<_>, Vec<_>) = asked.iter().cloned().partition(is_unreadable);
        let fault = unreadable.first().map(|(name, _)| invalid(name));
        Query { pairs, asked, fault }
    }

    /// Returns the whole query as it was sent.
    pub fn asked(&self) -> &[(String, String)] {
        &self.asked
    }

    /// Takes the fields of `T` out of the query. A value that does not match counts as absent and is recorded as a
    /// fault, which is reported after authorisation.
    pub fn take<T: DeserializeOwned + Default>(&mut self) -> T {
        loop {
            let mut pairs = self.pairs.clone();
            match T::deserialize(Pairs(&mut pairs)) {
                Ok(read) => {
                    self.pairs = pairs;
                    return read;
                }
                Err(ReadError::Value(name)) => {
                    self.pairs.retain(|(known, _)| known != name);
                    self.refuse(name);
                }
                Err(ReadError::Unnamed) => return T::default(),
            }
        }
    }

    /// Records an invalid parameter.
    pub fn refuse(&mut self, name: &str) {
        self.fault.get_or_insert_with(|| invalid(name));
    }

    /// Records a fault with another code.
    pub fn fail(&mut self, code: Code) {
        self.fault.get_or_insert_with(|| Error::new(code));
    }

    /// Returns the fault of the query, once every type has read its parameters.
    pub fn leftover(&mut self) -> Option<Error> {
        let unknown =
            self.pairs.first().map(|(name, _)| Error::new(Code::UnknownParameter).with("name", name.as_str()));
        unknown.or_else(|| self.fault.take())
    }
}

fn invalid(name: &str) -> Error {
    Error::new(Code::InvalidParameter).with("name", name)
}

/// Why a query does not match a type.
#[derive(Debug)]
enum ReadError {
    /// The value of the named parameter does not match.
    Value(&'static str),
    /// A value does not match; its parameter is not known yet.
    Unnamed,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("does not fit")
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        ReadError::Unnamed
    }
}

/// A query, deserialised as a struct.
struct Pairs<'a>(&'a mut Vec<(String, String)>);

impl<'de> Deserializer<'de> for Pairs<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ReadError> {
        Err(ReadError::Unnamed)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_map(Fields { pairs: self.0, fields: fields.iter(), field: "" })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The fields of the struct that occur in the query.
struct Fields<'a> {
    pairs: &'a mut Vec<(String, String)>,
    fields: std::slice::Iter<'static, &'static str>,
    field: &'static str,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = ReadError;

    fn next_key_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let given = self.fields.find(|field| self.pairs.iter().any(|(name, _)| name == *field));
        let Some(field) = given else {
            return Ok(None);
        };
        self.field = field;
        seed.deserialize((*field).into_deserializer()).map(Some)
    }

    fn next_value_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        seed.deserialize(Given { pairs: self.pairs, field: self.field }).map_err(|_| ReadError::Value(self.field))
    }
}

/// The values given for a field.
struct Given<'a> {
    pairs: &'a mut Vec<(String, String)>,
    field: &'static str,
}

impl Given<'_> {
    /// Returns the first value. A second one is left over and reported as unknown.
    fn first(self) -> Scalar {
        let at = self.pairs.iter().position(|(name, _)| name == self.field);
        Scalar(at.map(|at| self.pairs.remove(at).1).unwrap_or_default())
    }
}

impl<'de> Deserializer<'de> for Given<'_> {
    type Error = ReadError;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let given = self.pairs.extract_if(.., |(name, _)| name == self.field);
        let values: Vec<String> =
            given.flat_map(|(_, text)| text.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
        visitor.visit_seq(Values(values.into_iter()))
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.first().deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.first().deserialize_bool(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.first().deserialize_i32(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.first().deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.first().deserialize_u32(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.first().deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

struct Values(std::vec::IntoIter<String>);

impl<'de> SeqAccess<'de> for Values {
    type Error = ReadError;

    fn next_element_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        self.0.next().map(|value| seed.deserialize(Scalar(value))).transpose()
    }
}

/// A single value.
struct Scalar(String);

impl Scalar {
    fn parse<T: std::str::FromStr>(&self) -> Result<T, ReadError> {
        self.0.parse().map_err(|_| ReadError::Unnamed)
    }
}

impl<'de> Deserializer<'de> for Scalar {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_string(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_bool(self.parse()?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_i32(self.parse()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_i64(self.parse()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u32(self.parse()?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let variant: StringDeserializer<ReadError> = self.0.into_deserializer();
        variant.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::domain::Id;
    use crate::domain::office::unit::UnitKind;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Read {
        active: Option<bool>,
        unit_id: Option<Id>,
        kind: Option<Vec<UnitKind>>,
        year: Option<Vec<i32>>,
    }

    fn read(text: &str) -> (Read, Option<(Code, String)>) {
        let mut query = Query::parse(text);
        let read = query.take();
        let fault = query.leftover();
        (read, fault.map(|error| (error.code, error.params["name"].as_str().unwrap().to_owned())))
    }

    #[test]
    fn a_vector_takes_commas_and_repetition() {
        let years = |text: &str| read(text).0.year;
        assert_eq!(years("year=2023,2024"), Some(vec![2023, 2024]));
        assert_eq!(years("year=2023&year=2024"), Some(vec![2023, 2024]));
        assert_eq!(read("kind=centre").0.kind, Some(vec![UnitKind::Centre]));
        assert_eq!(read("").0, Read::default());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let table = [
            ("active=yes", Code::InvalidParameter, "active"),
            ("unit_id=1", Code::InvalidParameter, "unit_id"),
            ("kind=centre,choir", Code::InvalidParameter, "kind"),
            ("year=2023,", Code::InvalidParameter, "year"),
            ("colour=red", Code::UnknownParameter, "colour"),
            ("active=true&active=false", Code::UnknownParameter, "active"),
        ];
        for (text, code, name) in table {
            assert_eq!(read(text).1, Some((code, name.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_fits_is_read_beside_what_does_not() {
        let (read, fault) = read("year=x&active=true");
        assert_eq!((read.active, read.year), (Some(true), None));
        assert!(fault.is_some());
    }
}
