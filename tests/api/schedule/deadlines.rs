//! Deadlines: what is due, how it stands, who is reminded, and more time for who needs it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use thidua::clock::{Clock, Ids};
use thidua::config::Config;
use thidua::server;

use crate::backends::execute;
use crate::support::year::UNITS;
use crate::support::{App, Reply, apply, at_once, on_both};

/// The deadlines that a person sees, with a query.
fn list(app: &App, person: &str, query: &str) -> Vec<Value> {
    let page = app.get(person, &format!("/v1/deadlines?limit=200{query}")).expect(200);
    page["items"].as_array().unwrap().clone()
}

/// The deadline of a kind, of a unit or of the whole period.
#[track_caller]
fn deadline(app: &App, kind: &str, unit: Option<&str>) -> Value {
    let of = |deadline: &Value| deadline["kind"] == kind && deadline["unit_code"].as_str() == unit;
    let found: Vec<Value> = list(app, "auditor", "").into_iter().filter(of).collect();
    assert_eq!(found.len(), 1, "{kind} {unit:?}");
    found[0].clone()
}

fn path(deadline: &Value) -> String {
    format!("/v1/deadlines/{}", deadline["id"].as_str().unwrap())
}

fn extension(due_on: &str) -> Value {
    json!({"due_on": due_on, "reason": "Đơn vị di chuyển trụ sở", "basis_document": "CV 45/VP-HCTC"})
}

fn extend(app: &App, deadline: &Value, due_on: &str) -> Reply {
    app.post("secretary", &format!("{}/extensions", path(deadline)), &extension(due_on))
}

