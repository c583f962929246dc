//! `/v1/council-sessions`.

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

/// The operations on `council_sessions`.
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

const CREATE_REFUSALS: &[Code] = &[Code::InvalidState, Code::NotCouncilMember];
const CHANGE_REFUSALS: &[Code] = &[Code::InvalidState, Code::NotCouncilMember];
const HOLD_REFUSALS: &[Code] = &[Code::GuardFailed, Code::TooEarly];

/// A session in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouncilSessionHead)]
struct SessionHeadView {
    id: Id,
    organization_id: Id,
    period_id: Id,
    held_on: NaiveDate,
    #[schema(example = "Phòng họp số 1")]
    place: String,
    status: SessionStatus,
    quorum: Quorum,
    attendance: Vec<Attendance>,
    /// Whether it could decide; null until it is held.
    quorum_met: Option<bool>,
    /// Members present, once held.
    present: Option<i32>,
    /// Members that had to be present, once held.
    needed: Option<i32>,
    version: i64,
    created_at: Instant,
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

/// A session of the council.
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
    period_id: Id,
    held_on: Day,
    place: String,
    /// Default two thirds of those who hold `council_member` or `council_chair` on `held_on`.
    quorum: Option<Quorum>,
    #[serde(default)]
    attendance: Vec<Attendance>,
}

/// A change of a planned session; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouncilSessionChange, example = json!({"attendance": [{"member_id": "018b88d6-5f80-7000-8000-000000000007", "present": true}]}))]
struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    held_on: Option<Day>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    place: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    quorum: Option<Quorum>,
    /// The whole list.
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

/// Which sessions are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only of this period.
    period_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the council's sessions.
#[utoipa::path(get, path = "/v1/council-sessions", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<SessionHeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, period_id, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = council_sessions::list(conn, context, organization_id.as_ref(), period_id.as_ref(), &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| SessionHeadView::from(&row))?)
    })
    .await
}

/// Call a session.
#[utoipa::path(post, path = "/v1/council-sessions", request_body = NewBody, responses((status = 201, description = "Created.", body = SessionView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| {
        let NewBody { period_id, held_on, place, quorum, attendance } = body;
        NewSession { period_id, held_on: held_on.into(), place, quorum, attendance }
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

/// Read a session.
#[utoipa::path(get, path = "/v1/council-sessions/{id}", responses((status = 200, description = "The session.", body = SessionView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Change a planned session, its attendance included.
#[utoipa::path(patch, path = "/v1/council-sessions/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = SessionView)))]
async fn change(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<ChangeBody>().map(|body| {
        let ChangeBody { held_on, place, quorum, attendance } = body;
        SessionChange { held_on: held_on.map(Into::into), place, quorum, attendance }
    });
    call.write(move |conn, context| details_answer(&council_sessions::change(conn, context, &id, &input)?)).await
}

/// Fix the attendance and count it.
///
/// Answers `quorum_met`, `present` and `needed`. Written opinions do not count as present. Not before `held_on`.
#[utoipa::path(post, path = "/v1/council-sessions/{id}/hold", responses((status = 200, description = "Held.", body = SessionView)))]
async fn hold(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&council_sessions::hold(conn, context, &id)?)).await
}

/// Close a held session.
#[utoipa::path(post, path = "/v1/council-sessions/{id}/close", responses((status = 200, description = "Closed.", body = SessionView)))]
async fn close(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&council_sessions::close(conn, context, &id)?)).await
}
