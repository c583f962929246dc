//! Acts on organisations: managed by the operator, readable by their members.

use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access;
use crate::domain::access::ScopeKind;
use crate::domain::access::action::Action;
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::change::Change;
use crate::domain::office::member::{Member, Person, Role};
use crate::domain::office::organization::Organization;
use crate::domain::text::{Check, checked};
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::office::invitations::{self, NewToken};
use crate::service::{Context, Details, Identity, Input, Result, Subject};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new organisation with its first admin.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// Code, unique within its scope.
    pub code: String,
    /// Name.
    pub name: String,
    /// IANA zone name.
    pub time_zone: String,
    /// Code in the national register of agencies.
    pub agency_code: Option<String>,
    /// Its first admin.
    pub first_admin: Person,
}

/// A patch of an organisation; absent fields stay unchanged.
#[derive(Debug, Clone, Default)]
pub struct OrganizationChange {
    /// Name.
    pub name: Option<String>,
    /// IANA zone name.
    pub time_zone: Option<String>,
    /// Code in the national register of agencies; `Some(None)` removes it.
    pub agency_code: Option<Option<String>>,
}

impl Subject for Organization {
    type Visible = ();
    const TYPE: &'static str = "organization";

    fn identity(&self) -> Identity {
        Identity { id: self.id, organization_id: Some(self.id), version: self.version }
    }

    fn read_action(&self) -> Action {
        Action::ReadOrganization
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        Ok(store::organizations::find(conn, id)?.ok_or(Code::NotFound)?)
    }

    /// Members read their organisation; the operator, a member of none, reads and changes all.
    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        // A rule of the house, which the operator has no part in.
        if action == Action::WriteVoteThresholds {
            let required = context.require_readable(self, action);
            let is_operator = context.actor.is_operator();
            return required.map_err(|error| if is_operator { Error::new(Code::RoleRequired) } else { error });
        }
        if !context.actor.is_operator() {
            access::require(&context.actor, self.read_action(), &self.facts())?;
        }
        if action == self.read_action() { Ok(()) } else { access::require_operator(&context.actor, ScopeKind::Write) }
    }

    fn audit(&self) -> Value {
        json!({
            "code": self.code, "name": self.name, "time_zone": self.time_zone, "agency_code": self.agency_code,
            "vote_thresholds": self.vote_thresholds,
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        store::organizations::update(conn, self)
    }
}

/// Returns the zone that the dates of an organisation mean.
pub fn zone_of(conn: &mut Conn, id: &Id) -> Result<Tz, Error> {
    Ok(store::organizations::find(conn, id)?.ok_or(Code::NotFound)?.zone())
}

/// Lists the caller's organisations; all of them for the operator.
pub fn list(conn: &mut Conn, context: &Context, page: &Page) -> Result<Vec<Organization>> {
    context.accept_read()?;
    let own = context.actor.organization_ids();
    let among = if context.actor.is_operator() { None } else { Some(own.as_slice()) };
    Ok(store::organizations::list(conn, among, page)?)
}

/// Creates an organisation with its first admin and, for a local one, that admin's invitation, whose token is shown only once.
pub fn create(
    conn: &mut Conn,
    context: &Context,
    input: &Input<NewOrganization>,
) -> Result<(Details<Organization>, Member, Option<NewToken>)> {
    access::require_operator(&context.actor, ScopeKind::Write)?;
    let new = context.accept(input)?;
    let mut check = Check::default();
    let mut organization = Organization {
        time_zone: new.time_zone.clone(),
        agency_code: new.agency_code.clone(),
        ..Organization::new(context.new_id(), &new.code, &new.name, context.now)
    };
    organization.clean(&mut check);
    let (person, roles) = (new.first_admin.clone(), vec![Role::FIRST_OF_ORGANIZATION]);
    let today = date_in(organization.zone(), context.now);
    let mut admin = Member::new(context.new_id(), Some(organization.id), person, roles, (today, context.now));
    let mut of_admin = Check::default();
    admin.clean(&mut of_admin);
    check.faults.extend(of_admin.faults.into_iter().map(|mut fault| {
        fault.pointer.insert_str(0, "/first_admin");
        fault
    }));
    Error::unless_valid(check.faults)?;
    store::organizations::insert(conn, &organization)?;
    store::members::insert(conn, &admin)?;
    context.record_created(conn, "organization.create", &organization, None)?;
    context.record_created(conn, "member.create", &admin, None)?;
    let invitation = match admin.is_local() {
        true => Some(invitations::invite_as_caller(conn, context, admin.clone())?),
        false => None,
    };
    Ok((context.details(conn, organization)?, admin, invitation))
}

/// Changes an organisation.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<OrganizationChange>,
) -> Result<Details<Organization>> {
    let (before, change): (Organization, _) = context.enter(conn, id, Action::WriteOrganization, input)?;
    let mut after = Organization {
        name: change.name.clone().unwrap_or_else(|| before.name.clone()),
        time_zone: change.time_zone.clone().unwrap_or_else(|| before.time_zone.clone()),
        agency_code: change.agency_code.clone().unwrap_or_else(|| before.agency_code.clone()),
        updated_at: context.now,
        ..before.clone()
    };
    checked(|check| after.clean(check))?;
    if after.time_zone != before.time_zone {
        store::calendar::lock_for_update(conn)?;
        if !store::periods::in_status(conn, id, &PeriodStatus::OPEN)?.is_empty() {
            return Err(Code::PeriodOpen.into());
        }
    }
    context.commit(conn, "organization.change", &before, Change::silent(after))
}
