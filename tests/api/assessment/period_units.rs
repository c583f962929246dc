//! Units that join an open period, are set aside from it, and come back.

use serde_json::{Value, json};

use crate::support::year::{AFTER_THE_GATE, lines};
use crate::support::{App, Response, apply, at_once, on_both};

fn add_to(app: &App, period: &str, unit: &str, due_on: Option<&str>) -> Response {
    let mut body = json!({"unit_id": app.unit_id(unit), "reason": "Thành lập theo Quyết định 12/QĐ-UBND"});
    if let Some(due_on) = due_on {
        body["due_on"] = json!(due_on);
    }
    app.post("secretary", &format!("{period}/units"), &body)
}

fn add(app: &App, unit: &str, due_on: Option<&str>) -> Response {
    add_to(app, &app.period(), unit, due_on)
}

fn set_aside(app: &App, unit: &str) -> Response {
    let body = json!({"reason": "Giải thể"});
    app.act("secretary", &app.period(), &format!("units/{}/set-aside", app.unit_id(unit)), Some(&body))
}

/// A unit of the office that takes part in nothing.
fn new_unit(app: &App, code: &str) -> String {
    let unit = app.post("admin", "/v1/units", &json!({"code": code, "name": "Phòng mới", "kind": "division"}));
    unit.expect(201)["id"].as_str().unwrap().to_owned()
}

/// An open period without TH.
fn without_th(app: &App) -> String {
    let mut body = app.period_like("2023-b");
    let th = json!(app.unit_id("TH"));
    body["unit_ids"].as_array_mut().unwrap().retain(|unit| *unit != th);
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    period
}

fn deadline_of(app: &App, period: &str, unit: &str) -> Value {
    let period_id = period.rsplit('/').next().unwrap();
    let place = format!("/v1/deadlines?kind=self_assessment&period_id={period_id}&unit_id={}", app.unit_id(unit));
    app.get("secretary", &place).expect(200)["items"][0].clone()
}

fn ranked(app: &App) -> Vec<String> {
    let ranking = app.get("auditor", &format!("{}/ranking", app.period())).expect(200);
    ranking["rows"].as_array().unwrap().iter().map(|row| row["unit_code"].as_str().unwrap().to_owned()).collect()
}

fn tasks(app: &App, person: &str) -> Vec<String> {
    let tasks = app.get(person, "/v1/me/tasks").expect(200);
    tasks["items"].as_array().unwrap().iter().map(|task| task["action"].as_str().unwrap().to_owned()).collect()
}

fn kinds(app: &App, types: &str) -> Vec<Value> {
    let events = app.get("auditor", &format!("/v1/events?types={types}&limit=200")).expect(200);
    events["items"].as_array().unwrap().clone()
}

#[apply(on_both)]
fn a_unit_joins_with_the_deadline_and_the_duties_of_the_others(app: &App) {
    let period = without_th(app);
    let body = json!({"period_id": period.rsplit('/').next().unwrap(), "unit_id": app.unit_id("TH")});
    app.post("th-head", "/v1/submissions", &body).refused(422, "unit_not_in_period");
    let joined = add_to(app, &period, "TH", None);
    assert_eq!((joined.header("location"), joined.etag()), (period.as_str(), app.tag("secretary", &period)));
    let joined = joined.expect(201);
    let codes: Vec<&Value> = joined["unit_ids"].as_array().unwrap().iter().collect();
    assert_eq!((codes.len(), codes[6]), (8, &json!(app.unit_id("TH"))), "in order of code");
    let deadline = deadline_of(app, &period, "TH");
    assert_eq!((&deadline["due_on"], &deadline["status"]), (&json!("2023-11-10"), &json!("scheduled")));
    assert_eq!(tasks(app, "th-head"), ["create", "create"]);
    app.post("th-head", "/v1/submissions", &body).expect(201);
    let event = &kinds(app, "period.unit_joined")[0];
    assert_eq!(event["data"]["unit_id"], json!(app.unit_id("TH")));
    let entry = app.get("auditor", "/v1/audit-entries?action=period.add_unit").expect(200)["items"][0].clone();
    assert_eq!(entry["after"]["reason"], "Thành lập theo Quyết định 12/QĐ-UBND");
    assert_eq!(entry["after"]["unit_ids"].as_array().unwrap().len(), 8);
    app.get("auditor", "/v1/audit-entries/verify").expect(200);
}

