//! Council sessions: `/v1/council-sessions`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::award::council_session::{
    AgendaItem, Attendance, CouncilSession, Quorum, SessionCase, SessionRecord, SessionStatus,
};
use crate::domain::award::vote::{Ballot, Vote};
use crate::domain::change::Superseded;
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::assessment::periods::ReasonBody;
use crate::http::call::{Call, Reply};
use crate::http::files::FileView;
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::patch::present;
use crate::http::time::{Day, Instant};
use crate::service::award::council_sessions::{self, NewSession, SessionChange, SessionCorrection};
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
        correct: acts(Action::CorrectSession).refuses(CORRECT_REFUSALS),
        cancel: acts(Action::CancelSession),
    ]
}

const CREATE_REFUSALS: &[Code] =
    &[Code::InvalidState, Code::NotCouncilMember, Code::ImplausibleDate, Code::UnknownReference];
const CHANGE_REFUSALS: &[Code] =
    &[Code::InvalidState, Code::NotCouncilMember, Code::ImplausibleDate, Code::UnknownReference, Code::TooManyVotes];
const CORRECT_REFUSALS: &[Code] = &[
    Code::NotCouncilMember,
    Code::ImplausibleDate,
    Code::UnknownReference,
    Code::TooManyVotes,
    Code::NothingCorrected,
];
const HOLD_REFUSALS: &[Code] = &[Code::GuardFailed, Code::TooEarly, Code::ImplausibleDate, Code::NoCouncilMembers];

/// The threshold of a vote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouncilVoteThreshold)]
struct ThresholdView {
    /// Numerator of the share of the members who may vote.
    numerator: i32,
    /// Denominator of the share.
    denominator: i32,
    /// Members of the council who may vote on the unit, present or not.
    members: i32,
    /// Members who must be in favour.
    needed: i32,
}

/// A vote on giving a unit an award. It never changes the ranking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouncilVote)]
struct VoteView {
    /// Id of the unit.
    unit_id: Id,
    /// Code of the award.
    #[schema(example = "emulation_flag")]
    award_code: String,
    /// Members in favour.
    in_favour: i32,
    /// Members against.
    against: i32,
    /// Members who abstained.
    abstained: i32,
    /// The threshold on the day of the session; null if none was set.
    threshold: Option<ThresholdView>,
    /// Whether enough members were in favour; null without a threshold.
    passed: Option<bool>,
}

impl From<&Vote> for VoteView {
    fn from(vote: &Vote) -> Self {
        let Ballot { unit_id, award_code, in_favour, against, abstained } = vote.ballot.clone();
        let threshold = vote.share.zip(vote.needed()).map(|(share, needed)| ThresholdView {
            numerator: share.numerator,
            denominator: share.denominator,
            members: vote.members,
            needed,
        });
        VoteView { unit_id, award_code, in_favour, against, abstained, threshold, passed: vote.passed() }
    }
}

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
    /// The agenda.
    agenda: Vec<AgendaItem>,
    /// Attendance of each member.
    attendance: Vec<Attendance>,
    /// The votes.
    votes: Vec<VoteView>,
    /// Whether enough members were present; null until the session is held.
    quorum_met: Option<bool>,
    /// Number of members present; null until the session is held.
    present: Option<i32>,
    /// Number of members required; null until the session is held.
    needed: Option<i32>,
    /// Why the session was cancelled; null unless it was.
    cancel_reason: Option<String>,
    /// The minutes; null until they are attached.
    minutes: Option<FileView>,
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
            agenda: session.agenda.clone(),
            attendance: session.attendance.clone(),
            votes: session.votes.iter().map(VoteView::from).collect(),
            quorum_met: session.quorum_met(),
            present: session.present,
            needed: session.needed,
            cancel_reason: session.cancel_reason.clone(),
            minutes: session.minutes.as_ref().map(FileView::from),
            version: session.version,
            created_at: Instant(session.created_at),
            updated_at: Instant(session.updated_at),
        }
    }
}

/// What was recorded about a session until it was corrected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupersededSessionRecord)]
struct SupersededRecordView {
    /// Day of the session.
    held_on: NaiveDate,
    /// Place of the session.
    place: String,
    /// Share of the council that had to be present.
    quorum: Quorum,
    /// Id of the member who presided in the chair's place; null for the chair.
    presiding_member_id: Option<Id>,
    /// The agenda.
    agenda: Vec<AgendaItem>,
    /// Attendance of each member.
    attendance: Vec<Attendance>,
    /// The votes.
    votes: Vec<VoteView>,
    /// Number of members present.
    present: Option<i32>,
    /// Number of members required.
    needed: Option<i32>,
    /// When it was corrected.
    superseded_at: Instant,
    /// Why it was corrected.
    superseded_reason: String,
}

