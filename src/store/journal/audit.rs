//! Audit entries: one for every change, written in its transaction, linked by a hash chain and never updated.

mod verification;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use sha2::{Digest, Sha256};
use strum::{IntoStaticStr, VariantArray};

pub use verification::{Slice, Verified, verify, verify_slice};

use crate::domain::text::hex;
use crate::domain::time::instant;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::journals::{self, FIRST_PREV_HASH, Journal};
use crate::store::page::{Page, Place, SortKey, paged};
use crate::store::range::{Condition, Ranges, within};
use crate::store::schema::audit_entries::{self, dsl};

/// The largest number of entries that one statement inserts.
const INSERT_ROWS: usize = 500;
/// The number of entries that one statement reads of a whole chain.
const READ_ROWS: i64 = 1_000;

/// The member, account, client and session behind an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryActor {
    /// `person`, `machine` or `system`.
    pub kind: String,
    /// The member; `None` for the service itself.
    pub member_id: Option<String>,
    /// The client of the service account; `None` for a person.
    pub client_id: Option<String>,
    /// The session that the person had signed in to.
    pub session_id: Option<String>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit_entries, treat_none_as_default_value = false)]
struct Row {
    id: String,
    organization_id: Option<String>,
    at: NaiveDateTime,
    request_id: String,
    actor_issuer: String,
    actor_subject: String,
    action: String,
    subject_type: String,
    subject_id: String,
    before_state: Option<String>,
    after_state: Option<String>,
    chain: String,
    sequence: i64,
    prev_hash: String,
    hash: String,
    actor_kind: Option<String>,
    actor_member_id: Option<String>,
    actor_client_id: Option<String>,
    actor_session_id: Option<String>,
}

/// An audit entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The entry's id.
    pub id: String,
    /// The organisation; `None` for a change that belongs to the installation.
    pub organization_id: Option<String>,
    /// The time of the change, in UTC.
    pub at: NaiveDateTime,
    /// The request that made the change.
    pub request_id: String,
    /// The issuer of the person who made the change.
    pub actor_issuer: String,
    /// The subject of the person who made the change.
    pub actor_subject: String,
    /// What acted; `None` in entries that are older than this field, whose hashes do not cover it.
    pub actor: Option<EntryActor>,
    /// The action, such as `submission.submit`.
    pub action: String,
    /// The type of the changed record.
    pub subject_type: String,
    /// The id of the changed record.
    pub subject_id: String,
    /// The record before the change, in canonical JSON; `None` for a new record.
    pub before_state: Option<String>,
    /// The record after the change, in canonical JSON; `None` for a deleted record.
    pub after_state: Option<String>,
    /// The chain that the entry belongs to.
    pub chain: String,
    /// The entry's number in the chain, from 1.
    pub sequence: i64,
    /// The hash of the previous entry, in hex; 64 zeros for the first entry.
    pub prev_hash: String,
    /// The SHA-256 of `prev_hash` as text followed by the entry's canonical JSON, in hex.
    pub hash: String,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let (member_id, client_id, session_id) = (row.actor_member_id, row.actor_client_id, row.actor_session_id);
        Entry {
            id: row.id,
            organization_id: row.organization_id,
            at: row.at,
            request_id: row.request_id,
            actor_issuer: row.actor_issuer,
            actor_subject: row.actor_subject,
            actor: row.actor_kind.map(|kind| EntryActor { kind, member_id, client_id, session_id }),
            action: row.action,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            before_state: row.before_state,
            after_state: row.after_state,
            chain: row.chain,
            sequence: row.sequence,
            prev_hash: row.prev_hash,
            hash: row.hash,
        }
    }
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        let (actor_kind, actor_member_id, actor_client_id, actor_session_id) = match entry.actor {
            Some(actor) => (Some(actor.kind), actor.member_id, actor.client_id, actor.session_id),
            None => (None, None, None, None),
        };
        Row {
            id: entry.id,
            organization_id: entry.organization_id,
            at: entry.at,
            request_id: entry.request_id,
            actor_issuer: entry.actor_issuer,
            actor_subject: entry.actor_subject,
            action: entry.action,
            subject_type: entry.subject_type,
            subject_id: entry.subject_id,
            before_state: entry.before_state,
            after_state: entry.after_state,
            chain: entry.chain,
            sequence: entry.sequence,
            prev_hash: entry.prev_hash,
            hash: entry.hash,
            actor_kind,
            actor_member_id,
            actor_client_id,
            actor_session_id,
        }
    }
}

