//! Acts on council sessions.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::assessment::period::Period;
use crate::domain::award::council_session::{
    self, AgendaItem, Attendance, CouncilSession, Quorum, SessionCase, SessionStatus,
};
use crate::domain::award::vote::{Ballot, Council, VoteTerms, VoteThreshold};
use crate::domain::change::{Change, Gate};
use crate::domain::journal::event::EventType;
use crate::domain::text::{Check, NOTE_CHARS, TITLE_CHARS};
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::award::ranking;
use crate::service::office::organizations::zone_of;
use crate::service::{Context, Details, EventDraft, Identity, Input, Result, Subject, record_all};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The period.
    pub period_id: Id,
    /// Date of the session.
    pub held_on: NaiveDate,
    /// Place of the session.
    pub place: String,
    /// Required quorum; none for two thirds.
    pub quorum: Option<Quorum>,
    /// Who presides in the chair's place.
    pub presiding_member_id: Option<Id>,
    /// The agenda known so far.
    pub agenda: Vec<AgendaItem>,
    /// Attendance known so far.
    pub attendance: Vec<Attendance>,
}

/// What changes in the record of a session; absent fields stay unchanged.
#[derive(Debug, Clone, Default)]
pub struct SessionChange {
    /// Date of the session.
    pub held_on: Option<NaiveDate>,
    /// Place of the session.
    pub place: Option<String>,
    /// Required quorum.
    pub quorum: Option<Quorum>,
    /// Who presides in the chair's place; none for the chair.
    pub presiding_member_id: Option<Option<Id>>,
    /// Agenda; replaces the whole list.
    pub agenda: Option<Vec<AgendaItem>>,
    /// Attendance; replaces the whole list.
    pub attendance: Option<Vec<Attendance>>,
    /// Votes; replaces the whole list.
    pub votes: Option<Vec<Ballot>>,
}

impl SessionChange {
    fn applied_to(&self, before: &CouncilSession) -> CouncilSession {
        CouncilSession {
            held_on: self.held_on.unwrap_or(before.held_on),
            place: self.place.clone().unwrap_or_else(|| before.place.clone()),
            quorum: self.quorum.unwrap_or(before.quorum),
            presiding_member_id: self.presiding_member_id.unwrap_or(before.presiding_member_id),
            agenda: self.agenda.clone().unwrap_or_else(|| before.agenda.clone()),
            attendance: self.attendance.clone().unwrap_or_else(|| before.attendance.clone()),
            ..before.clone()
        }
    }

    /// Returns the votes to judge: those given, or those recorded if what they depend on changes.
    fn ballots(&self, before: &CouncilSession) -> Option<Vec<Ballot>> {
        let depends = self.held_on.is_some() || self.attendance.is_some();
        let recorded = || before.votes.iter().map(|vote| vote.ballot.clone()).collect();
        self.votes.clone().or_else(|| depends.then(recorded))
    }
}

/// A correction of the record of a session that was held.
#[derive(Debug, Clone)]
pub struct SessionCorrection {
    /// What was wrong, as it should be.
    pub change: SessionChange,
    /// Why it is corrected.
    pub reason: String,
}

impl Subject for SessionCase {
    type Visible = ();
    const TYPE: &'static str = "council_session";

    fn identity(&self) -> Identity {
        let session = &self.session;
        Identity { id: session.id, organization_id: Some(session.organization_id), version: session.version }
    }

    fn actions(&self) -> &'static [Action] {
        &council_session::ACTIONS
    }

    /// Who presides may close the session.
    fn facts(&self) -> Facts<'_> {
        Facts { owner: self.session.presiding_member_id.as_ref(), ..Facts::of(&self.session.organization_id) }
    }

    fn read_action(&self) -> Action {
        Action::ReadSessions
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        let session = store::council_sessions::find(conn, id)?.ok_or(Code::NotFound)?;
        let period = store::periods::find(conn, &session.period_id)?.ok_or(Code::NotFound)?;
        Ok(SessionCase { session, period })
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let session = store::council_sessions::find(conn, id)?.ok_or(Code::NotFound)?;
        store::periods::lock_for_share(conn, &session.period_id)?;
        // Read again after the lock: another request may have changed the period.
        Self::find(conn, context, id)
    }

    fn may(&self, _context: &Context, action: Action) -> Gate {
        self.may(action).map(|()| None)
    }

    fn audit(&self) -> Value {
        let session = &self.session;
        json!({
            "period_id": session.period_id, "status": session.status, "held_on": session.held_on, "place": session.place,
            "quorum": session.quorum, "attendance": session.attendance, "present": session.present, "needed": session.needed,
            "presiding_member_id": session.presiding_member_id, "agenda": session.agenda, "votes": session.votes,
            "superseded": session.superseded.len(), "cancel_reason": session.cancel_reason,
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(SessionCase { session: store::council_sessions::update(conn, self.session)?, ..self })
    }

    fn event(&self, kind: EventType) -> EventDraft {
        let data = json!({"status": self.session.status, "held_on": self.session.held_on});
        EventDraft { kind, period_id: Some(self.session.period_id), unit_id: None, data }
    }
}

/// Lists the sessions of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    period_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<CouncilSession>> {
    let organization_id = context.enter_list(organization_id, Action::ReadSessions)?;
    Ok(store::council_sessions::list(conn, &organization_id, period_id, page)?)
}

