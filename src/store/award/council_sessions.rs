//! Council sessions, with their attendance and minutes.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::award::council_session::{Attendance, CouncilSession, Quorum, SessionStatus};
use crate::domain::file::AttachedFile;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::ensure_one_row;
use crate::store::page::{ById, Page, paged};
use crate::store::schema::council_sessions::{self, dsl};
use crate::store::schema::{council_attendance, council_minutes};
use crate::store::types::{enum_text, from_json, id, json, naive, parse_enum, utc};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = council_sessions, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    period_id: String,
    held_on: NaiveDate,
    place: String,
    status: String,
    quorum_numerator: i32,
    quorum_denominator: i32,
    present: Option<i32>,
    needed: Option<i32>,
    presiding_member_id: Option<String>,
    agenda: String,
    votes: String,
    superseded: String,
    cancel_reason: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

fn session(row: Row, attendance: Vec<Attendance>, minutes: Option<AttachedFile>) -> Result<CouncilSession, Error> {
    Ok(CouncilSession {
        id: id(row.id),
        organization_id: id(row.organization_id),
        period_id: id(row.period_id),
        held_on: row.held_on,
        place: row.place,
        status: parse_enum(&row.status)?,
        quorum: Quorum { numerator: row.quorum_numerator, denominator: row.quorum_denominator },
        attendance,
        present: row.present,
        needed: row.needed,
        presiding_member_id: row.presiding_member_id.map(id),
        agenda: from_json(&row.agenda)?,
        votes: from_json(&row.votes)?,
        superseded: from_json(&row.superseded)?,
        cancel_reason: row.cancel_reason,
        minutes,
        version: row.version,
        created_at: utc(row.created_at),
        updated_at: utc(row.updated_at),
    })
}

impl TryFrom<&CouncilSession> for Row {
    type Error = Error;
    fn try_from(session: &CouncilSession) -> Result<Self, Error> {
        Ok(Row {
            id: session.id.to_string(),
            organization_id: session.organization_id.to_string(),
            period_id: session.period_id.to_string(),
            held_on: session.held_on,
            place: session.place.clone(),
            status: enum_text(session.status),
            quorum_numerator: session.quorum.numerator,
            quorum_denominator: session.quorum.denominator,
            present: session.present,
            needed: session.needed,
            presiding_member_id: session.presiding_member_id.as_ref().map(ToString::to_string),
            agenda: json(&session.agenda)?,
            votes: json(&session.votes)?,
            superseded: json(&session.superseded)?,
            cancel_reason: session.cancel_reason.clone(),
            version: session.version,
            created_at: naive(session.created_at),
            updated_at: naive(session.updated_at),
        })
    }
}

fn attendance_of(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Attendance)>, Error> {
    use council_attendance::{member_id, present, session_id, written_opinion};
    let rows: Vec<(String, String, bool, bool)> = council_attendance::table
        .filter(session_id.eq_any(ids))
        .order((session_id, member_id))
        .select((session_id, member_id, present, written_opinion))
        .load(conn)?;
    let entry = |member, is_present, written| Attendance {
        member_id: id(member),
        present: is_present,
        written_opinion: written,
    };
    Ok(rows
        .into_iter()
        .map(|(session, member, is_present, written)| (session, entry(member, is_present, written)))
        .collect())
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = council_minutes)]
struct MinutesRow {
    session_id: String,
    number: i32,
    file_name: String,
    media_type: String,
    size: i64,
    sha256: String,
    attached_at: NaiveDateTime,
}

