//! Acts on invitations: the one-time way in of a local person.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::clock::{machine_now, new_secret};
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, ScopeKind};
use crate::domain::office::invitation::{Invitation, InvitationStatus, check_invitable};
use crate::domain::office::member::Member;
use crate::domain::time::instant;
use crate::error::{Code, Error};
use crate::service::office::sessions;
use crate::service::{
    App, AuditDraft, Author, Context, Details, Identity, Interrupt, Related, Subject, record_as, sha256_hex,
};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// An invitation with its member.
#[derive(Debug, Clone)]
pub struct OwnedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Who is invited.
    pub member: Member,
}

/// How far an invitation is, which the clock alone may change.
pub struct StatusNow(pub InvitationStatus);

impl Related<OwnedInvitation> for StatusNow {
    fn load(record: &OwnedInvitation, _conn: &mut Conn, context: &Context) -> Result<Self, Error> {
        Ok(StatusNow(record.invitation.status(context.now)))
    }

    fn phase(&self, _record: &OwnedInvitation) -> Option<String> {
        Some(format!("{:?}", self.0))
    }
}

impl Subject for OwnedInvitation {
    type Visible = StatusNow;
    const TYPE: &'static str = "invitation";

    fn identity(&self) -> Identity {
        let OwnedInvitation { invitation, member } = self;
        Identity { id: invitation.id, organization_id: member.organization_id, version: invitation.version }
    }

    fn read_action(&self) -> Action {
        Action::ReadMembers
    }

    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self, Interrupt> {
        let invitation = store::invitations::find(conn, id)?.ok_or(Code::NotFound)?;
        let member = Member::find(conn, context, &invitation.member_id)?;
        Ok(OwnedInvitation { invitation, member })
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self, Interrupt> {
        if let Some(invitation) = store::invitations::find(conn, id)? {
            store::members::lock_for_change(conn, &invitation.member_id)?;
        }
        Self::find(conn, context, id)
    }

    /// As its member, and by the operator who made it: of an organisation's first admin.
    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        let is_own = |inviter: &Id| context.actor.memberships.iter().any(|own| own.member_id == *inviter);
        if context.actor.is_operator() && self.invitation.inviter_id.as_ref().is_some_and(is_own) {
            let is_read = action == self.read_action();
            let needed = if is_read { ScopeKind::Read } else { ScopeKind::Write };
            return access::require_operator(&context.actor, needed);
        }
        self.member.authorize(context, action)
    }

    fn audit(&self) -> Value {
        let Invitation { member_id, inviter_id, expires_at, accepted_at, revoked_at, .. } = &self.invitation;
        json!({
            "member_id": member_id, "inviter_id": inviter_id, "expires_at": instant(*expires_at),
            "accepted_at": accepted_at.map(instant), "revoked_at": revoked_at.map(instant),
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(OwnedInvitation { invitation: store::invitations::update(conn, self.invitation)?, ..self })
    }
}

/// A new token with the invitation that it opens; the token is shown only once.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The invitation.
    pub owned: OwnedInvitation,
    /// The token.
    pub token: String,
}

/// Invites a member in the place of any invitation before, and ends the member's sessions.
///
/// # Errors
/// `local_person_required`.
pub fn invite(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    author: &Author,
    member: Member,
    inviter_id: Option<Id>,
) -> Result<NewToken, Error> {
    check_invitable(&member)?;
    if let Some(before) = store::invitations::pending_of_member(conn, &member.id)? {
        let before = OwnedInvitation { invitation: before, member: member.clone() };
        let after = OwnedInvitation { invitation: before.invitation.revoked(now)?.after, ..before.clone() };
        let after = after.save(conn)?;
        record_as(conn, app, now, author, AuditDraft::of_change("invitation.revoke", &before, &after, None))?;
    }
    sessions::end_all(conn, app, now, author, &member, None)?;
    let token = new_secret().map_err(Error::internal)?;
    let invitation = Invitation::new(app.ids.next(), member.id, inviter_id, sha256_hex(token.as_bytes()), now);
    store::invitations::insert(conn, &invitation)?;
    let owned = OwnedInvitation { invitation, member };
    record_as(conn, app, now, author, AuditDraft::of("invitation.create", &owned, None, Some(owned.audit())))?;
    Ok(NewToken { owned, token })
}

/// The caller's own membership from which it invites into an organisation.
fn inviter(context: &Context, organization_id: Option<&Id>) -> Option<Id> {
    let own = &context.actor.memberships;
    let there = own.iter().find(|membership| membership.organization_id.as_ref() == organization_id);
    there.or(own.iter().find(|membership| membership.organization_id.is_none())).map(|membership| membership.member_id)
}

/// Invites a member, by the caller.
///
/// # Errors
/// `local_person_required`; `invalid_state` for a member that has ended.
pub fn create(
    conn: &mut Conn,
    context: &Context,
    member_id: &Id,
) -> Result<(Details<OwnedInvitation>, String), Interrupt> {
    let (member, ()): (Member, _) = context.enter_to_add(conn, member_id, Action::WriteMember, &Ok(()))?;
    let NewToken { owned, token } = invite_as_caller(conn, context, member)?;
    Ok((context.details(conn, owned)?, token))
}

/// Invites a member whom the caller has the right to invite.
///
/// # Errors
/// `local_person_required`.
pub fn invite_as_caller(conn: &mut Conn, context: &Context, member: Member) -> Result<NewToken, Error> {
    let organization_id = member.organization_id;
    let author = Author::of(context, organization_id.as_ref());
    let inviter_id = inviter(context, organization_id.as_ref());
    invite(conn, context.app, context.now, &author, member, inviter_id)
}

/// Lists the invitations of an organisation's members; for an operator without an organisation, those of the operators.
///
/// # Errors
/// `organization_required`, `role_required`, `not_found`, `not_acceptable`.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    member_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Invitation>, Interrupt> {
    let organization_id = if context.actor.is_operator() && organization_id.is_none() {
        access::require_operator(&context.actor, ScopeKind::Read)?;
        context.accept_read()?;
        None
    } else {
        Some(context.enter_list(organization_id, Action::ReadMembers)?)
    };
    Ok(store::invitations::list(conn, organization_id.as_ref(), member_id, page)?)
}

