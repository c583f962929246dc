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
mod inline;
pub mod journal;
mod json;
pub mod middleware;
pub mod office;
pub mod openapi;
mod openapi_3_0;
pub mod operation;
pub mod page;
mod patch;
pub mod problem;
pub mod problems;
mod query;
pub mod routes;
pub mod sandbox;
pub mod schedule;
mod schemas;
pub mod time;
pub mod upload;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};

use crate::error::{Code, Error};
use crate::service::App;
use auth::Keys;
use openapi::Document;
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
    /// The operations and the document of them.
    pub document: Document,
}

async fn unknown(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::new(&request, Error::new(Code::NotFound)))
}
