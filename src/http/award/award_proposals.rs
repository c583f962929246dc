//! Award proposals: `/v1/award-proposals`.

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::Action;
use crate::domain::award::award_proposal::{
    Decision, NewWithdrawal, Proposal, ProposalCase, ProposalStatus, RecordedDecision,
};
use crate::domain::award::eligibility::Eligibility;
use crate::domain::change::Superseded;
use crate::domain::schedule::calendar::CountedDay;
use crate::domain::{Id, Points};
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::assessment::periods::ReasonBody;
use crate::http::call::{Call, Reply};
use crate::http::files::{self, FileBytes, FileView};
use crate::http::operation::{Operation, acts, changes, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::time::{Day, Instant};
use crate::http::{State, upload};
use crate::service::award::award_proposals::{DecisionCorrection, Filter, Listed};
use crate::service::award::{announcement, award_proposals};
use crate::service::{self, Answer, Details, Interrupt};

/// Returns the operations on `award_proposals`.
pub fn operations() -> Vec<Operation> {
    operations![Awards, "award_proposals";
        list: lists(Action::ReadProposal),
        get: reads(Action::ReadProposal),
        attach: changes([Action::AttachDocument, Action::AttachAchievementReport]).refuses(ATTACH_REFUSALS),
        document: reads(Action::ReadProposal),
        submit: acts(Action::SubmitProposal).refuses(SUBMIT_REFUSALS),
        send_back: acts(Action::ReturnProposal),
        record_decision: acts(Action::RecordDecision).refuses(DECISION_REFUSALS),
        correct_decision: acts(Action::CorrectDecision).refuses(CORRECT_DECISION_REFUSALS),
        withdraw: acts(Action::WithdrawProposal).refuses(WITHDRAW_REFUSALS),
    ]
}

const ATTACH_REFUSALS: &[Code] = &[Code::InvalidState, Code::FileTypeNotAllowed, Code::FileTooLarge, Code::FileEmpty];
const SUBMIT_REFUSALS: &[Code] = &[Code::GuardFailed, Code::DocumentMissing, Code::TooEarly, Code::ProposalStale];
const DECISION_REFUSALS: &[Code] = &[
    Code::DecisionNumberRequired,
    Code::DecidedOnRequired,
    Code::ReasonMissing,
    Code::ImplausibleDate,
    Code::ProposalStale,
];
const WITHDRAW_REFUSALS: &[Code] =
    &[Code::Recused, Code::GuardFailed, Code::ProposalDecided, Code::FactsMissing, Code::TextEmpty];
const CORRECT_DECISION_REFUSALS: &[Code] = &[
    Code::DecisionNumberRequired,
    Code::DecidedOnRequired,
    Code::ReasonMissing,
    Code::ImplausibleDate,
    Code::NothingCorrected,
];

/// Whether a document is attached.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DocumentStatus {
    /// Not attached yet.
    Missing,
    /// Attached.
    Attached,
}

/// A document that the dossier must contain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DossierDocument)]
struct DocumentView {
    /// Code of the document.
    #[schema(example = "proposal_letter")]
    code: String,
    /// Title of the document.
    #[schema(example = "Tờ trình đề nghị khen thưởng")]
    title: String,
    /// Whether the document is attached.
    status: DocumentStatus,
    /// The attached file; null if there is none.
    file: Option<FileView>,
}

/// The dossier of a proposal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dossier)]
struct DossierView {
    /// The documents that it must contain.
    documents: Vec<DocumentView>,
    /// Whether every document is attached.
    complete: bool,
    /// Last day to submit; null if the period sets no limit.
    due_on: Option<NaiveDate>,
    /// First day to submit; null unless the period sets a waiting time.
    opens_on: Option<NaiveDate>,
    /// How the date was counted, day by day from the result notice.
    explanation: Vec<CountedDay>,
}

/// A recorded decision that was corrected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupersededDecision)]
struct SupersededDecisionView {
    /// The outcome that was recorded.
    status: ProposalStatus,
    /// The number that was recorded; null if there was none.
    decision_number: Option<String>,
    /// The date that was recorded; null if there was none.
    decided_on: Option<NaiveDate>,
    /// The reason that was recorded; null if there was none.
    decision_reason: Option<String>,
    /// When it was corrected.
    superseded_at: Instant,
    /// Why it was corrected.
    superseded_reason: String,
}

impl From<&Superseded<RecordedDecision>> for SupersededDecisionView {
    fn from(superseded: &Superseded<RecordedDecision>) -> Self {
        let RecordedDecision { status, number, on, reason } = superseded.value.clone();
        SupersededDecisionView {
            status,
            decision_number: number,
            decided_on: on,
            decision_reason: reason,
            superseded_at: Instant(superseded.superseded_at),
            superseded_reason: superseded.superseded_reason.clone(),
        }
    }
}

