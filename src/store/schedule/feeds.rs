//! Tokens for calendar feeds.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
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
            issuer: row.issuer,
            subject: row.subject,
            scopes: row.scopes,
            client_id: row.client_id,
            token_sha256: row.token_sha256,
            created_at: utc(row.created_at),
        }
    }
}

/// Adds a token.
pub fn insert(conn: &mut Conn, token: &FeedToken) -> Result<(), Error> {
    let row = Row {
        id: token.id.to_string(),
        issuer: token.issuer.clone(),
        subject: token.subject.clone(),
        scopes: token.scopes.clone(),
        client_id: token.client_id.clone(),
        token_sha256: token.token_sha256.clone(),
        created_at: naive(token.created_at),
    };
    diesel::insert_into(feed_tokens::table).values(row).execute(conn)?;
    Ok(())
}

/// Returns the tokens of a person, first to last.
pub fn of_person(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Vec<FeedToken>, Error> {
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
