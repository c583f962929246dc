//! The OpenAPI document, and a page to read it, which loads nothing from other servers.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::Config;

use super::State;
use super::json::AnyObject;
use super::openapi::Version;
use super::problem::Problem;
use crate::error::{Code, Error};
use crate::http::operation::{Callers, Operation, operations, reads, resource, route};
use crate::service::tag;

/// Returns the operations on `service`.
pub fn operations() -> Vec<Operation> {
    operations![Service, "service";
        document: reads(Callers::Anybody),
        document_3_0: reads(Callers::Anybody),
    ]
}

/// Content security policy of the page: nothing from other servers, and no foreign scripts.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

/// Registers the page and its files, which are not operations.
pub fn register_files(config: &mut web::ServiceConfig) {
    config.service(resource("/docs", vec![(Method::GET, route(page))]));
    config.service(resource("/docs/{file:.*}", vec![(Method::GET, route(file))]));
}

/// Get the OpenAPI 3.1 document of this service.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", responses((status = 200, description = "The document.", body = AnyObject)))]
async fn document(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    written_as(Version::V3_1, &request, &state)
}

/// Get the document as OpenAPI 3.0.
///
/// For tools that do not support 3.1; generated from the 3.1 document.
#[utoipa::path(get, path = "/openapi-3.0.json", operation_id = "openapi_3_0", responses((status = 200, description = "The document.", body = AnyObject)))]
async fn document_3_0(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    written_as(Version::V3_0, &request, &state)
}

fn written_as(version: Version, request: &HttpRequest, state: &State) -> Result<HttpResponse, Problem> {
    let text = state.document.text(version).map_err(|error| Problem::new(request, error))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::ETAG, tag::of_body(text)))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(text.to_owned()))
}

/// Redirects to the page.
async fn page(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, format!("{}/docs/", state.public_path()))).finish()
}

async fn file(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let config = std::sync::Arc::new(Config::from("/openapi.json"));
    let found = utoipa_swagger_ui::serve(&path, config).ok().flatten();
    let file = found.ok_or_else(|| Problem::new(&request, Error::new(Code::NotFound)))?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(file.bytes.to_vec()))
}
