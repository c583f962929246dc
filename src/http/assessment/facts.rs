//! `/v1/periods/{id}/facts`.

use actix_web::web;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::domain::Id;
use crate::domain::assessment::facts::UnitFacts;
use crate::domain::time::instant;
use crate::http::call::{Call, Reply};
use crate::http::page::{ListView, whole};
use crate::http::{reading, resource};
use crate::service::Answer;
use crate::service::assessment::facts;
use crate::store::facts::RecordedFacts;

/// The paths of this page.
#[derive(OpenApi)]
#[openapi(paths(list, get, put), components(schemas(FactsView, UnitFacts)))]
pub struct Api;

/// Puts the paths on their handlers.
pub fn mount(config: &mut web::ServiceConfig) {
    config
        .service(resource("/{id}/facts").route(reading(list)))
        .service(resource("/{id}/facts/{unit_id}").route(reading(get)).route(web::put().to(put)));
}

/// What is known of a unit beyond its score.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facts)]
struct FactsView {
    unit_id: Id,
    #[serde(flatten)]
    facts: UnitFacts,
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<&RecordedFacts> for FactsView {
    fn from(recorded: &RecordedFacts) -> Self {
        FactsView {
            unit_id: recorded.unit_id,
            facts: recorded.facts.clone(),
            version: recorded.version,
            created_at: instant(recorded.created_at),
            updated_at: instant(recorded.updated_at),
        }
    }
}

/// List what is known of a period's units.
#[utoipa::path(get, path = "/v1/periods/{id}/facts", tag = "results", responses((status = 200, description = "Those that the caller may see.", body = ListView<FactsView>)))]
async fn list(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| Ok(whole(facts::list(conn, context, &id)?.iter().map(FactsView::from).collect())?))
        .await
}

/// Read what is known of a unit.
#[utoipa::path(get, path = "/v1/periods/{id}/facts/{unit_id}", tag = "results", responses((status = 200, description = "The facts.", body = FactsView)))]
async fn get(call: Call) -> Reply {
    let (id, unit_id) = (call.id("id")?, call.id("unit_id")?);
    call.read(move |conn, context| {
        let recorded = facts::get(conn, context, &id, &unit_id)?;
        Ok(Answer::ok(&FactsView::from(&recorded), facts::tag(&id, &recorded).header())?)
    })
    .await
}

/// Record what is known of a unit.
///
/// Booleans and a rating, never files about people. The first time needs no `If-Match`; a change does.
#[utoipa::path(put, path = "/v1/periods/{id}/facts/{unit_id}", tag = "results", request_body = UnitFacts,
    responses((status = 200, description = "Changed.", body = FactsView), (status = 201, description = "Recorded for the first time.", body = FactsView)))]
async fn put(call: Call) -> Reply {
    let (id, unit_id, input) = (call.id("id")?, call.id("unit_id")?, call.body::<UnitFacts>());
    call.write(move |conn, context| {
        let (recorded, new) = facts::put(conn, context, &id, &unit_id, &input)?;
        let (view, tag) = (FactsView::from(&recorded), facts::tag(&id, &recorded).header());
        let place = format!("/v1/periods/{id}/facts/{unit_id}");
        Ok(if new { Answer::created(&view, tag, place)? } else { Answer::ok(&view, tag)? })
    })
    .await
}
