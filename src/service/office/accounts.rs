//! Service accounts: the credentials of machines.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::clock::{machine_now, new_secret};
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{Principal, Scopes};
use crate::domain::change::Change;
use crate::domain::office::member::{Member, MemberKind, SECRET_OVERLAP, ServiceAccount, account_of_client, client_id};
use crate::domain::time::instant;
use crate::error::{Code, Error, Fault};
use crate::service::office::scopes;
use crate::service::{App, Caller, Context, Details, Identity, Input, Related, Result, Subject, sha256_hex};
use crate::store::page::Page;
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

/// The words of an account's scopes; `None` if they narrow nothing.
pub struct ScopeWords(pub Option<Vec<String>>);

impl Related<OwnedAccount> for ScopeWords {
    fn load(record: &OwnedAccount, conn: &mut Conn, _context: &Context) -> Result<Self, Error> {
        scopes::words(conn, &record.account.scopes).map(ScopeWords)
    }

    fn load_parts(record: &OwnedAccount, _conn: &mut Conn, _context: &Context) -> Result<Vec<(Id, i64)>, Error> {
        Ok(vec![record.identity().part()])
    }
}

impl Subject for OwnedAccount {
    /// The words of its scopes.
    type Visible = ScopeWords;
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
            "member_id": member_id, "client_id": client_id, "scopes": scopes.text(), "revoked_at": revoked_at.map(instant),
            // The audit keeps that the secret changed, not its value or hash.
            "secret_version": self.account.version,
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(OwnedAccount { account: store::accounts::update(conn, self.account)?, ..self })
    }
}

/// Creates credentials for a member.
pub fn add(conn: &mut Conn, app: &App, now: DateTime<Utc>, member_id: &Id, scopes: Scopes) -> Result<NewSecret, Error> {
    let secret = new_secret().map_err(Error::internal)?;
    let id = app.ids.next();
    let account = ServiceAccount {
        client_id: client_id(&id),
        id,
        member_id: *member_id,
        secret_sha256: sha256_hex(secret.as_bytes()),
        previous_secret: None,
        last_used_at: None,
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
    let own = member.as_ref().and_then(|member| member.organization_id);
    let (organization_id, new) = context.enter_collection(input, |_| own, Action::WriteMember)?;
    if own.is_none() {
        Error::unless_valid(vec![Fault::at("/member_id", Code::UnknownReference)])?;
    }
    if member.is_some_and(|member| member.kind != MemberKind::Machine) {
        Error::unless_valid(vec![Fault::at("/member_id", Code::MachineMemberRequired)])?;
    }
    let scopes = match &new.scopes {
        Some(words) => {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            scopes::read(conn, Some(&organization_id), &words)?
        }
        None => Scopes::default(),
    };
    let NewSecret { account, secret } = add(conn, context.app, context.now, &new.member_id, scopes)?;
    let owned = OwnedAccount { account, organization_id };
    context.record_created(conn, "service_account.create", &owned, None)?;
    Ok((context.details(conn, owned)?, secret))
}

/// Lists the service accounts of an organisation.
///
/// # Errors
/// `organization_required`, `role_required`, `not_found`, `not_acceptable`.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    member_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<(ServiceAccount, Option<Vec<String>>)>> {
    let organization_id = context.enter_list(organization_id, Action::ReadMembers)?;
    let accounts = store::accounts::list(conn, &organization_id, member_id, page)?;
    let scopes: Vec<&Scopes> = accounts.iter().map(|account| &account.scopes).collect();
    let words = scopes::words_of_all(conn, &scopes)?;
    Ok(accounts.into_iter().zip(words).collect())
}

/// Gives an account a new secret; the one before stays good for [`SECRET_OVERLAP`](crate::domain::office::member::SECRET_OVERLAP).
pub fn rotate(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Details<OwnedAccount>, String)> {
    let (before, ()): (OwnedAccount, _) = context.enter(conn, id, Action::WriteMember, &Ok(()))?;
    let secret = new_secret().map_err(Error::internal)?;
    let account = before.account.rotated(sha256_hex(secret.as_bytes()), machine_now() + SECRET_OVERLAP, context.now);
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

/// The caller that client credentials stand for.
pub struct Authenticated {
    /// The caller, with the scopes granted to the token.
    pub caller: Caller,
    /// The words of these scopes; `None` if they narrow nothing.
    pub scope: Option<String>,
    /// The account.
    pub account: ServiceAccount,
}

/// Notes that an account was used: at most once a minute, so that fetching tokens writes next to nothing.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub async fn note_use(app: &App, used: &Authenticated) -> Result<(), Error> {
    let (now, id) = (machine_now(), used.account.id);
    if used.account.last_used_at.is_some_and(|last| (TimeDelta::zero()..TimeDelta::minutes(1)).contains(&(now - last)))
    {
        return Ok(());
    }
    app.db.write(move |conn| store::accounts::touch(conn, &id, now)).await
}

/// Authenticates client credentials. A requested scope is granted as far as the account has it.
///
/// # Errors
/// `invalid_client`, `invalid_scope`.
pub fn authenticate(
    conn: &mut Conn,
    client_id: &str,
    secret: &str,
    requested: Option<&str>,
) -> Result<Authenticated, Error> {
    let digest = sha256_hex(secret.as_bytes());
    let account_id = account_of_client(client_id).ok_or(Code::InvalidClient)?;
    let found = store::accounts::find_live(conn, &account_id)?;
    // Each is compared, in constant time.
    let has_secret = |account: &ServiceAccount| {
        let matches =
            account.secrets(machine_now()).map(|secret| bool::from(secret.as_bytes().ct_eq(digest.as_bytes())));
        matches.fold(false, |found, matches| found | matches)
    };
    let account = found.filter(has_secret).ok_or(Code::InvalidClient)?;
    let scopes = match requested.filter(|requested| !requested.is_empty()) {
        None => account.scopes.clone(),
        Some(requested) => {
            let member = store::members::find(conn, &account.member_id)?.ok_or(Code::InvalidClient)?;
            let words: Vec<&str> = requested.split(' ').filter(|word| !word.is_empty()).collect();
            let requested = scopes::read(conn, member.organization_id.as_ref(), &words)?;
            account.scopes.intersection(&requested).ok_or(Code::InvalidScope)?
        }
    };
    let scope = scopes::words(conn, &scopes)?.map(|words| words.join(" "));
    let principal = Principal::ServiceAccount { id: account.id };
    Ok(Authenticated { caller: Caller { principal, scopes }, scope, account })
}
