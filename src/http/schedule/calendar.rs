//! The working calendar: `/v1/calendar-days` and `/v1/working-days`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::schedule::calendar::{CalendarDay, CountedDay, DayKind, DayStatus};
use crate::domain::schedule::deadline::DeadlineKind;
use crate::error::Code;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Operation, deletes, lists, operations, puts, reads};
use crate::http::page::ListView;
use crate::http::problem::Problem;
use crate::http::time::BoundedDay;
use crate::service::schedule::calendar::{self, DayInput, Move, Outcome};
use crate::service::{Answer, Interrupt};

/// Returns the operations on `calendar_days` and `working_days`.
pub fn operations() -> Vec<Operation> {
    let mut all = operations![Calendar, "calendar_days";
        days: lists(Action::ReadOffice).or_operators().refuses(DAYS_REFUSALS),
        day: reads(Action::ReadOffice).or_operators().refuses(DAY_REFUSALS),
        put: puts(Action::WriteCalendar).or_operators().refuses(PUT_REFUSALS),
        remove: deletes(Action::WriteCalendar).or_operators().refuses(REMOVE_REFUSALS),
    ];
    all.extend(operations![Calendar, "working_days";
        add: reads(Action::ReadOffice).or_operators().refuses(ADD_REFUSALS),
        count: reads(Action::ReadOffice).or_operators().refuses(COUNT_REFUSALS),
    ]);
    all
}

const DAYS_REFUSALS: &[Code] = &[Code::CalendarRange, Code::InvalidParameter, Code::OrganizationRequired];
const DAY_REFUSALS: &[Code] = &[Code::InvalidParameter, Code::OrganizationRequired];
const PUT_REFUSALS: &[Code] =
    &[Code::InvalidParameter, Code::OrganizationRequired, Code::NotADayOff, Code::CalendarRange];
const REMOVE_REFUSALS: &[Code] = &[Code::InvalidParameter, Code::OrganizationRequired, Code::CalendarRange];
const ADD_REFUSALS: &[Code] = &[Code::CalendarRange, Code::InvalidParameter, Code::OrganizationRequired];
const COUNT_REFUSALS: &[Code] = &[Code::CalendarRange, Code::InvalidParameter, Code::OrganizationRequired];

/// A calendar day that differs from its weekday.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarDay)]
pub struct DayView {
    /// The date.
    on: NaiveDate,
    /// How the day differs from its weekday.
    kind: DayKind,
    /// Name of the day.
    #[schema(example = "Ngày Văn hóa Việt Nam")]
    name: String,
    /// Whether the day is official or only expected.
    status: DayStatus,
    /// Document that establishes the day.
    #[schema(example = "NQ 28/2026/QH16")]
    legal_basis: String,
    /// The organisation that set the day; null for the national calendar.
    organization_id: Option<Id>,
    /// Version of the day; it increases with every change.
    version: i64,
}

impl From<&CalendarDay> for DayView {
    fn from(day: &CalendarDay) -> Self {
        DayView {
            on: day.on,
            kind: day.kind,
            name: day.name.clone(),
            status: day.status,
            legal_basis: day.legal_basis.clone(),
            organization_id: day.organization_id,
            version: day.version,
        }
    }
}

/// The definition of a calendar day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarDayBody, example = json!({"kind": "holiday", "name": "Ngày truyền thống của cơ quan", "status": "official", "legal_basis": "QĐ 12/QĐ-VP"}))]
struct DayBody {
    /// How the day differs from its weekday.
    kind: DayKind,
    /// Name of the day; at most 1,000 characters.
    name: String,
    /// Whether the day is official or only expected.
    status: DayStatus,
    /// Document that establishes the day; at most 1,000 characters.
    legal_basis: String,
}

/// A deadline that a change of the calendar moves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineMove)]
struct MoveView {
    /// Id of the deadline.
    deadline_id: Id,
    /// The organisation that it belongs to.
    organization_id: Id,
    /// The period that it belongs to.
    period_id: Id,
    /// The unit that it belongs to; null if it applies to the whole period.
    unit_id: Option<Id>,
    /// Kind of deadline.
    kind: DeadlineKind,
    /// Due date before the change; null if there was none.
    was_due_on: Option<NaiveDate>,
    /// Due date after the change; null if there is none.
    due_on: Option<NaiveDate>,
    /// First possible day before the change; null if there was none.
    was_opens_on: Option<NaiveDate>,
    /// First possible day after the change; null if there is none.
    opens_on: Option<NaiveDate>,
}

