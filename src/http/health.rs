//! Is it alive, is it ready.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::problem::Problem;
use crate::error::{Code, Error};
use crate::http::operation::{Callers, Operation, operations, reads};
use crate::service::health;

/// The operations on `service`.
pub fn operations() -> Vec<Operation> {
    operations![Service, "service";
        livez: reads(Callers::Anybody),
        readyz: reads(Callers::Anybody).refuses(READYZ_REFUSALS),
    ]
}

const READYZ_REFUSALS: &[Code] = &[Code::NotReady];

/// The answer of a healthy service.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// Always `ok`; anything else is a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Is the process alive?
///
/// Answers without asking the database.
#[utoipa::path(get, path = "/livez", responses((status = 200, description = "It is.", body = Health)))]
async fn livez() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Health { status: "ok" })
}

/// Can it serve requests?
///
/// Asks the database, and whether every migration has run: 503 `not_ready` otherwise.
#[utoipa::path(get, path = "/readyz", responses((status = 200, description = "It can.", body = Health)))]
async fn readyz(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    match health::is_ready(&state.app).await {
        Ok(true) => Ok(livez().await),
        Ok(false) => Err(Problem::new(&request, Error::new(Code::NotReady))),
        Err(error) => Err(Problem::new(&request, Error { code: Code::NotReady, ..error })),
    }
}
