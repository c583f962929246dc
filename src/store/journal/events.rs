//! Events: the outbox for subscribers, in the order of the commits, never updated.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::EventVisibility;
use crate::domain::journal::event::{Audience, Event, EventType, audience};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::journals::Journal;
use crate::store::schema::events::{self, dsl};
use crate::store::types::{enum_text, from_json, id, id_option, id_texts, naive, parse_enum, utc};

/// The largest number of events that one statement inserts.
const INSERT_ROWS: usize = 500;

#[derive(Queryable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct Row {
    organization_id: String,
    sequence: i64,
    id: String,
    kind: String,
    audience: String,
    subject_type: String,
    subject_id: String,
    period_id: Option<String>,
    unit_id: Option<String>,
    at: NaiveDateTime,
    data: String,
}

impl TryFrom<Row> for Event {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Event {
            id: id(row.id),
            organization_id: id(row.organization_id),
            sequence: row.sequence,
            kind: parse_enum(&row.kind)?,
            subject_type: row.subject_type,
            subject_id: id(row.subject_id),
            period_id: id_option(row.period_id),
            unit_id: id_option(row.unit_id),
            at: utc(row.at),
            data: from_json(&row.data)?,
        })
    }
}

impl From<&Event> for Row {
    fn from(event: &Event) -> Self {
        Row {
            organization_id: event.organization_id.to_string(),
            sequence: event.sequence,
            id: event.id.to_string(),
            kind: enum_text(event.kind),
            audience: enum_text(audience(event.kind, event.unit_id.as_ref(), &event.data)),
            subject_type: event.subject_type.clone(),
            subject_id: event.subject_id.to_string(),
            period_id: event.period_id.as_ref().map(ToString::to_string),
            unit_id: event.unit_id.as_ref().map(ToString::to_string),
            at: naive(event.at),
            data: event.data.to_string(),
        }
    }
}

/// Appends events to a locked journal.
pub fn append(conn: &mut Conn, journal: &mut Journal, new: Vec<Event>) -> Result<(), Error> {
    let numbered = new.into_iter().map(|event| {
        journal.event_sequence += 1;
        Row::from(&Event { sequence: journal.event_sequence, ..event })
    });
    let rows: Vec<Row> = numbered.collect();
    for rows in rows.chunks(INSERT_ROWS) {
        dispatch!(conn, c => diesel::insert_into(events::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Returns the name of an event type, as in `period.opened`.
pub fn type_name(kind: EventType) -> String {
    enum_text(kind)
}

/// Returns the events with these ids.
pub fn by_ids(conn: &mut Conn, ids: &[&Id]) -> Result<Vec<Event>, Error> {
    let rows: Vec<Row> =
        dsl::events.filter(dsl::id.eq_any(ids.iter().map(|id| id.as_str()).collect::<Vec<_>>())).load(conn)?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Returns the number of an event of an organisation.
pub fn sequence_of(conn: &mut Conn, organization_id: &Id, id: &Id) -> Result<Option<i64>, Error> {
    let known = dsl::events.filter(dsl::id.eq(id.as_str())).filter(dsl::organization_id.eq(organization_id.as_str()));
    Ok(known.select(dsl::sequence).get_result(conn).optional()?)
}

/// Returns at most `limit` events after the number `after` that the caller may see, only of these types if given.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    visibility: &EventVisibility,
    types: Option<&[EventType]>,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let words = |audiences: &[Audience]| audiences.iter().map(enum_text).collect::<Vec<_>>();
    let of_other_unit = dsl::unit_id.ne(visibility.own.as_ref().map(ToString::to_string).unwrap_or_default());
    let visible = dsl::audience
        .eq_any(words(&visibility.of_all))
        .or(dsl::audience.eq_any(words(&visibility.of_others)).and(of_other_unit.assume_not_null()))
        .or(dsl::audience
            .eq_any(words(&visibility.of_some))
            .and(dsl::unit_id.eq_any(id_texts(&visibility.some)).assume_not_null()));
    let mut query = dsl::events
        .filter(dsl::organization_id.eq(organization_id.to_string()))
        .filter(dsl::sequence.gt(after))
        .filter(visible)
        .into_boxed();
    if let Some(only) = &visibility.only {
        query = query.filter(dsl::unit_id.is_null().or(dsl::unit_id.eq_any(id_texts(only)).assume_not_null()));
    }
    let (declared, audiences) = &visibility.except;
    for (period_id, unit_id) in declared {
        let elsewhere = dsl::unit_id.is_null().or(dsl::unit_id.ne(unit_id.to_string()).assume_not_null());
        let otherwise = dsl::period_id.is_null().or(dsl::period_id.ne(period_id.to_string()).assume_not_null());
        query = query.filter(dsl::audience.ne_all(words(audiences)).or(elsewhere).or(otherwise));
    }
    if !visibility.stages {
        query = query.filter(dsl::audience.ne(enum_text(Audience::Deadline)).or(dsl::unit_id.is_not_null()));
    }
    if let Some(types) = types {
        query = query.filter(dsl::kind.eq_any(types.iter().map(enum_text).collect::<Vec<_>>()));
    }
    let rows: Vec<Row> = query.order(dsl::sequence).limit(limit).load(conn)?;
    rows.into_iter().map(Event::try_from).collect()
}