impl Entry {
    /// Returns the entry as canonical JSON (RFC 8785), which is why the keys are sorted. The states are stored in that
    /// form.
    fn canonical(&self) -> Result<String, Error> {
        let text = |text: &str| serde_json::to_string(text).map_err(Error::internal);
        let state = |state: &Option<String>| state.clone().unwrap_or_else(|| "null".to_owned());
        let organization_id = self.organization_id.as_deref().map_or_else(|| Ok("null".to_owned()), text)?;
        let nullable =
            |text_or_none: &Option<String>| text_or_none.as_deref().map_or_else(|| Ok("null".to_owned()), text);
        let (issuer, subject) = (text(&self.actor_issuer)?, text(&self.actor_subject)?);
        let actor = match &self.actor {
            None => format!(r#"{{"issuer":{issuer},"subject":{subject}}}"#),
            Some(actor) => format!(
                r#"{{"client_id":{},"issuer":{issuer},"kind":{},"member_id":{},"session_id":{},"subject":{subject}}}"#,
                nullable(&actor.client_id)?,
                text(&actor.kind)?,
                nullable(&actor.member_id)?,
                nullable(&actor.session_id)?,
            ),
        };
        Ok(format!(
            r#"{{"action":{},"actor":{actor},"after":{},"at":{},"before":{},"id":{},"organization_id":{organization_id},"prev_hash":{},"request_id":{},"sequence":{},"subject":{{"id":{},"type":{}}}}}"#,
            text(&self.action)?,
            state(&self.after_state),
            text(&instant(self.at.and_utc()))?,
            state(&self.before_state),
            text(&self.id)?,
            text(&self.prev_hash)?,
            text(&self.request_id)?,
            self.sequence,
            text(&self.subject_id)?,
            text(&self.subject_type)?,
        ))
    }

    fn compute_hash(&self) -> Result<String, Error> {
        let digest = Sha256::new().chain_update(&self.prev_hash).chain_update(self.canonical()?).finalize();
        Ok(hex(&digest))
    }

    /// Returns whether each state is one JSON value. Otherwise text could be moved between a state and the next field
    /// without changing the hash.
    fn has_valid_states(&self) -> bool {
        let states = [&self.before_state, &self.after_state].into_iter().flatten();
        states.into_iter().all(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
    }

    /// Appends the entry to a locked journal: sets its number and hashes.
    fn seal(&mut self, journal: &mut Journal) -> Result<(), Error> {
        journal.audit_sequence += 1;
        self.chain.clone_from(&journal.chain);
        self.sequence = journal.audit_sequence;
        self.prev_hash = std::mem::take(&mut journal.audit_hash);
        self.hash = self.compute_hash()?;
        journal.audit_hash.clone_from(&self.hash);
        Ok(())
    }
}

/// The filters of a list of entries.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only these types of record.
    pub subject_types: Option<Vec<String>>,
    /// Only this record.
    pub subject_id: Option<String>,
    /// Only these actions.
    pub actions: Option<Vec<String>>,
}

/// What entries can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SortBy {
    /// By number in the chain.
    Sequence,
}

impl SortKey for SortBy {
    type Position = i64;
    const UNIQUE: Self = SortBy::Sequence;
}

/// Appends entries to the chain of a locked journal.
pub fn append(conn: &mut Conn, journal: &mut Journal, mut entries: Vec<Entry>) -> Result<(), Error> {
    entries.iter_mut().try_for_each(|entry| entry.seal(journal))?;
    let rows: Vec<Row> = entries.into_iter().map(Row::from).collect();
    for rows in rows.chunks(INSERT_ROWS) {
        match rows {
            // By far the most frequent case. A statement for one row stays in the cache of prepared statements.
            [row] => dispatch!(conn, c => diesel::insert_into(audit_entries::table).values(row).execute(c))?,
            several => dispatch!(conn, c => diesel::insert_into(audit_entries::table).values(several).execute(c))?,
        };
    }
    Ok(())
}