/// How many events of each type the auditor has been told of so far.
fn events(app: &App) -> BTreeMap<String, usize> {
    let page = app.get("auditor", "/v1/events?limit=200").expect(200);
    let mut count = BTreeMap::new();
    for event in page["items"].as_array().unwrap() {
        *count.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    count
}

fn counted(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs.iter().map(|(kind, number)| ((*kind).to_owned(), *number)).collect()
}

fn check(app: &App, body: &Value) -> Value {
    app.post("deadline-checker", "/v1/deadline-checks", body).expect(200)
}

/// The gate closes by the clock's own running, so that nothing but a check has looked at it.
fn let_the_gate_close(app: &App) {
    app.anonymous("PUT", "/v1/sandbox/clock")
        .json(&json!({"now": "2023-11-10T16:59:59.600Z", "ticking": true}))
        .send()
        .expect(200);
    std::thread::sleep(Duration::from_millis(600));
}

/// Moves dates of the schedule.
fn reschedule(app: &App, dates: &Value) -> Reply {
    let period = app.period();
    let mut schedule = app.get("secretary", &period).expect(200)["schedule"].clone();
    for (name, date) in dates.as_object().unwrap() {
        schedule[name] = date.clone();
    }
    app.ask("secretary", "PATCH", &period)
        .if_match(&app.tag("secretary", &period))
        .json(&json!({"schedule": schedule}))
        .send()
}

#[apply(on_both)]
fn an_open_period_says_what_is_due_and_by_whom(app: &App) {
    let all = list(app, "secretary", "");
    assert_eq!(all.len(), 12);
    for (kind, due_on, role, status) in [
        ("appraisal", json!("2023-11-20"), "appraiser", "scheduled"),
        ("council_review", json!("2023-11-30"), "council_chair", "scheduled"),
        ("result_notice", json!("2023-12-05"), "council_chair", "scheduled"),
        ("dossier", Value::Null, "secretary", "pending_anchor"),
    ] {
        let deadline = deadline(app, kind, None);
        assert_eq!(
            (&deadline["due_on"], &deadline["status"], &deadline["responsible"]),
            (&due_on, &json!(status), &json!({"role": role, "unit_id": null}))
        );
    }
    let of_th = deadline(app, "self_assessment", Some("TH"));
    assert_eq!(of_th["responsible"], json!({"role": "unit_head", "unit_id": app.unit_id("TH")}));
    assert_eq!((&of_th["due_on"], &of_th["closes_at"]), (&json!("2023-11-10"), &json!("2023-11-10T17:00:00.000Z")));
    // The first reminder is a week before.
    assert_eq!(
        (&of_th["next_check_at"], &of_th["rule"]),
        (&json!("2023-11-02T17:00:00.000Z"), &json!({"type": "fixed_date", "on": "2023-11-10"}))
    );
    assert_eq!(
        deadline(app, "dossier", None)["rule"],
        json!({"type": "working_days_after_notice", "notice_on": null, "working_days": 5, "semantics": "not_later_than"})
    );
}

/// The year of the guideline, replayed by the clock alone: nobody does anything but look at the calendar.
#[apply(on_both)]
fn a_year_replayed_by_the_clock_alone(app: &App) {
    for (now, due_soon, overdue, missed) in [
        ("2023-11-01T17:00:00.000Z", 0, 0, 0),
        // Seven, three and one days before 10 November, for eight units.
        ("2023-11-02T17:00:00.000Z", 8, 0, 0),
        ("2023-11-05T01:00:00.000Z", 8, 0, 0),
        ("2023-11-06T17:00:00.000Z", 16, 0, 0),
        ("2023-11-08T17:00:00.000Z", 24, 0, 0),
        ("2023-11-10T16:59:59.999Z", 24, 0, 0),
        // Midnight after the tenth. Nobody made a sheet, so none is missed before the appraisal starts.
        ("2023-11-10T17:00:00.000Z", 24, 8, 0),
        // The appraisal (20th) has its reminders from the 13th on.
        ("2023-11-12T17:00:00.000Z", 25, 8, 0),
        // Who looks after a long time tells what is near now, and not what was near: the appraisal has passed; the
        // council's review (30th) is four days off, the notice (5 December) nine.
        ("2023-11-25T17:00:00.000Z", 26, 9, 0),
        ("2024-01-15T01:00:00.000Z", 26, 11, 0),
        // A clock that jumps back tells nothing again.
        ("2023-11-05T01:00:00.000Z", 26, 11, 0),
        ("2024-01-15T01:00:00.000Z", 26, 11, 0),
    ] {
        app.set_clock(now);
        let told = events(app);
        let of = |kind: &str| told.get(kind).copied().unwrap_or_default();
        assert_eq!(
            (of("deadline.due_soon"), of("deadline.overdue"), of("submission.missed")),
            (due_soon, overdue, missed),
            "{now}"
        );
    }
    let by_status = |status: &str| list(app, "secretary", &format!("&status={status}")).len();
    assert_eq!(["scheduled", "due_soon", "overdue", "pending_anchor", "met"].map(by_status), [0, 0, 11, 1, 0]);
}

#[apply(on_both)]
fn a_sheet_that_is_sent_is_met_and_reminds_nobody(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let of_th = || deadline(app, "self_assessment", Some("TH"));
    assert_eq!(
        (&of_th()["status"], &of_th()["met_on"], &of_th()["next_check_at"]),
        (&json!("met"), &json!("2023-11-01"), &Value::Null)
    );
    app.act("th-head", &sheet, "withdraw", None).expect(200);
    assert_eq!((&of_th()["status"], &of_th()["met_on"]), (&json!("scheduled"), &Value::Null));
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.set_clock("2023-11-08T17:00:00.000Z");
    assert_eq!(events(app)["deadline.due_soon"], 7);
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "Thiếu minh chứng", "due_on": "2023-11-14"})))
        .expect(200);
    assert_eq!((&of_th()["status"], &of_th()["due_on"]), (&json!("due_soon"), &json!("2023-11-14")));
    // Not sent again by then, it stands as last sent: done on the day of that.
    app.set_clock("2023-11-14T17:00:00.000Z");
    assert_eq!((&of_th()["status"], &of_th()["met_on"]), (&json!("met"), &json!("2023-11-01")));
    assert_eq!(events(app)["submission.stands"], 1);
}

#[apply(on_both)]
fn a_unit_that_sends_and_takes_back_is_reminded_once(app: &App) {
    app.set_clock("2023-11-03T02:00:00.000Z");
    assert_eq!(events(app)["deadline.due_soon"], 8);
    let sheet = app.submitted_sheet("TH", &[]);
    for _ in 0..2 {
        app.act("th-head", &sheet, "withdraw", None).expect(200);
        assert_eq!(check(app, &json!({}))["changes"], json!([]));
        app.act("th-head", &sheet, "submit", None).expect(200);
    }
    assert_eq!(events(app)["deadline.due_soon"], 8);
}

/// Whoever looks for the first time when the council reviews tells no unit of a sheet that it can send no more.
#[apply(on_both)]
fn what_can_be_met_no_more_is_told_to_nobody(app: &App) {
    app.in_council_review(&[("TH", &[])]);
    let before = events(app);
    execute(
        app,
        "UPDATE deadlines SET told = NULL, check_on = '2023-01-01' WHERE kind = 'self_assessment' AND met_on IS NULL",
    )
    .unwrap();
    let checked = check(app, &json!({}));
    assert_eq!((&checked["changes"], &checked["overdue"]), (&json!([]), &json!(0)));
    assert_eq!(events(app), before);
}

