//! Service accounts: how machines, and the first admin, get in.

use chrono::{DateTime, Utc};
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::clock::new_secret;
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers, Scopes};
use crate::domain::office::member::{LOCAL_ISSUER, Member, Role, ServiceAccount};
use crate::domain::office::organization::{DEFAULT_ZONE, Organization};
use crate::domain::text::Check;
use crate::domain::time::date_in;
use crate::error::{Code, Error, Fault};
use crate::service::office::members;
use crate::service::tag::Tag;
use crate::service::{App, Author, Caller, Change, Context, Input, Interrupt, record, record_as, sha256_hex};
use crate::store::{self, Conn};

/// A new service account.
#[derive(Debug, Clone)]
pub struct NewServiceAccount {
    /// As whom it acts.
    pub member_id: Id,
    /// What its tokens are narrowed to; none: all that the roles give.
    pub scopes: Option<Vec<String>>,
}

/// Credentials, with the secret that is shown this once.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The account.
    pub account: ServiceAccount,
    /// The secret.
    pub secret: String,
}

/// The tag of a service account.
pub fn tag(account: &ServiceAccount) -> Tag {
    Tag::of(&[(&account.id, account.version)], &Offers::default())
}

/// Makes credentials for a member.
pub fn add(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    member_id: &Id,
    scopes: Option<String>,
) -> Result<NewSecret, Error> {
    let secret = new_secret().map_err(Error::internal)?;
    let id = app.ids.next();
    let account = ServiceAccount {
        client_id: format!("client-{id}"),
        id,
        member_id: *member_id,
        secret_sha256: sha256_hex(secret.as_bytes()),
        scopes,
        revoked_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::accounts::insert(conn, &account)?;
    Ok(NewSecret { account, secret })
}

/// Adds a service account to a member of the organisation.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewServiceAccount>) -> Result<NewSecret, Interrupt> {
    let own = match input {
        Ok(new) => members::find(conn, context, &new.member_id).map(|(_, organization_id)| organization_id).ok(),
        Err(_) => None,
    };
    let organization_id = own.map_or_else(|| context.organization(None), Ok)?;
    access::require_collection(&context.actor, Action::WriteMember, &Facts::of(&organization_id))?;
    let new = context.accept(input)?;
    if own.is_none() {
        return Err(Error::unless_valid(vec![Fault::at("/member_id", Code::UnknownReference)])
            .map_or_else(Interrupt::from, |()| Code::Internal.into()));
    }
    let text = new.scopes.as_ref().map(|words| words.join(" "));
    let single =
        |words: &Vec<String>| !words.is_empty() && words.iter().all(|word| !word.is_empty() && !word.contains(' '));
    if !Scopes::parse(text.as_deref()).are_known() || !new.scopes.as_ref().is_none_or(single) {
        return Err(Error::new(Code::InvalidScope).into());
    }
    let added = add(conn, context.app, context.now, &new.member_id, text)?;
    record_account(conn, context, &organization_id, "service_account.create", &added.account)?;
    Ok(added)
}

fn record_account(
    conn: &mut Conn,
    context: &Context,
    organization_id: &Id,
    action: &str,
    account: &ServiceAccount,
) -> Result<(), Error> {
    let change = Change {
        organization_id: Some(organization_id),
        action,
        subject_type: "service_account",
        subject_id: &account.id,
        before: None,
        after: Some(
            json!({"member_id": account.member_id, "client_id": account.client_id, "scopes": account.scopes}).into(),
        ),
        news: None,
    };
    record(conn, context, change)
}

/// Finds an account that is still of use and that the caller may change.
fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<(ServiceAccount, Id), Error> {
    let account =
        store::accounts::find(conn, id)?.filter(|account| account.revoked_at.is_none()).ok_or(Code::NotFound)?;
    let (_, organization_id) = members::find(conn, context, &account.member_id)?;
    Ok((account, organization_id))
}

/// One service account.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<ServiceAccount, Interrupt> {
    let (account, _) = find(conn, context, id)?;
    context.accept_read()?;
    Ok(account)
}

/// Gives an account a new secret; the old one is of no use from then on.
pub fn rotate(conn: &mut Conn, context: &Context, id: &Id) -> Result<NewSecret, Interrupt> {
    let (account, organization_id) = find(conn, context, id)?;
    access::require(&context.actor, Action::WriteMember, &Facts::of(&organization_id))?;
    context.accept(&Ok(()))?;
    context.check_precondition(&tag(&account).state)?;
    let secret = new_secret().map_err(Error::internal)?;
    let changed = ServiceAccount { secret_sha256: sha256_hex(secret.as_bytes()), updated_at: context.now, ..account };
    let account = store::accounts::update(conn, changed)?;
    record_account(conn, context, &organization_id, "service_account.rotate", &account)?;
    Ok(NewSecret { account, secret })
}

