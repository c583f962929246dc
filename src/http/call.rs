//! The gate: a request with everything that its act needs, brought along once.

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
use super::problem::{Problem, request_id};
use super::query::Query;
use super::{State, json};
use crate::domain::Id;
use crate::domain::page::SortKey;
use crate::error::{Code, Error};
use crate::service::{self, Answer, Caller, Conditions, Conn, Context, Input, Interrupt, Request, sha256_hex, tag};

/// The largest body that is no upload, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a client may take to send its body.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest idempotency key, in characters.
const MAX_KEY: usize = 255;

/// What a handler answers.
pub type Reply = Result<HttpResponse, Problem>;

/// A request of an authenticated caller, its body received.
pub struct Call {
    http: HttpRequest,
    state: web::Data<State>,
    body: Bytes,
    request: Request,
    query: Query,
    /// Whether the answer carries a secret.
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

/// Receives a body of bounded size in bounded time.
///
/// # Errors
/// `body_too_large`, `request_timeout`, `malformed_json` for one that breaks off.
pub async fn receive(http: &HttpRequest, mut payload: Payload) -> Result<Bytes, Error> {
    let too_large = || Error::new(Code::BodyTooLarge).with("max_bytes", MAX_BODY_BYTES);
    let announced =
        http.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(too_large());
    }
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

/// Who calls, by the bearer token.
fn caller(http: &HttpRequest, state: &State) -> Result<Caller, Error> {
    let given = text(http, &header::AUTHORIZATION).ok_or(Code::TokenMissing)?;
    let (scheme, token) = given.split_once(' ').ok_or(Code::TokenInvalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::new(Code::TokenMissing));
    }
    state.keys.verify(token.trim())
}

/// Whether the client takes JSON.
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

