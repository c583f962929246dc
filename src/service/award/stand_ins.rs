//! Who acts where recusal keeps away everybody who has an act by role, so that no record is left without a way on.

use crate::domain::Id;
use crate::domain::office::member::{CHAIR, Role, SECRETARY};
use crate::domain::time::date_in;
use crate::error::Error;
use crate::service::Context;
use crate::service::office::organizations::zone_of;
use crate::store::{self, Conn};

/// The unit of a period that an act is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The organisation.
    pub organization_id: &'a Id,
    /// The period.
    pub period_id: &'a Id,
    /// The unit.
    pub unit_id: &'a Id,
}

/// Who holds a role today, and the declared conflicts of the period.
struct Holders {
    members: Vec<(Id, Option<Id>)>,
    declared: Vec<(Id, Id)>,
}

impl Holders {
    fn of(conn: &mut Conn, context: &Context, about: &About, role: Role) -> Result<Self, Error> {
        let today = date_in(zone_of(conn, about.organization_id)?, context.now);
        let members = store::members::holders_on(conn, about.organization_id, role, today)?;
        Ok(Holders { members, declared: store::recusals::standing_of_period(conn, about.period_id)? })
    }

    fn is_away(&self, (member_id, own): &(Id, Option<Id>), unit_id: &Id) -> bool {
        own.as_ref() == Some(unit_id) || self.declared.contains(&(*member_id, *unit_id))
    }
}

/// The chairs, where recusal keeps every secretary away from a unit.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn of_secretaries(conn: &mut Conn, context: &Context, about: &About) -> Result<Vec<Id>, Error> {
    let secretaries = Holders::of(conn, context, about, SECRETARY)?;
    if !secretaries.members.iter().all(|secretary| secretaries.is_away(secretary, about.unit_id)) {
        return Ok(Vec::new());
    }
    let chairs = Holders::of(conn, context, about, CHAIR)?;
    Ok(chairs.members.into_iter().map(|(member_id, _)| member_id).collect())
}

/// Who presided last over a closed session of the period, where recusal keeps every chair away from a unit, or leaves only the
/// one who asked for the decision.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn of_chairs(conn: &mut Conn, context: &Context, about: &About, asked_by: Option<&Id>) -> Result<Vec<Id>, Error> {
    let chairs = Holders::of(conn, context, about, CHAIR)?;
    let cannot = |chair: &(Id, Option<Id>)| chairs.is_away(chair, about.unit_id) || asked_by == Some(&chair.0);
    if !chairs.members.iter().all(cannot) {
        return Ok(Vec::new());
    }
    let sessions = store::council_sessions::closed_of_period(conn, about.period_id)?;
    let presiding = sessions.into_iter().rev().filter_map(|session| session.presiding_member_id);
    let is_chair = |member_id: &Id| chairs.members.iter().any(|(chair, _)| chair == member_id);
    Ok(presiding.filter(|member_id| !is_chair(member_id) && asked_by != Some(member_id)).take(1).collect())
}
