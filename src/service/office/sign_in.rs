//! How people sign in, stay in and get out: without a caller, because there is none yet.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::clock::{machine_now, new_secret};
use crate::domain::Id;
use crate::domain::access::{Principal, Scopes};
use crate::domain::office::invitation::Password;
use crate::domain::office::member::Member;
use crate::domain::office::organization::Organization;
use crate::domain::office::session::{Device, Guesser, Refresh, Session};
use crate::domain::text::composed;
use crate::error::{Code, Error, Fault};
use crate::service::office::{invitations, sessions};
use crate::service::{App, AuditDraft, Author, Caller, Context, Input, Interrupt, record_as, sha256_hex};
use crate::store::{self, Conn, sign_in_failures};

/// From where somebody signs in, and under which id the request is logged.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client.
    pub device: Device,
    /// The address by which failures are counted.
    pub network: String,
    /// Id for the log and the audit entry.
    pub request_id: String,
}

/// A name and a password.
#[derive(Debug, Clone)]
pub struct Login {
    /// The organisation's code; none for an operator.
    pub organization_code: Option<String>,
    /// The user name in it.
    pub user_name: String,
    /// The password.
    pub password: Password,
}

/// What somebody has who has signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Whom an access token stands for.
    pub caller: Caller,
    /// How long an access token may live, in seconds.
    pub access_seconds: i64,
    /// The session.
    pub session: Session,
    /// The refresh token.
    pub refresh_token: String,
}

impl SignedIn {
    fn of(session: Session, refresh_token: String) -> Self {
        let principal = Principal::Account { member_id: session.member_id, session_id: Some(session.id) };
        let caller = Caller { principal, scopes: Scopes::default() };
        SignedIn { caller, access_seconds: session.access_seconds(machine_now()), session, refresh_token }
    }
}

/// The key by which failures at an account are counted, whether there is such an account or not.
fn account_key(organization_code: Option<&str>, user_name: &str) -> String {
    let named = format!("{}\n{user_name}", organization_code.unwrap_or_default());
    format!("account {}", sha256_hex(named.to_lowercase().as_bytes()))
}

fn address_key(origin: &Origin) -> String {
    format!("address {}", origin.network)
}

fn refuse_blocked(conn: &mut Conn, keys: [&str; 2], now: DateTime<Utc>) -> Result<(), Error> {
    let mut latest = None;
    for key in keys {
        latest = latest.max(sign_in_failures::blocked_until(conn, key, now)?);
    }
    match latest {
        None => Ok(()),
        Some(until) => {
            let wait = (until - now + TimeDelta::milliseconds(999)).num_seconds().max(1);
            Err(Error::new(Code::RateLimited).with("retry_after_seconds", wait))
        }
    }
}

/// Counts an attempt before it is made, so that many at once count as many; forgotten again when it succeeds.
async fn count_attempt(app: &App, account: &str, address: &str) -> Result<(), Error> {
    let (account, address) = (account.to_owned(), address.to_owned());
    let count = move |conn: &mut Conn| {
        let now = machine_now();
        refuse_blocked(conn, [&account, &address], now)?;
        sign_in_failures::count(conn, Guesser::Account, &account, now)
    };
    app.db.write(count).await
}

