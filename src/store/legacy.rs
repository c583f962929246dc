//! What an older database needs before and after its migrations, where SQL alone cannot tell.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::Conn;
use super::schema::{feed_tokens, members, service_accounts, units, webhook_endpoints};
use crate::domain::Id;
use crate::domain::access::Scopes;
use crate::domain::office::member::{LOCAL_ISSUER, MemberKind, Role, SYSTEM_ISSUER};
use crate::error::Error;

/// The migration that tells people from machines and local accounts from names.
const IDENTITY: &str = "0015";

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn count(conn: &mut Conn, sql: &str) -> Result<i64, Error> {
    let found: Found = sql_query(sql).get_result(conn)?;
    Ok(found.number)
}

/// Whether the database is older than the migration of identities, and has members.
fn is_before_identity(conn: &mut Conn) -> Result<bool, Error> {
    let tables = match conn {
        Conn::Sqlite(_) => "SELECT COUNT(*) AS number FROM sqlite_master WHERE type = 'table' AND name = 'members'",
        Conn::Postgres(_) => {
            "SELECT COUNT(*) AS number FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'members'"
        }
    };
    if count(conn, tables)? == 0 {
        return Ok(false);
    }
    let done = format!("SELECT COUNT(*) AS number FROM __diesel_schema_migrations WHERE version = '{IDENTITY}'");
    Ok(count(conn, &done)? == 0)
}

#[derive(QueryableByName)]
struct OldMember {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    organization: String,
    #[diesel(sql_type = Text)]
    issuer: String,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Text)]
    roles: String,
}

impl OldMember {
    /// Why it cannot be told what the member is; `None` where it can.
    fn question(&self, operators: &HashMap<String, usize>) -> Option<&'static str> {
        let roles: Vec<Role> = serde_json::from_str(&self.roles).unwrap_or_default();
        let fits = MemberKind::Person.may_hold_all(&roles)
            || self.issuer == LOCAL_ISSUER && MemberKind::Machine.may_hold_all(&roles);
        if self.issuer == SYSTEM_ISSUER {
            return Some("its issuer is the service's own");
        }
        if !fits {
            return Some("it has roles of a person and of a machine");
        }
        let twice = self.organization.is_empty() && operators.get(&self.key()).is_some_and(|found| *found > 1);
        twice.then_some("another operator has the same name")
    }

    fn key(&self) -> String {
        format!("{} {}", self.issuer, self.subject)
    }
}

/// Refuses a database whose members the migration cannot tell apart, with all of them.
///
/// # Errors
/// When there is such a member; nothing has changed then.
pub fn check(conn: &mut Conn) -> Result<(), Error> {
    if !is_before_identity(conn)? {
        return Ok(());
    }
    let all: Vec<OldMember> = sql_query(
        "SELECT m.id, COALESCE(o.code, '') AS organization, m.issuer, m.subject, m.roles \
         FROM members m LEFT JOIN organizations o ON o.id = m.organization_id ORDER BY m.id",
    )
    .load(conn)?;
    let mut operators = HashMap::new();
    for member in all.iter().filter(|member| member.organization.is_empty()) {
        *operators.entry(member.key()).or_default() += 1;
    }
    let told = all.iter().filter_map(|member| {
        let why = member.question(&operators)?;
        let OldMember { id, organization, issuer, subject, roles, .. } = member;
        Some(format!("\n  member {id} ({organization} {issuer} {subject} {roles}): {why}"))
    });
    let told: String = told.collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(Error::internal(format!("these members must be changed with the version before, then migrate again:{told}")))
}

/// Names the units of stored scopes by id. They were named by code, which a unit can lose to another.
///
/// # Errors
/// When the database fails.
pub fn name_units_by_id(conn: &mut Conn) -> Result<(), Error> {
    let is_old = |scopes: &str| {
        scopes.split(' ').any(|word| word.strip_prefix("unit:").is_some_and(|unit| Id::parse(unit).is_none()))
    };
    let accounts: Vec<(String, Option<String>, Option<String>)> = service_accounts::table
        .inner_join(members::table.on(members::id.eq(service_accounts::member_id)))
        .filter(service_accounts::scopes.like("%unit:%"))
        .select((service_accounts::id, service_accounts::scopes, members::organization_id))
        .load(conn)?;
    let endpoints: Vec<(String, Option<String>, String)> = webhook_endpoints::table
        .filter(webhook_endpoints::scopes.like("%unit:%"))
        .select((webhook_endpoints::id, webhook_endpoints::scopes, webhook_endpoints::organization_id))
        .load(conn)?;
    let feeds: Vec<(String, Option<String>, String)> = feed_tokens::table
        .filter(feed_tokens::scopes.like("%unit:%"))
        .select((feed_tokens::id, feed_tokens::scopes, feed_tokens::subject))
        .load(conn)?;
    for (id, scopes, organization_id) in accounts {
        if let Some(scopes) = scopes.filter(|scopes| is_old(scopes)) {
            let scopes = by_id(conn, &scopes, organization_id.as_deref())?;
            diesel::update(service_accounts::table.find(id)).set(service_accounts::scopes.eq(scopes)).execute(conn)?;
        }
    }
    for (id, scopes, organization_id) in endpoints {
        if let Some(scopes) = scopes.filter(|scopes| is_old(scopes)) {
            let scopes = by_id(conn, &scopes, Some(&organization_id))?;
            diesel::update(webhook_endpoints::table.find(id))
                .set(webhook_endpoints::scopes.eq(scopes))
                .execute(conn)?;
        }
    }
    for (id, scopes, owner) in feeds {
        if let Some(scopes) = scopes.filter(|scopes| is_old(scopes)) {
            let member: Option<Option<String>> = members::table
                .left_join(service_accounts::table.on(service_accounts::member_id.eq(members::id)))
                .filter(members::id.eq(&owner).or(service_accounts::id.nullable().eq(&owner)))
                .select(members::organization_id)
                .get_result(conn)
                .optional()?;
            let scopes = by_id(conn, &scopes, member.flatten().as_deref())?;
            diesel::update(feed_tokens::table.find(id)).set(feed_tokens::scopes.eq(scopes)).execute(conn)?;
        }
    }
    Ok(())
}

/// The stored form of scopes that name units by code. A code that no unit has stands for no unit.
fn by_id(conn: &mut Conn, scopes: &str, organization_id: Option<&str>) -> Result<Option<String>, Error> {
    let codes = Scopes::unit_codes(scopes.split(' '));
    let found: Vec<(String, String)> = units::table
        .filter(units::organization_id.eq(organization_id.unwrap_or_default()))
        .filter(units::code.eq_any(codes))
        .select((units::code, units::id))
        .load(conn)?;
    let ids: HashMap<String, String> = found.into_iter().collect();
    let named = scopes.split(' ').map(|word| match word.strip_prefix("unit:") {
        Some(code) => format!("unit:{}", ids.get(code).map_or(Id::NIL.as_str(), String::as_str)),
        None => word.to_owned(),
    });
    Ok(Some(named.collect::<Vec<_>>().join(" ")))
}
