//! Acts on units.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::office::unit::{Unit, UnitKind};
use crate::domain::text::Check;
use crate::error::{Code, Error};
use crate::service::tag::Tag;
use crate::service::{Change, Context, Input, Interrupt, record};
use crate::store::page::Page;
use crate::store::units::Filter;
use crate::store::{self, Conn};

/// A new unit.
#[derive(Debug, Clone)]
pub struct NewUnit {
    /// Where; none for the caller's only organisation.
    pub organization_id: Option<Id>,
    /// Its key.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Those that it was merged or split from.
    pub predecessor_ids: Vec<Id>,
}

/// A change of a unit; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UnitChange {
    /// Its key.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub kind: Option<UnitKind>,
    /// Whether it takes part in new periods.
    pub active: Option<bool>,
    /// Those that it was merged or split from.
    pub predecessor_ids: Option<Vec<Id>>,
}

/// The tag of a unit.
pub fn tag(unit: &Unit) -> Tag {
    Tag::of(&[(&unit.id, unit.version)], &Offers::default())
}

fn shown(unit: &Unit) -> Value {
    json!({"code": unit.code, "name": unit.name, "kind": unit.kind, "active": unit.active, "predecessor_ids": unit.predecessor_ids})
}

/// Finds a unit of an organisation that the caller belongs to.
fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Unit, Error> {
    let unit = store::units::find(conn, id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, Action::ReadOffice, &Facts::of(&unit.organization_id))?;
    Ok(unit)
}

/// One unit.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Unit, Interrupt> {
    let unit = find(conn, context, id)?;
    context.accept_read()?;
    Ok(unit)
}

/// The units of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    by_code: bool,
    page: &Page,
) -> Result<Vec<Unit>, Interrupt> {
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::ReadOffice, &Facts::of(&organization_id))?;
    context.accept_read()?;
    Ok(store::units::list(conn, &organization_id, filter, by_code, page)?)
}

/// Adds a unit.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewUnit>) -> Result<Unit, Interrupt> {
    let given = input.as_ref().ok().and_then(|new| new.organization_id.as_ref());
    let organization_id = context.organization(given)?;
    access::require_collection(&context.actor, Action::WriteUnit, &Facts::of(&organization_id))?;
    let new = context.accept(input)?;
    let mut unit = Unit {
        id: context.new_id(),
        organization_id,
        code: new.code.clone(),
        name: new.name.clone(),
        kind: new.kind,
        active: true,
        predecessor_ids: new.predecessor_ids.clone(),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    validate(conn, &mut unit)?;
    store::units::insert(conn, &unit)?;
    let change = Change {
        organization_id: Some(&unit.organization_id),
        action: "unit.create",
        subject_type: "unit",
        subject_id: &unit.id,
        before: None,
        after: Some(shown(&unit).into()),
        news: None,
    };
    record(conn, context, change)?;
    Ok(unit)
}

/// Changes a unit.
pub fn change(conn: &mut Conn, context: &Context, id: &Id, input: &Input<UnitChange>) -> Result<Unit, Interrupt> {
    let before = find(conn, context, id)?;
    access::require(&context.actor, Action::WriteUnit, &Facts::of(&before.organization_id))?;
    let change = context.accept(input)?;
    context.check_precondition(&tag(&before).state)?;
    let mut after = Unit {
        code: change.code.clone().unwrap_or_else(|| before.code.clone()),
        name: change.name.clone().unwrap_or_else(|| before.name.clone()),
        kind: change.kind.unwrap_or(before.kind),
        active: change.active.unwrap_or(before.active),
        predecessor_ids: change.predecessor_ids.clone().unwrap_or_else(|| before.predecessor_ids.clone()),
        updated_at: context.now,
        ..before.clone()
    };
    validate(conn, &mut after)?;
    let after = store::units::update(conn, after)?;
    let change = Change {
        organization_id: Some(&after.organization_id),
        action: "unit.change",
        subject_type: "unit",
        subject_id: &after.id,
        before: Some(shown(&before).into()),
        after: Some(shown(&after).into()),
        news: None,
    };
    record(conn, context, change)?;
    Ok(after)
}

fn validate(conn: &mut Conn, unit: &mut Unit) -> Result<(), Error> {
    let mut check = Check::default();
    unit.clean(&mut check);
    for (at, id) in unit.predecessor_ids.iter().enumerate() {
        let known = store::units::find_key(conn, &unit.organization_id, id)?.is_some() && *id != unit.id;
        check.ensure(known, &format!("/predecessor_ids/{at}"), Code::UnknownReference);
    }
    Error::unless_valid(check.faults)
}
