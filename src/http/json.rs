//! A strict JSON reader: no unknown or repeated fields, no arrays in place of objects, and no loss of digits.
//!
//! `serde_json` alone accepts an array for a struct and keeps the last of two equal keys, so the text is parsed into a
//! tree first, which is then deserialised.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::points::DIGITS;
use crate::error::{Code, Error, Fault};

/// An object with arbitrary fields.
pub struct AnyObject;

impl PartialSchema for AnyObject {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(SchemaType::new(Type::Object));
        object.additional_properties(Some(AdditionalProperties::FreeForm(true))).into()
    }
}

impl ToSchema for AnyObject {}

/// Deepest nesting of a body.
const MAX_DEPTH: usize = 24;

/// A JSON value without loss. Its texts borrow from the body unless they contain escapes.
#[derive(Debug)]
enum Node<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Text<'a>),
    List(Vec<Node<'a>>),
    Object(Vec<(Text<'a>, Node<'a>)>),
}

/// Parses a body.
///
/// # Errors
/// `malformed_json` for anything but JSON; `invalid_body` with the place of the first mismatch; `points_precision` and
/// `points_out_of_range` for invalid points.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::new(Code::MalformedJson))?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Error::new(Code::MalformedJson))?;
    let node = tree(raw.get(), &Place::Root)?;
    // After a failure it is read once more, to find the place.
    T::deserialize(&node).or_else(|_| serde_path_to_error::deserialize(&node)).map_err(|error| {
        let pointer = pointer(error.path());
        match error.into_inner() {
            ReadError::Number(code) => Error::of_fault(Fault::at(pointer, code)),
            error @ (ReadError::WrongType
            | ReadError::UnknownField
            | ReadError::UnknownValue
            | ReadError::Missing(_)) => invalid(&pointer, error.problem(), error.field()),
        }
    })
}

/// Returns `invalid_body` at a place.
pub fn invalid(place: &str, problem: &str, field: Option<&str>) -> Error {
    // For a missing field, the pointer names where it should be.
    let below = field.map(|field| format!("/{}", escaped(field))).unwrap_or_default();
    let pointer = format!("{place}{below}");
    Error::of_fault(Fault::at(pointer, Code::InvalidBody).with("problem", problem))
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

/// The place of a value, formatted only for an error.
enum Place<'a> {
    Root,
    Item(&'a Place<'a>, usize),
    Field(&'a Place<'a>, &'a str),
}

impl Place<'_> {
    const fn depth(&self) -> usize {
        match self {
            Place::Root => 0,
            Place::Item(above, _) | Place::Field(above, _) => above.depth() + 1,
        }
    }

    fn pointer(&self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Item(above, at) => format!("{}/{at}", above.pointer()),
            Place::Field(above, key) => format!("{}/{}", above.pointer(), escaped(key)),
        }
    }
}

/// Parses the tree level by level.
fn tree<'a>(raw: &'a str, place: &Place) -> Result<Node<'a>, Error> {
    let malformed = |_| Error::new(Code::MalformedJson);
    if place.depth() > MAX_DEPTH {
        return Err(invalid(&place.pointer(), "too_deep", None));
    }
    match raw.as_bytes().first() {
        Some(b'n') => Ok(Node::Null),
        Some(b't') => Ok(Node::Bool(true)),
        Some(b'f') => Ok(Node::Bool(false)),
        Some(b'"') => serde_json::from_str(raw).map(Node::Text).map_err(malformed),
        Some(b'[') => {
            let items: Vec<&'a RawValue> = serde_json::from_str(raw).map_err(malformed)?;
            let within = |(at, item): (usize, &&'a RawValue)| tree(item.get(), &Place::Item(place, at));
            items.iter().enumerate().map(within).collect::<Result<_, _>>().map(Node::List)
        }
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(raw).map_err(malformed)?;
            if let Some(key) = repeated(&fields) {
                return Err(invalid(&place.pointer(), "duplicate_field", Some(key)));
            }
            let within = |(key, value): (Text<'a>, &'a RawValue)| {
                let place = Place::Field(place, &key.0);
                let node = tree(value.get(), &place)?;
                Ok((key, node))
            };
            fields.into_iter().map(within).collect::<Result<_, Error>>().map(Node::Object)
        }
        Some(_) => Ok(Node::Number(raw)),
        None => Err(Error::new(Code::MalformedJson)),
    }
}

