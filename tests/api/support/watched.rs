//! Watches what every request changes in the database, and compares it with what the audit says of it.
//!
//! A change and its entries commit together, so two snapshots, each taken by one statement, differ by whole acts alone:
//! whatever differs between them must be told by the entries that the later one has and the earlier one has not. This holds
//! for requests at the same time too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use serde_json::{Map, Value};

use super::App;

/// A row as column and value.
type Row = Map<String, Value>;
/// The rows of each table by their keys.
type Snapshot = BTreeMap<String, BTreeMap<String, Row>>;

/// Tables that hold nothing which an act decides, each with its reason.
const TECHNICAL_TABLES: [(&str, &str); 12] = [
    ("audit_entries", "the audit itself"),
    ("journals", "the ends of the chains"),
    ("events", "made of the entries' acts"),
    ("webhook_deliveries", "the outbox of the events"),
    ("webhook_attempts", "what the outbox tried"),
    ("idempotency_keys", "answers kept for a replay"),
    ("installation", "the sandbox's clock"),
    ("stored_files", "which files are in use, by digest; their records name them"),
    ("refresh_tokens", "the digests of a session's tokens, which change at every use"),
    ("sign_in_failures", "counts that slow down guessing"),
    ("signing_keys", "public keys of the installation, made by its start"),
    ("council_means", "reckoned from the members' reviews, which the audit has"),
];

/// Columns that say nothing of their own, each with its reason. A table of `*` stands for all.
const TECHNICAL_COLUMNS: [(&str, &str, &str); 60] = [
    ("*", "version", "counts the changes"),
    ("*", "created_at", "the time of the entry"),
    ("*", "updated_at", "the time of the entry"),
    ("*", "organization_id", "the chain that the entry stands in"),
    ("*", "breakdown", "reckoned from the lines, which the audit has"),
    ("*", "base", "reckoned from the lines, which the audit has"),
    ("*", "bonus", "reckoned from the lines, which the audit has"),
    ("*", "penalty", "reckoned from the lines, which the audit has"),
    ("*", "raised", "reckoned from the lines, which the audit has"),
    ("members", "ended_at", "the time of the entry"),
    ("criteria_sets", "published_at", "the time of the entry"),
    ("criteria_sets", "retired_at", "the time of the entry"),
    ("scores", "max_points", "of the criteria set"),
    ("review_scores", "max_points", "of the criteria set"),
    ("scores", "min_points", "of the criteria set"),
    ("review_scores", "min_points", "of the criteria set"),
    ("reviews", "seat", "the reviewer again, so that each has one review of a sheet"),
    ("tie_decisions", "tied_units", "the units again, sorted, so that each group has one decision"),
    ("council_sessions", "superseded", "the states before, which earlier entries have"),
    ("award_proposals", "explanation", "how the working days of the due date were counted"),
    ("proposal_documents", "position", "the order in the period's settings"),
    ("period_awards", "position", "the order of the list that the audit has"),
    ("deadlines", "check_on", "when the checker looks next, reckoned from the due date"),
    ("deadlines", "told", "how many reminders were sent; their events have them"),
    ("rankings", "inputs", "what was recorded about every sheet before; the entry has its digest"),
    ("rankings", "frozen_at", "the time of the entry"),
    ("rankings", "salt", "a secret until the export tells it"),
    ("council_minutes", "attached_at", "the time of the entry"),
    ("revisions", "submitted_at", "the time of the entry"),
    ("revisions", "content", "the lines and evidence as they were written; the entry has its digest"),
    ("revision_withdrawals", "withdrawn_at", "the time of the entry"),
    ("recusals", "withdrawn_at", "the time of the entry"),
    ("recusals", "withdrawn_by", "the author of the entry"),
    ("recusals", "period_id", "the period of the submission"),
    ("recusals", "unit_id", "the unit of the submission"),
    ("feed_tokens", "issuer", "the author of the entry"),
    ("feed_tokens", "subject", "the author of the entry"),
    ("feed_tokens", "client_id", "the author of the entry"),
    ("feed_tokens", "token_sha256", "a secret"),
    ("invitations", "token_sha256", "a secret"),
    ("passwords", "hash", "a secret"),
    ("passwords", "changed_at", "the time of the entry"),
    ("evidence", "added_after", "the revision that the submission had"),
    ("evidence", "removed_after", "the revision that the submission had"),
    ("deadline_extensions", "superseded", "the days before, which earlier entries have"),
    ("service_accounts", "secret_sha256", "a secret; the entry has which one it is in turn"),
    ("service_accounts", "previous_secret_sha256", "a secret"),
    ("service_accounts", "previous_secret_until", "a fixed time after the entry"),
    ("service_accounts", "last_used_at", "moves with every use"),
    ("webhook_endpoints", "secret", "a secret; the entry has until when the one before is valid"),
    ("webhook_endpoints", "previous_secret", "a secret"),
    ("webhook_endpoints", "scopes", "what narrowed the author's token"),
    ("webhook_endpoints", "client_id", "the author of the entry"),
    ("sessions", "address", "personal data, which the audit keeps no longer than the session"),
    ("sessions", "user_agent", "personal data, which the audit keeps no longer than the session"),
    ("sessions", "salt", "a secret"),
    ("sessions", "generation", "counts the refreshes"),
    ("sessions", "last_used_at", "moves with every refresh"),
    ("sessions", "expires_at", "moves with every refresh"),
    ("webhook_endpoints", "sequence", "how far the outbox has read the events"),
];

