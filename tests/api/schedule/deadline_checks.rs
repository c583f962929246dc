//! Checks of the deadlines: by whom, how often, and what a check changes.

use serde_json::{Value, json};
use thidua::clock::{Clock, Ids};
use thidua::config::Config;
use thidua::server;

use super::deadlines::{check, deadline, events, extend, let_the_gate_close, list, path};
use crate::backends::execute;
use crate::support::year::UNITS;
use crate::support::{App, apply, at_once, on_both};

/// Between the gate and the next check, more time is granted to the sheet as the clock has left it.
#[apply(on_both)]
fn a_sheet_that_the_clock_has_just_taken_can_be_extended(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "x"}))).expect(200);
    let of_th = deadline(app, "self_assessment", Some("TH"));
    let_the_gate_close(app);
    assert_eq!(extend(app, &of_th, "2023-11-14").expect(201)["due_on"], "2023-11-14");
    assert_eq!(
        (&app.get("th-head", &sheet).expect(200)["status"], events(app)["submission.stands"]),
        (&json!("submitted"), 1)
    );
}

/// Nor does a deadline tell of a sheet what the sheet does not tell any more.
#[apply(on_both)]
fn a_reader_finds_what_the_clock_has_done(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "x"}))).expect(200);
    let_the_gate_close(app);
    assert_eq!(deadline(app, "self_assessment", Some("TH"))["status"], "met");
}

/// A tag stands for everything that is shown, also for when to look again.
#[apply(on_both)]
fn a_tag_changes_with_the_next_check(app: &App) {
    let of_th = path(&deadline(app, "self_assessment", Some("TH")));
    app.set_clock("2023-11-03T02:00:00.000Z");
    let (tag, before) = (app.tag("secretary", &of_th), app.get("secretary", &of_th).json());
    app.set_clock("2023-11-08T02:00:00.000Z");
    let after = app.request("secretary", "GET", &of_th).header("if-none-match", &tag).send().expect(200);
    assert_eq!((&before["status"], &after["status"]), (&json!("due_soon"), &json!("due_soon")));
    assert_ne!(before["next_check_at"], after["next_check_at"]);
}

#[apply(on_both)]
fn a_check_says_what_it_changed_and_changes_nothing_the_second_time(app: &App) {
    let sheet = app.new_sheet("TH");
    let_the_gate_close(app);
    let foretold = check(app, &json!({"dry_run": true}));
    assert_eq!(app.get("th-head", "/v1/events?types=submission.missed").expect(200)["items"], json!([]));
    let done = check(app, &json!({}));
    assert_eq!((foretold["dry_run"].clone(), &done["dry_run"]), (json!(true), &json!(false)));
    assert_eq!(foretold["changes"], done["changes"]);
    let changes = done["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 9);
    assert_eq!(
        (&changes[0]["type"], &changes[0]["subject"]),
        (&json!("submission.missed"), &json!({"type": "submission", "id": sheet.rsplit('/').next().unwrap()}))
    );
    assert_eq!(
        (&changes[1]["type"], &changes[1]["data"]),
        (&json!("deadline.overdue"), &json!({"kind": "self_assessment", "due_on": "2023-11-10", "overdue_days": 1}))
    );
    assert_eq!(
        (&done["overdue"], &done["due_soon"], &done["next_check_at"]),
        (&json!(8), &json!(0), &json!("2023-11-12T17:00:00.000Z"))
    );
    let again = check(app, &json!({}));
    assert_eq!((&again["changes"], &again["overdue"]), (&json!([]), &json!(8)));
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "missed");
}

#[apply(on_both)]
fn ten_checks_at_the_same_second_are_one(app: &App) {
    for unit in UNITS {
        app.new_sheet(unit);
    }
    let_the_gate_close(app);
    let changes = at_once(10, |_| check(app, &json!({}))["changes"].as_array().unwrap().len());
    assert_eq!(changes.iter().sum::<usize>(), 16, "{changes:?}");
    let told = events(app);
    assert_eq!((told["submission.missed"], told["deadline.overdue"]), (8, 8));
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
}

