//! The name that the service gives a record.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// The id of a record: `UUIDv7` text in lower case, made by the service.
// Its 36 ASCII characters: copied rather than cloned, and written without being formatted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = Uuid, example = "018b88d6-5f80-7000-8000-000000000001")]
pub struct Id([u8; Id::LENGTH]);

impl Id {
    const LENGTH: usize = 36;

    /// An id that no record has.
    pub const NIL: Id = Id(*b"00000000-0000-0000-0000-000000000000");

    /// Takes text that is known to be a UUID: made by the clock or read from a table. Text of another length,
    /// which no table holds, gives [`Id::NIL`].
    pub fn from_uuid_text(text: impl AsRef<str>) -> Self {
        text.as_ref().as_bytes().try_into().map_or(Id::NIL, Id)
    }

    /// Reads an id from outside: 36 characters, hexadecimal digits in groups of 8-4-4-4-12.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |(at, byte): (usize, &u8)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        let characters: [u8; Id::LENGTH] = text.as_bytes().try_into().ok()?;
        characters.iter().enumerate().all(fits).then(|| Id(characters.map(|byte| byte.to_ascii_lowercase())))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.as_str())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Id::parse(&text).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &"a UUID"))
    }
}

impl From<Id> for serde_json::Value {
    fn from(id: Id) -> Self {
        serde_json::Value::String(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_uuid_text_is_an_id() {
        assert!(Id::parse("018b88d6-5f80-7000-8000-000000000001").is_some());
        let upper = Id::parse("018B88D6-5F80-7000-8000-00000000000A");
        assert_eq!(upper.as_ref().map(Id::as_str), Some("018b88d6-5f80-7000-8000-00000000000a"));
        for bad in [
            "",
            "1",
            "018b88d6-5f80-7000-8000-00000000000",
            "018b88d6x5f80-7000-8000-000000000001",
            "018b88d6-5f80-7000-8000-00000000000g",
        ] {
            assert_eq!(Id::parse(bad), None, "{bad}");
        }
    }
}
