//! A person's own memberships: what somebody entered for a principal counts once its person has taken it.

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Principal, ScopeKind};
use crate::domain::office::member::{Member, MemberStatus};
use crate::error::{Code, Error};
use crate::service::context::Request;
use crate::service::{App, AuditDraft, Author, Context, Details, Identity, Input, Result, Subject, record_as};
use crate::store::{self, Conn};

/// A membership as its person sees it.
#[derive(Debug, Clone)]
pub struct OwnMembership(pub Member);

impl Subject for OwnMembership {
    type Visible = ();
    const TYPE: &'static str = "member";

    fn identity(&self) -> Identity {
        self.0.identity()
    }

    fn read_action(&self) -> Action {
        Action::ReadOffice
    }

    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let own = of_caller(conn, context)?;
        Ok(OwnMembership(own.into_iter().find(|member| member.id == *id).ok_or(Code::NotFound)?))
    }

    /// The principal gives the right, not a role: a membership that waits gives none.
    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        let kind = if action == self.read_action() { ScopeKind::Read } else { ScopeKind::Write };
        access::require_scope(&context.actor, kind)
    }

    fn audit(&self) -> serde_json::Value {
        self.0.audit()
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        self.0.save(conn).map(OwnMembership)
    }
}

/// The memberships of the caller's principal that have not ended, oldest first.
fn of_caller(conn: &mut Conn, context: &Context) -> Result<Vec<Member>, Error> {
    match &context.actor.principal {
        Principal::External { issuer, subject } => store::members::of_identity(conn, issuer, subject),
        Principal::Account { .. } | Principal::ServiceAccount { .. } => {
            let ids: Vec<Id> = context.actor.memberships.iter().map(|membership| membership.member_id).collect();
            ids.iter().filter_map(|id| store::members::find(conn, id).transpose()).collect()
        }
    }
}

/// Lists the caller's memberships that have not ended, with those that wait to be accepted.
///
/// # Errors
/// `not_acceptable`.
pub fn list(conn: &mut Conn, context: &Context) -> Result<Vec<Member>> {
    context.accept_read()?;
    Ok(of_caller(conn, context)?)
}

/// Accepts a membership that waits.
///
/// # Errors
/// `not_found`, `invalid_state`.
pub fn accept(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<OwnMembership>> {
    let before = enter(conn, context, id)?;
    let change = before.0.taken(context.now).map(OwnMembership);
    context.commit(conn, "member.accept", &before, change)
}

/// Declines a membership that waits, which ends it.
///
/// # Errors
/// `not_found`, `invalid_state`.
pub fn decline(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<OwnMembership>> {
    let before = enter(conn, context, id)?;
    let change = before.0.ended(DECLINED, context.now)?.map(OwnMembership);
    context.commit(conn, "member.decline", &before, change)
}

/// The reason that a declined membership ends with.
const DECLINED: &str = "declined";

fn enter(conn: &mut Conn, context: &Context, id: &Id) -> Result<OwnMembership> {
    let (before, ()): (OwnMembership, _) = context.enter(conn, id, Action::WriteMember, OK)?;
    before.0.check_pending()?;
    Ok(before)
}

const OK: &Input<()> = &Ok(());

/// Takes the membership that waits for a person who has no active one: the first request does so.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn take_first(conn: &mut Conn, app: &App, request: &Request, id: &Id) -> Result<(), Error> {
    let Some(before) = store::members::find(conn, id)?.filter(|member| member.status() == MemberStatus::Pending) else {
        // Another request was faster.
        return Ok(());
    };
    let now = app.clock.now();
    let after = match before.taken(now).after.save(conn) {
        // Another request was faster.
        Err(error) if error.code == Code::VersionMismatch => return Ok(()),
        saved => saved?,
    };
    let author = Author::of_member(&after, &request.request_id);
    record_as(conn, app, now, &author, AuditDraft::of_change("member.accept", &before, &after, None))
}
