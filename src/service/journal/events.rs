//! Reading events.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Actor};
use crate::domain::journal::event::{Event, EventType};
use crate::error::{Code, Error};
use crate::service::{Context, Result};
use crate::store::{self, Conn};

/// Ids of the units that the token's scopes name, in one organisation.
pub fn named_units(conn: &mut Conn, actor: &Actor, organization_id: &Id) -> Result<Vec<Id>, Error> {
    let codes = actor.scopes.unit_codes();
    if codes.is_empty() { Ok(Vec::new()) } else { store::units::ids_by_code(conn, organization_id, &codes) }
}

/// Data of an event, with its period and unit.
pub fn data(event: &Event) -> Value {
    let mut data = event.data.clone();
    if let Some(fields) = data.as_object_mut() {
        fields.insert("period_id".to_owned(), json!(event.period_id));
        fields.insert("unit_id".to_owned(), json!(event.unit_id));
    }
    data
}

/// Lists at most `limit` events after the one with id `after` that the caller may see.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    after: Option<&Id>,
    types: Option<&[EventType]>,
    limit: i64,
) -> Result<Vec<Event>> {
    let organization_id = context.enter_list(organization_id, Action::ReadOffice)?;
    let number = match after {
        Some(id) => store::events::sequence_of(conn, &organization_id, id)?.ok_or(Code::InvalidCursor)?,
        None => 0,
    };
    let named = named_units(conn, &context.actor, &organization_id)?;
    let visibility = access::event_visibility(&context.actor, &organization_id, &named);
    Ok(store::events::list(conn, &organization_id, &visibility, types, number, limit)?)
}