/// Rejects an invalid quorum, units outside the period, and attendance of people outside that day's `council`, in addition
/// to what was found so far.
fn validate(session: &mut CouncilSession, period: &Period, council: &Council, check: &mut Check) {
    session.place = check.text("/place", &session.place, TITLE_CHARS);
    check.ensure(session.quorum.is_share(), "/quorum", Code::NumberOutOfRange);
    for (at, item) in session.agenda.iter_mut().enumerate() {
        let pointer = format!("/agenda/{at}/note");
        item.note = check.optional(&pointer, item.note.as_deref(), NOTE_CHARS);
        check.ensure(item.note.is_some() || !item.unit_ids.is_empty(), &pointer, Code::TextEmpty);
        check.unique(item.unit_ids.iter(), |unit| format!("/agenda/{at}/unit_ids/{unit}"));
        for (unit, id) in item.unit_ids.iter().enumerate() {
            let of_period = period.rules.unit_ids.contains(id);
            check.ensure(of_period, &format!("/agenda/{at}/unit_ids/{unit}"), Code::UnknownReference);
        }
    }
    if let Some(presiding) = &session.presiding_member_id {
        check.ensure(council.contains(presiding), "/presiding_member_id", Code::NotCouncilMember);
    }
    for (at, entry) in session.attendance.iter().enumerate() {
        let pointer = format!("/attendance/{at}/member_id");
        check.ensure(council.contains(&entry.member_id), &pointer, Code::NotCouncilMember);
    }
    let present = session.attendance.iter().map(|entry| entry.member_id);
    check.unique(present, |at| format!("/attendance/{at}/member_id"));
}

/// Returns the council on the day of a session, with the conflicts that its members declared.
fn council_of(conn: &mut Conn, session: &CouncilSession) -> Result<Council, Error> {
    let members = store::members::council_on(conn, &session.organization_id, session.held_on)?;
    Ok(Council { members, recused: store::recusals::standing_of_period(conn, &session.period_id)? })
}

/// Applies a change to a session, and records every fault of what results.
fn apply(
    conn: &mut Conn,
    case: &SessionCase,
    change: &SessionChange,
    check: &mut Check,
) -> Result<(CouncilSession, Council), Error> {
    let mut after = change.applied_to(&case.session);
    let council = council_of(conn, &after)?;
    validate(&mut after, &case.period, &council, check);
    if let Some(ballots) = change.ballots(&case.session) {
        let thresholds: Vec<VoteThreshold> =
            store::organizations::find(conn, &after.organization_id)?.ok_or(Code::NotFound)?.vote_thresholds;
        let terms = VoteTerms {
            held_on: after.held_on,
            attendance: &after.attendance,
            council: &council,
            period: &case.period,
            thresholds: &thresholds,
        };
        after.votes = terms.judge(&ballots, check);
    }
    Ok((after, council))
}

/// Plans a session.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewSession>) -> Result<Details<SessionCase>> {
    let new = context.parsed(input, &[Action::CreateSession])?;
    store::periods::lock_for_share(conn, &new.period_id)?;
    let period: Period = context.find(conn, &new.period_id)?;
    access::require_collection(&context.actor, Action::CreateSession, &Facts::of(&period.organization_id))?;
    context.accept(input)?;
    period.may(Action::CreateSession)?;
    let mut session = CouncilSession {
        id: context.new_id(),
        organization_id: period.organization_id,
        period_id: period.id,
        held_on: new.held_on,
        place: new.place.clone(),
        status: SessionStatus::Planned,
        quorum: new.quorum.unwrap_or_default(),
        presiding_member_id: new.presiding_member_id,
        agenda: new.agenda.clone(),
        attendance: new.attendance.clone(),
        votes: Vec::new(),
        present: None,
        needed: None,
        superseded: Vec::new(),
        cancel_reason: None,
        minutes: None,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    let mut check = Check::default();
    let today = date_in(zone_of(conn, &period.organization_id)?, context.now);
    check.date("/held_on", session.held_on, period.session_days(today));
    let council = council_of(conn, &session)?;
    validate(&mut session, &period, &council, &mut check);
    Error::unless_valid(check.faults)?;
    store::council_sessions::insert(conn, &session)?;
    let case = SessionCase { session, period };
    context.record_created(conn, "council_session.create", &case, None)?;
    Ok(context.details(conn, case)?)
}

