//! JSON as strict as the document says: no unknown or repeated field, no array for an object, every digit kept.
//!
//! `serde_json` alone takes an array for a struct and keeps the last of two equal keys,
//! so the text becomes a tree of our own first, and the tree is read by types.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::points::DIGITS;
use crate::error::{Code, Error, Fault};

/// The deepest nesting of a body.
const MAX_DEPTH: usize = 24;

/// A JSON value that lost nothing.
#[derive(Debug)]
enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Reads a body.
///
/// # Errors
/// `malformed_json` for what is no JSON, `invalid_body` with the place of the first thing that does not fit,
/// `points_precision` and `points_out_of_range` for points that are none.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::new(Code::MalformedJson))?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Error::new(Code::MalformedJson))?;
    let node = tree(raw.get(), 0, "")?;
    serde_path_to_error::deserialize(&node).map_err(|error| {
        let pointer = pointer(error.path());
        match error.into_inner() {
            Misfit::Points(code) => Error { faults: vec![Fault::at(pointer, code)], ..Error::new(code) },
            misfit => invalid(&pointer, misfit.problem(), misfit.field()),
        }
    })
}

fn invalid(place: &str, problem: &str, field: Option<&str>) -> Error {
    // A field that is missing has no place of its own: the pointer names where it should be.
    let below = field.map(|field| format!("/{}", escaped(field))).unwrap_or_default();
    let pointer = format!("{place}{below}");
    let fault = Fault::at(pointer, Code::InvalidBody).with("problem", problem);
    Error { faults: vec![fault], ..Error::new(Code::InvalidBody).with("problem", problem) }
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

/// Makes the tree level by level; `place` is where this value stands.
fn tree(raw: &str, depth: usize, place: &str) -> Result<Node, Error> {
    let malformed = |_| Error::new(Code::MalformedJson);
    if depth > MAX_DEPTH {
        return Err(invalid(place, "too_deep", None));
    }
    match raw.as_bytes().first() {
        Some(b'n') => Ok(Node::Null),
        Some(b't') => Ok(Node::Bool(true)),
        Some(b'f') => Ok(Node::Bool(false)),
        Some(b'"') => serde_json::from_str(raw).map(Node::Text).map_err(malformed),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(malformed)?;
            let within = |(at, item): (usize, &&RawValue)| child(place, &at.to_string(), item, depth);
            items.iter().enumerate().map(within).collect::<Result<_, _>>().map(Node::List)
        }
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(raw).map_err(malformed)?;
            let mut seen = HashSet::new();
            if let Some((key, _)) = fields.iter().find(|(key, _)| !seen.insert(key.as_str())) {
                return Err(invalid(place, "duplicate_field", Some(key)));
            }
            let within =
                |(key, value): (String, &RawValue)| Ok((key.clone(), child(place, &escaped(&key), value, depth)?));
            fields.into_iter().map(within).collect::<Result<_, Error>>().map(Node::Object)
        }
        Some(_) => Ok(Node::Number(raw.to_owned())),
        None => Err(Error::new(Code::MalformedJson)),
    }
}

fn child(place: &str, segment: &str, raw: &RawValue, depth: usize) -> Result<Node, Error> {
    tree(raw.get(), depth + 1, &format!("{place}/{segment}"))
}

/// An object's fields in order, repeated ones included.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

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

/// Why a tree does not fit a type; says nothing of the type's own name.
#[derive(Debug)]
enum Misfit {
    WrongType,
    UnknownField,
    UnknownValue,
    Missing(&'static str),
    Points(Code),
}

impl Misfit {
    const fn problem(&self) -> &'static str {
        match self {
            Misfit::WrongType | Misfit::Points(_) => "wrong_type",
            Misfit::UnknownField => "unknown_field",
            Misfit::UnknownValue => "unknown_value",
            Misfit::Missing(_) => "missing_field",
        }
    }

    const fn field(&self) -> Option<&'static str> {
        match self {
            Misfit::Missing(field) => Some(field),
            _ => None,
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.problem())
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let of_points = [Code::PointsPrecision, Code::PointsOutOfRange];
        let code = of_points.into_iter().find(|code| code.row().code == message);
        code.map_or(Misfit::WrongType, Misfit::Points)
    }

    fn invalid_type(_: de::Unexpected, _: &dyn de::Expected) -> Self {
        Misfit::WrongType
    }

    fn invalid_value(_: de::Unexpected, _: &dyn de::Expected) -> Self {
        Misfit::UnknownValue
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Misfit::UnknownValue
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Misfit::UnknownField
    }

    fn missing_field(field: &'static str) -> Self {
        Misfit::Missing(field)
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(digits) => match (digits.parse::<i64>(), digits.parse::<f64>()) {
                (Ok(number), _) => visitor.visit_i64(number),
                (Err(_), Ok(number)) => visitor.visit_f64(number),
                (Err(_), Err(_)) => Err(Misfit::WrongType),
            },
            Node::Text(text) => visitor.visit_borrowed_str(text),
            Node::List(items) => visitor.visit_seq(Items(items.iter())),
            Node::Object(fields) => visitor.visit_map(Entries { fields: fields.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// An object is an object: a list of its fields' values is none.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Node::Object(_) => self.deserialize_any(visitor),
            _ => Err(Misfit::WrongType),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Node::Number(digits) if name == DIGITS => visitor.visit_str(digits),
            _ if name == DIGITS => Err(Misfit::WrongType),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Node::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(Misfit::WrongType),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;
    fn next_element_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Entries<'de> {
    fields: std::slice::Iter<'de, (String, Node)>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Misfit;
    fn next_key_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some((key, value)) = self.fields.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }
    fn next_value_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        seed.deserialize(self.value.take().ok_or(Misfit::WrongType)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::criteria::Part;
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
        kind: Option<crate::domain::unit::UnitKind>,
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
