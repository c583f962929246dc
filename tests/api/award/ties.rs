//! What a decision on a tie needs to count, and how long it counts.

use serde_json::{Value, json};

use crate::backends::execute;
use crate::support::{App, Response, apply, on_both};

/// KT and TH with 1000 each, appraised, not reviewed; the clock is at the day of the session.
fn appraised(app: &App) -> Vec<String> {
    let sheets = app.in_council_review(&[("KT", &[]), ("TH", &[])]);
    for unit in ["KT", "TH"] {
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
    sheets
}

fn reviewed(app: &App) {
    for sheet in appraised(app) {
        app.review("secretary", &sheet, "council", &[]);
    }
}

fn decide_as(app: &App, person: &str, session: &str, units: &[&str]) -> Response {
    let unit_ids: Vec<String> = units.iter().map(|unit| app.unit_id(unit)).collect();
    let session_id = session.rsplit('/').next().unwrap();
    let body = json!({"unit_ids": unit_ids, "reason": "Biểu quyết 4/4", "council_session_id": session_id});
    app.post(person, &format!("{}/tie-decisions", app.period()), &body)
}

fn decide(app: &App, session: &str) -> Response {
    decide_as(app, "council-chair", session, &["TH", "KT"])
}

fn ranking(app: &App) -> Value {
    app.get("secretary", &format!("{}/ranking", app.period())).expect(200)
}

/// Whatever the chain names, the council has the last word: no tie is a dead end.
#[apply(on_both)]
fn a_chain_without_the_council_is_no_dead_end(app: &App) {
    reviewed(app);
    execute(app, r#"UPDATE periods SET tie_break = '["base_points"]'"#).unwrap();
    let session = app.closed_session("2023-11-28", 4);
    let task = app.get("council-chair", "/v1/me/tasks").expect(200)["items"][0].clone();
    assert_eq!(task["action"], "decide_tie");
    decide(app, &session).expect(201);
    app.move_period("council-chair", "finalize");
}

/// Awards stay vacant under ineligible units, so it is all one who of two of them would not have taken which.
#[apply(on_both)]
fn a_tie_of_the_ineligible_needs_no_decision(app: &App) {
    for sheet in app.in_council_review(&[("KT", &[]), ("TH", &[]), ("NC", &[("B.1", r#"{"points":30}"#)])]) {
        app.review("secretary", &sheet, "council", &[]);
    }
    execute(app, "UPDATE periods SET when_ineligible = 'leave_vacant'").unwrap();
    for unit in ["KT", "TH"] {
        app.facts(unit, true, "good").expect(201);
    }
    app.good_facts("NC");
    app.set_clock("2023-11-28T02:00:00.000Z");
    assert_eq!(ranking(app)["unresolved_ties"], json!([]));
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
    let ranking = ranking(app);
    let awards: Vec<_> =
        ranking["rows"].as_array().unwrap().iter().take(3).map(|row| row["award_code"].clone()).collect();
    assert_eq!(awards, [Value::Null, Value::Null, json!("certificate_of_merit")]);
}

/// A session on a day, planned.
fn planned(app: &App, held_on: &str, present: usize, further: &Value) -> String {
    let attendance: Vec<Value> =
        app.council().iter().take(present).map(|(_, id)| json!({"member_id": id, "present": true})).collect();
    let mut body =
        json!({"period_id": app.period_id(), "held_on": held_on, "place": "Phòng họp số 1", "attendance": attendance});
    body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    let session = app.post("secretary", "/v1/council-sessions", &body).expect(201);
    format!("/v1/council-sessions/{}", session["id"].as_str().unwrap())
}

/// Units from first to last, with their rank.
fn places(app: &App) -> Value {
    let ranking = ranking(app);
    let ranked = ranking["rows"].as_array().unwrap().iter().filter(|row| !row["rank"].is_null());
    ranked.map(|row| json!([row["rank"], row["unit_code"]])).collect()
}

fn lapses(app: &App) -> usize {
    let events = app.get("auditor", "/v1/events?limit=200&types=tie_decision.lapsed").expect(200);
    events["items"].as_array().unwrap().len()
}

/// Planned, then held: not before it is closed.
#[apply(on_both)]
fn a_tie_is_decided_in_a_closed_session(app: &App) {
    reviewed(app);
    let session = planned(app, "2023-11-28", 4, &json!({}));
    let expected = [("session_not_closed".to_owned(), "/council_session_id".to_owned())];
    assert_eq!(decide(app, &session).refused(422, "session_not_closed").faults(), expected);
    app.act("secretary", &session, "hold", None).expect(200);
    assert_eq!(decide(app, &session).refused(422, "session_not_closed").faults(), expected);
    app.act("council-chair", &session, "close", None).expect(200);
    decide(app, &session).expect(201);
    assert_eq!(places(app), json!([[1, "TH"], [2, "KT"]]));
}

/// Three of six decide nothing.
#[apply(on_both)]
fn a_tie_is_decided_with_a_quorum(app: &App) {
    reviewed(app);
    let session = app.closed_session("2023-11-28", 3);
    let refusal = decide(app, &session).refused(422, "session_cannot_decide");
    assert_eq!(refusal.faults(), [("session_cannot_decide".to_owned(), "/council_session_id".to_owned())]);
}

/// The council met on the 28th, and one of the totals is of the 29th: that tie it did not see.
#[apply(on_both)]
fn a_session_decides_nothing_that_came_after_it(app: &App) {
    let sheets = appraised(app);
    app.review("secretary", &sheets[0], "council", &[]);
    let session = app.closed_session("2023-11-28", 4);
    app.set_clock("2023-11-29T02:00:00.000Z");
    app.review("secretary", &sheets[1], "council", &[]);
    let refusal = decide(app, &session).refused(422, "session_before_totals");
    assert_eq!(refusal.json()["errors"][0]["params"]["earliest"], "2023-11-29");
    decide(app, &app.closed_session("2023-11-29", 4)).expect(201);
}

/// Decided at 1000 each. Then the council takes ten points from both: tied again, at 990, and never decided.
#[apply(on_both)]
fn a_decision_lapses_with_its_totals(app: &App) {
    let sheets = appraised(app);
    let session = app.closed_session("2023-11-28", 4);
    decide(app, &session).expect(201);
    let list = || app.get("secretary", &format!("{}/tie-decisions", app.period())).expect(200)["items"].clone();
    assert_eq!((list()[0]["stands"].clone(), lapses(app)), (json!(true), 0));
    let lower = [("B.1", r#"{"points":30}"#, "Thiếu minh chứng")];
    for sheet in &sheets {
        app.review("secretary", sheet, "council", &lower);
    }
    assert_eq!(places(app), json!([[1, "KT"], [1, "TH"]]));
    assert_eq!((list()[0]["stands"].clone(), lapses(app)), (json!(false), 1));
    let refusal = app.act("council-chair", &app.period(), "finalize", None).refused(409, "guard_failed");
    assert_eq!(refusal.faults(), [("unresolved_tie".to_owned(), String::new())]);
    decide(app, &session).expect(201);
    assert_eq!(list()[0]["stands"], true);
    app.move_period("council-chair", "finalize");
    assert_eq!(app.get("auditor", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
}

/// What the council confirmed unchanged is what was decided on.
#[apply(on_both)]
fn a_decision_stands_while_its_totals_do(app: &App) {
    let sheets = appraised(app);
    decide(app, &app.closed_session("2023-11-28", 4)).expect(201);
    for sheet in &sheets {
        app.review("secretary", sheet, "council", &[]);
    }
    assert_eq!((places(app), lapses(app)), (json!([[1, "TH"], [2, "KT"]]), 0));
}

/// The chair belongs to TH, which is tied: who presided in the chair's place decides and closes, and nobody of a tied unit.
#[apply(on_both)]
fn the_chair_decides_nothing_about_the_own_unit(app: &App) {
    reviewed(app);
    let council = app.council();
    let id_of = |subject: &str| council.iter().find(|(known, _)| known == subject).unwrap().1.clone();
    let by_nc = planned(app, "2023-11-28", 6, &json!({"presiding_member_id": id_of("nc-council")}));
    app.act("secretary", &by_nc, "hold", None).expect(200);
    app.act("nc-council", &by_nc, "close", None).expect(200);
    // While the chair may decide, nobody does it in the chair's place.
    decide_as(app, "nc-council", &by_nc, &["TH", "KT"]).refused(403, "role_required");
    let chair = format!("/v1/members/{}", id_of("council-chair"));
    let tag = app.tag("admin", &chair);
    app.request("admin", "PATCH", &chair)
        .if_match(&tag)
        .json(&json!({"unit_id": app.unit_id("TH")}))
        .send()
        .expect(200);
    let session = app.closed_session("2023-11-28", 4);
    decide(app, &session).refused(403, "recused");
    decide_as(app, "kt-council", &session, &["TH", "KT"]).refused(403, "role_required");
    for (presiding, decides) in [("kt-council", false), ("nc-council", true)] {
        let session = planned(app, "2023-11-28", 6, &json!({"presiding_member_id": id_of(presiding)}));
        app.act("secretary", &session, "hold", None).expect(200);
        app.act(presiding, &session, "close", None).expect(200);
        let answer = decide_as(app, presiding, &session, &["TH", "KT"]);
        if decides {
            answer.expect(201);
        } else {
            answer.refused(403, "recused");
        }
    }
    assert_eq!(places(app), json!([[1, "TH"], [2, "KT"]]));
}
