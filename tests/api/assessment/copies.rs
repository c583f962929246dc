//! Copies of a period, and what its units had written.

use serde_json::{Value, json};

use crate::support::year::FULL;
use crate::support::{App, Response, apply, at_once, egov_document, on_both};

fn copy(app: &App, period: &str, body: &Value) -> Response {
    app.post("secretary", &format!("{period}/copy"), body)
}

fn cancel(app: &App, period: &str) {
    app.act("secretary", period, "cancel", Some(&json!({"reason": "Mở nhầm bảng tiêu chí"}))).expect(200);
}

fn path(period: &Value) -> String {
    format!("/v1/periods/{}", period["id"].as_str().unwrap())
}

/// A published table of three criteria: the first as it was, the second by another rule, the third worth less.
fn tables(app: &App) -> [String; 2] {
    let leaf =
        |code: &str, points: u32, rule: Value| json!({"code": code, "title": code, "max_points": points, "rule": rule});
    let table = |code: &str, total: u32, children: Value| {
        json!({"code": code, "title": code, "year": 2023, "total_points": total,
            "parts": [{"code": "A", "title": "A", "kind": "base", "max_points": total, "children": children}]})
    };
    let manual = || json!({"type": "manual"});
    let first = json!([
        leaf("A.1", 10, manual()),
        leaf("A.2", 10, manual()),
        leaf("A.3", 10, manual()),
        leaf("A.4", 10, manual()),
        leaf("A.5", 10, json!({"type": "target_ratio"}))
    ]);
    let second = json!([
        leaf("A.1", 10, manual()),
        leaf("A.2", 10, json!({"type": "all_or_nothing"})),
        leaf("A.3", 5, manual()),
        leaf("A.5", 10, json!({"type": "target_ratio"}))
    ]);
    [app.published(&table("T-1", 50, first)), app.published(&table("T-2", 35, second))]
}

/// Who appraises, presents or writes nothing copies nothing; of a period that is not cancelled nothing is carried over.
#[apply(on_both)]
fn any_period_is_copied_into_a_draft(app: &App) {
    let period = app.period();
    copy(app, &period, &json!({})).refused(409, "already_exists");
    let copied = copy(
        app,
        &period,
        &json!({"code": "2024", "year": 2024, "title": "Năm 2024",
        "schedule": {"self_assessment_due_on": "2024-11-10", "appraisal_due_on": "2024-11-20",
            "council_review_from_on": "2024-11-21", "council_review_to_on": "2024-11-30",
            "result_notice_due_on": "2024-12-05"}}),
    );
    let place = copied.header("location").to_owned();
    assert_eq!(copied.etag(), app.tag("secretary", &place));
    let copied = copied.expect(201);
    let original = app.get("secretary", &period).expect(200);
    assert_eq!(
        (&copied["status"], &copied["code"], &copied["not_carried"]),
        (&json!("draft"), &json!("2024"), &json!([]))
    );
    assert_eq!((&copied["copied_from"], &copied["carry_over"]), (&original["id"], &json!(false)));
    for field in ["unit_ids", "awards", "eligibility", "tie_break", "required_documents", "criteria_set_id"] {
        assert_eq!(copied[field], original[field], "{field}");
    }
    let copies = app.get("secretary", &format!("/v1/periods?copied_from={}", app.period_id())).expect(200);
    assert_eq!(copies["items"][0]["id"], copied["id"]);
    for (body, status, code) in [
        (json!({"code": "x", "carry_over": true}), 409, "invalid_state"),
        (json!({"code": "x", "carry_over": null}), 400, "invalid_body"),
        (json!({"code": "x", "status": "draft"}), 400, "invalid_body"),
        (json!({"code": "x", "unit_ids": [app.period_id()]}), 422, "unknown_reference"),
        (json!({"code": " "}), 422, "invalid_code"),
    ] {
        let refused = copy(app, &period, &body);
        assert_eq!(refused.status, status, "{body}: {}", String::from_utf8_lossy(&refused.bytes));
        if code != "invalid_code" {
            refused.refused(status, code);
        }
    }
    for person in ["th-head", "council-chair", "auditor"] {
        app.post(person, &format!("{period}/copy"), &json!({"code": "x"})).refused(403, "role_required");
    }
    app.post("so-khdt-admin", &format!("{period}/copy"), &json!({"code": "x"})).refused(404, "not_found");
    app.post("admin", &format!("{period}/copy"), &json!({"code": "2025"})).expect(201);
    // A copy of a copy, and of a period whose unit is no longer active.
    let th = app.unit_id("TH");
    app.act("secretary", &period, &format!("units/{th}/set-aside"), Some(&json!({"reason": "x"}))).expect(200);
    let unit = format!("/v1/units/{th}");
    let tag = app.tag("admin", &unit);
    app.request("admin", "PATCH", &unit).if_match(&tag).json(&json!({"active": false})).send().expect(200);
    let again = copy(app, &place, &json!({"code": "2026"})).expect(201);
    assert_eq!(again["unit_ids"].as_array().unwrap().len(), 7);
}