#[apply(on_both)]
fn who_cannot_join_is_told_why(app: &App) {
    let period = app.period();
    let foreign = app.get("so-khdt-admin", "/v1/units").expect(200)["items"][0]["id"].clone();
    let idle = new_unit(app, "GT");
    let place = format!("/v1/units/{idle}");
    let tag = app.tag("admin", &place);
    app.request("admin", "PATCH", &place).if_match(&tag).json(&json!({"active": false})).send().expect(200);
    let th = app.unit_id("TH");
    for (unit, reason, status, code) in [
        (json!(th), "x", 409, "already_exists"),
        (foreign, "x", 422, "unknown_reference"),
        (json!(idle), "x", 409, "unit_inactive"),
        (json!(new_unit(app, "M1")), " ", 422, "text_empty"),
        (json!("TH"), "x", 400, "invalid_body"),
    ] {
        let body = json!({"unit_id": unit, "reason": reason});
        app.post("secretary", &format!("{period}/units"), &body).refused(status, code);
    }
    let body = json!({"unit_id": new_unit(app, "M2"), "reason": "x"});
    for person in ["admin", "council-chair", "th-head", "auditor"] {
        app.post(person, &format!("{period}/units"), &body).refused(403, "role_required");
    }
    app.post("so-khdt-admin", &format!("{period}/units"), &body).refused(404, "not_found");
    let draft = app.new_period(&app.period_like("2024"));
    app.post("secretary", &format!("{draft}/units"), &body).refused(409, "invalid_state");
    for (due_on, code) in
        [("2023-10-31", "date_in_past"), ("2023-11-09", "deadline_shortened"), ("2023-11-21", "due_on_too_late")]
    {
        add(app, "M2", Some(due_on)).refused(422, code);
    }
    add(app, "M2", Some("2023-11-15")).expect(201);
    assert_eq!(deadline_of(app, &period, "M2")["due_on"], "2023-11-15");
}

/// During the appraisal a unit that joins has a day of its own, and is appraised like everybody else.
#[apply(on_both)]
fn a_unit_that_joins_the_appraisal_has_a_day_of_its_own(app: &App) {
    let period = without_th(app);
    app.set_clock(AFTER_THE_GATE);
    app.act("secretary", &period, "start-appraisal", None).expect(200);
    add_to(app, &period, "TH", None).refused(422, "due_on_required");
    add_to(app, &period, "TH", Some("2023-11-21")).refused(422, "due_on_too_late");
    add_to(app, &period, "TH", Some("2023-11-16")).expect(201);
    let list = app.get("th-head", "/v1/submissions").expect(200);
    let sheet = format!("/v1/submissions/{}", list["items"][0]["id"].as_str().unwrap());
    let seen = app.get("th-head", &sheet).expect(200);
    assert_eq!(
        (&seen["status"], &seen["due_on"], &seen["closes_at"]),
        (&json!("draft"), &json!("2023-11-16"), &json!("2023-11-16T17:00:00.000Z"))
    );
    app.act("council-chair", &period, "start-council-review", None).refused(409, "guard_failed");
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    app.act("council-chair", &period, "start-council-review", None).expect(200);
    app.review("secretary", &sheet, "council", &[]);
    let ranking = app.get("auditor", &format!("{period}/ranking")).expect(200);
    assert_eq!((&ranking["rows"][0]["unit_code"], &ranking["rows"][0]["rank"]), (&json!("TH"), &json!(1)));
}