#[apply(on_both)]
fn the_stages_are_met_by_the_last_sheet(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[])]);
    let of = |kind: &str| deadline(app, kind, None);
    app.review("appraiser", &sheets[0], "appraisal", &[]);
    assert_eq!(of("appraisal")["status"], "due_soon");
    app.set_clock("2023-11-20T02:00:00.000Z");
    app.review("appraiser", &sheets[1], "appraisal", &[]);
    assert_eq!((&of("appraisal")["status"], &of("appraisal")["met_on"]), (&json!("met"), &json!("2023-11-20")));
    // A missed sheet that is given back is to be appraised again.
    extend(app, &deadline(app, "self_assessment", Some("NC")), "2023-11-22").expect(201);
    assert_eq!((&of("appraisal")["status"], &of("appraisal")["met_on"]), (&json!("due_soon"), &Value::Null));
    app.set_clock("2023-11-22T17:00:00.000Z");
    // Missed again: the last sheet of the stage, three days late.
    assert_eq!((&of("appraisal")["status"], &of("appraisal")["met_on"]), (&json!("met_late"), &json!("2023-11-23")));
    app.move_period("secretary", "start-council-review");
    for sheet in &sheets {
        app.review("secretary", sheet, "council", &[]);
    }
    assert_eq!(
        (&of("council_review")["status"], &of("council_review")["met_on"]),
        (&json!("met"), &json!("2023-11-23"))
    );
}

#[apply(on_both)]
fn the_dossiers_are_due_by_the_notice(app: &App) {
    app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":39}"#)])]);
    assert_eq!(
        (&deadline(app, "result_notice", None)["status"], &deadline(app, "result_notice", None)["met_on"]),
        (&json!("met"), &json!("2023-11-30"))
    );
    let dossiers = list(app, "secretary", "&kind=dossier");
    assert_eq!(dossiers.len(), 2);
    let of_th = || deadline(app, "dossier", Some("TH"));
    assert_eq!(
        (&of_th()["due_on"], &of_th()["status"], &of_th()["calendar_confirmed"]),
        (&json!("2023-12-07"), &json!("due_soon"), &json!(true))
    );
    assert_eq!(of_th()["rule"]["notice_on"], "2023-11-30");
    let counted: Vec<_> =
        of_th()["explanation"].as_array().unwrap().iter().filter_map(|day| day["number"].as_u64()).collect();
    assert_eq!(counted, [1, 2, 3, 4, 5]);
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    // A day late; and sent back, it is due as before.
    app.set_clock("2023-12-08T02:00:00.000Z");
    app.act("secretary", &proposal, "submit", None).expect(200);
    assert_eq!(
        (&of_th()["status"], &of_th()["met_on"], &of_th()["overdue_days"]),
        (&json!("met_late"), &json!("2023-12-08"), &json!(0))
    );
    app.act("secretary", &proposal, "return", Some(&json!({"reason": "Thiếu dấu"}))).expect(200);
    assert_eq!((&of_th()["status"], &of_th()["overdue_days"]), (&json!("overdue"), &json!(1)));
    // An extension reaches the proposal.
    extend(app, &of_th(), "2023-12-12").expect(201);
    assert_eq!(
        (&of_th()["status"], &app.get("secretary", &proposal).expect(200)["dossier"]["due_on"]),
        (&json!("due_soon"), &json!("2023-12-12"))
    );
}