/// Gives an invitation a new token and its whole time again.
///
/// # Errors
/// `invalid_state` once it is accepted or revoked, or its member has ended.
pub fn resend(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Details<OwnedInvitation>, String), Interrupt> {
    let (before, ()): (OwnedInvitation, _) = context.enter(conn, id, Action::WriteMember, &Ok(()))?;
    let token = new_secret().map_err(Error::internal)?;
    let change = before.invitation.resent(sha256_hex(token.as_bytes()), context.now)?;
    // Who sends it again answers for it from now on.
    let inviter_id = inviter(context, before.member.organization_id.as_ref());
    let change = change.map(|invitation| OwnedInvitation {
        invitation: Invitation { inviter_id, ..invitation },
        member: before.member.clone(),
    });
    Ok((context.commit(conn, "invitation.resend", &before, change)?, token))
}

/// Revokes an invitation.
///
/// # Errors
/// `invalid_state` once it is accepted or revoked.
pub fn revoke(conn: &mut Conn, context: &Context, id: &Id) -> Result<(), Interrupt> {
    let (before, ()): (OwnedInvitation, _) = context.enter(conn, id, Action::WriteMember, &Ok(()))?;
    let change = before.invitation.revoked(context.now)?;
    let change = change.map(|invitation| OwnedInvitation { invitation, member: before.member.clone() });
    context.save(conn, "invitation.revoke", &before, change)?;
    Ok(())
}

/// Whether whoever sent an invitation still has the right to.
///
/// # Errors
/// `invitation_invalid`; `busy` or `internal` when the database fails.
pub fn check_inviter(conn: &mut Conn, now: DateTime<Utc>, owned: &OwnedInvitation) -> Result<(), Error> {
    let Some(inviter_id) = &owned.invitation.inviter_id else {
        // The command line, whose right is the machine's.
        return Ok(());
    };
    let inviter = store::members::find(conn, inviter_id)?.ok_or(Code::InvitationInvalid)?;
    let zone = match &inviter.organization_id {
        Some(id) => store::organizations::find(conn, id)?.map_or(chrono_tz::UTC, |organization| organization.zone()),
        None => chrono_tz::Asia::Ho_Chi_Minh,
    };
    let stands = inviter.is_valid_on(crate::domain::time::date_in(zone, now));
    let may = stands && access::may_invite(&inviter, owned.member.organization_id.as_ref());
    if may { Ok(()) } else { Err(Code::InvitationInvalid.into()) }
}

/// Returns the invitation that a token opens, with its member.
///
/// # Errors
/// `invitation_invalid`, `invitation_expired`.
pub fn open(conn: &mut Conn, now: DateTime<Utc>, token: &str) -> Result<OwnedInvitation, Error> {
    let found = store::invitations::find_by_hash(conn, &sha256_hex(token.as_bytes()))?;
    let invitation = found.ok_or(Code::InvitationInvalid)?;
    invitation.check_usable(now)?;
    let member = store::members::find(conn, &invitation.member_id)?.ok_or(Code::InvitationInvalid)?;
    if member.end.is_some() {
        return Err(Code::InvitationInvalid.into());
    }
    let owned = OwnedInvitation { invitation, member };
    check_inviter(conn, now, &owned)?;
    Ok(owned)
}

/// Accepts an invitation: its member has a password from now on, and no session of before.
///
/// # Errors
/// `invitation_invalid`, `invitation_expired`.
pub fn accept(
    conn: &mut Conn,
    app: &App,
    author: &Author,
    before: &OwnedInvitation,
    password_hash: &str,
) -> Result<(), Error> {
    let now = app.clock.now();
    let after = OwnedInvitation { invitation: before.invitation.accepted(now)?.after, ..before.clone() }.save(conn)?;
    record_as(conn, app, now, author, AuditDraft::of_change("invitation.accept", before, &after, None))?;
    let Member { id, organization_id, .. } = before.member;
    record_as(conn, app, now, author, AuditDraft::about("password.set", organization_id, (Member::TYPE, id)))?;
    sessions::end_all(conn, app, now, author, &before.member, None)?;
    store::passwords::put(conn, &id, password_hash, machine_now())
}
