//! `/v1/periods/{id}/targets`.

use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::domain::assessment::period::Period;
use crate::domain::assessment::target::Target;
use crate::http::call::{Call, Reply};
use crate::http::page::ListView;
use crate::http::{reading, resource};
use crate::service::assessment::targets;
use crate::service::{Answer, Details, Interrupt};

/// The paths of this page.
#[derive(OpenApi)]
#[openapi(paths(list, replace), components(schemas(Target, Body)))]
pub struct Api;

/// Puts the paths on their handlers.
pub fn mount(config: &mut web::ServiceConfig) {
    config.service(resource("/{id}/targets").route(reading(list)).route(web::put().to(replace)));
}

/// The targets of a period.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Targets, example = json!({"targets": [{"unit_id": "018b88d6-5f80-7000-8000-000000000002", "criterion_code": "A.I.1", "target": 104, "unit_of_measure": "văn bản"}]}))]
struct Body {
    targets: Vec<Target>,
}

fn shown((targets, details): (Vec<Target>, Details<Period>)) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&ListView { items: targets, next_cursor: None }, details.tag.header())?)
}

/// List the targets of a period.
///
/// By unit and criterion. The list has the tag of its period.
#[utoipa::path(get, path = "/v1/periods/{id}/targets", tag = "periods", responses((status = 200, description = "All of them.", body = ListView<Target>)))]
async fn list(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(targets::list(conn, context, &id)?)).await
}

/// Set the targets of a period.
///
/// In place of those that were, with the tag of the period. A criterion with the rule `target_ratio` and no target of its own is
/// scored against the unit's target here, and its answer is `{"actual": 95}`; where there is none here either, the answer gives it.
/// A target by which a line is scored, or was sent, stands: `guard_failed` with each such line.
#[utoipa::path(put, path = "/v1/periods/{id}/targets", tag = "periods", request_body = Body, responses((status = 200, description = "Set.", body = ListView<Target>)))]
async fn replace(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<Body>().map(|body| body.targets));
    call.write(move |conn, context| shown(targets::replace(conn, context, &id, &input)?)).await
}