/// Signs in by name and password.
///
/// # Errors
/// `invalid_login` whatever of it is wrong, `rate_limited`, `busy`.
pub async fn login(app: &Arc<App>, login: Login, origin: Origin) -> Result<SignedIn, Error> {
    let code = login.organization_code.as_deref().map(composed);
    let user_name = composed(&login.user_name);
    let (account, address) = (account_key(code.as_deref(), &user_name), address_key(&origin));
    let (for_account, for_address) = (account.clone(), address.clone());
    app.db.read(move |conn| refuse_blocked(conn, [&for_account, &for_address], machine_now())).await?;
    let turn = app.passwords.turn().await?;
    count_attempt(app, &account, &address).await?;
    let find = move |conn: &mut Conn| {
        // No name has it, and PostgreSQL takes no text that does.
        if [code.as_deref().unwrap_or_default(), &user_name].iter().any(|text| text.contains('\0')) {
            return Ok(None);
        }
        let Some(member_id) = store::sessions::find_account(conn, code.as_deref(), &user_name)? else {
            return Ok(None);
        };
        Ok(store::passwords::find(conn, &member_id)?.map(|hash| (member_id, hash)))
    };
    let found: Option<(Id, String)> = app.db.read(find).await?;
    let hash = found.as_ref().map(|(_, hash)| hash.clone());
    let matches = app.passwords.verify(&turn, login.password, hash).await?;
    drop(turn);
    let shared = Arc::clone(app);
    let enter = move |conn: &mut Conn| {
        let found = found.as_ref().filter(|_| matches);
        let entered = match found {
            Some((member_id, hash)) => enter(conn, &shared, member_id, hash, &origin)?,
            None => None,
        };
        match &entered {
            Some(_) => sign_in_failures::clear(conn, &[&account, &address])?,
            None => sign_in_failures::count(conn, Guesser::Address, &address, machine_now())?,
        }
        Ok(entered)
    };
    // A refusal is an answer of the transaction, so that what it counted stays.
    app.db.write(enter).await?.ok_or_else(|| Code::InvalidLogin.into())
}

/// Begins a session, unless the member has ended or the password has changed meanwhile.
fn enter(conn: &mut Conn, app: &App, member_id: &Id, hash: &str, origin: &Origin) -> Result<Option<SignedIn>, Error> {
    store::members::lock_for_change(conn, member_id)?;
    let member = store::members::find(conn, member_id)?.filter(|member| member.end.is_none());
    match member {
        Some(member) if store::passwords::find(conn, member_id)?.as_deref() == Some(hash) => {
            begin(conn, app, &member, origin).map(Some)
        }
        Some(_) | None => Ok(None),
    }
}

/// Begins a session of a member.
fn begin(conn: &mut Conn, app: &App, member: &Member, origin: &Origin) -> Result<SignedIn, Error> {
    let secret = || new_secret().map_err(Error::internal);
    let (salt, token) = (secret()?, secret()?);
    let session = Session::new(app.ids.next(), member.id, salt, origin.device.clone(), machine_now());
    store::sessions::insert(conn, &session)?;
    store::sessions::insert_token(conn, &session, &sha256_hex(token.as_bytes()))?;
    let author = Author::of_member(member, &origin.request_id).in_session(session.id);
    let draft = AuditDraft {
        after: Some(json!({"member_id": member.id}).into()),
        ..AuditDraft::about("session.create", member.organization_id, ("session", session.id))
    };
    record_as(conn, app, app.clock.now(), &author, draft)?;
    Ok(SignedIn::of(session, token))
}

/// What an invitation says before a password is asked for.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The organisation; none for an operator.
    pub organization: Option<Organization>,
    /// Who is invited.
    pub member: Member,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Reads what an invitation is for.
///
/// # Errors
/// `invitation_invalid`, `invitation_expired`.
pub async fn check_invitation(app: &Arc<App>, token: String) -> Result<Invited, Error> {
    let shared = Arc::clone(app);
    let check = move |conn: &mut Conn| {
        let owned = invitations::open(conn, shared.clock.now(), &token)?;
        let organization = match &owned.member.organization_id {
            Some(id) => store::organizations::find(conn, id)?,
            None => None,
        };
        Ok(Invited { organization, member: owned.member, expires_at: owned.invitation.expires_at })
    };
    app.db.read(check).await
}

/// What is known of a person, and so no password.
fn known_of(organization: Option<&Organization>, member: &Member) -> Vec<String> {
    let of_office = organization.iter().flat_map(|office| [office.code.clone(), office.name.clone()]);
    of_office.chain([member.subject.clone(), member.display_name.clone(), "thidua".to_owned()]).collect()
}

