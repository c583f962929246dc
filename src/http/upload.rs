//! Files on their way in: `multipart/form-data`, part by part.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use futures_util::StreamExt;

use crate::domain::Id;
use crate::error::{Code, Error, Fault};
use crate::service::files::{Files, Stored};

/// How long a client may take to send a file.
const TIMEOUT: Duration = Duration::from_mins(5);

/// A file that was received and stored, and the name it came under.
#[derive(Debug, Clone)]
pub struct Received {
    /// The name it came under.
    pub name: String,
    /// Where and what it is.
    pub stored: Stored,
}

/// Receives the part `file` of a form and stores it as it arrives.
///
/// # Errors
/// `unsupported_media_type` for what is no form, `invalid_body` for one without a file or with other parts,
/// `request_timeout`, and those of [`Files::put`].
pub async fn receive(http: &HttpRequest, payload: Payload, files: &Files, id: &Id) -> Result<Received, Error> {
    tokio::time::timeout(TIMEOUT, parts(http, payload, files, id))
        .await
        .map_err(|_| Error::new(Code::RequestTimeout))?
}

async fn parts(http: &HttpRequest, payload: Payload, files: &Files, id: &Id) -> Result<Received, Error> {
    let broken = |problem: &str, field: &str| {
        let fault = Fault::at(format!("/{field}"), Code::InvalidBody).with("problem", problem);
        Error { faults: vec![fault], ..Error::new(Code::InvalidBody).with("problem", problem) }
    };
    let kind = http.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        return Err(Error::new(Code::UnsupportedMediaType));
    }
    let mut form = Multipart::new(http.headers(), payload);
    let mut received = None;
    while let Some(part) = form.next().await {
        let part = part.map_err(|_| broken("wrong_type", ""))?;
        let field = part.name().unwrap_or_default().to_owned();
        if field != "file" {
            return Err(broken("unknown_field", &field));
        }
        if received.is_some() {
            return Err(broken("duplicate_field", &field));
        }
        let given = part.content_disposition().and_then(|disposition| disposition.get_filename());
        let name = given.unwrap_or("file").rsplit(['/', '\\']).next().unwrap_or("file").to_owned();
        let chunks = part.map(|chunk| chunk.map_err(|_| Error::new(Code::MalformedJson)));
        received = Some(Received { name, stored: files.put(id, Box::pin(chunks)).await? });
    }
    received.ok_or_else(|| broken("missing_field", "file"))
}