/// An award proposal, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AwardProposalHead)]
pub(super) struct ProposalHeadView {
    /// Id of the proposal.
    id: Id,
    /// The organisation that the proposal belongs to.
    organization_id: Id,
    /// The period that it results from.
    period_id: Id,
    /// The unit that is proposed.
    unit_id: Id,
    /// Code of the unit's group; null where the period has no groups.
    group_code: Option<String>,
    /// Code of the award.
    #[schema(example = "emulation_flag")]
    award_code: String,
    /// Final rank of the unit in its group.
    rank: i32,
    /// Final total of the unit.
    total: Points,
    /// How the unit met each condition when the results were finalised.
    eligibility: Vec<Eligibility>,
    /// The dossier.
    dossier: DossierView,
    /// State of the proposal.
    status: ProposalStatus,
    /// When it was last submitted; null if it never was.
    submitted_at: Option<Instant>,
    /// Why it was last returned; null if it never was.
    return_reason: Option<String>,
    /// Number of the decision; null if there is none.
    decision_number: Option<String>,
    /// Date of the decision; null if there is none.
    decided_on: Option<NaiveDate>,
    /// Reason for the decision, given if it is declined.
    decision_reason: Option<String>,
    /// Decisions that were recorded wrongly and corrected, the oldest first.
    superseded_decisions: Vec<SupersededDecisionView>,
    /// Whether the result that it follows from was amended and is not announced again yet; it can then be neither submitted
    /// nor decided.
    stale: bool,
    /// When it was withdrawn; null unless it was.
    withdrawn_at: Option<Instant>,
    /// Why it was withdrawn; null unless it was.
    withdraw_reason: Option<String>,
    /// Whether its award passes to the next eligible unit; null unless it was withdrawn by a decision of its own.
    pass_down: Option<bool>,
    /// Version of the proposal; it increases with every change.
    version: i64,
    /// When the proposal was created.
    created_at: Instant,
    /// When the proposal was last changed.
    updated_at: Instant,
}

impl From<&Proposal> for ProposalHeadView {
    fn from(proposal: &Proposal) -> Self {
        let decision = proposal.decision.as_ref();
        let documents = proposal.documents.iter().map(|document| DocumentView {
            code: document.code.clone(),
            title: document.title.clone(),
            status: if document.file.is_some() { DocumentStatus::Attached } else { DocumentStatus::Missing },
            file: document.file.as_ref().map(FileView::from),
        });
        ProposalHeadView {
            id: proposal.id,
            organization_id: proposal.organization_id,
            period_id: proposal.period_id,
            unit_id: proposal.unit_id,
            group_code: proposal.group_code.clone(),
            award_code: proposal.award_code.clone(),
            rank: proposal.rank,
            total: proposal.total,
            eligibility: proposal.eligibility.clone(),
            dossier: DossierView {
                documents: documents.collect(),
                complete: proposal.is_complete(),
                due_on: proposal.term.due_on,
                opens_on: proposal.term.opens_on,
                explanation: proposal.term.explanation.clone(),
            },
            status: proposal.status,
            submitted_at: proposal.submitted_at.map(Instant),
            return_reason: proposal.return_reason.clone(),
            decision_number: decision.and_then(|decision| decision.number.clone()),
            decided_on: decision.and_then(|decision| decision.on),
            decision_reason: decision.and_then(|decision| decision.reason.clone()),
            superseded_decisions: proposal.superseded_decisions.iter().map(SupersededDecisionView::from).collect(),
            stale: proposal.stale,
            withdrawn_at: proposal.withdrawn.as_ref().map(|withdrawn| Instant(withdrawn.at)),
            withdraw_reason: proposal.withdrawn.as_ref().map(|withdrawn| withdrawn.reason.clone()),
            pass_down: proposal.withdrawn.as_ref().and_then(|withdrawn| withdrawn.pass_down),
            version: proposal.version,
            created_at: Instant(proposal.created_at),
            updated_at: Instant(proposal.updated_at),
        }
    }
}

/// A row of the list of proposals.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AwardProposalRow)]
struct ProposalRowView {
    #[serde(flatten)]
    head: ProposalHeadView,
    /// Code of the unit.
    #[schema(example = "KT")]
    unit_code: String,
}

impl From<Listed> for ProposalRowView {
    fn from(row: Listed) -> Self {
        ProposalRowView { head: (&row.proposal).into(), unit_code: row.unit_code }
    }
}