/// Where an entry tells a column, if that is not a field of the column's name.
const FIELDS: [(&str, &str, &[&str]); 29] = [
    ("periods", "self_assessment_due_on", &["/schedule/self_assessment_due_on"]),
    ("periods", "appraisal_due_on", &["/schedule/appraisal_due_on"]),
    ("periods", "council_review_from_on", &["/schedule/council_review_from_on"]),
    ("periods", "council_review_to_on", &["/schedule/council_review_to_on"]),
    ("periods", "result_notice_due_on", &["/schedule/result_notice_due_on"]),
    ("periods", "dossier_working_days", &["/dossier_deadline/working_days"]),
    ("periods", "dossier_semantics", &["/dossier_deadline/semantics"]),
    ("periods", "notice_number", &["/notice/number"]),
    ("periods", "notice_on", &["/notice/on"]),
    ("periods", "ranking_state", &["/ranking_version", "/announced_version", "/council_recalled"]),
    ("period_units", "set_aside_reason", &["/reason"]),
    ("council_sessions", "quorum_numerator", &["/quorum/numerator"]),
    ("council_sessions", "quorum_denominator", &["/quorum/denominator"]),
    ("council_minutes", "file_name", &["/minutes/name"]),
    ("council_minutes", "media_type", &["/minutes/media_type"]),
    ("council_minutes", "size", &["/minutes/size"]),
    ("council_minutes", "sha256", &["/minutes/sha256"]),
    ("rankings", "result", &["/rows"]),
    ("award_proposals", "decision_number", &["/decision/number"]),
    ("award_proposals", "decided_on", &["/decision/on"]),
    ("award_proposals", "decision_reason", &["/decision/reason"]),
    ("award_proposals", "pass_down", &["/withdrawn/pass_down"]),
    ("award_proposals", "withdraw_reason", &["/withdrawn/reason"]),
    ("award_proposals", "withdrawn_at", &["/withdrawn/at"]),
    ("proposal_documents", "file_name", &["/name"]),
    ("calendar_days", "day_on", &["/on"]),
    ("evidence", "file_name", &["/name"]),
    ("deadline_extensions", "due_on", &["/extension_due_on", "/extension/due_on"]),
    ("webhook_endpoints", "previous_secret_until", &["/secret_valid_until"]),
];

/// Names of columns, each with its name in an entry.
type Names = &'static [(&'static str, &'static str)];

/// Rows that an entry tells as elements of a list: the list, and the columns and fields that name an element.
const LISTS: [(&str, &str, Names); 5] = [
    ("council_attendance", "attendance", &[("member_id", "member_id")]),
    ("proposal_documents", "documents", &[("code", "code")]),
    ("period_awards", "awards", &[("code", "code")]),
    ("period_units", "set_aside", &[("unit_id", "unit_id")]),
    ("period_targets", "targets", &[("unit_id", "unit_id"), ("criterion_code", "criterion_code")]),
];

