//! Service accounts: the OAuth clients through which members use the API.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::Scopes;
use crate::domain::office::member::ServiceAccount;
use crate::error::Error;
use crate::store::Conn;
use crate::store::error::ensure_one_row;
use crate::store::page::{ById, Page, paged};
use crate::store::schema::members;
use crate::store::schema::service_accounts::{self, dsl};
use crate::store::types::{id, naive, naive_option, utc, utc_option};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = service_accounts, treat_none_as_null = true)]
struct Row {
    id: String,
    member_id: String,
    client_id: String,
    secret_sha256: String,
    scopes: Option<String>,
    revoked_at: Option<NaiveDateTime>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    previous_secret_sha256: Option<String>,
    previous_secret_until: Option<NaiveDateTime>,
    last_used_at: Option<NaiveDateTime>,
}

impl From<Row> for ServiceAccount {
    fn from(row: Row) -> Self {
        ServiceAccount {
            id: id(row.id),
            member_id: id(row.member_id),
            client_id: row.client_id,
            secret_sha256: row.secret_sha256,
            scopes: Scopes::parse(row.scopes.as_deref()),
            revoked_at: utc_option(row.revoked_at),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
            previous_secret: row.previous_secret_sha256.zip(utc_option(row.previous_secret_until)),
            last_used_at: utc_option(row.last_used_at),
        }
    }
}

impl From<&ServiceAccount> for Row {
    fn from(account: &ServiceAccount) -> Self {
        Row {
            id: account.id.to_string(),
            member_id: account.member_id.to_string(),
            client_id: account.client_id.clone(),
            secret_sha256: account.secret_sha256.clone(),
            scopes: account.scopes.text(),
            revoked_at: naive_option(account.revoked_at),
            version: account.version,
            created_at: naive(account.created_at),
            updated_at: naive(account.updated_at),
            previous_secret_sha256: account.previous_secret.as_ref().map(|(secret, _)| secret.clone()),
            previous_secret_until: account.previous_secret.as_ref().map(|(_, until)| naive(*until)),
            last_used_at: naive_option(account.last_used_at),
        }
    }
}

/// Returns an account.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<ServiceAccount>, Error> {
    let row: Option<Row> = dsl::service_accounts.find(id.as_str()).get_result(conn).optional()?;
    Ok(row.map(ServiceAccount::from))
}

/// Returns an account unless it is revoked or its membership has ended.
pub fn find_live(conn: &mut Conn, id: &Id) -> Result<Option<ServiceAccount>, Error> {
    let found: Option<Row> = service_accounts::table
        .inner_join(members::table.on(members::id.eq(service_accounts::member_id)))
        .filter(service_accounts::id.eq(id.as_str()))
        .filter(service_accounts::revoked_at.is_null())
        .filter(members::ended_at.is_null())
        .select(service_accounts::all_columns)
        .get_result(conn)
        .optional()?;
    Ok(found.map(ServiceAccount::from))
}

/// Returns a page of the accounts of an organisation that are not revoked, of one member where one is given.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    member_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<ServiceAccount>, Error> {
    let of_organization =
        members::table.filter(members::organization_id.eq(organization_id.to_string())).select(members::id);
    let mut query = dsl::service_accounts
        .filter(dsl::revoked_at.is_null())
        .filter(dsl::member_id.eq_any(of_organization))
        .into_boxed();
    if let Some(member_id) = member_id {
        query = query.filter(dsl::member_id.eq(member_id.to_string()));
    }
    let rows: Vec<Row> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    Ok(rows.into_iter().map(ServiceAccount::from).collect())
}

/// Notes that an account was used.
pub fn touch(conn: &mut Conn, id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(dsl::service_accounts.find(id.as_str())).set(dsl::last_used_at.eq(naive(now))).execute(conn)?;
    Ok(())
}

/// Revokes the accounts of a member.
pub fn revoke_of_member(conn: &mut Conn, member_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let live = dsl::service_accounts.filter(dsl::member_id.eq(member_id.as_str())).filter(dsl::revoked_at.is_null());
    let change = (dsl::revoked_at.eq(naive(now)), dsl::updated_at.eq(naive(now)), dsl::version.eq(dsl::version + 1));
    diesel::update(live).set(change).execute(conn)?;
    Ok(())
}

/// Adds an account.
pub fn insert(conn: &mut Conn, account: &ServiceAccount) -> Result<(), Error> {
    diesel::insert_into(service_accounts::table).values(Row::from(account)).execute(conn)?;
    Ok(())
}

/// Saves a change to an account.
///
/// # Errors
/// `version_mismatch` where the account has changed since it was read.
pub fn update(conn: &mut Conn, account: ServiceAccount) -> Result<ServiceAccount, Error> {
    let after = ServiceAccount { version: account.version + 1, ..account };
    let expected = dsl::service_accounts.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::from(&after)).execute(conn)?).map(|()| after)
}