#[apply(on_both)]
fn checks_and_units_do_not_wait_for_each_other_in_a_circle(app: &App) {
    for unit in ["TH", "KT", "NC", "QTTV"] {
        let sheet = app.new_sheet(unit);
        app.write(unit, &sheet, &[]);
    }
    app.set_clock("2023-11-05T01:00:00.000Z");
    let sheets: Vec<String> = app.get("auditor", "/v1/submissions").expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sheet| sheet["id"].as_str().unwrap().to_owned())
        .collect();
    let heads = ["th-head", "kt-head", "nc-head", "qttv-head"];
    let statuses = at_once(8, |number| match number % 2 {
        0 => check(app, &json!({}))["dry_run"].is_boolean(),
        _ => {
            let path = format!("/v1/submissions/{}", sheets[number / 2]);
            app.act(heads[number / 2], &path, "submit", None).status == 200
        }
    });
    assert_eq!(statuses, [true; 8]);
    assert_eq!(list(app, "auditor", "&status=met").len(), 4);
}

#[apply(on_both)]
fn the_admin_and_the_deadline_checker_run_checks(app: &App) {
    let request = |person: &str| app.post(person, "/v1/deadline-checks", &json!({}));
    for person in ["admin", "deadline-checker", "so-khdt-admin"] {
        request(person).expect(200);
    }
    for person in ["secretary", "th-head", "integration", "auditor", "operator", "council-chair"] {
        request(person).refused(403, "role_required");
    }
    app.post("admin", "/v1/deadline-checks", &json!({"organization_id": "018b88d6-5f80-7000-8000-0000000fffff"}))
        .refused(404, "not_found");
    app.post("admin", "/v1/deadline-checks", &json!({"dry_run": "yes"})).refused(400, "invalid_body");
    app.request("deadline-checker", "POST", "/v1/deadline-checks").send().expect(200);
}

/// What the clock alone changes is no change of the deadline.
#[apply(on_both)]
fn a_reminder_leaves_the_tag_as_it_was(app: &App) {
    let of_th = path(&deadline(app, "self_assessment", Some("TH")));
    let tag = app.tag("secretary", &of_th);
    app.set_clock("2023-11-08T17:00:00.000Z");
    assert_eq!(app.request("secretary", "GET", &of_th).header("if-none-match", &tag).send().status, 200);
    app.request("secretary", "POST", &format!("{of_th}/waive"))
        .if_match(&tag)
        .json(&json!({"reason": "x"}))
        .send()
        .expect(200);
}

/// What was open before there were deadlines gets them at the next start, as they would be.
#[apply(on_both)]
fn periods_that_are_older_get_their_deadlines(app: &App) {
    app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":39}"#)])]);
    let shown = |deadline: &Value| {
        (
            deadline["kind"].to_string(),
            deadline["unit_code"].to_string(),
            deadline["due_on"].to_string(),
            deadline["status"].to_string(),
        )
    };
    let seen = || {
        let mut all: Vec<_> = list(app, "auditor", "").iter().map(shown).collect();
        all.sort();
        all
    };
    let before = seen();
    assert_eq!(before.len(), 13);
    execute(app, "DELETE FROM deadlines").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config::of_sandbox(&app.database, 0, folder.path()).unwrap();
    let now = chrono::DateTime::parse_from_rfc3339("2023-11-30T02:00:00Z").unwrap().to_utc();
    let open = async move { server::open(&config, Clock::paused_at(now), Ids::Random).await.map(drop) };
    std::thread::spawn(|| actix_web::rt::System::new().block_on(open).unwrap()).join().unwrap();
    let different = |(before, after): &(_, _)| before != after;
    let pairs: Vec<_> =
        before.iter().zip(&seen()).map(|(before, after)| (before.clone(), after.clone())).filter(different).collect();
    // On which day the last sheet was reviewed nobody knows any more; it is the day of the start.
    assert!(pairs.iter().all(|((kind, ..), _)| kind == "\"appraisal\""), "{pairs:?}");
}