/// The record that a row belongs to: the type in the audit, and the column with its id.
fn owner(table: &str) -> (&'static str, &'static str) {
    match table {
        "organizations" => ("organization", "id"),
        "units" => ("unit", "id"),
        "members" => ("member", "id"),
        "passwords" => ("member", "member_id"),
        "service_accounts" => ("service_account", "id"),
        "invitations" => ("invitation", "id"),
        "sessions" => ("session", "id"),
        "feed_tokens" => ("feed_token", "id"),
        "calendar_days" => ("calendar_day", "id"),
        "criteria_sets" => ("criteria_set", "id"),
        "periods" => ("period", "id"),
        "period_units" | "period_groups" | "period_awards" | "period_targets" => ("period", "period_id"),
        "assignments" => ("assignment", "id"),
        "facts" => ("facts", "unit_id"),
        "submissions" => ("submission", "id"),
        "scores" | "revisions" | "revision_withdrawals" => ("submission", "submission_id"),
        "evidence" => ("evidence", "id"),
        "reviews" => ("review", "id"),
        "review_scores" => ("review", "review_id"),
        "recusals" => ("recusal", "id"),
        "council_sessions" => ("council_session", "id"),
        "council_attendance" | "council_minutes" => ("council_session", "session_id"),
        "tie_decisions" => ("tie_decision", "id"),
        "rankings" => ("ranking", "period_id"),
        "amendments" => ("amendment", "id"),
        "award_proposals" => ("award_proposal", "id"),
        "proposal_documents" => ("award_proposal", "proposal_id"),
        "deadlines" => ("deadline", "id"),
        "deadline_extensions" => ("deadline", "deadline_id"),
        "webhook_endpoints" => ("webhook_endpoint", "id"),
        _ => panic!("the watcher knows no owner of the rows of {table}"),
    }
}

/// An audit entry that was written between two snapshots.
struct Entry {
    action: String,
    subject: (String, String),
    before: Value,
    after: Value,
}

/// What happened to a row between two snapshots.
struct Difference<'a> {
    table: &'a str,
    before: Option<&'a Row>,
    after: Option<&'a Row>,
}

enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Read {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    content: String,
}

impl Connection {
    fn load(&mut self, sql: &str) -> Vec<Read> {
        match self {
            Connection::Sqlite(conn) => sql_query(sql).load(conn).unwrap(),
            Connection::Postgres(conn) => sql_query(sql).load(conn).unwrap(),
        }
    }
}

/// Watches one server's database.
pub struct Watcher {
    conn: Connection,
    /// Reads every row of every table by one statement.
    statement: String,
    keys: BTreeMap<String, Vec<String>>,
    last: Snapshot,
    /// The requests that were answered with success, as method and path.
    done: BTreeSet<(String, String)>,
    /// Changes that no entry tells.
    pub untold: Vec<String>,
    /// Rows whose change was compared with an entry.
    pub compared: usize,
}

/// Tables, columns and keys, as the service's own list of them has them.
fn schema() -> Vec<(String, Vec<String>, Vec<String>)> {
    let mut tables: Vec<(String, Vec<String>, Vec<String>)> = Vec::new();
    for line in include_str!("../../../src/store/schema.rs").lines().map(str::trim) {
        if let Some((column, _)) = line.split_once(" -> ") {
            tables.last_mut().unwrap().1.push(column.to_owned());
        } else if let Some((name, keys)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            tables.push((name.to_owned(), Vec::new(), keys.split(", ").map(str::to_owned).collect()));
        }
    }
    tables
}

impl Watcher {
    fn new(app: &App) -> Self {
        let conn = if app.is_postgres() {
            Connection::Postgres(PgConnection::establish(&app.database).unwrap())
        } else {
            let mut conn = SqliteConnection::establish(app.database.trim_start_matches("sqlite://")).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
            Connection::Sqlite(conn)
        };
        let is_read = |table: &&(String, Vec<String>, Vec<String>)| {
            table.0 == "audit_entries" || TECHNICAL_TABLES.iter().all(|(name, _)| *name != table.0)
        };
        let tables: Vec<_> = schema().into_iter().collect();
        let select = |(name, columns, _): &(String, Vec<String>, Vec<String>)| {
            if app.is_postgres() {
                return format!("SELECT '{name}' AS kind, row_to_json(t)::text AS content FROM {name} t");
            }
            let pairs: Vec<String> = columns.iter().map(|column| format!("'{column}', {column}")).collect();
            format!("SELECT '{name}' AS kind, json_object({}) AS content FROM {name}", pairs.join(", "))
        };
        let statement = tables.iter().filter(is_read).map(select).collect::<Vec<_>>().join(" UNION ALL ");
        let keys = tables.iter().map(|(name, _, keys)| (name.clone(), keys.clone())).collect();
        let (last, done) = (Snapshot::new(), BTreeSet::new());
        let mut watcher = Watcher { conn, statement, keys, last, done, untold: Vec::new(), compared: 0 };
        watcher.last = watcher.snapshot();
        watcher
    }

    fn snapshot(&mut self) -> Snapshot {
        let mut tables = Snapshot::new();
        for Read { kind, content } in self.conn.load(&self.statement) {
            let row: Row = serde_json::from_str(&content).unwrap();
            let key: Vec<String> = self.keys[&kind].iter().map(|column| row[column].to_string()).collect();
            tables.entry(kind).or_default().insert(key.join(" "), row);
        }
        tables
    }

