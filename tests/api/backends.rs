//! The two databases say the same, and both say no where the domain would.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use serde_json::json;

use crate::support::year::head;
use crate::support::{App, apply, at_once, on_both, try_migrate};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Integer)]
    required: i32,
}

/// Table and column, and whether it must be filled.
type Shape = BTreeMap<(String, String), bool>;

fn shape(columns: Vec<Column>) -> Shape {
    let ours = columns.into_iter().filter(|column| !column.table_name.starts_with("__diesel"));
    ours.map(|column| ((column.table_name, column.column_name), column.required == 1)).collect()
}

const SQLITE_SHAPE: &str = "SELECT m.name AS table_name, c.name AS column_name, (c.\"notnull\" = 1 OR c.pk > 0) AS required \
     FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
const POSTGRES_SHAPE: &str = "SELECT table_name::text, column_name::text, (is_nullable = 'NO')::int AS required \
     FROM information_schema.columns WHERE table_schema = 'public'";

/// The statements of one kind (`up`, `down`) of every migration, by name.
fn migrations(backend: &str, kind: &str) -> BTreeMap<String, String> {
    let folder = format!("{}/migrations/{backend}", env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let read = |entry: fs::DirEntry| {
        (
            entry.file_name().into_string().unwrap(),
            fs::read_to_string(entry.path().join(format!("{kind}.sql"))).unwrap(),
        )
    };
    entries.map(read).collect()
}

fn sqlite_after(steps: &[&str]) -> Shape {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    for kind in steps {
        let statements = migrations("sqlite", kind);
        let in_order: Vec<&String> =
            if *kind == "up" { statements.values().collect() } else { statements.values().rev().collect() };
        in_order.into_iter().for_each(|sql| conn.batch_execute(sql).unwrap());
    }
    shape(sql_query(SQLITE_SHAPE).load(&mut conn).unwrap())
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let names = |backend| migrations(backend, "up").into_keys().collect::<Vec<_>>();
    assert_eq!(names("sqlite"), names("postgres"));
    assert_eq!(migrations("sqlite", "up")["0006_calendar_vn"], migrations("postgres", "up")["0006_calendar_vn"]);
}

#[test]
fn up_down_up_is_up_on_sqlite() {
    assert_eq!(sqlite_after(&["up", "down"]), Shape::new());
    assert_eq!(sqlite_after(&["up", "down", "up"]), sqlite_after(&["up"]));
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let Some(app) = App::on_postgres() else {
        return;
    };
    let mut conn = PgConnection::establish(&app.database).unwrap();
    let ours = sqlite_after(&["up"]);
    assert!(ours.len() > 150, "{}", ours.len());
    assert_eq!(shape(sql_query(POSTGRES_SHAPE).load(&mut conn).unwrap()), ours);
    for (_, sql) in migrations("postgres", "down").into_iter().rev() {
        conn.batch_execute(&sql).unwrap();
    }
    assert_eq!(shape(sql_query(POSTGRES_SHAPE).load(&mut conn).unwrap()), Shape::new());
    for (_, sql) in migrations("postgres", "up") {
        conn.batch_execute(&sql).unwrap();
    }
    assert_eq!(shape(sql_query(POSTGRES_SHAPE).load(&mut conn).unwrap()), ours);
}

/// The hand-kept schema names the columns of the migrations in their order.
#[test]
fn the_schema_is_that_of_the_migrations() {
    let source = include_str!("../../src/store/schema.rs");
    let mut named = Shape::new();
    let mut table = String::new();
    for line in source.lines().map(str::trim) {
        match line.split_once(" -> ") {
            Some((column, kind)) => {
                named.insert((table.clone(), column.to_owned()), !kind.starts_with("Nullable"));
            }
            None if line.ends_with(") {") => table = line.split(' ').next().unwrap().to_owned(),
            None => {}
        }
    }
    assert_eq!(named, sqlite_after(&["up"]));
}

/// Runs one statement past the service, straight at the database.
pub(crate) fn execute(app: &App, sql: &str) -> Result<(), String> {
    let said = |error: diesel::result::Error| error.to_string();
    if app.is_postgres() {
        PgConnection::establish(&app.database).unwrap().batch_execute(sql).map_err(said)
    } else {
        let path = app.database.trim_start_matches("sqlite://");
        let mut conn = SqliteConnection::establish(path).unwrap();
        conn.batch_execute("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000").unwrap();
        conn.batch_execute(sql).map_err(said)
    }
}

#[track_caller]
fn refuses(app: &App, sql: &str) {
    assert!(execute(app, sql).is_err(), "the database took: {sql}");
}

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    kept: i64,
    #[diesel(sql_type = BigInt)]
    summed: i64,
}

