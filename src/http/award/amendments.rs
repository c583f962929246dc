//! Amendments of final results: `/v1/submissions/{id}/amendments`, `/v1/amendments`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::Action;
use crate::domain::assessment::facts::UnitFacts;
use crate::domain::award::amendment::{AmendedLine, Amendment, AmendmentCase, AmendmentStatus};
use crate::domain::criteria::rules::{Answer as ScoreAnswer, AnswerInput};
use crate::domain::criteria::scoring::{LineInput, Totals};
use crate::domain::{Id, Points};
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::assessment::periods::ReasonBody;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::time::Instant;
use crate::service::award::amendments::{self, Filter, NewAmendment};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `amendments`.
pub fn operations() -> Vec<Operation> {
    operations![Results, "amendments";
        request: creates(Action::RequestAmendment).refuses(REQUEST_REFUSALS),
        list: lists(Action::ReadAmendment),
        get: reads(Action::ReadAmendment),
        approve: acts(Action::ApproveAmendment).refuses(APPROVE_REFUSALS),
        reject: acts(Action::RejectAmendment).refuses(DECIDE_REFUSALS),
    ]
}

const REQUEST_REFUSALS: &[Code] = &[
    Code::AlreadyExists,
    Code::InvalidState,
    Code::Recused,
    Code::NothingCorrected,
    Code::ScoreOutOfRange,
    Code::UnknownCriterion,
    Code::MissingScore,
    Code::SharedPointsExceeded,
    Code::TextEmpty,
];
const DECIDE_REFUSALS: &[Code] = &[Code::SamePerson, Code::Recused];
const APPROVE_REFUSALS: &[Code] = &[Code::SamePerson, Code::Recused, Code::GuardFailed, Code::FactsMissing];

/// A new amendment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateAmendment, example = json!({"reason": "Trừ nhầm văn bản không thuộc đơn vị", "legal_basis": "Công văn số 45/HCTC ngày 05/12/2023",
    "scores": [{"criterion_code": "A.II.1", "answer": {"type": "points", "points": 30}}]}))]
struct NewBody {
    /// Why the result is wrong; at most 4,000 characters.
    reason: String,
    /// The document that the amendment is based on; at most 1,000 characters.
    legal_basis: String,
    /// The final lines as they should be, each for another criterion; absent lines stay as they are.
    #[serde(default)]
    scores: Vec<LineBody>,
    /// The facts about the unit as they should be; null or absent to leave them as they are.
    facts: Option<UnitFacts>,
}

/// A line as it should be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AmendmentScoreBody)]
struct LineBody {
    /// Code of the criterion.
    criterion_code: String,
    /// The answer, as the criterion's rule requires.
    #[schema(value_type = ScoreAnswer)]
    answer: AnswerInput,
    /// Why the line changes, where the reason of the amendment does not say it; at most 4,000 characters.
    reason: Option<String>,
    /// A remark; at most 4,000 characters.
    note: Option<String>,
}

impl From<LineBody> for LineInput {
    fn from(body: LineBody) -> Self {
        LineInput {
            criterion_code: body.criterion_code,
            answer: Some(body.answer),
            note: body.note,
            reason: body.reason,
        }
    }
}

/// A line that an amendment changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AmendmentScore)]
struct LineView {
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    criterion_code: String,
    /// Final points before; null if the criterion was not scored or did not apply.
    was_points: Option<Points>,
    /// The answer.
    answer: ScoreAnswer,
    /// Final points after.
    points: Points,
    /// Why the line changes; null where the reason of the amendment says it.
    reason: Option<String>,
    /// A remark.
    note: Option<String>,
}

impl From<&AmendedLine> for LineView {
    fn from(line: &AmendedLine) -> Self {
        LineView {
            criterion_code: line.criterion_code.clone(),
            was_points: line.was_points,
            answer: line.answer.clone(),
            points: line.points,
            reason: line.reason.clone(),
            note: line.note.clone(),
        }
    }
}

