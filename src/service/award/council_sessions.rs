//! Acts on the council's sessions.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::assessment::period::Period;
use crate::domain::award::council_session::{self, Attendance, CouncilSession, Quorum, SessionStatus};
use crate::domain::text::{Check, TITLE_CHARS};
use crate::domain::time::date_in;
use crate::error::{Code, Error, Fault};
use crate::service::assessment::periods;
use crate::service::tag::Tag;
use crate::service::{Change, Context, Input, Interrupt, State, record};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Of which period.
    pub period_id: Id,
    /// Its day.
    pub held_on: NaiveDate,
    /// Its place.
    pub place: String,
    /// What it needs; none for two thirds.
    pub quorum: Option<Quorum>,
    /// Who was there, as far as it is known.
    pub attendance: Vec<Attendance>,
}

/// A change of a planned session; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SessionChange {
    /// Its day.
    pub held_on: Option<NaiveDate>,
    /// Its place.
    pub place: Option<String>,
    /// What it needs.
    pub quorum: Option<Quorum>,
    /// Who was there: the whole list.
    pub attendance: Option<Vec<Attendance>>,
}

/// A session as its caller sees it.
pub struct Seen {
    /// The session.
    pub session: CouncilSession,
    /// What the caller may do with it now.
    pub offers: Offers,
    /// Its tag.
    pub tag: Tag,
}

fn see(context: &Context, session: CouncilSession, period: &Period) -> Seen {
    let state = |action| session.may(action).and_then(|()| period.may(action)).map(|()| None);
    let offers = access::offers(&context.actor, &Facts::of(&session.organization_id), &council_session::ACTIONS, state);
    let tag = Tag::of(&[(&session.id, session.version)], &offers);
    Seen { session, offers, tag }
}

fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<CouncilSession, Error> {
    let session = store::council_sessions::find(conn, id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, Action::ReadSessions, &Facts::of(&session.organization_id))?;
    Ok(session)
}

/// One session.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let session = find(conn, context, id)?;
    context.accept_read()?;
    let period = periods::find(conn, context, &session.period_id)?;
    Ok(see(context, session, &period))
}

/// The sessions of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    period_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<CouncilSession>, Interrupt> {
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::ReadSessions, &Facts::of(&organization_id))?;
    context.accept_read()?;
    Ok(store::council_sessions::list(conn, &organization_id, period_id, page)?)
}

fn change_of<'a>(session: &'a CouncilSession, action: &'a str, before: Option<Value>) -> Change<'a> {
    Change {
        organization_id: Some(&session.organization_id),
        action,
        subject_type: "council_session",
        subject_id: &session.id,
        before: before.map(State::from),
        after: Some(shown(session).into()),
        news: None,
    }
}

fn shown(session: &CouncilSession) -> Value {
    json!({
        "status": session.status, "held_on": session.held_on, "place": session.place, "quorum": session.quorum,
        "attendance": session.attendance, "present": session.present, "needed": session.needed,
    })
}

/// Notes what is no session: a quorum that is no share, people who are not of the council that day.
fn validate(conn: &mut Conn, session: &mut CouncilSession) -> Result<(), Error> {
    let mut check = Check::default();
    session.place = check.text("/place", &session.place, TITLE_CHARS);
    check.ensure(session.quorum.is_share(), "/quorum", Code::NumberOutOfRange);
    let council = store::members::council_on(conn, &session.organization_id, session.held_on)?;
    let mut seen = std::collections::HashSet::new();
    for (at, entry) in session.attendance.iter().enumerate() {
        let pointer = format!("/attendance/{at}/member_id");
        check.ensure(council.contains(&entry.member_id), &pointer, Code::NotCouncilMember);
        if !seen.insert(&entry.member_id) {
            check.faults.push(Fault::at(pointer, Code::Duplicate).with("value", entry.member_id.as_str()));
        }
    }
    Error::unless_valid(check.faults)
}

/// Calls a session.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewSession>) -> Result<Seen, Interrupt> {
    let Ok(new) = input else {
        let organization_id = context.organization(None)?;
        access::require_role(&context.actor, Action::CreateSession, &organization_id)?;
        context.accept(input)?;
        return Err(Code::InvalidBody.into());
    };
    store::periods::lock_for_share(conn, &new.period_id)?;
    let period = periods::find(conn, context, &new.period_id)?;
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
        attendance: new.attendance.clone(),
        present: None,
        needed: None,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    validate(conn, &mut session)?;
    store::council_sessions::insert(conn, &session)?;
    record(conn, context, change_of(&session, "council_session.create", None))?;
    Ok(see(context, session, &period))
}

/// The way into every change of a session.
fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    action: Action,
    input: &'i Input<T>,
) -> Result<(CouncilSession, Period, &'i T), Interrupt> {
    let found = find(conn, context, id)?;
    store::periods::lock_for_share(conn, &found.period_id)?;
    // Read again now that the period is held: another request may have moved it meanwhile.
    let session = find(conn, context, id)?;
    let period = periods::find(conn, context, &session.period_id)?;
    access::require(&context.actor, action, &Facts::of(&session.organization_id))?;
    let command = context.accept(input)?;
    context.check_precondition(&see(context, session.clone(), &period).tag.state)?;
    session.may(action)?;
    period.may(action)?;
    Ok((session, period, command))
}

fn saved(
    conn: &mut Conn,
    context: &Context,
    before: &CouncilSession,
    after: CouncilSession,
    period: &Period,
    action: &str,
) -> Result<Seen, Interrupt> {
    let session = store::council_sessions::update(conn, CouncilSession { updated_at: context.now, ..after })?;
    record(conn, context, change_of(&session, action, Some(shown(before))))?;
    Ok(see(context, session, period))
}

/// Changes a planned session, its attendance included.
pub fn change(conn: &mut Conn, context: &Context, id: &Id, input: &Input<SessionChange>) -> Result<Seen, Interrupt> {
    let (before, period, change) = enter(conn, context, id, Action::WriteSession, input)?;
    let mut after = CouncilSession {
        held_on: change.held_on.unwrap_or(before.held_on),
        place: change.place.clone().unwrap_or_else(|| before.place.clone()),
        quorum: change.quorum.unwrap_or(before.quorum),
        attendance: change.attendance.clone().unwrap_or_else(|| before.attendance.clone()),
        ..before.clone()
    };
    validate(conn, &mut after)?;
    saved(conn, context, &before, after, &period, "council_session.change")
}

/// Fixes the attendance and counts it.
pub fn hold(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (before, period, ()) = enter(conn, context, id, Action::HoldSession, &Ok(()))?;
    let organization = store::organizations::find(conn, &before.organization_id)?.ok_or(Code::NotFound)?;
    if before.held_on > date_in(organization.zone(), context.now) {
        return Err(Error::of_faults(
            Code::GuardFailed,
            vec![Fault::at("/held_on", Code::TooEarly).with("not_before", before.held_on.to_string())],
        )
        .into());
    }
    let council = store::members::council_on(conn, &before.organization_id, before.held_on)?;
    saved(conn, context, &before, before.clone().held(&council), &period, "council_session.hold")
}

/// Closes a held session.
pub fn close(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (before, period, ()) = enter(conn, context, id, Action::CloseSession, &Ok(()))?;
    saved(conn, context, &before, before.clone().closed(), &period, "council_session.close")
}