/// "Sau 05 ngày làm việc" read as a wait: there is a first day and no last one.
#[apply(on_both)]
fn a_term_that_is_a_wait_has_a_first_day(app: &App) {
    execute(app, "UPDATE periods SET dossier_semantics = 'not_before'").unwrap();
    app.announced(&[("TH", &[])]);
    let of_th = deadline(app, "dossier", Some("TH"));
    assert_eq!(
        (&of_th["due_on"], &of_th["opens_on"], &of_th["closes_at"], &of_th["status"]),
        (&Value::Null, &json!("2023-12-07"), &Value::Null, &json!("scheduled"))
    );
    let of_th = || deadline(app, "dossier", Some("TH"));
    assert_eq!(
        (&of_th()["status"], &of_th()["next_check_at"]),
        (&json!("scheduled"), &json!("2023-12-06T17:00:00.000Z"))
    );
    // Until then nobody is told to send it, and who tries is told when.
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    let offers = || {
        let seen = app.get("secretary", &proposal).expect(200);
        let submits = |list: &str| seen[list].as_array().unwrap().iter().find(|act| act["action"] == "submit").cloned();
        (
            submits("allowed_actions").is_some(),
            submits("blocked_actions"),
            app.get("secretary", "/v1/me/tasks").expect(200)["items"].as_array().unwrap().len(),
        )
    };
    let blocked =
        json!({"action": "submit", "code": "guard_failed", "params": {"not_before": "2023-12-06T17:00:00.000Z"}});
    assert_eq!(offers(), (false, Some(blocked), 0));
    app.act("secretary", &proposal, "submit", None).refused(409, "guard_failed");
    let refused = extend(app, &of_th(), "2023-12-20").refused(409, "invalid_state");
    assert_eq!(refused.json()["params"]["needs"], json!([]));
    app.set_clock("2023-12-06T17:00:00.000Z");
    assert_eq!((offers(), &of_th()["next_check_at"]), ((true, None, 1), &Value::Null));
    app.set_clock("2024-03-01T02:00:00.000Z");
    assert_eq!(of_th()["status"], "scheduled");
    app.act("secretary", &proposal, "submit", None).expect(200);
}

/// What a closed period has missed is asked of nobody any more.
#[apply(on_both)]
fn a_closed_period_is_quiet(app: &App) {
    app.announced(&[("TH", &[])]);
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    app.act("secretary", &proposal, "submit", None).expect(200);
    app.act("secretary", &proposal, "record-decision", Some(&json!({"outcome": "declined", "reason": "x"})))
        .expect(200);
    assert_eq!(list(app, "secretary", "&status=overdue").len(), 7);
    app.move_period("secretary", "close");
    assert_eq!(list(app, "secretary", "&status=overdue").len(), 0);
    let missed = deadline(app, "self_assessment", Some("KT"));
    assert_eq!(
        (&missed["status"], &missed["waive_reason"], &missed["overdue_days"]),
        (&json!("waived"), &json!("Kỳ thi đua đã kết thúc"), &json!(0))
    );
    let tag = app.get("secretary", "/v1/deadlines").etag();
    app.set_clock("2024-03-01T02:00:00.000Z");
    assert_eq!(app.get("secretary", "/v1/deadlines").etag(), tag);
}

/// A waiver of the dossiers before there are any is one of each; a sheet that is sent back is asked for again.
#[apply(on_both)]
fn a_waiver_holds_as_long_as_the_same_is_asked(app: &App) {
    let waive = |deadline: &Value| {
        app.act("secretary", &path(deadline), "waive", Some(&json!({"reason": "Không yêu cầu"}))).expect(200)
    };
    waive(&deadline(app, "dossier", None));
    let sheet = app.new_sheet("TH");
    waive(&deadline(app, "self_assessment", Some("TH")));
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "Thiếu minh chứng", "due_on": "2023-11-09"})))
        .expect(200);
    let of_th = deadline(app, "self_assessment", Some("TH"));
    assert_eq!((&of_th["status"], &of_th["due_on"]), (&json!("scheduled"), &json!("2023-11-09")));
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.set_clock(crate::support::year::AFTER_THE_GATE);
    app.move_period("secretary", "start-appraisal");
    app.review("appraiser", &sheet, "appraisal", &[]);
    app.move_period("secretary", "start-council-review");
    app.review("secretary", &sheet, "council", &[]);
    app.good_facts("TH");
    app.set_clock("2023-11-28T02:00:00.000Z");
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
    app.act(
        "secretary",
        &app.period(),
        "announce",
        Some(&json!({"notice_number": "1/TB-VP", "notice_on": "2023-11-28"})),
    )
    .expect(200);
    let dossier = deadline(app, "dossier", Some("TH"));
    assert_eq!((&dossier["status"], &dossier["waive_reason"]), (&json!("waived"), &json!("Không yêu cầu")));
    let before = events(app);
    app.set_clock("2023-12-10T02:00:00.000Z");
    assert_eq!(events(app), before);
}

/// Gates are counted by the zone: it stays while there are any.
#[apply(on_both)]
fn the_zone_stays_while_a_period_is_open(app: &App) {
    let change = |organization: &str| {
        let path = format!("/v1/organizations/{organization}");
        app.ask("operator", "PATCH", &path)
            .if_match(&app.tag("operator", &path))
            .json(&json!({"time_zone": "Africa/Cairo"}))
            .send()
    };
    let of = |person: &str| {
        app.get(person, "/v1/me").expect(200)["memberships"][0]["organization_id"].as_str().unwrap().to_owned()
    };
    change(&of("secretary")).refused(409, "period_open");
    assert_eq!(change(&of("so-khdt-admin")).expect(200)["time_zone"], "Africa/Cairo");
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "x"}))).expect(200);
    let of_th = path(&deadline(app, "self_assessment", Some("TH")));
    let tag = app.tag("secretary", &of_th);
    change(&of("secretary")).expect(200);
    // What is shown of a gate is shown by the zone of now.
    assert_ne!(app.tag("secretary", &of_th), tag);
}

