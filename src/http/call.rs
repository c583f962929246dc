//! Receiving an authenticated request, and answering it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::page::{Asked, InOrder, Sort, next_link};
use super::problem::{Problem, identified, request_id};
use super::query::Query;
use super::{State, json};
use crate::domain::Id;
use crate::domain::page::SortKey;
use crate::error::{Code, Error};
use crate::service::{self, Answer, Caller, Conditions, Conn, Context, Input, Interrupt, Request, sha256_hex, tag};

/// Largest body of a request other than an upload, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a client may take to send the body.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest idempotency key, in characters.
const MAX_KEY: usize = 255;

/// The result of a handler.
pub type Reply = Result<HttpResponse, Problem>;

/// A request of an authenticated caller, with its body received.
pub struct Call {
    http: HttpRequest,
    state: web::Data<State>,
    body: Bytes,
    request: Request,
    query: Query,
    /// Whether the response contains a secret.
    is_secret: bool,
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, payload) = (http.clone(), payload.take());
        Box::pin(async move { Call::receive(&http, payload).await })
    }
}

fn too_large() -> Error {
    Error::new(Code::BodyTooLarge).with("max_bytes", MAX_BODY_BYTES)
}

/// Returns the announced length of a body that is no upload.
fn announced_length(http: &HttpRequest) -> Result<Option<usize>, Error> {
    let announced =
        http.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) { Err(too_large()) } else { Ok(announced) }
}

/// Receives a body of limited size within a limited time.
///
/// # Errors
/// `body_too_large`, `request_timeout`; `malformed_json` for an interrupted body.
pub async fn receive(http: &HttpRequest, mut payload: Payload) -> Result<Bytes, Error> {
    let announced = announced_length(http)?;
    let all = async {
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Error::new(Code::MalformedJson))?;
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(BODY_TIMEOUT, all).await.map_err(|_| Error::new(Code::RequestTimeout))?
}

fn text<'a>(http: &'a HttpRequest, name: &header::HeaderName) -> Option<&'a str> {
    http.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Returns the state of the server and who calls, by the bearer token.
///
/// # Errors
/// `token_missing`, `token_invalid`, `token_expired`, `provider_unavailable`.
pub async fn authenticate(http: &HttpRequest) -> Result<(web::Data<State>, Caller), Error> {
    let state =
        http.app_data::<web::Data<State>>().cloned().ok_or_else(|| Error::internal("a server without state"))?;
    let caller = state.issuers.verify(bearer(http)?).await?;
    Ok((state, caller))
}

/// Returns the token in the one `Authorization` header: RFC 6750, section 2.1.
fn bearer(http: &HttpRequest) -> Result<&str, Error> {
    let mut given = http.headers().get_all(header::AUTHORIZATION);
    let (first, second) = (given.next().ok_or(Code::TokenMissing)?, given.next());
    let text = first.to_str().map_err(|_| Code::TokenInvalid)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/' | '=');
    // A proxy in front may have checked another header than we would.
    if second.is_none() && !scheme.eq_ignore_ascii_case("bearer") && !text.is_empty() {
        return Err(Error::new(Code::TokenMissing));
    }
    if second.is_some() || token.is_empty() || !token.chars().all(is_token) {
        return Err(Error::new(Code::TokenInvalid));
    }
    Ok(token)
}

/// Returns a request of a caller, and lets the log know who it is.
pub fn request(http: &HttpRequest, caller: Caller, conditions: Conditions) -> Request {
    Request { caller, request_id: request_id(http), identified: identified(http), conditions }
}

/// Whether the client accepts JSON.
fn accepts_json(http: &HttpRequest) -> bool {
    text(http, &header::ACCEPT).is_none_or(|accept| {
        accept.split(',').any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            !refused
                && matches!(kind.as_str(), "*/*" | "application/*" | "application/json" | "application/problem+json")
        })
    })
}

/// Whether the body is declared as JSON in UTF-8.
pub(super) fn is_json(http: &HttpRequest) -> bool {
    let Some(given) = text(http, &header::CONTENT_TYPE) else {
        return false;
    };
    let mut parts = given.split(';').map(|part| part.trim().to_ascii_lowercase());
    let kind = parts.next().unwrap_or_default();
    let patch = http.method() == Method::PATCH && kind == "application/merge-patch+json";
    let utf8 =
        parts.all(|part| part.strip_prefix("charset=").is_none_or(|charset| charset.trim_matches('"') == "utf-8"));
    (kind == "application/json" || patch) && utf8
}

