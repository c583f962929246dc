//! The council's sessions and its decisions on ties.

use serde_json::{Value, json};

use crate::backends::execute;
use crate::support::year::head;
use crate::support::{App, Response, apply, on_both};

/// The morning of the session.
pub const THE_DAY: &str = "2023-11-28T02:00:00.000Z";

/// Who of the council was in the room, and who wrote instead, from the first on.
pub fn attendance(app: &App, present: usize, written: usize) -> Value {
    let entry = |(at, (_, id)): (usize, (String, String))| json!({"member_id": id, "present": at < present, "written_opinion": at >= present});
    app.council().into_iter().enumerate().take(present + written).map(entry).collect()
}

fn call(app: &App, body: &Value) -> String {
    let session = app.post("secretary", "/v1/council-sessions", body).expect(201);
    format!("/v1/council-sessions/{}", session["id"].as_str().unwrap())
}

/// A session on a day, called by the secretary.
pub fn session(app: &App, held_on: &str, attendance: &Value) -> String {
    call(
        app,
        &json!({"period_id": app.period_id(), "held_on": held_on, "place": "Phòng họp số 1", "attendance": attendance}),
    )
}

fn counted(held: &Value) -> (&Value, &Value, &Value) {
    (&held["present"], &held["needed"], &held["quorum_met"])
}

