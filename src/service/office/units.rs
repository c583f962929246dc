//! Acts on units.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::change::Change;
use crate::domain::office::unit::{Unit, UnitKind};
use crate::domain::text::Check;
use crate::error::{Code, Error, Fault};
use crate::service::{Context, Details, Identity, Input, Result, Subject};
use crate::store::page::Page;
pub use crate::store::units::{Filter, Position, SortBy};
use crate::store::{self, Conn};

/// A new unit.
#[derive(Debug, Clone)]
pub struct NewUnit {
    /// The organisation; none for the caller's only one.
    pub organization_id: Option<Id>,
    /// Code, unique within its scope.
    pub code: String,
    /// Name.
    pub name: String,
    /// Kind of unit.
    pub kind: UnitKind,
    /// Units that it was merged or split from.
    pub predecessor_ids: Vec<Id>,
}

/// A patch of a unit; absent fields stay unchanged.
#[derive(Debug, Clone, Default)]
pub struct UnitChange {
    /// Code, unique within its scope.
    pub code: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Kind of unit.
    pub kind: Option<UnitKind>,
    /// Whether it takes part in new periods.
    pub active: Option<bool>,
    /// Units that it was merged or split from.
    pub predecessor_ids: Option<Vec<Id>>,
}

impl Subject for Unit {
    type Visible = ();
    const TYPE: &'static str = "unit";

    fn identity(&self) -> Identity {
        Identity { id: self.id, organization_id: Some(self.organization_id), version: self.version }
    }

    fn read_action(&self) -> Action {
        Action::ReadOffice
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        Ok(store::units::find(conn, id)?.ok_or(Code::NotFound)?)
    }

    fn audit(&self) -> Value {
        json!({
            "code": self.code, "name": self.name, "kind": self.kind, "active": self.active,
            "predecessor_ids": self.predecessor_ids,
        })
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        store::units::update(conn, self)
    }
}

/// Lists the units of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page<SortBy>,
) -> Result<Vec<Unit>> {
    let organization_id = context.enter_list(organization_id, Action::ReadOffice)?;
    Ok(store::units::list(conn, &organization_id, filter, page)?)
}

/// Creates a unit.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewUnit>) -> Result<Details<Unit>> {
    let (organization_id, new) = context.enter_collection(input, |new| new.organization_id, Action::WriteUnit)?;
    let mut unit = Unit {
        predecessor_ids: new.predecessor_ids.clone(),
        ..Unit::new(context.new_id(), organization_id, (&new.code, &new.name, new.kind), context.now)
    };
    validate(conn, &mut unit)?;
    store::units::insert(conn, &unit)?;
    context.record_created(conn, "unit.create", &unit, None)?;
    Ok(context.details(conn, unit)?)
}

/// Changes a unit.
pub fn change(conn: &mut Conn, context: &Context, id: &Id, input: &Input<UnitChange>) -> Result<Details<Unit>> {
    let (before, change): (Unit, _) = context.enter(conn, id, Action::WriteUnit, input)?;
    let mut after = Unit {
        code: change.code.clone().unwrap_or_else(|| before.code.clone()),
        name: change.name.clone().unwrap_or_else(|| before.name.clone()),
        kind: change.kind.unwrap_or(before.kind),
        active: change.active.unwrap_or(before.active),
        predecessor_ids: change.predecessor_ids.clone().unwrap_or_else(|| before.predecessor_ids.clone()),
        updated_at: context.now,
        ..before.clone()
    };
    store::units::lock_for_update(conn, &before.organization_id)?;
    if before.active && !after.active {
        require_no_open_period(conn, id)?;
    }
    validate(conn, &mut after)?;
    context.commit(conn, "unit.change", &before, Change::silent(after))
}

/// Rejects a unit that takes part in an open period.
fn require_no_open_period(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    let periods = store::periods::open_with_unit(conn, id)?;
    match periods.is_empty() {
        true => Ok(()),
        false => Err(Error::new(Code::UnitInOpenPeriod).with("periods", json!(periods))),
    }
}

fn validate(conn: &mut Conn, unit: &mut Unit) -> Result<(), Error> {
    let mut check = Check::default();
    unit.clean(&mut check);
    let lineage = store::units::lineage(conn, &unit.organization_id)?;
    for (at, id) in unit.predecessor_ids.iter().enumerate() {
        let pointer = format!("/predecessor_ids/{at}");
        if unit.predecessor_ids.iter().take(at).any(|earlier| earlier == id) {
            check.faults.push(Fault::at(pointer, Code::Duplicate).with("value", id.to_string()));
        } else if *id != unit.id && !lineage.contains_key(id) {
            check.fault(pointer, Code::UnknownReference);
        } else if unit.descends_from_itself(id, &lineage) {
            check.fault(pointer, Code::PredecessorCircle);
        }
    }
    Error::unless_valid(check.faults)
}
