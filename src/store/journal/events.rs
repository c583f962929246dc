//! Events: the outbox for subscribers, in the order of the commits, never updated.

use std::iter::once;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use strum::VariantArray;

use crate::domain::Id;
use crate::domain::access::EventVisibility;
use crate::domain::journal::event::{Audience, Event, EventType, audience};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::journals::Journal;
use crate::store::range::{Condition, Ranges, within};
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

/// Returns the ranges that together hold all that the caller may see.
fn ranges(visibility: &EventVisibility, types: Option<&[EventType]>) -> Ranges {
    let of_kind = |kind: &EventType| Condition::new(dsl::kind.eq(enum_text(*kind)));
    let of_audience = |audience: &Audience| Condition::new(dsl::audience.eq(enum_text(*audience)));
    let of_unit = |unit: &Id| Condition::new(dsl::unit_id.eq(unit.to_string()));
    let of_no_unit = || Condition::new(dsl::unit_id.is_null());
    if let Some(only) = &visibility.only {
        return Ranges::Of(once(of_no_unit()).chain(only.iter().map(of_unit)).collect());
    }
    let broad = |audience: &Audience| visibility.of_all.contains(audience) || visibility.of_others.contains(audience);
    let mut found: Vec<Condition> = match types {
        None if Audience::VARIANTS.iter().all(broad) => return Ranges::Whole,
        None => Audience::VARIANTS.iter().filter(|audience| broad(audience)).map(of_audience).collect(),
        Some(types) => {
            let (broad, narrow): (Vec<_>, Vec<_>) = types.iter().partition(|kind| broad(&kind.audience(true)));
            // What concerns a unit is read by unit below.
            let rest = (!narrow.is_empty()).then(of_no_unit);
            broad.into_iter().map(of_kind).chain(rest).collect()
        }
    };
    if !visibility.of_some.is_empty() {
        found.extend(visibility.some.iter().map(of_unit));
    }
    Ranges::Of(found)
}

/// Returns the condition that an event is visible to a caller, and of these types if given.
fn visible(visibility: &EventVisibility, types: Option<&[EventType]>) -> Condition {
    let words = |audiences: &[Audience]| audiences.iter().map(enum_text).collect::<Vec<_>>();
    let of_other_unit = dsl::unit_id.ne(visibility.own.as_ref().map(ToString::to_string).unwrap_or_default());
    let mut condition = Condition::new(
        dsl::audience
            .eq_any(words(&visibility.of_all))
            .or(dsl::audience.eq_any(words(&visibility.of_others)).and(of_other_unit.assume_not_null()))
            .or(dsl::audience
                .eq_any(words(&visibility.of_some))
                .and(dsl::unit_id.eq_any(id_texts(&visibility.some)).assume_not_null())),
    );
    if let Some(only) = &visibility.only {
        condition = condition.and(dsl::unit_id.is_null().or(dsl::unit_id.eq_any(id_texts(only)).assume_not_null()));
    }
    let (declared, audiences) = &visibility.except;
    for (period_id, unit_id) in declared {
        let elsewhere = dsl::unit_id.is_null().or(dsl::unit_id.ne(unit_id.to_string()).assume_not_null());
        let otherwise = dsl::period_id.is_null().or(dsl::period_id.ne(period_id.to_string()).assume_not_null());
        condition = condition.and(dsl::audience.ne_all(words(audiences)).or(elsewhere).or(otherwise));
    }
    if !visibility.stages {
        condition = condition.and(dsl::audience.ne(enum_text(Audience::Deadline)).or(dsl::unit_id.is_not_null()));
    }
    match types {
        Some(types) => condition.and(dsl::kind.eq_any(types.iter().map(enum_text).collect::<Vec<_>>())),
        None => condition,
    }
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
    list_of(conn, ranges(visibility, types), organization_id, visibility, types, (after, limit))
}

