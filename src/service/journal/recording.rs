//! Recording of changes in their own transaction: audit entries and events.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::domain::Id;
use crate::domain::access::Actor;
use crate::domain::journal::event::{Event, EventType};
use crate::domain::office::member::{Member, SYSTEM_ISSUER, client_id};
use crate::error::Error;
use crate::service::{App, Context};
use crate::store::audit::{Entry, EntryActor};
use crate::store::{self, Conn, journals};

/// The state of a record in an audit entry: canonical JSON (RFC 8785).
pub struct AuditState(String);

impl AuditState {
    /// Serialises a record whose keys are already sorted, which saves the sorting on hot paths.
    ///
    /// # Errors
    /// `internal` when it cannot be serialised.
    pub fn from_sorted(record: &impl Serialize) -> Result<Self, Error> {
        let text = serde_json::to_string(record).map_err(Error::internal)?;
        debug_assert_eq!(Ok(&text), serde_json_canonicalizer::to_string(record).as_ref().map_err(|_| ()));
        Ok(AuditState(text))
    }
}

impl From<Value> for AuditState {
    fn from(value: Value) -> Self {
        // Canonicalisation fails only for floats out of range, which our values do not contain.
        serde_json_canonicalizer::to_string(&value).map_or_else(|_| AuditState(value.to_string()), AuditState)
    }
}

/// An event to be published.
#[derive(Debug, Clone)]
pub struct EventDraft {
    /// Type of the event.
    pub kind: EventType,
    /// The period concerned.
    pub period_id: Option<Id>,
    /// The unit concerned.
    pub unit_id: Option<Id>,
    /// Further data of the event; never a score.
    pub data: Value,
}

/// An audit entry to be written, with its event.
pub struct AuditDraft<'a> {
    /// The organisation; none for the installation itself.
    pub organization_id: Option<Id>,
    /// The action recorded.
    pub action: &'a str,
    /// Type of the record.
    pub subject_type: &'a str,
    /// Id of the record.
    pub subject_id: Id,
    /// State before the change.
    pub before: Option<AuditState>,
    /// State after the change.
    pub after: Option<AuditState>,
    /// The event to publish with it.
    pub event: Option<EventDraft>,
}

impl<'a> AuditDraft<'a> {
    /// Builds an entry, without states, about a record named by type and id.
    pub fn about(action: &'a str, organization_id: Option<Id>, (subject_type, subject_id): (&'a str, Id)) -> Self {
        AuditDraft { organization_id, action, subject_type, subject_id, before: None, after: None, event: None }
    }
}

/// The entries of what an act changes besides its own record. They are recorded once every row is locked, because the
/// journal is locked last.
#[must_use = "what was changed must be recorded in the same transaction"]
#[derive(Default)]
pub struct Entries(Vec<AuditDraft<'static>>);

impl Entries {
    /// Adds what another change has left to be recorded.
    pub fn extend(&mut self, further: impl IntoIterator<Item = AuditDraft<'static>>) {
        self.0.extend(further);
    }

    /// Writes them as acts of the caller.
    ///
    /// # Errors
    /// `busy` or `internal` when the database fails.
    pub fn record(self, conn: &mut Conn, context: &Context) -> Result<(), Error> {
        record_all(conn, context, self.0)
    }

    /// Writes them as acts of the service itself.
    ///
    /// # Errors
    /// `busy` or `internal` when the database fails.
    pub fn record_as(self, conn: &mut Conn, app: &App, now: DateTime<Utc>, author: &Author) -> Result<(), Error> {
        record_all_as(conn, app, now, author, self.0)
    }
}

impl FromIterator<AuditDraft<'static>> for Entries {
    fn from_iter<I: IntoIterator<Item = AuditDraft<'static>>>(drafts: I) -> Self {
        Entries(drafts.into_iter().collect())
    }
}

impl IntoIterator for Entries {
    type Item = AuditDraft<'static>;
    type IntoIter = std::vec::IntoIter<AuditDraft<'static>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Writes an audit entry and its event in the transaction of the change.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn record(conn: &mut Conn, context: &Context, draft: AuditDraft) -> Result<(), Error> {
    record_all(conn, context, vec![draft])
}

/// Writes several entries of one organisation.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn record_all(conn: &mut Conn, context: &Context, drafts: Vec<AuditDraft>) -> Result<(), Error> {
    let organization_id = drafts.first().and_then(|draft| draft.organization_id);
    let author = Author::of(context, organization_id.as_ref());
    record_all_as(conn, context.app, context.now, &author, drafts)
}

/// The author named by an audit entry.
pub struct Author<'a> {
    issuer: &'a str,
    subject: &'a str,
    kind: &'static str,
    member_id: Option<Id>,
    client_id: Option<String>,
    session_id: Option<Id>,
    request_id: &'a str,
}

impl<'a> Author<'a> {
    /// The service itself: its clock or its command line. No member can be entered with this issuer.
    pub fn system(subject: &'a str, request_id: &'a str) -> Self {
        Author {
            issuer: SYSTEM_ISSUER,
            subject,
            kind: SYSTEM_ISSUER,
            member_id: None,
            client_id: None,
            session_id: None,
            request_id,
        }
    }

    /// A member, by its own request.
    pub fn of_member(member: &'a Member, request_id: &'a str) -> Self {
        Author {
            issuer: &member.issuer,
            subject: &member.subject,
            kind: member.kind.into(),
            member_id: Some(member.id),
            client_id: None,
            session_id: None,
            request_id,
        }
    }

    /// The same within a session.
    #[must_use]
    pub fn in_session(self, session_id: Id) -> Self {
        Author { session_id: Some(session_id), ..self }
    }

    /// The caller, by its membership in the organisation of the change.
    pub fn of(context: &'a Context, organization_id: Option<&Id>) -> Self {
        let Actor { principal, kind, issuer, subject, memberships, .. } = &context.actor;
        let member = memberships.iter().find(|member| member.organization_id.as_ref() == organization_id);
        Author {
            issuer,
            subject,
            kind: (*kind).into(),
            member_id: member.or(memberships.first()).map(|member| member.member_id),
            client_id: principal.service_account_id().map(|id| client_id(&id)),
            session_id: principal.session_id(),
            request_id: context.request_id(),
        }
    }
}

/// Writes an entry for a change without a caller.
///
/// # Errors
/// `busy` or `internal` when the database fails.
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
            actor: Some(EntryActor {
                kind: author.kind.to_owned(),
                member_id: author.member_id.as_ref().map(ToString::to_string),
                client_id: author.client_id.clone(),
                session_id: author.session_id.as_ref().map(ToString::to_string),
            }),
            action: draft.action.to_owned(),
            subject_type: draft.subject_type.to_owned(),
            subject_id: draft.subject_id.to_string(),
            before_state: draft.before.map(|state| state.0),
            after_state: draft.after.map(|state| state.0),
            // Set when the entry is appended to the chain.
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

/// Publishes several events without audit entries.
///
/// # Errors
/// `busy` or `internal` when the database fails.
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

/// Builds an event that has no sequence number yet.
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
