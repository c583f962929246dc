//! Acts on a person's own sessions.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::clock::machine_now;
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Principal, ScopeKind};
use crate::domain::office::member::Member;
use crate::domain::office::session::Session;
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::service::{App, AuditDraft, Author, Context, Identity, Interrupt, Subject, record_as};
use crate::store::{self, Conn};

/// A session with the organisation of its person.
#[derive(Debug, Clone)]
pub struct OwnedSession {
    /// The session.
    pub session: Session,
    /// The organisation of its person; none for an operator.
    pub organization_id: Option<Id>,
}

impl Subject for OwnedSession {
    type Visible = ();
    const TYPE: &'static str = "session";

    fn identity(&self) -> Identity {
        let OwnedSession { session, organization_id } = self;
        Identity { id: session.id, organization_id: *organization_id, version: session.version }
    }

    fn read_action(&self) -> Action {
        Action::ReadOffice
    }

    /// Only the caller's own, and only while it lives.
    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self, Interrupt> {
        let session = store::sessions::find(conn, id)?.filter(|session| session.is_live(machine_now()));
        let session = session.filter(|session| Some(session.member_id) == account(context));
        let session = session.ok_or(Code::NotFound)?;
        let member = store::members::find(conn, &session.member_id)?.ok_or(Code::NotFound)?;
        Ok(OwnedSession { session, organization_id: member.organization_id })
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self, Interrupt> {
        if let Some(member_id) = account(context) {
            store::members::lock_for_change(conn, &member_id)?;
        }
        Self::find(conn, context, id)
    }

    /// The account gives the right, not a role.
    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        let kind = if action == self.read_action() { ScopeKind::Read } else { ScopeKind::Write };
        access::require_scope(&context.actor, kind)
    }

    fn audit(&self) -> Value {
        audit(&self.session)
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(OwnedSession { session: store::sessions::update(conn, self.session)?, ..self })
    }
}

/// What audit entries keep of a session: neither its address nor its secret.
fn audit(session: &Session) -> Value {
    json!({"member_id": session.member_id, "ended_at": session.ended_at.map(instant)})
}

/// The member whose local account the caller has signed in to.
fn account(context: &Context) -> Option<Id> {
    match &context.actor.principal {
        Principal::Account { member_id, .. } => Some(*member_id),
        Principal::ServiceAccount { .. } | Principal::External { .. } => None,
    }
}

/// Returns the member whose local account the caller has signed in to.
///
/// # Errors
/// `session_required`.
pub fn own_account(context: &Context) -> Result<Id, Error> {
    account(context).ok_or_else(|| Code::SessionRequired.into())
}

/// Lists the caller's sessions that are not over.
///
/// # Errors
/// `not_acceptable`.
pub fn list(conn: &mut Conn, context: &Context) -> Result<Vec<Session>, Interrupt> {
    context.accept_read()?;
    match account(context) {
        Some(member_id) => Ok(store::sessions::live_of_member(conn, &member_id, machine_now())?),
        None => Ok(Vec::new()),
    }
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// `not_found`, `precondition_required`, `version_mismatch`.
pub fn end(conn: &mut Conn, context: &Context, id: &Id) -> Result<(), Interrupt> {
    let (before, ()): (OwnedSession, _) = context.enter(conn, id, Action::WriteMember, &Ok(()))?;
    let organization_id = before.organization_id;
    let change = before.session.ended(machine_now()).map(|session| OwnedSession { session, organization_id });
    context.save(conn, "session.end", &before, change)?;
    Ok(())
}

/// Ends a session, with its reason where it is not its person's wish.
///
/// # Errors
/// `version_mismatch`; `busy` or `internal` when the database fails.
pub fn end_one(
    conn: &mut Conn,
    app: &App,
    author: &Author,
    organization_id: Option<Id>,
    session: &Session,
    reason: Option<&str>,
) -> Result<(), Error> {
    let before = OwnedSession { session: session.clone(), organization_id };
    let session = store::sessions::update(conn, session.ended(machine_now()).after)?;
    let mut after = audit(&session);
    if let (Some(reason), Some(fields)) = (reason, after.as_object_mut()) {
        fields.insert("reason".to_owned(), json!(reason));
    }
    let draft = AuditDraft::of("session.end", &before, Some(before.audit()), Some(after));
    record_as(conn, app, app.clock.now(), author, draft)
}

/// Ends the sessions of a member, all but one where one is to stay.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn end_all(
    conn: &mut Conn,
    app: &App,
    _now: DateTime<Utc>,
    author: &Author,
    member: &Member,
    stays: Option<Id>,
) -> Result<(), Error> {
    let live = store::sessions::live_of_member(conn, &member.id, machine_now())?;
    for session in live.iter().filter(|session| Some(session.id) != stays) {
        end_one(conn, app, author, member.organization_id, session, None)?;
    }
    Ok(())
}