/// Whoever has handed in comes back without a day: the refusal speaks of the unit's submission, not of the period.
#[apply(on_both)]
fn who_has_handed_in_is_given_no_day(app: &App) {
    app.submitted_sheet("TH", &[]);
    let period = app.period();
    let verb = format!("units/{}/set-aside", app.unit_id("TH"));
    app.act("secretary", &period, &verb, Some(&json!({"reason": "x"}))).expect(200);
    let refused = add(app, "TH", Some("2023-11-15")).refused(422, "due_on_not_needed");
    assert_eq!(refused.faults(), [("due_on_not_needed".to_owned(), "/due_on".to_owned())]);
    assert!(refused.json()["errors"][0]["message"].as_str().unwrap().contains("đã nộp"), "{:?}", refused.json());
    add(app, "TH", None).expect(201);
}

/// A day of its own ends like any other: the draft is missed.
#[apply(on_both)]
fn who_joins_and_sends_nothing_has_missed(app: &App) {
    app.set_clock(AFTER_THE_GATE);
    app.move_period("secretary", "start-appraisal");
    let unit = new_unit(app, "M1");
    add(app, "M1", Some("2023-11-14")).expect(201);
    app.set_clock("2023-11-14T17:00:00.000Z");
    let missed = app.get("auditor", &format!("/v1/submissions?unit_id={unit}")).expect(200);
    assert_eq!(missed["items"][0]["status"], "missed");
    app.move_period("secretary", "start-council-review");
}

/// In the council's review nothing can be handed in any more: who joins comes last.
#[apply(on_both)]
fn who_joins_the_council_review_has_missed(app: &App) {
    app.in_council_review(&[("KT", &[])]);
    let unit = new_unit(app, "M1");
    add(app, "M1", Some("2023-11-20")).refused(409, "invalid_state");
    add(app, "M1", None).expect(201);
    let sheet = app.get("auditor", &format!("/v1/submissions?unit_id={unit}")).expect(200)["items"][0].clone();
    assert_eq!(sheet["status"], "missed");
    let ranking = app.get("auditor", &format!("{}/ranking", app.period())).expect(200);
    let row = ranking["rows"].as_array().unwrap().iter().find(|row| row["unit_code"] == "M1").unwrap().clone();
    assert_eq!((&row["rank"], &row["ineligible_reasons"]), (&Value::Null, &json!(["missed"])));
    assert_eq!(
        kinds(app, "submission.missed").iter().filter(|event| event["data"]["unit_id"] == json!(unit)).count(),
        1
    );
}

