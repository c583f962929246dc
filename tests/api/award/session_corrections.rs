//! Sessions that were entered wrongly: their correction and their cancellation.

use serde_json::{Value, json};

use super::council_sessions::{THE_DAY, attendance, decide, places, session, tied};
use crate::backends::execute;
use crate::support::{App, apply, on_both};

const REASON: &str = "Ghi nhầm thành phần dự họp";

fn reason() -> Value {
    json!({"reason": REASON})
}

fn correction(field: &str, value: &Value) -> Value {
    json!({field: value, "reason": REASON})
}

/// The subjects of the events of a kind, as the auditor sees them.
fn told(app: &App, kind: &str) -> Vec<Value> {
    let events = app.get("auditor", &format!("/v1/events?types={kind}&limit=200")).expect(200);
    events["items"].as_array().unwrap().iter().map(|event| event["subject"]["id"].clone()).collect()
}

fn stands(app: &App) -> Vec<bool> {
    let decisions = app.get("council-chair", &format!("{}/tie-decisions", app.period())).expect(200);
    decisions["items"].as_array().unwrap().iter().map(|decision| decision["stands"].as_bool().unwrap()).collect()
}

fn finalizing_lacks(app: &App) -> Vec<String> {
    let refusal = app.act("council-chair", &app.period(), "finalize", None).refused(409, "guard_failed");
    refusal.faults().into_iter().map(|(code, _)| code).collect()
}

