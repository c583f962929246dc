//! Acts on members.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::clock::machine_now;
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, ScopeKind};
use crate::domain::change::{Change, Gate};
use crate::domain::office::member::{Member, Person, Role};
use crate::domain::text::Check;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::office::organizations::zone_of;
use crate::service::{Context, Details, Identity, Input, Result, Subject};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new member.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// The organisation; none for the caller's only one.
    pub organization_id: Option<Id>,
    /// The person or the machine.
    pub person: Person,
    /// Roles held.
    pub roles: Vec<Role>,
    /// The person's unit.
    pub unit_id: Option<Id>,
    /// First day of membership; none for today.
    pub valid_from_on: Option<NaiveDate>,
    /// Last day of membership.
    pub valid_until_on: Option<NaiveDate>,
}

/// A patch of a member; absent fields stay unchanged.
#[derive(Debug, Clone, Default)]
pub struct MemberChange {
    /// Name shown to other users.
    pub display_name: Option<String>,
    /// Roles held.
    pub roles: Option<Vec<Role>>,
    /// The person's unit; `Some(None)` removes it.
    pub unit_id: Option<Option<Id>>,
    /// First day of membership.
    pub valid_from_on: Option<NaiveDate>,
    /// Last day of membership; `Some(None)` removes it.
    pub valid_until_on: Option<Option<NaiveDate>>,
}

impl Subject for Member {
    type Visible = ();
    const TYPE: &'static str = "member";

    fn identity(&self) -> Identity {
        Identity { id: self.id, organization_id: self.organization_id, version: self.version }
    }

    fn read_action(&self) -> Action {
        Action::ReadMembers
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        Ok(store::members::find(conn, id)?.ok_or(Code::NotFound)?)
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        store::members::lock_for_change(conn, id)?;
        Self::find(conn, context, id)
    }

    fn may(&self, _context: &Context, action: Action) -> Gate {
        Member::may(self, action)
    }

    /// Operators, who belong to no organisation, are managed by operators alone.
    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        if self.organization_id.is_some() {
            return context.require_readable(self, action);
        }
        if !context.actor.is_operator() {
            return Err(Error::new(Code::NotFound));
        }
        let is_read = action == self.read_action();
        access::require_operator(&context.actor, if is_read { ScopeKind::Read } else { ScopeKind::Write })
    }

    fn audit(&self) -> Value {
        json!({
            "kind": self.kind, "status": self.status(), "end_reason": self.end.as_ref().map(|end| &end.reason),
            "issuer": self.issuer, "subject": self.subject, "display_name": self.display_name, "roles": self.roles,
            "unit_id": self.unit_id, "valid_from_on": self.valid_from_on, "valid_until_on": self.valid_until_on,
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        store::members::update(conn, self)
    }
}

/// The organisation in which a member is to be entered; none for an operator of the installation, whom only an operator enters.
fn enter_members<'i>(context: &Context, input: &'i Input<NewMember>) -> Result<(Option<Id>, &'i NewMember)> {
    let names_organization = input.as_ref().is_ok_and(|new| new.organization_id.is_some());
    if context.actor.is_operator() && !names_organization {
        access::require_operator(&context.actor, ScopeKind::Write)?;
        return Ok((None, context.accept(input)?));
    }
    let (id, new) = context.enter_collection(input, |new| new.organization_id, Action::WriteMember)?;
    Ok((Some(id), new))
}

/// Lists the members of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    unit_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Member>> {
    let organization_id = if context.actor.is_operator() && organization_id.is_none() {
        access::require_operator(&context.actor, ScopeKind::Read)?;
        context.accept_read()?;
        None
    } else {
        Some(context.enter_list(organization_id, Action::ReadMembers)?)
    };
    Ok(store::members::list(conn, organization_id.as_ref(), unit_id, page)?)
}

/// Creates a member.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewMember>) -> Result<Details<Member>> {
    let (organization_id, new) = enter_members(context, input)?;
    let zone = match &organization_id {
        Some(id) => zone_of(conn, id)?,
        None => chrono_tz::Asia::Ho_Chi_Minh,
    };
    let id = context.new_id();
    let from_on = new.valid_from_on.unwrap_or_else(|| date_in(zone, context.now));
    let mut member = Member {
        unit_id: new.unit_id,
        valid_until_on: new.valid_until_on,
        ..Member::new(id, organization_id, new.person.clone(), new.roles.clone(), (from_on, context.now))
    };
    validate(conn, context, &mut member)?;
    store::members::insert(conn, &member)?;
    context.record_created(conn, "member.create", &member, None)?;
    Ok(context.details(conn, member)?)
}

/// Changes a member.
pub fn change(conn: &mut Conn, context: &Context, id: &Id, input: &Input<MemberChange>) -> Result<Details<Member>> {
    let (before, change): (Member, _) = context.enter(conn, id, Action::WriteMember, input)?;
    let mut after = Member {
        display_name: change.display_name.clone().unwrap_or_else(|| before.display_name.clone()),
        roles: change.roles.clone().unwrap_or_else(|| before.roles.clone()),
        unit_id: change.unit_id.unwrap_or(before.unit_id),
        valid_from_on: change.valid_from_on.unwrap_or(before.valid_from_on),
        valid_until_on: change.valid_until_on.unwrap_or(before.valid_until_on),
        updated_at: context.now,
        ..before.clone()
    };
    validate(conn, context, &mut after)?;
    context.commit(conn, "member.change", &before, Change::silent(after))
}

/// Ends a membership at once, with all that opens it.
pub fn end(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<Member>> {
    let (before, reason): (Member, _) = context.enter(conn, id, Action::WriteMember, input)?;
    let change = before.ended(reason, context.now)?;
    store::accounts::revoke_of_member(conn, id, context.now)?;
    store::invitations::revoke_of_member(conn, id, context.now)?;
    store::sessions::end_of_member(conn, id, machine_now())?;
    context.commit(conn, "member.end", &before, change)
}

fn validate(conn: &mut Conn, context: &Context, member: &mut Member) -> Result<(), Error> {
    let mut check = Check::default();
    member.clean(&mut check);
    check.ensure(member.is_local() || context.app.issuers.contains(&member.issuer), "/issuer", Code::IssuerNotAllowed);
    if let Some(unit_id) = &member.unit_id {
        let known = match &member.organization_id {
            Some(organization_id) => store::units::find_key(conn, organization_id, unit_id)?.is_some(),
            None => false,
        };
        check.ensure(known, "/unit_id", Code::UnknownReference);
    }
    Error::unless_valid(check.faults)
}