    /// Compares what has changed since the last time with what has been written about it.
    fn look(&mut self, request: &str) {
        let now = self.snapshot();
        let known = self.last.get("audit_entries").cloned().unwrap_or_default();
        let mut written: Vec<&Row> = now
            .get("audit_entries")
            .into_iter()
            .flatten()
            .filter(|(id, _)| !known.contains_key(*id))
            .map(|(_, entry)| entry)
            .collect();
        written.sort_by_key(|entry| (text(&entry["chain"]), entry["sequence"].as_i64()));
        let entries: Vec<Entry> = written.into_iter().map(Entry::of).collect();
        for difference in differences(&self.last, &now) {
            self.compared += 1;
            let faults = difference.untold(&entries);
            self.untold.extend(faults.into_iter().map(|fault| format!("{request}: {fault}")));
        }
        self.last = now;
    }
}

/// The columns that name a row of a table.
fn keys_of(table: &str) -> Vec<String> {
    schema().into_iter().find(|(name, ..)| name == table).map(|(_, _, keys)| keys).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The JSON in a text column; null for an absent value.
fn parsed(value: &Value) -> Value {
    value.as_str().map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

impl Entry {
    fn of(row: &Row) -> Self {
        Entry {
            action: text(&row["action"]),
            subject: (text(&row["subject_type"]), text(&row["subject_id"])),
            before: parsed(&row["before_state"]),
            after: parsed(&row["after_state"]),
        }
    }
}

fn differences<'a>(before: &'a Snapshot, after: &'a Snapshot) -> Vec<Difference<'a>> {
    let tables: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let empty: &BTreeMap<String, Row> = const { &BTreeMap::new() };
    let mut found = Vec::new();
    for table in tables.into_iter().filter(|table| *table != "audit_entries") {
        let (old, new) = (before.get(table).unwrap_or(empty), after.get(table).unwrap_or(empty));
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let rows = keys.into_iter().map(|key| Difference { table, before: old.get(key), after: new.get(key) });
        found.extend(rows.filter(|row| row.before != row.after && !row.columns().is_empty()));
    }
    found
}

fn is_technical(table: &str, column: &str) -> bool {
    TECHNICAL_COLUMNS.iter().any(|(of, name, _)| (*of == "*" || *of == table) && *name == column)
}

impl Difference<'_> {
    /// A row there is: the later one, or the removed one.
    fn row(&self) -> &Row {
        self.after.or(self.before).unwrap()
    }

    /// The columns that differ and mean something; of a row that came or went, those that were filled.
    fn columns(&self) -> Vec<&String> {
        // No group is an empty code where it is part of a key.
        let is_no_group = |column: &String, value: &Value| column == "group_code" && *value == "";
        let value = |row: Option<&Row>, column: &String| {
            row.map(|row| row[column].clone()).filter(|value| !is_no_group(column, value)).unwrap_or(Value::Null)
        };
        let changed = self.row().keys().filter(|column| value(self.before, column) != value(self.after, column));
        changed.filter(|column| !is_technical(self.table, column)).collect()
    }

    /// What no entry says of the change.
    fn untold(&self, entries: &[Entry]) -> Vec<String> {
        let (kind, column) = owner(self.table);
        let id = text(&self.row()[column]);
        let about: Vec<&Entry> =
            entries.iter().filter(|entry| entry.subject.0 == kind && entry.subject.1 == id).collect();
        if about.is_empty() {
            return vec![format!("no entry about the {kind} tells that {} changed: {:?}", self.table, self.columns())];
        }
        let actions: Vec<&str> = about.iter().map(|entry| entry.action.as_str()).collect();
        let is_untold = |column: &&String| !self.is_told(column, &about);
        let columns = self.columns();
        let keys = keys_of(self.table);
        let columns =
            columns.into_iter().filter(|name| !keys.contains(name) && name.as_str() != column).filter(is_untold);
        columns.map(|column| format!("{}.{column} is not told by {actions:?}", self.table)).collect()
    }

    /// Whether the entries have the old value of a column and the new one.
    fn is_told(&self, column: &str, about: &[&Entry]) -> bool {
        let places = FIELDS.iter().find(|(table, name, _)| *table == self.table && *name == column);
        let own = format!("/{column}");
        let places = places.map_or_else(|| vec![own.as_str()], |(_, _, places)| places.to_vec());
        let told = |state: &Value| {
            let of_row = self.places(state);
            of_row.into_iter().find_map(|of_row| places.iter().find_map(|place| of_row.pointer(place).cloned()))
        };
        let same = |told: Option<Value>, row: Option<&Row>| match (told, row.map(|row| &row[column])) {
            (_, None | Some(Value::Null)) => true,
            (Some(told), Some(kept)) => says(&told, kept),
            (None, Some(_)) => false,
        };
        same(about.iter().find_map(|entry| told(&entry.before)), self.before)
            && same(about.iter().rev().find_map(|entry| told(&entry.after)), self.after)
    }

    /// The parts of an entry's state that are about the row.
    fn places<'a>(&self, state: &'a Value) -> Vec<&'a Value> {
        let key = |column: &str| text(&self.row()[column]);
        if matches!(self.table, "scores" | "review_scores") {
            let code = key("criterion_code");
            return [&state[&code], &state["lines"][&code]].into_iter().filter(|line| line.is_object()).collect();
        }
        let of_list = LISTS.iter().filter(|(table, ..)| *table == self.table).flat_map(|(_, list, names)| {
            let is_named = |element: &&Value| names.iter().all(|(column, field)| text(&element[*field]) == key(column));
            state[*list].as_array().into_iter().flatten().filter(is_named)
        });
        let mut places: Vec<&Value> = of_list.collect();
        match self.table {
            "facts" => places.push(&state["facts"]),
            "deadline_extensions" if text(&state["extension"]) != key("id") && !state["extension"].is_object() => {}
            "proposal_documents" if text(&state["document"]) != key("code") => {}
            _ if self.table.starts_with("council_att") || self.table.starts_with("period_") => {}
            _ => places.push(state),
        }
        places
    }
}