/// Accepts an invitation with a password, and signs in. A password that does not do leaves it open.
///
/// # Errors
/// `invitation_invalid`, `invitation_expired`; then `password_too_short`, `text_too_long`, `password_too_weak`; `busy`.
pub async fn accept_invitation(
    app: &Arc<App>,
    token: String,
    password: &str,
    origin: Origin,
) -> Result<SignedIn, Error> {
    let Invited { organization, member, .. } = check_invitation(app, token.clone()).await?;
    let password = Password::chosen("/password", password)?;
    let turn = app.passwords.turn().await?;
    app.passwords.judge(&turn, "/password", password.clone(), known_of(organization.as_ref(), &member)).await?;
    let hash = app.passwords.hash(&turn, password).await?;
    drop(turn);
    let shared = Arc::clone(app);
    let accept = move |conn: &mut Conn| {
        store::members::lock_for_change(conn, &member.id)?;
        let owned = invitations::open(conn, shared.clock.now(), &token)?;
        let author = Author::of_member(&owned.member, &origin.request_id);
        invitations::accept(conn, &shared, &author, &owned, &hash)?;
        begin(conn, &shared, &owned.member, &origin)
    };
    app.db.write(accept).await
}

/// Derives the refresh token that follows another: the same for the same, so that a lost answer can be asked for again.
fn next_token(session: &Session, shown: &str) -> String {
    use base64::Engine as _;
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, session.salt.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, shown.as_bytes()))
}

/// Gives out the next refresh token. One that was followed by a used one ends the session: somebody else has had it.
///
/// # Errors
/// `refresh_token_invalid`.
pub async fn refresh(app: &Arc<App>, token: String, request_id: String) -> Result<SignedIn, Error> {
    let shared = Arc::clone(app);
    let refresh = move |conn: &mut Conn| {
        let Some((shown, session, member)) = shown(conn, &token)? else {
            return Ok(None);
        };
        let next = next_token(&session, &token);
        match session.refreshed(shown.generation, machine_now()) {
            Refresh::Next(used) => {
                store::sessions::touch(conn, &used)?;
                store::sessions::insert_token(conn, &used, &sha256_hex(next.as_bytes()))?;
                Ok(Some(SignedIn::of(used, next)))
            }
            Refresh::Again(used) => {
                store::sessions::touch(conn, &used)?;
                Ok(Some(SignedIn::of(used, next)))
            }
            Refresh::Reused(_) => {
                let author = Author::of_member(&member, &request_id).in_session(session.id);
                let reason = Some("refresh_token_reused");
                sessions::end_one(conn, &shared, &author, member.organization_id, &session, reason)?;
                Ok(None)
            }
            Refresh::Over => Ok(None),
        }
    };
    // The end of a session is an answer of the transaction, so that it stays.
    app.db.write(refresh).await?.ok_or_else(|| Code::RefreshTokenInvalid.into())
}

/// Finds the session of a refresh token and locks its member.
fn shown(conn: &mut Conn, token: &str) -> Result<Option<(store::sessions::RefreshToken, Session, Member)>, Error> {
    let Some(shown) = store::sessions::find_token(conn, &sha256_hex(token.as_bytes()))? else {
        return Ok(None);
    };
    store::members::lock_for_change(conn, &shown.member_id)?;
    let session = store::sessions::find(conn, &shown.session_id)?;
    let member = store::members::find(conn, &shown.member_id)?;
    Ok(session.zip(member).map(|(session, member)| (shown, session, member)))
}

/// What names the session to end.
#[derive(Debug, Clone)]
pub enum Leaving {
    /// An access token of it.
    Caller(Caller),
    /// A refresh token of it.
    Refresh(String),
}