/// NC and TH tied at 1000 for the flag before KT with 990, all reviewed; gives a session in which to decide.
pub fn tied(app: &App) -> String {
    for sheet in app.in_council_review(&[("KT", &[("B.1", r#"{"points":30}"#)]), ("NC", &[]), ("TH", &[])]) {
        app.review("secretary", &sheet, "council", &[]);
    }
    app.set_clock(THE_DAY);
    let path = app.closed_session("2023-11-28", 4);
    path.rsplit('/').next().unwrap().to_owned()
}

pub fn decide(app: &App, session_id: &str, units: &[&str]) -> Response {
    let unit_ids: Vec<String> = units.iter().map(|unit| app.unit_id(unit)).collect();
    let body = json!({"unit_ids": unit_ids, "reason": "Hội đồng biểu quyết 4/4", "council_session_id": session_id});
    app.post("council-chair", &format!("{}/tie-decisions", app.period()), &body)
}

/// Rank, unit and whether tied, of the rows with a rank.
pub fn places(app: &App) -> Value {
    let ranking = app.get("secretary", &format!("{}/ranking", app.period())).expect(200);
    let ranked = ranking["rows"].as_array().unwrap().iter().filter(|row| !row["rank"].is_null());
    ranked.map(|row| json!([row["rank"], row["unit_code"], row["tied"]])).collect()
}

/// Five members and the chair are six: four of them are two thirds, three are not.
#[apply(on_both)]
fn four_of_six_are_a_quorum(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    for (present, met) in [(4, true), (3, false)] {
        let path = session(app, "2023-11-28", &attendance(app, present, 0));
        let held = app.act("secretary", &path, "hold", None).expect(200);
        assert_eq!(counted(&held), (&json!(present), &json!(4), &json!(met)));
    }
}

/// A seventh member sits from the 29th on: two thirds of seven are 4.67, so five; on the 28th it is six and four.
#[apply(on_both)]
fn the_quorum_is_rounded_up_over_the_members_of_that_day(app: &App) {
    app.in_council_review(&[]);
    let body = json!({"subject": "qttv-council", "display_name": "Ủy viên mới", "roles": ["council_member"], "valid_from_on": "2023-11-29"});
    app.post("admin", "/v1/members", &body).expect(201);
    let four = |app: &App| -> Value {
        let sitting = app.council().into_iter().filter(|(subject, _)| subject != "qttv-council").take(4);
        sitting.map(|(_, id)| json!({"member_id": id, "present": true})).collect()
    };
    app.set_clock("2023-11-29T02:00:00.000Z");
    for (held_on, needed, met) in [("2023-11-28", 4, true), ("2023-11-29", 5, false)] {
        let path = session(app, held_on, &four(app));
        let held = app.act("secretary", &path, "hold", None).expect(200);
        assert_eq!(counted(&held), (&json!(4), &json!(needed), &json!(met)), "{held_on}");
    }
}

/// Another share may be asked for: three quarters of six are 4.5, so five.
#[apply(on_both)]
fn a_session_may_ask_for_another_share(app: &App) {
    app.in_council_review(&[]);
    let body = json!({"period_id": app.period_id(), "held_on": "2023-11-28", "place": "Phòng họp số 1",
            "quorum": {"numerator": 3, "denominator": 4}, "attendance": attendance(app, 4, 0)});
    let path = call(app, &body);
    app.set_clock(THE_DAY);
    let held = app.act("secretary", &path, "hold", None).expect(200);
    assert_eq!(counted(&held), (&json!(4), &json!(5), &json!(false)));
}

/// Three in the room and three letters are three present.
#[apply(on_both)]
fn written_opinions_do_not_count_as_present(app: &App) {
    app.in_council_review(&[]);
    let path = session(app, "2023-11-28", &attendance(app, 3, 3));
    app.set_clock(THE_DAY);
    let held = app.act("secretary", &path, "hold", None).expect(200);
    assert_eq!(counted(&held), (&json!(3), &json!(4), &json!(false)));
}

/// The secretary writes the minutes and does not sit: nobody but the council is counted.
#[apply(on_both)]
fn only_the_council_attends(app: &App) {
    let members = app.get("secretary", "/v1/members?limit=200").expect(200);
    let secretary =
        members["items"].as_array().unwrap().iter().find(|member| member["subject"] == "secretary").unwrap();
    let mut attendance = attendance(app, 2, 0);
    attendance.as_array_mut().unwrap().push(json!({"member_id": secretary["id"], "present": true}));
    let body = json!({"period_id": app.period_id(), "held_on": "2023-11-28", "place": "Phòng họp số 1", "attendance": attendance});
    let refusal = app.post("secretary", "/v1/council-sessions", &body).refused(422, "not_council_member");
    assert_eq!(refusal.faults(), [("not_council_member".to_owned(), "/attendance/2/member_id".to_owned())]);
}

/// Midnight in Hà Nội begins the day of the session; a millisecond earlier it cannot have been held.
#[apply(on_both)]
fn a_session_is_not_held_before_its_day(app: &App) {
    app.in_council_review(&[]);
    let path = session(app, "2023-11-28", &attendance(app, 4, 0));
    app.set_clock("2023-11-27T16:59:59.999Z");
    let refusal = app.act("secretary", &path, "hold", None).refused(409, "guard_failed");
    assert_eq!(refusal.faults(), [("too_early".to_owned(), "/held_on".to_owned())]);
    app.set_clock("2023-11-27T17:00:00.000Z");
    assert_eq!(app.act("secretary", &path, "hold", None).expect(200)["status"], "held");
}

/// The secretary counts who is there, the chair closes: neither does the other's part.
#[apply(on_both)]
fn the_secretary_holds_and_the_chair_closes(app: &App) {
    app.in_council_review(&[]);
    let path = session(app, "2023-11-28", &attendance(app, 4, 0));
    app.set_clock(THE_DAY);
    app.act("council-chair", &path, "hold", None).refused(403, "role_required");
    app.act("secretary", &path, "hold", None).expect(200);
    app.act("secretary", &path, "close", None).refused(403, "role_required");
    assert_eq!(app.act("council-chair", &path, "close", None).expect(200)["status"], "closed");
}

/// A planned session is not closed, and one that was held keeps its attendance.
#[apply(on_both)]
fn holding_fixes_the_attendance(app: &App) {
    app.in_council_review(&[]);
    let path = session(app, "2023-11-28", &attendance(app, 3, 0));
    app.set_clock(THE_DAY);
    app.act("council-chair", &path, "close", None).refused(409, "invalid_state");
    app.act("secretary", &path, "hold", None).expect(200);
    let tag = app.tag("secretary", &path);
    let six = json!({"attendance": attendance(app, 6, 0)});
    app.request("secretary", "PATCH", &path).if_match(&tag).json(&six).send().refused(409, "invalid_state");
    assert_eq!(app.get("secretary", &path).expect(200)["present"], 3);
}

/// Units are not told of the council's sessions.
#[apply(on_both)]
fn a_unit_sees_no_session(app: &App) {
    let path = session(app, "2023-11-28", &attendance(app, 4, 0));
    app.get("th-head", &path).refused(404, "not_found");
    app.get("th-council", &path).expect(200);
}

/// KT and TH share the second rank and take a certificate each: there is nothing to decide between them.
#[apply(on_both)]
fn a_tie_within_one_award_is_no_tie_to_decide(app: &App) {
    let tied_second = [("B.1", r#"{"points":30}"#)];
    app.in_council_review(&[("KT", &tied_second), ("NC", &[]), ("TH", &tied_second)]);
    assert_eq!(places(app), json!([[1, "NC", false], [2, "KT", true], [2, "TH", true]]));
    let ranking = app.get("secretary", &format!("{}/ranking", app.period())).expect(200);
    assert_eq!(ranking["unresolved_ties"], json!([]));
}

/// NC and TH are tied. One of them, one too many, or one of them twice is not the tied group.
#[apply(on_both)]
fn a_decision_names_exactly_the_tied_units(app: &App) {
    let session_id = tied(app);
    assert_eq!(places(app), json!([[1, "NC", true], [1, "TH", true], [3, "KT", false]]));
    for units in [&["NC"][..], &["NC", "TH", "KT"], &["NC", "KT"], &["NC", "NC"], &[]] {
        let refusal = decide(app, &session_id, units).refused(422, "not_tied_group");
        assert_eq!(refusal.faults(), [("not_tied_group".to_owned(), "/unit_ids".to_owned())], "{units:?}");
    }
    decide(app, &session_id, &["TH", "NC"]).expect(201);
    assert_eq!(places(app), json!([[1, "TH", false], [2, "NC", false], [3, "KT", false]]));
}

/// The council may think again until it finalises: the second word stands alone.
#[apply(on_both)]
fn deciding_again_replaces_the_decision(app: &App) {
    let session_id = tied(app);
    decide(app, &session_id, &["TH", "NC"]).expect(201);
    decide(app, &session_id, &["NC", "TH"]).expect(201);
    assert_eq!(places(app), json!([[1, "NC", false], [2, "TH", false], [3, "KT", false]]));
    let decisions = app.get("council-chair", &format!("{}/tie-decisions", app.period())).expect(200);
    let orders: Vec<&Value> =
        decisions["items"].as_array().unwrap().iter().map(|decision| &decision["unit_ids"]).collect();
    assert_eq!(orders, [&json!([app.unit_id("NC"), app.unit_id("TH")])]);
}

/// After the ranking is frozen there is nothing left to decide.
#[apply(on_both)]
fn no_tie_is_decided_after_finalizing(app: &App) {
    let session_id = tied(app);
    decide(app, &session_id, &["TH", "NC"]).expect(201);
    for unit in ["KT", "NC", "TH"] {
        app.good_facts(unit);
    }
    app.move_period("council-chair", "finalize");
    decide(app, &session_id, &["NC", "TH"]).refused(409, "invalid_state");
}

/// The secretary reads what the chair has decided.
#[apply(on_both)]
fn the_chair_alone_decides_a_tie(app: &App) {
    let session_id = tied(app);
    let body = json!({"unit_ids": [app.unit_id("TH"), app.unit_id("NC")], "reason": "Hội đồng biểu quyết", "council_session_id": session_id});
    app.post("secretary", &format!("{}/tie-decisions", app.period()), &body).refused(403, "role_required");
}

/// The audit tells the admin that something was decided, and not who stands before whom while nobody else may know.
#[apply(on_both)]
fn the_admin_learns_nothing_of_a_tie_before_the_announcement(app: &App) {
    let session_id = tied(app);
    decide(app, &session_id, &["TH", "NC"]).expect(201);
    let seen_by = |person: &str| -> Vec<Value> {
        let entries = app.get(person, "/v1/audit-entries?action=tie_decision.record").expect(200);
        entries["items"].as_array().unwrap().iter().map(|entry| entry["after"]["unit_ids"].clone()).collect()
    };
    assert_eq!(seen_by("auditor"), [json!([app.unit_id("TH"), app.unit_id("NC")])]);
    assert!(seen_by("admin").iter().all(Value::is_null), "{:?}", seen_by("admin"));
}

/// A session of another year decides nothing in this one.
#[apply(on_both)]
fn a_tie_is_decided_in_a_session_of_its_own_period(app: &App) {
    tied(app);
    let other = app.new_period(&app.period_like("2023-b"));
    app.act("secretary", &other, "open", None).expect(200);
    let foreign = call(
        app,
        &json!({"period_id": other.rsplit('/').next().unwrap(), "held_on": "2023-11-28", "place": "Phòng họp số 2"}),
    );
    let refusal = decide(app, foreign.rsplit('/').next().unwrap(), &["TH", "NC"]).refused(422, "session_not_of_period");
    assert_eq!(refusal.faults(), [("session_not_of_period".to_owned(), "/council_session_id".to_owned())]);
}

/// Both have 995. What the sheets say of a section decides, as it will once they are appraised.
#[apply(on_both)]
fn a_section_orders_equal_sheets_before_they_are_appraised(app: &App) {
    let mut body = app.period_like("2023-b");
    body["tie_break"] = json!(["section:A.II", "council_decision"]);
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    for (unit, otherwise) in [("KT", ("A.II.1", r#"{"points":25}"#)), ("TH", ("A.I.3", r#"{"points":95}"#))] {
        let sheet = app.new_sheet_in(&period, unit);
        app.write(unit, &sheet, &[otherwise]);
        app.act(&head(unit), &sheet, "submit", None).expect(200);
    }
    let ranking = app.get("secretary", &format!("{period}/ranking")).expect(200);
    let places: Vec<_> = ranking["rows"]
        .as_array()
        .unwrap()
        .iter()
        .take(2)
        .map(|row| (&row["rank"], &row["unit_code"], &row["total"]))
        .collect();
    assert_eq!(places, [(&json!(1), &json!("TH"), &json!(995)), (&json!(2), &json!("KT"), &json!(995))]);
    assert_eq!(ranking["unresolved_ties"], json!([]));
}

/// Ends the membership of everybody who sits on the council.
fn dissolve(app: &App) {
    for (_, id) in app.council() {
        let member = format!("/v1/members/{id}");
        app.act("admin", &member, "end", Some(&json!({"reason": "Kiện toàn Hội đồng"}))).expect(200);
    }
}

/// None of none is not two thirds: a council without a member holds no session.
#[apply(on_both)]
fn an_empty_council_holds_no_session(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    let path = session(app, "2023-11-28", &json!([]));
    dissolve(app);
    let refusal = app.act("secretary", &path, "hold", None).refused(409, "guard_failed");
    assert_eq!(refusal.faults(), [("no_council_members".to_owned(), "/attendance".to_owned())]);
}

/// The session is inside the review of its period: neither in 1999, nor before the review began, nor years ahead.
#[apply(on_both)]
fn a_session_is_inside_the_review_of_its_period(app: &App) {
    app.in_council_review(&[]);
    let body = |held_on: &str| json!({"period_id": app.period_id(), "held_on": held_on, "place": "Phòng họp số 1"});
    for held_on in ["1999-11-28", "2023-11-12", "2123-11-28"] {
        let refusal = app.post("secretary", "/v1/council-sessions", &body(held_on)).refused(422, "implausible_date");
        assert_eq!(refusal.faults(), [("implausible_date".to_owned(), "/held_on".to_owned())], "{held_on}");
        // The review began on 13 November; a year after its last day, the 30th, nobody plans a session any more.
        let range = json!({"earliest": "2023-11-13", "latest": "2024-11-30"});
        assert_eq!(refusal.json()["errors"][0]["params"], range, "{held_on}");
    }
    let path = call(app, &body("2023-11-13"));
    let tag = app.tag("secretary", &path);
    let moved = app.request("secretary", "PATCH", &path).if_match(&tag).json(&json!({"held_on": "1999-11-28"})).send();
    moved.refused(422, "implausible_date");
}

/// What was planned for the 12th, before the review began on the 13th, was not held in it.
#[apply(on_both)]
fn a_session_planned_before_the_review_is_not_held_in_it(app: &App) {
    app.set_clock("2023-11-12T01:00:00.000Z");
    let path = session(app, "2023-11-12", &attendance(app, 4, 0));
    app.act("secretary", &path, "hold", None).refused(409, "invalid_state");
    app.in_council_review(&[]);
    let refusal = app.act("secretary", &path, "hold", None).refused(409, "guard_failed");
    assert_eq!(refusal.faults(), [("implausible_date".to_owned(), "/held_on".to_owned())]);
    let tag = app.tag("secretary", &path);
    let moved = json!({"held_on": "2023-11-13"});
    app.request("secretary", "PATCH", &path).if_match(&tag).json(&moved).send().expect(200);
    assert_eq!(app.act("secretary", &path, "hold", None).expect(200)["quorum_met"], true);
}

/// Rows of older versions: a session of 1999, and one of nobody. The ranking is not final by them.
#[apply(on_both)]
fn an_older_session_out_of_place_finalizes_nothing(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    let finalize = || {
        let refusal = app.act("council-chair", &app.period(), "finalize", None).refused(409, "guard_failed");
        assert_eq!(refusal.faults(), [("session_without_quorum".to_owned(), String::new())]);
    };
    for stored in ["held_on = '1999-11-28', present = 4, needed = 4", "present = 0, needed = 0"] {
        let path = session(app, "2023-11-28", &attendance(app, 4, 0));
        let id = path.rsplit('/').next().unwrap();
        execute(app, &format!("UPDATE council_sessions SET status = 'closed', {stored} WHERE id = '{id}'")).unwrap();
        finalize();
    }
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
}
