//! What a unit is to reach: set for the period, used by the ratio rule.

use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

/// A draft of a period that is scored by the table of yearly targets, whose A.3 leaves its target open. Gives its path.
fn draft(app: &App) -> String {
    let table: Value = serde_json::from_str(include_str!("../../../examples/criteria/yearly-targets.json")).unwrap();
    let mut body = app.period_like("2024");
    body["criteria_set_id"] = json!(app.published(&table));
    app.new_period(&body)
}

fn target(app: &App, unit: &str, criterion: &str, target: f64) -> Value {
    json!({"unit_id": app.unit_id(unit), "criterion_code": criterion, "target": target, "unit_of_measure": "dự án"})
}

fn set(app: &App, person: &str, period: &str, targets: &[Value]) -> Response {
    let path = format!("{period}/targets");
    app.request(person, "PUT", &path).if_match(&app.tag(person, &path)).json(&json!({"targets": targets})).send()
}

fn points(response: &Value) -> (Value, Value) {
    let line = response["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == "A.3").unwrap();
    (line["target"].clone(), line["self"]["points"].clone())
}

/// TH is to reach 9: 7 of them are 20 × 7 / 9 = 15.555…; KT has no target and says its own.
#[apply(on_both)]
fn a_units_target_is_what_its_answer_is_measured_by(app: &App) {
    let period = draft(app);
    set(app, "secretary", &period, &[target(app, "TH", "A.3", 9.0)]).expect(200);
    app.act("secretary", &period, "open", None).expect(200);
    let (th, kt) = (app.new_sheet_in(&period, "TH"), app.new_sheet_in(&period, "KT"));
    assert_eq!(points(&app.get("th-head", &format!("{th}/scores")).expect(200)), (json!(9), Value::Null));
    let written = app.patch("th-head", &th, &[("A.3", r#"{"actual":7}"#)]).expect(200);
    assert_eq!(points(&written), (json!(9), json!(15.56)));
    assert_eq!(written["scores"][2]["self"]["explanation"]["steps"], json!(["20 × min(7 / 9, 1) = 15.56"]));
    app.patch("th-head", &th, &[("A.3", r#"{"actual":7,"target":7}"#)]).refused(422, "answer_mismatch");
    app.patch("kt-head", &kt, &[("A.3", r#"{"actual":7}"#)]).refused(422, "answer_mismatch");
    let written = app.patch("kt-head", &kt, &[("A.3", r#"{"actual":7,"target":10}"#)]).expect(200);
    assert_eq!(points(&written), (Value::Null, json!(14)));
}

/// The appraiser measures by the same target.
#[apply(on_both)]
fn a_review_is_measured_by_the_units_target_too(app: &App) {
    let period = draft(app);
    set(app, "secretary", &period, &[target(app, "TH", "A.3", 9.0)]).expect(200);
    app.act("secretary", &period, "open", None).expect(200);
    let sheet = app.new_sheet_in(&period, "TH");
    let answers = [
        ("A.1", r#"{"actual":95.5}"#),
        ("A.2", r#"{"actual":251}"#),
        ("A.3", r#"{"actual":7}"#),
        ("A.4", r#"{"level":"hoan_thanh"}"#),
        ("B.1", r#"{"rank":1}"#),
        ("B.2", r#"{"options":[]}"#),
    ];
    app.patch("th-head", &sheet, &answers).expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.act("secretary", &period, "start-appraisal", None).expect(200);
    app.review("appraiser", &sheet, "appraisal", &[("A.3", r#"{"actual":6}"#, "Một dự án chưa nghiệm thu")]);
    let read = app.get("secretary", &format!("{sheet}/scores")).expect(200);
    assert_eq!(
        (&read["scores"][2]["appraisal"]["points"], &read["scores"][2]["self"]["points"]),
        (&json!(13.33), &json!(15.56))
    );
}

/// Who has scored by a target keeps it until the line is cleared; who has sent a sheet keeps it for good.
#[apply(on_both)]
fn a_target_in_use_stands(app: &App) {
    let period = draft(app);
    let targets = [target(app, "KT", "A.3", 5.0), target(app, "TH", "A.3", 9.0)];
    set(app, "secretary", &period, &targets).expect(200);
    app.act("secretary", &period, "open", None).expect(200);
    let sheet = app.new_sheet_in(&period, "TH");
    app.patch("th-head", &sheet, &[("A.3", r#"{"actual":7}"#)]).expect(200);
    for after in [vec![targets[0].clone()], vec![targets[0].clone(), target(app, "TH", "A.3", 8.0)]] {
        let refusal = set(app, "secretary", &period, &after).refused(409, "guard_failed");
        let errors = refusal.json()["errors"].clone();
        assert_eq!(
            (errors.as_array().unwrap().len(), &errors[0]["code"], &errors[0]["params"]),
            (1, &json!("target_in_use"), &json!({"unit_id": app.unit_id("TH"), "criterion": "A.3"}))
        );
    }
    set(app, "secretary", &period, &targets[1..]).expect(200);
    app.patch("th-head", &sheet, &[("A.3", "null")]).expect(200);
    // Whoever writes now has not seen that the target is gone.
    let before = app.tag("th-head", &sheet);
    set(app, "secretary", &period, &[]).expect(200);
    let stale = app
        .request("th-head", "PATCH", &format!("{sheet}/scores"))
        .if_match(&before)
        .json(&json!({"scores": []}))
        .send();
    stale.refused(412, "version_mismatch");
    let lines = [
        ("A.1", r#"{"actual":1}"#),
        ("A.2", r#"{"actual":1}"#),
        ("A.3", r#"{"actual":1,"target":2}"#),
        ("A.4", r#"{"level":"hoan_thanh"}"#),
        ("B.1", r#"{"rank":1}"#),
        ("B.2", r#"{"options":[]}"#),
    ];
    app.patch("th-head", &sheet, &lines).expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.act("th-head", &sheet, "withdraw", None).expect(200);
    app.patch("th-head", &sheet, &[("A.3", "null")]).expect(200);
    set(app, "secretary", &period, &targets[1..]).refused(409, "guard_failed");
    set(app, "secretary", &period, &targets[..1]).expect(200);
}

#[apply(on_both)]
fn targets_that_nobody_asked_for_are_refused_with_their_place(app: &App) {
    let period = draft(app);
    let stranger = "018b88d6-5f80-7000-8000-0000000fffff";
    let with = |field: &str, value: Value| {
        let mut target = target(app, "TH", "A.3", 9.0);
        target[field] = value;
        target
    };
    for (targets, code, place) in [
        (vec![with("unit_id", json!(stranger))], "unit_not_in_period", "/targets/0/unit_id"),
        (vec![with("criterion_code", json!("A.9"))], "unknown_criterion", "/targets/0/criterion_code"),
        (vec![with("criterion_code", json!("A.1"))], "target_not_asked", "/targets/0/criterion_code"),
        (vec![with("criterion_code", json!("A.4"))], "target_not_asked", "/targets/0/criterion_code"),
        (vec![with("target", json!(0))], "number_out_of_range", "/targets/0/target"),
        (vec![with("unit_of_measure", json!(" "))], "text_empty", "/targets/0/unit_of_measure"),
        (vec![with("target", json!(9)), with("target", json!(8))], "duplicate", "/targets/1"),
    ] {
        let refusal = set(app, "secretary", &period, &targets).refused(422, code);
        assert_eq!(refusal.faults(), [(code.to_owned(), place.to_owned())]);
    }
    assert_eq!(app.get("secretary", &format!("{period}/targets")).expect(200)["items"], json!([]));
}

#[apply(on_both)]
fn targets_are_set_by_who_sets_the_period_and_read_by_all(app: &App) {
    let period = draft(app);
    let targets = [target(app, "TH", "A.3", 9.5)];
    for person in ["th-head", "appraiser", "auditor", "council-chair"] {
        set(app, person, &period, &targets).refused(403, "role_required");
    }
    let before = app.tag("admin", &period);
    let set_by_admin = set(app, "admin", &period, &targets);
    assert_eq!(set_by_admin.etag(), app.tag("admin", &period));
    assert_eq!(set_by_admin.expect(200)["items"], json!(targets));
    app.request("admin", "PUT", &format!("{period}/targets"))
        .if_match(&before)
        .json(&json!({"targets": []}))
        .send()
        .refused(412, "version_mismatch");
    assert_eq!(app.get("kt-editor", &format!("{period}/targets")).expect(200)["items"], json!(targets));
    let entries = app.get("auditor", "/v1/audit-entries?action=period.set_targets").expect(200)["items"].clone();
    assert_eq!((entries.as_array().unwrap().len(), &entries[0]["after"]["targets"]), (1, &json!(targets)));
}

/// Another table, other units: what nobody asks for any more is gone.
#[apply(on_both)]
fn a_draft_that_changes_loses_the_targets_that_no_longer_fit(app: &App) {
    let period = draft(app);
    set(app, "secretary", &period, &[target(app, "KT", "A.3", 5.0), target(app, "TH", "A.3", 9.0)]).expect(200);
    let change = |body: Value| {
        app.request("secretary", "PATCH", &period)
            .if_match(&app.tag("secretary", &period))
            .json(&body)
            .send()
            .expect(200)
    };
    let units: Vec<Value> = app.get("secretary", &period).expect(200)["unit_ids"].as_array().unwrap().clone();
    let without_kt: Vec<&Value> = units.iter().filter(|id| **id != json!(app.unit_id("KT"))).collect();
    let count = || app.get("secretary", &format!("{period}/targets")).expect(200)["items"].as_array().unwrap().len();
    change(json!({"unit_ids": without_kt}));
    assert_eq!(count(), 1);
    let guideline = app.get("secretary", &app.period()).expect(200)["criteria_set_id"].clone();
    change(json!({"criteria_set_id": guideline}));
    assert_eq!(count(), 0);
}

#[apply(on_both)]
fn once_the_appraisal_has_begun_the_targets_stand(app: &App) {
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    set(app, "secretary", &app.period(), &[]).refused(409, "invalid_state");
}

/// Tie-break rules and targets refer to a table that was a draft when they were written, and has changed since.
#[apply(on_both)]
fn a_period_does_not_open_on_what_its_table_has_no_longer(app: &App) {
    let table: Value = serde_json::from_str(include_str!("../../../examples/criteria/yearly-targets.json")).unwrap();
    let made = app.post("admin", "/v1/criteria-sets", &table).expect(201);
    let set_path = format!("/v1/criteria-sets/{}", made["id"].as_str().unwrap());
    let mut body = app.period_like("2024");
    body["criteria_set_id"] = made["id"].clone();
    body["tie_break"] = json!(["section:A.3", "council_decision"]);
    let period = app.new_period(&body);
    set(app, "secretary", &period, &[target(app, "TH", "A.3", 9.0)]).expect(200);
    let mut changed = table.clone();
    let children = changed["parts"][0]["children"].as_array_mut().unwrap();
    children.iter_mut().find(|criterion| criterion["code"] == "A.3").unwrap()["code"] = json!("A.33");
    let tag = app.tag("admin", &set_path);
    app.request("admin", "PUT", &set_path).if_match(&tag).json(&changed).send().expect(200);
    app.act("admin", &set_path, "publish", None).expect(200);
    let refused = app.act("secretary", &period, "open", None).refused(409, "guard_failed");
    let found: Vec<(String, String)> = refused.faults();
    let expected = [("unknown_reference", "/tie_break/0"), ("unknown_criterion", "/targets/0/criterion_code")];
    assert_eq!(found, expected.map(|(code, pointer)| (code.to_owned(), pointer.to_owned())));
    set(app, "secretary", &period, &[target(app, "TH", "A.33", 9.0)]).expect(200);
    let tag = app.tag("secretary", &period);
    let right = json!({"tie_break": ["section:A.33", "council_decision"]});
    app.request("secretary", "PATCH", &period).if_match(&tag).json(&right).send().expect(200);
    app.act("secretary", &period, "open", None).expect(200);
}