/// An amendment, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AmendmentHead)]
struct HeadView {
    /// Id of the amendment.
    id: Id,
    /// The organisation that it belongs to.
    organization_id: Id,
    /// The period that it belongs to.
    period_id: Id,
    /// The submission whose result it changes.
    submission_id: Id,
    /// The unit of the submission.
    unit_id: Id,
    /// Code of the unit.
    #[schema(example = "KT")]
    unit_code: String,
    /// State of the amendment.
    status: AmendmentStatus,
    /// Why the result is wrong.
    reason: String,
    /// The document that the amendment is based on.
    legal_basis: String,
    /// The lines that it changes, in the order of the criteria set.
    scores: Vec<LineView>,
    /// Final totals before.
    totals_before: Totals,
    /// Final totals after.
    totals_after: Totals,
    /// The facts about the unit as they should be; null to leave them as they are.
    facts: Option<UnitFacts>,
    /// Id of the member who asked for it.
    asked_by: Id,
    /// Id of the member who decided; null while it is pending.
    decided_by: Option<Id>,
    /// When it was decided; null while it is pending.
    decided_at: Option<Instant>,
    /// Why it was rejected.
    decision_reason: Option<String>,
    /// Version of the ranking that was frozen with it; null unless it is approved.
    ranking_version: Option<i64>,
    /// When its result became that of the sheet; null until the approval, and after an announcement until the next one.
    published_at: Option<Instant>,
    /// Version of the amendment; it increases with every change.
    version: i64,
    /// When it was asked for.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl HeadView {
    fn of(amendment: &Amendment, unit_code: &str) -> Self {
        let decision = amendment.decision.as_ref();
        HeadView {
            id: amendment.id,
            organization_id: amendment.organization_id,
            period_id: amendment.period_id,
            submission_id: amendment.submission_id,
            unit_id: amendment.unit_id,
            unit_code: unit_code.to_owned(),
            status: amendment.status,
            reason: amendment.reason.clone(),
            legal_basis: amendment.legal_basis.clone(),
            scores: amendment.scores.lines.iter().map(LineView::from).collect(),
            totals_before: amendment.scores.before,
            totals_after: amendment.scores.after,
            facts: amendment.facts.clone(),
            asked_by: amendment.asked_by,
            decided_by: decision.map(|decision| decision.by),
            decided_at: decision.map(|decision| Instant(decision.at)),
            decision_reason: decision.and_then(|decision| decision.reason.clone()),
            ranking_version: amendment.ranking_version,
            published_at: amendment.published_at.map(Instant),
            version: amendment.version,
            created_at: Instant(amendment.created_at),
            updated_at: Instant(amendment.updated_at),
        }
    }
}

/// An amendment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Amendment)]
struct AmendmentView {
    #[serde(flatten)]
    head: HeadView,
    #[serde(flatten)]
    actions: Actions,
}

impl From<&Details<AmendmentCase>> for AmendmentView {
    fn from(details: &Details<AmendmentCase>) -> Self {
        let amendment = &details.value.amendment;
        AmendmentView {
            head: HeadView::of(amendment, &details.value.sheet.unit.code),
            actions: Actions::of(&details.offers, &format!("/v1/amendments/{}", amendment.id)),
        }
    }
}

fn details_answer(details: &Details<AmendmentCase>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&AmendmentView::from(details), details.tag.header())?)
}

/// Filters of the list of amendments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only of this period.
    period_id: Option<Id>,
    /// Only of this submission.
    submission_id: Option<Id>,
    /// Only in these states.
    status: Option<Vec<AmendmentStatus>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// Ask for an amendment of a final result.
///
/// The only way to change scores or facts once the ranking is final. It changes nothing until the chair approves it, who
/// must be another person. One amendment of a submission at a time is pending or approved and not yet announced.
///
/// A submission that was missed wrongly is given its result once the results are announced, with all its lines; it stays
/// `missed`, without a revision.
///
/// Where recusal keeps every secretary away from the unit, a chair asks. Where it keeps every chair away, or leaves only the one
/// who asked, whoever presided last over a closed session of the period decides.
#[utoipa::path(post, path = "/v1/submissions/{id}/amendments", request_body = NewBody, responses((status = 201, description = "Asked for.", body = AmendmentView)))]
async fn request(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<NewBody>().map(|body| NewAmendment {
        reason: body.reason,
        legal_basis: body.legal_basis,
        scores: body.scores.into_iter().map(LineInput::from).collect(),
        facts: body.facts,
    });
    call.write(move |conn, context| {
        let details = amendments::request(conn, context, &id, &input)?;
        let location = format!("/v1/amendments/{}", details.value.amendment.id);
        Ok(Answer::created(&AmendmentView::from(&details), details.tag.header(), location)?)
    })
    .await
}

/// List the amendments of an organisation.
#[utoipa::path(get, path = "/v1/amendments", params(ListQuery), responses((status = 200, description = "A page of amendments.", body = ListView<HeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, submission_id, status, sort } = call.query();
    let (asked, filter) = (call.page(sort), Filter { period_id, submission_id, statuses: status });
    call.read(move |conn, context| {
        let rows = amendments::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.amendment.id, |row| HeadView::of(&row.amendment, &row.unit_code))?)
    })
    .await
}

/// Get an amendment.
#[utoipa::path(get, path = "/v1/amendments/{id}", responses((status = 200, description = "The amendment.", body = AmendmentView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Approve an amendment.
///
/// Freezes the ranking anew, as its next version. Before the announcement the sheet has its result at once. Afterwards the
/// announced ranking and the open proposals are `stale` until `announce` publishes the new version; the unit sees the amended
/// result from then on. A tie that arises is decided by the council as before, in a new session.
///
/// Rejected with 409 `guard_failed` while the facts of a unit that comes into reach of an award are missing (`facts_missing`): an
/// amendment of that unit gives them first.
#[utoipa::path(post, path = "/v1/amendments/{id}/approve", responses((status = 200, description = "Approved.", body = AmendmentView)))]
async fn approve(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&amendments::approve(conn, context, &id)?)).await
}

/// Reject an amendment.
#[utoipa::path(post, path = "/v1/amendments/{id}/reject", request_body = ReasonBody, responses((status = 200, description = "Rejected.", body = AmendmentView)))]
async fn reject(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&amendments::reject(conn, context, &id, &input)?)).await
}
