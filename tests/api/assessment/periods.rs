//! The way of a period: what each step asks for before it is taken.

use serde_json::{Value, json};

use crate::support::year::{AFTER_THE_GATE, UNITS, head};
use crate::support::{App, apply, on_both};

/// A table that nobody has published.
fn draft_criteria_set(app: &App) -> String {
    let body = json!({
        "code": "VP-2024", "title": "Tiêu chí năm 2024", "year": 2024, "total_points": 10,
        "parts": [{"code": "A", "title": "Điểm chuẩn", "kind": "base", "max_points": 10, "children": [
            {"code": "A.1", "title": "Nội quy", "max_points": 10, "rule": {"type": "manual"}}]}]
    });
    app.post("admin", "/v1/criteria-sets", &body).expect(201)["id"].as_str().unwrap().to_owned()
}

/// A period that accepts late sheets, open.
fn accepting_late_sheets(app: &App) -> String {
    let mut body = app.period_like("2023-late");
    body["late_submissions"] = json!("accept_flagged");
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    period
}

/// Writes the whole sheet of a unit and sends it.
fn send(app: &App, unit: &str, sheet: &str) -> Value {
    app.write(unit, sheet, &[]);
    app.act(&head(unit), sheet, "submit", None).expect(200)
}

fn patch(app: &App, body: &Value) -> crate::support::Response {
    let period = app.period();
    let tag = app.tag("secretary", &period);
    app.request("secretary", "PATCH", &period).if_match(&tag).json(body).send()
}

fn announce(app: &App, notice_on: &str) -> crate::support::Response {
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": notice_on});
    app.act("council-chair", &app.period(), "announce", Some(&notice))
}

/// A table that is not published, no unit and dates in disorder: all three are told at once.
#[apply(on_both)]
fn opening_tells_every_failing_guard(app: &App) {
    let mut body = app.period_like("2024");
    body["criteria_set_id"] = json!(draft_criteria_set(app));
    body["unit_ids"] = json!([]);
    body["schedule"]["appraisal_due_on"] = json!("2023-11-09");
    let period = app.new_period(&body);
    let refusal = app.act("secretary", &period, "open", None).refused(409, "guard_failed");
    let mut faults = refusal.faults();
    faults.sort();
    let expected = [
        ("criteria_set_not_published", "/criteria_set_id"),
        ("schedule_out_of_order", "/schedule"),
        ("units_missing", "/unit_ids"),
    ];
    assert_eq!(faults, expected.map(|(code, pointer)| (code.to_owned(), pointer.to_owned())));
    assert_eq!(app.get("secretary", &period).expect(200)["status"], "draft");
}

/// The code of a period is unique within its organisation.
#[apply(on_both)]
fn two_periods_never_share_a_code(app: &App) {
    app.post("secretary", "/v1/periods", &app.period_like("2023")).refused(409, "already_exists");
}

/// A millisecond before midnight every unit that has not submitted keeps the appraisal from starting.
#[apply(on_both)]
fn an_open_sheet_keeps_the_appraisal_from_starting(app: &App) {
    app.submitted_sheet("TH", &[]);
    app.new_sheet("KT");
    app.set_clock("2023-11-10T16:59:59.999Z");
    let refusal = app.act("secretary", &app.period(), "start-appraisal", None).refused(409, "guard_failed");
    assert_eq!(refusal.units_named("sheet_open"), ["BTCD", "HCTC", "KGVX", "KT", "NC", "QTTV", "THCB"]);
}

/// Once all eight have submitted nobody waits for the gate.
#[apply(on_both)]
fn the_appraisal_starts_before_the_gate_when_all_have_submitted(app: &App) {
    for unit in UNITS {
        app.submitted_sheet(unit, &[]);
    }
    assert_eq!(app.move_period("hctc-appraiser", "start-appraisal")["status"], "appraisal");
}

