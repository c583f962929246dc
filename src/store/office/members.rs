//! Members: who holds which roles in which organisation.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::Membership;
use crate::domain::office::member::{Member, Role};
use crate::domain::office::organization::DEFAULT_ZONE;
use crate::domain::office::unit::UnitKey;
use crate::domain::time::{date_in, zone};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{ById, Page, paged};
use crate::store::schema::members::{self, dsl};
use crate::store::schema::{organizations, units};
use crate::store::types::{from_json, id, id_option, json, naive, utc};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = members, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: Option<String>,
    issuer: String,
    subject: String,
    display_name: String,
    roles: String,
    unit_id: Option<String>,
    valid_from_on: NaiveDate,
    valid_until_on: Option<NaiveDate>,
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
            issuer: row.issuer,
            subject: row.subject,
            display_name: row.display_name,
            roles: from_json(&row.roles)?,
            unit_id: id_option(row.unit_id),
            valid_from_on: row.valid_from_on,
            valid_until_on: row.valid_until_on,
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
            issuer: member.issuer.clone(),
            subject: member.subject.clone(),
            display_name: member.display_name.clone(),
            roles: json(&member.roles)?,
            unit_id: member.unit_id.as_ref().map(ToString::to_string),
            valid_from_on: member.valid_from_on,
            valid_until_on: member.valid_until_on,
            version: member.version,
            created_at: naive(member.created_at),
            updated_at: naive(member.updated_at),
        })
    }
}

/// A membership with its term, the organisation's time zone, and the unit's id and code.
type MembershipRow = (
    String,
    Option<String>,
    String,
    String,
    NaiveDate,
    Option<NaiveDate>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Returns the memberships of a person that are valid today, by the date in each organisation's time zone.
pub fn current_memberships(
    conn: &mut Conn,
    issuer: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Membership>, Error> {
    let of_person = members::table
        .left_join(organizations::table.on(members::organization_id.eq(organizations::id.nullable())))
        .left_join(units::table.on(members::unit_id.eq(units::id.nullable())))
        .filter(members::issuer.eq(issuer))
        .filter(members::subject.eq(subject))
        .order(members::id)
        .select((
            members::id,
            members::organization_id,
            members::display_name,
            members::roles,
            members::valid_from_on,
            members::valid_until_on,
            organizations::time_zone.nullable(),
            units::id.nullable(),
            units::code.nullable(),
        ));
    let rows: Vec<MembershipRow> = dispatch!(conn, c => of_person.load(c))?;
    let current = rows.into_iter().filter(|row| {
        let zone = zone(row.6.as_deref().unwrap_or(DEFAULT_ZONE)).unwrap_or(chrono_tz::UTC);
        let today = date_in(zone, now);
        row.4 <= today && row.5.is_none_or(|until| today <= until)
    });
    current
        .map(|(member_id, organization_id, display_name, roles, _, _, _, unit_id, unit_code)| {
            Ok(Membership {
                member_id: id(member_id),
                organization_id: id_option(organization_id),
                display_name,
                roles: from_json(&roles)?,
                unit: unit_id.zip(unit_code).map(|(unit_id, code)| UnitKey { id: id(unit_id), code }),
            })
        })
        .collect()
}

/// Returns a member.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Member>, Error> {
    let row: Option<Row> = dsl::members.find(id.as_str()).get_result(conn).optional()?;
    row.map(Member::try_from).transpose()
}

/// Returns a page of an organisation's members, of one unit where one is given.
pub fn list(conn: &mut Conn, organization_id: &Id, unit_id: Option<&Id>, page: &Page) -> Result<Vec<Member>, Error> {
    let mut query = dsl::members.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(unit_id) = unit_id {
        query = query.filter(dsl::unit_id.eq(unit_id.to_string()));
    }
    let rows: Vec<Row> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    rows.into_iter().map(Member::try_from).collect()
}

/// Returns the members who belong to the council on a day, in order of id.
pub fn council_on(conn: &mut Conn, organization_id: &Id, day: NaiveDate) -> Result<Vec<Id>, Error> {
    let all: Vec<Row> =
        dsl::members.filter(dsl::organization_id.eq(organization_id.as_str())).order(dsl::id).load(conn)?;
    let members: Vec<Member> = all.into_iter().map(Member::try_from).collect::<Result<_, _>>()?;
    let is_on_council =
        |member: &Member| member.is_valid_on(day) && member.roles.iter().any(|role: &Role| role.is_of_council());
    Ok(members.into_iter().filter(is_on_council).map(|member| member.id).collect())
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