/// Takes a database back to the version before a migration.
fn go_back_before(app: &App, first: &str) {
    let kind = if app.is_postgres() { "postgres" } else { "sqlite" };
    for (name, sql) in migrations(kind, "down").into_iter().rev().filter(|(name, _)| name.as_str() >= first) {
        execute(app, &format!("BEGIN; {sql} COMMIT;")).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    execute(app, &format!("DELETE FROM __diesel_schema_migrations WHERE version >= '{first}'")).unwrap();
}

#[apply(on_both)]
fn members_of_the_version_before_are_told_apart(app: &App) {
    let of = |person: &str| app.get(person, "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
    let account = json!({"member_id": of("integration"), "scopes": ["read", "unit:TH"]});
    let account = app.post("admin", "/v1/service-accounts", &account).expect(201);
    go_back_before(app, "0015");
    execute(app, "UPDATE service_accounts SET scopes = 'read unit:TH unit:GONE'").unwrap();
    // In the version before, people too could have an account of a machine.
    let of_person = "018b8864-f680-7000-8000-000000000a01";
    execute(
        app,
        &format!(
            "INSERT INTO service_accounts (id, member_id, client_id, secret_sha256, version, created_at, updated_at) \
             SELECT '{of_person}', (SELECT id FROM members WHERE subject = 'auditor'), 'x', secret_sha256, version, created_at, \
             updated_at FROM service_accounts"
        ),
    )
    .unwrap();
    let enter = |id: u8, issuer: &str, roles: &str| {
        let columns = "organization_id, display_name, valid_from_on, valid_until_on, version, created_at, updated_at";
        let sql = format!(
            "INSERT INTO members (id, issuer, subject, roles, {columns}) \
             SELECT '018b8864-f680-7000-8000-0000000009{id:02}', '{issuer}', 'old-{id}', '{roles}', {columns} \
             FROM members WHERE subject = 'admin'"
        );
        execute(app, &sql).unwrap();
    };
    enter(1, "system", r#"["auditor"]"#);
    enter(2, "local", r#"["admin","integration"]"#);
    enter(3, "https://sso.example.vn", r#"["integration"]"#);
    enter(4, "https://sso.example.vn", r#"["auditor"]"#);
    enter(5, "local", r#"["auditor","deadline_checker"]"#);
    // All that cannot be told, by id; and nothing has changed.
    let refused = try_migrate(app.database.clone()).unwrap_err();
    for (id, named) in [("0901", true), ("0902", true), ("0903", true), ("0904", false), ("0905", false)] {
        assert_eq!(refused.contains(id), named, "{id}: {refused}");
    }
    execute(app, "DELETE FROM members WHERE subject IN ('old-1', 'old-2', 'old-3')").unwrap();
    try_migrate(app.database.clone()).unwrap();
    let members = app.get("admin", "/v1/members?limit=200").expect(200)["items"].as_array().unwrap().clone();
    let told = |subject: &str| {
        let member = members.iter().find(|member| member["subject"] == subject).unwrap();
        (member["kind"].as_str().unwrap().to_owned(), member["status"].as_str().unwrap().to_owned())
    };
    for (subject, kind, status) in [
        ("admin", "person", "active"),
        ("integration", "machine", "active"),
        ("deadline-checker", "machine", "active"),
        ("auditor", "person", "active"),
        ("old-4", "person", "pending"),
        ("old-5", "machine", "active"),
    ] {
        assert_eq!(told(subject), (kind.to_owned(), status.to_owned()), "{subject}");
    }
    // A person signs in; a machine's account goes on.
    app.get("admin", &format!("/v1/service-accounts/{of_person}")).refused(404, "not_found");
    let text = |name: &str| account[name].as_str().unwrap();
    let fetch = |client_id: &str| {
        let secret = text("client_secret");
        let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret={secret}");
        app.anonymous("POST", "/v1/auth/token").raw("application/x-www-form-urlencoded", form).send()
    };
    fetch(&text("client_id").replace(text("id"), of_person)).refused(401, "invalid_client");
    fetch(text("client_id")).expect(200);
    // A code that no unit had names none, and never widens.
    let place = format!("/v1/service-accounts/{}", text("id"));
    let nil = "unit:00000000-0000-0000-0000-000000000000";
    assert_eq!(app.get("admin", &place).expect(200)["scopes"], json!(["read", nil, "unit:TH"]));
}

/// The withdrawn revisions, the ranking, the reminders and the failed messages that the version before left behind.
#[apply(on_both)]
fn what_the_version_before_showed_is_hidden(app: &App) {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let webhook = json!({"url": format!("http://{closed}/hook"), "event_types": ["period.appraisal_started"]});
    let webhook = app.post("admin", "/v1/webhook-endpoints", &webhook).expect(201);
    let [kt, qttv] = ["KT", "QTTV"].map(|unit| app.submitted_sheet(unit, &[]));
    for (person, sheet, verb) in [
        ("kt-head", &kt, "withdraw"),
        ("kt-head", &kt, "submit"),
        ("kt-head", &kt, "withdraw"),
        ("kt-head", &kt, "submit"),
        ("qttv-head", &qttv, "withdraw"),
    ] {
        app.act(person, sheet, verb, None).expect(200);
    }
    let other = [("A.II.1", r#"{"points":25}"#)];
    let [th] = app.in_appraisal(&[("TH", &other)]).try_into().unwrap();
    app.deliver(thidua::clock::machine_now());
    app.set_clock("2023-11-18T01:00:00.000Z");
    app.post("deadline-checker", "/v1/deadline-checks", &json!({})).expect(200);
    for (unit, sheet) in [("TH", &th), ("KT", &kt)] {
        app.review(App::appraiser_of(unit), sheet, "appraisal", &[]);
    }
    app.set_clock("2023-11-21T01:00:00.000Z");
    app.move_period("secretary", "start-council-review");
    for (unit, sheet) in [("TH", &th), ("KT", &kt)] {
        app.review("council-chair", sheet, "council", &[]);
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T01:00:00.000Z");
    app.closed_session("2023-11-28", 6);
    app.move_period("council-chair", "finalize");

    go_back_before(app, "0018");
    let text = format!("error sending request: tcp connect error: Connection refused ({closed})");
    execute(app, &format!("UPDATE webhook_deliveries SET last_error = '{text}'")).unwrap();
    execute(app, &format!("UPDATE webhook_attempts SET error = '{text}'")).unwrap();
    try_migrate(app.database.clone()).unwrap();

    let revisions = |person: &str, sheet: &str| -> Vec<i64> {
        let list = app.get(person, &format!("{sheet}/revisions")).expect(200)["items"].clone();
        list.as_array().unwrap().iter().map(|revision| revision["revision"].as_i64().unwrap()).collect()
    };
    assert_eq!((revisions("appraiser", &kt), revisions("kt-head", &kt)), (vec![3], vec![1, 2, 3]));
    assert_eq!((revisions("appraiser", &qttv), revisions("qttv-head", &qttv)), (vec![], vec![1]));
    let ranking = |person: &str| app.get(person, &format!("{}/ranking", app.period())).expect(200);
    let (full, recused) = (ranking("auditor"), ranking("th-council"));
    assert_eq!((full["salt"].as_str().unwrap().len(), &full["commitment"]), (64, &recused["commitment"]));
    assert_eq!((&recused["salt"], &recused["inputs_sha256"]), (&json!(null), &json!(null)));
    let reminders = |person: &str| {
        let events = app.get(person, "/v1/events?types=deadline.due_soon&limit=200").expect(200)["items"].clone();
        events.as_array().unwrap().iter().filter(|event| event["data"]["kind"] == "appraisal").count()
    };
    assert_eq!((reminders("secretary"), reminders("integration")), (2, 0));
    let deliveries = format!("/v1/webhook-endpoints/{}/deliveries", webhook["id"].as_str().unwrap());
    let delivery = app.get("admin", &deliveries).expect(200)["items"][0].clone();
    assert_eq!(delivery["last_error"], "connection_refused");
    let one = app.get("admin", &format!("{deliveries}/{}", delivery["id"].as_str().unwrap())).expect(200);
    assert_eq!(one["log"][0]["error"], "connection_refused");
}

/// What was sent, done or written down never changes, whoever asks the database.
#[apply(on_both)]
fn frozen_rows_stay(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-11T00:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    for sql in [
        "UPDATE revisions SET content = '{}'",
        "DELETE FROM revisions",
        "UPDATE audit_entries SET action = 'x'",
        "DELETE FROM audit_entries",
        "UPDATE reviews SET base = 0",
        "UPDATE review_scores SET points = 0 WHERE criterion_code = 'B.1'",
        "DELETE FROM review_scores",
        "UPDATE criteria_sets SET parts = '[]'",
        "UPDATE criteria_sets SET status = 'draft', published_at = NULL",
    ] {
        refuses(app, sql);
    }
    // The same kind of statement where nothing is frozen is taken: the refusals above are the triggers' own.
    execute(app, "UPDATE units SET name = 'x'").unwrap();
}

/// Ranges, states and ownership hold in the tables themselves.
#[apply(on_both)]
fn constraints_hold(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    for sql in [
        "UPDATE scores SET points = 4001 WHERE criterion_code = 'B.1'",
        "UPDATE scores SET points = -1 WHERE criterion_code = 'B.1'",
        "UPDATE scores SET points = NULL WHERE criterion_code = 'B.1'",
        "UPDATE submissions SET status = 'submitted'",
        "UPDATE submissions SET status = 'lost'",
        "UPDATE periods SET status = 'announced'",
        "UPDATE periods SET status = 'cancelled'",
        "UPDATE period_awards SET quota = 0",
        "UPDATE members SET organization_id = NULL WHERE subject = 'th-head'",
        "UPDATE members SET unit_id = (SELECT id FROM units WHERE code = 'VP') WHERE subject = 'th-head'",
        "INSERT INTO period_units (period_id, organization_id, unit_id) SELECT p.id, p.organization_id, u.id FROM periods p, units u WHERE u.code = 'VP'",
    ] {
        refuses(app, sql);
    }
    execute(app, "UPDATE scores SET points = 3999 WHERE criterion_code = 'B.1'").unwrap();
}

/// What a sheet and its review are said to add up to is what their lines add up to.
#[apply(on_both)]
fn kept_totals_are_the_sums_of_the_lines(app: &App) {
    let sheet = app.submitted_sheet("TH", &[("A.II.1", r#"{"points":27.5}"#), ("A.IV.4", r#"{"cases":1}"#)]);
    app.set_clock("2023-11-11T00:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    app.review("hctc-appraiser", &sheet, "appraisal", &[("B.1", r#"{"points":35.25}"#, "Xếp loại tốt")]);
    let own = "SELECT CAST((SELECT base + bonus FROM submissions WHERE status = 'appraised') AS BIGINT) AS kept, CAST((SELECT SUM(points) FROM scores) AS BIGINT) AS summed";
    let appraisal = "SELECT CAST((SELECT base + bonus FROM reviews) AS BIGINT) AS kept, CAST((SELECT SUM(points) FROM review_scores) AS BIGINT) AS summed";
    for (sql, expected) in [(own, 98_750), (appraisal, 98_275)] {
        let sums: Sums = if app.is_postgres() {
            sql_query(sql).get_result(&mut PgConnection::establish(&app.database).unwrap()).unwrap()
        } else {
            sql_query(sql)
                .get_result(&mut SqliteConnection::establish(app.database.trim_start_matches("sqlite://")).unwrap())
                .unwrap()
        };
        assert_eq!((sums.kept, sums.summed), (expected, expected));
    }
    assert_eq!(app.get(&head("TH"), &sheet).expect(200)["totals"]["self"]["total"], 987.5);
}

/// A pool that makes a connection for each request serves a fifth of what it could.
#[test]
fn connections_to_the_server_are_kept() {
    let Some(app) = App::on_postgres() else { return };
    let mut conn = PgConnection::establish(&app.database).unwrap();
    let mut backends = || {
        let sql = "SELECT CAST(MAX(pid) AS BIGINT) AS kept, CAST(COUNT(*) AS BIGINT) AS summed FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let sums: Sums = sql_query(sql).get_result(&mut conn).unwrap();
        (sums.kept, sums.summed)
    };
    app.get("th-head", "/v1/me").expect(200);
    let before = backends();
    for _ in 0..20 {
        app.get("th-head", "/v1/me").expect(200);
    }
    assert_eq!(backends(), before);
    assert!(before.1 > 0);
}

/// As when the server restarts: whoever meets the first lost connection is told to come back, and all others find new ones.
#[test]
fn lost_connections_to_the_server_are_replaced() {
    let Some(app) = App::on_postgres() else { return };
    let statuses = |times| at_once(times, |_| app.get("th-head", "/v1/me").status);
    assert_eq!(statuses(16), vec![200; 16]);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    PgConnection::establish(&app.database).unwrap().batch_execute(cut).unwrap();
    assert_eq!(app.get("th-head", "/v1/me").status, 503);
    assert_eq!(statuses(16), vec![200; 16]);
}

/// By how much its tables hold, the embedded database chooses among indexes.
#[test]
fn a_sweep_brings_the_statistics_up_to_date() {
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let app = App::on_sqlite();
    app.sweep();
    let mut conn = SqliteConnection::establish(app.database.trim_start_matches("sqlite://")).unwrap();
    let known = "SELECT COUNT(*) AS number FROM sqlite_stat1 WHERE tbl IN ('units', 'members', 'deadlines')";
    let known: Known = sql_query(known).get_result(&mut conn).unwrap();
    assert!(known.number > 3, "{}", known.number);
}
