//! The units of an open period: `/v1/periods/{id}/units`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::period_unit::SetAside;
use crate::domain::text::composed;
use crate::error::Code;
use crate::http::assessment::periods::{PeriodView, details_answer};
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, operations};
use crate::http::time::{Day, Instant};
use crate::service::Answer;
use crate::service::assessment::period_units::{self, Joining, Leaving};

/// Returns the operations on the units of a period.
pub fn operations() -> Vec<Operation> {
    operations![Periods, "period_units";
        add: creates(Action::JoinUnit).refuses(ADD_REFUSALS),
        set_aside: acts(Action::SetUnitAside).refuses(SET_ASIDE_REFUSALS),
    ]
}

const ADD_REFUSALS: &[Code] = &[
    Code::InvalidState,
    Code::AlreadyExists,
    Code::UnitInactive,
    Code::UnknownReference,
    Code::GroupRequired,
    Code::GroupFixed,
    Code::DueOnRequired,
    Code::DueOnTooLate,
    Code::DueOnNotNeeded,
    Code::DateInPast,
    Code::DeadlineShortened,
    Code::GuardFailed,
    Code::AppraisalMissing,
];
const SET_ASIDE_REFUSALS: &[Code] = &[Code::UnitSetAside, Code::UnitsMissing, Code::UnknownReference];

/// A unit that was set aside from a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SetAsideUnit)]
pub struct SetAsideView {
    /// Id of the unit.
    unit_id: Id,
    /// Why it was set aside.
    reason: String,
    /// When it was set aside.
    set_aside_at: Instant,
    /// The unit that it merged into, as in `predecessor_ids` of that unit; null if it merged into none.
    merged_into: Option<Id>,
    /// Code of its group; null where the period has no groups.
    group_code: Option<String>,
}

impl From<&SetAside> for SetAsideView {
    fn from(aside: &SetAside) -> Self {
        SetAsideView {
            unit_id: aside.unit_id,
            reason: aside.reason.clone(),
            set_aside_at: Instant(aside.set_aside_at),
            merged_into: aside.merged_into,
            group_code: aside.group_code.clone(),
        }
    }
}

/// A unit that joins an open period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddPeriodUnit, example = json!({"unit_id": "018b88d6-5f80-7000-8000-000000000002", "reason": "Đơn vị mới thành lập"}))]
struct AddBody {
    /// The unit: an active one of the organisation that does not take part.
    unit_id: Id,
    /// Code of the group that it joins; required where the period has groups. A unit that was set aside comes back to its own
    /// group, which need not be named.
    group_code: Option<String>,
    /// Last day for its submission, not after the appraisal is due; defaults to that of the others. Required where that has
    /// passed and the unit has no submission yet, refused where the unit has submitted (`due_on_not_needed`).
    due_on: Option<Day>,
    /// Why it joins; at most 4,000 characters.
    reason: String,
}

/// Why a unit is set aside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetUnitAside, example = json!({"reason": "Sáp nhập theo Quyết định 12/QĐ-UBND", "merged_into": "018b88d6-5f80-7000-8000-000000000003"}))]
struct SetAsideBody {
    /// The reason; at most 4,000 characters.
    reason: String,
    /// The active unit of the organisation that it merged into, if it did. It need not take part in the period.
    merged_into: Option<Id>,
}

/// Let a unit join an open period.
///
/// Until the results are finalised. During the self-assessment it has the deadline of the others, or a later one of its own.
/// During the appraisal it gets a draft with a day of its own (`due_on`), on which it is submitted and appraised like a returned
/// submission. During the council review nothing can be handed in: its submission is missed, and it comes last in the ranking.
/// A unit that was set aside comes back to its submission as it was, with the days of a schedule that has moved since then. A
/// draft whose deadline has passed meanwhile is missed, unless `due_on` gives it a later one; in the council review, one that
/// was submitted and not appraised is refused (`appraisal_missing`).
#[utoipa::path(post, path = "/v1/periods/{id}/units", request_body = AddBody, responses((status = 201, description = "The period with the unit.", body = PeriodView)))]
async fn add(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<AddBody>().map(|body| Joining {
        unit_id: body.unit_id,
        group_code: body.group_code.as_deref().map(composed),
        due_on: body.due_on.map(Into::into),
        reason: body.reason,
    });
    call.write(move |conn, context| {
        let details = period_units::join(conn, context, &id, &input)?;
        Ok(Answer::created(&PeriodView::from(&details), details.tag.header(), format!("/v1/periods/{id}"))?)
    })
    .await
}

/// Set a unit of an open period aside.
///
/// Until the results are finalised. Its submission, reviews, facts and targets are kept and stay readable (`unit_set_aside` for
/// every change). The unit is out of the ranking, the exports, the counts of the summary, the tasks and the conditions of every
/// step; its deadline is waived, and a decision on a tie that names it lapses. It may be the last unit of its group, whose awards
/// nobody takes then. To undo it, add the unit again.
#[utoipa::path(post, path = "/v1/periods/{id}/units/{unit_id}/set-aside", request_body = SetAsideBody, responses((status = 200, description = "The period without the unit.", body = PeriodView)))]
async fn set_aside(call: Call) -> Reply {
    let (id, unit_id) = (call.id("id")?, call.id("unit_id")?);
    let input = call.body::<SetAsideBody>().map(|body| Leaving { reason: body.reason, merged_into: body.merged_into });
    call.write(move |conn, context| details_answer(&period_units::set_aside(conn, context, (&id, &unit_id), &input)?))
        .await
}