/// The wrong table was opened: the period is cancelled, and its copy with the right one has all that still fits.
#[apply(on_both)]
fn what_the_units_had_written_is_in_the_copy(app: &App) {
    let [first, second] = tables(app);
    let mut body = app.period_like("2023-t");
    body["criteria_set_id"] = json!(first);
    let period = app.new_period(&body);
    let target = |unit: &str| json!({"unit_id": app.unit_id(unit), "criterion_code": "A.5", "target": 100, "unit_of_measure": "văn bản"});
    let tag = app.tag("secretary", &period);
    let put = app.request("secretary", "PUT", &format!("{period}/targets")).if_match(&tag);
    put.json(&json!({"targets": [target("TH"), target("NC")]})).send().expect(200);
    app.act("secretary", &period, "open", None).expect(200);
    let sheet = app.new_sheet_in(&period, "TH");
    let lines = [
        ("A.1", r#"{"points":9}"#),
        ("A.2", r#"{"points":8}"#),
        ("A.3", r#"{"points":7}"#),
        ("A.4", r#"{"points":6}"#),
        ("A.5", r#"{"actual":50}"#),
    ];
    app.patch("th-head", &sheet, &lines).expect(200);
    let tag = app.tag("th-head", &sheet);
    let noted = json!({"scores": [{"criterion_code": "A.1", "answer": {"points": 9}, "note": "Theo báo cáo 12"}]});
    app.request("th-head", "PATCH", &format!("{sheet}/scores")).if_match(&tag).json(&noted).send().expect(200);
    let evidence = format!("{sheet}/evidence");
    app.request("th-head", "POST", &evidence)
        .form(&[
            crate::support::Part::Text("criterion_code", "A.1"),
            crate::support::Part::Text("title", "Biên bản"),
            crate::support::Part::Text("classification", "none"),
            crate::support::Part::File("x.pdf", b"%PDF-1.7\n"),
        ])
        .send()
        .expect(201);
    app.post("th-head", &format!("{evidence}/references"), &egov_document("A.4")).expect(201);
    let of_kt = app.new_sheet_in(&period, "KT");
    app.patch("kt-head", &of_kt, &lines[..1]).expect(200);
    app.new_sheet_in(&period, "BTCD");
    copy(app, &period, &json!({"code": "x", "carry_over": true})).refused(409, "invalid_state");
    cancel(app, &period);
    let units: Vec<String> = ["TH", "NC", "BTCD"].iter().map(|unit| app.unit_id(unit)).collect();
    let changes = json!({"carry_over": true, "criteria_set_id": second, "unit_ids": units});
    let copied = copy(app, &period, &changes).expect(201);
    assert_eq!(copied["code"], "2023-t", "a cancelled period gives its code back");
    let (th, kt) = (app.unit_id("TH"), app.unit_id("KT"));
    let mut left: Vec<String> = copied["not_carried"].as_array().unwrap().iter().map(|left| left.to_string()).collect();
    left.sort();
    let expected = |unit: &str, part: &str, code: Value, why: &str| {
        json!({"unit_id": unit, "part": part, "criterion_code": code, "why": why}).to_string()
    };
    let mut all = vec![
        expected(&th, "line", json!("A.2"), "rule_changed"),
        expected(&th, "line", json!("A.3"), "score_out_of_range"),
        expected(&th, "line", json!("A.4"), "unknown_criterion"),
        expected(&th, "evidence", json!("A.4"), "unknown_criterion"),
        expected(&kt, "submission", Value::Null, "unit_not_in_period"),
    ];
    all.sort();
    assert_eq!(left, all);
    let copied = path(&copied);
    let targets = app.get("secretary", &format!("{copied}/targets")).expect(200);
    assert_eq!(targets["items"].as_array().unwrap().len(), 2);
    let of_copy = format!("/v1/submissions?period_id={}", copied.rsplit('/').next().unwrap());
    assert_eq!(app.get("auditor", &of_copy).expect(200)["items"], json!([]), "not before it opens");
    app.act("secretary", &copied, "open", None).expect(200);
    let sheets = app.get("auditor", &of_copy).expect(200)["items"].clone();
    assert_eq!(sheets.as_array().unwrap().len(), 1, "nobody gets an empty sheet");
    let sheet = format!("/v1/submissions/{}", sheets[0]["id"].as_str().unwrap());
    let seen = app.get("th-head", &sheet).expect(200);
    assert_eq!(
        (&seen["status"], &seen["revision"], &seen["due_on"], &seen["totals"]["self"]["total"]),
        (&json!("draft"), &json!(0), &json!("2023-11-10"), &json!(14))
    );
    let scores = app.get("th-head", &format!("{sheet}/scores")).expect(200);
    let own = |code: &str| {
        let line = scores["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == code).unwrap();
        line["self"].clone()
    };
    assert_eq!((&own("A.1")["points"], &own("A.1")["note"]), (&json!(9), &json!("Theo báo cáo 12")));
    assert_eq!((&own("A.5")["points"], &own("A.2"), &own("A.3")), (&json!(5), &Value::Null, &Value::Null));
    let pieces = app.get("th-head", &format!("{sheet}/evidence")).expect(200);
    assert_eq!((pieces["items"].as_array().unwrap().len(), &pieces["items"][0]["title"]), (1, &json!("Biên bản")));
    let content = format!("/v1/evidence/{}/content", pieces["items"][0]["id"].as_str().unwrap());
    assert_eq!(app.get("th-head", &content).bytes, b"%PDF-1.7\n");
    // It goes on as any other, and every step is in the audit.
    app.patch("th-head", &sheet, &[("A.2", r#"{"achieved":true}"#), ("A.3", r#"{"points":5}"#)]).expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
    let entry = app.get("auditor", "/v1/audit-entries?action=submission.carry_over").expect(200)["items"][0].clone();
    assert_eq!(entry["after"]["lines"]["A.1"]["points"], 9);
    let entry = app.get("auditor", "/v1/audit-entries?action=period.carry_over").expect(200)["items"][0].clone();
    assert_eq!(entry["after"]["not_carried"].as_array().unwrap().len(), 5);
    app.get("auditor", "/v1/audit-entries/verify").expect(200);
}

/// A copy with the same table has every line, and lines that share points together.
#[apply(on_both)]
fn nothing_is_left_behind_where_nothing_changes(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let period = app.period();
    cancel(app, &period);
    let copied = copy(app, &period, &json!({"carry_over": true})).expect(201);
    assert_eq!(copied["not_carried"], json!([]));
    app.act("secretary", &path(&copied), "open", None).expect(200);
    let sheets = app.get("th-head", &format!("/v1/submissions?period_id={}", copied["id"].as_str().unwrap()));
    let sheet = format!("/v1/submissions/{}", sheets.expect(200)["items"][0]["id"].as_str().unwrap());
    let scores = app.get("th-head", &format!("{sheet}/scores")).expect(200);
    let answered = scores["scores"].as_array().unwrap().iter().filter(|line| !line["self"].is_null()).count();
    assert_eq!((answered, &scores["totals"]["self"]["total"]), (FULL.len(), &json!(1000)));
    // The original is kept as it was.
    assert_eq!(app.get("secretary", &period).expect(200)["status"], "cancelled");
}

#[apply(on_both)]
fn of_two_copies_with_one_code_one_is_made(app: &App) {
    let period = app.period();
    let mut statuses: Vec<u16> =
        at_once(2, |_| copy(app, &period, &json!({"code": "2024"}))).iter().map(|response| response.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}
