//! Deadlines: `/v1/deadlines`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access;
use crate::domain::access::action::Action;
use crate::domain::change::Superseded;
use crate::domain::office::member::Role;
use crate::domain::schedule::calendar::CountedDay;
use crate::domain::schedule::deadline::{DeadlineKind, DeadlineRule, DeadlineStatus};
use crate::domain::schedule::extension::{Extension, Until};
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::assessment::periods::ReasonBody;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, lists, operations, reads};
use crate::http::page::{ListView, Sort, Within};
use crate::http::time::Instant;
use crate::http::time::{BoundedDay, Day};
use crate::service::schedule::deadlines::corrections::{self, ExtensionCorrection};
use crate::service::schedule::deadlines::{self, DeadlineCase, DeadlineDetails, NewExtension};
use crate::service::schedule::deadlines::{Filter, Position, SortBy};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `deadlines`.
pub fn operations() -> Vec<Operation> {
    operations![Deadlines, "deadlines";
        list: lists(Action::ReadOffice),
        get: reads(Action::ReadDeadline),
        extend: creates(Action::ExtendDeadline).refuses(EXTEND_REFUSALS),
        correct_extension: acts(Action::CorrectExtension).refuses(CORRECT_REFUSALS),
        waive: acts(Action::WaiveDeadline),
        unwaive: acts(Action::UnwaiveDeadline),
    ]
}

const EXTEND_REFUSALS: &[Code] =
    &[Code::InvalidState, Code::DateInPast, Code::DateOutOfRange, Code::DeadlineShortened, Code::UnknownReference];

const CORRECT_REFUSALS: &[Code] =
    &[Code::ExtensionUsed, Code::NothingCorrected, Code::DateInPast, Code::DateOutOfRange, Code::DeadlineShortened];

/// Who is responsible for meeting a deadline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Responsible)]
struct ResponsibleView {
    /// The responsible role.
    role: Role,
    /// The responsible unit; null if it is the whole organisation.
    unit_id: Option<Id>,
}

/// An extension of a deadline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extension)]
struct ExtensionView {
    /// Id of the extension.
    id: Id,
    /// Number of the extension among those of its deadline, from 1.
    #[schema(value_type = i64)]
    number: usize,
    /// The extended due date.
    due_on: NaiveDate,
    /// Why it was granted.
    reason: String,
    /// Document that it is based on.
    basis_document: String,
    /// Id of the member who granted it.
    granted_by: Id,
    /// When it was granted.
    granted_at: Instant,
    /// Days that it was granted to before it was corrected, the oldest first.
    superseded: Vec<SupersededDayView>,
}

/// A day of an extension that was corrected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupersededDay)]
struct SupersededDayView {
    /// The wrong day.
    due_on: NaiveDate,
    /// When it was corrected.
    superseded_at: Instant,
    /// Why it was corrected.
    superseded_reason: String,
}

impl From<&Superseded<Until>> for SupersededDayView {
    fn from(superseded: &Superseded<Until>) -> Self {
        SupersededDayView {
            due_on: superseded.value.due_on,
            superseded_at: Instant(superseded.superseded_at),
            superseded_reason: superseded.superseded_reason.clone(),
        }
    }
}

impl From<(usize, &Extension)> for ExtensionView {
    fn from((at, extension): (usize, &Extension)) -> Self {
        ExtensionView {
            id: extension.id,
            number: at + 1,
            due_on: extension.due_on,
            reason: extension.reason.clone(),
            basis_document: extension.basis_document.clone(),
            granted_by: extension.granted_by,
            granted_at: Instant(extension.granted_at),
            superseded: extension.superseded.iter().map(SupersededDayView::from).collect(),
        }
    }
}

/// A deadline, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineHead)]
struct DeadlineHeadView {
    /// Id of the deadline.
    id: Id,
    /// The organisation that the deadline belongs to.
    organization_id: Id,
    /// The period that it belongs to.
    period_id: Id,
    /// Kind of deadline.
    kind: DeadlineKind,
    /// The unit that it belongs to; null if it applies to the whole period.
    unit_id: Option<Id>,
    /// Code of the unit; null if it applies to the whole period.
    #[schema(example = "TH")]
    unit_code: Option<String>,
    /// Who is responsible for meeting it.
    responsible: ResponsibleView,
    /// State of the deadline, derived from the current date and from what was done.
    status: DeadlineStatus,
    /// Due date; null while the result notice that it depends on is missing, and if the period sets a waiting time
    /// instead.
    #[schema(example = "2023-11-10")]
    due_on: Option<NaiveDate>,
    /// Instant at which the due date has passed: 00:00 local time of the following day; null without a due date.
    closes_at: Option<Instant>,
    /// First possible day; null unless the period sets a waiting time.
    opens_on: Option<NaiveDate>,
    /// When it was met; null if it was not.
    met_on: Option<NaiveDate>,
    /// When it was waived; null if it was not.
    waived_at: Option<Instant>,
    /// Why it was waived; null if it was not.
    waive_reason: Option<String>,
    /// Number of days since the due date passed; 0 if it has not.
    overdue_days: i64,
    /// How the due date is determined.
    rule: DeadlineRule,
    /// How working days were counted, day by day from the result notice.
    explanation: Vec<CountedDay>,
    /// Whether the official calendar is known for every year involved.
    calendar_confirmed: bool,
    /// Extensions, the first one first. The due date is never before the latest of them.
    extensions: Vec<ExtensionView>,
    /// When the passing of time next changes its state, opens it or triggers a reminder; null if it no longer does.
    next_check_at: Option<Instant>,
    /// Version of the deadline; it increases with every change.
    version: i64,
    /// When the deadline was created.
    created_at: Instant,
    /// When the deadline was last changed.
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
            extensions: details.extensions.iter().enumerate().map(ExtensionView::from).collect(),
            next_check_at: details.next_check_at.map(Instant),
            version: deadline.version,
            created_at: Instant(deadline.created_at),
            updated_at: Instant(deadline.updated_at),
        }
    }
}

