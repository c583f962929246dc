//! Who is to review what: `/v1/submissions/{id}/assignments/{stage}` and `/v1/periods/{id}/assignments`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::json;
use crate::http::operation::{Operation, deletes, lists, operations, puts, reads, runs};
use crate::http::page::ListView;
use crate::http::problem::Problem;
use crate::http::time::Instant;
use crate::service::assessment::assignments::{self, Assigned, Assigning};
use crate::service::{Answer, Input};

/// Returns the operations on assignments.
pub fn operations() -> Vec<Operation> {
    operations![Reviews, "assignments";
        list: lists(Action::ReadAssignments),
        get: reads(Action::ReadAssignments),
        put: puts(Action::Assign).refuses(PUT_REFUSALS),
        remove: deletes(Action::Assign).refuses(REMOVE_REFUSALS),
        assign: runs(Action::Assign).refuses(ASSIGN_REFUSALS),
    ]
}

const PUT_REFUSALS: &[Code] = &[
    Code::Recused,
    Code::InvalidState,
    Code::UnitSetAside,
    Code::StageNotAssigned,
    Code::UnknownReference,
    Code::NotReviewer,
    Code::MemberNotActive,
    Code::MemberRecused,
];
const REMOVE_REFUSALS: &[Code] = &[Code::Recused];
const ASSIGN_REFUSALS: &[Code] = &[
    Code::GuardFailed,
    Code::ValidationFailed,
    Code::Required,
    Code::TooManyItems,
    Code::InvalidState,
    Code::UnitSetAside,
    Code::StageNotAssigned,
    Code::Duplicate,
    Code::UnknownReference,
    Code::NotReviewer,
    Code::MemberNotActive,
    Code::MemberRecused,
];

/// Who is to review a submission at a stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assignment)]
struct AssignmentView {
    /// Id of the assignment.
    id: Id,
    /// The period of the submission.
    period_id: Id,
    /// The submission to review.
    submission_id: Id,
    /// The unit of the submission.
    unit_id: Id,
    /// Code of the unit.
    #[schema(example = "TH")]
    unit_code: String,
    /// The stage of the review.
    stage: Stage,
    /// The member who is to review it.
    member_id: Id,
    /// Name of the member.
    display_name: String,
    /// Why the assignment counts no longer, as a problem code: the member has left (`member_not_active`), lost the role
    /// (`not_reviewer`) or keeps away (`member_recused`). Null while it counts.
    #[schema(example = "member_recused")]
    lapsed: Option<&'static str>,
    /// Id of the member who assigned it.
    assigned_by: Id,
    /// Version of the assignment; it increases with every change.
    version: i64,
    /// When it was first assigned.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl From<&Assigned> for AssignmentView {
    fn from(assigned: &Assigned) -> Self {
        let assignment = &assigned.assignment;
        AssignmentView {
            id: assignment.id,
            period_id: assignment.period_id,
            submission_id: assignment.submission_id,
            unit_id: assignment.unit.id,
            unit_code: assignment.unit.code.clone(),
            stage: assignment.stage,
            member_id: assignment.member_id,
            display_name: assigned.display_name.clone(),
            lapsed: assigned.lapsed.map(|code| code.row().code),
            assigned_by: assignment.assigned_by,
            version: assignment.version,
            created_at: Instant(assignment.created_at),
            updated_at: Instant(assignment.updated_at),
        }
    }
}

/// Whom a submission is assigned to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignmentBody, example = json!({"member_id": "018b88d6-5f80-7000-8000-000000000004"}))]
struct PutBody {
    /// A member with a role of the stage, active, and not recused from the submission.
    member_id: Id,
}

/// Assignments of a stage: those given, or the even distribution of what nobody has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignmentsBody, example = json!({"stage": "appraisal", "distribute": true}))]
struct AssignBody {
    /// The stage.
    stage: Stage,
    /// Whom each submission goes to, at most 1,000; not with `distribute`.
    items: Option<Vec<AssignItem>>,
    /// Whether to share out, as evenly as can be, the submissions that nobody has; defaults to `false`.
    #[serde(default)]
    distribute: bool,
}

/// Whom a submission is assigned to, among many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignmentItem)]
struct AssignItem {
    /// The submission, which belongs to the period.
    submission_id: Id,
    /// A member with a role of the stage, active, and not recused from the submission.
    member_id: Id,
}

/// What was assigned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssignmentsMade)]
struct MadeView {
    /// The assignments that were made or changed.
    assignments: Vec<AssignmentView>,
    /// The submissions that could not be shared out because there is nobody who can review them.
    without_assignee: Vec<Id>,
}

/// Filters of the list of assignments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only assignments of this stage.
    stage: Option<Stage>,
    /// Only assignments to this member.
    member_id: Option<Id>,
}

/// Returns the stage in the path.
fn stage(call: &Call) -> Result<Stage, Problem> {
    let word = serde_json::Value::from(call.segment("stage"));
    serde_json::from_value(word).map_err(|_| call.problem(Code::NotFound))
}