#[apply(on_both)]
fn a_session_is_cancelled_whether_it_was_held_or_not(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    for (person, acts) in [
        ("secretary", &[][..]),
        ("council-chair", &[("secretary", "hold")]),
        ("secretary", &[("secretary", "hold"), ("council-chair", "close")]),
    ] {
        let path = session(app, "2023-11-28", &attendance(app, 4, 0));
        for (person, act) in acts {
            app.act(person, &path, act, None).expect(200);
        }
        let cancelled = app.act(person, &path, "cancel", Some(&reason())).expect(200);
        assert_eq!((&cancelled["status"], &cancelled["cancel_reason"]), (&json!("cancelled"), &json!(REASON)));
        assert_eq!(cancelled["allowed_actions"], json!([]));
        // Nothing leads back, and nothing of what was recorded is lost.
        assert_eq!(cancelled["attendance"].as_array().unwrap().len(), 4);
        for act in ["cancel", "correct"] {
            app.act("secretary", &path, act, Some(&reason())).refused(409, "invalid_state");
        }
        app.act("secretary", &path, "hold", None).refused(409, "invalid_state");
        assert_eq!(told(app, "council_session.cancelled").last(), Some(&cancelled["id"]));
    }
    assert_eq!(finalizing_lacks(app), ["session_without_quorum"]);
    let entries = app.get("auditor", "/v1/audit-entries?action=council_session.cancel").expect(200);
    let last = entries["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["before"]["status"], &last["after"]["status"]), (&json!("closed"), &json!("cancelled")));
}

#[apply(on_both)]
fn secretary_and_chair_alone_undo_a_session_and_say_why(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    let path = app.closed_session("2023-11-28", 4);
    for act in ["cancel", "correct"] {
        for person in ["nc-council", "appraiser", "auditor"] {
            app.act(person, &path, act, Some(&reason())).refused(403, "role_required");
        }
        for person in ["th-head", "admin"] {
            let refused = app.request(person, "POST", &format!("{path}/{act}")).if_match("*").json(&reason()).send();
            refused.refused(404, "not_found");
        }
        let empty = app.act("secretary", &path, act, Some(&json!({"place": "x", "reason": " "})));
        if act == "correct" {
            assert_eq!(empty.refused(422, "text_empty").faults(), [("text_empty".to_owned(), "/reason".to_owned())]);
        }
        let untagged = app.request("secretary", "POST", &format!("{path}/{act}")).json(&reason()).send();
        untagged.refused(428, "precondition_required");
    }
    app.act("secretary", &path, "cancel", Some(&json!({"reason": " "}))).refused(422, "text_empty");
    // Units are not told of the council's sessions, whatever becomes of them.
    app.act("council-chair", &path, "cancel", Some(&reason())).expect(200);
    let seen = app.get("th-head", "/v1/events?types=council_session.cancelled").expect(200);
    assert_eq!(seen["items"], json!([]));
}

#[apply(on_both)]
fn what_a_cancelled_session_decided_lapses(app: &App) {
    let session_id = tied(app);
    decide(app, &session_id, &["TH", "NC"]).expect(201);
    let path = format!("/v1/council-sessions/{session_id}");
    app.act("secretary", &path, "cancel", Some(&reason())).expect(200);
    assert_eq!((stands(app), told(app, "tie_decision.lapsed").len()), (vec![false], 1));
    assert_eq!(places(app), json!([[1, "NC", true], [1, "TH", true], [3, "KT", false]]));
    decide(app, &session_id, &["TH", "NC"]).refused(422, "session_not_closed");
    // The way on: another session.
    let other = app.closed_session("2023-11-28", 4);
    decide(app, other.rsplit('/').next().unwrap(), &["NC", "TH"]).expect(201);
    assert_eq!(stands(app), [true]);
}

/// Four of six are a quorum and three are not.
#[apply(on_both)]
fn a_corrected_attendance_is_counted_anew(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    let path = app.closed_session("2023-11-28", 3);
    assert_eq!(finalizing_lacks(app), ["session_without_quorum"]);
    let before = app.get("secretary", &path).expect(200);
    let corrected =
        app.act("secretary", &path, "correct", Some(&correction("attendance", &attendance(app, 4, 2)))).expect(200);
    assert_eq!(
        (&corrected["status"], &corrected["present"], &corrected["needed"], &corrected["quorum_met"]),
        (&json!("closed"), &json!(4), &json!(4), &json!(true))
    );
    let kept = &corrected["superseded_records"][0];
    assert_eq!((&kept["attendance"], &kept["present"]), (&before["attendance"], &json!(3)));
    assert_eq!((&kept["superseded_reason"], &kept["superseded_at"]), (&json!(REASON), &json!(THE_DAY)));
    assert_eq!(told(app, "council_session.corrected"), [corrected["id"].clone()]);
    let entries = app.get("auditor", "/v1/audit-entries?action=council_session.correct").expect(200);
    let entry = &entries["items"][0];
    assert_eq!((&entry["before"]["present"], &entry["after"]["present"]), (&json!(3), &json!(4)));
    app.move_period("council-chair", "finalize");
    for act in ["cancel", "correct"] {
        app.act("secretary", &path, act, Some(&reason())).refused(409, "invalid_state");
    }
}

/// The decision lapses with the quorum of its session, and stands again with it.
#[apply(on_both)]
fn decisions_of_a_corrected_session_are_judged_anew(app: &App) {
    let session_id = tied(app);
    decide(app, &session_id, &["TH", "NC"]).expect(201);
    let path = format!("/v1/council-sessions/{session_id}");
    for (present, expected, lapses) in [(3, false, 1), (5, true, 1)] {
        let attendance = correction("attendance", &attendance(app, present, 0));
        app.act("council-chair", &path, "correct", Some(&attendance)).expect(200);
        assert_eq!((stands(app), told(app, "tie_decision.lapsed").len()), (vec![expected], lapses), "{present}");
    }
    let records = app.get("secretary", &path).expect(200)["superseded_records"].clone();
    let present: Vec<&Value> = records.as_array().unwrap().iter().map(|record| &record["present"]).collect();
    assert_eq!(present, [&json!(4), &json!(3)]);
}

/// The totals are of 20 November: a session of the 14th cannot have decided on them.
#[apply(on_both)]
fn a_session_moved_before_the_totals_has_not_decided_on_them(app: &App) {
    let sheets = app.in_council_review(&[("NC", &[]), ("TH", &[])]);
    app.set_clock("2023-11-20T02:00:00.000Z");
    for sheet in sheets {
        app.review("secretary", &sheet, "council", &[]);
    }
    app.set_clock(THE_DAY);
    let path = app.closed_session("2023-11-28", 4);
    decide(app, path.rsplit('/').next().unwrap(), &["TH", "NC"]).expect(201);
    for (held_on, expected) in [("2023-11-20", true), ("2023-11-14", false)] {
        app.act("secretary", &path, "correct", Some(&correction("held_on", &json!(held_on)))).expect(200);
        assert_eq!(stands(app), [expected], "{held_on}");
    }
}

#[apply(on_both)]
fn a_correction_says_what_can_be(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    let path = session(app, "2023-11-28", &attendance(app, 4, 0));
    app.act("secretary", &path, "correct", Some(&correction("place", &json!("x")))).refused(409, "invalid_state");
    app.act("secretary", &path, "hold", None).expect(200);
    let stranger = app.get("secretary", "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
    let twice = json!([attendance(app, 1, 0)[0], attendance(app, 1, 0)[0]]);
    let unit = app.unit_id("TH");
    for (field, value, code, pointer) in [
        ("place", json!("Phòng họp số 1"), "nothing_corrected", ""),
        ("place", json!(" "), "text_empty", "/place"),
        ("held_on", json!("2023-11-29"), "implausible_date", "/held_on"),
        ("held_on", json!("2023-11-12"), "implausible_date", "/held_on"),
        ("presiding_member_id", stranger.clone(), "not_council_member", "/presiding_member_id"),
        (
            "attendance",
            json!([{"member_id": stranger, "present": true}]),
            "not_council_member",
            "/attendance/0/member_id",
        ),
        ("attendance", twice, "duplicate", "/attendance/1/member_id"),
        ("agenda", json!([{"unit_ids": [], "note": " "}]), "text_empty", "/agenda/0/note"),
        ("agenda", json!([{"unit_ids": [unit, unit]}]), "duplicate", "/agenda/0/unit_ids/1"),
        ("agenda", json!([{"unit_ids": [app.period_id()]}]), "unknown_reference", "/agenda/0/unit_ids/0"),
        ("quorum", json!({"numerator": 3, "denominator": 2}), "number_out_of_range", "/quorum"),
    ] {
        let refusal = app.act("secretary", &path, "correct", Some(&correction(field, &value))).refused(422, code);
        assert!(
            refusal.faults().iter().all(|fault| *fault == (code.to_owned(), pointer.to_owned())),
            "{field} {value}"
        );
    }
    let nulls = app.act("secretary", &path, "correct", Some(&correction("agenda", &Value::Null)));
    nulls.refused(400, "invalid_body");
    // Still held, so it is closed by whoever presided after all.
    let presiding = app.council().into_iter().find(|(subject, _)| subject == "nc-council").unwrap().1;
    let agenda = json!([{"unit_ids": [app.unit_id("TH")], "note": null}, {"unit_ids": [], "note": "Khác"}]);
    let body = json!({"presiding_member_id": presiding, "agenda": agenda, "reason": REASON});
    let corrected = app.act("secretary", &path, "correct", Some(&body)).expect(200);
    assert_eq!((&corrected["agenda"], &corrected["status"]), (&agenda, &json!("held")));
    assert_eq!(app.act("nc-council", &path, "close", None).expect(200)["status"], "closed");
}

/// The database lets a closed session change by a correction, which keeps what stood, and by nothing else.
#[apply(on_both)]
fn the_database_keeps_what_a_closed_session_was(app: &App) {
    app.in_council_review(&[]);
    app.set_clock(THE_DAY);
    let path = app.closed_session("2023-11-28", 4);
    let id = path.rsplit('/').next().unwrap().to_owned();
    let set = |what: &str| execute(app, &format!("UPDATE council_sessions SET {what} WHERE id = '{id}'"));
    for what in [
        "place = 'x'",
        "present = 5",
        "agenda = '[{}]'",
        "status = 'held'",
        "status = 'cancelled', cancel_reason = 'x', place = 'x'",
        "superseded = '[]', held_on = '2023-11-27'",
    ] {
        assert!(set(what).is_err(), "{what}");
    }
    set("superseded = '[{}]', place = 'x'").unwrap();
    assert!(set("superseded = '[]'").is_err());
    set("status = 'cancelled', cancel_reason = 'x'").unwrap();
    assert!(set("status = 'closed', cancel_reason = NULL").is_err());
    assert!(execute(app, &format!("DELETE FROM council_sessions WHERE id = '{id}'")).is_err());
}