/// From midnight on the appraisal starts: the draft is missed, and so are the six units that never made one.
#[apply(on_both)]
fn a_unit_without_a_sheet_gets_one_that_is_missed(app: &App) {
    app.submitted_sheet("TH", &[]);
    app.new_sheet("KT");
    app.set_clock("2023-11-10T17:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let sheets = app.get("auditor", &format!("/v1/submissions?period_id={}", app.period_id())).expect(200);
    let mut statuses: Vec<(String, String)> = sheets["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sheet| (sheet["unit_code"].as_str().unwrap().to_owned(), sheet["status"].as_str().unwrap().to_owned()))
        .collect();
    statuses.sort();
    let expected = UNITS.map(|unit| (unit.to_owned(), if unit == "TH" { "submitted" } else { "missed" }.to_owned()));
    assert_eq!(statuses, expected);
}

/// The council begins when every sheet is appraised or missed; the two that are not are named.
#[apply(on_both)]
fn every_sheet_is_appraised_before_the_council_begins(app: &App) {
    let sheets = app.in_appraisal(&[("KT", &[]), ("NC", &[]), ("TH", &[])]);
    app.review("hctc-appraiser", &sheets[1], "appraisal", &[]);
    let refusal = app.act("council-chair", &app.period(), "start-council-review", None).refused(409, "guard_failed");
    assert_eq!(refusal.units_named("appraisal_missing"), ["KT", "TH"]);
}

/// The appraiser starts the appraisal and not the council's review; the secretary finalises nothing.
#[apply(on_both)]
fn each_step_belongs_to_its_roles(app: &App) {
    app.in_appraisal(&[]);
    app.act("hctc-appraiser", &app.period(), "start-council-review", None).refused(403, "role_required");
    app.move_period("secretary", "start-council-review");
    app.act("secretary", &app.period(), "finalize", None).refused(403, "role_required");
}

/// KT and TH are tied for the flag and nothing is known of them, TH is not reviewed, three of six sat in the session: all at once.
#[apply(on_both)]
fn finalizing_tells_every_failing_guard(app: &App) {
    let sheets = app.in_council_review(&[("KT", &[]), ("TH", &[])]);
    app.review("secretary", &sheets[0], "council", &[]);
    app.set_clock("2023-11-28T02:00:00.000Z");
    app.closed_session("2023-11-28", 3);
    let refusal = app.act("council-chair", &app.period(), "finalize", None).refused(409, "guard_failed");
    assert_eq!(refusal.units_named("council_review_missing"), ["TH"]);
    assert_eq!(refusal.units_named("facts_missing"), ["KT", "TH"]);
    let body = refusal.json();
    let errors = body["errors"].as_array().unwrap();
    let tie = errors.iter().find(|error| error["code"] == "unresolved_tie").unwrap();
    assert_eq!(
        tie["params"],
        json!({"unit_ids": [app.unit_id("KT"), app.unit_id("TH")], "award_code": "emulation_flag"})
    );
    assert_eq!(errors.iter().filter(|error| error["code"] == "session_without_quorum").count(), 1);
    assert_eq!(errors.len(), 5);
}

/// A session that was held and not closed decides nothing.
#[apply(on_both)]
fn finalizing_needs_the_session_closed(app: &App) {
    app.in_council_review(&[]);
    app.set_clock("2023-11-28T02:00:00.000Z");
    let attendance: Vec<Value> =
        app.council().iter().map(|(_, id)| json!({"member_id": id, "present": true})).collect();
    let body = json!({"period_id": app.period_id(), "held_on": "2023-11-28", "place": "Phòng họp số 1", "attendance": attendance});
    let session = app.post("secretary", "/v1/council-sessions", &body).expect(201);
    app.act("secretary", &format!("/v1/council-sessions/{}", session["id"].as_str().unwrap()), "hold", None)
        .expect(200);
    let refusal = app.act("council-chair", &app.period(), "finalize", None).refused(409, "guard_failed");
    assert_eq!(refusal.faults().iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["session_without_quorum"]);
}

/// Facts are asked for down to the last award only: three awards, and the fourth unit stays unknown.
#[apply(on_both)]
fn facts_are_needed_only_until_the_quotas_are_full(app: &App) {
    let units: [(&str, &[(&str, &str)]); 4] = [
        ("KGVX", &[]),
        ("KT", &[("B.1", r#"{"points":39}"#)]),
        ("NC", &[("B.1", r#"{"points":38}"#)]),
        ("TH", &[("B.1", r#"{"points":37}"#)]),
    ];
    for sheet in app.in_council_review(&units) {
        app.review("secretary", &sheet, "council", &[]);
    }
    for unit in ["KGVX", "KT"] {
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
    app.closed_session("2023-11-28", 4);
    let refusal = app.act("council-chair", &app.period(), "finalize", None).refused(409, "guard_failed");
    assert_eq!(refusal.units_named("facts_missing"), ["NC"]);
    app.good_facts("NC");
    assert_eq!(app.move_period("council-chair", "finalize")["status"], "finalized");
}

/// The session sat on the 28th: a notice of the 27th would tell what was not decided.
#[apply(on_both)]
fn a_notice_is_never_before_the_session(app: &App) {
    app.finalized(&[("TH", &[])]);
    app.set_clock("2023-11-30T02:00:00.000Z");
    let refusal = announce(app, "2023-11-27").refused(422, "notice_before_session");
    assert_eq!(refusal.faults(), [("notice_before_session".to_owned(), "/notice_on".to_owned())]);
    assert_eq!(announce(app, "2023-11-28").expect(200)["notice"], json!({"number": "1234/TB-VP", "on": "2023-11-28"}));
}

/// 00:30 of 1 December in Hà Nội is still 30 November in UTC: today is the organisation's day.
#[apply(on_both)]
fn a_notice_is_never_in_the_future(app: &App) {
    app.finalized(&[("TH", &[])]);
    app.set_clock("2023-11-30T17:30:00.000Z");
    let refusal = announce(app, "2023-12-02").refused(422, "notice_in_future");
    assert_eq!(refusal.faults(), [("notice_in_future".to_owned(), "/notice_on".to_owned())]);
    assert_eq!(announce(app, "2023-12-01").expect(200)["status"], "announced");
}

/// What was frozen stays as it was, and is found to be so, when a unit gets another name in a later year.
#[apply(on_both)]
fn a_frozen_ranking_holds_when_a_unit_is_renamed(app: &App) {
    app.finalized(&[("TH", &[])]);
    let verify = || app.get("auditor", &format!("{}/ranking/verify", app.period())).expect(200);
    let before = verify();
    assert_eq!(before["ok"], true);
    let unit = format!("/v1/units/{}", app.unit_id("TH"));
    let tag = app.tag("admin", &unit);
    app.request("admin", "PATCH", &unit)
        .if_match(&tag)
        .json(&json!({"name": "Phòng Tổng hợp và Kiểm soát"}))
        .send()
        .expect(200);
    assert_eq!(verify(), before);
}

/// Giving a period up needs a reason, which stays with it.
#[apply(on_both)]
fn a_period_is_cancelled_with_a_reason(app: &App) {
    let period = app.period();
    let refusal = app.act("secretary", &period, "cancel", Some(&json!({"reason": "  "}))).refused(422, "text_empty");
    assert_eq!(refusal.faults(), [("text_empty".to_owned(), "/reason".to_owned())]);
    let cancelled = app.act("secretary", &period, "cancel", Some(&json!({"reason": "Sáp nhập Văn phòng"}))).expect(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["cancel_reason"]),
        (&json!("cancelled"), &json!("Sáp nhập Văn phòng"))
    );
    app.act("secretary", &period, "start-appraisal", None).refused(409, "invalid_state");
}

/// After the ranking is frozen nobody gives the period up, and nothing in it changes.
#[apply(on_both)]
fn nothing_changes_after_finalizing(app: &App) {
    app.finalized(&[("TH", &[])]);
    app.act("council-chair", &app.period(), "cancel", Some(&json!({"reason": "Không còn cần"})))
        .refused(409, "invalid_state");
    patch(app, &json!({"title": "Thi đua năm 2023 (sửa)"})).refused(409, "invalid_state");
}

/// An open period changes in its title and its dates; its awards stand, and a change of both is none.
#[apply(on_both)]
fn an_open_period_changes_in_title_and_schedule_alone(app: &App) {
    let quota = json!([{"code": "emulation_flag", "title": "Cờ thi đua xuất sắc", "quota": 2}]);
    patch(app, &json!({"title": "Thi đua năm 2023 (sửa)", "awards": quota})).refused(409, "resource_locked");
    assert_eq!(app.get("secretary", &app.period()).expect(200)["title"], "Thi đua năm 2023");
    let changed =
        patch(app, &json!({"title": "Thi đua năm 2023 (sửa)", "schedule": {"result_notice_due_on": "2023-12-08"}}))
            .expect(200);
    assert_eq!(changed["title"], "Thi đua năm 2023 (sửa)");
    assert_eq!(changed["schedule"]["result_notice_due_on"], "2023-12-08");
    assert_eq!(changed["schedule"]["self_assessment_due_on"], "2023-11-10");
}

/// A merge patch takes away what is null, and a period is never without a title: that is refused and not passed over.
#[apply(on_both)]
fn a_null_is_not_passed_over(app: &App) {
    let response = patch(app, &json!({"title": null}));
    assert!([400, 422].contains(&response.status), "{}", response.status);
}

/// 00:30 of 2 November in Hà Nội: the 1st is past, the 2nd is not. Dates that stay where they were may be past.
#[apply(on_both)]
fn no_date_moves_to_the_past(app: &App) {
    app.set_clock("2023-11-01T17:30:00.000Z");
    let refusal =
        patch(app, &json!({"schedule": {"self_assessment_due_on": "2023-11-01"}})).refused(422, "date_in_past");
    assert_eq!(refusal.faults(), [("date_in_past".to_owned(), "/schedule/self_assessment_due_on".to_owned())]);
    patch(app, &json!({"schedule": {"self_assessment_due_on": "2023-11-02"}})).expect(200);
    app.set_clock("2023-11-15T02:00:00.000Z");
    patch(app, &json!({"schedule": {"appraisal_due_on": "2023-11-22"}})).expect(200);
}

/// A changed schedule stays in order.
#[apply(on_both)]
fn a_changed_schedule_stays_in_order(app: &App) {
    let refusal = patch(app, &json!({"schedule": {"self_assessment_due_on": "2023-11-25"}}))
        .refused(422, "schedule_out_of_order");
    assert_eq!(refusal.faults(), [("schedule_out_of_order".to_owned(), "/schedule".to_owned())]);
}

/// Five days more for the draft: due on the 15th is open until midnight after it.
#[apply(on_both)]
fn a_new_due_date_moves_the_gates_of_drafts(app: &App) {
    let sheet = app.new_sheet("TH");
    let before = app.get("th-head", &sheet).expect(200);
    assert_eq!((&before["due_on"], &before["closes_at"]), (&json!("2023-11-10"), &json!("2023-11-10T17:00:00.000Z")));
    patch(app, &json!({"schedule": {"self_assessment_due_on": "2023-11-15"}})).expect(200);
    let after = app.get("th-head", &sheet).expect(200);
    assert_eq!((&after["due_on"], &after["closes_at"]), (&json!("2023-11-15"), &json!("2023-11-15T17:00:00.000Z")));
    app.set_clock("2023-11-15T16:59:59.999Z");
    assert_eq!(send(app, "TH", &sheet)["late"], false);
}

/// A sheet that was with the standing body when the date moved comes back with the new one.
#[apply(on_both)]
fn a_sheet_withdrawn_after_the_date_moved_has_the_new_gate(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    patch(app, &json!({"schedule": {"self_assessment_due_on": "2023-11-15"}})).expect(200);
    let draft = app.act("th-head", &sheet, "withdraw", None).expect(200);
    assert_eq!((&draft["status"], &draft["closes_at"]), (&json!("draft"), &json!("2023-11-15T17:00:00.000Z")));
}

/// Where late sheets are accepted, one sent on the 12th is marked; one sent in time is not.
#[apply(on_both)]
fn an_accepted_late_sheet_is_marked(app: &App) {
    let period = accepting_late_sheets(app);
    let (in_time, late) = (app.new_sheet_in(&period, "KT"), app.new_sheet_in(&period, "TH"));
    app.set_clock("2023-11-10T16:59:59.999Z");
    assert_eq!(send(app, "KT", &in_time)["late"], false);
    app.set_clock("2023-11-10T17:00:00.000Z");
    assert_eq!(send(app, "TH", &late)["late"], true);
}

/// The gate that stands open for late sheets closes with the start of the appraisal.
#[apply(on_both)]
fn the_appraisal_ends_the_time_of_late_sheets(app: &App) {
    let period = accepting_late_sheets(app);
    let sheet = app.new_sheet_in(&period, "TH");
    app.set_clock(AFTER_THE_GATE);
    app.write("TH", &sheet, &[]);
    app.act("secretary", &period, "start-appraisal", None).expect(200);
    app.act("th-head", &sheet, "submit", None).refused(409, "deadline_passed");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "missed");
}

/// Two submitted, one draft, five units without a sheet; nothing is proposed before the announcement.
#[apply(on_both)]
fn the_summary_counts_the_sheets(app: &App) {
    app.submitted_sheet("KT", &[]);
    app.submitted_sheet("TH", &[]);
    app.new_sheet("NC");
    let summary = app.get("secretary", &format!("{}/summary", app.period())).expect(200);
    assert_eq!(summary["sheets"], json!({"submitted": 2, "draft": 1, "none": 5}));
    assert_eq!(summary["units_missing"], json!(["BTCD", "HCTC", "KGVX", "NC", "QTTV", "THCB"]));
    let flag = json!({"group_code": null, "code": "emulation_flag", "quota": 1, "proposed": 0, "approved": 0});
    let merit = json!({"group_code": null, "code": "certificate_of_merit", "quota": 2, "proposed": 0, "approved": 0});
    assert_eq!(summary["awards"], json!([flag, merit]));
}

/// A unit is not told how the others stand, not by a count either.
#[apply(on_both)]
fn the_summary_of_a_unit_counts_its_own_sheet(app: &App) {
    app.submitted_sheet("KT", &[]);
    app.new_sheet("TH");
    let summary = app.get("th-head", &format!("{}/summary", app.period())).expect(200);
    assert_eq!((&summary["sheets"], &summary["units_missing"]), (&json!({"draft": 1}), &json!(["TH"])));
}

/// Two sheets and three awards: the flag and one certificate are proposed, six sheets were missed.
#[apply(on_both)]
fn the_summary_counts_the_awards(app: &App) {
    app.announced(&[("KT", &[("B.1", r#"{"points":39}"#)]), ("TH", &[])]);
    let summary = app.get("secretary", &format!("{}/summary", app.period())).expect(200);
    assert_eq!(summary["sheets"], json!({"finalized": 2, "missed": 6}));
    let flag = json!({"group_code": null, "code": "emulation_flag", "quota": 1, "proposed": 1, "approved": 0});
    let merit = json!({"group_code": null, "code": "certificate_of_merit", "quota": 2, "proposed": 1, "approved": 0});
    assert_eq!(summary["awards"], json!([flag, merit]));
}

/// A period ends when every proposal is decided; the units that wait are named.
#[apply(on_both)]
fn an_undecided_proposal_keeps_the_period_open(app: &App) {
    app.announced(&[("KT", &[("B.1", r#"{"points":39}"#)]), ("TH", &[])]);
    let refusal = app.act("council-chair", &app.period(), "close", None).refused(409, "guard_failed");
    let mut waiting = refusal.units_named("proposal_undecided");
    waiting.sort();
    assert_eq!(waiting, ["KT", "TH"]);
}

/// A period that was given up holds no code: the next one takes it, and may be given up in its turn.
#[apply(on_both)]
fn a_cancelled_period_gives_its_code_back(app: &App) {
    let body = app.period_like("2023-b");
    app.new_period(&body);
    app.post("secretary", "/v1/periods", &body).refused(409, "already_exists");
    for _ in 0..2 {
        let periods = app.get("secretary", "/v1/periods?status=draft").expect(200);
        let period = format!("/v1/periods/{}", periods["items"][0]["id"].as_str().unwrap());
        app.act("secretary", &period, "cancel", Some(&json!({"reason": "Mở nhầm bảng tiêu chí"}))).expect(200);
        assert_eq!(app.get("secretary", &period).expect(200)["code"], "2023-b");
        app.new_period(&body);
    }
}

/// Two sessions: the tie was decided in the second, so a notice of the day between would tell what was not decided yet.
#[apply(on_both)]
fn a_notice_is_never_before_the_session_of_a_tie(app: &App) {
    for sheet in app.in_council_review(&[("KT", &[]), ("TH", &[])]) {
        app.review("secretary", &sheet, "council", &[]);
    }
    for unit in ["KT", "TH"] {
        app.good_facts(unit);
    }
    app.set_clock("2023-11-29T02:00:00.000Z");
    app.closed_session("2023-11-27", 4);
    let second = app.closed_session("2023-11-29", 4);
    let decision = json!({"unit_ids": [app.unit_id("TH"), app.unit_id("KT")], "reason": "Biểu quyết",
        "council_session_id": second.rsplit('/').next().unwrap()});
    app.post("council-chair", &format!("{}/tie-decisions", app.period()), &decision).expect(201);
    app.move_period("council-chair", "finalize");
    announce(app, "2023-11-28").refused(422, "notice_before_session");
    announce(app, "2023-11-29").expect(200);
}

/// The year is one of 2000 to 2100, and each date of the schedule lies in it or in the year after.
#[apply(on_both)]
fn a_schedule_belongs_to_the_year_of_its_period(app: &App) {
    let mut body = app.period_like("1999");
    body["year"] = json!(1999);
    let refusal = app.post("secretary", "/v1/periods", &body);
    assert!(refusal.faults().contains(&("number_out_of_range".to_owned(), "/year".to_owned())), "{refusal:?}");
    let mut body = app.period_like("2023-b");
    body["schedule"]["self_assessment_due_on"] = json!("1999-11-10");
    body["schedule"]["result_notice_due_on"] = json!("2203-12-05");
    let refusal = app.post("secretary", "/v1/periods", &body).refused(422, "validation_failed");
    let at = |name: &str| ("implausible_date".to_owned(), format!("/schedule/{name}"));
    assert_eq!(refusal.faults(), [at("self_assessment_due_on"), at("result_notice_due_on")]);
    assert_eq!(refusal.json()["errors"][0]["params"], json!({"earliest": "2023-01-01", "latest": "2024-12-31"}));
    let refusal = patch(app, &json!({"schedule": {"result_notice_due_on": "2203-12-05"}}));
    assert_eq!(refusal.refused(422, "implausible_date").faults(), [at("result_notice_due_on")]);
}
