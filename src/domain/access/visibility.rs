//! The rights to read records, as conditions of list queries.

use strum::VariantArray;

use super::{Action, Actor, Membership, Reach, grants};
use crate::domain::Id;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::journal::event::Audience;

/// Which submissions of an organisation a caller sees in a list: those of `own`, and those of other units that have
/// reached `others_from`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubmissionVisibility {
    /// The caller's own unit, by a unit role.
    pub own: Option<Id>,
    /// Units that the token's scope names, by the role `integration`.
    pub scoped: Vec<Id>,
    /// Status from which submissions of other units are visible, except those of `except`.
    pub others_from: Option<SubmissionStatus>,
    /// The unit that recusal takes away, unless it is `own`.
    pub except: Option<Id>,
    /// Submissions that declared recusals take away, unless they are of `own`.
    pub except_submissions: Vec<Id>,
    /// All of them but those of `except`.
    pub all: bool,
    /// Only these units, where the token names any.
    pub only: Option<Vec<Id>>,
}

/// Returns the condition that corresponds to [`super::decide`] for `ReadSubmission`.
pub fn submission_visibility(actor: &Actor, organization_id: &Id) -> SubmissionVisibility {
    let mut visibility = SubmissionVisibility::default();
    let Some(membership) = actor.membership(organization_id) else {
        return visibility;
    };
    visibility.only = actor.scopes.units();
    visibility.except = recused_unit(membership, Action::ReadSubmission);
    visibility.except_submissions =
        membership.declared(Action::ReadSubmission).map(|declared| declared.submission_id).collect();
    for (_, reach) in grants(Action::ReadSubmission).iter().filter(|(role, _)| membership.roles.contains(role)) {
        match reach {
            Reach::All => visibility.all = true,
            Reach::Own => visibility.own = membership.unit.as_ref().map(|unit| unit.id),
            Reach::ForeignFrom(status) => {
                let earlier = visibility.others_from.is_none_or(|from| from.has_reached(*status));
                visibility.others_from = if earlier { Some(*status) } else { visibility.others_from };
            }
            Reach::Scoped => visibility.scoped = visibility.only.clone().unwrap_or_default(),
            Reach::OwnAnnounced | Reach::Announced | Reach::Foreign | Reach::OwnRecord | Reach::StandIn => {}
        }
    }
    visibility.scoped.retain(|unit| Some(unit) != visibility.except.as_ref());
    visibility
}

/// The unit that recusal takes away in an act.
fn recused_unit(membership: &Membership, action: Action) -> Option<Id> {
    let unit = membership.unit.as_ref().filter(|_| membership.is_recusable_in(action))?;
    Some(unit.id)
}

/// The units whose records a right extends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {
    /// All units.
    All,
    /// All units except this one: recusal.
    AllBut(Id),
    /// Only these units.
    Among(Vec<Id>),
}

/// Which units' records a caller sees in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitVisibility {
    /// The units that the right extends to.
    pub sees: Units,
    /// The periods and units that declared recusals take away.
    pub except: Vec<(Id, Id)>,
    /// The units that the list is restricted to, if the token names any.
    pub only: Option<Vec<Id>>,
}

/// The periods and units that declared recusals take away in an act.
fn declared_units(actor: &Actor, organization_id: &Id, action: Action) -> Vec<(Id, Id)> {
    let membership = actor.membership(organization_id);
    let declared = membership.into_iter().flat_map(|membership| membership.declared(action));
    declared.map(|declared| (declared.period_id, declared.unit_id)).collect()
}

/// The same table as [`super::decide`], for the units of a list.
pub fn unit_visibility(actor: &Actor, organization_id: &Id, action: Action) -> UnitVisibility {
    UnitVisibility {
        sees: units_by_role(actor, organization_id, action),
        except: declared_units(actor, organization_id, action),
        only: actor.scopes.units(),
    }
}

fn units_by_role(actor: &Actor, organization_id: &Id, action: Action) -> Units {
    let Some(membership) = actor.membership(organization_id) else {
        return Units::Among(Vec::new());
    };
    let own = membership.unit.as_ref().map(|unit| unit.id);
    let recused = recused_unit(membership, action);
    let (mut all, mut of_unit, mut among) = (false, false, Vec::new());
    for (_, reach) in grants(action).iter().filter(|(role, _)| membership.roles.contains(role)) {
        match reach {
            Reach::All | Reach::Foreign => all = true,
            Reach::Own => of_unit = true,
            Reach::Scoped => among.extend(actor.scopes.units().unwrap_or_default()),
            Reach::ForeignFrom(_) | Reach::OwnAnnounced | Reach::Announced | Reach::OwnRecord | Reach::StandIn => {}
        }
    }
    // What recusal takes away is given back to the unit's own people alone.
    let recused = recused.filter(|_| !of_unit);
    if all {
        return recused.map_or(Units::All, Units::AllBut);
    }
    among.retain(|unit| Some(unit) != recused.as_ref());
    among.extend(own.filter(|_| of_unit));
    Units::Among(among)
}

/// Which events of an organisation a caller sees, by audience.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventVisibility {
    /// Whether reminders of the period's stages are visible.
    pub stages: bool,
    /// Audiences whose events are visible for every unit.
    pub of_all: Vec<Audience>,
    /// Audiences whose events are visible for every unit except `own`.
    pub of_others: Vec<Audience>,
    /// The unit that the caller is recused from.
    pub own: Option<Id>,
    /// The periods and units that declared recusals take away, and the audiences of which they do.
    pub except: (Vec<(Id, Id)>, Vec<Audience>),
    /// Audiences whose events are visible for the units in `some`.
    pub of_some: Vec<Audience>,
    /// Those units.
    pub some: Vec<Id>,
    /// The units that events about units are restricted to, if the token names any.
    pub only: Option<Vec<Id>>,
}

/// Returns the audiences that a caller belongs to.
pub fn event_visibility(actor: &Actor, organization_id: &Id) -> EventVisibility {
    let mut visibility = EventVisibility {
        stages: super::sees_stages(actor, organization_id),
        only: actor.scopes.units(),
        ..EventVisibility::default()
    };
    for audience in Audience::VARIANTS.iter().copied() {
        let declared = declared_units(actor, organization_id, Action::ReadEvents(audience));
        if !declared.is_empty() {
            visibility.except.0 = declared;
            visibility.except.1.push(audience);
        }
        match units_by_role(actor, organization_id, Action::ReadEvents(audience)) {
            Units::All => visibility.of_all.push(audience),
            Units::AllBut(own) => {
                visibility.of_others.push(audience);
                visibility.own = Some(own);
            }
            Units::Among(units) if units.is_empty() => {}
            Units::Among(units) => {
                visibility.of_some.push(audience);
                // All rows of the table that name units name the same ones. If they did not, their intersection would count.
                visibility.some.retain(|unit| units.contains(unit));
                if visibility.of_some.len() == 1 {
                    visibility.some = units;
                }
            }
        }
    }
    visibility
}
