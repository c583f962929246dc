//! Acts on members.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::change::Change;
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
    /// The person.
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

    /// Operators belong to no organisation and cannot be read here.
    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        let member = store::members::find(conn, id)?.filter(|member| member.organization_id.is_some());
        Ok(member.ok_or(Code::NotFound)?)
    }

    fn audit(&self) -> Value {
        json!({
            "issuer": self.issuer, "subject": self.subject, "display_name": self.display_name, "roles": self.roles,
            "unit_id": self.unit_id, "valid_from_on": self.valid_from_on, "valid_until_on": self.valid_until_on,
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        store::members::update(conn, self)
    }
}

/// Lists the members of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    unit_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Member>> {
    let organization_id = context.enter_list(organization_id, Action::ReadMembers)?;
    Ok(store::members::list(conn, &organization_id, unit_id, page)?)
}

/// Creates a member.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewMember>) -> Result<Details<Member>> {
    let (organization_id, new) = context.enter_collection(input, |new| new.organization_id, Action::WriteMember)?;
    let (id, today) = (context.new_id(), date_in(zone_of(conn, &organization_id)?, context.now));
    let from_on = new.valid_from_on.unwrap_or(today);
    let mut member = Member {
        unit_id: new.unit_id,
        valid_until_on: new.valid_until_on,
        ..Member::new(id, Some(organization_id), new.person.clone(), new.roles.clone(), (from_on, context.now))
    };
    validate(conn, &organization_id, &mut member)?;
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
    validate(conn, before.organization_id.as_ref().unwrap_or(&Id::NIL), &mut after)?;
    context.commit(conn, "member.change", &before, Change::silent(after))
}

fn validate(conn: &mut Conn, organization_id: &Id, member: &mut Member) -> Result<(), Error> {
    let mut check = Check::default();
    member.clean(&mut check);
    if let Some(unit_id) = &member.unit_id {
        let known = store::units::find_key(conn, organization_id, unit_id)?.is_some();
        check.ensure(known, "/unit_id", Code::UnknownReference);
    }
    Error::unless_valid(check.faults)
}
