//! Tokens for calendar feeds.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::{Principal, Scopes};
use crate::domain::office::member::{LOCAL_ISSUER, client_id};
use crate::domain::schedule::feed::FeedToken;
use crate::error::Error;
use crate::store::Conn;
use crate::store::error::ensure_one_row;
use crate::store::schema::feed_tokens::{self, dsl};
use crate::store::types::{id, naive, utc};

#[derive(Queryable, Insertable)]
#[diesel(table_name = feed_tokens)]
struct Row {
    id: String,
    issuer: String,
    subject: String,
    scopes: Option<String>,
    client_id: Option<String>,
    token_sha256: String,
    created_at: NaiveDateTime,
}

impl From<Row> for FeedToken {
    fn from(row: Row) -> Self {
        FeedToken {
            id: id(row.id),
            owner: match row.client_id {
                Some(_) => Principal::ServiceAccount { id: id(row.subject) },
                None if row.issuer == LOCAL_ISSUER => {
                    Principal::Account { member_id: id(row.subject), session_id: None }
                }
                None => Principal::External { issuer: row.issuer, subject: row.subject },
            },
            scopes: Scopes::parse(row.scopes.as_deref()),
            token_sha256: row.token_sha256,
            created_at: utc(row.created_at),
        }
    }
}

/// The columns of an owner: the issuer, and the account's id or the `sub` there.
fn columns(owner: &Principal) -> (&str, &str) {
    match owner {
        Principal::Account { member_id, .. } => (LOCAL_ISSUER, member_id.as_str()),
        Principal::ServiceAccount { id } => (LOCAL_ISSUER, id.as_str()),
        Principal::External { issuer, subject } => (issuer, subject),
    }
}

/// Adds a token.
pub fn insert(conn: &mut Conn, token: &FeedToken) -> Result<(), Error> {
    let (issuer, subject) = columns(&token.owner);
    let row = Row {
        id: token.id.to_string(),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        scopes: token.scopes.text(),
        client_id: token.owner.service_account_id().as_ref().map(client_id),
        token_sha256: token.token_sha256.clone(),
        created_at: naive(token.created_at),
    };
    diesel::insert_into(feed_tokens::table).values(row).execute(conn)?;
    Ok(())
}

/// Returns the tokens of a principal, first to last.
pub fn of_owner(conn: &mut Conn, owner: &Principal) -> Result<Vec<FeedToken>, Error> {
    let (issuer, subject) = columns(owner);
    let own = dsl::feed_tokens.filter(dsl::issuer.eq(issuer)).filter(dsl::subject.eq(subject));
    let rows: Vec<Row> = own.order(dsl::id).load(conn)?;
    Ok(rows.into_iter().map(FeedToken::from).collect())
}

/// Returns a token by its SHA-256.
pub fn find_by_hash(conn: &mut Conn, token_sha256: &str) -> Result<Option<FeedToken>, Error> {
    let row: Option<Row> = dsl::feed_tokens.filter(dsl::token_sha256.eq(token_sha256)).get_result(conn).optional()?;
    Ok(row.map(FeedToken::from))
}

/// Deletes a token.
pub fn delete(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    ensure_one_row(diesel::delete(dsl::feed_tokens.find(id.as_str())).execute(conn)?)
}