impl From<&Move> for MoveView {
    fn from(Move { before, after, .. }: &Move) -> Self {
        MoveView {
            deadline_id: after.id,
            organization_id: after.organization_id,
            period_id: after.period_id,
            unit_id: after.unit_id,
            kind: after.kind,
            was_due_on: before.due_on(),
            due_on: after.due_on(),
            was_opens_on: before.opens_on,
            opens_on: after.opens_on,
        }
    }
}

/// The effect of a change to a calendar day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarDayOutcome)]
struct OutcomeView {
    /// The day after the change; null if it was removed.
    day: Option<DayView>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// The deadlines that the change moves.
    moved_deadlines: Vec<MoveView>,
}

impl OutcomeView {
    fn of(outcome: &Outcome, dry_run: bool) -> Self {
        let moved_deadlines = outcome.moves.iter().filter(|moved| moved.is_visible()).map(MoveView::from).collect();
        OutcomeView { day: outcome.day.as_ref().map(DayView::from), dry_run, moved_deadlines }
    }
}

/// The date a number of working days after another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingDaysAdded)]
struct AddView {
    /// Date of the event, which is not counted.
    from: NaiveDate,
    /// Number of working days.
    days: u32,
    /// The resulting date.
    #[schema(example = "2023-12-07")]
    result_on: NaiveDate,
    /// Whether the official calendar is known for every year involved.
    calendar_confirmed: bool,
    /// The calculation, day by day.
    explanation: Vec<CountedDay>,
}

/// The number of working days between two dates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingDaysCounted)]
struct CountView {
    /// The first date, which is not counted.
    from: NaiveDate,
    /// The last date, which is counted if it is a working day.
    to: NaiveDate,
    /// Number of working days.
    #[schema(example = 5)]
    working_days: u32,
    /// Whether the official calendar is known for every year involved.
    calendar_confirmed: bool,
    /// The calculation, day by day.
    explanation: Vec<CountedDay>,
}

/// Returns the date in the path. Anything but a date is 404.
fn date(call: &Call) -> Result<NaiveDate, Problem> {
    BoundedDay::parse(&call.segment("date")).map(NaiveDate::from).ok_or_else(|| call.problem(Code::NotFound))
}

/// The range of days to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DaysQuery {
    /// First day; defaults to 1 January of the current year.
    #[param(inline, example = "2026-01-01")]
    from: Option<BoundedDay>,
    /// Last day, at most ten years after `from`; defaults to 31 December of the year of `from`.
    #[param(inline, example = "2026-12-31")]
    to: Option<BoundedDay>,
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
}

/// List the days that differ from their weekday.
///
/// Public holidays, substitute days off and swapped working Saturdays of the national calendar, overridden by the days
/// that the caller's organisation has set. Operators see the national calendar.
#[utoipa::path(get, path = "/v1/calendar-days", operation_id = "list",
    params(DaysQuery), responses((status = 200, description = "A page of days, in order.", body = ListView<DayView>)))]
async fn days(mut call: Call) -> Reply {
    let DaysQuery { from, to, organization_id } = call.query();
    let (from, to) = (from.map(NaiveDate::from), to.map(NaiveDate::from));
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let days = calendar::days(conn, context, organization_id.as_ref(), (from, to))?;
        Ok(asked.answer_of_all(days, |day| day.on.to_string(), |day| DayView::from(&day))?)
    })
    .await
}

/// The organisation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OrganizationQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
}

/// Get a day that differs from its weekday.
#[utoipa::path(get, path = "/v1/calendar-days/{date}", operation_id = "get",
    params(DayPath, OrganizationQuery), responses((status = 200, description = "The day.", body = DayView)))]
async fn day(mut call: Call) -> Reply {
    let on = date(&call)?;
    let OrganizationQuery { organization_id } = call.query();
    call.read(move |conn, context| {
        let day = calendar::day(conn, context, organization_id.as_ref(), on)?;
        Ok(Answer::ok(&DayView::from(&day), calendar::tag(&day).header())?)
    })
    .await
}

/// The day in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes the parameter; the day is read from the path")]
struct DayPath {
    /// The date.
    #[param(example = "2026-11-24")]
    date: NaiveDate,
}

/// Options of a change.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ChangeQuery {
    /// Whether only to report what the change would move; defaults to `false`.
    dry_run: Option<bool>,
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
}

/// Set a day of the calendar.
///
/// Operators set days of the national calendar; administrators set days of their organisation, which override it.
/// Setting a day for the first time needs no `If-Match`; changing it does. The due dates of open dossiers are
/// recomputed, but never to before an extension; `dry_run=true` only reports which would move.
#[utoipa::path(put, path = "/v1/calendar-days/{date}", request_body = DayBody,
    params(DayPath, ChangeQuery), responses((status = 200, description = "Changed, or the result of a dry run.", body = OutcomeView), (status = 201, description = "Set for the first time.", body = OutcomeView)))]
