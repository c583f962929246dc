//! Acts on organisations: the operator's, and its own admin's reading.

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::office::member::{Member, Role};
use crate::domain::office::organization::Organization;
use crate::domain::text::Check;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::office::accounts::{self, NewSecret};
use crate::service::tag::Tag;
use crate::service::{Change, Context, Input, Interrupt, record};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new office and who runs its house.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// Its key.
    pub code: String,
    /// Its name.
    pub name: String,
    /// IANA zone name.
    pub time_zone: String,
    /// Its code in the national register.
    pub agency_code: Option<String>,
    /// Who runs its house.
    pub first_admin: FirstAdmin,
}

/// The first admin of an office.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// Who vouches for it.
    pub issuer: String,
    /// Its name there.
    pub subject: String,
    /// Shown to others.
    pub display_name: String,
}

/// A change of an office; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct OrganizationChange {
    /// Its name.
    pub name: Option<String>,
    /// IANA zone name.
    pub time_zone: Option<String>,
    /// Its code in the national register; the inner none takes it away.
    pub agency_code: Option<Option<String>>,
}

/// An office as its caller sees it.
pub fn tag(organization: &Organization) -> Tag {
    Tag::of(&[(&organization.id, organization.version)], &Offers::default())
}

/// One office: its members', or the operator's.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Organization, Interrupt> {
    let found = store::organizations::find(conn, id)?.ok_or(Code::NotFound)?;
    if !context.actor.is_operator() {
        access::require(&context.actor, Action::ReadOrganization, &Facts::of(id))?;
    }
    context.accept_read()?;
    Ok(found)
}

/// The offices that the caller belongs to; all of them for the operator.
pub fn list(conn: &mut Conn, context: &Context, page: &Page) -> Result<Vec<Organization>, Interrupt> {
    context.accept_read()?;
    let own = context.actor.organization_ids();
    let among = if context.actor.is_operator() { None } else { Some(own.as_slice()) };
    Ok(store::organizations::list(conn, among, page)?)
}

/// Adds an office with its first admin and that admin's credentials, whose secret is shown this once.
pub fn create(
    conn: &mut Conn,
    context: &Context,
    input: &Input<NewOrganization>,
) -> Result<(Organization, Member, NewSecret), Interrupt> {
    access::require_operator(&context.actor, "write")?;
    let new = context.accept(input)?;
    let mut check = Check::default();
    let mut organization = Organization {
        id: context.new_id(),
        code: new.code.clone(),
        name: new.name.clone(),
        time_zone: new.time_zone.clone(),
        agency_code: new.agency_code.clone(),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    organization.clean(&mut check);
    let mut admin = Member {
        id: context.new_id(),
        organization_id: Some(organization.id),
        issuer: new.first_admin.issuer.clone(),
        subject: new.first_admin.subject.clone(),
        display_name: new.first_admin.display_name.clone(),
        roles: vec![Role::FIRST_OF_ORGANIZATION],
        unit_id: None,
        valid_from_on: date_in(organization.zone(), context.now),
        valid_until_on: None,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    let mut of_admin = Check::default();
    admin.clean(&mut of_admin);
    check.faults.extend(of_admin.faults.into_iter().map(|mut fault| {
        fault.pointer.insert_str(0, "/first_admin");
        fault
    }));
    Error::unless_valid(check.faults)?;
    store::organizations::insert(conn, &organization)?;
    store::members::insert(conn, &admin)?;
    let secret = accounts::add(conn, context.app, context.now, &admin.id, None)?;
    record(
        conn,
        context,
        Change {
            organization_id: Some(&organization.id),
            action: "organization.create",
            subject_type: "organization",
            subject_id: &organization.id,
            before: None,
            after: Some(json!({"code": organization.code, "name": organization.name, "first_admin": admin.id}).into()),
            news: None,
        },
    )?;
    Ok((organization, admin, secret))
}

/// Changes an office.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<OrganizationChange>,
) -> Result<Organization, Interrupt> {
    let before = store::organizations::find(conn, id)?.ok_or(Code::NotFound)?;
    if !context.actor.is_operator() {
        access::require(&context.actor, Action::ReadOrganization, &Facts::of(id))?;
    }
    access::require_operator(&context.actor, "write")?;
    let change = context.accept(input)?;
    context.check_precondition(&tag(&before).state)?;
    let mut after = Organization {
        name: change.name.clone().unwrap_or_else(|| before.name.clone()),
        time_zone: change.time_zone.clone().unwrap_or_else(|| before.time_zone.clone()),
        agency_code: change.agency_code.clone().unwrap_or_else(|| before.agency_code.clone()),
        updated_at: context.now,
        ..before.clone()
    };
    let mut check = Check::default();
    after.clean(&mut check);
    Error::unless_valid(check.faults)?;
    if after.time_zone != before.time_zone {
        store::calendar::hold(conn, true)?;
        if !store::periods::in_status(conn, id, &PeriodStatus::OPEN)?.is_empty() {
            return Err(Code::PeriodOpen.into());
        }
    }
    let after = store::organizations::update(conn, after)?;
    let shown = |organization: &Organization| json!({"name": organization.name, "time_zone": organization.time_zone, "agency_code": organization.agency_code});
    record(
        conn,
        context,
        Change {
            organization_id: Some(id),
            action: "organization.change",
            subject_type: "organization",
            subject_id: id,
            before: Some(shown(&before).into()),
            after: Some(shown(&after).into()),
            news: None,
        },
    )?;
    Ok(after)
}