/// A proposal to give a unit an award.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AwardProposal)]
struct ProposalView {
    #[serde(flatten)]
    head: ProposalHeadView,
    /// Code of the unit.
    #[schema(example = "KT")]
    unit_code: String,
    #[serde(flatten)]
    actions: Actions,
}

/// The outcome of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The award is granted.
    Approved,
    /// The award is not granted.
    Declined,
}

/// The decision of the deciding authority.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordDecision, example = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-12-20"}))]
struct DecisionBody {
    /// Whether the award is granted.
    outcome: Outcome,
    /// Number of the decision; required if approved.
    decision_number: Option<String>,
    /// Date of the decision, not in the future; required if approved.
    decided_on: Option<Day>,
    /// Reason for the decision; required if declined.
    reason: Option<String>,
}

/// The decision of the deciding authority as it should be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CorrectDecision, example = json!({"outcome": "approved", "decision_number": "3465/QĐ-UBND", "decided_on": "2023-12-20", "reason": "Ghi nhầm số quyết định"}))]
struct CorrectDecisionBody {
    /// Whether the award is granted.
    outcome: Outcome,
    /// Number of the decision; required if approved.
    decision_number: Option<String>,
    /// Date of the decision, not in the future; required if approved.
    decided_on: Option<Day>,
    /// Reason for the decision; required if declined.
    decision_reason: Option<String>,
    /// Why the record is corrected; at most 4,000 characters.
    reason: String,
}

/// A form with one file.
#[derive(Debug, ToSchema)]
#[schema(as = FileForm)]
#[expect(dead_code, reason = "the shape of the form for the document; the form itself is read part by part")]
pub struct FileForm {
    /// The file, at most 20 MiB. PDF, DOCX, XLSX, PNG and JPEG are accepted, determined by the content.
    #[schema(value_type = String, format = Binary)]
    file: String,
}

fn details_answer(details: &Details<ProposalCase>) -> Result<Answer, Interrupt> {
    let base = format!("/v1/award-proposals/{}", details.value.proposal.id);
    let view = ProposalView {
        head: (&details.value.proposal).into(),
        unit_code: details.value.unit.code.clone(),
        actions: Actions::of(&details.offers, &base),
    };
    Ok(Answer::ok(&view, details.tag.header())?)
}

/// A withdrawal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WithdrawProposal, example = json!({"reason": "Đơn vị xin rút", "pass_down": true}))]
struct WithdrawBody {
    /// Why the proposal must not go on; at most 4,000 characters.
    reason: String,
    /// Whether the award passes to the next eligible unit; otherwise it stays vacant.
    pass_down: bool,
}

/// Filters of the list of award proposals.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only proposals of these periods.
    period_id: Option<Vec<Id>>,
    /// Only proposals for these units.
    unit_id: Option<Vec<Id>>,
    /// Only proposals for these awards, by code.
    award_code: Option<Vec<String>>,
    /// Only proposals for units of these groups, by code.
    group_code: Option<Vec<String>>,
    /// Only proposals of periods of these years.
    year: Option<Vec<i32>>,
    /// Only proposals in these states.
    status: Option<Vec<ProposalStatus>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the award proposals.
///
/// Members of a unit see only the proposals for their unit. With `unit_id`, and `award_code` or `year`, it is the unit's
/// awards over the years.
#[utoipa::path(get, path = "/v1/award-proposals", params(ListQuery), responses((status = 200, description = "A page of proposals.", body = ListView<ProposalRowView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, unit_id, award_code, group_code, year, status, sort } = call.query();
    let asked = call.page(sort);
    let filter = Filter {
        period_ids: period_id,
        unit_ids: unit_id,
        award_codes: award_code,
        group_codes: group_code,
        years: year,
        statuses: status,
        ..Filter::default()
    };
    call.read(move |conn, context| {
        let rows = award_proposals::list(conn, context, organization_id.as_ref(), filter.clone(), &asked.page)?;
        Ok(asked.answer(rows, |row| row.proposal.id, ProposalRowView::from)?)
    })
    .await
}

/// Get an award proposal with its dossier.
#[utoipa::path(get, path = "/v1/award-proposals/{id}", responses((status = 200, description = "The proposal.", body = ProposalView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Attach a document to the dossier.
///
/// Replaces a document that was attached before. The head of the unit may attach `achievement_report`, the secretary
/// every document.
#[utoipa::path(put, path = "/v1/award-proposals/{id}/documents/{code}", operation_id = "attach_document", params(("code" = String, Path, description = "Code of the document.", example = "proposal_letter")),
    request_body(content = FileForm, content_type = "multipart/form-data"), responses((status = 200, description = "Attached.", body = ProposalView)))]
