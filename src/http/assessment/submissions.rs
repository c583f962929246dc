//! `/v1/submissions`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::{Action, Stage};
use crate::domain::assessment::submission::{FrozenSheet, Return, SubmissionCase, SubmissionStatus};
use crate::domain::criteria::rules::{Answer as ScoreAnswer, AnswerInput, Explanation};
use crate::domain::criteria::scoring::{Criterion, Extent, Line, LineInput, Sheet, TableNode, Tally, Totals};
use crate::domain::{Id, Points, Quantity};
use crate::error::{Code, Error};
use crate::http::actions::Actions;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::problem::{FaultBody, Language, fault_bodies};
use crate::http::time::{Day, Instant};
use crate::service::assessment::submissions::{self, NewSubmission, Scores};
use crate::service::assessment::submissions::{Filter, Listed, Revision};
use crate::service::{Answer, Details, Input, Interrupt};

/// The operations on `submissions`.
pub fn operations() -> Vec<Operation> {
    operations![Submissions, "submissions";
        list: lists(Action::ReadOffice),
        create: creates(Action::CreateSubmission).refuses(CREATE_REFUSALS),
        get: reads(Action::ReadSubmission),
        scores: reads(Action::ReadSubmission),
        put_scores: changes(Action::WriteScores).refuses(SCORES_REFUSALS),
        patch_scores: changes(Action::WriteScores).refuses(SCORES_REFUSALS),
        readiness: reads(Action::WriteScores),
        submit: acts(Action::Submit).refuses(SUBMIT_REFUSALS),
        withdraw: acts(Action::Withdraw).refuses(WITHDRAW_REFUSALS),
        send_back: acts(Action::Return).refuses(SEND_BACK_REFUSALS),
        revisions: lists(Action::ReadSubmission),
        revision: reads(Action::ReadSubmission),
    ]
}

const CREATE_REFUSALS: &[Code] =
    &[Code::AlreadyExists, Code::NotOwnUnit, Code::DeadlinePassed, Code::InvalidState, Code::UnitNotInPeriod];
const SCORES_REFUSALS: &[Code] = &[
    Code::InvalidState,
    Code::DeadlinePassed,
    Code::ScoreOutOfRange,
    Code::PointsPrecision,
    Code::PointsStep,
    Code::NumberOutOfRange,
    Code::NumberPrecision,
    Code::AnswerMismatch,
    Code::NotApplicableRefused,
    Code::UnknownLevel,
    Code::RankOutOfBands,
    Code::UnknownOption,
    Code::DuplicateOption,
    Code::UnknownCriterion,
    Code::DuplicateCriterion,
    Code::SharedPointsExceeded,
];
const SUBMIT_REFUSALS: &[Code] =
    &[Code::DeadlinePassed, Code::ValidationFailed, Code::MissingScore, Code::EvidenceRequired];
const WITHDRAW_REFUSALS: &[Code] = &[Code::DeadlinePassed];
const SEND_BACK_REFUSALS: &[Code] = &[Code::Recused, Code::DueOnRequired, Code::DueOnTooLate, Code::DateInPast];

/// Sums of each stage; null where there is none or the caller may not see it.
#[derive(Debug, Default, Serialize, ToSchema)]
struct StageTotals {
    /// The unit's own.
    #[serde(rename = "self")]
    own: Option<Totals>,
    /// The standing body's.
    appraisal: Option<Totals>,
    /// The council's.
    council: Option<Totals>,
    /// That of the furthest submitted stage.
    #[serde(rename = "final")]
    result: Option<Totals>,
}

impl StageTotals {
    fn of(own: Option<Totals>, details: &Details<SubmissionCase>) -> Self {
        let of =
            |stage| details.visible.reviews.iter().find(|review| review.stage == stage).map(|review| review.totals);
        let (appraisal, council) = (of(Stage::Appraisal), of(Stage::Council));
        let result = council.or(appraisal).or(own.filter(|_| details.visible.sees_result));
        StageTotals { own, appraisal, council, result }
    }
}

