//! The document, and a page to read it with that needs nothing from outside.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use utoipa::OpenApi;
use utoipa_swagger_ui::Config;

use super::{State, reading, resource};
use crate::service::tag;

/// The paths of this page.
#[derive(OpenApi)]
#[openapi(paths(document, docs))]
pub struct Api;

/// Puts the paths on their handlers.
pub fn mount(config: &mut web::ServiceConfig) {
    config
        .service(resource("/openapi.json").route(reading(document)))
        .service(resource("/docs").route(reading(docs)))
        .service(resource("/docs/{file:.*}").route(reading(file)));
}

/// The OpenAPI 3.1 document of this service.
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses((status = 200, description = "The document.", content_type = "application/json")))]
async fn document(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::ETAG, tag::of_body(&state.document)))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(state.document.clone())
}

/// The document as a page to read and to try.
#[utoipa::path(get, path = "/docs", tag = "service", responses((status = 302, description = "To the page.")))]
async fn docs() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn file(path: web::Path<String>) -> HttpResponse {
    let config = std::sync::Arc::new(Config::from("/openapi.json"));
    match utoipa_swagger_ui::serve(&path, config) {
        Ok(Some(file)) => HttpResponse::Ok()
            .content_type(file.content_type)
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
            ))
            .body(file.bytes.to_vec()),
        _ => HttpResponse::NotFound()
            .content_type("application/problem+json")
            .body(r#"{"type":"/problems/not_found","title":"Không tìm thấy","status":404,"code":"not_found"}"#),
    }
}
