//! Liveness and readiness.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::problem::Problem;
use crate::error::{Code, Error};
use crate::http::operation::{Callers, Operation, operations, reads};
use crate::service::health;

/// Returns the operations on `service`.
pub fn operations() -> Vec<Operation> {
    operations![Service, "service";
        livez: reads(Callers::Anybody),
        readyz: reads(Callers::Anybody).refuses(READYZ_REFUSALS),
    ]
}

const READYZ_REFUSALS: &[Code] = &[Code::NotReady];

/// The state of a healthy service.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// Always `ok`; an unhealthy service answers with a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Check that the process is alive.
///
/// Does not use the database.
#[utoipa::path(get, path = "/livez", responses((status = 200, description = "The process is alive.", body = Health)))]
async fn livez() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Health { status: "ok" })
}

/// Check that the service can handle requests.
///
/// Checks the database and that every migration has run; otherwise 503 `not_ready`.
#[utoipa::path(get, path = "/readyz", responses((status = 200, description = "The service is ready.", body = Health)))]
async fn readyz(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    match health::is_ready(&state.app).await {
        Ok(true) => Ok(livez().await),
        Ok(false) => Err(Problem::new(&request, Error::new(Code::NotReady))),
        Err(error) => Err(Problem::new(&request, Error { code: Code::NotReady, ..error })),
    }
}
