//! `/v1/submissions`.

pub mod scores;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::Action;
use crate::domain::assessment::submission::{FrozenSheet, Return, SubmissionCase, SubmissionStatus};
use crate::domain::criteria::rules::{Answer as ScoreAnswer, AnswerInput};
use crate::domain::criteria::scoring::{LineInput, WriteMode};
use crate::domain::{Id, Points};
use crate::error::{Code, Error};
use crate::http::actions::Actions;
use crate::http::assessment::submissions::scores::{ScoresView, StageTotals};
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

fn details_answer(details: &Details<SubmissionCase>) -> Result<Answer, Interrupt> {
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
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

fn scores_answer(scores: &Scores) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&ScoresView::from(scores), scores.submission.tag.header())?)
}

/// Read a sheet's lines, stage by stage, in the guideline's order.
#[utoipa::path(get, path = "/v1/submissions/{id}/scores", responses((status = 200, description = "The lines.", body = ScoresView)))]
async fn scores(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| scores_answer(&submissions::scores(conn, context, &id)?)).await
}

async fn write(call: Call, mode: WriteMode) -> Reply {
    let id = call.id("id")?;
    let input: Input<Vec<LineInput>> = call.body::<ScoresBody>().map(lines);
    call.write(move |conn, context| scores_answer(&submissions::write_scores(conn, context, &id, &input, mode)?)).await
}

/// Write the whole sheet.
///
/// Lines that are absent become null. Every fault is told at once.
#[utoipa::path(put, path = "/v1/submissions/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ScoresView)))]
async fn put_scores(call: Call) -> Reply {
    write(call, WriteMode::Replace).await
}

/// Write the lines given.
///
/// A line is written whole: an absent note is taken away.
#[utoipa::path(patch, path = "/v1/submissions/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ScoresView)))]
async fn patch_scores(call: Call) -> Reply {
    write(call, WriteMode::Update).await
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
    call.act(move |conn, context| details_answer(&submissions::submit(conn, context, &id)?)).await
}

/// Take the sheet back while its gate is open.
#[utoipa::path(post, path = "/v1/submissions/{id}/withdraw", responses((status = 200, description = "A draft again.", body = SubmissionView)))]
async fn withdraw(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&submissions::withdraw(conn, context, &id)?)).await
}

/// Send a sheet back to its unit.
///
/// A draft appraisal of it is dropped. Not sent again by `due_on`, it stands as last submitted.
#[utoipa::path(post, path = "/v1/submissions/{id}/return", operation_id = "return", request_body = ReturnBody, responses((status = 200, description = "Returned.", body = SubmissionView)))]
async fn send_back(call: Call) -> Reply {
    let id = call.id("id")?;
    let input =
        call.body::<ReturnBody>().map(|body| Return { reason: body.reason, due_on: body.due_on.map(Into::into) });
    call.write(move |conn, context| details_answer(&submissions::send_back(conn, context, &id, &input)?)).await
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