/// A deadline with the actions available on it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deadline)]
struct DeadlineView {
    #[serde(flatten)]
    head: DeadlineHeadView,
    #[serde(flatten)]
    actions: Actions,
}

/// A new extension.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateExtension, example = json!({"due_on": "2023-11-15", "reason": "Đơn vị di chuyển trụ sở", "basis_document": "CV 45/VP-HCTC"}))]
struct ExtensionBody {
    /// The unit of the deadline; may be omitted.
    unit_id: Option<Id>,
    /// New due date, after the current one.
    due_on: Day,
    /// Why it is granted; at most 4,000 characters.
    reason: String,
    /// Document that it is based on.
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

/// Filters of the list of deadlines.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only deadlines in these states.
    status: Option<Vec<DeadlineStatus>>,
    /// Only deadlines of these kinds.
    kind: Option<Vec<DeadlineKind>>,
    /// Only deadlines of these periods.
    period_id: Option<Vec<Id>>,
    /// Only deadlines of these units.
    unit_id: Option<Vec<Id>>,
    /// Only deadlines that are due before this day.
    #[param(inline)]
    due_before: Option<BoundedDay>,
    /// Only deadlines that passed at least this many days ago.
    #[param(inline)]
    overdue_days_gte: Option<Within<1, 100_000>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<Order>,
}

/// List the deadlines.
///
/// Those of whole periods, and those of the units that concern the caller. With `sort=due_on`, the next due date comes
/// first. The `ETag` changes only with what the list shows, so a client that polls every minute gets 304 until
/// something changes.
#[utoipa::path(get, path = "/v1/deadlines", params(ListQuery), responses((status = 200, description = "A page of deadlines.", body = ListView<DeadlineHeadView>)))]
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

/// Get a deadline.
#[utoipa::path(get, path = "/v1/deadlines/{id}", responses((status = 200, description = "The deadline.", body = DeadlineView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&deadlines::get(conn, context, &id)?)).await
}

/// Extend a deadline.
///
/// For the unit that the deadline belongs to, or for the whole organisation. An extension is never shortened by a change of
/// the schedule; a wrong one can be corrected until it is used. Until the council review begins, extending a missed submission makes it a draft again.
#[utoipa::path(post, path = "/v1/deadlines/{id}/extensions", request_body = ExtensionBody, responses((status = 201, description = "The extended deadline.", body = DeadlineView)))]
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

/// The day that an extension should have been granted to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CorrectExtension, example = json!({"due_on": "2023-11-13", "reason": "Ghi nhầm ngày"}))]
struct CorrectExtensionBody {
    /// The due date: not before the scheduled one, and not in the past.
    due_on: Day,
    /// Why it is corrected; at most 4,000 characters.
    reason: String,
}

/// Correct the day of an extension.
///
/// As long as nobody has used it (`extension_used`): nothing was handed in on a day that only this extension allowed, and that
/// time is not over; an appraisal's extension also counts as used up to the day of a submission that was returned. The corrected
/// day may be as early as the scheduled one, so that nothing of the extension is left, but never in the past: who
/// relied on the extension has at least the rest of the day. The gate of the submission or dossier moves along, and the wrong day
/// is kept.
#[utoipa::path(post, path = "/v1/deadlines/{id}/extensions/{n}/correct", params(("n" = i32, Path, description = "Number of the extension, from 1.")), request_body = CorrectExtensionBody, responses((status = 200, description = "Corrected.", body = DeadlineView)))]
async fn correct_extension(call: Call) -> Reply {
    let (id, number) = (call.id("id")?, call.segment("n").parse().unwrap_or(0));
    let input = call
        .body::<CorrectExtensionBody>()
        .map(|body| ExtensionCorrection { due_on: body.due_on.into(), reason: body.reason });
    call.write(move |conn, context| {
        details_answer(&corrections::correct_extension(conn, context, (&id, number), &input)?)
    })
    .await
}

/// Waive a deadline.
///
/// Reminders stop. Waiving a deadline does not allow anything that it has closed.
#[utoipa::path(post, path = "/v1/deadlines/{id}/waive", request_body = ReasonBody, responses((status = 200, description = "Waived.", body = DeadlineView)))]
async fn waive(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&deadlines::waive(conn, context, &id, &input)?)).await
}

/// Take a waiver back.
///
/// The deadline is to be met again by the day that stands, and reminders go on. The reason is kept in the audit.
#[utoipa::path(post, path = "/v1/deadlines/{id}/unwaive", request_body = ReasonBody, responses((status = 200, description = "No longer waived.", body = DeadlineView)))]
async fn unwaive(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&deadlines::unwaive(conn, context, &id, &input)?)).await
}