async fn put(mut call: Call) -> Reply {
    let on = date(&call)?;
    let ChangeQuery { dry_run, organization_id } = call.query();
    let dry_run = dry_run.unwrap_or(false);
    let input = call.body::<DayBody>().map(|body| DayInput {
        kind: body.kind,
        name: body.name,
        status: body.status,
        legal_basis: body.legal_basis,
    });
    call.write(move |conn, context| {
        let outcome = calendar::put(conn, context, organization_id.as_ref(), on, &input, dry_run)?;
        let view = OutcomeView::of(&outcome, dry_run);
        let tag = match &outcome.day {
            Some(day) if !dry_run => calendar::tag(day).header(),
            _ => body_tag(&view)?,
        };
        let made = outcome.is_new && !dry_run;
        let place = format!("/v1/calendar-days/{on}");
        Ok(if made { Answer::created(&view, tag, place)? } else { Answer::ok(&view, tag)? })
    })
    .await
}

fn removed(outcome: &Outcome, dry_run: bool) -> Result<Answer, Interrupt> {
    if !dry_run {
        return Ok(Answer::nothing());
    }
    let view = OutcomeView::of(outcome, dry_run);
    let tag = body_tag(&view)?;
    Ok(Answer::ok(&view, tag)?)
}

/// Remove a day from the calendar.
///
/// The day then counts as its weekday or, for a day of an organisation, as in the national calendar. `dry_run=true`
/// only reports which deadlines would move.
#[utoipa::path(delete, path = "/v1/calendar-days/{date}", operation_id = "delete",
    params(DayPath, ChangeQuery), responses((status = 200, description = "The result of a dry run.", body = OutcomeView), (status = 204, description = "Removed.")))]
async fn remove(mut call: Call) -> Reply {
    let on = date(&call)?;
    let ChangeQuery { dry_run, organization_id } = call.query();
    let dry_run = dry_run.unwrap_or(false);
    call.act(move |conn, context| {
        removed(&calendar::remove(conn, context, organization_id.as_ref(), on, dry_run)?, dry_run)
    })
    .await
}

/// The date to start from and the number of working days.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AddQuery {
    /// Date of the event.
    #[param(inline, required = true, example = "2023-11-30")]
    from: Option<BoundedDay>,
    /// Number of working days, from 0 to 1,000.
    #[param(required = true, example = 5)]
    days: Option<u32>,
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
}

/// Add working days to a date.
///
/// Working days are Monday to Friday, except public holidays and substitute days off, and swapped working Saturdays,
/// according to the calendar of the caller's organisation. The date of the event is not counted.
#[utoipa::path(get, path = "/v1/working-days/add",
    params(AddQuery), responses((status = 200, description = "The date, with the calculation.", body = AddView)))]
async fn add(mut call: Call) -> Reply {
    let AddQuery { from, days, organization_id } = call.query();
    let (BoundedDay(from), days) = (call.required("from", from), call.required("days", days));
    call.read(move |conn, context| {
        let calculation = calendar::add(conn, context, organization_id.as_ref(), from, days)?;
        let view = AddView {
            from,
            days,
            result_on: calculation.result_on,
            calendar_confirmed: calculation.calendar_confirmed,
            explanation: calculation.explanation,
        };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// The two dates.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CountQuery {
    /// The first date, which is not counted.
    #[param(inline, required = true, example = "2023-11-30")]
    from: Option<BoundedDay>,
    /// The last date, which is counted; at most 2,000 days after `from`.
    #[param(inline, required = true, example = "2023-12-07")]
    to: Option<BoundedDay>,
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
}

/// Count the working days between two dates.
///
/// The inverse of `add`.
#[utoipa::path(get, path = "/v1/working-days/count",
    params(CountQuery), responses((status = 200, description = "The number, with the calculation.", body = CountView)))]
async fn count(mut call: Call) -> Reply {
    let CountQuery { from, to, organization_id } = call.query();
    let (BoundedDay(from), BoundedDay(to)) = (call.required("from", from), call.required("to", to));
    call.read(move |conn, context| {
        let calculation = calendar::count(conn, context, organization_id.as_ref(), from, to)?;
        let view = CountView {
            from,
            to,
            working_days: calculation.working_days,
            calendar_confirmed: calculation.calendar_confirmed,
            explanation: calculation.explanation,
        };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
