//! `/v1/calendar-days` and `/v1/working-days`.

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

/// The operations on `calendar_days` and `working_days`.
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

/// A day that differs from its weekday.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarDay)]
struct DayView {
    on: NaiveDate,
    kind: DayKind,
    #[schema(example = "Ngày Văn hóa Việt Nam")]
    name: String,
    status: DayStatus,
    /// The paper that sets it.
    #[schema(example = "NQ 28/2026/QH16")]
    legal_basis: String,
    /// Whose it is; null: the nation's.
    organization_id: Option<Id>,
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

/// A day as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarDayBody, example = json!({"kind": "holiday", "name": "Ngày truyền thống của cơ quan", "status": "official", "legal_basis": "QĐ 12/QĐ-VP"}))]
struct DayBody {
    kind: DayKind,
    name: String,
    status: DayStatus,
    legal_basis: String,
}

/// A deadline that moves with a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineMove)]
struct MoveView {
    deadline_id: Id,
    organization_id: Id,
    period_id: Id,
    unit_id: Option<Id>,
    kind: DeadlineKind,
    was_due_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    was_opens_on: Option<NaiveDate>,
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

/// What became of a day, or would become of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarDayOutcome)]
struct OutcomeView {
    /// Null once it is taken away.
    day: Option<DayView>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// The deadlines that move.
    moved_deadlines: Vec<MoveView>,
}

impl OutcomeView {
    fn of(outcome: &Outcome, dry_run: bool) -> Self {
        let moved_deadlines = outcome.moves.iter().filter(|moved| moved.is_visible()).map(MoveView::from).collect();
        OutcomeView { day: outcome.day.as_ref().map(DayView::from), dry_run, moved_deadlines }
    }
}

/// A day so many working days on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingDaysAdded)]
struct AddView {
    /// The day of the event, which is not counted.
    from: NaiveDate,
    /// How many working days on.
    days: u32,
    /// The day reached.
    #[schema(example = "2023-12-07")]
    result_on: NaiveDate,
    /// Whether every year touched has its official calendar.
    calendar_confirmed: bool,
    /// Each day on the way.
    explanation: Vec<CountedDay>,
}

/// How many working days there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingDaysCounted)]
struct CountView {
    /// Not counted itself.
    from: NaiveDate,
    /// Counted itself, if it is a working day.
    to: NaiveDate,
    #[schema(example = 5)]
    working_days: u32,
    /// Whether every year touched has its official calendar.
    calendar_confirmed: bool,
    /// Each day on the way.
    explanation: Vec<CountedDay>,
}

/// The day in the path. What is no day names nothing: 404.
fn date(call: &Call) -> Result<NaiveDate, Problem> {
    BoundedDay::parse(&call.segment("date")).map(NaiveDate::from).ok_or_else(|| call.problem(Code::NotFound))
}

/// Which days are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DaysQuery {
    /// The first day; without it, the first of this year.
    #[param(inline, example = "2026-01-01")]
    from: Option<BoundedDay>,
    /// The last day, at most ten years on; without it, the last of the year of `from`.
    #[param(inline, example = "2026-12-31")]
    to: Option<BoundedDay>,
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
}

/// List the days that differ from their weekday.
///
/// From `from` to `to`, or of this year: holidays, substitute days off and swapped working Saturdays of the nation, and in place of them
/// what the caller's organisation has set for itself. Operators see the nation's.
#[utoipa::path(get, path = "/v1/calendar-days", operation_id = "list",
    params(DaysQuery), responses((status = 200, description = "All of them, in order.", body = ListView<DayView>)))]
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

/// Which organisation is meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OrganizationQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
}

/// Read a day that differs from its weekday.
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
#[expect(dead_code, reason = "the place in the document; the day is read from the path")]
struct DayPath {
    /// Which day.
    #[param(example = "2026-11-24")]
    date: NaiveDate,
}

/// Whether a change is only tried, and of whose calendar.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ChangeQuery {
    /// Only tell what it would move.
    dry_run: Option<bool>,
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
}

/// Set a day.
///
/// An operator sets the nation's days, an admin the own organisation's, which go before the nation's. The first time needs no `If-Match`; a
/// change does. Dossiers that wait are due anew by the changed calendar, never before an extension; `dry_run=true` only tells which.
#[utoipa::path(put, path = "/v1/calendar-days/{date}", request_body = DayBody,
    params(DayPath, ChangeQuery), responses((status = 200, description = "Changed, or what would be.", body = OutcomeView), (status = 201, description = "Set for the first time.", body = OutcomeView)))]
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

/// Take a day away.
///
/// It is what its weekday says from then on, or, for an organisation's own day, what the nation's calendar says. `dry_run=true` only tells
/// which deadlines that would move.
#[utoipa::path(delete, path = "/v1/calendar-days/{date}", operation_id = "delete",
    params(DayPath, ChangeQuery), responses((status = 200, description = "What would become of it.", body = OutcomeView), (status = 204, description = "Taken away.")))]
async fn remove(mut call: Call) -> Reply {
    let on = date(&call)?;
    let ChangeQuery { dry_run, organization_id } = call.query();
    let dry_run = dry_run.unwrap_or(false);
    call.act(move |conn, context| {
        removed(&calendar::remove(conn, context, organization_id.as_ref(), on, dry_run)?, dry_run)
    })
    .await
}

/// From which day, and how far.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AddQuery {
    /// The day of the event.
    #[param(inline, required = true, example = "2023-11-30")]
    from: Option<BoundedDay>,
    /// How many working days on: 0 to 1000.
    #[param(required = true, example = 5)]
    days: Option<u32>,
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
}

/// Which day is so many working days after another?
///
/// Monday to Friday, less holidays and substitute days off, plus swapped working Saturdays, by the calendar of the caller's organisation. The
/// day of the event is not counted.
#[utoipa::path(get, path = "/v1/working-days/add",
    params(AddQuery), responses((status = 200, description = "The day, with the way there.", body = AddView)))]
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

/// From which day, and to which.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CountQuery {
    /// Not counted.
    #[param(inline, required = true, example = "2023-11-30")]
    from: Option<BoundedDay>,
    /// Counted; at most 2000 days on.
    #[param(inline, required = true, example = "2023-12-07")]
    to: Option<BoundedDay>,
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
}

/// How many working days are there after a day, up to and with another?
///
/// The inverse of `add`.
#[utoipa::path(get, path = "/v1/working-days/count",
    params(CountQuery), responses((status = 200, description = "The number, with the way there.", body = CountView)))]
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