#[apply(on_both)]
fn a_day_is_written_in_one_way(app: &App) {
    let of_th = deadline(app, "self_assessment", Some("TH"));
    for day in ["2023-11-1", "+2023-11-17", "2023-11-16 ", "17.11.2023", "2023-11-31"] {
        assert_eq!(
            extend(app, &of_th, day).refused(400, "invalid_body").faults(),
            [("invalid_body".to_owned(), "/due_on".to_owned())],
            "{day}"
        );
    }
    app.get("secretary", "/v1/deadlines?due_before=2023-12-1").refused(400, "invalid_parameter");
}

#[apply(on_both)]
fn an_extension_is_never_shortened(app: &App) {
    let (th, kt) = (app.new_sheet("TH"), app.new_sheet("KT"));
    let of_th = || deadline(app, "self_assessment", Some("TH"));
    let due = |person: &str, sheet: &str| app.get(person, sheet).expect(200)["due_on"].clone();
    let seen = extend(app, &of_th(), "2023-11-14").expect(201);
    assert_eq!(
        (&seen["due_on"], &seen["extensions"][0]["basis_document"], &seen["version"]),
        (&json!("2023-11-14"), &json!("CV 45/VP-HCTC"), &json!(2))
    );
    assert_eq!((due("th-head", &th), due("kt-head", &kt)), (json!("2023-11-14"), json!("2023-11-10")));
    for (due_on, code) in [
        ("2023-11-14", "deadline_shortened"),
        ("2023-11-12", "deadline_shortened"),
        ("2023-10-31", "date_in_past"),
        ("2032-11-14", "date_out_of_range"),
    ] {
        assert_eq!(
            extend(app, &of_th(), due_on).refused(422, code).faults(),
            [(code.to_owned(), "/due_on".to_owned())]
        );
    }
    // A schedule that moves takes the others along, and a longer one also this.
    for (schedule, of_th, of_kt) in [
        ("2023-11-12", "2023-11-14", "2023-11-12"),
        ("2023-11-16", "2023-11-16", "2023-11-16"),
        ("2023-11-11", "2023-11-14", "2023-11-11"),
    ] {
        reschedule(app, &json!({"self_assessment_due_on": schedule})).expect(200);
        assert_eq!((due("th-head", &th), due("kt-head", &kt)), (json!(of_th), json!(of_kt)), "{schedule}");
        assert_eq!(deadline(app, "self_assessment", Some("TH"))["due_on"], of_th);
        assert_eq!(deadline(app, "self_assessment", Some("KT"))["due_on"], of_kt);
        // The day that lists are narrowed by is the one that is shown.
        for (unit, due_on) in [("TH", of_th), ("KT", of_kt)] {
            let day: chrono::NaiveDate = due_on.parse().unwrap();
            let before = |day: chrono::NaiveDate| {
                list(app, "secretary", &format!("&kind=self_assessment&due_before={day}&unit_id={}", app.unit_id(unit)))
                    .len()
            };
            assert_eq!((before(day), before(day + chrono::Days::new(1))), (0, 1), "{unit} {due_on}");
        }
    }
    // Nor by sending the sheet back for an earlier day.
    app.write("TH", &th, &[]);
    app.act("th-head", &th, "submit", None).expect(200);
    let returned =
        app.act("appraiser", &th, "return", Some(&json!({"reason": "x", "due_on": "2023-11-12"}))).expect(200);
    assert_eq!((&returned["due_on"], &of_th()["due_on"]), (&json!("2023-11-14"), &json!("2023-11-14")));
    assert_eq!(events(app)["deadline.extended"], 1);
}

/// A unit that had no sheet yet begins one with the gate that it was given.
#[apply(on_both)]
fn an_extension_holds_for_a_sheet_that_is_made_later(app: &App) {
    extend(app, &deadline(app, "self_assessment", Some("TH")), "2023-11-14").expect(201);
    app.set_clock("2023-11-13T02:00:00.000Z");
    let refused = app.act("secretary", &app.period(), "start-appraisal", None).refused(409, "guard_failed");
    assert_eq!(refused.units_named("sheet_open"), ["TH"]);
    let sheet = app.submitted_sheet("TH", &[]);
    assert_eq!(app.get("th-head", &sheet).expect(200)["due_on"], "2023-11-14");
    assert_eq!(
        app.post("kt-head", "/v1/submissions", &json!({"period_id": app.period_id(), "unit_id": app.unit_id("KT")}))
            .code(),
        "deadline_passed"
    );
    app.move_period("secretary", "start-appraisal");
}

