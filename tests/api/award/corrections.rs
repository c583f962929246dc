//! What was recorded wrongly after the council has decided, and the way out of it.

use serde_json::{Value, json};

use crate::support::{App, apply, on_both};

/// The period's result was announced on 30 November; TH has the flag.
fn announced(app: &App) -> (String, String) {
    app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)])]);
    (app.period(), app.first_proposal())
}

fn submitted(app: &App, proposal: &str) {
    app.complete_dossier(proposal);
    app.act("secretary", proposal, "submit", None).expect(200);
}

/// The last entry of the audit with this action.
fn entry(app: &App, action: &str) -> Value {
    let entries = app.get("auditor", &format!("/v1/audit-entries?action={action}&limit=200")).expect(200);
    entries["items"].as_array().unwrap().last().unwrap_or_else(|| panic!("no {action}")).clone()
}

fn events(app: &App, kind: &str) -> Vec<Value> {
    let events = app.get("auditor", &format!("/v1/events?types={kind}&limit=200")).expect(200);
    events["items"].as_array().unwrap().clone()
}

fn notice(number: &str, on: &str, reason: &str) -> Value {
    json!({"notice_number": number, "notice_on": on, "reason": reason})
}

/// Five working days after Tuesday 28 November end on Tuesday 5 December, after Thursday 30 on Thursday 7.
#[apply(on_both)]
fn a_corrected_notice_moves_the_dossiers_that_are_not_sent(app: &App) {
    let (period, sent) = announced(app);
    submitted(app, &sent);
    let due = |proposal: &str| app.get("secretary", proposal).expect(200)["dossier"]["due_on"].clone();
    let all = app.get("secretary", "/v1/award-proposals").expect(200)["items"].as_array().unwrap().clone();
    let open = all.iter().map(|proposal| format!("/v1/award-proposals/{}", proposal["id"].as_str().unwrap()));
    let open = open.into_iter().find(|proposal| *proposal != sent).unwrap();
    assert_eq!((due(&open), due(&sent)), (json!("2023-12-07"), json!("2023-12-07")));
    let right = notice("1243/TB-VP", "2023-11-28", "Ghi nhầm số và ngày");
    let corrected = app.act("council-chair", &period, "correct-notice", Some(&right)).expect(200);
    assert_eq!(corrected["notice"], json!({"number": "1243/TB-VP", "on": "2023-11-28"}));
    let wrong = &corrected["superseded_notices"][0];
    assert_eq!((&wrong["number"], &wrong["on"]), (&json!("1234/TB-VP"), &json!("2023-11-30")));
    assert_eq!(
        (&wrong["superseded_reason"], &wrong["superseded_at"]),
        (&right["reason"], &json!("2023-11-30T02:00:00.000Z"))
    );
    assert_eq!((due(&open), due(&sent)), (json!("2023-12-05"), json!("2023-12-07")));
    let explained = app.get("secretary", &open).expect(200)["dossier"]["explanation"].clone();
    assert_eq!((&explained[0]["on"], &explained[0]["why"]), (&json!("2023-11-28"), &json!("event_day")));
    // The audit says from where, and so do the events.
    let moved = entry(app, "deadline.move");
    assert_eq!((&moved["before"]["due_on"], &moved["after"]["due_on"]), (&json!("2023-12-07"), &json!("2023-12-05")));
    let told = events(app, "deadline.moved");
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["data"]["was_due_on"], &told[0]["data"]["due_on"]),
        (&json!("2023-12-07"), &json!("2023-12-05"))
    );
    assert_eq!(events(app, "period.notice_corrected").len(), 1);
    let audited = entry(app, "period.correct_notice");
    assert_eq!(audited["before"]["notice"]["number"], "1234/TB-VP");
    assert_eq!(audited["after"]["notice"]["number"], "1243/TB-VP");
    let deadlines = app.get("secretary", "/v1/deadlines?kind=result_notice").expect(200);
    assert_eq!(deadlines["items"][0]["met_on"], "2023-11-28");
}

