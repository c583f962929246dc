//! HTTP: the gate and the desks. Knows neither tables nor rules.

pub mod actions;
pub mod assessment;
pub mod auth;
pub mod award;
pub mod call;
pub mod criteria;
pub mod docs;
pub mod files;
pub mod health;
pub mod journal;
mod json;
pub mod middleware;
pub mod office;
pub mod openapi;
pub mod page;
mod patch;
pub mod problem;
pub mod problems;
pub mod routes;
pub mod sandbox;
pub mod schedule;
pub mod upload;

use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, guard, web};

use crate::error::{Code, Error};
use crate::service::App;
use auth::Keys;
use openapi::Contract;
use problem::Problem;

/// What all requests share.
pub struct State {
    /// The installation.
    pub app: Arc<App>,
    /// Whether a reset of the sandbox leaves out the period and the table.
    pub empty_sandbox: bool,
    /// The service's own issuer.
    pub keys: Keys,
    /// The address that clients know the service by.
    pub public_url: String,
    /// The document and what is read off it.
    pub contract: Contract,
}

/// A path. A method that it does not have is 405 with those that it has; `OPTIONS` tells them.
pub fn resource(path: &str) -> Resource {
    web::resource(path).default_service(web::to(other_method))
}

/// A reading handler: `GET`, and `HEAD` with the same headers.
pub fn reading<F, Args>(handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let is_reading = |head: &guard::GuardContext| matches!(head.head().method, Method::GET | Method::HEAD);
    web::route().guard(guard::fn_guard(is_reading)).to(handler)
}

fn allowed(state: &State, pattern: &str) -> String {
    let known = state.contract.methods_of(pattern);
    let mut names: Vec<&str> = known.iter().map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.join(", ")
}

async fn other_method(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let pattern = request.match_pattern().unwrap_or_default();
    let allow = allowed(&state, &pattern);
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish());
    }
    Err(Problem::new(&request, Error::new(Code::MethodNotAllowed)).allowing(allow))
}

async fn unknown(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::new(&request, Error::new(Code::NotFound)))
}
