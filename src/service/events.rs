//! Reading what happened.

use super::{Context, Stop};
use crate::domain::Id;
use crate::domain::access::{self, Action, Facts};
use crate::domain::event::{Event, EventType};
use crate::error::{Code, Error};
use crate::store::{self, Conn};

/// The units that a caller's token names, of one organisation.
pub(super) fn named_units(conn: &mut Conn, context: &Context, organization_id: &Id) -> Result<Vec<Id>, Error> {
    let codes = context.actor.scopes.unit_codes();
    if codes.is_empty() { Ok(Vec::new()) } else { store::units::ids_of(conn, organization_id, &codes) }
}

/// The events of an organisation after the one with the id `after` that the caller may see, at most `limit`.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    after: Option<&Id>,
    types: Option<&[EventType]>,
    limit: i64,
) -> Result<Vec<Event>, Stop> {
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::ReadHouse, &Facts::of(&organization_id))?;
    context.admit_read()?;
    let number = match after {
        Some(id) => store::events::sequence_of(conn, &organization_id, id)?.ok_or(Code::InvalidCursor)?,
        None => 0,
    };
    let named = named_units(conn, context, &organization_id)?;
    let sight = access::events_in_sight(&context.actor, &organization_id, &named);
    Ok(store::events::list(conn, &organization_id, &sight, types, number, limit)?)
}
