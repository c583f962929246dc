//! How the databases find what an operation reads: by an index whose range holds little else.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{PgConnection, SqliteConnection};
use serde_json::Value;

use crate::contract::{document, ids, operations, parameters, with_ids};
use crate::support::{App, statements};

/// People whose lists are made differently: one who sees all, one who is recused, one who sees a unit.
const PEOPLE: [&str; 4] = ["auditor", "secretary", "hctc-appraiser", "th-head"];

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// A value that a filter takes.
fn value(document: &Value, parameter: &Value, ids: &BTreeMap<&'static str, String>) -> String {
    let schema =
        if parameter["schema"]["type"] == "array" { &parameter["schema"]["items"] } else { &parameter["schema"] };
    let schema = schema["$ref"].as_str().map_or(schema, |place| document.pointer(&place[1..]).unwrap());
    let name = parameter["name"].as_str().unwrap();
    let of_kind = name.strip_suffix("_id").and_then(|kind| ids.get(format!("{}s", kind.replace('_', "-")).as_str()));
    match (of_kind, schema["enum"][0].as_str(), schema["type"].as_str(), schema["format"].as_str()) {
        (Some(id), ..) => id.clone(),
        (_, Some(word), ..) => word.to_owned(),
        (_, _, Some("integer"), _) => "2023".to_owned(),
        (_, _, Some("boolean"), _) => "true".to_owned(),
        (_, _, _, Some("date")) => "2023-11-10".to_owned(),
        (_, _, _, Some("uuid")) => ids["submissions"].clone(),
        _ => "x".to_owned(),
    }
}

/// The statements of each request: every list with every filter and order by itself, and everything else that is read.
fn requests(app: &App) -> BTreeMap<(String, String, &'static str), BTreeSet<String>> {
    let document = document(app);
    let ids = ids(app);
    let mut found = BTreeMap::new();
    let mut ask = |(operation, filter): (&str, &str), path: &str| {
        for person in PEOPLE {
            statements::take(&app.database);
            let response = app.get(person, path);
            assert!(response.status < 500, "{path}: {}", response.status);
            let read = statements::take(&app.database);
            found.insert((operation.to_owned(), filter.to_owned(), person), read);
        }
    };
    for operation in operations(&document).iter().filter(|operation| operation.method == "GET") {
        let path = with_ids(&operation.path, &ids);
        ask((&operation.path, ""), &path);
        let skipped = ["limit", "cursor", "wait", "If-None-Match", "Accept-Language", "organization_id"];
        for parameter in parameters(&operation.about).filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            if skipped.contains(&name) {
                continue;
            }
            let value = value(&document, parameter, &ids);
            ask((&operation.path, name), &format!("{path}?{name}={value}"));
        }
    }
    found
}

/// Lists of what grows with every year: the index that serves each filter and order.
const SERVED: &[(&str, &[(&str, &str)])] = &[
    (
        "/v1/submissions",
        &[
            ("", "submissions_of_organization"),
            ("period_id", "submissions_of_period"),
            ("unit_id", "submissions_of_unit"),
            ("status", "submissions_by_status"),
            ("assignee_id", "assignments_of_member"),
            ("sort", "submissions_of_organization"),
        ],
    ),
    (
        "/v1/deadlines",
        &[
            ("", "deadlines_of_organization"),
            ("period_id", "deadlines_of_period"),
            ("unit_id", "deadlines_of_unit"),
            ("kind", "deadlines_of_kind"),
            ("status", "deadlines_open"),
            ("overdue_days_gte", "deadlines_open"),
            // In order of id, a page is full before many are skipped; in order of due date it is a range.
            ("due_before", "deadlines_of_organization"),
            ("sort", "deadlines_of_organization"),
        ],
    ),
    ("/v1/events", &[("", "sqlite_autoindex_events_2"), ("types", "events_of_kind")]),
    (
        "/v1/audit-entries",
        &[
            ("", "audit_entries_chain"),
            ("subject_id", "audit_entries_of_subject"),
            ("action", "audit_entries_of_action"),
            ("subject_type", "audit_entries_of_type"),
            ("sort", "audit_entries_chain"),
        ],
    ),
    (
        "/v1/award-proposals",
        &[
            ("", "award_proposals_of_organization"),
            ("unit_id", "award_proposals_by_unit"),
            // A few for each period.
            ("period_id", "award_proposals_of_organization"),
            ("award_code", "award_proposals_of_organization"),
            ("group_code", "award_proposals_of_organization"),
            ("year", "award_proposals_of_organization"),
            ("status", "award_proposals_of_organization"),
            ("sort", "award_proposals_of_organization"),
        ],
    ),
    ("/v1/reviews", &[("submission_id", "reviews_of_submission")]),
    ("/v1/me/tasks", &[("", "deadlines_once")]),
];

