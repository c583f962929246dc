//! Service accounts: the OAuth clients through which members use the API.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::office::member::ServiceAccount;
use crate::error::Error;
use crate::store::Conn;
use crate::store::error::ensure_one_row;
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
}

impl From<Row> for ServiceAccount {
    fn from(row: Row) -> Self {
        ServiceAccount {
            id: id(row.id),
            member_id: id(row.member_id),
            client_id: row.client_id,
            secret_sha256: row.secret_sha256,
            scopes: row.scopes,
            revoked_at: utc_option(row.revoked_at),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
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
            scopes: account.scopes.clone(),
            revoked_at: naive_option(account.revoked_at),
            version: account.version,
            created_at: naive(account.created_at),
            updated_at: naive(account.updated_at),
        }
    }
}

/// Returns an account.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<ServiceAccount>, Error> {
    let row: Option<Row> = dsl::service_accounts.find(id.as_str()).get_result(conn).optional()?;
    Ok(row.map(ServiceAccount::from))
}

/// Returns the account of a client id unless it is revoked, with its member's issuer and subject.
pub fn find_client(conn: &mut Conn, client_id: &str) -> Result<Option<(ServiceAccount, String, String)>, Error> {
    let found: Option<(Row, String, String)> = service_accounts::table
        .inner_join(members::table.on(members::id.eq(service_accounts::member_id)))
        .filter(service_accounts::client_id.eq(client_id))
        .filter(service_accounts::revoked_at.is_null())
        .select((service_accounts::all_columns, members::issuer, members::subject))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(row, issuer, subject)| (ServiceAccount::from(row), issuer, subject)))
}

/// Returns whether a client is not revoked. Revoking a client also invalidates its tokens.
pub fn is_active(conn: &mut Conn, client_id: &str) -> Result<bool, Error> {
    let active = dsl::service_accounts.filter(dsl::client_id.eq(client_id)).filter(dsl::revoked_at.is_null());
    let found: Option<String> = active.select(dsl::id).get_result(conn).optional()?;
    Ok(found.is_some())
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