/// A unit's sheet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Submission)]
struct SubmissionView {
    id: Id,
    organization_id: Id,
    period_id: Id,
    unit_id: Id,
    #[schema(example = "TH")]
    unit_code: String,
    status: SubmissionStatus,
    /// How often it was submitted.
    revision: i32,
    /// Submitted after the due date, where the period accepts that.
    late: bool,
    /// This sheet's own due date.
    due_on: NaiveDate,
    /// The first instant that is too late; null where late sheets are accepted.
    closes_at: Option<Instant>,
    submitted_at: Option<Instant>,
    /// Why it was sent back.
    return_reason: Option<String>,
    totals: StageTotals,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
    #[serde(flatten)]
    actions: Actions,
}

impl From<&Details<SubmissionCase>> for SubmissionView {
    fn from(details: &Details<SubmissionCase>) -> Self {
        let submission = &details.value.submission;
        SubmissionView {
            id: submission.id,
            organization_id: submission.organization_id,
            period_id: submission.period_id,
            unit_id: submission.unit_id,
            unit_code: details.value.unit.code.clone(),
            status: submission.status,
            revision: submission.revision,
            late: submission.late,
            due_on: submission.due_on,
            closes_at: submission.closes_at.map(Instant),
            submitted_at: submission.submitted_at.map(Instant),
            return_reason: submission.return_reason.clone(),
            totals: StageTotals::of(details.visible.own_totals, details),
            version: submission.version,
            created_at: Instant(submission.created_at),
            updated_at: Instant(submission.updated_at),
            actions: Actions::of(&details.offers, &format!("/v1/submissions/{}", submission.id)),
        }
    }
}

/// A sheet in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmissionHead)]
struct ListedView {
    id: Id,
    period_id: Id,
    unit_id: Id,
    unit_code: String,
    status: SubmissionStatus,
    revision: i32,
    late: bool,
    due_on: NaiveDate,
    closes_at: Option<Instant>,
    submitted_at: Option<Instant>,
    /// What the unit's own lines add up to, where the caller may see it.
    self_total: Option<Points>,
    version: i64,
    updated_at: Instant,
}

impl From<(Listed, bool)> for ListedView {
    fn from((row, shows_own): (Listed, bool)) -> Self {
        let submission = row.submission;
        ListedView {
            id: submission.id,
            period_id: submission.period_id,
            unit_id: submission.unit_id,
            unit_code: row.unit_code,
            status: submission.status,
            revision: submission.revision,
            late: submission.late,
            due_on: submission.due_on,
            closes_at: submission.closes_at.map(Instant),
            submitted_at: submission.submitted_at.map(Instant),
            self_total: submission.totals.filter(|_| shows_own).map(|totals| totals.total),
            version: submission.version,
            updated_at: Instant(submission.updated_at),
        }
    }
}

/// One stage's view of one line; null where it is neither scored nor noted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreCell)]
pub struct CellView<'a> {
    answer: Option<&'a ScoreAnswer>,
    points: Option<Points>,
    /// Enough to recompute the points by hand.
    explanation: Option<Explanation>,
    note: Option<&'a str>,
    /// Why a review departs from the stage before.
    reason: Option<&'a str>,
}

impl<'a> CellView<'a> {
    /// The cell of a line.
    pub fn of(criterion: &Criterion, line: &'a Line) -> Option<Self> {
        let Line { scored, note, reason } = line;
        let empty = scored.is_none() && note.is_none() && reason.is_none();
        (!empty).then(|| CellView {
            answer: line.answer(),
            points: line.points(),
            explanation: line.answer().map(|answer| criterion.rule.explain(answer, criterion.ceiling)),
            note: note.as_deref(),
            reason: reason.as_deref(),
        })
    }
}

/// One criterion, stage by stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Score)]
struct ScoreView<'a> {
    #[schema(example = "A.II.1")]
    criterion_code: &'a str,
    title: &'a str,
    /// Null where it shares what is left of its section.
    max_points: Option<Points>,
    /// What is to be reached, where the rule or the period says so: then the answer gives only `actual`.
    target: Option<Quantity>,
    /// Whether points claimed here need a piece of evidence.
    evidence_required: bool,
    #[serde(rename = "self")]
    own: Option<CellView<'a>>,
    appraisal: Option<CellView<'a>>,
    council: Option<CellView<'a>>,
    /// Of the furthest submitted stage that the caller sees.
    final_points: Option<Points>,
    /// Whether the caller may write this line now.
    editable: bool,
}

