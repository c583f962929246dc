//! Council sessions: `/v1/council-sessions`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::award::council_session::{Attendance, CouncilSession, Quorum, SessionCase, SessionStatus};
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::patch::present;
use crate::http::time::{Day, Instant};
use crate::service::award::council_sessions::{self, NewSession, SessionChange};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `council_sessions`.
pub fn operations() -> Vec<Operation> {
    operations![Reviews, "council_sessions";
        list: lists(Action::ReadSessions),
        create: creates(Action::CreateSession).refuses(CREATE_REFUSALS),
        get: reads(Action::ReadSessions),
        change: changes(Action::WriteSession).refuses(CHANGE_REFUSALS),
        hold: acts(Action::HoldSession).refuses(HOLD_REFUSALS),
        close: acts(Action::CloseSession),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::InvalidState, Code::NotCouncilMember, Code::ImplausibleDate];
const CHANGE_REFUSALS: &[Code] = &[Code::InvalidState, Code::NotCouncilMember, Code::ImplausibleDate];
const HOLD_REFUSALS: &[Code] = &[Code::GuardFailed, Code::TooEarly, Code::ImplausibleDate, Code::NoCouncilMembers];

/// A council session, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouncilSessionHead)]
struct SessionHeadView {
    /// Id of the session.
    id: Id,
    /// The organisation that the session belongs to.
    organization_id: Id,
    /// The period that it decides on.
    period_id: Id,
    /// Day of the session.
    held_on: NaiveDate,
    /// Place of the session.
    #[schema(example = "Phòng họp số 1")]
    place: String,
    /// State of the session.
    status: SessionStatus,
    /// Share of the council that must be present.
    quorum: Quorum,
    /// Id of the member who presides in the chair's place; null for the chair.
    presiding_member_id: Option<Id>,
    /// Attendance of each member.
    attendance: Vec<Attendance>,
    /// Whether enough members were present; null until the session is held.
    quorum_met: Option<bool>,
    /// Number of members present; null until the session is held.
    present: Option<i32>,
    /// Number of members required; null until the session is held.
    needed: Option<i32>,
    /// Version of the session; it increases with every change.
    version: i64,
    /// When the session was created.
    created_at: Instant,
    /// When the session was last changed.
    updated_at: Instant,
}

impl From<&CouncilSession> for SessionHeadView {
    fn from(session: &CouncilSession) -> Self {
        SessionHeadView {
            id: session.id,
            organization_id: session.organization_id,
            period_id: session.period_id,
            held_on: session.held_on,
            place: session.place.clone(),
            status: session.status,
            quorum: session.quorum,
            presiding_member_id: session.presiding_member_id,
            attendance: session.attendance.clone(),
            quorum_met: session.quorum_met(),
            present: session.present,
            needed: session.needed,
            version: session.version,
            created_at: Instant(session.created_at),
            updated_at: Instant(session.updated_at),
        }
    }
}

/// A council session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouncilSession)]
struct SessionView {
    #[serde(flatten)]
    head: SessionHeadView,
    #[serde(flatten)]
    actions: Actions,
}

/// A new session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateCouncilSession, example = json!({"period_id": "018b88d6-5f80-7000-8000-000000000001", "held_on": "2023-11-28", "place": "Phòng họp số 1"}))]
struct NewBody {
    /// The period to decide on.
    period_id: Id,
    /// Day of the session: not before the council's review began, or before today while it has not, and at most a year
    /// after its last day.
    held_on: Day,
    /// Place of the session; at most 1,000 characters.
    place: String,
    /// Share of the council that must be present; defaults to two thirds of those who hold `council_member` or
    /// `council_chair` on `held_on`.
    quorum: Option<Quorum>,
    /// Id of the member who presides in the chair's place; omitted or null for the chair.
    presiding_member_id: Option<Id>,
    /// Attendance of each member; defaults to none.
    #[serde(default)]
    attendance: Vec<Attendance>,
}

/// Changes to a planned session. Omitted fields remain unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouncilSessionChange, example = json!({"attendance": [{"member_id": "018b88d6-5f80-7000-8000-000000000007", "present": true}]}))]
struct ChangeBody {
    /// Day of the session.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    held_on: Option<Day>,
    /// Place of the session.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    place: Option<String>,
    /// Share of the council that must be present.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    quorum: Option<Quorum>,
    /// Id of the member who presides in the chair's place; null for the chair.
    #[serde(default, deserialize_with = "present")]
    presiding_member_id: Option<Option<Id>>,
    /// Attendance of each member; replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    attendance: Option<Vec<Attendance>>,
}

fn view(details: &Details<SessionCase>) -> SessionView {
    let base = format!("/v1/council-sessions/{}", details.value.session.id);
    SessionView { head: (&details.value.session).into(), actions: Actions::of(&details.offers, &base) }
}

fn details_answer(details: &Details<SessionCase>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&view(details), details.tag.header())?)
}

/// Filters of the list of council sessions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only sessions of this period.
    period_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the council sessions.
#[utoipa::path(get, path = "/v1/council-sessions", params(ListQuery), responses((status = 200, description = "A page of sessions.", body = ListView<SessionHeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = council_sessions::list(conn, context, organization_id.as_ref(), period_id.as_ref(), &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| SessionHeadView::from(&row))?)
    })
    .await
}

/// Schedule a session.
#[utoipa::path(post, path = "/v1/council-sessions", request_body = NewBody, responses((status = 201, description = "Created.", body = SessionView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| {
        let NewBody { period_id, held_on, place, quorum, presiding_member_id, attendance } = body;
        NewSession { period_id, held_on: held_on.into(), place, quorum, presiding_member_id, attendance }
    });
    call.write(move |conn, context| {
        let details = council_sessions::create(conn, context, &input)?;
        Ok(Answer::created(
            &view(&details),
            details.tag.header(),
            format!("/v1/council-sessions/{}", details.value.session.id),
        )?)
    })
    .await
}

/// Get a session.
#[utoipa::path(get, path = "/v1/council-sessions/{id}", responses((status = 200, description = "The session.", body = SessionView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Change a planned session, including its attendance.
#[utoipa::path(patch, path = "/v1/council-sessions/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = SessionView)))]
async fn change(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<ChangeBody>().map(|body| {
        let ChangeBody { held_on, place, quorum, presiding_member_id, attendance } = body;
        SessionChange { held_on: held_on.map(Into::into), place, quorum, presiding_member_id, attendance }
    });
    call.write(move |conn, context| details_answer(&council_sessions::change(conn, context, &id, &input)?)).await
}

/// Record that a session was held.
///
/// Freezes the attendance and computes `quorum_met`, `present` and `needed`. A written opinion does not count as
/// presence. Possible during the council's review, not before `held_on`, and not for a day before the review began. A
/// council without members holds no session.
#[utoipa::path(post, path = "/v1/council-sessions/{id}/hold", responses((status = 200, description = "Held.", body = SessionView)))]
async fn hold(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&council_sessions::hold(conn, context, &id)?)).await
}

/// Close a session that was held.
///
/// By the chair, or by who presided in the chair's place.
#[utoipa::path(post, path = "/v1/council-sessions/{id}/close", responses((status = 200, description = "Closed.", body = SessionView)))]
async fn close(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&council_sessions::close(conn, context, &id)?)).await
}
