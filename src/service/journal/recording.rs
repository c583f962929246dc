//! What is written down of every change, in its own transaction: who did it, and what subscribers are told.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::domain::Id;
use crate::domain::journal::event::{Event, EventType};
use crate::error::Error;
use crate::service::{App, Context};
use crate::store::audit::Entry;
use crate::store::{self, Conn, journals};

/// A record, or what matters of it, as an audit entry keeps it: canonical JSON (RFC 8785).
pub struct State(String);

impl State {
    /// Writes down a record whose keys are in order already: what is written all the time needs no sorting.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn in_order(record: &impl Serialize) -> Result<Self, Error> {
        let text = serde_json::to_string(record).map_err(Error::internal)?;
        debug_assert_eq!(Ok(&text), serde_json_canonicalizer::to_string(record).as_ref().map_err(|_| ()));
        Ok(State(text))
    }
}

impl From<Value> for State {
    fn from(value: Value) -> Self {
        // A value without floats out of range, which no number of ours is, is always canonical JSON.
        serde_json_canonicalizer::to_string(&value).map_or_else(|_| State(value.to_string()), State)
    }
}

/// What subscribers are told of a change.
#[derive(Debug, Clone)]
pub struct EventDraft {
    /// What happened.
    pub kind: EventType,
    /// In which period.
    pub period_id: Option<Id>,
    /// About which unit.
    pub unit_id: Option<Id>,
    /// What more there is to say; never a score.
    pub data: Value,
}

/// What an audit entry is about.
pub struct Change<'a> {
    /// Where; none for the installation itself.
    pub organization_id: Option<&'a Id>,
    /// What was done.
    pub action: &'a str,
    /// To what kind of record.
    pub subject_type: &'a str,
    /// To which.
    pub subject_id: &'a Id,
    /// As it was.
    pub before: Option<State>,
    /// As it became.
    pub after: Option<State>,
    /// What subscribers are told of it.
    pub news: Option<EventDraft>,
}

impl Change<'_> {
    /// The same change, told to subscribers.
    #[must_use]
    pub fn publishing(self, news: EventDraft) -> Self {
        Change { news: Some(news), ..self }
    }
}

/// Writes down who changed what, in the change's own transaction.
///
/// # Errors
/// When the database does not answer.
pub fn record(conn: &mut Conn, context: &Context, change: Change) -> Result<(), Error> {
    record_all(conn, context, vec![change])
}

/// The same of several changes in one organisation.
///
/// # Errors
/// When the database does not answer.
pub fn record_all(conn: &mut Conn, context: &Context, changes: Vec<Change>) -> Result<(), Error> {
    let by =
        Author { issuer: &context.actor.issuer, subject: &context.actor.subject, request_id: context.request_id() };
    record_all_by(conn, context.app, context.now, &by, changes)
}

/// Who an audit entry names.
pub struct Author<'a> {
    /// Who vouches for it; `system` for what the clock or the command line does.
    pub issuer: &'a str,
    /// Its name there.
    pub subject: &'a str,
    /// By which request.
    pub request_id: &'a str,
}

/// The same for what happens without a caller.
///
/// # Errors
/// When the database does not answer.
pub fn record_as(conn: &mut Conn, app: &App, now: DateTime<Utc>, by: &Author, change: Change) -> Result<(), Error> {
    record_all_by(conn, app, now, by, vec![change])
}

fn record_all_by(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    by: &Author,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let Some(organization_id) = changes.first().map(|change| change.organization_id) else {
        return Ok(());
    };
    let mut journal = journals::hold(conn, journals::chain_of(organization_id))?;
    debug_assert!(changes.iter().all(|change| change.organization_id == organization_id));
    let (mut entries, mut events) = (Vec::with_capacity(changes.len()), Vec::new());
    for change in changes {
        if let (Some(organization_id), Some(news)) = (change.organization_id, change.news) {
            events.push(event(app, now, organization_id, (change.subject_type, change.subject_id), news));
        }
        entries.push(Entry {
            id: app.ids.next().to_string(),
            organization_id: change.organization_id.map(ToString::to_string),
            at: now.naive_utc(),
            request_id: by.request_id.to_owned(),
            actor_issuer: by.issuer.to_owned(),
            actor_subject: by.subject.to_owned(),
            action: change.action.to_owned(),
            subject_type: change.subject_type.to_owned(),
            subject_id: change.subject_id.to_string(),
            before_state: change.before.map(|state| state.0),
            after_state: change.after.map(|state| state.0),
            // The journal gives it its place.
            chain: String::new(),
            sequence: 0,
            prev_hash: String::new(),
            hash: String::new(),
        });
    }
    store::audit::append(conn, &mut journal, entries)?;
    store::events::append(conn, &mut journal, events)?;
    journals::save(conn, &journal)
}

/// Tells subscribers of several things at once.
///
/// # Errors
/// When the database does not answer.
pub fn tell(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    organization_id: &Id,
    told: Vec<((&str, &Id), EventDraft)>,
) -> Result<(), Error> {
    if told.is_empty() {
        return Ok(());
    }
    let mut journal = journals::hold(conn, organization_id.as_str())?;
    let events = told.into_iter().map(|(subject, news)| event(app, now, organization_id, subject, news)).collect();
    store::events::append(conn, &mut journal, events)?;
    journals::save(conn, &journal)
}

/// An event that has no number yet.
fn event(app: &App, now: DateTime<Utc>, organization_id: &Id, subject: (&str, &Id), news: EventDraft) -> Event {
    Event {
        id: app.ids.next(),
        organization_id: *organization_id,
        sequence: 0,
        kind: news.kind,
        subject_type: subject.0.to_owned(),
        subject_id: *subject.1,
        period_id: news.period_id,
        unit_id: news.unit_id,
        at: now,
        data: news.data,
    }
}
