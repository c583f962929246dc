//! Middleware around every request: request id, log line, and a problem response for a panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::{Error as ActixError, HttpMessage, ResponseError, web};
use futures_util::FutureExt;

use super::State;
use super::problem::{Language, Problem, RequestId};
use crate::clock::Ids;
use crate::domain::Id;
use crate::domain::office::member::client_id;
use crate::error::{Code, Error};
use crate::service::{Identified, IdentifiedCell};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Refuses a request from elsewhere where only this machine is served.
fn check_local(request: &ServiceRequest) -> Result<(), Error> {
    let local = request.app_data::<web::Data<State>>().and_then(|state| state.local.as_ref());
    let authority = request.uri().authority().map(Authority::as_str);
    local.map_or(Ok(()), |local| local.check(request.headers(), authority))
}

/// Assigns the request an id, answers a panic with a problem, and logs the request.
///
/// # Errors
/// For a panic, which the framework turns into the response of the problem.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let id = Ids::Random.next().to_string();
    let identified = IdentifiedCell::default();
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(Arc::clone(&identified));
    // The handler takes the request, so what the response to a panic needs is copied first.
    let (method, path, language) =
        (request.method().clone(), request.path().to_owned(), Language::of(request.headers()));
    let began = Instant::now();
    let outcome = match check_local(&request) {
        Ok(()) => AssertUnwindSafe(next.call(request)).catch_unwind().await,
        Err(error) => Ok(Err(Problem::new(request.request(), error).into())),
    };
    let panicked = |_| ActixError::from(Problem::detached(Error::internal("a handler panicked"), language, &path, &id));
    let mut response = outcome.map_err(panicked)??.map_into_boxed_body();
    let is_problem = response.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json");
    if response.status().is_client_error() && !is_problem {
        // Errors of the framework itself have no problem body.
        let code = match response.status().as_u16() {
            404 => Code::NotFound,
            408 => Code::RequestTimeout,
            413 => Code::BodyTooLarge,
            415 => Code::UnsupportedMediaType,
            _ => Code::MalformedJson,
        };
        let answer = Problem::new(response.request(), Error::new(code)).error_response();
        response = response.into_response(answer);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let (status, micros) = (response.status().as_u16(), u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    let (id, method, path) = (id.as_str(), method.as_str(), path.as_str());
    match identified.get() {
        Some(Identified { kind, member_id, service_account_id, session_id }) => log::info!(
            request_id = id, method, path, status, micros, kind = <&str>::from(*kind), member_id = text(member_id.as_ref()),
            client_id = service_account_id.map(|id| client_id(&id)).unwrap_or_default(), session_id = text(session_id.as_ref());
            "answered"
        ),
        None => log::info!(request_id = id, method, path, status, micros; "answered"),
    }
    Ok(response)
}

/// An id for the log; empty where there is none.
fn text(id: Option<&Id>) -> &str {
    id.map_or("", Id::as_str)
}