/// An extension that is later stays, and the day that was counted is there again when it ends.
#[apply(on_both)]
fn a_corrected_notice_takes_no_extension_away(app: &App) {
    let (period, proposal) = announced(app);
    let unit = app.get("secretary", &proposal).expect(200)["unit_id"].as_str().unwrap().to_owned();
    let deadlines = app.get("secretary", &format!("/v1/deadlines?kind=dossier&unit_id={unit}")).expect(200);
    let deadline = format!("/v1/deadlines/{}", deadlines["items"][0]["id"].as_str().unwrap());
    let later = json!({"due_on": "2023-12-15", "reason": "Chờ kết quả xếp loại", "basis_document": "12/CV-VP"});
    app.act("secretary", &deadline, "extensions", Some(&later)).expect(201);
    app.act("council-chair", &period, "correct-notice", Some(&notice("1", "2023-11-28", "Sai ngày"))).expect(200);
    assert_eq!(app.get("secretary", &proposal).expect(200)["dossier"]["due_on"], "2023-12-15");
    let moved = events(app, "deadline.moved");
    let units: Vec<&Value> = moved.iter().map(|event| &event["data"]["unit_id"]).collect();
    assert_eq!(units, [&json!(app.unit_id("KT"))]);
}

#[apply(on_both)]
fn a_notice_is_corrected_by_the_chair_with_a_reason_and_a_date_that_can_be(app: &App) {
    let (period, _) = announced(app);
    let right = notice("1243/TB-VP", "2023-11-29", "Ghi nhầm");
    for person in ["secretary", "admin", "th-head"] {
        app.act(person, &period, "correct-notice", Some(&right)).refused(403, "role_required");
    }
    for (body, pointer, code) in [
        (notice("1", "2023-11-27", "x"), "/notice_on", "notice_before_session"),
        (notice("1", "2023-12-01", "x"), "/notice_on", "notice_in_future"),
        (notice("1", "2023-11-29", " "), "/reason", "text_empty"),
        (notice("", "2023-11-29", "x"), "/notice_number", "text_empty"),
        (notice("1234/TB-VP", "2023-11-30", "x"), "", "nothing_corrected"),
    ] {
        let refused = app.act("council-chair", &period, "correct-notice", Some(&body)).refused(422, code);
        assert!(refused.faults().iter().all(|fault| *fault == (code.to_owned(), pointer.to_owned())), "{body}");
    }
    // What was never said cannot be corrected.
    let draft = app.new_period(&app.period_like("2024"));
    app.act("council-chair", &draft, "correct-notice", Some(&right)).refused(409, "invalid_state");
}

/// The amendment of 6 December is of the next notice: the number of the one of 30 November is corrected all the same.
#[apply(on_both)]
fn a_wrong_notice_is_corrected_while_an_amended_result_waits(app: &App) {
    let sheets = app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)])]);
    app.set_clock("2023-12-06T02:00:00.000Z");
    let body = json!({"reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC",
        "scores": [{"criterion_code": "B.1", "answer": {"points": 35}}]});
    let asked = app.post("secretary", &format!("{}/amendments", sheets[1]), &body).expect(201);
    let amendment = format!("/v1/amendments/{}", asked["id"].as_str().unwrap());
    app.act("council-chair", &amendment, "approve", None).expect(200);
    let right = notice("1243/TB-VP", "2023-11-30", "Ghi nhầm số");
    let corrected = app.act("council-chair", &app.period(), "correct-notice", Some(&right)).expect(200);
    assert_eq!(corrected["notice"], json!({"number": "1243/TB-VP", "on": "2023-11-30"}));
    let early = json!({"notice_number": "1250/TB-VP", "notice_on": "2023-12-05"});
    app.act("secretary", &app.period(), "announce", Some(&early)).refused(422, "notice_before_session");
}