/// List the assignments of a period.
///
/// In order of the unit's code, the appraisal before the council's review; those of submissions that the caller may see. A unit
/// never learns who is to review its submission.
#[utoipa::path(get, path = "/v1/periods/{id}/assignments", params(ListQuery), responses((status = 200, description = "A page of assignments.", body = ListView<AssignmentView>)))]
async fn list(mut call: Call) -> Reply {
    let id = call.id("id")?;
    let ListQuery { stage, member_id } = call.query();
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let mut rows = assignments::list(conn, context, &id)?;
        rows.retain(|row| {
            stage.is_none_or(|stage| row.assignment.stage == stage)
                && member_id.is_none_or(|member_id| row.assignment.member_id == member_id)
        });
        Ok(asked.answer_of_all(rows, |row| row.assignment.id.to_string(), |row| AssignmentView::from(&row))?)
    })
    .await
}

/// Get who is to review a submission.
#[utoipa::path(get, path = "/v1/submissions/{id}/assignments/{stage}", params(("stage" = Stage, Path, description = "The stage of the review.")),
    responses((status = 200, description = "The assignment.", body = AssignmentView)))]
async fn get(call: Call) -> Reply {
    let (id, stage) = (call.id("id")?, stage(&call)?);
    call.read(move |conn, context| {
        let assigned = assignments::get(conn, context, &id, stage)?;
        Ok(Answer::ok(&AssignmentView::from(&assigned), assigned.tag().header())?)
    })
    .await
}

/// Assign a submission for review.
///
/// An assignment orders the work: the task is shown to its assignee alone, and the summary names who has what left to do. It
/// gives and takes no right; others of the stage may still review the submission. Possible until its review is submitted. A first
/// assignment needs no `If-Match`; changing it does.
#[utoipa::path(put, path = "/v1/submissions/{id}/assignments/{stage}", params(("stage" = Stage, Path, description = "The stage of the review.")),
    request_body = PutBody,
    responses((status = 200, description = "Changed.", body = AssignmentView), (status = 201, description = "Assigned for the first time.", body = AssignmentView)))]
async fn put(call: Call) -> Reply {
    let (id, stage) = (call.id("id")?, stage(&call)?);
    let input: Input<Id> = call.body::<PutBody>().map(|body| body.member_id);
    call.write(move |conn, context| {
        let (assigned, is_new) = assignments::put(conn, context, (&id, stage), &input)?;
        let (view, tag) = (AssignmentView::from(&assigned), assigned.tag().header());
        let place = || format!("/v1/submissions/{id}/assignments/{}", enum_word(stage));
        Ok(if is_new { Answer::created(&view, tag, place())? } else { Answer::ok(&view, tag)? })
    })
    .await
}

/// Returns a stage as it is written in a path.
const fn enum_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Appraisal => "appraisal",
        Stage::Council => "council",
    }
}

/// Remove an assignment.
///
/// The submission is then a task of all of the stage.
#[utoipa::path(delete, path = "/v1/submissions/{id}/assignments/{stage}", params(("stage" = Stage, Path, description = "The stage of the review.")),
    responses((status = 204, description = "Removed.")))]
async fn remove(call: Call) -> Reply {
    let (id, stage) = (call.id("id")?, stage(&call)?);
    call.act(move |conn, context| {
        assignments::remove(conn, context, &id, stage)?;
        Ok(Answer::nothing())
    })
    .await
}

/// Assign many submissions for review.
///
/// With `items`, all of them or none: every fault of every item is reported. With `distribute`, the submissions that nobody has
/// are shared out among the active members with a role of the stage, so that all have as much to do as recusals allow;
/// `without_assignee` lists those for which there is nobody. What is assigned already stays as it is.
#[utoipa::path(post, path = "/v1/periods/{id}/assignments", request_body = AssignBody, responses((status = 200, description = "What was assigned.", body = MadeView)))]
async fn assign(call: Call) -> Reply {
    let id = call.id("id")?;
    let input: Input<Assigning> = call.body::<AssignBody>().and_then(|body| {
        let AssignBody { stage, items, distribute } = body;
        let items = items.map(|items| items.into_iter().map(|item| (item.submission_id, item.member_id)).collect());
        match (&items, distribute) {
            (Some(_), false) | (None, true) => Ok(Assigning { stage, items }),
            (Some(_), true) => Err(json::invalid("", "unknown_field", Some("items"))),
            (None, false) => Err(json::invalid("", "missing_field", Some("items"))),
        }
    });
    call.write(move |conn, context| {
        let (made, without_assignee) = assignments::set_all(conn, context, &id, &input)?;
        let view = MadeView { assignments: made.iter().map(AssignmentView::from).collect(), without_assignee };
        Ok(Answer { etag: None, ..Answer::ok(&view, String::new())? })
    })
    .await
}