fn list_of(
    conn: &mut Conn,
    ranges: Ranges,
    organization_id: &Id,
    visibility: &EventVisibility,
    types: Option<&[EventType]>,
    (after, limit): (i64, i64),
) -> Result<Vec<Event>, Error> {
    let of_organization = || dsl::events.filter(dsl::organization_id.eq(organization_id.to_string()));
    let page_of = |seen: Condition| {
        let rows = of_organization().filter(dsl::sequence.gt(after)).filter(seen);
        rows.select(dsl::sequence).order(dsl::sequence).limit(limit)
    };
    let on_page = within(ranges, || visible(visibility, types), dsl::sequence, page_of);
    let rows = of_organization().filter(dsl::sequence.gt(after)).filter(on_page).order(dsl::sequence).limit(limit);
    let rows: Vec<Row> = rows.load(conn)?;
    rows.into_iter().map(Event::try_from).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::store::range::tests::{database, number};

    fn any_visibility() -> impl Strategy<Value = EventVisibility> {
        let unit = || (0..3_u64).prop_map(|at| number(2, at));
        let reach = prop::collection::vec(0..4_usize, Audience::VARIANTS.len());
        let except = prop::option::of((unit(), subsequence(Audience::VARIANTS.to_vec(), 1..3)));
        let only = prop::option::of(prop::collection::vec(unit(), 1..3));
        (reach, any::<bool>(), unit(), prop::collection::vec(unit(), 0..3), only, except).prop_map(
            |(reach, stages, own, some, only, except)| {
                let by = |reached: usize| {
                    let of = Audience::VARIANTS.iter().zip(&reach).filter(|(_, reach)| **reach == reached);
                    of.map(|(audience, _)| *audience).collect()
                };
                let except = except.map(|(unit, audiences)| (vec![(number(3, 0), unit)], audiences));
                let (of_all, of_others, of_some) = (by(1), by(2), by(3));
                let own = Some(own);
                EventVisibility {
                    stages,
                    of_all,
                    of_others,
                    own,
                    except: except.unwrap_or_default(),
                    of_some,
                    some,
                    only,
                }
            },
        )
    }

    fn any_event() -> impl Strategy<Value = (EventType, Option<Id>, Id)> {
        let unit = prop::option::of((0..3_u64).prop_map(|at| number(2, at)));
        (select(EventType::VARIANTS), unit, (0..2_u64).prop_map(|at| number(3, at)))
    }

    #[test]
    fn ranges_hold_all_that_a_caller_sees() {
        let conn = database();
        let next = Cell::new(0_u64);
        let events = prop::collection::vec(any_event(), 0..30);
        let types = prop::option::of(subsequence(EventType::VARIANTS.to_vec(), 1..4));
        let case = (events, any_visibility(), types, 0..5_i64, 1..6_i64);
        let conn = RefCell::new(conn);
        let mut runner = proptest::test_runner::TestRunner::default();
        runner
            .run(&case, |(events, visibility, types, after, limit)| {
                let conn = &mut *conn.borrow_mut();
                next.set(next.get() + 1);
                let cases = next.get();
                let organization_id = number(1, cases);
                let event = |(sequence, (kind, unit_id, period_id)): (i64, (EventType, Option<Id>, Id))| Event {
                    id: number(4, cases * 100 + u64::try_from(sequence).unwrap()),
                    organization_id,
                    sequence,
                    kind,
                    subject_type: "x".to_owned(),
                    subject_id: period_id,
                    period_id: Some(period_id),
                    unit_id,
                    at: DateTime::<Utc>::UNIX_EPOCH,
                    data: serde_json::Value::Null,
                };
                let rows: Vec<Row> = (1..).zip(events).map(event).map(|event| Row::from(&event)).collect();
                for row in rows {
                    diesel::insert_into(events::table).values(row).execute(conn).unwrap();
                }
                let (place, types) = ((after, limit), types.as_deref());
                let whole = list_of(conn, Ranges::Whole, &organization_id, &visibility, types, place).unwrap();
                let merged = list(conn, &organization_id, &visibility, types, after, limit).unwrap();
                prop_assert_eq!(merged, whole);
                Ok(())
            })
            .unwrap();
    }
}
