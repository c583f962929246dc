//! Acts on members.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::office::member::{LOCAL_ISSUER, Member, Role};
use crate::domain::text::Check;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::tag::Tag;
use crate::service::{Change, Context, Input, Interrupt, record};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new member.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// Where; none for the caller's only organisation.
    pub organization_id: Option<Id>,
    /// Who vouches for the person; none for the service itself.
    pub issuer: Option<String>,
    /// The person's name there.
    pub subject: String,
    /// Shown to others.
    pub display_name: String,
    /// As what.
    pub roles: Vec<Role>,
    /// Where the person belongs.
    pub unit_id: Option<Id>,
    /// First day; none for today.
    pub valid_from_on: Option<NaiveDate>,
    /// Last day.
    pub valid_until_on: Option<NaiveDate>,
}

/// A change of a member; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct MemberChange {
    /// Shown to others.
    pub display_name: Option<String>,
    /// As what.
    pub roles: Option<Vec<Role>>,
    /// Where the person belongs; the inner none takes it away.
    pub unit_id: Option<Option<Id>>,
    /// First day.
    pub valid_from_on: Option<NaiveDate>,
    /// Last day; the inner none takes it away.
    pub valid_until_on: Option<Option<NaiveDate>>,
}

/// The tag of a member.
pub fn tag(member: &Member) -> Tag {
    Tag::of(&[(&member.id, member.version)], &Offers::default())
}

fn shown(member: &Member) -> Value {
    json!({
        "issuer": member.issuer, "subject": member.subject, "roles": member.roles, "unit_id": member.unit_id,
        "valid_from_on": member.valid_from_on, "valid_until_on": member.valid_until_on,
    })
}

/// Finds a member that the caller may read, with the organisation; an operator is nobody's to read.
pub fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Member, Id), Error> {
    let member = store::members::find(conn, id)?.ok_or(Code::NotFound)?;
    let organization_id = member.organization_id.ok_or(Code::NotFound)?;
    access::require(&context.actor, Action::ReadMembers, &Facts::of(&organization_id))?;
    Ok((member, organization_id))
}

/// One member.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Member, Interrupt> {
    let (member, _) = find(conn, context, id)?;
    context.accept_read()?;
    Ok(member)
}

/// The members of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    unit_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Member>, Interrupt> {
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::ReadMembers, &Facts::of(&organization_id))?;
    context.accept_read()?;
    Ok(store::members::list(conn, &organization_id, unit_id, page)?)
}

/// Adds a member.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewMember>) -> Result<Member, Interrupt> {
    let given = input.as_ref().ok().and_then(|new| new.organization_id.as_ref());
    let organization_id = context.organization(given)?;
    access::require_collection(&context.actor, Action::WriteMember, &Facts::of(&organization_id))?;
    let new = context.accept(input)?;
    let organization = store::organizations::find(conn, &organization_id)?.ok_or(Code::NotFound)?;
    let mut member = Member {
        id: context.new_id(),
        organization_id: Some(organization_id),
        issuer: new.issuer.clone().unwrap_or_else(|| LOCAL_ISSUER.to_owned()),
        subject: new.subject.clone(),
        display_name: new.display_name.clone(),
        roles: new.roles.clone(),
        unit_id: new.unit_id,
        valid_from_on: new.valid_from_on.unwrap_or_else(|| date_in(organization.zone(), context.now)),
        valid_until_on: new.valid_until_on,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    validate(conn, &organization_id, &mut member)?;
    store::members::insert(conn, &member)?;
    let change = Change {
        organization_id: Some(&organization_id),
        action: "member.create",
        subject_type: "member",
        subject_id: &member.id,
        before: None,
        after: Some(shown(&member).into()),
        news: None,
    };
    record(conn, context, change)?;
    Ok(member)
}

/// Changes a member.
pub fn change(conn: &mut Conn, context: &Context, id: &Id, input: &Input<MemberChange>) -> Result<Member, Interrupt> {
    let (before, organization_id) = find(conn, context, id)?;
    access::require(&context.actor, Action::WriteMember, &Facts::of(&organization_id))?;
    let change = context.accept(input)?;
    context.check_precondition(&tag(&before).state)?;
    let mut after = Member {
        display_name: change.display_name.clone().unwrap_or_else(|| before.display_name.clone()),
        roles: change.roles.clone().unwrap_or_else(|| before.roles.clone()),
        unit_id: change.unit_id.unwrap_or(before.unit_id),
        valid_from_on: change.valid_from_on.unwrap_or(before.valid_from_on),
        valid_until_on: change.valid_until_on.unwrap_or(before.valid_until_on),
        updated_at: context.now,
        ..before.clone()
    };
    validate(conn, &organization_id, &mut after)?;
    let after = store::members::update(conn, after)?;
    let change = Change {
        organization_id: Some(&organization_id),
        action: "member.change",
        subject_type: "member",
        subject_id: &after.id,
        before: Some(shown(&before).into()),
        after: Some(shown(&after).into()),
        news: None,
    };
    record(conn, context, change)?;
    Ok(after)
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