/// Returns the digest of a request, which tells a repeated request from another one.
fn request_digest(http: &HttpRequest, body: &[u8]) -> String {
    let mut request = format!("{} {}\n", http.method(), http.uri()).into_bytes();
    request.extend_from_slice(body);
    sha256_hex(&request)
}

impl Call {
    /// Checks who calls, and only then receives the body: nothing is kept for a stranger.
    ///
    /// # Errors
    /// The errors of the token and of the body.
    pub async fn receive(http: &HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let received = async {
            announced_length(http)?;
            let (state, caller) = authenticate(http).await?;
            Ok(Call::new(http.clone(), state, caller, receive(http, payload).await?))
        };
        received.await.map_err(|error| Problem::new(http, error))
    }

    fn new(http: HttpRequest, state: web::Data<State>, caller: Caller, body: Bytes) -> Self {
        let mut conditions =
            Conditions { if_match: text(&http, &header::IF_MATCH).map(str::to_owned), ..Conditions::default() };
        if !accepts_json(&http) {
            conditions.fault = Some(Error::new(Code::NotAcceptable));
        } else if !body.is_empty() && !is_json(&http) {
            conditions.fault = Some(Error::new(Code::UnsupportedMediaType));
        }
        if http.method() == Method::POST
            && let Some(key) = http.headers().get("idempotency-key")
        {
            match key.to_str() {
                Ok(key) if !key.is_empty() && key.len() <= MAX_KEY => {
                    conditions.idempotency = Some((key.to_owned(), request_digest(&http, &body)));
                }
                _ => {
                    conditions.fault = Some(Error::new(Code::InvalidHeader).with("name", "Idempotency-Key"));
                }
            }
        }
        let query = Query::parse(http.query_string());
        let request = request(&http, caller, conditions);
        Call { http, state, body, request, query, is_secret: false }
    }

    /// Returns the call of an upload, whose body is received later.
    ///
    /// # Errors
    /// The errors of the token.
    pub async fn without_body(http: &HttpRequest) -> Result<Self, Problem> {
        let (state, caller) = authenticate(http).await.map_err(|error| Problem::new(http, error))?;
        Ok(Call::new(http.clone(), state, caller, Bytes::new()))
    }

    /// Includes the received form of an upload in the digest of the request.
    pub fn with_form(mut self, form: &str) -> Self {
        if let Some((_, digest)) = &mut self.request.conditions.idempotency {
            *digest = request_digest(&self.http, form.as_bytes());
        }
        self
    }

    /// Whether the request carries an `Idempotency-Key`.
    pub fn has_idempotency_key(&self) -> bool {
        self.request.conditions.idempotency.is_some()
    }

    /// Ignores `Accept`, for a response that is not JSON.
    pub fn accepting_any(mut self) -> Self {
        if self.request.conditions.fault.as_ref().is_some_and(|error| error.code == Code::NotAcceptable) {
            self.request.conditions.fault = None;
        }
        self
    }

    /// Marks a response that contains a secret: it is neither stored for replay nor cached.
    pub fn with_secret(mut self) -> Self {
        self.request.conditions.idempotency = None;
        self.is_secret = true;
        self
    }

    /// Returns the state shared by all requests.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the HTTP request.
    pub fn http(&self) -> &HttpRequest {
        &self.http
    }

    /// Reads the query into the type that documents it. Faults are reported after authorisation.
    pub fn query<T: DeserializeOwned + Default>(&mut self) -> T {
        self.query.take()
    }

    /// Returns the value of a required parameter. If it is missing, records a fault and returns a default, which is
    /// never used.
    pub fn required<T: Default>(&mut self, name: &str, value: Option<T>) -> T {
        if value.is_none() {
            self.query.refuse(name);
        }
        value.unwrap_or_default()
    }

    /// Returns the unparsed query.
    pub fn raw_query(&mut self) -> &mut Query {
        &mut self.query
    }

    /// Reads the page parameters of a list that can be sorted.
    pub fn page<K: SortKey>(&mut self, sort: Option<Sort<K>>) -> Asked<K> {
        Asked::sorted(&mut self.query, sort)
    }

    /// Reads the page parameters of a list with a fixed order.
    pub fn page_in_order(&mut self) -> Asked<InOrder> {
        Asked::in_order(&mut self.query)
    }

    /// Returns the problem response for an error of this call.
    pub fn problem(&self, error: impl Into<Error>) -> Problem {
        Problem::new(&self.http, error.into())
    }

