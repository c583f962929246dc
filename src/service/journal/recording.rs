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
pub struct AuditState(String);

impl AuditState {
    /// Writes down a record whose keys are in order already: what is written all the time needs no sorting.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn from_sorted(record: &impl Serialize) -> Result<Self, Error> {
        let text = serde_json::to_string(record).map_err(Error::internal)?;
        debug_assert_eq!(Ok(&text), serde_json_canonicalizer::to_string(record).as_ref().map_err(|_| ()));
        Ok(AuditState(text))
    }
}

impl From<Value> for AuditState {
    fn from(value: Value) -> Self {
        // A value without floats out of range, which no number of ours is, is always canonical JSON.
        serde_json_canonicalizer::to_string(&value).map_or_else(|_| AuditState(value.to_string()), AuditState)
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

/// An audit entry to be written, with the event that goes with it.
pub struct AuditDraft<'a> {
    /// Where; none for the installation itself.
    pub organization_id: Option<Id>,
    /// What was done.
    pub action: &'a str,
    /// To what kind of record.
    pub subject_type: &'a str,
    /// To which.
    pub subject_id: Id,
    /// As it was.
    pub before: Option<AuditState>,
    /// As it became.
    pub after: Option<AuditState>,
    /// What subscribers are told of it.
    pub event: Option<EventDraft>,
}

/// Writes an audit entry and its event in the change's own transaction.
///
/// # Errors
/// When the database does not answer.
pub fn record(conn: &mut Conn, context: &Context, draft: AuditDraft) -> Result<(), Error> {
    record_all(conn, context, vec![draft])
}

/// Writes several entries of one organisation.
///
/// # Errors
/// When the database does not answer.
pub fn record_all(conn: &mut Conn, context: &Context, drafts: Vec<AuditDraft>) -> Result<(), Error> {
    let author =
        Author { issuer: &context.actor.issuer, subject: &context.actor.subject, request_id: context.request_id() };
    record_all_as(conn, context.app, context.now, &author, drafts)
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

/// Writes an entry of what happens without a caller.
///
/// # Errors
/// When the database does not answer.
pub fn record_as(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    author: &Author,
    draft: AuditDraft,
) -> Result<(), Error> {
    record_all_as(conn, app, now, author, vec![draft])
}

fn record_all_as(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    author: &Author,
    drafts: Vec<AuditDraft>,
) -> Result<(), Error> {
    let Some(organization_id) = drafts.first().map(|draft| draft.organization_id) else {
        return Ok(());
    };
    let mut journal = journals::lock_for_update(conn, journals::chain_of(organization_id.as_ref()))?;
    debug_assert!(drafts.iter().all(|draft| draft.organization_id == organization_id));
    let (mut entries, mut events) = (Vec::with_capacity(drafts.len()), Vec::new());
    for draft in drafts {
        if let (Some(organization_id), Some(event)) = (draft.organization_id, draft.event) {
            events.push(unnumbered_event(app, now, &organization_id, (draft.subject_type, &draft.subject_id), event));
        }
        entries.push(Entry {
            id: app.ids.next().to_string(),
            organization_id: draft.organization_id.as_ref().map(ToString::to_string),
            at: now.naive_utc(),
            request_id: author.request_id.to_owned(),
            actor_issuer: author.issuer.to_owned(),
            actor_subject: author.subject.to_owned(),
            action: draft.action.to_owned(),
            subject_type: draft.subject_type.to_owned(),
            subject_id: draft.subject_id.to_string(),
            before_state: draft.before.map(|state| state.0),
            after_state: draft.after.map(|state| state.0),
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

/// Publishes several events at once, without audit entries.
///
/// # Errors
/// When the database does not answer.
pub fn publish(
    conn: &mut Conn,
    app: &App,
    now: DateTime<Utc>,
    organization_id: &Id,
    drafts: Vec<((&str, &Id), EventDraft)>,
) -> Result<(), Error> {
    if drafts.is_empty() {
        return Ok(());
    }
    let mut journal = journals::lock_for_update(conn, organization_id.as_str())?;
    let events = drafts.into_iter().map(|(subject, draft)| unnumbered_event(app, now, organization_id, subject, draft));
    store::events::append(conn, &mut journal, events.collect())?;
    journals::save(conn, &journal)
}

/// An event that the journal has not numbered yet.
fn unnumbered_event(
    app: &App,
    now: DateTime<Utc>,
    organization_id: &Id,
    subject: (&str, &Id),
    draft: EventDraft,
) -> Event {
    Event {
        id: app.ids.next(),
        organization_id: *organization_id,
        sequence: 0,
        kind: draft.kind,
        subject_type: subject.0.to_owned(),
        subject_id: *subject.1,
        period_id: draft.period_id,
        unit_id: draft.unit_id,
        at: now,
        data: draft.data,
    }
}