/// Returns the ranges that together hold what the filter names.
fn ranges(filter: &Filter) -> Ranges {
    match (&filter.subject_id, &filter.actions, &filter.subject_types) {
        (Some(id), ..) => Ranges::Of(vec![Condition::new(dsl::subject_id.eq(id.clone()))]),
        (None, Some(actions), _) => {
            Ranges::Of(actions.iter().map(|action| Condition::new(dsl::action.eq(action.clone()))).collect())
        }
        (None, None, Some(types)) => {
            Ranges::Of(types.iter().map(|of| Condition::new(dsl::subject_type.eq(of.clone()))).collect())
        }
        (None, None, None) => Ranges::Whole,
    }
}

/// Returns the condition that the filter names an entry.
fn named(filter: &Filter) -> Condition {
    let mut condition = Condition::default();
    if let Some(types) = &filter.subject_types {
        condition = condition.and(dsl::subject_type.eq_any(types.clone()));
    }
    if let Some(id) = &filter.subject_id {
        condition = condition.and(dsl::subject_id.eq(id.clone()));
    }
    if let Some(actions) = &filter.actions {
        condition = condition.and(dsl::action.eq_any(actions.clone()));
    }
    condition
}

/// Returns a page of a chain.
pub fn list(conn: &mut Conn, chain: &str, filter: &Filter, page: &Page<SortBy>) -> Result<Vec<Entry>, Error> {
    list_of(conn, ranges(filter), chain, filter, page)
}

fn list_of(
    conn: &mut Conn,
    ranges: Ranges,
    chain: &str,
    filter: &Filter,
    page: &Page<SortBy>,
) -> Result<Vec<Entry>, Error> {
    let key = |SortBy::Sequence: SortBy, place: Place<'_, i64>| place.by(dsl::sequence, |after| *after);
    let of_chain = || dsl::audit_entries.filter(dsl::chain.eq(chain.to_owned()));
    let page_of = |named: Condition| paged(of_chain().filter(named).select(dsl::sequence).into_boxed(), page, key);
    let on_page = within(ranges, || named(filter), dsl::sequence, page_of);
    let rows: Vec<Row> = paged(of_chain().filter(on_page).into_boxed(), page, key).load(conn)?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// Returns the last entry of a record with one of these actions.
pub fn last_of(conn: &mut Conn, chain: &str, subject_id: &str, actions: &[&str]) -> Result<Option<Entry>, Error> {
    let of_subject = dsl::audit_entries.filter(dsl::chain.eq(chain)).filter(dsl::subject_id.eq(subject_id));
    let acts = of_subject.filter(dsl::action.eq_any(actions)).order(dsl::sequence.desc());
    let row: Option<Row> = acts.first(conn).optional()?;
    Ok(row.map(Entry::from))
}

fn batch(conn: &mut Conn, chain: &str, after: i64, limit: i64) -> Result<Vec<Entry>, Error> {
    let rest = dsl::audit_entries.filter(dsl::chain.eq(chain)).filter(dsl::sequence.gt(after));
    let rows: Vec<Row> = rest.order(dsl::sequence).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// Hashes the entries that were written before the hash chain was introduced. Does nothing where there are none.
pub fn backfill_hashes(conn: &mut Conn) -> Result<(), Error> {
    let unsealed = journals::all(conn)?.into_iter().filter(|journal| journal.audit_hash.is_empty());
    for journal in unsealed {
        let mut sealed = Journal { audit_sequence: 0, audit_hash: FIRST_PREV_HASH.to_owned(), ..journal.clone() };
        loop {
            let entries = batch(conn, &journal.chain, sealed.audit_sequence, READ_ROWS)?;
            if entries.is_empty() {
                break;
            }
            for mut entry in entries {
                entry.before_state = entry.before_state.as_deref().map(canonical_text).transpose()?;
                entry.after_state = entry.after_state.as_deref().map(canonical_text).transpose()?;
                entry.seal(&mut sealed)?;
                let written = (
                    dsl::before_state.eq(entry.before_state),
                    dsl::after_state.eq(entry.after_state),
                    dsl::prev_hash.eq(entry.prev_hash),
                    dsl::hash.eq(entry.hash),
                );
                diesel::update(dsl::audit_entries.find(entry.id)).set(written).execute(conn)?;
            }
        }
        journals::save(conn, &sealed)?;
    }
    Ok(())
}

fn canonical_text(text: &str) -> Result<String, Error> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(Error::internal)?;
    serde_json_canonicalizer::to_string(&value).map_err(Error::internal)
}

#[cfg(test)]
mod tests;