impl From<&Superseded<SessionRecord>> for SupersededRecordView {
    fn from(superseded: &Superseded<SessionRecord>) -> Self {
        let record = superseded.value.clone();
        SupersededRecordView {
            held_on: record.held_on,
            place: record.place,
            quorum: record.quorum,
            presiding_member_id: record.presiding_member_id,
            agenda: record.agenda,
            attendance: record.attendance,
            votes: record.votes.iter().map(VoteView::from).collect(),
            present: record.present,
            needed: record.needed,
            superseded_at: Instant(superseded.superseded_at),
            superseded_reason: superseded.superseded_reason.clone(),
        }
    }
}

/// A council session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouncilSession)]
pub struct SessionView {
    #[serde(flatten)]
    head: SessionHeadView,
    /// Records that were wrong and corrected, the oldest first.
    superseded_records: Vec<SupersededRecordView>,
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
    /// The agenda; defaults to none.
    #[serde(default)]
    agenda: Vec<AgendaItem>,
    /// Attendance of each member; defaults to none.
    #[serde(default)]
    attendance: Vec<Attendance>,
}

/// Changes to a session that is not closed. Omitted fields remain unchanged.
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
    /// The agenda; replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    agenda: Option<Vec<AgendaItem>>,
    /// Attendance of each member; replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    attendance: Option<Vec<Attendance>>,
    /// The votes; replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    votes: Option<Vec<Ballot>>,
}

/// What was recorded wrongly about a session, as it should be. Omitted fields remain unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CorrectCouncilSession, example = json!({"place": "Phòng họp số 2", "reason": "Ghi nhầm địa điểm họp"}))]
struct CorrectBody {
    /// Day of the session: not before the council's review began and not in the future.
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
    /// Id of the member who presided in the chair's place; null for the chair.
    #[serde(default, deserialize_with = "present")]
    presiding_member_id: Option<Option<Id>>,
    /// The agenda; replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    agenda: Option<Vec<AgendaItem>>,
    /// Attendance of each member; replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    attendance: Option<Vec<Attendance>>,
    /// The votes; replaces the whole list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    votes: Option<Vec<Ballot>>,
    /// Why it is corrected; at most 4,000 characters.
    reason: String,
}

fn view(details: &Details<SessionCase>) -> SessionView {
    let session = &details.value.session;
    SessionView {
        head: session.into(),
        superseded_records: session.superseded.iter().map(SupersededRecordView::from).collect(),
        actions: Actions::of(&details.offers, &format!("/v1/council-sessions/{}", session.id)),
    }
}

/// Answers with a session.
///
/// # Errors
/// `internal`, if it cannot be written as JSON.
pub fn details_answer(details: &Details<SessionCase>) -> Result<Answer, Interrupt> {
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
        let NewBody { period_id, held_on, place, quorum, presiding_member_id, agenda, attendance } = body;
        NewSession { period_id, held_on: held_on.into(), place, quorum, presiding_member_id, agenda, attendance }
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

/// Change a session that is not closed.
///
/// All of it while it is planned; once it was held, the agenda and the votes. Votes have the threshold of the day of the
/// session (`/v1/organizations/{id}/vote-thresholds`); members whom recusal keeps away from a unit neither vote on it nor
/// count.
#[utoipa::path(patch, path = "/v1/council-sessions/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = SessionView)))]
async fn change(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<ChangeBody>().map(|body| {
        let ChangeBody { held_on, place, quorum, presiding_member_id, agenda, attendance, votes } = body;
        let held_on = held_on.map(Into::into);
        SessionChange { held_on, place, quorum, presiding_member_id, agenda, attendance, votes }
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

/// Correct the record of a session that was held.
///
/// Possible before the period is finalised, for a closed session as well. What was recorded is kept in
/// `superseded_records`, the quorum is counted anew, and a decision on a tie lapses (event `tie_decision.lapsed`) if its
/// session could not have taken it.
#[utoipa::path(post, path = "/v1/council-sessions/{id}/correct", request_body = CorrectBody, responses((status = 200, description = "Corrected.", body = SessionView)))]
async fn correct(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<CorrectBody>().map(|body| {
        let CorrectBody { held_on, place, quorum, presiding_member_id, agenda, attendance, votes, reason } = body;
        let held_on = held_on.map(Into::into);
        let change = SessionChange { held_on, place, quorum, presiding_member_id, agenda, attendance, votes };
        SessionCorrection { change, reason }
    });
    call.write(move |conn, context| details_answer(&council_sessions::correct(conn, context, &id, &input)?)).await
}

/// Cancel a session.
///
/// Possible before the period is finalised, whether the session was held or not. A cancelled session decides nothing:
/// decisions on ties that it took lapse (event `tie_decision.lapsed`).
#[utoipa::path(post, path = "/v1/council-sessions/{id}/cancel", request_body = ReasonBody, responses((status = 200, description = "Cancelled.", body = SessionView)))]
async fn cancel(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&council_sessions::cancel(conn, context, &id, &input)?)).await
}