/// Changes a session that is not closed: until it is held all of it, then its agenda and its votes.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<SessionChange>,
) -> Result<Details<SessionCase>> {
    let (case, change): (SessionCase, _) = context.enter(conn, id, Action::WriteSession, input)?;
    let before = &case.session;
    let mut check = Check::default();
    if let Some(held_on) = change.held_on {
        let today = date_in(zone_of(conn, &before.organization_id)?, context.now);
        check.date("/held_on", held_on, case.period.session_days(today));
    }
    let (after, _) = apply(conn, &case, change, &mut check)?;
    let changed = case.change(after, context.now)?;
    Error::unless_valid(check.faults)?;
    context.commit(conn, "council_session.change", &case, changed)
}

/// Marks a session as held: freezes its attendance and computes the quorum.
pub fn hold(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<SessionCase>> {
    let (case, ()): (SessionCase, _) = context.enter(conn, id, Action::HoldSession, &Ok(()))?;
    let organization_id = &case.session.organization_id;
    let today = date_in(zone_of(conn, organization_id)?, context.now);
    let council = council_of(conn, &case.session)?.ids();
    let change = case.hold(&council, today, context.now)?;
    context.commit(conn, "council_session.hold", &case, change)
}

/// Closes a held session.
pub fn close(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<SessionCase>> {
    let (case, ()): (SessionCase, _) = context.enter(conn, id, Action::CloseSession, &Ok(()))?;
    context.commit(conn, "council_session.close", &case, case.close(context.now))
}

/// Corrects the record of a session that was held: counts its quorum anew and judges its tie decisions anew.
pub fn correct(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<SessionCorrection>,
) -> Result<Details<SessionCase>> {
    let (case, given): (SessionCase, _) = context.enter(conn, id, Action::CorrectSession, input)?;
    let mut check = Check::default();
    let reason = check.text("/reason", &given.reason, NOTE_CHARS);
    if let Some(held_on) = given.change.held_on {
        let today = date_in(zone_of(conn, &case.session.organization_id)?, context.now);
        check.date("/held_on", held_on, (case.period.council_since(), today));
    }
    let (after, council) = apply(conn, &case, &given.change, &mut check)?;
    Error::unless_valid(check.faults)?;
    let change = case.correct(after, reason, &council.ids(), context.now)?;
    save_with_ties(conn, context, "council_session.correct", &case, change)
}

/// Cancels a session: what it decided on ties lapses.
pub fn cancel(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<SessionCase>> {
    let (case, reason): (SessionCase, _) = context.enter(conn, id, Action::CancelSession, input)?;
    let change = case.cancel(reason, context.now)?;
    save_with_ties(conn, context, "council_session.cancel", &case, change)
}

/// Cancels the sessions of a period that were held, because the review that they belong to counts no longer.
pub fn cancel_held(conn: &mut Conn, context: &Context, period: &Period, reason: &str) -> Result<(), Error> {
    for session in store::council_sessions::of_period(conn, &period.id, &[SessionStatus::Held, SessionStatus::Closed])?
    {
        let case = SessionCase { session, period: period.clone() };
        let change = case.cancel(reason, context.now)?;
        context.save(conn, "council_session.cancel", &case, change)?;
    }
    Ok(())
}

/// Saves a change on which decisions on ties depend, and records those that stand no longer.
fn save_with_ties(
    conn: &mut Conn,
    context: &Context,
    act: &str,
    case: &SessionCase,
    change: Change<SessionCase>,
) -> Result<Details<SessionCase>> {
    let period_id = &case.session.period_id;
    let decisions = ranking::standing(conn, period_id)?;
    let after = context.save(conn, act, case, change)?;
    let lapsed = ranking::lapsed(conn, period_id, decisions)?;
    record_all(conn, context, lapsed)?;
    Ok(context.details(conn, after)?)
}
