//! Submissions: `/v1/submissions`.

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

/// Returns the operations on `submissions`.
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

/// A unit's submission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Submission)]
struct SubmissionView {
    /// Id of the submission.
    id: Id,
    /// The organisation that the submission belongs to.
    organization_id: Id,
    /// The period that it belongs to.
    period_id: Id,
    /// The unit that it belongs to.
    unit_id: Id,
    /// Code of the unit.
    #[schema(example = "TH")]
    unit_code: String,
    /// State of the submission.
    status: SubmissionStatus,
    /// Number of times that it has been submitted.
    revision: i32,
    /// Whether it was submitted after the due date, in a period that accepts this.
    late: bool,
    /// Due date of this submission.
    due_on: NaiveDate,
    /// Instant from which it can no longer be submitted; null if late submissions are accepted.
    closes_at: Option<Instant>,
    /// When it was last submitted; null if it never was.
    submitted_at: Option<Instant>,
    /// Why it was returned to the unit; null unless it was.
    return_reason: Option<String>,
    /// When its unit was set aside from the period; null while the unit takes part. A submission that was set aside is kept
    /// as it is.
    set_aside_at: Option<Instant>,
    /// Totals of each stage.
    totals: StageTotals,
    /// Version of the submission; it increases with every change.
    version: i64,
    /// When the submission was created.
    created_at: Instant,
    /// When the submission was last changed.
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
            set_aside_at: details.value.set_aside_at.map(Instant),
            totals: StageTotals::of(details.visible.own_totals, details),
            version: submission.version,
            created_at: Instant(submission.created_at),
            updated_at: Instant(submission.updated_at),
            actions: Actions::of(&details.offers, &format!("/v1/submissions/{}", submission.id)),
        }
    }
}

/// A submission, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmissionHead)]
struct ListedView {
    /// Id of the submission.
    id: Id,
    /// The period that it belongs to.
    period_id: Id,
    /// The unit that it belongs to.
    unit_id: Id,
    /// Code of the unit.
    unit_code: String,
    /// State of the submission.
    status: SubmissionStatus,
    /// Number of times that it has been submitted.
    revision: i32,
    /// Whether it was submitted after the due date, in a period that accepts this.
    late: bool,
    /// Due date of this submission.
    due_on: NaiveDate,
    /// Instant from which it can no longer be submitted; null if late submissions are accepted.
    closes_at: Option<Instant>,
    /// When it was last submitted; null if it never was.
    submitted_at: Option<Instant>,
    /// When its unit was set aside from the period; null while the unit takes part.
    set_aside_at: Option<Instant>,
    /// Total of the self-assessment; null if the caller may not see it.
    self_total: Option<Points>,
    /// Version of the submission; it increases with every change.
    version: i64,
    /// When the submission was last changed.
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
            set_aside_at: row.set_aside_at.map(Instant),
            self_total: submission.totals.filter(|_| shows_own).map(|totals| totals.total),
            version: submission.version,
            updated_at: Instant(submission.updated_at),
        }
    }
}

/// A new submission.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateSubmission, example = json!({"period_id": "018b88d6-5f80-7000-8000-000000000001", "unit_id": "018b88d6-5f80-7000-8000-000000000002"}))]
struct NewBody {
    /// The period to submit in.
    period_id: Id,
    /// The unit to submit for.
    unit_id: Id,
}

/// Lines of a submission.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoresBody, example = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"type": "points", "points": 27.5}, "note": "Trình chậm 01 văn bản"},
    {"criterion_code": "A.III.1", "answer": {"type": "achieved", "achieved": true}}, {"criterion_code": "A.IV.4", "answer": {"type": "cases", "cases": 1}}]}))]
struct ScoresBody {
    /// The lines, each for another criterion.
    scores: Vec<ScoreBody>,
}

/// A line of a submission.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreBody)]
struct ScoreBody {
    /// Code of the criterion.
    criterion_code: String,
    /// The answer, as the criterion's rule requires; null clears the line.
    #[schema(value_type = Option<ScoreAnswer>)]
    answer: Option<AnswerInput>,
    /// A remark; at most 4,000 characters.
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

/// The return of a submission to its unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubmissionReturn, example = json!({"reason": "Thiếu minh chứng mục A.II.1", "due_on": "2023-11-14"}))]
struct ReturnBody {
    /// Why it is returned; at most 4,000 characters.
    reason: String,
    /// New due date, no later than the due date of the appraisal. Required if the deadline has passed.
    due_on: Option<Day>,
}

/// Whether a submission can be submitted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
struct ReadinessView {
    /// Whether nothing is missing.
    ready: bool,
    /// What is missing; empty if the submission is ready.
    errors: Vec<FaultBody>,
}

/// A revision, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevisionHead)]
struct RevisionHeadView {
    /// Number of the revision, from 1.
    revision: i32,
    /// SHA-256 of `content`, in hexadecimal.
    sha256: String,
    /// The criteria set that it was scored by.
    criteria_set_id: String,
    /// Id of the member who submitted it.
    submitted_by: String,
    /// When it was submitted.
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

/// A revision with its content, frozen when it was submitted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revision)]
struct RevisionView {
    #[serde(flatten)]
    head: RevisionHeadView,
    /// The submitted content, byte for byte as hashed in `sha256`.
    #[schema(value_type = FrozenSheet)]
    content: Box<serde_json::value::RawValue>,
}

fn details_answer(details: &Details<SubmissionCase>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&SubmissionView::from(details), details.tag.header())?)
}