#[apply(on_both)]
fn a_corrected_decision_keeps_what_was_recorded(app: &App) {
    let (_, proposal) = announced(app);
    submitted(app, &proposal);
    let wrong = json!({"outcome": "declined", "reason": "Không thông qua"});
    app.act("secretary", &proposal, "record-decision", Some(&wrong)).expect(200);
    let right = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-11-30",
        "decision_reason": null, "reason": "Chọn nhầm kết quả"});
    let corrected = app.act("secretary", &proposal, "correct-decision", Some(&right)).expect(200);
    assert_eq!((&corrected["status"], &corrected["decision_number"]), (&json!("approved"), &json!("3456/QĐ-UBND")));
    assert_eq!(corrected["decision_reason"], Value::Null);
    let kept = &corrected["superseded_decisions"][0];
    assert_eq!((&kept["status"], &kept["decision_reason"]), (&json!("declined"), &json!("Không thông qua")));
    assert_eq!(kept["superseded_reason"], "Chọn nhầm kết quả");
    // And once more: nothing of what stood is lost.
    let number = json!({"outcome": "approved", "decision_number": "3465/QĐ-UBND", "decided_on": "2023-11-30", "reason": "Sai số"});
    let again = app.act("secretary", &proposal, "correct-decision", Some(&number)).expect(200);
    let numbers: Vec<_> =
        again["superseded_decisions"].as_array().unwrap().iter().map(|kept| &kept["decision_number"]).collect();
    assert_eq!(
        (&again["decision_number"], numbers),
        (&json!("3465/QĐ-UBND"), vec![&Value::Null, &json!("3456/QĐ-UBND")])
    );
    assert_eq!(events(app, "award_proposal.decision_corrected").len(), 2);
    let audited = entry(app, "award_proposal.correct_decision");
    assert_eq!(audited["before"]["decision"]["number"], "3456/QĐ-UBND");
    assert_eq!(audited["after"]["decision"]["number"], "3465/QĐ-UBND");
}

#[apply(on_both)]
fn a_decision_is_corrected_by_the_secretary_once_there_is_one(app: &App) {
    let (_, proposal) = announced(app);
    let right = json!({"outcome": "approved", "decision_number": "1", "decided_on": "2023-11-30", "reason": "x"});
    app.act("secretary", &proposal, "correct-decision", Some(&right)).refused(409, "invalid_state");
    submitted(app, &proposal);
    app.act("secretary", &proposal, "correct-decision", Some(&right)).refused(409, "invalid_state");
    let granted = json!({"outcome": "approved", "decision_number": "1", "decided_on": "2023-11-30"});
    app.act("secretary", &proposal, "record-decision", Some(&granted)).expect(200);
    for person in ["council-chair", "th-head", "integration"] {
        app.act(person, &proposal, "correct-decision", Some(&right)).refused(403, "role_required");
    }
    for (body, faults) in [
        (right.clone(), vec![]),
        (json!({"outcome": "declined", "reason": "x"}), vec![("reason_missing", "/decision_reason")]),
        (
            json!({"outcome": "approved", "reason": " "}),
            vec![
                ("decision_number_required", "/decision_number"),
                ("decided_on_required", "/decided_on"),
                ("text_empty", "/reason"),
            ],
        ),
        (
            json!({"outcome": "approved", "decision_number": "2", "decided_on": "2023-12-01", "reason": "x"}),
            vec![("implausible_date", "/decided_on")],
        ),
    ] {
        let code = match faults.as_slice() {
            [] => "nothing_corrected",
            [(code, _)] => code,
            _ => "validation_failed",
        };
        let refused = app.act("secretary", &proposal, "correct-decision", Some(&body)).refused(422, code);
        let found = refused.faults();
        let found: Vec<(&str, &str)> = found.iter().map(|(code, pointer)| (&code[..], &pointer[..])).collect();
        assert_eq!(found, faults, "{body}");
    }
}

/// The award was granted on 5 December: the notice that it follows is not of a later day.
#[apply(on_both)]
fn a_corrected_notice_is_not_later_than_what_followed_from_it(app: &App) {
    let (period, proposal) = announced(app);
    submitted(app, &proposal);
    app.set_clock("2023-12-08T02:00:00.000Z");
    let granted = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-12-05"});
    app.act("secretary", &proposal, "record-decision", Some(&granted)).expect(200);
    let late = notice("1243/TB-VP", "2023-12-06", "Sai ngày");
    let refused = app.act("council-chair", &period, "correct-notice", Some(&late)).refused(422, "implausible_date");
    assert_eq!(refused.json()["params"]["latest"], "2023-12-05");
    let same_day = notice("1243/TB-VP", "2023-12-05", "Sai ngày");
    app.act("council-chair", &period, "correct-notice", Some(&same_day)).expect(200);
}