/// Returns the minutes of sessions as attached last.
fn minutes_of(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, AttachedFile>, Error> {
    let of_sessions = council_minutes::table.filter(council_minutes::session_id.eq_any(ids));
    let rows: Vec<MinutesRow> = of_sessions.order((council_minutes::session_id, council_minutes::number)).load(conn)?;
    // The last one of each session stays.
    let attached = rows.into_iter().map(|row| {
        let MinutesRow { session_id, file_name: name, media_type, size, sha256, attached_at, number: _ } = row;
        (session_id, AttachedFile { name, media_type, size, sha256, attached_at: utc(attached_at) })
    });
    Ok(attached.collect())
}

fn with_attendance(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<CouncilSession>, Error> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let attendance = attendance_of(conn, &ids)?;
    let mut minutes = minutes_of(conn, &ids)?;
    let of =
        |id: &str| attendance.iter().filter(|(session, _)| session == id).map(|(_, entry)| entry.clone()).collect();
    rows.into_iter()
        .map(|row| {
            let (entries, minutes) = (of(&row.id), minutes.remove(&row.id));
            session(row, entries, minutes)
        })
        .collect()
}

/// Returns a session.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<CouncilSession>, Error> {
    let row: Option<Row> = dsl::council_sessions.find(id.as_str()).get_result(conn).optional()?;
    Ok(with_attendance(conn, row.into_iter().collect())?.pop())
}

/// Returns a page of an organisation's sessions, of one period where one is given.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    period_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<CouncilSession>, Error> {
    let mut query = dsl::council_sessions.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(period_id) = period_id {
        query = query.filter(dsl::period_id.eq(period_id.to_string()));
    }
    let rows: Vec<Row> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    with_attendance(conn, rows)
}

/// Returns the closed sessions of a period, in order of day.
pub fn closed_of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<CouncilSession>, Error> {
    of_period(conn, period_id, &[SessionStatus::Closed])
}

/// Returns the sessions of a period that are in one of some states, in order of day.
pub fn of_period(conn: &mut Conn, period_id: &Id, statuses: &[SessionStatus]) -> Result<Vec<CouncilSession>, Error> {
    let closed = dsl::council_sessions
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::status.eq_any(statuses.iter().map(|status| enum_text(*status)).collect::<Vec<_>>()));
    let rows: Vec<Row> = closed.order((dsl::held_on, dsl::id)).load(conn)?;
    with_attendance(conn, rows)
}

/// Adds a session.
pub fn insert(conn: &mut Conn, session: &CouncilSession) -> Result<(), Error> {
    diesel::insert_into(council_sessions::table).values(Row::try_from(session)?).execute(conn)?;
    insert_attendance(conn, session)
}

/// Saves a change to a session and replaces its attendance.
///
/// # Errors
/// `version_mismatch` where the session has changed since it was read.
pub fn update(conn: &mut Conn, session: CouncilSession) -> Result<CouncilSession, Error> {
    let after = CouncilSession { version: session.version + 1, ..session };
    let expected = dsl::council_sessions.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::try_from(&after)?).execute(conn)?)?;
    let of_session = council_attendance::table.filter(council_attendance::session_id.eq(after.id.as_str()));
    diesel::delete(of_session).execute(conn)?;
    insert_attendance(conn, &after)?;
    Ok(after)
}

fn insert_attendance(conn: &mut Conn, session: &CouncilSession) -> Result<(), Error> {
    use council_attendance::{member_id, present, session_id, written_opinion};
    let rows: Vec<_> = session
        .attendance
        .iter()
        .map(|entry| {
            (
                session_id.eq(session.id.as_str()),
                member_id.eq(entry.member_id.as_str()),
                present.eq(entry.present),
                written_opinion.eq(entry.written_opinion),
            )
        })
        .collect();
    if !rows.is_empty() {
        dispatch!(conn, c => diesel::insert_into(council_attendance::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// Attaches minutes to a session whose row the transaction has just changed. Those before stay as they were.
pub fn attach_minutes(conn: &mut Conn, id: &Id, file: &AttachedFile) -> Result<(), Error> {
    let of_session = council_minutes::table.filter(council_minutes::session_id.eq(id.as_str()));
    let last: Option<i32> = of_session.select(diesel::dsl::max(council_minutes::number)).first(conn)?;
    let row = MinutesRow {
        session_id: id.to_string(),
        number: last.unwrap_or_default() + 1,
        file_name: file.name.clone(),
        media_type: file.media_type.clone(),
        size: file.size,
        sha256: file.sha256.clone(),
        attached_at: naive(file.attached_at),
    };
    diesel::insert_into(council_minutes::table).values(row).execute(conn)?;
    Ok(())
}