/// The sum of a part, section or criterion, stage by stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NodeSum)]
struct NodeView<'a> {
    code: &'a str,
    max_points: Option<Points>,
    #[serde(rename = "self")]
    own: Option<Points>,
    appraisal: Option<Points>,
    council: Option<Points>,
    #[serde(rename = "final")]
    result: Option<Points>,
    /// The arithmetic beyond the plain sum, where there is any: a cap on deductions, what is made up for.
    steps: Option<NodeSteps>,
}

/// The arithmetic beyond the plain sum, stage by stage, line by line.
#[derive(Debug, Default, Serialize, ToSchema)]
struct NodeSteps {
    #[serde(rename = "self")]
    #[schema(example = json!(["85 + (15 - 12) = 88"]))]
    own: Vec<String>,
    appraisal: Vec<String>,
    council: Vec<String>,
}

impl NodeSteps {
    fn if_any(self) -> Option<Self> {
        let is_empty = self.own.is_empty() && self.appraisal.is_empty() && self.council.is_empty();
        (!is_empty).then_some(self)
    }
}

/// A sheet with its lines in the guideline's order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmissionScores)]
struct ScoresView<'a> {
    scores: Vec<ScoreView<'a>>,
    nodes: Vec<NodeView<'a>>,
    totals: StageTotals,
}

impl<'a> From<&'a Scores> for ScoresView<'a> {
    fn from(all: &'a Scores) -> Self {
        let Scores { submission: details, table, own, appraisal, council } = all;
        let editable = details.offers.allowed.iter().any(|(action, _)| *action == Action::WriteScores);
        let furthest: Option<&Sheet> =
            council.as_ref().or(appraisal.as_ref()).or(details.visible.sees_result.then_some(own));
        let cell = |sheet: Option<&'a Sheet>, at: usize, criterion| CellView::of(criterion, sheet?.0.get(at)?);
        let scores = table.criteria.iter().enumerate().map(|(at, criterion)| ScoreView {
            criterion_code: &criterion.code,
            title: &criterion.title,
            max_points: criterion.max_points,
            target: criterion.rule.target(),
            evidence_required: criterion.evidence_required,
            own: cell(Some(own), at, criterion),
            appraisal: cell(appraisal.as_ref(), at, criterion),
            council: cell(council.as_ref(), at, criterion),
            final_points: furthest.and_then(|sheet| sheet.points(at)),
            editable,
        });
        let tallied = |sheet: Option<&Sheet>| sheet.map(|sheet| table.tally(sheet));
        let of_own = table.tally(own);
        let (of_appraisal, of_council) = (tallied(appraisal.as_ref()), tallied(council.as_ref()));
        let of_result =
            of_council.as_ref().or(of_appraisal.as_ref()).or(details.visible.sees_result.then_some(&of_own));
        let node = |(at, node): (usize, &'a TableNode)| {
            let sum = |tally: Option<&Tally>| tally.and_then(|tally| tally.nodes.get(at)).cloned().unwrap_or_default();
            let [own, appraisal, council] = [Some(&of_own), of_appraisal.as_ref(), of_council.as_ref()].map(sum);
            NodeView {
                code: &node.code,
                max_points: node.max_points,
                own: own.points,
                appraisal: appraisal.points,
                council: council.points,
                result: of_result.and_then(|tally| tally.nodes.get(at)?.points),
                steps: NodeSteps { own: own.steps, appraisal: appraisal.steps, council: council.steps }.if_any(),
            }
        };
        let nodes = table.nodes.iter().enumerate().map(node).collect();
        ScoresView { scores: scores.collect(), nodes, totals: StageTotals::of(of_own.totals, details) }
    }
}

/// A new sheet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateSubmission, example = json!({"period_id": "018b88d6-5f80-7000-8000-000000000001", "unit_id": "018b88d6-5f80-7000-8000-000000000002"}))]
struct NewBody {
    period_id: Id,
    unit_id: Id,
}