/// Whether a value of the audit is what a column keeps: points as hundredths, targets as
/// ten thousandths, instants without their zone, flags as numbers,
/// lists and objects as text.
fn says(told: &Value, kept: &Value) -> bool {
    if told == kept {
        return true;
    }
    match (told, kept) {
        (Value::Number(told), Value::Number(kept)) => {
            let scaled = |by: f64| (told.as_f64().unwrap() * by - kept.as_f64().unwrap()).abs() < 0.001;
            scaled(100.0) || scaled(10_000.0)
        }
        (Value::Bool(told), Value::Number(kept)) => Some(i64::from(*told)) == kept.as_i64(),
        (Value::String(told), Value::String(kept)) if instant(told) == instant(kept) => true,
        (_, Value::String(kept)) => kept.starts_with(['{', '[']) && serde_json::from_str::<Value>(kept).is_ok(),
        _ => false,
    }
}

/// An instant as both ways of writing it have in common.
fn instant(text: &str) -> String {
    let plain = text.replace(' ', "T");
    let plain = plain.trim_end_matches('Z').trim_end_matches("+00:00");
    if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.').to_owned() } else { plain.to_owned() }
}

impl App {
    /// Watches every change from now on.
    pub fn watch(&self) {
        let watcher = Mutex::new(Watcher::new(self));
        assert!(self.watcher.set(watcher).is_ok(), "watched already");
    }

    /// What the watcher has seen.
    pub fn watched<T>(&self, read: impl FnOnce(&Watcher) -> T) -> T {
        read(&self.watcher.get().expect("nobody watches").lock().unwrap())
    }

    /// Takes what has changed without a request as given.
    pub fn take_as_given(&self) {
        if let Some(watcher) = self.watcher.get() {
            let mut watcher = watcher.lock().unwrap();
            watcher.last = watcher.snapshot();
        }
    }

    /// Compares what a request has changed with what the audit says.
    pub(super) fn compare(&self, method: &str, path: &str, succeeded: bool) {
        let Some(watcher) = self.watcher.get().filter(|_| method != "GET" && method != "HEAD") else {
            return;
        };
        if path.starts_with("/v1/sandbox/") {
            return self.take_as_given();
        }
        let mut watcher = watcher.lock().unwrap();
        watcher.look(&format!("{method} {path}"));
        if succeeded {
            watcher.done.insert((method.to_owned(), path.split('?').next().unwrap().to_owned()));
        }
    }
}

impl Watcher {
    /// Whether an operation, given as method and path with its places, was answered with success.
    pub fn has_done(&self, method: &str, path: &str) -> bool {
        let fits = |(done, at): &(String, String)| {
            let (asked, is): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), at.split('/').collect());
            done == method
                && asked.len() == is.len()
                && asked.iter().zip(&is).all(|(asked, is)| asked.starts_with('{') || asked == is)
        };
        self.done.iter().any(fits)
    }
}