/// Returns a key that occurs twice.
fn repeated<'a>(fields: &'a [(Text, &RawValue)]) -> Option<&'a str> {
    let mut keys: Vec<&str> = fields.iter().map(|(key, _)| &*key.0).collect();
    keys.sort_unstable();
    keys.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())?)
}

/// A text in the body.
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> de::Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Take;
        impl<'de> Visitor<'de> for Take {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Take)
    }
}

/// The fields of an object in order, including repeated ones.
struct Fields<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> de::Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Why a tree does not match a type. Does not reveal the name of the type.
#[derive(Debug)]
enum ReadError {
    WrongType,
    UnknownField,
    UnknownValue,
    Missing(&'static str),
    Number(Code),
}

impl ReadError {
    const fn problem(&self) -> &'static str {
        match self {
            ReadError::WrongType | ReadError::Number(_) => "wrong_type",
            ReadError::UnknownField => "unknown_field",
            ReadError::UnknownValue => "unknown_value",
            ReadError::Missing(_) => "missing_field",
        }
    }

    const fn field(&self) -> Option<&'static str> {
        match self {
            ReadError::Missing(field) => Some(field),
            ReadError::WrongType | ReadError::UnknownField | ReadError::UnknownValue | ReadError::Number(_) => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.problem())
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let of_numbers = [Code::PointsPrecision, Code::PointsOutOfRange, Code::NumberPrecision, Code::NumberOutOfRange];
        let code = of_numbers.into_iter().find(|code| code.row().code == message);
        code.map_or(ReadError::WrongType, ReadError::Number)
    }

    fn invalid_type(_: de::Unexpected, _: &dyn de::Expected) -> Self {
        ReadError::WrongType
    }

    fn invalid_value(_: de::Unexpected, _: &dyn de::Expected) -> Self {
        ReadError::UnknownValue
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        ReadError::UnknownValue
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        ReadError::UnknownField
    }

    fn missing_field(field: &'static str) -> Self {
        ReadError::Missing(field)
    }
}