/// Ends an account; its tokens are of no use from then on.
pub fn revoke(conn: &mut Conn, context: &Context, id: &Id) -> Result<(), Interrupt> {
    let (account, organization_id) = find(conn, context, id)?;
    access::require(&context.actor, Action::WriteMember, &Facts::of(&organization_id))?;
    context.accept(&Ok(()))?;
    context.check_precondition(&tag(&account).state)?;
    let changed = ServiceAccount { revoked_at: Some(context.now), updated_at: context.now, ..account };
    let account = store::accounts::update(conn, changed)?;
    Ok(record_account(conn, context, &organization_id, "service_account.revoke", &account)?)
}

/// Who a client id and secret stand for, with the scopes that the token may carry.
///
/// # Errors
/// `invalid_client`, `invalid_scope`.
pub fn authenticate(conn: &mut Conn, client_id: &str, secret: &str, asked: Option<&str>) -> Result<Caller, Error> {
    let given = sha256_hex(secret.as_bytes());
    let found = store::accounts::find_client(conn, client_id)?;
    let known = found.filter(|(account, _, _)| account.secret_sha256.as_bytes().ct_eq(given.as_bytes()).into());
    let (account, issuer, subject) = known.ok_or(Code::InvalidClient)?;
    let granted = Scopes::parse(account.scopes.as_deref());
    let scopes = match asked.filter(|asked| !asked.is_empty()) {
        None => granted,
        Some(asked) => {
            let asked = Scopes::parse(Some(asked));
            if !asked.are_known() || !asked.within(&granted) {
                return Err(Error::new(Code::InvalidScope));
            }
            asked
        }
    };
    Ok(Caller { issuer, subject, client_id: Some(account.client_id), scopes })
}

/// For whom the command line makes credentials.
#[derive(Debug, Clone)]
pub enum FirstAccount {
    /// The admin of an organisation, which is made where there is none of that code.
    Admin {
        /// The organisation's code.
        organization: String,
    },
    /// An operator of the installation.
    Operator,
}

/// Makes the first way in, from the command line of the machine itself.
pub fn create_first(conn: &mut Conn, app: &App, first: &FirstAccount, name: &str) -> Result<NewSecret, Error> {
    let now = app.clock.now();
    let mut check = Check::default();
    let (organization, role) = match first {
        FirstAccount::Operator => (None, Role::FIRST_OF_INSTALLATION),
        FirstAccount::Admin { organization } => {
            (Some(organization_of(conn, app, now, organization, &mut check)?), Role::FIRST_OF_ORGANIZATION)
        }
    };
    let id = app.ids.next();
    let mut member = Member {
        organization_id: organization.as_ref().map(|organization| organization.id),
        issuer: LOCAL_ISSUER.to_owned(),
        subject: format!("account-{id}"),
        id,
        display_name: name.to_owned(),
        roles: vec![role],
        unit_id: None,
        valid_from_on: date_in(organization.as_ref().map_or(chrono_tz::Asia::Ho_Chi_Minh, Organization::zone), now),
        valid_until_on: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    member.clean(&mut check);
    Error::unless_valid(check.faults)?;
    store::members::insert(conn, &member)?;
    let added = add(conn, app, now, &member.id, None)?;
    let by = Author { issuer: "system", subject: "command-line", request_id: "create-admin" };
    let change = Change {
        organization_id: member.organization_id.as_ref(),
        action: "member.create",
        subject_type: "member",
        subject_id: &member.id,
        before: None,
        after: Some(json!({"roles": member.roles, "client_id": added.account.client_id}).into()),
        news: None,
    };
    record_as(conn, app, now, &by, change)?;
    Ok(added)
}

fn organization_of(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    code: &str,
    check: &mut Check,
) -> Result<Organization, Error> {
    if let Some(found) = store::organizations::find_by_code(conn, code)? {
        return Ok(found);
    }
    let mut organization = Organization {
        id: app.ids.next(),
        code: code.to_owned(),
        name: code.to_owned(),
        time_zone: DEFAULT_ZONE.to_owned(),
        agency_code: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    organization.clean(check);
    if check.faults.is_empty() {
        store::organizations::insert(conn, &organization)?;
    }
    Ok(organization)
}