#[apply(on_both)]
fn an_extension_gives_a_missed_sheet_back_until_the_councils_review(app: &App) {
    let (th, kt) = (app.new_sheet("TH"), app.submitted_sheet("KT", &[]));
    app.write("TH", &th, &[]);
    app.set_clock("2023-11-13T02:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    assert_eq!(app.get("th-head", &th).expect(200)["status"], "missed");
    extend(app, &deadline(app, "self_assessment", Some("TH")), "2023-11-15").expect(201);
    let seen = app.get("th-head", &th).expect(200);
    assert_eq!((&seen["status"], &seen["due_on"]), (&json!("draft"), &json!("2023-11-15")));
    assert!(
        seen["allowed_actions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|offer| offer["action"] == "submit" && offer["until"] == "2023-11-15T17:00:00.000Z")
    );
    // Missed again, given back again, and sent at last.
    app.set_clock("2023-11-15T17:00:00.000Z");
    assert_eq!(app.get("th-head", &th).expect(200)["status"], "missed");
    extend(app, &deadline(app, "self_assessment", Some("TH")), "2023-11-17").expect(201);
    app.act("th-head", &th, "submit", None).expect(200);
    assert_eq!((events(app)["submission.missed"], events(app)["submission.reopened"]), (8, 2));
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
    for sheet in [&th, &kt] {
        app.review("appraiser", sheet, "appraisal", &[]);
    }
    extend(app, &deadline(app, "self_assessment", Some("TH")), "2023-11-25").refused(409, "invalid_state");
    app.move_period("secretary", "start-council-review");
    extend(app, &deadline(app, "self_assessment", Some("NC")), "2023-11-25").refused(409, "invalid_state");
}

/// Who was given more time and missed it again keeps the appraisal no longer.
#[apply(on_both)]
fn a_sheet_that_is_missed_again_holds_no_stage_up(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[])]);
    extend(app, &deadline(app, "self_assessment", Some("KT")), "2023-11-15").expect(201);
    app.review("appraiser", &sheets[0], "appraisal", &[]);
    assert_eq!(deadline(app, "appraisal", None)["met_on"], Value::Null);
    app.set_clock("2023-11-15T17:00:00.000Z");
    assert_eq!(deadline(app, "appraisal", None)["met_on"], "2023-11-16");
    let tasks = app.get("secretary", "/v1/me/tasks").expect(200);
    assert_eq!(tasks["items"][0]["action"], "start-council-review");
}

/// A sheet that was sent back without a day of its own goes with the schedule; one that was missed stays so.
#[apply(on_both)]
fn a_schedule_takes_returned_sheets_along_and_no_missed_ones(app: &App) {
    let returned = app.submitted_sheet("TH", &[]);
    app.act("appraiser", &returned, "return", Some(&json!({"reason": "x"}))).expect(200);
    let due = |person: &str, sheet: &str| app.get(person, sheet).expect(200)["due_on"].clone();
    reschedule(app, &json!({"self_assessment_due_on": "2023-11-08"})).expect(200);
    assert_eq!(
        (due("th-head", &returned), &deadline(app, "self_assessment", Some("TH"))["due_on"]),
        (json!("2023-11-08"), &json!("2023-11-08"))
    );
    extend(app, &deadline(app, "self_assessment", Some("TH")), "2023-11-13").expect(201);
    assert_eq!(due("th-head", &returned), "2023-11-13");
    app.new_sheet("KT");
    app.set_clock("2023-11-09T02:00:00.000Z");
    reschedule(app, &json!({"self_assessment_due_on": "2023-11-12"})).expect(200);
    let of = |unit: &str| deadline(app, "self_assessment", Some(unit))["due_on"].clone();
    assert_eq!((of("TH"), of("KT"), of("NC")), (json!("2023-11-13"), json!("2023-11-08"), json!("2023-11-12")));
}

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

#[apply(on_both)]
fn a_period_that_is_given_up_misses_no_sheet(app: &App) {
    let sheet = app.new_sheet("TH");
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "Sáp nhập cơ quan"}))).expect(200);
    app.set_clock("2023-11-20T17:00:00.000Z");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "draft");
    assert_eq!(events(app).get("submission.missed"), None);
}

