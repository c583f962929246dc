//! Sessions of local people, and the refresh tokens that belong to them.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::office::session::{Device, Session};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::ensure_one_row;
use crate::store::schema::sessions::{self, dsl};
use crate::store::schema::{members, refresh_tokens};
use crate::store::types::{id, naive, naive_option, utc, utc_option};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_null = true)]
struct Row {
    id: String,
    member_id: String,
    salt: String,
    generation: i64,
    user_agent: Option<String>,
    address: Option<String>,
    last_used_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    ended_at: Option<NaiveDateTime>,
    version: i64,
    created_at: NaiveDateTime,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Session {
            id: id(row.id),
            member_id: id(row.member_id),
            salt: row.salt,
            generation: row.generation,
            device: Device { user_agent: row.user_agent, address: row.address },
            last_used_at: utc(row.last_used_at),
            expires_at: utc(row.expires_at),
            ended_at: utc_option(row.ended_at),
            version: row.version,
            created_at: utc(row.created_at),
        }
    }
}

impl From<&Session> for Row {
    fn from(session: &Session) -> Self {
        Row {
            id: session.id.to_string(),
            member_id: session.member_id.to_string(),
            salt: session.salt.clone(),
            generation: session.generation,
            user_agent: session.device.user_agent.clone(),
            address: session.device.address.clone(),
            last_used_at: naive(session.last_used_at),
            expires_at: naive(session.expires_at),
            ended_at: naive_option(session.ended_at),
            version: session.version,
            created_at: naive(session.created_at),
        }
    }
}

/// Returns a session.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Session>, Error> {
    let row: Option<Row> = dsl::sessions.find(id.as_str()).get_result(conn).optional()?;
    Ok(row.map(Session::from))
}

/// Returns the sessions of a member that are not over, first to last.
pub fn live_of_member(conn: &mut Conn, member_id: &Id, now: DateTime<Utc>) -> Result<Vec<Session>, Error> {
    let live = dsl::sessions
        .filter(dsl::member_id.eq(member_id.as_str()))
        .filter(dsl::ended_at.is_null())
        .filter(dsl::expires_at.gt(naive(now)));
    let rows: Vec<Row> = live.order(dsl::id).load(conn)?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Ends the sessions of a member.
pub fn end_of_member(conn: &mut Conn, member_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let live = dsl::sessions.filter(dsl::member_id.eq(member_id.as_str())).filter(dsl::ended_at.is_null());
    let change = (dsl::ended_at.eq(naive(now)), dsl::version.eq(dsl::version + 1));
    diesel::update(live).set(change).execute(conn)?;
    Ok(())
}

/// Adds a session.
pub fn insert(conn: &mut Conn, session: &Session) -> Result<(), Error> {
    diesel::insert_into(sessions::table).values(Row::from(session)).execute(conn)?;
    Ok(())
}

/// Saves that a session was used: its generation and its times. Its version stays.
pub fn touch(conn: &mut Conn, session: &Session) -> Result<(), Error> {
    let change = (
        dsl::generation.eq(session.generation),
        dsl::last_used_at.eq(naive(session.last_used_at)),
        dsl::expires_at.eq(naive(session.expires_at)),
    );
    let live = dsl::sessions.find(session.id.as_str()).filter(dsl::ended_at.is_null());
    ensure_one_row(diesel::update(live).set(change).execute(conn)?)
}

/// Saves a change to a session.
///
/// # Errors
/// `version_mismatch` where the session has changed since it was read.
pub fn update(conn: &mut Conn, session: Session) -> Result<Session, Error> {
    let after = Session { version: session.version + 1, ..session };
    let expected = dsl::sessions.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::from(&after)).execute(conn)?).map(|()| after)
}

/// A refresh token that was once given out.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// The session that it belongs to.
    pub session_id: Id,
    /// Whose session it is.
    pub member_id: Id,
    /// Its number within the session.
    pub generation: i64,
}

/// Returns a refresh token by its SHA-256.
pub fn find_token(conn: &mut Conn, sha256: &str) -> Result<Option<RefreshToken>, Error> {
    let found: Option<(String, String, i64)> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::sha256.eq(sha256))
        .select((sessions::id, sessions::member_id, refresh_tokens::generation))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(session, member, generation)| RefreshToken {
        session_id: id(session),
        member_id: id(member),
        generation,
    }))
}

/// Adds a refresh token.
pub fn insert_token(conn: &mut Conn, session: &Session, sha256: &str) -> Result<(), Error> {
    let row = (
        refresh_tokens::sha256.eq(sha256),
        refresh_tokens::session_id.eq(session.id.as_str()),
        refresh_tokens::generation.eq(session.generation),
    );
    diesel::insert_into(refresh_tokens::table).values(row).execute(conn)?;
    Ok(())
}

/// Deletes the sessions that were over before an instant, with their tokens.
pub fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> Result<(), Error> {
    let before = naive(before);
    let over = || sessions::expires_at.lt(before).or(sessions::ended_at.lt(before).assume_not_null());
    let of_over = sessions::table.filter(over()).select(sessions::id);
    let tokens = diesel::delete(refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(of_over)));
    dispatch!(conn, c => tokens.execute(c))?;
    let rows = diesel::delete(sessions::table.filter(over()));
    dispatch!(conn, c => rows.execute(c))?;
    Ok(())
}

/// Returns a member's local account by organisation code and user name: its id; without a code, an operator's.
pub fn find_account(conn: &mut Conn, organization_code: Option<&str>, user_name: &str) -> Result<Option<Id>, Error> {
    use crate::store::schema::organizations;
    let local = members::table
        .left_join(organizations::table.on(members::organization_id.eq(organizations::id.nullable())))
        .filter(members::issuer.eq(crate::domain::office::member::LOCAL_ISSUER))
        .filter(members::subject.eq(user_name))
        .filter(members::ended_at.is_null())
        .select(members::id);
    let found: Option<String> = if let Some(code) = organization_code {
        let own = local.filter(organizations::code.eq(code));
        dispatch!(conn, c => own.get_result(c).optional())?
    } else {
        let operators = local.filter(members::organization_id.is_null());
        dispatch!(conn, c => operators.get_result(c).optional())?
    };
    Ok(found.map(id))
}
