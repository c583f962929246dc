//! The HTTP layer: requests to commands, results to responses. It knows neither tables nor rules.

pub mod actions;
pub mod assessment;
pub mod auth;
pub mod award;
pub mod call;
pub mod client;
pub mod criteria;
pub mod docs;
pub mod files;
pub mod health;
mod inline;
pub mod journal;
mod json;
pub mod local;
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
use tokio::sync::Semaphore;

use crate::error::{Code, Error};
use crate::service::App;
use auth::{Issuers, Keys};
use client::Limiter;
use ipnet::IpNet;
use local::LocalOnly;
use openapi::Document;
use problem::Problem;

/// State shared by all requests.
pub struct State {
    /// State of the running service.
    pub app: Arc<App>,
    /// Whether resetting the sandbox omits the example period and criteria set.
    pub empty_sandbox: bool,
    /// Keys of the service's own issuer.
    pub keys: Keys,
    /// Everybody whose tokens open the service.
    pub issuers: Issuers,
    /// Restricts the sandbox to callers on this machine.
    pub local: Option<LocalOnly>,
    /// Bounds the number of uploads that are received at once.
    pub uploads: Semaphore,
    /// Address that clients reach the service at, without a slash at its end.
    pub public_url: String,
    /// The networks of the proxies that may say for whom they ask.
    pub trusted_proxies: Vec<IpNet>,
    /// How often an address may ask of the endpoints that take credentials.
    pub limiter: Limiter,
    /// The operations and their OpenAPI document.
    pub document: Document,
}

impl State {
    /// Returns the path that a proxy takes away before it passes a request on; empty without one.
    pub fn public_path(&self) -> &str {
        let rest = self.public_url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').map_or("", |at| rest.split_at(at).1)
    }
}

async fn unknown(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::new(&request, Error::new(Code::NotFound)))
}