/// Indexes that hold a whole period or kind, of which nobody's tasks need more than a few.
const WIDE: [&str; 3] = ["deadlines_of_period ", "deadlines_of_kind ", "deadlines_of_organization "];

/// Tables that hold the same number of rows whatever the number of submissions.
const SMALL: [&str; 3] = ["installation", "__diesel_schema_migrations", "CONSTANT ROW"];

fn plan_on_sqlite(conn: &mut SqliteConnection, sql: &str) -> String {
    let plan: Vec<Detail> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn).unwrap();
    plan.into_iter().map(|row| row.detail).collect::<Vec<_>>().join(" | ")
}

fn reads(statements: &BTreeSet<String>) -> impl Iterator<Item = &String> {
    // What selects nothing reads nothing.
    let is_empty = |sql: &str| sql.contains("WHERE (1=0)") || sql.contains("(1 = 0)");
    statements.iter().filter(move |sql| sql.starts_with("SELECT") && !is_empty(sql))
}

/// Whether a plan reads a table that grows from end to end.
fn scanned(plan: &str) -> Option<&str> {
    let scans = plan.split(" | ").filter_map(|step| step.strip_prefix("SCAN "));
    scans.into_iter().find(|what| !what.starts_with("page_") && !SMALL.iter().any(|small| what.starts_with(small)))
}

#[test]
fn sqlite_reads_by_an_index_that_holds_little_else() {
    let app = App::watched_on_sqlite();
    let requests = requests(&app);
    let mut conn = SqliteConnection::establish(app.database.strip_prefix("sqlite://").unwrap()).unwrap();
    let mut faults = Vec::new();
    for ((path, filter, person), statements) in &requests {
        let plans: Vec<String> = reads(statements).map(|sql| plan_on_sqlite(&mut conn, sql)).collect();
        faults.extend(
            plans.iter().filter_map(|plan| Some(format!("{path}?{filter} {person}: scans {}", scanned(plan)?))),
        );
        if path == "/v1/me/tasks" {
            let is_wide = |plan: &&String| WIDE.iter().any(|index| plan.contains(&format!(" INDEX {index}")));
            faults.extend(plans.iter().filter(is_wide).map(|plan| format!("{path} {person}: {plan}")));
        }
        let Some((_, served)) = SERVED.iter().find(|(list, _)| list == path) else {
            continue;
        };
        let index = served.iter().find(|(name, _)| name == filter).map(|(_, index)| *index);
        // The auditor sees all, so that the filter alone decides.
        let by_index = |index: &&str| plans.iter().any(|plan| plan.contains(&format!(" INDEX {index} ")));
        let unanswered = plans.is_empty();
        if *person == "auditor" && !unanswered && index.is_none_or(|index| !by_index(&index)) {
            let of_table = plans.iter().filter(|plan| plan.contains("SEARCH")).cloned().collect::<Vec<_>>();
            faults.push(format!("{path}?{filter}: not by {index:?} but {of_table:#?}"));
        }
    }
    assert!(requests.len() > 300, "{}", requests.len());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The plan of a statement with unknown values, as if every table were large.
fn plan_on_postgres(conn: &mut PgConnection, sql: &str) -> String {
    let places = (1..).take_while(|number| sql.contains(&format!("${number}"))).count();
    conn.batch_execute(&format!("PREPARE asked AS {sql}")).unwrap();
    let values = vec!["NULL"; places].join(", ");
    let asked = if places == 0 { "asked".to_owned() } else { format!("asked ({values})") };
    let plan: Vec<Line> = diesel::sql_query(format!("EXPLAIN EXECUTE {asked}")).load(conn).unwrap();
    conn.batch_execute("DEALLOCATE asked").unwrap();
    plan.into_iter().map(|row| row.line).collect::<Vec<_>>().join("\n")
}

#[test]
fn postgres_reads_by_an_index() {
    let Some(app) = App::watched_on_postgres() else {
        return;
    };
    let requests = requests(&app);
    let mut conn = PgConnection::establish(&app.database).unwrap();
    conn.batch_execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off").unwrap();
    let all: BTreeSet<&String> = requests.values().flat_map(reads).collect();
    let mut faults = Vec::new();
    for sql in &all {
        let plan = plan_on_postgres(&mut conn, sql);
        let scan =
            plan.lines().find(|line| line.contains("Seq Scan on ") && !SMALL.iter().any(|small| line.contains(small)));
        faults.extend(scan.map(|scan| format!("{scan}: {sql}")));
    }
    assert!(all.len() > 100, "{}", all.len());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
