//! Uploads: `multipart/form-data`, read part by part.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{State, json};
use crate::domain::Id;
use crate::error::{Code, Error, Fault};
use crate::service::files::{Files, ReceivedFile};
use crate::service::sha256_hex;

/// How long a client may take to send a file.
const TIMEOUT: Duration = Duration::from_mins(5);
/// How long a client may send nothing at all.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest text field beside a file, in bytes.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// The bytes of a file as they arrive.
type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>>;

/// A received form.
#[derive(Debug)]
pub struct Form<T> {
    texts: BTreeMap<String, String>,
    /// Name of the file.
    pub name: String,
    /// The received file.
    pub file: T,
}

impl<T> Form<T> {
    /// Deserialises the text fields.
    ///
    /// # Errors
    /// `invalid_body` with the place.
    pub fn read<V: DeserializeOwned>(&self) -> Result<V, Error> {
        let object: Value = self.texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
        json::read(object.to_string().as_bytes())
    }

    fn digest_of(&self, sha256: &str) -> String {
        format!("{:?}{:?}{sha256}", self.texts, self.name)
    }
}

impl Form<ReceivedFile> {
    /// Returns the content of the form, for the digest of the request.
    pub fn digest(&self) -> String {
        self.digest_of(&self.file.stored.sha256)
    }
}

impl Form<Bytes> {
    /// Returns the content of the form, for the digest of the request.
    pub fn digest(&self) -> String {
        self.digest_of(&sha256_hex(&self.file))
    }
}

/// Whether the request is a form.
pub fn is_form(http: &HttpRequest) -> bool {
    let kind = http.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
}

/// Receives a form of the `known` text fields and one `file`, which is stored as it arrives. `check` sees each text
/// field before anything after it is read.
///
/// # Errors
/// `unsupported_media_type` for anything but a form, `invalid_body` for a form without a file or with other fields,
/// `request_timeout`, the errors of `check` and those of [`Files::receive`]. Nothing of a rejected form is kept.
pub async fn receive(
    http: &HttpRequest,
    payload: Payload,
    files: &Files,
    id: &Id,
    known: &[&str],
    check: impl Fn(&str, &str) -> Result<(), Error>,
) -> Result<Form<ReceivedFile>, Error> {
    let store = async |chunks: Chunks| files.receive(id, chunks).await;
    match form(http, payload, known, check, store).await {
        Ok(form) => Ok(form),
        Err((error, None)) => Err(error),
        Err((error, Some(arrived))) => {
            files.discard(&arrived).await;
            Err(error)
        }
    }
}

/// Receives a form whose file, of at most `max` bytes, is kept in memory.
///
/// # Errors
/// Those of [`receive`]; `file_too_large`.
pub async fn receive_whole(
    http: &HttpRequest,
    payload: Payload,
    max: usize,
    known: &[&str],
) -> Result<Form<Bytes>, Error> {
    let collect = async |mut chunks: Chunks| {
        let mut whole = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            whole.extend_from_slice(&chunk?);
            if whole.len() > max {
                return Err(Error::new(Code::FileTooLarge).with("max_bytes", max));
            }
        }
        Ok(whole.freeze())
    };
    form(http, payload, known, |_, _| Ok(()), collect).await.map_err(|(error, _)| error)
}

/// Receives a form. An error comes with what was received of the file so far.
async fn form<T>(
    http: &HttpRequest,
    payload: Payload,
    known: &[&str],
    check: impl Fn(&str, &str) -> Result<(), Error>,
    take: impl AsyncFn(Chunks) -> Result<T, Error>,
) -> Result<Form<T>, (Error, Option<T>)> {
    if !is_form(http) {
        return Err((Error::new(Code::UnsupportedMediaType), None));
    }
    let state = http.app_data::<web::Data<State>>().ok_or_else(|| (Error::internal("a server without state"), None))?;
    let _permit = state.uploads.try_acquire().map_err(|_| (Error::new(Code::Busy), None))?;
    let stalled = Rc::new(Cell::new(false));
    let mut multipart = Multipart::new(http.headers(), moving(payload, Rc::clone(&stalled)));
    let mut file = None;
    let read = parts(&mut multipart, known, check, take, &mut file);
    let texts = tokio::time::timeout(TIMEOUT, read).await.unwrap_or_else(|_| Err(Error::new(Code::RequestTimeout)));
    match (texts, file) {
        (Ok(texts), Some((name, file))) => Ok(Form { texts, name, file }),
        (Ok(_), None) => Err((broken("missing_field", "file"), None)),
        (Err(_), file) if stalled.get() => Err((Error::new(Code::RequestTimeout), file.map(|(_, file)| file))),
        (Err(error), file) => Err((error, file.map(|(_, file)| file))),
    }
}

/// Wraps a payload so that it breaks off if nothing arrives for a while.
fn moving(payload: Payload, stalled: Rc<Cell<bool>>) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    futures_util::stream::unfold(payload, move |mut payload| {
        let stalled = Rc::clone(&stalled);
        async move {
            let Ok(chunk) = tokio::time::timeout(STALL_TIMEOUT, payload.next()).await else {
                stalled.set(true);
                return Some((Err(PayloadError::Incomplete(None)), payload));
            };
            chunk.map(|chunk| (chunk, payload))
        }
    })
    // The reader asks once more after the end.
    .fuse()
}

fn broken(problem: &str, field: &str) -> Error {
    json::invalid("", problem, Some(field))
}

async fn parts<T>(
    multipart: &mut Multipart,
    known: &[&str],
    check: impl Fn(&str, &str) -> Result<(), Error>,
    take: impl AsyncFn(Chunks) -> Result<T, Error>,
    file: &mut Option<(String, T)>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut texts = BTreeMap::new();
    while let Some(part) = multipart.next().await {
        let part = part.map_err(|_| broken("wrong_type", ""))?;
        let field = part.name().unwrap_or_default().to_owned();
        if file.is_some() && field == "file" || texts.contains_key(&field) {
            return Err(broken("duplicate_field", &field));
        }
        if field == "file" {
            let name = file_name(&part);
            let chunks = part.map(|chunk| chunk.map_err(|_| broken("wrong_type", "file")));
            *file = Some((name, take(Box::pin(chunks)).await?));
        } else if known.contains(&field.as_str()) {
            let text = text(part, &field).await?;
            check(&field, &text)?;
            texts.insert(field, text);
        } else {
            return Err(broken("unknown_field", &field));
        }
    }
    Ok(texts)
}

fn file_name(part: &Field) -> String {
    let given = part.content_disposition().and_then(|disposition| disposition.get_filename());
    given.unwrap_or("file").rsplit(['/', '\\']).next().unwrap_or("file").to_owned()
}

async fn text(mut part: Field, field: &str) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| broken("wrong_type", field))?);
        if bytes.len() > MAX_TEXT_BYTES {
            let fault = Fault::at(format!("/{field}"), Code::TextTooLong).with("max", MAX_TEXT_BYTES);
            return Err(Error::of_fault(fault));
        }
    }
    String::from_utf8(bytes).map_err(|_| broken("wrong_type", field))
}
