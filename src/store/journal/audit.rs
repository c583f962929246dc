//! Audit entries: one for every change, written in its transaction, linked by a hash chain and never updated.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use sha2::{Digest, Sha256};
use strum::{IntoStaticStr, VariantArray};

use crate::domain::text::hex;
use crate::domain::time::instant;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::journals::{self, FIRST_PREV_HASH, Journal};
use crate::store::page::{Page, SortKey, paged};
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

/// Returns a page of a chain.
pub fn list(conn: &mut Conn, chain: &str, filter: &Filter, page: &Page<SortBy>) -> Result<Vec<Entry>, Error> {
    let mut query = dsl::audit_entries.filter(dsl::chain.eq(chain.to_owned())).into_boxed();
    if let Some(types) = &filter.subject_types {
        query = query.filter(dsl::subject_type.eq_any(types.clone()));
    }
    if let Some(id) = &filter.subject_id {
        query = query.filter(dsl::subject_id.eq(id.clone()));
    }
    if let Some(actions) = &filter.actions {
        query = query.filter(dsl::action.eq_any(actions.clone()));
    }
    let rows: Vec<Row> =
        paged(query, page, |SortBy::Sequence, place| place.by(dsl::sequence, |after| *after)).load(conn)?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// Returns the last entry of a record with one of these actions.
pub fn last_of(conn: &mut Conn, chain: &str, subject_id: &str, actions: &[&str]) -> Result<Option<Entry>, Error> {
    let of_subject = dsl::audit_entries.filter(dsl::chain.eq(chain)).filter(dsl::subject_id.eq(subject_id));
    let acts = of_subject.filter(dsl::action.eq_any(actions)).order(dsl::sequence.desc());
    let row: Option<Row> = acts.first(conn).optional()?;
    Ok(row.map(Entry::from))
}

fn batch(conn: &mut Conn, chain: &str, after: i64) -> Result<Vec<Entry>, Error> {
    let rest = dsl::audit_entries.filter(dsl::chain.eq(chain)).filter(dsl::sequence.gt(after));
    let rows: Vec<Row> = rest.order(dsl::sequence).limit(READ_ROWS).load(conn)?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// The result of verifying a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The number of intact entries before the first altered one.
    pub checked: i64,
    /// The first altered entry; `None` where all are intact or entries are missing at the end.
    pub first_bad_id: Option<String>,
    /// Whether the whole chain is intact.
    pub ok: bool,
}

/// Recomputes every hash of a chain from its first entry. `known` is a checkpoint: the number of an entry and the hash
/// that it had earlier.
pub fn verify(conn: &mut Conn, chain: &str, known: Option<(i64, &str)>) -> Result<Verdict, Error> {
    let journal = journals::find(conn, chain)?;
    let (mut number, mut hash) = (0, FIRST_PREV_HASH.to_owned());
    loop {
        let entries = batch(conn, chain, number)?;
        let Some(last) = entries.last().map(|entry| entry.sequence) else {
            break;
        };
        for entry in entries {
            let in_place = entry.sequence == number + 1 && entry.prev_hash == hash;
            let unaltered =
                in_place && entry.has_valid_states() && entry.compute_hash().is_ok_and(|sealed| sealed == entry.hash);
            let as_known = known.is_none_or(|(at, known)| at != entry.sequence || known == entry.hash);
            if !unaltered || !as_known {
                return Ok(Verdict { checked: number, first_bad_id: Some(entry.id), ok: false });
            }
            (number, hash) = (entry.sequence, entry.hash);
        }
        debug_assert_eq!(number, last);
    }
    let whole = journal.audit_sequence == number && journal.audit_hash == hash;
    let reaches = known.is_none_or(|(at, _)| at <= number);
    Ok(Verdict { checked: number, first_bad_id: None, ok: whole && reaches })
}

/// Hashes the entries that were written before the hash chain was introduced. Does nothing where there are none.
pub fn backfill_hashes(conn: &mut Conn) -> Result<(), Error> {
    let unsealed = journals::all(conn)?.into_iter().filter(|journal| journal.audit_hash.is_empty());
    for journal in unsealed {
        let mut sealed = Journal { audit_sequence: 0, audit_hash: FIRST_PREV_HASH.to_owned(), ..journal.clone() };
        loop {
            let entries = batch(conn, &journal.chain, sealed.audit_sequence)?;
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn entry(action: String, before: Option<String>, after: Option<String>) -> Entry {
        Entry {
            id: "018b88d6-5f80-7000-8000-000000000001".into(),
            organization_id: None,
            at: chrono::DateTime::UNIX_EPOCH.naive_utc(),
            request_id: "r\u{1}\"".into(),
            actor: None,
            actor_issuer: "local".into(),
            actor_subject: "Đơn vị\u{7f}\u{2028}".into(),
            action,
            subject_type: "unit".into(),
            subject_id: "1".into(),
            before_state: before,
            after_state: after,
            chain: String::new(),
            sequence: 0,
            prev_hash: String::new(),
            hash: String::new(),
        }
    }

    /// Moving text between fields can leave the hash unchanged; the state is then no longer valid JSON.
    #[test]
    fn text_moved_between_fields_leaves_an_invalid_state() {
        let (early, late) = ("1970-01-01T00:00:00.000Z", "2023-11-01T01:00:00.000Z");
        let whole = Entry {
            at: chrono::DateTime::UNIX_EPOCH.naive_utc(),
            ..entry("x".into(), Some("null".into()), Some(format!(r#"{{"a":0,"at":"{late}","before":5}}"#)))
        };
        let tampered = Entry {
            at: late.parse::<chrono::DateTime<chrono::Utc>>().unwrap().naive_utc(),
            after_state: Some(r#"{"a":0"#.into()),
            before_state: Some(format!(r#"5}},"at":"{early}","before":null"#)),
            ..whole.clone()
        };
        assert_eq!(whole.compute_hash().unwrap(), tampered.compute_hash().unwrap());
        assert!(whole.has_valid_states() && !tampered.has_valid_states());
    }

    proptest! {
        /// The hashed text is the RFC 8785 form of the entry, whatever it contains.
        #[test]
        fn the_hashed_text_is_canonical(action in ".*", text in ".*", hundredths in -10_000_000_i64..10_000_000, cases in any::<u32>()) {
            let points = crate::domain::Points::from_hundredths(hundredths);
            let state = json!({"ghi chú": text, "points": points, "b": [cases, null, true], "a": {"z": {}, "Ä": []}});
            let canonical = serde_json_canonicalizer::to_string(&state).unwrap();
            let entry = entry(action, Some(canonical), None);
            let parsed: serde_json::Value = serde_json::from_str(&entry.canonical().unwrap()).unwrap();
            prop_assert_eq!(entry.canonical().unwrap(), serde_json_canonicalizer::to_string(&parsed).unwrap());
            prop_assert_eq!(&parsed["before"], &state);
            prop_assert_eq!(&parsed["action"], &json!(entry.action));
        }
    }
}
