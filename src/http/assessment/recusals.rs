//! Declared recusals: `/v1/recusals`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::recusal::{Recusal, RecusalCase, RecusalGround, RecusalStatus};
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::assessment::periods::ReasonBody;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::time::Instant;
use crate::service::assessment::recusals::{self, Filter, NewRecusal};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `recusals`.
pub fn operations() -> Vec<Operation> {
    operations![Reviews, "recusals";
        list: lists(Action::ReadRecusals),
        declare: creates(Action::DeclareRecusal).refuses(DECLARE_REFUSALS),
        get: reads(Action::ReadRecusals),
        withdraw: acts(Action::WithdrawRecusal),
    ]
}

const DECLARE_REFUSALS: &[Code] = &[Code::InvalidState, Code::AlreadyExists, Code::UnknownReference, Code::NotReviewer];

/// A declared recusal, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecusalHead)]
struct RecusalHeadView {
    /// Id of the recusal.
    id: Id,
    /// The organisation that it belongs to.
    organization_id: Id,
    /// The period of the submission.
    period_id: Id,
    /// The submission that the member keeps away from.
    submission_id: Id,
    /// The unit of the submission.
    unit_id: Id,
    /// Code of the unit.
    #[schema(example = "KT")]
    unit_code: String,
    /// The member who keeps away.
    member_id: Id,
    /// The conflict.
    ground: RecusalGround,
    /// More about the conflict; null if nothing was noted.
    note: Option<String>,
    /// State of the recusal.
    status: RecusalStatus,
    /// Id of the member who declared it.
    declared_by: Id,
    /// When it was withdrawn; null unless it was.
    withdrawn_at: Option<Instant>,
    /// Id of the member who withdrew it; null unless it was withdrawn.
    withdrawn_by: Option<Id>,
    /// Why it was withdrawn; null unless it was.
    withdraw_reason: Option<String>,
    /// Version of the recusal; it increases with every change.
    version: i64,
    /// When it was declared.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl From<&Recusal> for RecusalHeadView {
    fn from(recusal: &Recusal) -> Self {
        let withdrawal = recusal.withdrawal.as_ref();
        RecusalHeadView {
            id: recusal.id,
            organization_id: recusal.organization_id,
            period_id: recusal.period_id,
            submission_id: recusal.submission_id,
            unit_id: recusal.unit.id,
            unit_code: recusal.unit.code.clone(),
            member_id: recusal.member_id,
            ground: recusal.ground,
            note: recusal.note.clone(),
            status: recusal.status(),
            declared_by: recusal.declared_by,
            withdrawn_at: withdrawal.map(|withdrawal| Instant(withdrawal.at)),
            withdrawn_by: withdrawal.map(|withdrawal| withdrawal.by),
            withdraw_reason: withdrawal.map(|withdrawal| withdrawal.reason.clone()),
            version: recusal.version,
            created_at: Instant(recusal.created_at),
            updated_at: Instant(recusal.updated_at),
        }
    }
}

/// A declared recusal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recusal)]
struct RecusalView {
    #[serde(flatten)]
    head: RecusalHeadView,
    #[serde(flatten)]
    actions: Actions,
}

/// A conflict to declare.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclareRecusal, example = json!({"submission_id": "018b88d6-5f80-7000-8000-000000000003", "ground": "family"}))]
struct NewBody {
    /// The submission to keep away from.
    submission_id: Id,
    /// The member who keeps away; defaults to the caller. The chair and the secretary may name others.
    member_id: Option<Id>,
    /// The conflict. The own unit needs no declaration.
    ground: RecusalGround,
    /// More about the conflict, at most 4,000 characters; required for `other`.
    note: Option<String>,
}

fn place(details: &Details<RecusalCase>) -> String {
    format!("/v1/recusals/{}", details.value.recusal.id)
}

fn view(details: &Details<RecusalCase>) -> RecusalView {
    RecusalView { head: (&details.value.recusal).into(), actions: Actions::of(&details.offers, &place(details)) }
}

fn details_answer(details: &Details<RecusalCase>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&view(details), details.tag.header())?)
}

/// Filters of the list of recusals.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only recusals in this period.
    period_id: Option<Id>,
    /// Only recusals from this submission.
    submission_id: Option<Id>,
    /// Only recusals of this member.
    member_id: Option<Id>,
    /// Only recusals in this state.
    status: Option<RecusalStatus>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the declared recusals.
///
/// Appraisers and council members see their own, the chair, the secretary and the auditor all of them.
#[utoipa::path(get, path = "/v1/recusals", params(ListQuery), responses((status = 200, description = "A page of recusals.", body = ListView<RecusalHeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, submission_id, member_id, status, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let filter = Filter { period_id, submission_id, member_id, status, ..Filter::default() };
        let rows = recusals::list(conn, context, organization_id.as_ref(), filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| RecusalHeadView::from(&row))?)
    })
    .await
}

/// Declare a conflict of interest.
///
/// From then on the submission is to the member what that of the own unit is: reviews, drafts and lines of it are
/// rejected with `recused`, lists and events leave it out, and votes on its unit count without the member.
#[utoipa::path(post, path = "/v1/recusals", request_body = NewBody, responses((status = 201, description = "Declared.", body = RecusalView)))]
async fn declare(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| {
        let NewBody { submission_id, member_id, ground, note } = body;
        NewRecusal { submission_id, member_id, ground, note }
    });
    call.write(move |conn, context| {
        let details = recusals::declare(conn, context, &input)?;
        Ok(Answer::created(&view(&details), details.tag.header(), place(&details))?)
    })
    .await
}

/// Get a recusal.
#[utoipa::path(get, path = "/v1/recusals/{id}", responses((status = 200, description = "The recusal.", body = RecusalView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Withdraw a recusal that was declared by mistake.
///
/// The recusal is kept with the reason, and the member may take part again.
#[utoipa::path(post, path = "/v1/recusals/{id}/withdraw", request_body = ReasonBody, responses((status = 200, description = "Withdrawn.", body = RecusalView)))]
async fn withdraw(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&recusals::withdraw(conn, context, &id, &input)?)).await
}
