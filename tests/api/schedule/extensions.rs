//! More time, and time that is waived.

use serde_json::{Value, json};

use super::deadlines::{counted, deadline, events, extend, list, path, reschedule};
use crate::support::{App, apply, on_both};

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
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "Thiếu minh chứng", "due_on": "2023-11-11"})))
        .expect(200);
    let of_th = deadline(app, "self_assessment", Some("TH"));
    assert_eq!((&of_th["status"], &of_th["due_on"]), (&json!("scheduled"), &json!("2023-11-11")));
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

/// A sheet that was sent back without a day of its own goes with the schedule, and one that was missed is a draft again.
#[apply(on_both)]
fn a_schedule_takes_returned_and_missed_sheets_along(app: &App) {
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
    let missed = app.new_sheet("KT");
    app.set_clock("2023-11-09T02:00:00.000Z");
    assert_eq!(app.get("kt-head", &missed).expect(200)["status"], "missed");
    let changed = reschedule(app, &json!({"self_assessment_due_on": "2023-11-12"})).expect(200);
    let of = |unit: &str| deadline(app, "self_assessment", Some(unit))["due_on"].clone();
    assert_eq!((of("TH"), of("KT"), of("NC")), (json!("2023-11-13"), json!("2023-11-12"), json!("2023-11-12")));
    let reopened = app.get("kt-head", &missed).expect(200);
    assert_eq!(
        (&reopened["status"], &reopened["due_on"], &reopened["closes_at"]),
        (&json!("draft"), &json!("2023-11-12"), &json!("2023-11-12T17:00:00.000Z"))
    );
    // The answer names the sheets that moved; TH's keeps the day of its extension.
    let id = missed.rsplit('/').next().unwrap();
    let moved = json!([{"submission_id": id, "unit_id": app.unit_id("KT"), "was_status": "missed",
        "status": "draft", "was_due_on": "2023-11-08", "due_on": "2023-11-12", "reopened": true}]);
    assert_eq!(changed["moved_sheets"], moved);
    assert_eq!(events(app)["submission.reopened"], 1);
    let entries = app.get("auditor", &format!("/v1/audit-entries?subject_id={id}")).expect(200);
    let entry = entries["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&entry["action"], &entry["before"], &entry["after"]),
        (
            &json!("submission.move"),
            &json!({"status": "missed", "due_on": "2023-11-08", "closes_at": "2023-11-08T17:00:00.000Z"}),
            &json!({"status": "draft", "due_on": "2023-11-12", "closes_at": "2023-11-12T17:00:00.000Z"})
        )
    );
}

#[apply(on_both)]
fn a_waiver_can_be_taken_back(app: &App) {
    let place = path(&deadline(app, "self_assessment", Some("TH")));
    let back = |person: &str, reason: &str| app.act(person, &place, "unwaive", Some(&json!({"reason": reason})));
    back("secretary", "x").refused(409, "invalid_state");
    app.act("secretary", &place, "waive", Some(&json!({"reason": "Nhầm đơn vị"}))).expect(200);
    back("th-head", "x").refused(403, "role_required");
    back("secretary", " ").refused(422, "text_empty");
    let stands = back("secretary", "Miễn nhầm").expect(200);
    assert_eq!(
        (&stands["status"], &stands["due_on"], &stands["waive_reason"]),
        (&json!("scheduled"), &json!("2023-11-10"), &Value::Null)
    );
    let entries = app.get("auditor", "/v1/audit-entries?action=deadline.unwaive").expect(200);
    let entry = &entries["items"][0];
    assert_eq!(
        (&entry["before"]["waive_reason"], &entry["after"]["waive_reason"], &entry["after"]["reason"]),
        (&json!("Nhầm đơn vị"), &Value::Null, &json!("Miễn nhầm"))
    );
    // Whoever asks is reminded again.
    app.set_clock("2023-11-11T00:00:00.000Z");
    let events = app.get("secretary", "/v1/events?types=deadline.overdue&limit=200").expect(200);
    let unit = app.unit_id("TH");
    assert!(
        events["items"].as_array().unwrap().iter().any(|event| event["data"]["unit_id"] == json!(unit)),
        "{events}"
    );
}

#[apply(on_both)]
fn what_is_waived_reminds_nobody(app: &App) {
    let of_th = deadline(app, "self_assessment", Some("TH"));
    let waive = |person: &str, body: &Value| {
        app.request(person, "POST", &format!("{}/waive", path(&of_th)))
            .if_match(&app.tag("secretary", &path(&of_th)))
            .json(body)
            .send()
    };
    waive("secretary", &json!({"reason": " "})).refused(422, "text_empty");
    waive("th-head", &json!({"reason": "x"})).refused(403, "role_required");
    app.request("secretary", "POST", &format!("{}/waive", path(&of_th)))
        .json(&json!({"reason": "x"}))
        .send()
        .refused(428, "precondition_required");
    let stale = app.tag("secretary", &path(&of_th));
    let seen = waive("secretary", &json!({"reason": "Đơn vị giải thể"})).expect(200);
    let unwaive =
        json!({"action": "unwaive", "method": "POST", "href": format!("{}/unwaive", path(&of_th)), "until": null});
    assert_eq!(
        (&seen["status"], &seen["waive_reason"], &seen["allowed_actions"]),
        (&json!("waived"), &json!("Đơn vị giải thể"), &json!([unwaive]))
    );
    app.request("secretary", "POST", &format!("{}/waive", path(&of_th)))
        .if_match(&stale)
        .json(&json!({"reason": "x"}))
        .send()
        .refused(412, "version_mismatch");
    waive("secretary", &json!({"reason": "x"})).refused(409, "invalid_state");
    app.set_clock("2023-11-10T17:00:00.000Z");
    assert_eq!(events(app), counted(&[("deadline.overdue", 7), ("deadline.waived", 1)]));
}