/// Lines of a sheet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoresBody, example = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"type": "points", "points": 27.5}, "note": "Trình chậm 01 văn bản"},
    {"criterion_code": "A.III.1", "answer": {"type": "achieved", "achieved": true}}, {"criterion_code": "A.IV.4", "answer": {"type": "cases", "cases": 1}}]}))]
struct ScoresBody {
    scores: Vec<ScoreBody>,
}

/// One line; `answer: null` clears it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreBody)]
struct ScoreBody {
    criterion_code: String,
    #[schema(value_type = Option<ScoreAnswer>)]
    answer: Option<AnswerInput>,
    note: Option<String>,
}

fn lines(body: ScoresBody) -> Vec<LineInput> {
    let line = |score: ScoreBody| LineInput {
        criterion_code: score.criterion_code,
        answer: score.answer,
        note: score.note,
        reason: None,
    };
    body.scores.into_iter().map(line).collect()
}

/// Why a sheet is sent back, and until when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubmissionReturn, example = json!({"reason": "Thiếu minh chứng mục A.II.1", "due_on": "2023-11-14"}))]
struct ReturnBody {
    reason: String,
    /// Needed once the gate has closed; not after the appraisal is due.
    due_on: Option<Day>,
}

/// Whether a sheet can be submitted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
struct ReadinessView {
    ready: bool,
    errors: Vec<FaultBody>,
}

/// A frozen revision in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevisionHead)]
struct RevisionHeadView {
    revision: i32,
    /// SHA-256 of the content, in hex.
    sha256: String,
    criteria_set_id: String,
    /// The member who submitted it.
    submitted_by: String,
    submitted_at: Instant,
}

impl From<&Revision> for RevisionHeadView {
    fn from(revision: &Revision) -> Self {
        RevisionHeadView {
            revision: revision.revision,
            sha256: revision.sha256.clone(),
            criteria_set_id: revision.criteria_set_id.clone(),
            submitted_by: revision.submitted_by.clone(),
            submitted_at: Instant(revision.submitted_at.and_utc()),
        }
    }
}

/// A frozen revision with what was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revision)]
struct RevisionView {
    #[serde(flatten)]
    head: RevisionHeadView,
    /// Byte for byte what the digest is of.
    #[schema(value_type = FrozenSheet)]
    content: Box<serde_json::value::RawValue>,
}

fn shown(details: &Details<SubmissionCase>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&SubmissionView::from(details), details.tag.header())?)
}

/// Which sheets are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only of these periods.
    period_id: Option<Vec<Id>>,
    /// Only of these units.
    unit_id: Option<Vec<Id>>,
    /// Only these states.
    status: Option<Vec<SubmissionStatus>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the sheets that the caller may see.
///
/// A unit's people see their own; the standing body those that were submitted, the council those that were appraised, nobody a foreign draft.
#[utoipa::path(get, path = "/v1/submissions", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<ListedView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, unit_id, status, sort } = call.query();
    let filter = Filter { period_ids: period_id, unit_ids: unit_id, statuses: status };
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = submissions::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |(row, _)| row.submission.id, ListedView::from)?)
    })
    .await
}

/// Start a unit's sheet.
///
/// One for each unit and period, while the gate is open.
#[utoipa::path(post, path = "/v1/submissions", request_body = NewBody, responses((status = 201, description = "Created.", body = SubmissionView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| NewSubmission { period_id: body.period_id, unit_id: body.unit_id });
    call.write(move |conn, context| {
        let details = submissions::create(conn, context, &input)?;
        Ok(Answer::created(
            &SubmissionView::from(&details),
            details.tag.header(),
            format!("/v1/submissions/{}", details.value.submission.id),
        )?)
    })
    .await
}

/// Read a sheet.
///
/// A unit sees null for every appraisal, council and final figure until the results are announced.
#[utoipa::path(get, path = "/v1/submissions/{id}", responses((status = 200, description = "The sheet.", body = SubmissionView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(&context.get(conn, &id)?)).await
}

fn shown_scores(scores: &Scores) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&ScoresView::from(scores), scores.submission.tag.header())?)
}

/// Read a sheet's lines, stage by stage, in the guideline's order.
#[utoipa::path(get, path = "/v1/submissions/{id}/scores", responses((status = 200, description = "The lines.", body = ScoresView)))]
async fn scores(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown_scores(&submissions::scores(conn, context, &id)?)).await
}