/// What a unit has done is kept and readable, and counts for nothing.
#[apply(on_both)]
fn a_unit_that_was_set_aside_is_out_of_duties_and_counts(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let period = app.period();
    let body = json!({"reason": "Sáp nhập vào Phòng Kinh tế", "merged_into": app.unit_id("KT")});
    let place = format!("{period}/units/{}/set-aside", app.unit_id("TH"));
    app.post("secretary", &place, &body).refused(428, "precondition_required");
    let before = app.get("auditor", &format!("{sheet}/scores")).expect(200);
    let aside = app.act("secretary", &period, &place[period.len() + 1..], Some(&body)).expect(200);
    assert_eq!(aside["unit_ids"].as_array().unwrap().len(), 7);
    assert_eq!(
        aside["set_aside"],
        json!([{"unit_id": app.unit_id("TH"), "reason": "Sáp nhập vào Phòng Kinh tế",
            "set_aside_at": "2023-11-01T01:00:00.000Z", "merged_into": app.unit_id("KT"), "group_code": null}])
    );
    assert_eq!(app.get("th-head", &period).expect(200)["set_aside"], aside["set_aside"]);
    // Kept and readable.
    let seen = app.get("th-head", &sheet).expect(200);
    assert_eq!(
        (&seen["status"], &seen["set_aside_at"], &seen["allowed_actions"]),
        (&json!("draft"), &json!("2023-11-01T01:00:00.000Z"), &json!([]))
    );
    assert_eq!(seen["blocked_actions"][0]["code"], "unit_set_aside");
    assert_eq!(app.get("auditor", &format!("{sheet}/scores")).expect(200)["scores"], before["scores"]);
    assert_eq!(app.get("th-head", "/v1/submissions").expect(200)["items"][0]["set_aside_at"], seen["set_aside_at"]);
    // Not written any more.
    app.patch("th-head", &sheet, &[("A.I.1", "null")]).refused(409, "unit_set_aside");
    let tag = app.tag("th-head", &sheet);
    app.request("th-head", "PUT", &format!("{sheet}/scores"))
        .if_match(&tag)
        .json(&lines(&[]))
        .send()
        .refused(409, "unit_set_aside");
    app.act("th-head", &sheet, "submit", None).refused(409, "unit_set_aside");
    let reference = crate::support::egov_document("A.I.1");
    app.post("th-head", &format!("{sheet}/evidence/references"), &reference).refused(409, "unit_set_aside");
    app.facts("TH", false, "good").refused(409, "unit_set_aside");
    set_aside(app, "TH").refused(409, "unit_set_aside");
    let body = json!({"period_id": app.period_id(), "unit_id": app.unit_id("TH")});
    app.post("th-head", "/v1/submissions", &body).refused(409, "unit_set_aside");
    // No deadline is its own, and nobody is reminded.
    let deadline = deadline_of(app, &period, "TH");
    assert_eq!(deadline["status"], "waived");
    let deadline = format!("/v1/deadlines/{}", deadline["id"].as_str().unwrap());
    app.act("secretary", &deadline, "unwaive", Some(&json!({"reason": "x"}))).refused(409, "unit_set_aside");
    let extension = json!({"due_on": "2023-11-15", "reason": "x", "basis_document": "x"});
    app.post("secretary", &format!("{deadline}/extensions"), &extension).refused(409, "unit_set_aside");
    assert!(tasks(app, "th-head").is_empty());
    app.set_clock("2023-11-11T00:00:00.000Z");
    let th = json!(app.unit_id("TH"));
    assert!(kinds(app, "deadline.overdue,deadline.due_soon").iter().all(|event| event["data"]["unit_id"] != th));
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "draft", "time does not end it");
    let summary = app.get("secretary", &format!("{period}/summary")).expect(200);
    assert_eq!(summary["sheets"], json!({"none": 7}));
    assert!(!summary["units_missing"].as_array().unwrap().contains(&json!("TH")));
    // The unit itself can be closed now.
    let place = format!("/v1/units/{}", app.unit_id("TH"));
    let tag = app.tag("admin", &place);
    app.request("admin", "PATCH", &place).if_match(&tag).json(&json!({"active": false})).send().expect(200);
    add(app, "TH", None).refused(409, "unit_inactive");
    // The appraisal starts without it.
    app.set_clock(AFTER_THE_GATE);
    app.move_period("secretary", "start-appraisal");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "draft");
    assert!(!ranked(app).contains(&"TH".to_owned()));
}

#[apply(on_both)]
fn who_cannot_be_set_aside_is_told_why(app: &App) {
    let period = app.period();
    let th = app.unit_id("TH");
    let idle = new_unit(app, "GT");
    for (unit, body, status, code) in [
        (th.as_str(), json!({"reason": " "}), 422, "text_empty"),
        (th.as_str(), json!({"reason": "x", "merged_into": th}), 422, "unknown_reference"),
        (th.as_str(), json!({"reason": "x", "merged_into": app.period_id()}), 422, "unknown_reference"),
        (idle.as_str(), json!({"reason": "x"}), 404, "not_found"),
        (th.as_str(), json!({"reason": "x", "unit": 1}), 400, "invalid_body"),
    ] {
        app.act("secretary", &period, &format!("units/{unit}/set-aside"), Some(&body)).refused(status, code);
    }
    let verb = format!("units/{th}/set-aside");
    for person in ["admin", "council-chair", "th-head"] {
        app.act(person, &period, &verb, Some(&json!({"reason": "x"}))).refused(403, "role_required");
    }
    let mut body = app.period_like("2023-one");
    body["unit_ids"] = json!([th]);
    let one = app.new_period(&body);
    app.act("secretary", &one, &verb, Some(&json!({"reason": "x"}))).refused(409, "invalid_state");
    app.act("secretary", &one, "open", None).expect(200);
    app.act("secretary", &one, &verb, Some(&json!({"reason": "x"}))).refused(409, "units_missing");
    // A unit that does not take part may be what another merged into.
    let body = json!({"reason": "Sáp nhập", "merged_into": idle});
    let aside = app.act("secretary", &period, &verb, Some(&body)).expect(200);
    assert_eq!(aside["set_aside"][0]["merged_into"], json!(idle));
}

