//! HTTP: the gate and the desks. Knows neither tables nor rules.

pub mod actions;
pub mod audit;
pub mod auth;
pub mod award_proposals;
pub mod calendar;
pub mod call;
pub mod council;
pub mod criteria_import;
pub mod criteria_sets;
pub mod deadline_checks;
pub mod deadlines;
pub mod docs;
pub mod events;
pub mod evidence;
pub mod facts;
pub mod feeds;
pub mod files;
pub mod health;
mod json;
pub mod me;
pub mod members;
pub mod middleware;
pub mod openapi;
pub mod organizations;
pub mod page;
mod patch;
pub mod periods;
pub mod problem;
pub mod problems;
pub mod ranking;
pub mod reviews;
pub mod sandbox;
pub mod service_accounts;
pub mod submissions;
pub mod targets;
pub mod tasks;
pub mod tokens;
pub mod units;
pub mod upload;
pub mod webhooks;

use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, guard, web};

use crate::error::{Code, Error};
use crate::service::House;
use auth::Keys;
use openapi::Contract;
use problem::Problem;

/// What all requests share.
pub struct State {
    /// The installation.
    pub house: Arc<House>,
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

/// Puts every path on its handler. The scopes are told apart by their words alone; only within one is a
/// pattern tried after the other.
pub fn mount(config: &mut web::ServiceConfig, sandbox: bool) {
    health::mount(config);
    docs::mount(config);
    problems::mount(config);
    tokens::mount(config);
    me::mount(config);
    tasks::mount(config);
    feeds::mount(config);
    let periods = |config: &mut web::ServiceConfig| {
        periods::mount(config);
        facts::mount(config);
        ranking::mount(config);
        targets::mount(config);
    };
    let submissions = |config: &mut web::ServiceConfig| {
        submissions::mount(config);
        evidence::mount_below_submission(config);
    };
    config
        .service(web::scope("/v1/organizations").configure(organizations::mount))
        .service(web::scope("/v1/units").configure(units::mount))
        .service(web::scope("/v1/members").configure(members::mount))
        .service(web::scope("/v1/service-accounts").configure(service_accounts::mount))
        .service(web::scope("/v1/criteria-sets").configure(criteria_import::mount).configure(criteria_sets::mount))
        .service(web::scope("/v1/periods").configure(periods))
        .service(web::scope("/v1/submissions").configure(submissions))
        .service(web::scope("/v1/evidence").configure(evidence::mount))
        .service(web::scope("/v1/reviews").configure(reviews::mount))
        .service(web::scope("/v1/council-sessions").configure(council::mount))
        .service(web::scope("/v1/award-proposals").configure(award_proposals::mount))
        .service(web::scope("/v1/calendar-days").configure(calendar::mount_days))
        .service(web::scope("/v1/working-days").configure(calendar::mount_counting))
        .service(web::scope("/v1/webhook-endpoints").configure(webhooks::mount))
        .service(web::scope("/v1/deadlines").configure(deadlines::mount))
        .service(web::scope("/v1/deadline-checks").configure(deadline_checks::mount));
    config
        .service(web::scope("/v1/audit-entries").configure(audit::mount))
        .service(web::scope("/v1/events").configure(events::mount));
    if sandbox {
        config.service(web::scope("/v1/sandbox").configure(sandbox::mount));
    }
    config.default_service(web::to(unknown));
}
