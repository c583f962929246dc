//! The name that the service gives a record.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The id of a record: `UUIDv7` text in lower case, made by the service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Uuid, example = "018b88d6-5f80-7000-8000-000000000001")]
pub struct Id(String);

impl Id {
    /// Takes text that is known to be a UUID: made by the clock room or read from a table.
    pub fn from_uuid_text(text: String) -> Self {
        Id(text)
    }

    /// Reads an id from outside: 36 characters, hexadecimal digits in groups of 8-4-4-4-12.
    pub fn parse(text: &str) -> Option<Self> {
        let shape = |(at, byte): (usize, u8)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        let fits = text.len() == 36 && text.bytes().enumerate().all(shape);
        fits.then(|| Id(text.to_ascii_lowercase()))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Id> for serde_json::Value {
    fn from(id: Id) -> Self {
        serde_json::Value::String(id.0)
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