/// A tag stands for everything that is shown, also for when to look again.
#[apply(on_both)]
fn a_tag_changes_with_the_next_check(app: &App) {
    let of_th = path(&deadline(app, "self_assessment", Some("TH")));
    app.set_clock("2023-11-03T02:00:00.000Z");
    let (tag, before) = (app.tag("secretary", &of_th), app.get("secretary", &of_th).json());
    app.set_clock("2023-11-08T02:00:00.000Z");
    let after = app.ask("secretary", "GET", &of_th).header("if-none-match", &tag).send().expect(200);
    assert_eq!((&before["status"], &after["status"]), (&json!("due_soon"), &json!("due_soon")));
    assert_ne!(before["next_check_at"], after["next_check_at"]);
}

#[apply(on_both)]
fn what_is_waived_reminds_nobody(app: &App) {
    let of_th = deadline(app, "self_assessment", Some("TH"));
    let waive = |person: &str, body: &Value| {
        app.ask(person, "POST", &format!("{}/waive", path(&of_th)))
            .if_match(&app.tag("secretary", &path(&of_th)))
            .json(body)
            .send()
    };
    waive("secretary", &json!({"reason": " "})).refused(422, "text_empty");
    waive("th-head", &json!({"reason": "x"})).refused(403, "role_required");
    app.ask("secretary", "POST", &format!("{}/waive", path(&of_th)))
        .json(&json!({"reason": "x"}))
        .send()
        .refused(428, "precondition_required");
    let stale = app.tag("secretary", &path(&of_th));
    let seen = waive("secretary", &json!({"reason": "Đơn vị giải thể"})).expect(200);
    assert_eq!(
        (&seen["status"], &seen["waive_reason"], &seen["allowed_actions"]),
        (&json!("waived"), &json!("Đơn vị giải thể"), &json!([]))
    );
    app.ask("secretary", "POST", &format!("{}/waive", path(&of_th)))
        .if_match(&stale)
        .json(&json!({"reason": "x"}))
        .send()
        .refused(412, "version_mismatch");
    waive("secretary", &json!({"reason": "x"})).refused(409, "invalid_state");
    app.set_clock("2023-11-10T17:00:00.000Z");
    assert_eq!(events(app), counted(&[("deadline.overdue", 7), ("deadline.waived", 1)]));
}

#[apply(on_both)]
fn a_period_that_is_given_up_asks_nothing_of_anybody(app: &App) {
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "Sáp nhập cơ quan"}))).expect(200);
    let statuses: Vec<Value> = list(app, "secretary", "").iter().map(|deadline| deadline["status"].clone()).collect();
    assert_eq!(statuses, vec![json!("waived"); 12]);
    app.set_clock("2024-01-10T17:00:00.000Z");
    assert_eq!(check(app, &json!({}))["overdue"], 0);
    assert_eq!(events(app), counted(&[("period.cancelled", 1)]));
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
fn who_may_check(app: &App) {
    let ask = |person: &str| app.post(person, "/v1/deadline-checks", &json!({}));
    for person in ["admin", "deadline-checker", "so-khdt-admin"] {
        ask(person).expect(200);
    }
    for person in ["secretary", "th-head", "integration", "auditor", "operator", "council-chair"] {
        ask(person).refused(403, "role_required");
    }
    app.post("admin", "/v1/deadline-checks", &json!({"organization_id": "018b88d6-5f80-7000-8000-0000000fffff"}))
        .refused(404, "not_found");
    app.post("admin", "/v1/deadline-checks", &json!({"dry_run": "yes"})).refused(400, "invalid_body");
    app.ask("deadline-checker", "POST", "/v1/deadline-checks").send().expect(200);
}

