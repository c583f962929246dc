//! Reading events.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access;
use crate::domain::access::action::Action;
use crate::domain::journal::event::{Event, EventType};
use crate::error::Code;
use crate::service::{Context, Result};
use crate::store::{self, Conn};

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
    let visibility = access::event_visibility(&context.actor, &organization_id);
    Ok(store::events::list(conn, &organization_id, &visibility, types, number, limit)?)
}