/// The command that cron calls: what it says and how it ends, whatever the machine's zone.
#[test]
fn the_command_line_ends_with_what_is_due() {
    let app = App::on_sqlite();
    let run = |database: &str, zone: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_thidua"));
        let folder = tempfile::tempdir().unwrap();
        let ran = command
            .arg("check-deadlines")
            .args(arguments)
            .current_dir(folder.path())
            .env("DATABASE_URL", database)
            .env("TZ", zone)
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&ran.stdout).unwrap_or(Value::Null);
        (ran.status.code().unwrap(), told, String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let (code, told, _) = run("sqlite://empty.db", "UTC", &[]);
    assert_eq!((code, told), (0, json!({"due_soon": 0, "overdue": 0, "organizations": []})));
    let (code, _, error) = run(&app.database, "UTC", &["--organization", "NOBODY"]);
    assert!(code == 1 && error.contains("NOBODY"), "{error}");
    // The period of 2023 is long over by the machine's clock.
    let (code, told, _) = run(&app.database, "UTC", &["--dry-run", "--organization", "VP-UBND"]);
    assert_eq!(
        (code, &told["overdue"], &told["organizations"][0]["organization_code"]),
        (20, &json!(11), &json!("VP-UBND"))
    );
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "x"}))).expect(200);
    assert_eq!(run(&app.database, "UTC", &[]).0, 0);
    // One that is due in three days from the machine's today.
    let today = thidua::clock::machine_now().with_timezone(&chrono_tz::Asia::Ho_Chi_Minh).date_naive();
    let days = |days| (today + chrono::Days::new(days)).to_string();
    let mut body = app.period_like("SOON");
    body["year"] = json!(chrono::Datelike::year(&today));
    body["schedule"] = json!({
        "self_assessment_due_on": days(3), "appraisal_due_on": days(20), "council_review_from_on": days(21), "council_review_to_on": days(30), "result_notice_due_on": days(40),
    });
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    let changes = |told: &Value| {
        told["organizations"].as_array().unwrap().iter().find(|one| one["organization_code"] == "VP-UBND").unwrap()["changes"].clone()
    };
    let zones = ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Ho_Chi_Minh"];
    let foretold = zones.map(|zone| run(&app.database, zone, &["--dry-run"]));
    for (code, told, _) in &foretold {
        assert_eq!((*code, changes(told)), (10, changes(&foretold[0].1)));
    }
    assert_eq!(changes(&foretold[0].1).as_array().unwrap().len(), 8);
    assert_eq!(changes(&run(&app.database, "UTC", &[]).1), changes(&foretold[0].1));
    let (code, told, _) = run(&app.database, "UTC", &[]);
    assert_eq!((code, &told["due_soon"], changes(&told)), (10, &json!(8), json!([])));
}

/// Gates that close together are told of one by one, in the order of their sheets.
#[apply(on_both)]
fn every_gate_that_closes_is_told_of(app: &App) {
    let mut drafts: Vec<String> = UNITS[..5].iter().map(|unit| app.new_sheet(unit)).collect();
    let returned = app.submitted_sheet(UNITS[5], &[]);
    app.act("appraiser", &returned, "return", Some(&json!({"reason": "x"}))).expect(200);
    let tag = app.tag("auditor", &drafts[0]);
    let_the_gate_close(app);
    check(app, &json!({}));
    for draft in &drafts {
        assert_eq!(app.get("auditor", draft).expect(200)["status"], "missed");
    }
    assert_eq!(app.get("auditor", &returned).expect(200)["status"], "submitted");
    // A lapse is no change of the unit's.
    assert_eq!(tag.split('-').next(), app.tag("auditor", &drafts[0]).split('-').next());
    let told = app.get("auditor", "/v1/audit-entries?action=submission.lapse").expect(200)["items"].clone();
    let told: Vec<&Value> = told.as_array().unwrap().iter().map(|entry| &entry["subject"]["id"]).collect();
    drafts.push(returned);
    drafts.sort_unstable();
    let ids: Vec<&str> = drafts.iter().map(|sheet| sheet.rsplit('/').next().unwrap()).collect();
    assert_eq!(told, ids);
    assert_eq!((events(app)["submission.missed"], events(app)["submission.stands"]), (5, 1));
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
}
