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