async fn attach(http: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Reply {
    let mut call = Call::without_body(&http).await?;
    let (id, code) = (call.id("id")?, call.segment("code"));
    let (asked_id, asked_code) = (id, code.clone());
    call.fetch(move |conn, context| award_proposals::may_attach(conn, context, &asked_id, &asked_code)).await?;
    let payload: Payload = payload.into_inner();
    let app = &state.app;
    let received = upload::receive(&http, payload, &app.files, &app.ids.next(), &[], |_, _| Ok(())).await;
    let upload::Form { name, file, .. } = received.map_err(|error| call.problem(error))?;
    let stored = service::files::promote(app, file).await.map_err(|error| call.problem(error))?;
    call.write(move |conn, context| {
        details_answer(&award_proposals::attach(conn, context, &id, &code, &name, &stored)?)
    })
    .await
}

/// Download a document of the dossier.
#[utoipa::path(get, path = "/v1/award-proposals/{id}/documents/{code}", operation_id = "get_document", params(("code" = String, Path, description = "Code of the document.", example = "proposal_letter")),
    responses((status = 200, description = "The file, as an attachment with its digest.", body = FileBytes, content_type = "application/octet-stream")))]
async fn document(call: Call) -> Reply {
    let (id, code) = (call.id("id")?, call.segment("code"));
    let mut call = call.accepting_any();
    let file = call.fetch(move |conn, context| award_proposals::document(conn, context, &id, &code)).await?;
    files::attachment(&call, file).await
}

/// Submit a complete dossier.
///
/// Rejected with `guard_failed`, which lists every missing document (`document_missing`) and a waiting time that is not
/// over (`too_early`).
#[utoipa::path(post, path = "/v1/award-proposals/{id}/submit", responses((status = 200, description = "Submitted.", body = ProposalView)))]
async fn submit(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&award_proposals::submit(conn, context, &id)?)).await
}

/// Return a dossier.
#[utoipa::path(post, path = "/v1/award-proposals/{id}/return", operation_id = "return", request_body = ReasonBody, responses((status = 200, description = "Returned.", body = ProposalView)))]
async fn send_back(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&award_proposals::send_back(conn, context, &id, &input)?)).await
}

/// Record the decision on a proposal.
///
/// An approval requires the number and date of the decision, a rejection its reason. A declined award is not passed to
/// another unit.
#[utoipa::path(post, path = "/v1/award-proposals/{id}/record-decision", request_body = DecisionBody, responses((status = 200, description = "Recorded.", body = ProposalView)))]
async fn record_decision(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<DecisionBody>().map(|body| Decision {
        approved: body.outcome == Outcome::Approved,
        decision_number: body.decision_number,
        decided_on: body.decided_on.map(Into::into),
        reason: body.reason,
        reason_pointer: "/reason",
    });
    call.write(move |conn, context| details_answer(&award_proposals::record_decision(conn, context, &id, &input)?))
        .await
}

/// Correct a decision that was recorded wrongly.
///
/// What was recorded is kept in `superseded_decisions`, with the reason. A corrected award is not passed to another unit.
#[utoipa::path(post, path = "/v1/award-proposals/{id}/correct-decision", request_body = CorrectDecisionBody, responses((status = 200, description = "Corrected.", body = ProposalView)))]
async fn correct_decision(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<CorrectDecisionBody>().map(|body| DecisionCorrection {
        decision: Decision {
            approved: body.outcome == Outcome::Approved,
            decision_number: body.decision_number,
            decided_on: body.decided_on.map(Into::into),
            reason: body.decision_reason,
            reason_pointer: "/decision_reason",
        },
        reason: body.reason,
    });
    call.write(move |conn, context| details_answer(&award_proposals::correct_decision(conn, context, &id, &input)?))
        .await
}

/// Withdraw a proposal that must not go on.
///
/// With `pass_down` the award goes to the next eligible unit, and the awards after it move up in turn: proposals that are
/// granted no longer are withdrawn, and new ones are created, due as the result notice says. Without, the award stays vacant. The
/// ranking gets its next version; no total and no rank changes. Where a tie has to be decided first, the ranking and the open proposals are
/// `stale` until the council has decided and the result is announced again.
///
/// Where recusal keeps every chair away from the unit, who presided last over a closed session of the period withdraws it.
#[utoipa::path(post, path = "/v1/award-proposals/{id}/withdraw", request_body = WithdrawBody, responses((status = 200, description = "Withdrawn.", body = ProposalView)))]
async fn withdraw(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<WithdrawBody>();
    let input = input.map(|body| NewWithdrawal { reason: body.reason, pass_down: body.pass_down });
    call.write(move |conn, context| details_answer(&announcement::withdraw(conn, context, &id, &input)?)).await
}
