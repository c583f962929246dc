//! Service accounts: credentials of machines and of the first admin.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::clock::new_secret;
use crate::domain::Id;
use crate::domain::access::Scopes;
use crate::domain::access::action::Action;
use crate::domain::change::Change;
use crate::domain::office::member::{Member, Person, Role, ServiceAccount};
use crate::domain::office::organization::Organization;
use crate::domain::text::Check;
use crate::domain::time::{date_in, instant};
use crate::error::{Code, Error, Fault};
use crate::service::{
    App, AuditDraft, Author, Caller, Context, Details, Identity, Input, Result, Subject, record_as, sha256_hex,
};
use crate::store::{self, Conn};

/// A new service account.
#[derive(Debug, Clone)]
pub struct NewServiceAccount {
    /// The member that it acts as.
    pub member_id: Id,
    /// Scopes of its tokens; none for everything its roles allow.
    pub scopes: Option<Vec<String>>,
}

/// New credentials; the secret is shown only once.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The account.
    pub account: ServiceAccount,
    /// The secret.
    pub secret: String,
}

/// A service account with the organisation of its member.
#[derive(Debug, Clone)]
pub struct OwnedAccount {
    /// The account.
    pub account: ServiceAccount,
    /// The organisation of its member.
    pub organization_id: Id,
}

impl Subject for OwnedAccount {
    type Visible = ();
    const TYPE: &'static str = "service_account";

    fn identity(&self) -> Identity {
        let OwnedAccount { account, organization_id } = self;
        Identity { id: account.id, organization_id: Some(*organization_id), version: account.version }
    }

    fn read_action(&self) -> Action {
        Action::ReadMembers
    }

    /// A revoked account is reported as missing.
    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let found = store::accounts::find(conn, id)?.filter(|account| account.revoked_at.is_none());
        let account = found.ok_or(Code::NotFound)?;
        let member = Member::find(conn, context, &account.member_id)?;
        Ok(OwnedAccount { account, organization_id: member.organization_id.ok_or(Code::NotFound)? })
    }

    fn audit(&self) -> Value {
        let ServiceAccount { member_id, client_id, scopes, revoked_at, .. } = &self.account;
        json!({
            "member_id": member_id, "client_id": client_id, "scopes": scopes, "revoked_at": revoked_at.map(instant),
            // The audit keeps that the secret changed, not its value or hash.
            "secret_version": self.account.version,
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(OwnedAccount { account: store::accounts::update(conn, self.account)?, ..self })
    }
}

/// Creates credentials for a member.
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

/// Creates a service account for a member of the organisation.
pub fn create(
    conn: &mut Conn,
    context: &Context,
    input: &Input<NewServiceAccount>,
) -> Result<(Details<OwnedAccount>, String)> {
    let member = match input {
        Ok(new) => context.find::<Member>(conn, &new.member_id).ok(),
        Err(_) => None,
    };
    let own = member.and_then(|member| member.organization_id);
    let (organization_id, new) = context.enter_collection(input, |_| own, Action::WriteMember)?;
    if own.is_none() {
        Error::unless_valid(vec![Fault::at("/member_id", Code::UnknownReference)])?;
    }
    let text = new.scopes.as_ref().map(|words| words.join(" "));
    let single =
        |words: &Vec<String>| !words.is_empty() && words.iter().all(|word| !word.is_empty() && !word.contains(' '));
    if !Scopes::parse(text.as_deref()).are_known() || !new.scopes.as_ref().is_none_or(single) {
        return Err(Error::new(Code::InvalidScope).into());
    }
    let NewSecret { account, secret } = add(conn, context.app, context.now, &new.member_id, text)?;
    let owned = OwnedAccount { account, organization_id };
    context.record_created(conn, "service_account.create", &owned, None)?;
    Ok((context.details(conn, owned)?, secret))
}

/// Rotates an account's secret; the old one stops working immediately.
pub fn rotate(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Details<OwnedAccount>, String)> {
    let (before, ()): (OwnedAccount, _) = context.enter(conn, id, Action::WriteMember, &Ok(()))?;
    let secret = new_secret().map_err(Error::internal)?;
    let secret_sha256 = sha256_hex(secret.as_bytes());
    let account = ServiceAccount { secret_sha256, updated_at: context.now, ..before.account.clone() };
    let rotated = Change::silent(OwnedAccount { account, ..before });
    Ok((context.commit(conn, "service_account.rotate", &before, rotated)?, secret))
}

/// Revokes an account; its tokens stop working immediately.
pub fn revoke(conn: &mut Conn, context: &Context, id: &Id) -> Result<()> {
    let (before, ()): (OwnedAccount, _) = context.enter(conn, id, Action::WriteMember, &Ok(()))?;
    let account = ServiceAccount { revoked_at: Some(context.now), updated_at: context.now, ..before.account.clone() };
    let revoked = Change::silent(OwnedAccount { account, ..before });
    context.save(conn, "service_account.revoke", &before, revoked)?;
    Ok(())
}

/// Authenticates client credentials and returns the caller, with the scopes granted to the token.
///
/// # Errors
/// `invalid_client`, `invalid_scope`.
pub fn authenticate(conn: &mut Conn, client_id: &str, secret: &str, requested: Option<&str>) -> Result<Caller, Error> {
    let digest = sha256_hex(secret.as_bytes());
    let found = store::accounts::find_client(conn, client_id)?;
    let known = found.filter(|(account, _, _)| account.secret_sha256.as_bytes().ct_eq(digest.as_bytes()).into());
    let (account, issuer, subject) = known.ok_or(Code::InvalidClient)?;
    let granted = Scopes::parse(account.scopes.as_deref());
    let scopes = match requested.filter(|requested| !requested.is_empty()) {
        None => granted,
        Some(requested) => {
            let requested = Scopes::parse(Some(requested));
            if !requested.are_known() || !requested.within(&granted) {
                return Err(Error::new(Code::InvalidScope));
            }
            requested
        }
    };
    Ok(Caller { issuer, subject, client_id: Some(account.client_id), scopes })
}

/// The kind of first account to create.
#[derive(Debug, Clone)]
pub enum FirstAccount {
    /// The admin of an organisation, which is created if missing.
    Admin {
        /// The organisation's code.
        organization: String,
    },
    /// An operator of the installation.
    Operator,
}

/// Creates the first account, from the command line.
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
    let organization_id = organization.as_ref().map(|organization| organization.id);
    let today = date_in(organization.as_ref().map_or(chrono_tz::Asia::Ho_Chi_Minh, Organization::zone), now);
    let person = Person::of(None, format!("account-{id}"), name.to_owned());
    let mut member = Member::new(id, organization_id, person, vec![role], (today, now));
    member.clean(&mut check);
    Error::unless_valid(check.faults)?;
    store::members::insert(conn, &member)?;
    let added = add(conn, app, now, &member.id, None)?;
    let author = Author { issuer: "system", subject: "command-line", request_id: "create-admin" };
    let after = json!({"roles": member.roles, "client_id": added.account.client_id});
    record_as(conn, app, now, &author, AuditDraft::of("member.create", &member, None, Some(after)))?;
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
    let mut organization = Organization::new(app.ids.next(), code, code, now);
    organization.clean(check);
    if check.faults.is_empty() {
        store::organizations::insert(conn, &organization)?;
    }
    Ok(organization)
}
