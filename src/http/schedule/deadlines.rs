//! `/v1/deadlines`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access;
use crate::domain::access::action::Action;
use crate::domain::office::member::Role;
use crate::domain::schedule::calendar::CountedDay;
use crate::domain::schedule::deadline::{DeadlineKind, DeadlineRule, DeadlineStatus};
use crate::domain::schedule::extension::Extension;
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::assessment::periods::ReasonBody;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, lists, operations, reads};
use crate::http::page::{ListView, Sort, Within};
use crate::http::time::Instant;
use crate::http::time::{BoundedDay, Day};
use crate::service::schedule::deadlines::{self, DeadlineCase, DeadlineDetails, NewExtension};
use crate::service::schedule::deadlines::{Filter, Position, SortBy};
use crate::service::{Answer, Details, Interrupt};

/// The operations on `deadlines`.
pub fn operations() -> Vec<Operation> {
    operations![Deadlines, "deadlines";
        list: lists(Action::ReadOffice),
        get: reads(Action::ReadDeadline),
        extend: creates(Action::ExtendDeadline).refuses(EXTEND_REFUSALS),
        waive: acts(Action::WaiveDeadline),
    ]
}

const EXTEND_REFUSALS: &[Code] =
    &[Code::InvalidState, Code::DateInPast, Code::DateOutOfRange, Code::DeadlineShortened, Code::UnknownReference];

/// Who has to act.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Responsible)]
struct ResponsibleView {
    role: Role,
    /// Of which unit; null where it is the whole office's.
    unit_id: Option<Id>,
}

/// More time that was granted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extension)]
struct ExtensionView {
    id: Id,
    due_on: NaiveDate,
    reason: String,
    /// The paper that it rests on.
    basis_document: String,
    /// By which member.
    granted_by: Id,
    granted_at: Instant,
}

impl From<&Extension> for ExtensionView {
    fn from(extension: &Extension) -> Self {
        ExtensionView {
            id: extension.id,
            due_on: extension.due_on,
            reason: extension.reason.clone(),
            basis_document: extension.basis_document.clone(),
            granted_by: extension.granted_by,
            granted_at: Instant(extension.granted_at),
        }
    }
}

/// Something that is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineHead)]
struct DeadlineHeadView {
    id: Id,
    organization_id: Id,
    period_id: Id,
    kind: DeadlineKind,
    /// Of which unit; null where it is the whole period's.
    unit_id: Option<Id>,
    #[schema(example = "TH")]
    unit_code: Option<String>,
    responsible: ResponsibleView,
    /// Told from the clock and from what was done, never set.
    status: DeadlineStatus,
    /// The last day; null while it waits for the notice, and where the term is a wait.
    #[schema(example = "2023-11-10")]
    due_on: Option<NaiveDate>,
    /// The first instant that is too late: 00:00 local of the day after.
    closes_at: Option<Instant>,
    /// The first day, where the period reads the term as a wait.
    opens_on: Option<NaiveDate>,
    /// When it was done.
    met_on: Option<NaiveDate>,
    waived_at: Option<Instant>,
    /// Why it is asked of nobody any more.
    waive_reason: Option<String>,
    /// By how many days it has passed; 0 where it has not.
    overdue_days: i64,
    /// Where the due date comes from.
    rule: DeadlineRule,
    /// Each day from the notice on, where working days are counted.
    explanation: Vec<CountedDay>,
    /// Whether every year that is counted through has its official calendar now.
    calendar_confirmed: bool,
    /// First to last. The due date is never before the latest of their days.
    extensions: Vec<ExtensionView>,
    /// When the clock alone changes its status, opens it or tells of it next; null where it does not any more.
    next_check_at: Option<Instant>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<&DeadlineDetails> for DeadlineHeadView {
    fn from(details: &DeadlineDetails) -> Self {
        let deadline = &details.deadline;
        DeadlineHeadView {
            id: deadline.id,
            organization_id: deadline.organization_id,
            period_id: deadline.period_id,
            kind: deadline.kind,
            unit_id: deadline.unit_id,
            unit_code: details.unit_code.clone(),
            responsible: ResponsibleView {
                role: access::responsible(deadline.kind),
                unit_id: deadline.responsible_unit().copied(),
            },
            status: details.status,
            due_on: deadline.due_on(),
            closes_at: details.closes_at.map(Instant),
            opens_on: deadline.opens_on,
            met_on: deadline.met_on,
            waived_at: deadline.waived.as_ref().map(|(at, _)| Instant(*at)),
            waive_reason: deadline.waived.as_ref().map(|(_, reason)| reason.clone()),
            overdue_days: details.overdue_days,
            rule: details.rule.clone(),
            explanation: details.explanation.clone(),
            calendar_confirmed: details.calendar_confirmed,
            extensions: details.extensions.iter().map(ExtensionView::from).collect(),
            next_check_at: details.next_check_at.map(Instant),
            version: deadline.version,
            created_at: Instant(deadline.created_at),
            updated_at: Instant(deadline.updated_at),
        }
    }
}

/// Something that is due, with what may be done about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deadline)]
struct DeadlineView {
    #[serde(flatten)]
    head: DeadlineHeadView,
    #[serde(flatten)]
    actions: Actions,
}

/// More time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateExtension, example = json!({"due_on": "2023-11-15", "reason": "Đơn vị di chuyển trụ sở", "basis_document": "CV 45/VP-HCTC"}))]
struct ExtensionBody {
    /// The unit of the deadline; may be left out.
    unit_id: Option<Id>,
    /// The new last day, after the present one.
    due_on: Day,
    reason: String,
    /// The paper that it rests on.
    basis_document: String,
}

fn place(details: &Details<DeadlineCase>) -> String {
    format!("/v1/deadlines/{}", details.value.deadline.id)
}

fn view(details: &Details<DeadlineCase>) -> DeadlineView {
    DeadlineView { head: (&details.visible).into(), actions: Actions::of(&details.offers, &place(details)) }
}

fn details_answer(details: &Details<DeadlineCase>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&view(details), details.tag.header())?)
}

