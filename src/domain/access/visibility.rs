//! What somebody sees in lists: the table of rights as conditions of a query.

use strum::VariantArray;

use super::{Action, Actor, Reach, grants};
use crate::domain::Id;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::journal::event::Audience;

/// Which sheets of an organisation a caller sees in a list: those of `own`, and of every other unit
/// those that have reached `others_from`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubmissionVisibility {
    /// The own unit's, by a unit role.
    pub own: Option<Id>,
    /// Units by code that the token's scope names, by the role `integration`.
    pub scoped_codes: Vec<String>,
    /// Those of other units from this status on; never those of `except`.
    pub others_from: Option<SubmissionStatus>,
    /// The unit that recusal takes away.
    pub except: Option<Id>,
    /// All of them.
    pub all: bool,
    /// Only units of these codes, where the token names any.
    pub only_codes: Vec<String>,
}

/// The same table as [`super::decide`] for `ReadSubmission`, as a condition for a query.
pub fn submission_visibility(actor: &Actor, organization_id: &Id) -> SubmissionVisibility {
    let mut visibility = SubmissionVisibility::default();
    let Some(membership) = actor.membership(organization_id) else {
        return visibility;
    };
    visibility.only_codes = actor.scopes.unit_codes();
    for (_, reach) in grants(Action::ReadSubmission).iter().filter(|(role, _)| membership.roles.contains(role)) {
        match reach {
            Reach::All => visibility.all = true,
            Reach::Own => visibility.own = membership.unit.as_ref().map(|unit| unit.id),
            Reach::ForeignFrom(status) => {
                let earlier = visibility.others_from.is_none_or(|from| from.has_reached(*status));
                visibility.others_from = if earlier { Some(*status) } else { visibility.others_from };
                visibility.except = membership.unit.as_ref().map(|unit| unit.id);
            }
            Reach::Scoped => visibility.scoped_codes.clone_from(&visibility.only_codes),
            Reach::OwnAnnounced | Reach::Announced | Reach::Foreign | Reach::OwnRecord => {}
        }
    }
    visibility
}

/// The units whose records a right gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {
    /// Every unit's.
    All,
    /// Every unit's but this one's: recusal.
    AllBut(Id),
    /// These units' alone.
    Among(Vec<Id>),
}

/// Which units' records a caller sees in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitVisibility {
    /// By the right.
    pub sees: Units,
    /// Only these, as far as the token names any.
    pub only: Option<Vec<Id>>,
}

/// The same table as [`super::decide`], for the units of a list. `named` are the units that the token's scope names.
pub fn unit_visibility(actor: &Actor, organization_id: &Id, action: Action, named: &[Id]) -> UnitVisibility {
    let only = actor.scopes.name_units().then(|| named.to_vec());
    UnitVisibility { sees: units_by_role(actor, organization_id, action, named), only }
}

fn units_by_role(actor: &Actor, organization_id: &Id, action: Action, named: &[Id]) -> Units {
    let Some(membership) = actor.membership(organization_id) else {
        return Units::Among(Vec::new());
    };
    let own = membership.unit.as_ref().map(|unit| &unit.id);
    let (mut foreign, mut among) = (false, Vec::new());
    for (_, reach) in grants(action).iter().filter(|(role, _)| membership.roles.contains(role)) {
        match reach {
            Reach::All => return Units::All,
            Reach::Own => among.extend(own.copied()),
            Reach::Foreign => foreign = true,
            Reach::Scoped => among.extend_from_slice(named),
            Reach::ForeignFrom(_) | Reach::OwnAnnounced | Reach::Announced | Reach::OwnRecord => {}
        }
    }
    match own {
        _ if !foreign => Units::Among(among),
        // What recusal takes away is given back to who belongs to the unit by another role.
        Some(own) if !among.contains(own) => Units::AllBut(*own),
        _ => Units::All,
    }
}

/// Which events of an organisation a caller sees, by their audience.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventVisibility {
    /// Of every unit.
    pub of_all: Vec<Audience>,
    /// Of every unit but `own`.
    pub of_others: Vec<Audience>,
    /// The unit that recusal takes away.
    pub own: Option<Id>,
    /// Of `some` units.
    pub of_some: Vec<Audience>,
    /// Those units.
    pub some: Vec<Id>,
    /// What is about a unit only where it is one of these, as far as the token names any.
    pub only: Option<Vec<Id>>,
}

/// The audiences that a caller belongs to.
pub fn event_visibility(actor: &Actor, organization_id: &Id, named: &[Id]) -> EventVisibility {
    let mut visibility =
        EventVisibility { only: actor.scopes.name_units().then(|| named.to_vec()), ..EventVisibility::default() };
    for audience in Audience::VARIANTS.iter().copied() {
        match units_by_role(actor, organization_id, Action::ReadEvents(audience), named) {
            Units::All => visibility.of_all.push(audience),
            Units::AllBut(own) => {
                visibility.of_others.push(audience);
                visibility.own = Some(own);
            }
            Units::Among(units) if units.is_empty() => {}
            Units::Among(units) => {
                visibility.of_some.push(audience);
                // The rows of the table that name units name the same ones; where they did not, the fewer count.
                visibility.some.retain(|unit| units.contains(unit));
                if visibility.of_some.len() == 1 {
                    visibility.some = units;
                }
            }
        }
    }
    visibility
}
