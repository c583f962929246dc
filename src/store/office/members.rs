//! Members: who holds which roles in which organisation.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::{DeclaredRecusal, Membership, Principal};
use crate::domain::assessment::assignment::{Candidate, Candidates};
use crate::domain::office::member::{LOCAL_ISSUER, Member, MemberEnd, MemberKind, MemberStatus, Role};
use crate::domain::office::organization::DEFAULT_ZONE;
use crate::domain::office::unit::UnitKey;
use crate::domain::time::{date_in, zone};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::{RowLock, dispatch, lock_row};
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{ById, Page, paged};
use crate::store::schema::members::{self, dsl};
use crate::store::schema::{organizations, recusals, service_accounts, sessions, units};
use crate::store::types::{enum_text, from_json, id, id_option, json, naive, parse_enum, utc};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = members, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: Option<String>,
    kind: String,
    issuer: String,
    subject: String,
    display_name: String,
    roles: String,
    unit_id: Option<String>,
    status: String,
    valid_from_on: NaiveDate,
    valid_until_on: Option<NaiveDate>,
    ended_at: Option<NaiveDateTime>,
    end_reason: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<Row> for Member {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Member {
            id: id(row.id),
            organization_id: id_option(row.organization_id),
            kind: parse_enum(&row.kind)?,
            issuer: row.issuer,
            subject: row.subject,
            display_name: row.display_name,
            roles: from_json(&row.roles)?,
            unit_id: id_option(row.unit_id),
            taken: parse_enum::<MemberStatus>(&row.status)? != MemberStatus::Pending,
            valid_from_on: row.valid_from_on,
            valid_until_on: row.valid_until_on,
            end: row.ended_at.zip(row.end_reason).map(|(at, reason)| MemberEnd { at: utc(at), reason }),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl TryFrom<&Member> for Row {
    type Error = Error;
    fn try_from(member: &Member) -> Result<Self, Error> {
        Ok(Row {
            id: member.id.to_string(),
            organization_id: member.organization_id.as_ref().map(ToString::to_string),
            kind: enum_text(member.kind),
            issuer: member.issuer.clone(),
            subject: member.subject.clone(),
            display_name: member.display_name.clone(),
            roles: json(&member.roles)?,
            unit_id: member.unit_id.as_ref().map(ToString::to_string),
            status: enum_text(member.status()),
            valid_from_on: member.valid_from_on,
            valid_until_on: member.valid_until_on,
            ended_at: member.end.as_ref().map(|end| naive(end.at)),
            end_reason: member.end.as_ref().map(|end| end.reason.clone()),
            version: member.version,
            created_at: naive(member.created_at),
            updated_at: naive(member.updated_at),
        })
    }
}

/// What the rights of a request need of a member, with the time zone of its organisation, and the id and code of its unit.
#[derive(Queryable)]
struct HolderRow {
    id: String,
    organization_id: Option<String>,
    kind: String,
    issuer: String,
    subject: String,
    display_name: String,
    roles: String,
    status: String,
    valid_from_on: NaiveDate,
    valid_until_on: Option<NaiveDate>,
    time_zone: Option<String>,
    unit_id: Option<String>,
    unit_code: Option<String>,
}

/// A declared recusal of the member: submission, period, unit and ground.
type RecusalColumns = Option<(String, String, String, String)>;

fn declared(
    (submission_id, period_id, unit_id, ground): (String, String, String, String),
) -> Result<DeclaredRecusal, Error> {
    let ground = parse_enum(&ground)?;
    Ok(DeclaredRecusal { submission_id: id(submission_id), period_id: id(period_id), unit_id: id(unit_id), ground })
}

impl HolderRow {
    fn is_current(&self, now: DateTime<Utc>) -> bool {
        let zone = zone(self.time_zone.as_deref().unwrap_or(DEFAULT_ZONE)).unwrap_or(chrono_tz::UTC);
        let today = date_in(zone, now);
        self.valid_from_on <= today && self.valid_until_on.is_none_or(|until| today <= until)
    }

    fn membership(self, recusals: Vec<DeclaredRecusal>) -> Result<Membership, Error> {
        Ok(Membership {
            member_id: id(self.id),
            organization_id: id_option(self.organization_id),
            display_name: self.display_name,
            roles: from_json(&self.roles)?,
            unit: self.unit_id.zip(self.unit_code).map(|(unit_id, code)| UnitKey { id: id(unit_id), code }),
            recusals,
        })
    }
}

/// The members that a principal stands for.
#[derive(Debug)]
pub struct Holder {
    /// What it is.
    pub kind: MemberKind,
    /// Who vouches for it.
    pub issuer: String,
    /// Its name there.
    pub subject: String,
    /// The memberships that are valid today, by the date in each organisation's time zone.
    pub memberships: Vec<Membership>,
    /// The oldest membership that waits to be taken, where none is active.
    pub to_take: Option<Id>,
}

/// Returns the members that a principal stands for, in one statement; `None` where the account or its session has ended, or is unknown.
pub fn holder(conn: &mut Conn, principal: &Principal, now: DateTime<Utc>) -> Result<Option<Holder>, Error> {
    let all = members::table
        .left_join(organizations::table.on(members::organization_id.eq(organizations::id.nullable())))
        .left_join(units::table.on(members::unit_id.eq(units::id.nullable())))
        .left_join(recusals::table.on(recusals::member_id.eq(members::id).and(recusals::withdrawn_at.is_null())));
    let of_member = (
        members::id,
        members::organization_id,
        members::kind,
        members::issuer,
        members::subject,
        members::display_name,
        members::roles,
        members::status,
        members::valid_from_on,
        members::valid_until_on,
        organizations::time_zone.nullable(),
        units::id.nullable(),
        units::code.nullable(),
    );
    let recusal = (recusals::submission_id, recusals::period_id, recusals::unit_id, recusals::ground).nullable();
    let columns = (of_member, recusal);
    let rows: Vec<(HolderRow, RecusalColumns)> = match principal {
        Principal::Account { member_id, session_id: None } => {
            let own = all.filter(members::id.eq(member_id.as_str())).select(columns);
            dispatch!(conn, c => own.load(c))?
        }
        Principal::Account { member_id, session_id: Some(session_id) } => {
            let own = all
                .inner_join(sessions::table.on(sessions::member_id.eq(members::id)))
                .filter(members::id.eq(member_id.as_str()))
                .filter(sessions::id.eq(session_id.as_str()))
                .filter(sessions::ended_at.is_null())
                .select(columns);
            dispatch!(conn, c => own.load(c))?
        }
        Principal::ServiceAccount { id } => {
            let own = all
                .inner_join(service_accounts::table.on(service_accounts::member_id.eq(members::id)))
                .filter(service_accounts::id.eq(id.as_str()))
                .filter(service_accounts::revoked_at.is_null())
                .select(columns);
            dispatch!(conn, c => own.load(c))?
        }
        Principal::External { issuer, subject } => {
            let own = all
                .filter(members::issuer.eq(issuer))
                .filter(members::subject.eq(subject))
                .order(members::id)
                .select(columns);
            dispatch!(conn, c => own.load(c))?
        }
    };
    let mut by_status: HashMap<MemberStatus, Vec<HolderRow>> = HashMap::new();
    let mut recusals: HashMap<String, Vec<DeclaredRecusal>> = HashMap::new();
    // A row for each declared recusal, one for a member without any.
    for (row, recusal) in rows {
        let known = by_status.entry(parse_enum(&row.status)?).or_default();
        if let Some(recusal) = recusal {
            recusals.entry(row.id.clone()).or_default().push(declared(recusal)?);
        }
        if known.iter().all(|other| other.id != row.id) {
            known.push(row);
        }
    }
    let active = by_status.remove(&MemberStatus::Active).unwrap_or_default();
    let (kind, issuer, subject) = match (principal, active.first()) {
        (Principal::External { issuer, subject }, _) => (MemberKind::Person, issuer.clone(), subject.clone()),
        (_, Some(row)) => (parse_enum(&row.kind)?, row.issuer.clone(), row.subject.clone()),
        (_, None) => return Ok(None),
    };
    let pending = by_status.get(&MemberStatus::Pending).and_then(|rows| rows.first());
    let to_take = pending.filter(|_| active.is_empty()).map(|row| Id::from_uuid_text(&row.id));
    let current = active.into_iter().filter(|row| row.is_current(now)).map(|row| {
        let recusals = recusals.remove(&row.id).unwrap_or_default();
        row.membership(recusals)
    });
    Ok(Some(Holder { kind, issuer, subject, memberships: current.collect::<Result<_, _>>()?, to_take }))
}

/// Returns the members of an organisation with their rights and recusals, and whether they count today, by id.
pub fn candidates(conn: &mut Conn, organization_id: &Id, now: DateTime<Utc>) -> Result<Candidates, Error> {
    let rows: Vec<(HolderRow, RecusalColumns)> = members::table
        .left_join(organizations::table.on(members::organization_id.eq(organizations::id.nullable())))
        .left_join(units::table.on(members::unit_id.eq(units::id.nullable())))
        .left_join(recusals::table.on(recusals::member_id.eq(members::id).and(recusals::withdrawn_at.is_null())))
        .filter(members::organization_id.eq(organization_id.as_str()))
        .select((
            (
                members::id,
                members::organization_id,
                members::kind,
                members::issuer,
                members::subject,
                members::display_name,
                members::roles,
                members::status,
                members::valid_from_on,
                members::valid_until_on,
                organizations::time_zone.nullable(),
                units::id.nullable(),
                units::code.nullable(),
            ),
            (recusals::submission_id, recusals::period_id, recusals::unit_id, recusals::ground).nullable(),
        ))
        .load(conn)?;
    let mut candidates = Candidates::new();
    // A row for each declared recusal, one for a member without any.
    for (row, recusal) in rows {
        let is_active = parse_enum::<MemberStatus>(&row.status)? == MemberStatus::Active && row.is_current(now);
        let member_id = Id::from_uuid_text(&row.id);
        let membership = row.membership(Vec::new())?;
        let candidate = candidates.entry(member_id).or_insert(Candidate { membership, is_active });
        candidate.membership.recusals.extend(recusal.map(declared).transpose()?);
    }
    Ok(candidates)
}

/// Returns all local members that have not ended, oldest first: for the sandbox, whose people are few.
pub fn local(conn: &mut Conn) -> Result<Vec<Member>, Error> {
    let local = dsl::members.filter(dsl::issuer.eq(LOCAL_ISSUER)).filter(dsl::ended_at.is_null());
    let rows: Vec<Row> = local.order(dsl::id).load(conn)?;
    rows.into_iter().map(Member::try_from).collect()
}

/// Returns the memberships of an issuer's `sub` that have not ended. A local name stands for somebody else in each organisation.
pub fn of_identity(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Vec<Member>, Error> {
    let own = dsl::members.filter(dsl::issuer.eq(issuer)).filter(dsl::subject.eq(subject));
    let rows: Vec<Row> = own.filter(dsl::status.ne(enum_text(MemberStatus::Ended))).order(dsl::id).load(conn)?;
    rows.into_iter().map(Member::try_from).collect()
}

/// Returns a member.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Member>, Error> {
    let row: Option<Row> = dsl::members.find(id.as_str()).get_result(conn).optional()?;
    row.map(Member::try_from).transpose()
}

/// Locks a member for a change to it or to what opens it, until the transaction ends.
pub fn lock_for_change(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    Ok(lock_row(conn, RowLock::MemberForChange, id.as_str())?)
}

/// Returns a page of an organisation's members, of one unit where one is given; without an organisation, the operators.
pub fn list(
    conn: &mut Conn,
    organization_id: Option<&Id>,
    unit_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Member>, Error> {
    let mut query = match organization_id {
        Some(id) => dsl::members.filter(dsl::organization_id.eq(id.to_string())).into_boxed(),
        None => dsl::members.filter(dsl::organization_id.is_null()).into_boxed(),
    };
    if let Some(unit_id) = unit_id {
        query = query.filter(dsl::unit_id.eq(unit_id.to_string()));
    }
    let rows: Vec<Row> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    rows.into_iter().map(Member::try_from).collect()
}

/// Returns the members who belong to the council on a day, in order of id, each with the unit that it belongs to.
pub fn council_on(conn: &mut Conn, organization_id: &Id, day: NaiveDate) -> Result<Vec<(Id, Option<Id>)>, Error> {
    let all: Vec<Row> =
        dsl::members.filter(dsl::organization_id.eq(organization_id.as_str())).order(dsl::id).load(conn)?;
    let members: Vec<Member> = all.into_iter().map(Member::try_from).collect::<Result<_, _>>()?;
    let is_on_council =
        |member: &Member| member.is_valid_on(day) && member.roles.iter().any(|role: &Role| role.is_of_council());
    Ok(members.into_iter().filter(is_on_council).map(|member| (member.id, member.unit_id)).collect())
}

/// Returns those who hold a role on a day, each with the unit that it belongs to.
pub fn holders_on(
    conn: &mut Conn,
    organization_id: &Id,
    role: Role,
    day: NaiveDate,
) -> Result<Vec<(Id, Option<Id>)>, Error> {
    let all: Vec<Row> = dsl::members.filter(dsl::organization_id.eq(organization_id.as_str())).load(conn)?;
    let members: Vec<Member> = all.into_iter().map(Member::try_from).collect::<Result<_, _>>()?;
    let holders = members.into_iter().filter(|member| member.is_valid_on(day) && member.roles.contains(&role));
    Ok(holders.map(|member| (member.id, member.unit_id)).collect())
}

/// Returns the members with these ids, in order of name.
pub fn with_ids(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Member>, Error> {
    let of_ids = dsl::members.filter(dsl::id.eq_any(ids.iter().map(Id::as_str).collect::<Vec<_>>()));
    let rows: Vec<Row> = of_ids.order((dsl::display_name, dsl::id)).load(conn)?;
    rows.into_iter().map(Member::try_from).collect()
}

/// Adds a member.
///
/// # Errors
/// `already_exists` where the person is a member already.
pub fn insert(conn: &mut Conn, member: &Member) -> Result<(), Error> {
    let inserted = diesel::insert_into(members::table).values(Row::try_from(member)?).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Saves a change to a member.
///
/// # Errors
/// `version_mismatch` where the member has changed since it was read; `already_exists` where the person is a member
/// already.
pub fn update(conn: &mut Conn, member: Member) -> Result<Member, Error> {
    let after = Member { version: member.version + 1, ..member };
    let expected = dsl::members.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    let rows =
        map_unique_violation(diesel::update(expected).set(Row::try_from(&after)?).execute(conn), Code::AlreadyExists)?;
    ensure_one_row(rows).map(|()| after)
}
