//! Is it alive, is it ready.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::problem::Problem;
use super::{State, reading, resource};
use crate::error::{Code, Error};
use crate::store::{installation, migrations};

/// The paths of this page.
#[derive(OpenApi)]
#[openapi(paths(livez, readyz), components(schemas(Health)))]
pub struct Api;

/// Puts the paths on their handlers.
pub fn mount(config: &mut web::ServiceConfig) {
    config.service(resource("/livez").route(reading(livez))).service(resource("/readyz").route(reading(readyz)));
}

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
#[utoipa::path(get, path = "/livez", tag = "service", responses((status = 200, description = "It is.", body = Health)))]
async fn livez() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Health { status: "ok" })
}

/// Can it serve requests?
///
/// Asks the database, and whether every migration has run: 503 `not_ready` otherwise.
#[utoipa::path(get, path = "/readyz", tag = "service", responses((status = 200, description = "It can.", body = Health)))]
async fn readyz(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let check = state.app.db.read(|conn| {
        installation::ping(conn)?;
        migrations::are_current(conn)
    });
    match check.await {
        Ok(true) => Ok(livez().await),
        Ok(false) => Err(Problem::new(&request, Error::new(Code::NotReady))),
        Err(error) => Err(Problem::new(&request, Error { code: Code::NotReady, ..error })),
    }
}
