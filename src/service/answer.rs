//! The response that an act produces.

use serde::Serialize;

use crate::error::Error;
use crate::store::idempotency::StoredResponse;

/// A response to be sent to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// URL of the new record.
    pub location: Option<String>,
    /// `ETag` of the representation.
    pub etag: Option<String>,
    /// The query of a list's next page.
    pub next: Option<String>,
    /// JSON; empty for 204.
    pub body: String,
    /// Whether it repeats the stored response to an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// Most bodies are shorter, so that writing one seldom moves it.
const EXPECTED_BYTES: usize = 4096;

impl Answer {
    /// A 200 response with a tag.
    ///
    /// # Errors
    /// `internal` when the view cannot be serialised.
    pub fn ok(view: &impl Serialize, etag: String) -> Result<Self, Error> {
        let mut body = Vec::with_capacity(EXPECTED_BYTES);
        serde_json::to_writer(&mut body, view).map_err(Error::internal)?;
        let body = String::from_utf8(body).map_err(Error::internal)?;
        Ok(Answer { status: 200, location: None, etag: Some(etag), next: None, body, replayed: false })
    }

    /// A 201 response with a tag and the new record's URL.
    ///
    /// # Errors
    /// `internal` when the view cannot be serialised.
    pub fn created(view: &impl Serialize, etag: String, location: String) -> Result<Self, Error> {
        Ok(Answer { status: 201, location: Some(location), ..Answer::ok(view, etag)? })
    }

    /// A 204 response.
    pub fn nothing() -> Self {
        Answer { status: 204, location: None, etag: None, next: None, body: String::new(), replayed: false }
    }
}

impl From<StoredResponse> for Answer {
    fn from(first: StoredResponse) -> Self {
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
