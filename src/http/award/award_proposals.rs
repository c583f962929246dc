//! `/v1/award-proposals`.

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::Action;
use crate::domain::award::award_proposal::{Decision, Proposal, ProposalCase, ProposalStatus};
use crate::domain::award::eligibility::Eligibility;
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
use crate::service::award::award_proposals;
use crate::service::award::award_proposals::Filter;
use crate::service::{self, Answer, Details, Interrupt};

/// The operations on `award_proposals`.
pub fn operations() -> Vec<Operation> {
    operations![Awards, "award_proposals";
        list: lists(Action::ReadProposal),
        get: reads(Action::ReadProposal),
        attach: changes([Action::AttachDocument, Action::AttachAchievementReport]).refuses(ATTACH_REFUSALS),
        document: reads(Action::ReadProposal),
        submit: acts(Action::SubmitProposal).refuses(SUBMIT_REFUSALS),
        send_back: acts(Action::ReturnProposal),
        record_decision: acts(Action::RecordDecision).refuses(RECORD_DECISION_REFUSALS),
    ]
}

const ATTACH_REFUSALS: &[Code] = &[Code::InvalidState, Code::FileTypeNotAllowed, Code::FileTooLarge, Code::FileEmpty];
const SUBMIT_REFUSALS: &[Code] = &[Code::GuardFailed, Code::DocumentMissing, Code::TooEarly];
const RECORD_DECISION_REFUSALS: &[Code] =
    &[Code::DecisionNumberRequired, Code::DecidedOnRequired, Code::ReasonMissing, Code::DateOutOfRange];

/// Whether a document is there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DocumentStatus {
    Missing,
    Attached,
}

/// A document that the dossier must have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DossierDocument)]
struct DocumentView {
    #[schema(example = "proposal_letter")]
    code: String,
    #[schema(example = "Tờ trình đề nghị khen thưởng")]
    title: String,
    status: DocumentStatus,
    file: Option<FileView>,
}

/// What the dossier holds, and when it is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dossier)]
struct DossierView {
    documents: Vec<DocumentView>,
    /// Whether every document is there.
    complete: bool,
    /// The last day, where the period reads the term as a limit.
    due_on: Option<NaiveDate>,
    /// The first day, where the period reads the term as a wait.
    opens_on: Option<NaiveDate>,
    /// Each day from the notice on.
    explanation: Vec<CountedDay>,
}

/// A proposal in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AwardProposalHead)]
struct ProposalHeadView {
    id: Id,
    organization_id: Id,
    period_id: Id,
    unit_id: Id,
    #[schema(example = "emulation_flag")]
    award_code: String,
    rank: i32,
    total: Points,
    /// How the unit met each condition when the result was frozen.
    eligibility: Vec<Eligibility>,
    dossier: DossierView,
    status: ProposalStatus,
    submitted_at: Option<Instant>,
    /// Why it was last sent back.
    return_reason: Option<String>,
    decision_number: Option<String>,
    decided_on: Option<NaiveDate>,
    decision_reason: Option<String>,
    version: i64,
    created_at: Instant,
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
            version: proposal.version,
            created_at: Instant(proposal.created_at),
            updated_at: Instant(proposal.updated_at),
        }
    }
}

/// The proposal that a unit be given an award.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AwardProposal)]
struct ProposalView {
    #[serde(flatten)]
    head: ProposalHeadView,
    #[schema(example = "KT")]
    unit_code: String,
    #[serde(flatten)]
    actions: Actions,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Approved,
    Declined,
}

/// The authority's decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordDecision, example = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-12-20"}))]
struct DecisionBody {
    outcome: Outcome,
    /// Needed where approved.
    decision_number: Option<String>,
    /// Needed where approved.
    decided_on: Option<Day>,
    /// Needed where declined.
    reason: Option<String>,
}

/// A form with one file.
#[derive(Debug, ToSchema)]
#[schema(as = FileForm)]
#[expect(dead_code, reason = "the shape of the form for the document; the form itself is read part by part")]
struct FileForm {
    /// PDF, DOCX, XLSX, PNG or JPEG by its bytes, at most 20 MiB.
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

/// Which proposals are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only of these periods.
    period_id: Option<Vec<Id>>,
    /// Only these states.
    status: Option<Vec<ProposalStatus>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the award proposals.
///
/// A unit's people see their own.
#[utoipa::path(get, path = "/v1/award-proposals", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<ProposalHeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, status, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let filter = Filter { period_ids: period_id.clone(), statuses: status.clone(), ..Filter::default() };
        let rows = award_proposals::list(conn, context, organization_id.as_ref(), filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| ProposalHeadView::from(&row))?)
    })
    .await
}

/// Read an award proposal with its dossier.
#[utoipa::path(get, path = "/v1/award-proposals/{id}", responses((status = 200, description = "The proposal.", body = ProposalView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Attach a document.
///
/// In place of what was there. The unit's head may attach `achievement_report`, the secretary all of them.
#[utoipa::path(put, path = "/v1/award-proposals/{id}/documents/{code}", operation_id = "attach_document", params(("code" = String, Path, description = "Which document.", example = "proposal_letter")),
    request_body(content = FileForm, content_type = "multipart/form-data"), responses((status = 200, description = "Attached.", body = ProposalView)))]
async fn attach(http: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Reply {
    let mut call = Call::without_body(&http)?;
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

/// Read a document.
#[utoipa::path(get, path = "/v1/award-proposals/{id}/documents/{code}", operation_id = "get_document", params(("code" = String, Path, description = "Which document.", example = "proposal_letter")),
    responses((status = 200, description = "The file, as an attachment with its digest.", body = FileBytes, content_type = "application/octet-stream")))]
async fn document(call: Call) -> Reply {
    let (id, code) = (call.id("id")?, call.segment("code"));
    let mut call = call.accepting_any();
    let file = call.fetch(move |conn, context| award_proposals::document(conn, context, &id, &code)).await?;
    files::attachment(&call, file).await
}

/// Send a complete dossier.
///
/// Refused as `guard_failed` with every missing document, and with `too_early` where the term is a wait.
#[utoipa::path(post, path = "/v1/award-proposals/{id}/submit", responses((status = 200, description = "Submitted.", body = ProposalView)))]
async fn submit(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&award_proposals::submit(conn, context, &id)?)).await
}

/// Send a dossier back, with a reason.
#[utoipa::path(post, path = "/v1/award-proposals/{id}/return", operation_id = "return", request_body = ReasonBody, responses((status = 200, description = "Returned.", body = ProposalView)))]
async fn send_back(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&award_proposals::send_back(conn, context, &id, &input)?)).await
}

/// Record what was decided.
///
/// Approved needs a number and a date, declined a reason. A declined award is not passed down.
#[utoipa::path(post, path = "/v1/award-proposals/{id}/record-decision", request_body = DecisionBody, responses((status = 200, description = "Recorded.", body = ProposalView)))]
async fn record_decision(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<DecisionBody>().map(|body| Decision {
        approved: body.outcome == Outcome::Approved,
        decision_number: body.decision_number,
        decided_on: body.decided_on.map(Into::into),
        reason: body.reason,
    });
    call.write(move |conn, context| details_answer(&award_proposals::record_decision(conn, context, &id, &input)?))
        .await
}
