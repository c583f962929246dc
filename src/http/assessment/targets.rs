//! Targets of the units of a period: `/v1/periods/{id}/targets`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::action::Action;
use crate::domain::assessment::target::Target;
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, changes, lists, operations};
use crate::http::page::ListView;
use crate::service::Answer;
use crate::service::assessment::targets;

/// Returns the operations on `targets`.
pub fn operations() -> Vec<Operation> {
    operations![Periods, "targets";
        list: lists(Action::ReadOffice),
        replace: changes(Action::SetTargets).refuses(REPLACE_REFUSALS),
    ]
}

const REPLACE_REFUSALS: &[Code] = &[
    Code::InvalidState,
    Code::GuardFailed,
    Code::TargetInUse,
    Code::UnitNotInPeriod,
    Code::UnknownCriterion,
    Code::TargetNotAsked,
    Code::Duplicate,
    Code::NumberOutOfRange,
    Code::NumberPrecision,
];

/// The targets of a period.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PeriodTargets, example = json!({"targets": [{"unit_id": "018b88d6-5f80-7000-8000-000000000002", "criterion_code": "A.I.1", "target": 104, "unit_of_measure": "văn bản"}]}))]
struct Body {
    /// The targets, at most one for each unit and criterion.
    targets: Vec<Target>,
}

/// List the targets of a period.
///
/// Ordered by unit and criterion. The list has the `ETag` of its period.
#[utoipa::path(get, path = "/v1/periods/{id}/targets", responses((status = 200, description = "A page of targets.", body = ListView<Target>)))]
async fn list(mut call: Call) -> Reply {
    let (id, asked) = (call.id("id")?, call.page_in_order());
    call.read(move |conn, context| {
        let (targets, seen) = targets::list(conn, context, &id)?;
        let key = |target: &Target| format!("{} {}", target.unit_id, target.criterion_code);
        let page = asked.answer_of_all(targets, key, |target| target)?;
        Ok(Answer { etag: Some(seen.tag.header()), ..page })
    })
    .await
}

/// Set the targets of a period.
///
/// Replaces all existing targets; requires the `ETag` of the period. A criterion whose rule `target_ratio` has no
/// target is scored against the target of the unit, and its answer is `{"actual": 95}`. Without either, the answer
/// gives the target as well. A target that a line is already scored or submitted by cannot change: `guard_failed` lists
/// each such line.
#[utoipa::path(put, path = "/v1/periods/{id}/targets", request_body = Body, responses((status = 200, description = "Set.", body = ListView<Target>)))]
async fn replace(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<Body>().map(|body| body.targets));
    call.write(move |conn, context| {
        let (targets, seen) = targets::replace(conn, context, &id, &input)?;
        Ok(Answer::ok(&ListView { items: targets, next_cursor: None }, seen.tag.header())?)
    })
    .await
}