/// Ends a session at once. One that is over already stays so.
///
/// # Errors
/// `session_required` for a token without a session.
pub async fn logout(app: &Arc<App>, leaving: Leaving, request_id: String) -> Result<(), Error> {
    let shared = Arc::clone(app);
    let logout = move |conn: &mut Conn| {
        let found = match &leaving {
            Leaving::Refresh(token) => shown(conn, token)?.map(|(_, session, member)| (session, member)),
            Leaving::Caller(caller) => {
                let Principal::Account { member_id, session_id: Some(session_id) } = &caller.principal else {
                    return Err(Code::SessionRequired.into());
                };
                store::members::lock_for_change(conn, member_id)?;
                let session = store::sessions::find(conn, session_id)?;
                session.zip(store::members::find(conn, member_id)?)
            }
        };
        match found.filter(|(session, _)| session.is_live(machine_now())) {
            Some((session, member)) => {
                let author = Author::of_member(&member, &request_id).in_session(session.id);
                sessions::end_one(conn, &shared, &author, member.organization_id, &session, None)
            }
            None => Ok(()),
        }
    };
    app.db.write(logout).await
}

/// The caller's password as it is, to be changed.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    member: Member,
    organization: Option<Organization>,
    hash: Option<String>,
    old: Password,
    new: Password,
}

/// Opens the caller's own password for a change.
///
/// # Errors
/// `session_required`, the errors of the body, `password_too_short`, `text_too_long`.
pub fn open_password(
    conn: &mut Conn,
    context: &Context,
    input: &Input<(String, String)>,
) -> Result<PasswordChange, Interrupt> {
    let member_id = sessions::own_account(context)?;
    let (old, new) = context.accept(input)?;
    let member = store::members::find(conn, &member_id)?.ok_or(Code::NotFound)?;
    let organization = match &member.organization_id {
        Some(id) => store::organizations::find(conn, id)?,
        None => None,
    };
    let hash = store::passwords::find(conn, &member_id)?;
    Ok(PasswordChange { member, organization, hash, old: Password::given(old), new: Password::chosen("/new", new)? })
}

/// Checks the present password and hashes the new one.
///
/// # Errors
/// `rate_limited`, `password_wrong`, `password_too_weak`, `busy`.
pub async fn prepare_password(app: &Arc<App>, change: &PasswordChange, network: &str) -> Result<String, Error> {
    let PasswordChange { member, organization, hash, old, new } = change;
    let account = account_key(organization.as_ref().map(|office| office.code.as_str()), &member.subject);
    let turn = app.passwords.turn().await?;
    count_attempt(app, &account, &format!("address {network}")).await?;
    if !app.passwords.verify(&turn, old.clone(), hash.clone()).await? {
        return Err(Error::of_fault(Fault::at("/old", Code::PasswordWrong)));
    }
    app.db.write(move |conn| sign_in_failures::clear(conn, &[&account])).await?;
    app.passwords.judge(&turn, "/new", new.clone(), known_of(organization.as_ref(), member)).await?;
    app.passwords.hash(&turn, new.clone()).await
}

/// Changes the caller's password and ends the caller's other sessions.
///
/// # Errors
/// `password_wrong` where it has changed meanwhile.
pub fn change_password(
    conn: &mut Conn,
    context: &Context,
    change: &PasswordChange,
    new_hash: &str,
) -> Result<(), Interrupt> {
    let member = &change.member;
    store::members::lock_for_change(conn, &member.id)?;
    if store::passwords::find(conn, &member.id)? != change.hash {
        return Err(Error::of_fault(Fault::at("/old", Code::PasswordWrong)).into());
    }
    store::passwords::put(conn, &member.id, new_hash, machine_now())?;
    let author = Author::of(context, member.organization_id.as_ref());
    let draft = AuditDraft::about("password.change", member.organization_id, ("member", member.id));
    record_as(conn, context.app, context.now, &author, draft)?;
    sessions::end_all(conn, context.app, context.now, &author, member, context.actor.principal.session_id())?;
    Ok(())
}
