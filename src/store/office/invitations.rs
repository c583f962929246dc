//! Invitations of local people.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::office::invitation::Invitation;
use crate::error::Error;
use crate::store::Conn;
use crate::store::error::ensure_one_row;
use crate::store::page::{ById, Page, paged};
use crate::store::schema::invitations::{self, dsl};
use crate::store::schema::members;
use crate::store::types::{id, id_option, naive, naive_option, utc, utc_option};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = invitations, treat_none_as_null = true)]
struct Row {
    id: String,
    member_id: String,
    inviter_id: Option<String>,
    token_sha256: String,
    expires_at: NaiveDateTime,
    accepted_at: Option<NaiveDateTime>,
    revoked_at: Option<NaiveDateTime>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl From<Row> for Invitation {
    fn from(row: Row) -> Self {
        Invitation {
            id: id(row.id),
            member_id: id(row.member_id),
            inviter_id: id_option(row.inviter_id),
            token_sha256: row.token_sha256,
            expires_at: utc(row.expires_at),
            accepted_at: utc_option(row.accepted_at),
            revoked_at: utc_option(row.revoked_at),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }
}

impl From<&Invitation> for Row {
    fn from(invitation: &Invitation) -> Self {
        Row {
            id: invitation.id.to_string(),
            member_id: invitation.member_id.to_string(),
            inviter_id: invitation.inviter_id.as_ref().map(ToString::to_string),
            token_sha256: invitation.token_sha256.clone(),
            expires_at: naive(invitation.expires_at),
            accepted_at: naive_option(invitation.accepted_at),
            revoked_at: naive_option(invitation.revoked_at),
            version: invitation.version,
            created_at: naive(invitation.created_at),
            updated_at: naive(invitation.updated_at),
        }
    }
}

/// Returns an invitation.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Invitation>, Error> {
    let row: Option<Row> = dsl::invitations.find(id.as_str()).get_result(conn).optional()?;
    Ok(row.map(Invitation::from))
}

/// Returns the invitation with a token, by its SHA-256.
pub fn find_by_hash(conn: &mut Conn, token_sha256: &str) -> Result<Option<Invitation>, Error> {
    let row: Option<Row> = dsl::invitations.filter(dsl::token_sha256.eq(token_sha256)).get_result(conn).optional()?;
    Ok(row.map(Invitation::from))
}

/// Returns the invitation of a member that is neither accepted nor revoked. There is never more than one.
pub fn pending_of_member(conn: &mut Conn, member_id: &Id) -> Result<Option<Invitation>, Error> {
    let pending = dsl::invitations
        .filter(dsl::member_id.eq(member_id.as_str()))
        .filter(dsl::accepted_at.is_null())
        .filter(dsl::revoked_at.is_null());
    let row: Option<Row> = pending.get_result(conn).optional()?;
    Ok(row.map(Invitation::from))
}

/// Returns a page of the invitations of an organisation's members, of one member where one is given; without an organisation,
/// of the operators.
pub fn list(
    conn: &mut Conn,
    organization_id: Option<&Id>,
    member_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Invitation>, Error> {
    let of = |id: &Id| members::table.filter(members::organization_id.eq(id.to_string())).select(members::id);
    let operators = || members::table.filter(members::organization_id.is_null()).select(members::id);
    let mut query = match organization_id {
        Some(id) => dsl::invitations.filter(dsl::member_id.eq_any(of(id))).into_boxed(),
        None => dsl::invitations.filter(dsl::member_id.eq_any(operators())).into_boxed(),
    };
    if let Some(member_id) = member_id {
        query = query.filter(dsl::member_id.eq(member_id.to_string()));
    }
    let rows: Vec<Row> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    Ok(rows.into_iter().map(Invitation::from).collect())
}

/// Revokes the invitation of a member that is neither accepted nor revoked.
pub fn revoke_of_member(conn: &mut Conn, member_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let pending = dsl::invitations
        .filter(dsl::member_id.eq(member_id.as_str()))
        .filter(dsl::accepted_at.is_null())
        .filter(dsl::revoked_at.is_null());
    let change = (dsl::revoked_at.eq(naive(now)), dsl::updated_at.eq(naive(now)), dsl::version.eq(dsl::version + 1));
    diesel::update(pending).set(change).execute(conn)?;
    Ok(())
}

/// Adds an invitation.
pub fn insert(conn: &mut Conn, invitation: &Invitation) -> Result<(), Error> {
    diesel::insert_into(invitations::table).values(Row::from(invitation)).execute(conn)?;
    Ok(())
}

/// Saves a change to an invitation.
///
/// # Errors
/// `version_mismatch` where the invitation has changed since it was read.
pub fn update(conn: &mut Conn, invitation: Invitation) -> Result<Invitation, Error> {
    let after = Invitation { version: invitation.version + 1, ..invitation };
    let expected = dsl::invitations.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::from(&after)).execute(conn)?).map(|()| after)
}