impl<'de> Deserializer<'de> for &'de Node<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(digits) => match (digits.parse::<i64>(), digits.parse::<f64>()) {
                (Ok(number), _) => visitor.visit_i64(number),
                (Err(_), Ok(number)) => visitor.visit_f64(number),
                (Err(_), Err(_)) => Err(ReadError::WrongType),
            },
            Node::Text(text) => visitor.visit_borrowed_str(&text.0),
            Node::List(items) => visitor.visit_seq(Items(items.iter())),
            Node::Object(fields) => visitor.visit_map(Entries { fields: fields.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if let Node::Null = self { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Accepts only an object; `serde_json` would also accept an array of the values.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if let Node::Object(_) = self { self.deserialize_any(visitor) } else { Err(ReadError::WrongType) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name != DIGITS {
            return visitor.visit_newtype_struct(self);
        }
        if let Node::Number(digits) = self { visitor.visit_str(digits) } else { Err(ReadError::WrongType) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let Node::Text(text) = self else {
            return Err(ReadError::WrongType);
        };
        visitor.visit_enum((&*text.0).into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'de, 'a>(std::slice::Iter<'de, Node<'a>>);

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = ReadError;
    fn next_element_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Entries<'de, 'a> {
    fields: std::slice::Iter<'de, (Text<'a>, Node<'a>)>,
    value: Option<&'de Node<'a>>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = ReadError;
    fn next_key_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let Some((key, value)) = self.fields.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize((&*key.0).into_deserializer()).map(Some)
    }
    fn next_value_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        seed.deserialize(self.value.take().ok_or(ReadError::WrongType)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::criteria::criteria_set::Part;
    use crate::domain::points::Decimal;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Body {
        name: String,
        #[serde(default)]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Line {
        points: Option<Decimal>,
        kind: Option<crate::domain::office::unit::UnitKind>,
    }

    #[test]
    fn each_misfit_has_its_place() {
        let table = [
            (r#"{"name":"a""#, Code::MalformedJson, None),
            (r#"{"name":NaN}"#, Code::MalformedJson, None),
            ("", Code::MalformedJson, None),
            (r#"{"name":"a"} x"#, Code::MalformedJson, None),
            (r#"["a"]"#, Code::InvalidBody, Some(("", "wrong_type"))),
            ("{}", Code::InvalidBody, Some(("/name", "missing_field"))),
            (r#"{"name":1}"#, Code::InvalidBody, Some(("/name", "wrong_type"))),
            (r#"{"name":"a","naem":1}"#, Code::InvalidBody, Some(("/naem", "unknown_field"))),
            (r#"{"name":"a","name":"b"}"#, Code::InvalidBody, Some(("/name", "duplicate_field"))),
            (r#"{"name":"a","lines":[{},[1]]}"#, Code::InvalidBody, Some(("/lines/1", "wrong_type"))),
            (r#"{"name":"a","lines":[{"points":"1"}]}"#, Code::InvalidBody, Some(("/lines/0/points", "wrong_type"))),
            (r#"{"name":"a","lines":[{"kind":"choir"}]}"#, Code::InvalidBody, Some(("/lines/0/kind", "unknown_value"))),
            (
                r#"{"name":"a","lines":[{"points":1,"points":1}]}"#,
                Code::InvalidBody,
                Some(("/lines/0/points", "duplicate_field")),
            ),
        ];
        for (json, code, place) in table {
            let error = read::<Body>(json.as_bytes()).unwrap_err();
            assert_eq!(error.code, code, "{json}");
            let found =
                error.faults.first().map(|fault| (fault.pointer.as_str(), fault.params["problem"].as_str().unwrap()));
            assert_eq!(found, place, "{json}");
        }
    }

    #[test]
    fn a_mistake_within_a_rule_has_its_own_place() {
        for (rule, code, place) in [
            (r#"{"type":"levels"}"#, Code::InvalidBody, "/rule/levels"),
            (r#"{"type":"levels","levels":[{"code":"a"}]}"#, Code::InvalidBody, "/rule/levels/0/title"),
            (
                r#"{"type":"rank_bands","bands":[{"from":-1,"to":2,"points":1}]}"#,
                Code::InvalidBody,
                "/rule/bands/0/from",
            ),
            (r#"{"type":"manual","step":0.10000000000000000001}"#, Code::PointsPrecision, "/rule/step"),
            (r#"{"type":"target_ratio","target":-1}"#, Code::NumberOutOfRange, "/rule/target"),
            (r#"{"type":"manual","levels":[]}"#, Code::InvalidBody, "/rule"),
            (r#"{"type":"manual","stride":1}"#, Code::InvalidBody, "/rule/stride"),
            (r#"{"type":"guess"}"#, Code::InvalidBody, "/rule/type"),
            (r#"{"step":1}"#, Code::InvalidBody, "/rule/type"),
            (r#"["manual"]"#, Code::InvalidBody, "/rule"),
        ] {
            let node = format!(r#"{{"code":"A.1","title":"a","max_points":10,"rule":{rule}}}"#);
            let error = read::<crate::domain::criteria::criteria_set::Node>(node.as_bytes()).unwrap_err();
            assert_eq!((error.code, error.faults[0].pointer.as_str()), (code, place), "{rule}");
        }
    }

    #[test]
    fn escapes_are_read_in_texts_and_in_keys() {
        let body: Body = read(r#"{"n\u0061me":"Ph\u00f2ng \"TH\""}"#.as_bytes()).unwrap();
        assert_eq!(body.name, "Phòng \"TH\"");
        let twice = read::<Body>(r#"{"name":"a","n\u0061me":"b"}"#.as_bytes()).unwrap_err();
        assert_eq!(twice.faults[0].pointer, "/name");
    }

    #[test]
    fn digits_come_through_and_nesting_ends() {
        let line: Line = read(br#"{"points":0.10000000000000000001}"#).unwrap();
        assert_eq!(line.points.unwrap().points(), Err(Code::PointsPrecision));
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(read::<Vec<Line>>(deep.as_bytes()).unwrap_err().code, Code::InvalidBody);
        let part =
            read::<Part>(br#"{"code":"A","title":"a","kind":"base","max_points":1.005,"children":[]}"#).unwrap_err();
        assert_eq!((part.code, part.faults[0].pointer.as_str()), (Code::PointsPrecision, "/max_points"));
    }
}