#[apply(on_both)]
fn everybody_sees_the_deadlines_that_concern_them(app: &App) {
    for (person, number) in [
        ("secretary", 12),
        ("appraiser", 12),
        ("hctc-appraiser", 12),
        ("th-council", 12),
        ("admin", 12),
        ("auditor", 12),
        ("deadline-checker", 12),
        // The period's four and the own unit's.
        ("th-head", 5),
        ("th-editor", 5),
        ("integration", 5),
        ("so-khdt-admin", 0),
        ("so-khdt-vp-head", 0),
    ] {
        let seen = list(app, person, "");
        assert_eq!(seen.len(), number, "{person}");
        for deadline in list(app, "auditor", "") {
            let expected =
                if seen.iter().any(|listed| listed["id"] == deadline["id"]) { vec![200] } else { vec![403, 404] };
            let status = app.get(person, &path(&deadline)).status;
            assert!(expected.contains(&status), "{person} {}: {status}", deadline["kind"]);
        }
    }
    app.get("operator", "/v1/deadlines").refused(403, "role_required");
    let of_kt = deadline(app, "self_assessment", Some("KT"));
    for (person, status) in [
        ("secretary", 201),
        ("admin", 403),
        ("council-chair", 403),
        ("auditor", 403),
        ("kt-head", 403),
        ("deadline-checker", 403),
    ] {
        assert_eq!(
            app.post(person, &format!("{}/extensions", path(&of_kt)), &extension("2023-11-12")).status,
            status,
            "{person}"
        );
    }
    for person in ["th-head", "so-khdt-admin", "operator", "integration"] {
        app.post(person, &format!("{}/extensions", path(&of_kt)), &extension("2023-11-12")).refused(404, "not_found");
    }
}

#[apply(on_both)]
fn deadlines_are_found_by_what_is_asked(app: &App) {
    app.submitted_sheet("TH", &[]);
    app.new_sheet("KT");
    app.set_clock("2023-11-13T01:00:00.000Z");
    let count = |query: &str| list(app, "secretary", query).len();
    for (query, number) in [
        ("&kind=self_assessment,dossier", 9),
        ("&kind=appraisal&status=due_soon", 1),
        ("&status=overdue", 7),
        ("&status=overdue,met", 8),
        ("&due_before=2023-11-20", 8),
        ("&due_before=2023-11-21", 9),
        ("&overdue_days_gte=3", 7),
        ("&overdue_days_gte=4", 0),
    ] {
        assert_eq!(count(query), number, "{query}");
    }
    assert_eq!(count(&format!("&unit_id={}", app.unit_id("TH"))), 1);
    assert_eq!(count(&format!("&period_id={}", app.period_id())), 12);
    assert_eq!(count("&period_id=018b88d6-5f80-7000-8000-0000000fffff"), 0);
    // The databases tell the status as the rules do.
    for status in ["pending_anchor", "scheduled", "due_soon", "overdue", "met", "met_late", "waived"] {
        let told: Vec<Value> =
            list(app, "secretary", "").into_iter().filter(|deadline| deadline["status"] == status).collect();
        assert_eq!(list(app, "secretary", &format!("&status={status}")), told, "{status}");
    }
    for wrong in [
        "status=late",
        "kind=x",
        "due_before=tomorrow",
        "due_before=-9999-01-01",
        "overdue_days_gte=0",
        "overdue_days_gte=x",
        "period_id=1",
        "sort=kind",
    ] {
        app.get("secretary", &format!("/v1/deadlines?{wrong}")).refused(400, "invalid_parameter");
    }
    // What is due next comes first, page by page, and what has no date last.
    let (mut dates, mut next) = (Vec::new(), "/v1/deadlines?sort=due_on&limit=5".to_owned());
    loop {
        let reply = app.get("secretary", &next);
        let link = reply.header("link").to_owned();
        dates.extend(
            reply.expect(200)["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|deadline| deadline["due_on"].as_str().unwrap_or("none").to_owned()),
        );
        let Some(more) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else { break };
        next = more.to_owned();
    }
    assert_eq!(dates.len(), 12);
    assert!(dates.is_sorted() && dates[11] == "none", "{dates:?}");
}

/// Who asks every minute is told 304 until there is something new.
#[apply(on_both)]
fn an_unchanged_list_is_304(app: &App) {
    let tag = app.get("deadline-checker", "/v1/deadlines").etag();
    let again = || app.ask("deadline-checker", "GET", "/v1/deadlines").header("if-none-match", &tag).send().status;
    app.set_clock("2023-11-02T16:59:59.999Z");
    check(app, &json!({}));
    assert_eq!(again(), 304);
    app.set_clock("2023-11-02T17:00:00.000Z");
    assert_eq!(again(), 200);
}

/// What the clock alone changes is no change of the deadline.
#[apply(on_both)]
fn a_reminder_leaves_the_tag_as_it_was(app: &App) {
    let of_th = path(&deadline(app, "self_assessment", Some("TH")));
    let tag = app.tag("secretary", &of_th);
    app.set_clock("2023-11-08T17:00:00.000Z");
    assert_eq!(app.ask("secretary", "GET", &of_th).header("if-none-match", &tag).send().status, 200);
    app.ask("secretary", "POST", &format!("{of_th}/waive"))
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
    let open = async move { server::open(&config, Clock::standing_at(now), Ids::Random).await.map(drop) };
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