/// Filters of the list of submissions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only submissions of these periods.
    period_id: Option<Vec<Id>>,
    /// Only submissions of these units.
    unit_id: Option<Vec<Id>>,
    /// Only submissions in these states.
    status: Option<Vec<SubmissionStatus>>,
    /// Only submissions that are assigned to this member for review, at any stage; for those who see assignments.
    assignee_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the submissions that the caller may see.
///
/// Members of a unit see its own submission, the standing body those that were submitted, and the council those that
/// were appraised. Nobody sees the draft of another unit.
#[utoipa::path(get, path = "/v1/submissions", params(ListQuery), responses((status = 200, description = "A page of submissions.", body = ListView<ListedView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, unit_id, status, assignee_id, sort } = call.query();
    let filter = Filter { period_ids: period_id, unit_ids: unit_id, statuses: status, assignee_id };
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = submissions::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |(row, _)| row.submission.id, ListedView::from)?)
    })
    .await
}

/// Create a submission for a unit.
///
/// Each unit has one submission in each period, created before the deadline.
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

/// Get a submission.
///
/// Members of the unit see null for the appraisal, council and final totals until the results are announced.
#[utoipa::path(get, path = "/v1/submissions/{id}", responses((status = 200, description = "The submission.", body = SubmissionView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

fn scores_answer(scores: &Scores) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&ScoresView::from(scores), scores.submission.tag.header())?)
}

/// Get the scores of a submission, by criterion and stage.
#[utoipa::path(get, path = "/v1/submissions/{id}/scores", responses((status = 200, description = "The scores.", body = ScoresView)))]
async fn scores(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| scores_answer(&submissions::scores(conn, context, &id)?)).await
}

async fn write(call: Call, mode: WriteMode) -> Reply {
    let id = call.id("id")?;
    let input: Input<Vec<LineInput>> = call.body::<ScoresBody>().map(lines);
    call.write(move |conn, context| scores_answer(&submissions::write_scores(conn, context, &id, &input, mode)?)).await
}

/// Replace all lines of a submission.
///
/// Omitted lines are cleared. All errors are reported together.
#[utoipa::path(put, path = "/v1/submissions/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ScoresView)))]
async fn put_scores(call: Call) -> Reply {
    write(call, WriteMode::Replace).await
}

/// Update lines of a submission.
///
/// Omitted lines remain unchanged. Each line is written as a whole: an omitted note is cleared.
#[utoipa::path(patch, path = "/v1/submissions/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ScoresView)))]
async fn patch_scores(call: Call) -> Reply {
    write(call, WriteMode::Update).await
}

/// Check whether a submission is complete.
#[utoipa::path(get, path = "/v1/submissions/{id}/readiness", responses((status = 200, description = "What is missing, if anything.", body = ReadinessView)))]
async fn readiness(call: Call) -> Reply {
    let (id, language) = (call.id("id")?, Language::of(call.http().headers()));
    call.read(move |conn, context| {
        let (details, missing) = submissions::readiness(conn, context, &id)?;
        let view = ReadinessView { ready: missing.is_empty(), errors: fault_bodies(&missing, language) };
        Ok(Answer::ok(&view, details.tag.header())?)
    })
    .await
}

/// Submit the self-assessment to the standing body.
///
/// Freezes a revision. While anything is missing, the request is rejected with the same list as `GET …/readiness`.
#[utoipa::path(post, path = "/v1/submissions/{id}/submit", responses((status = 200, description = "Submitted.", body = SubmissionView)))]
async fn submit(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&submissions::submit(conn, context, &id)?)).await
}

/// Withdraw the submission before the deadline.
#[utoipa::path(post, path = "/v1/submissions/{id}/withdraw", responses((status = 200, description = "A draft again.", body = SubmissionView)))]
async fn withdraw(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&submissions::withdraw(conn, context, &id)?)).await
}

/// Return a submission to its unit.
///
/// Discards a draft appraisal. If the unit does not submit again by `due_on`, the submission stands as last submitted.
#[utoipa::path(post, path = "/v1/submissions/{id}/return", operation_id = "return", request_body = ReturnBody, responses((status = 200, description = "Returned.", body = SubmissionView)))]
async fn send_back(call: Call) -> Reply {
    let id = call.id("id")?;
    let input =
        call.body::<ReturnBody>().map(|body| Return { reason: body.reason, due_on: body.due_on.map(Into::into) });
    call.write(move |conn, context| details_answer(&submissions::send_back(conn, context, &id, &input)?)).await
}

/// List the revisions of a submission.
#[utoipa::path(get, path = "/v1/submissions/{id}/revisions", responses((status = 200, description = "A page of revisions, the first one first.", body = ListView<RevisionHeadView>)))]
async fn revisions(mut call: Call) -> Reply {
    let (id, asked) = (call.id("id")?, call.page_in_order());
    call.read(move |conn, context| {
        let rows = submissions::revisions(conn, context, &id)?;
        Ok(asked.answer_of_all(rows, |row| row.revision.to_string(), |row| RevisionHeadView::from(&row))?)
    })
    .await
}

/// Get a revision.
#[utoipa::path(get, path = "/v1/submissions/{id}/revisions/{n}", params(("n" = i32, Path, description = "Number of the revision, from 1.")),
    responses((status = 200, description = "The revision.", body = RevisionView)))]
async fn revision(call: Call) -> Reply {
    let id = call.id("id")?;
    // Anything but a number names no revision.
    let number = call.segment("n").parse().unwrap_or(0);
    call.read(move |conn, context| {
        let row = submissions::revision(conn, context, &id, number)?;
        let content = serde_json::value::RawValue::from_string(row.content.clone()).map_err(Error::internal)?;
        let etag = format!("\"{}-0\"", row.sha256);
        Ok(Answer::ok(&RevisionView { head: (&row).into(), content }, etag)?)
    })
    .await
}