async fn write(call: Call, extent: Extent) -> Reply {
    let id = call.id("id")?;
    let input: Input<Vec<LineInput>> = call.body::<ScoresBody>().map(lines);
    call.write(move |conn, context| shown_scores(&submissions::write_scores(conn, context, &id, &input, extent)?)).await
}

/// Write the whole sheet.
///
/// Lines that are absent become null. Every fault is told at once.
#[utoipa::path(put, path = "/v1/submissions/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ScoresView)))]
async fn put_scores(call: Call) -> Reply {
    write(call, Extent::Whole).await
}

/// Write the lines given.
///
/// A line is written whole: an absent note is taken away.
#[utoipa::path(patch, path = "/v1/submissions/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ScoresView)))]
async fn patch_scores(call: Call) -> Reply {
    write(call, Extent::Given).await
}

/// What keeps the sheet from being submitted?
#[utoipa::path(get, path = "/v1/submissions/{id}/readiness", responses((status = 200, description = "The list, empty when ready.", body = ReadinessView)))]
async fn readiness(call: Call) -> Reply {
    let (id, language) = (call.id("id")?, Language::of(call.http().headers()));
    call.read(move |conn, context| {
        let (details, missing) = submissions::readiness(conn, context, &id)?;
        let view = ReadinessView { ready: missing.is_empty(), errors: fault_bodies(&missing, language) };
        Ok(Answer::ok(&view, details.tag.header())?)
    })
    .await
}

/// Send the sheet to the standing body.
///
/// Freezes a revision. Refused with the same list as `GET …/readiness` while a line is missing.
#[utoipa::path(post, path = "/v1/submissions/{id}/submit", responses((status = 200, description = "Submitted.", body = SubmissionView)))]
async fn submit(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| shown(&submissions::submit(conn, context, &id)?)).await
}

/// Take the sheet back while its gate is open.
#[utoipa::path(post, path = "/v1/submissions/{id}/withdraw", responses((status = 200, description = "A draft again.", body = SubmissionView)))]
async fn withdraw(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| shown(&submissions::withdraw(conn, context, &id)?)).await
}

/// Send a sheet back to its unit.
///
/// A draft appraisal of it is dropped. Not sent again by `due_on`, it stands as last submitted.
#[utoipa::path(post, path = "/v1/submissions/{id}/return", operation_id = "return", request_body = ReturnBody, responses((status = 200, description = "Returned.", body = SubmissionView)))]
async fn send_back(call: Call) -> Reply {
    let id = call.id("id")?;
    let input =
        call.body::<ReturnBody>().map(|body| Return { reason: body.reason, due_on: body.due_on.map(Into::into) });
    call.write(move |conn, context| shown(&submissions::send_back(conn, context, &id, &input)?)).await
}

/// List the frozen revisions of a sheet.
#[utoipa::path(get, path = "/v1/submissions/{id}/revisions", responses((status = 200, description = "First to last.", body = ListView<RevisionHeadView>)))]
async fn revisions(mut call: Call) -> Reply {
    let (id, asked) = (call.id("id")?, call.page_in_order());
    call.read(move |conn, context| {
        let rows = submissions::revisions(conn, context, &id)?;
        Ok(asked.answer_of_all(rows, |row| row.revision.to_string(), |row| RevisionHeadView::from(&row))?)
    })
    .await
}

/// Read a frozen revision.
#[utoipa::path(get, path = "/v1/submissions/{id}/revisions/{n}", params(("n" = i32, Path, description = "Its number, from 1.")),
    responses((status = 200, description = "What was sent.", body = RevisionView)))]
async fn revision(call: Call) -> Reply {
    let id = call.id("id")?;
    // What is no number names no revision.
    let number = call.segment("n").parse().unwrap_or(0);
    call.read(move |conn, context| {
        let row = submissions::revision(conn, context, &id, number)?;
        let content = serde_json::value::RawValue::from_string(row.content.clone()).map_err(Error::internal)?;
        let etag = format!("\"{}-0\"", row.sha256);
        Ok(Answer::ok(&RevisionView { head: (&row).into(), content }, etag)?)
    })
    .await
}