    /// Returns a segment of the path.
    pub fn segment(&self, name: &str) -> String {
        self.http.match_info().get(name).unwrap_or_default().to_owned()
    }

    /// Returns an id in the path.
    ///
    /// # Errors
    /// `not_found` for anything but an id.
    pub fn id(&self, name: &str) -> Result<Id, Problem> {
        Id::parse(&self.segment(name)).ok_or_else(|| self.problem(Code::NotFound))
    }

    /// Parses the body. Faults are reported after authorisation.
    pub fn body<T: DeserializeOwned>(&self) -> Input<T> {
        json::read(&self.body)
    }

    /// Parses the body; an absent body is read as an empty object.
    pub fn body_or_default<T: DeserializeOwned + Default>(&self) -> Input<T> {
        if self.body.is_empty() { Ok(T::default()) } else { self.body() }
    }

    /// Records a fault unless the body is absent or an empty object.
    pub fn check_empty(&mut self) {
        if !self.body.is_empty() && self.request.conditions.fault.is_none() {
            #[derive(serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Empty {}
            self.request.conditions.fault = json::read::<Empty>(&self.body).err();
        }
    }

    fn close_query(&mut self) {
        if self.request.conditions.fault.is_none() {
            self.request.conditions.fault = self.query.leftover();
        }
    }

    /// Runs a read and answers with its result.
    pub async fn read(
        mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + Sync + 'static,
    ) -> Reply {
        self.check_empty();
        let answer = self.fetch(work).await?;
        Ok(self.respond(answer))
    }

    /// Runs a change that is only tried, on a connection that can't write, and answers with its result.
    pub async fn try_out(
        mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + Sync + 'static,
    ) -> Reply {
        let answer = self.fetch(work).await?;
        Ok(self.respond(answer))
    }

    /// Runs a read and returns its result, for handlers that build the response themselves.
    ///
    /// # Errors
    /// The errors of the read.
    pub async fn fetch<T: Send + 'static>(
        &mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<T, Interrupt> + Send + Sync + 'static,
    ) -> Result<T, Problem> {
        self.close_query();
        let read = service::read(Arc::clone(&self.state.app), self.request.clone(), work);
        read.await.map_err(|error| self.problem(error))
    }

    /// Runs a change and answers with its result.
    pub async fn write(
        mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + Sync + 'static,
    ) -> Reply {
        self.close_query();
        let act = service::act(Arc::clone(&self.state.app), self.request.clone(), work);
        let answer = act.await.map_err(|error| self.problem(error))?;
        Ok(self.respond(answer))
    }

    /// Runs a change without a body and answers with its result.
    pub async fn act(
        mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + Sync + 'static,
    ) -> Reply {
        self.check_empty();
        self.write(work).await
    }

    /// Whether the client already has the representation that this tag names.
    pub fn etag_matches(&self, etag: &str) -> bool {
        etag_matches(&self.http, etag)
    }

    /// Builds the response.
    pub fn respond(&self, answer: Answer) -> HttpResponse {
        let unchanged = answer.etag.as_ref().is_some_and(|etag| self.etag_matches(etag));
        let status = if unchanged {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK)
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, if self.is_secret { "no-store" } else { "private, no-cache" }));
        if let Some(etag) = &answer.etag {
            response.insert_header((header::ETAG, etag.as_str()));
        }
        if let Some(location) = &answer.location {
            response.insert_header((header::LOCATION, format!("{}{location}", self.state.public_path())));
        }
        if let Some(next) = &answer.next {
            response.insert_header((header::LINK, next_link(&self.state, &self.http, next)));
        }
        if answer.replayed {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        if unchanged || answer.body.is_empty() {
            return response.finish();
        }
        response.content_type("application/json").body(answer.body)
    }
}

/// Whether `If-None-Match` of a `GET` or `HEAD` request matches a tag.
pub fn etag_matches(http: &HttpRequest, etag: &str) -> bool {
    let reading = matches!(*http.method(), Method::GET | Method::HEAD);
    let is_known = |given: &str| {
        matches!(given.trim().trim_start_matches("W/"), "*") || given.trim().trim_start_matches("W/") == etag
    };
    reading && text(http, &header::IF_NONE_MATCH).is_some_and(|given| given.split(',').any(is_known))
}

/// Returns the tag of a view without versions.
///
/// # Errors
/// If it cannot be serialised.
pub fn body_tag(view: &impl serde::Serialize) -> Result<String, Error> {
    let body = serde_json::to_string(view).map_err(Error::internal)?;
    Ok(tag::of_body(&body))
}
