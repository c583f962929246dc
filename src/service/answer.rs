//! What an act answers.

use serde::Serialize;

use crate::error::Error;
use crate::store::idempotency::FirstAnswer;

/// What goes back to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where a new record is.
    pub location: Option<String>,
    /// The tag of what it shows.
    pub etag: Option<String>,
    /// The query of a list's next page.
    pub next: Option<String>,
    /// JSON; empty for 204.
    pub body: String,
    /// Whether this is a first answer again.
    pub replayed: bool,
}

impl Answer {
    /// 200 with a tag.
    ///
    /// # Errors
    /// When the view is no JSON.
    pub fn ok(view: &impl Serialize, etag: String) -> Result<Self, Error> {
        let body = serde_json::to_string(view).map_err(Error::internal)?;
        Ok(Answer { status: 200, location: None, etag: Some(etag), next: None, body, replayed: false })
    }

    /// 201 with a tag and the new record's place.
    ///
    /// # Errors
    /// When the view is no JSON.
    pub fn created(view: &impl Serialize, etag: String, location: String) -> Result<Self, Error> {
        Ok(Answer { status: 201, location: Some(location), ..Answer::ok(view, etag)? })
    }

    /// 204.
    pub fn nothing() -> Self {
        Answer { status: 204, location: None, etag: None, next: None, body: String::new(), replayed: false }
    }
}

impl From<FirstAnswer> for Answer {
    fn from(first: FirstAnswer) -> Self {
        Answer {
            status: first.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
            location: first.location,
            etag: first.etag,
            next: None,
            body: first.body.unwrap_or_default(),
            replayed: true,
        }
    }
}