/// Whether the body is said to be JSON in UTF-8.
fn is_json(http: &HttpRequest) -> bool {
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

/// The digest of what was asked.
fn request_digest(http: &HttpRequest, body: &[u8]) -> String {
    let mut request = format!("{} {}\n", http.method(), http.uri()).into_bytes();
    request.extend_from_slice(body);
    sha256_hex(&request)
}

impl Call {
    /// Receives the body of a request.
    ///
    /// # Errors
    /// Those of the body and of the token.
    pub async fn receive(http: &HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let received = receive(http, payload).await;
        let body = received.map_err(|error| Problem::new(http, error))?;
        Call::new(http.clone(), body).map_err(|error| Problem::new(http, error))
    }

    fn new(http: HttpRequest, body: Bytes) -> Result<Self, Error> {
        let state =
            http.app_data::<web::Data<State>>().cloned().ok_or_else(|| Error::internal("a server without state"))?;
        let caller = caller(&http, &state)?;
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
        let request = Request { caller, request_id: request_id(&http), conditions };
        Ok(Call { http, state, body, request, query, is_secret: false })
    }

    /// The call of an upload, whose body is received later.
    ///
    /// # Errors
    /// Those of the token.
    pub fn without_body(http: &HttpRequest) -> Result<Self, Problem> {
        Call::new(http.clone(), Bytes::new()).map_err(|error| Problem::new(http, error))
    }

    /// The same once the body of an upload was received: what was asked with it.
    pub fn with_form(mut self, form: &str) -> Self {
        if let Some((_, digest)) = &mut self.request.conditions.idempotency {
            *digest = request_digest(&self.http, form.as_bytes());
        }
        self
    }

    /// Whether the request may come twice.
    pub fn has_idempotency_key(&self) -> bool {
        self.request.conditions.idempotency.is_some()
    }

    /// The same for an answer that is no JSON: whatever the client accepts.
    pub fn accepting_any(mut self) -> Self {
        if self.request.conditions.fault.as_ref().is_some_and(|error| error.code == Code::NotAcceptable) {
            self.request.conditions.fault = None;
        }
        self
    }

    /// The same for an answer that carries a secret, which is kept nowhere.
    pub fn with_secret(mut self) -> Self {
        self.request.conditions.idempotency = None;
        self.is_secret = true;
        self
    }

    /// What the server shares.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The HTTP request.
    pub fn http(&self) -> &HttpRequest {
        &self.http
    }

    /// The query, read into the type that documents it. What does not fit is told once the right was checked.
    pub fn query<T: DeserializeOwned + Default>(&mut self) -> T {
        self.query.take()
    }

    /// A word that must be there; what it is where it is not is never used.
    pub fn required<T: Default>(&mut self, name: &str, value: Option<T>) -> T {
        if value.is_none() {
            self.query.refuse(name);
        }
        value.unwrap_or_default()
    }

    /// The query itself.
    pub fn raw_query(&mut self) -> &mut Query {
        &mut self.query
    }

    /// The page of a list that can be sorted.
    pub fn page<K: SortKey>(&mut self, sort: Option<Sort<K>>) -> Asked<K> {
        Asked::sorted(&mut self.query, sort)
    }

    /// The page of a list that has one order.
    pub fn page_in_order(&mut self) -> Asked<InOrder> {
        Asked::in_order(&mut self.query)
    }

    /// A refusal of this call.
    pub fn problem(&self, error: impl Into<Error>) -> Problem {
        Problem::new(&self.http, error.into())
    }

    /// A part of the path.
    pub fn segment(&self, name: &str) -> String {
        self.http.match_info().get(name).unwrap_or_default().to_owned()
    }

    /// An id in the path. What is no id names nothing: 404.
    ///
    /// # Errors
    /// `not_found`.
    pub fn id(&self, name: &str) -> Result<Id, Problem> {
        Id::parse(&self.segment(name)).ok_or_else(|| self.problem(Code::NotFound))
    }

    /// The body, or why it cannot be read: told once the right was checked.
    pub fn body<T: DeserializeOwned>(&self) -> Input<T> {
        json::read(&self.body)
    }

    /// The same, where no body says as much as an empty object.
    pub fn body_or_default<T: DeserializeOwned + Default>(&self) -> Input<T> {
        if self.body.is_empty() { Ok(T::default()) } else { self.body() }
    }

    /// No body, or an empty object.
    fn check_empty(&mut self) {
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

    /// Runs a reading act and answers what it shows.
    pub async fn read(
        mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + Sync + 'static,
    ) -> Reply {
        self.check_empty();
        let answer = self.fetch(work).await?;
        Ok(self.respond(answer))
    }

    /// Runs a reading act whose answer the handler makes itself.
    ///
    /// # Errors
    /// Those of the act.
    pub async fn fetch<T: Send + 'static>(
        &mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<T, Interrupt> + Send + Sync + 'static,
    ) -> Result<T, Problem> {
        self.close_query();
        let read = service::read(Arc::clone(&self.state.app), self.request.clone(), work);
        read.await.map_err(|error| self.problem(error))
    }

    /// Runs a changing act.
    pub async fn write(
        mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + 'static,
    ) -> Reply {
        self.close_query();
        let act = service::act(Arc::clone(&self.state.app), self.request.clone(), work);
        let answer = act.await.map_err(|error| self.problem(error))?;
        Ok(self.respond(answer))
    }

    /// Runs a changing act that has no body.
    pub async fn act(
        mut self,
        work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + 'static,
    ) -> Reply {
        self.check_empty();
        self.write(work).await
    }

    /// Whether the client has what this tag names.
    pub fn etag_matches(&self, etag: &str) -> bool {
        etag_matches(&self.http, etag)
    }

    /// Answers.
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
            response.insert_header((header::LOCATION, location.as_str()));
        }
        if let Some(next) = &answer.next {
            response.insert_header((header::LINK, next_link(self.http.path(), next)));
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

/// Whether the client of a reading request has what a tag names.
pub fn etag_matches(http: &HttpRequest, etag: &str) -> bool {
    let reading = matches!(*http.method(), Method::GET | Method::HEAD);
    let is_known = |given: &str| {
        matches!(given.trim().trim_start_matches("W/"), "*") || given.trim().trim_start_matches("W/") == etag
    };
    reading && text(http, &header::IF_NONE_MATCH).is_some_and(|given| given.split(',').any(is_known))
}

/// The tag of an answer without versions.
pub fn body_tag(view: &impl serde::Serialize) -> Result<String, Error> {
    let body = serde_json::to_string(view).map_err(Error::internal)?;
    Ok(tag::of_body(&body))
}