type Order = Sort<SortBy>;

/// Which deadlines are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only these states.
    status: Option<Vec<DeadlineStatus>>,
    /// Only these kinds.
    kind: Option<Vec<DeadlineKind>>,
    /// Only of these periods.
    period_id: Option<Vec<Id>>,
    /// Only of these units.
    unit_id: Option<Vec<Id>>,
    /// Only what is due before this day.
    #[param(inline)]
    due_before: Option<BoundedDay>,
    /// Only what has passed by so many days or more.
    #[param(inline)]
    overdue_days_gte: Option<Within<1, 100_000>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<Order>,
}

/// List the deadlines.
///
/// Those of the whole period, and those of the units that concern the caller. `sort=due_on` gives what is due next first. The list's tag
/// changes only with what it shows: who asks every minute gets 304 until a day brings something new.
#[utoipa::path(get, path = "/v1/deadlines", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<DeadlineHeadView>)))]
async fn list(mut call: Call) -> Reply {
    let query: ListQuery = call.query();
    let organization_id = query.organization_id;
    let filter = Filter {
        statuses: query.status,
        kinds: query.kind,
        period_ids: query.period_id,
        unit_ids: query.unit_id,
        due_from: None,
        due_before: query.due_before.map(NaiveDate::from),
        overdue_days_gte: query.overdue_days_gte.map(|Within(days)| days),
    };
    let asked = call.page(query.sort);
    call.read(move |conn, context| {
        let rows = deadlines::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(
            rows,
            |details| Position::from(&details.deadline),
            |details| DeadlineHeadView::from(&details),
        )?)
    })
    .await
}

/// Read a deadline.
#[utoipa::path(get, path = "/v1/deadlines/{id}", responses((status = 200, description = "The deadline.", body = DeadlineView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&deadlines::get(conn, context, &id)?)).await
}

/// Grant more time.
///
/// To the unit whose deadline it is, or to the whole office. It is never shortened again, whatever becomes of the schedule. Until the
/// council's review begins, a missed sheet is its unit's again, as a draft with the new gate.
#[utoipa::path(post, path = "/v1/deadlines/{id}/extensions", request_body = ExtensionBody, responses((status = 201, description = "The deadline as it is now.", body = DeadlineView)))]
async fn extend(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<ExtensionBody>().map(|body| NewExtension {
        unit_id: body.unit_id,
        due_on: body.due_on.into(),
        reason: body.reason,
        basis_document: body.basis_document,
    });
    call.write(move |conn, context| {
        let details = deadlines::extend(conn, context, &id, &input)?;
        Ok(Answer::created(&view(&details), details.tag.header(), place(&details))?)
    })
    .await
}

/// Waive a deadline, with a reason.
///
/// Nobody is reminded of it any more. A gate that it closes stays where it is.
#[utoipa::path(post, path = "/v1/deadlines/{id}/waive", request_body = ReasonBody, responses((status = 200, description = "Waived.", body = DeadlineView)))]
async fn waive(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&deadlines::waive(conn, context, &id, &input)?)).await
}