/// What holds up a step no longer does once its unit is set aside, and what is kept does not move with the others.
#[apply(on_both)]
fn a_unit_that_was_set_aside_is_out_of_every_guard(app: &App) {
    let sheets = app.in_appraisal(&[("KT", &[]), ("TH", &[("B.1", r#"{"points":30}"#)])]);
    app.review("hctc-appraiser", &sheets[0], "appraisal", &[]);
    let period = app.period();
    let refused = app.act("secretary", &period, "start-council-review", None).refused(409, "guard_failed");
    assert_eq!(refused.units_named("appraisal_missing"), ["TH"]);
    set_aside(app, "TH").expect(200);
    let due = app.get("secretary", "/v1/deadlines?kind=appraisal").expect(200)["items"][0].clone();
    assert_eq!(due["met_on"], "2023-11-13", "with the last sheet that counts");
    let review = json!({"submission_id": sheets[1].rsplit('/').next().unwrap(), "stage": "appraisal"});
    app.post("hctc-appraiser", "/v1/reviews", &review).refused(409, "unit_set_aside");
    assert!(!tasks(app, "hctc-appraiser").contains(&"appraise".to_owned()));
    app.act("hctc-appraiser", &sheets[1], "return", Some(&json!({"reason": "x", "due_on": "2023-11-15"})))
        .refused(409, "unit_set_aside");
    app.move_period("secretary", "start-council-review");
    assert_eq!(ranked(app).iter().filter(|code| *code == "TH").count(), 0);
    app.review("secretary", &sheets[0], "council", &[]);
    app.good_facts("KT");
    app.set_clock("2023-11-28T02:00:00.000Z");
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
    assert_eq!(app.get("auditor", &sheets[1]).expect(200)["status"], "submitted", "kept as it was");
    assert!(!ranked(app).contains(&"TH".to_owned()));
    assert_eq!(app.get("auditor", &format!("{period}/ranking/verify")).expect(200)["ok"], true);
    add(app, "TH", None).refused(409, "invalid_state");
    app.act("secretary", &period, &format!("units/{}/set-aside", app.unit_id("NC")), Some(&json!({"reason": "x"})))
        .refused(409, "invalid_state");
}

/// The council decided the order of two units; one of them is set aside, and comes back.
#[apply(on_both)]
fn a_decision_on_a_tie_lapses_with_its_unit(app: &App) {
    for sheet in app.in_council_review(&[("KT", &[]), ("TH", &[])]) {
        app.review("secretary", &sheet, "council", &[]);
    }
    for unit in ["KT", "TH"] {
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
    let session = app.closed_session("2023-11-28", 4);
    let (period, session) = (app.period(), session.rsplit('/').next().unwrap().to_owned());
    let decision =
        json!({"unit_ids": [app.unit_id("TH"), app.unit_id("KT")], "reason": "4/4", "council_session_id": session});
    app.post("council-chair", &format!("{period}/tie-decisions"), &decision).expect(201);
    let stands = |app: &App| app.get("auditor", &format!("{period}/tie-decisions")).expect(200)["items"][0].clone();
    assert_eq!(stands(app)["stands"], true);
    set_aside(app, "TH").expect(200);
    assert_eq!(stands(app)["stands"], false);
    assert_eq!(kinds(app, "tie_decision.lapsed").len(), 1);
    assert_eq!(ranked(app)[0], "KT");
    add(app, "TH", None).expect(201);
    assert_eq!(ranked(app)[..2], ["TH", "KT"]);
    app.move_period("council-chair", "finalize");
}

/// Setting aside by mistake takes nothing away: the sheet, its lines, its gate and the deadline are as before.
#[apply(on_both)]
fn who_comes_back_finds_everything_as_it_was(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let before = app.get("th-head", &sheet).expect(200);
    let deadline = deadline_of(app, &app.period(), "TH");
    set_aside(app, "TH").expect(200);
    let back = add(app, "TH", None).expect(201);
    assert_eq!((back["set_aside"].clone(), back["unit_ids"].as_array().unwrap().len()), (json!([]), 8));
    let after = app.get("th-head", &sheet).expect(200);
    for field in ["status", "due_on", "closes_at", "totals", "revision", "set_aside_at", "allowed_actions"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let again = deadline_of(app, &app.period(), "TH");
    for field in ["status", "due_on", "waive_reason", "closes_at"] {
        assert_eq!(again[field], deadline[field], "{field}");
    }
    app.act("th-head", &sheet, "submit", None).expect(200);
    // A waiver that was there before stays.
    let of_kt = format!("/v1/deadlines/{}", deadline_of(app, &app.period(), "KT")["id"].as_str().unwrap());
    app.act("secretary", &of_kt, "waive", Some(&json!({"reason": "Đã nộp bản giấy"}))).expect(200);
    set_aside(app, "KT").expect(200);
    add(app, "KT", None).expect(201);
    assert_eq!(app.get("secretary", &of_kt).expect(200)["waive_reason"], "Đã nộp bản giấy");
}

/// A schedule that moves while a unit is set aside holds for it when it is back; so does the end of its own day.
#[apply(on_both)]
fn time_and_schedule_go_on_while_a_unit_is_aside(app: &App) {
    let (th, kt) = (app.new_sheet("TH"), app.new_sheet("KT"));
    set_aside(app, "TH").expect(200);
    set_aside(app, "KT").expect(200);
    let period = app.period();
    let tag = app.tag("secretary", &period);
    let body = json!({"schedule": {"self_assessment_due_on": "2023-11-13"}});
    let moved = app.request("secretary", "PATCH", &period).if_match(&tag).json(&body).send().expect(200);
    assert_eq!(moved["moved_sheets"], json!([]));
    add(app, "TH", None).expect(201);
    let back = app.get("th-head", &th).expect(200);
    assert_eq!((&back["due_on"], &back["closes_at"]), (&json!("2023-11-13"), &json!("2023-11-13T17:00:00.000Z")));
    assert_eq!(deadline_of(app, &period, "TH")["due_on"], "2023-11-13");
    app.set_clock("2023-11-14T01:00:00.000Z");
    add(app, "KT", None).expect(201);
    assert_eq!(app.get("kt-head", &kt).expect(200)["status"], "missed");
    set_aside(app, "KT").expect(200);
    add(app, "KT", Some("2023-11-15")).expect(201);
    let reopened = app.get("kt-head", &kt).expect(200);
    assert_eq!((&reopened["status"], &reopened["due_on"]), (&json!("draft"), &json!("2023-11-15")));
    app.write("KT", &kt, &[]);
    app.act("kt-head", &kt, "submit", None).expect(200);
}

/// In the council's review every sheet is appraised or missed: what comes back is, too.
#[apply(on_both)]
fn a_sheet_that_was_not_appraised_does_not_come_back_into_the_council_review(app: &App) {
    let sheets = app.in_appraisal(&[("KT", &[]), ("TH", &[]), ("NC", &[])]);
    for sheet in &sheets[..2] {
        app.review("hctc-appraiser", sheet, "appraisal", &[]);
    }
    set_aside(app, "NC").expect(200);
    set_aside(app, "TH").expect(200);
    app.move_period("secretary", "start-council-review");
    let refused = add(app, "NC", None).refused(409, "guard_failed");
    assert_eq!(refused.units_named("appraisal_missing"), ["NC"]);
    assert_eq!(app.get("auditor", &sheets[2]).expect(200)["status"], "submitted");
    add(app, "TH", None).expect(201);
    assert_eq!(app.get("auditor", &sheets[1]).expect(200)["status"], "appraised");
    app.review("secretary", &sheets[1], "council", &[]);
}

/// A step back takes the sheets of units that were set aside along, so that they fit when they come back.
#[apply(on_both)]
fn a_step_back_takes_what_is_kept_along(app: &App) {
    let sheets = app.in_council_review(&[("KT", &[]), ("TH", &[])]);
    let review = app.review("secretary", &sheets[1], "council", &[]);
    set_aside(app, "TH").expect(200);
    app.act("secretary", &review, "reopen", Some(&json!({"reason": "x"}))).refused(409, "unit_set_aside");
    app.act("council-chair", &app.period(), "step-back", Some(&json!({"reason": "Bắt đầu sớm"}))).expect(200);
    assert_eq!(app.get("auditor", &sheets[1]).expect(200)["status"], "appraised");
    add(app, "TH", None).expect(201);
    app.move_period("secretary", "start-council-review");
    app.review("secretary", &sheets[1], "council", &[]);
}

#[apply(on_both)]
fn targets_of_a_unit_that_was_set_aside_are_kept(app: &App) {
    let set = app.published(&json!({
        "code": "T", "title": "T", "year": 2023, "total_points": 10,
        "parts": [{"code": "A", "title": "A", "kind": "base", "max_points": 10, "children": [
            {"code": "A.1", "title": "A.1", "max_points": 10, "rule": {"type": "target_ratio"}}]}]
    }));
    let mut body = app.period_like("2023-t");
    body["criteria_set_id"] = json!(set);
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    let target = |unit: &str, of: u32| json!({"unit_id": app.unit_id(unit), "criterion_code": "A.1", "target": of, "unit_of_measure": "văn bản"});
    let put = |targets: Value| {
        let tag = app.tag("secretary", &period);
        let request = app.request("secretary", "PUT", &format!("{period}/targets")).if_match(&tag);
        request.json(&json!({"targets": targets})).send()
    };
    put(json!([target("TH", 100), target("KT", 50)])).expect(200);
    let verb = format!("units/{}/set-aside", app.unit_id("TH"));
    app.act("secretary", &period, &verb, Some(&json!({"reason": "x"}))).expect(200);
    put(json!([target("TH", 1)])).refused(422, "unit_not_in_period");
    assert_eq!(put(json!([target("KT", 60)])).expect(200)["items"].as_array().unwrap().len(), 1);
    add_to(app, &period, "TH", None).expect(201);
    let targets = app.get("secretary", &format!("{period}/targets")).expect(200)["items"].clone();
    let of: Vec<i64> = targets.as_array().unwrap().iter().map(|target| target["target"].as_i64().unwrap()).collect();
    assert_eq!((of.len(), of.contains(&100), of.contains(&60)), (2, true, true), "{targets}");
}

/// The unit submits while it is being set aside: one comes first, and the sheet is kept as it then was.
#[apply(on_both)]
fn a_unit_submits_while_it_is_set_aside(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let period = app.period();
    let (of_sheet, of_period) = (app.tag("th-head", &sheet), app.tag("secretary", &period));
    let aside = format!("{period}/units/{}/set-aside", app.unit_id("TH"));
    let responses = at_once(2, |number| match number {
        0 => app.request("th-head", "POST", &format!("{sheet}/submit")).if_match(&of_sheet).send(),
        _ => {
            let request = app.request("secretary", "POST", &aside).if_match(&of_period);
            request.json(&json!({"reason": "Giải thể"})).send()
        }
    });
    assert_eq!(responses[1].status, 200);
    let submitted = responses[0].status == 200;
    // The sheet has another tag once it is set aside.
    assert!(submitted || matches!(responses[0].status, 409 | 412), "{:?}", responses[0]);
    let status = app.get("auditor", &sheet).expect(200)["status"].clone();
    assert_eq!(status, if submitted { "submitted" } else { "draft" });
}

#[apply(on_both)]
fn of_two_who_let_a_unit_join_one_does(app: &App) {
    let unit = new_unit(app, "M1");
    let body = json!({"unit_id": unit, "reason": "x"});
    let place = format!("{}/units", app.period());
    let mut statuses: Vec<u16> =
        at_once(2, |_| app.post("secretary", &place, &body)).iter().map(|response| response.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let deadlines = app.get("secretary", &format!("/v1/deadlines?unit_id={unit}")).expect(200);
    assert_eq!(deadlines["items"].as_array().unwrap().len(), 1);
}
