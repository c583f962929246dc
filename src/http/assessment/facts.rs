//! Facts about the units of a period: `/v1/periods/{id}/facts`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::facts::UnitFacts;
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, lists, operations, puts, reads};
use crate::http::page::ListView;
use crate::http::time::Instant;
use crate::service::Answer;
use crate::service::assessment::facts;
use crate::service::assessment::facts::RecordedFacts;

/// Returns the operations on `facts`.
pub fn operations() -> Vec<Operation> {
    operations![Results, "facts";
        list: lists(Action::ReadFacts),
        get: reads(Action::ReadFacts),
        put: puts(Action::WriteFacts).refuses(PUT_REFUSALS),
    ]
}

const PUT_REFUSALS: &[Code] = &[Code::InvalidState, Code::Recused];

/// The facts about a unit, beyond its score, that decide on its eligibility for awards.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facts)]
pub struct FactsView {
    /// Id of the unit.
    unit_id: Id,
    #[serde(flatten)]
    facts: UnitFacts,
    /// Version of the facts; it increases with every change.
    version: i64,
    /// When the facts were first recorded.
    created_at: Instant,
    /// When the facts were last changed.
    updated_at: Instant,
}

impl From<&RecordedFacts> for FactsView {
    fn from(recorded: &RecordedFacts) -> Self {
        FactsView {
            unit_id: recorded.unit_id,
            facts: recorded.facts.clone(),
            version: recorded.version,
            created_at: Instant(recorded.created_at),
            updated_at: Instant(recorded.updated_at),
        }
    }
}

/// List the facts about a period's units.
#[utoipa::path(get, path = "/v1/periods/{id}/facts", responses((status = 200, description = "A page of the facts that the caller may see.", body = ListView<FactsView>)))]
async fn list(mut call: Call) -> Reply {
    let id = call.id("id")?;
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let facts = facts::list(conn, context, &id)?;
        Ok(asked.answer_of_all(facts, |facts| facts.unit_id.to_string(), |facts| FactsView::from(&facts))?)
    })
    .await
}

/// Get the facts about a unit.
#[utoipa::path(get, path = "/v1/periods/{id}/facts/{unit_id}", responses((status = 200, description = "The facts.", body = FactsView)))]
async fn get(call: Call) -> Reply {
    let (id, unit_id) = (call.id("id")?, call.id("unit_id")?);
    call.read(move |conn, context| {
        let recorded = facts::get(conn, context, &id, &unit_id)?;
        Ok(Answer::ok(&FactsView::from(&recorded), facts::tag(&id, &recorded).header())?)
    })
    .await
}

/// Record the facts about a unit.
///
/// Yes-or-no statements and a rating; personal files are never stored. Recording facts for the first time needs no
/// `If-Match`; changing them does.
#[utoipa::path(put, path = "/v1/periods/{id}/facts/{unit_id}", request_body = UnitFacts,
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
