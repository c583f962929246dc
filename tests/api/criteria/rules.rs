//! Tables with every rule, scored through the API by figures worked out by hand.

use serde_json::{Value, json};

use crate::support::year::head;
use crate::support::{App, apply, on_both};

const BLOCK: &str = include_str!("../../../examples/criteria/block-950-50.json");
const TARGETS: &str = include_str!("../../../examples/criteria/yearly-targets.json");

/// A criterion, its answer, and the points worked out by hand.
type Hand = (&'static str, &'static str, f64);

const BLOCK_BY_HAND: [Hand; 11] = [
    // 300 × 97.25 / 104 = 280.528…
    ("A.I.1", r#"{"actual":97.25,"target":104}"#, 280.53),
    ("A.I.2", r#"{"cases":3}"#, 90.0),
    ("A.I.3", r#"{"cases":4}"#, 65.0),
    ("A.II.1", r#"{"done":false}"#, 100.0),
    ("A.II.2", r#"{"achieved":true}"#, 70.0),
    ("A.II.3", r#"{"points":75}"#, 75.0),
    ("A.III.1", r#"{"level":"tot"}"#, 80.0),
    ("A.III.2", r#"{"bonus_cases":3,"penalty_cases":1}"#, 35.0),
    ("B.1", r#"{"cases":6}"#, 20.0),
    ("B.2", r#"{"options":["co_so","bo_tinh"]}"#, 15.0),
    ("B.3", r#"{"rank":2}"#, 7.0),
];

const TARGETS_BY_HAND: [Hand; 6] = [
    ("A.1", r#"{"actual":95.5}"#, 28.65),
    ("A.2", r#"{"actual":251}"#, 20.0),
    // 20 × 7 / 9 = 15.555…
    ("A.3", r#"{"actual":7,"target":9}"#, 15.56),
    ("A.4", r#"{"level":"hoan_thanh"}"#, 14.0),
    ("B.1", r#"{"rank":1}"#, 5.0),
    ("B.2", r#"{"options":[]}"#, 0.0),
];

/// TH's sheet of an open period that is scored by `table`, with which there is nothing wrong.
fn sheet_of(app: &App, table: &str) -> String {
    let sheet = app.sheet_of_table(&serde_json::from_str(table).unwrap());
    let period_id = app.get(&head("TH"), &sheet).expect(200)["period_id"].as_str().unwrap().to_owned();
    let set = app.get("secretary", &format!("/v1/periods/{period_id}")).expect(200)["criteria_set_id"].clone();
    let validation = format!("/v1/criteria-sets/{}/validation", set.as_str().unwrap());
    assert_eq!(app.get("admin", &validation).expect(200), json!({"errors": [], "warnings": []}));
    sheet
}

fn line(code: &str, answer: &str) -> Value {
    json!({"criterion_code": code, "answer": serde_json::from_str::<Value>(answer).unwrap()})
}

/// Writes a sheet by hand figures and reads it again; gives what was read.
fn scored(app: &App, table: &str, by_hand: &[Hand]) -> Value {
    let sheet = sheet_of(app, table);
    let lines: Vec<Value> = by_hand.iter().map(|(code, answer, _)| line(code, answer)).collect();
    let tag = app.tag(&head("TH"), &sheet);
    let path = format!("{sheet}/scores");
    let written =
        app.request(&head("TH"), "PUT", &path).if_match(&tag).json(&json!({"scores": lines})).send().expect(200);
    let read = app.get(&head("TH"), &path).expect(200);
    assert_eq!(read, written);
    let cells = read["scores"].as_array().unwrap();
    assert_eq!(cells.len(), by_hand.len());
    for (cell, (code, answer, points)) in cells.iter().zip(by_hand) {
        assert_eq!(cell["criterion_code"], *code);
        let mut read = cell["self"]["answer"].clone();
        // The answer is given back with the type that its shape has.
        assert!(read.as_object_mut().unwrap().remove("type").is_some_and(|kind| kind.is_string()), "{code}");
        read.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(read, serde_json::from_str::<Value>(answer).unwrap(), "{code}");
        assert_eq!(cell["self"]["points"].as_f64(), Some(*points), "{code}");
    }
    read
}

#[apply(on_both)]
fn a_blocks_950_and_50_are_scored_as_by_hand(app: &App) {
    let read = scored(app, BLOCK, &BLOCK_BY_HAND);
    assert_eq!(read["totals"]["self"], json!({"base": 795.53, "bonus": 42, "penalty": 0, "total": 837.53}));
    let explained = |at: usize| &read["scores"][at]["self"]["explanation"];
    assert_eq!(
        explained(0),
        &json!({"rule": "target_ratio", "inputs": {"actual": 97.25, "target": 104, "max": 300}, "steps": ["300 × min(97.25 / 104, 1) = 280.53"], "capped_by": null})
    );
    assert_eq!(explained(7)["steps"], json!(["30 + 3 × 5 - 1 × 10 = 35"]));
    assert_eq!(
        explained(8),
        &json!({"rule": "award_per_case", "inputs": {"cases": 6, "points_per_case": 4, "max": 20}, "steps": ["6 × 4 = 24", "min(24, 20) = 20"], "capped_by": "max"})
    );
    assert_eq!(explained(9)["steps"], json!(["max(bo_tinh = 15, co_so = 5) = 15"]));
}

#[apply(on_both)]
fn yearly_targets_are_scored_as_by_hand(app: &App) {
    let read = scored(app, TARGETS, &TARGETS_BY_HAND);
    assert_eq!(read["totals"]["self"], json!({"base": 78.21, "bonus": 5, "penalty": 0, "total": 83.21}));
}

/// Each refusal says what the criterion would take, in the language of the caller.
#[apply(on_both)]
fn an_answer_that_the_rule_does_not_have_is_refused(app: &App) {
    let sheet = sheet_of(app, BLOCK);
    let refused = |code: &str, answer: &str| {
        let tag = app.tag(&head("TH"), &sheet);
        let body = json!({"scores": [line(code, answer)]});
        app.request(&head("TH"), "PATCH", &format!("{sheet}/scores"))
            .if_match(&tag)
            .header("accept-language", "en")
            .json(&body)
            .send()
    };
    for (code, answer, problem, field) in [
        ("A.III.1", r#"{"level":"kem"}"#, "unknown_level", "/level"),
        ("B.3", r#"{"rank":64}"#, "rank_out_of_bands", "/rank"),
        ("B.2", r#"{"options":["x"]}"#, "unknown_option", "/options/0"),
        ("B.2", r#"{"options":["co_so","co_so"]}"#, "duplicate_option", "/options/1"),
        ("A.I.1", r#"{"actual":1,"target":0}"#, "number_out_of_range", "/target"),
        ("A.I.1", r#"{"actual":0.12345,"target":1}"#, "number_precision", "/actual"),
        ("A.I.3", r#"{"done":true}"#, "answer_mismatch", ""),
    ] {
        let refusal = refused(code, answer).refused(422, problem);
        assert_eq!(refusal.faults(), [(problem.to_owned(), format!("/scores/0/answer{field}"))]);
    }
    let detail = refused("A.III.1", r#"{"level":"kem"}"#).json()["detail"].clone();
    assert_eq!(detail, "Criterion A.III.1 has no level kem; its levels are xuat_sac, tot, hoan_thanh, khong.");
}

/// All that is wrong comes at once, with its place; what is only to be looked at hinders nothing.
#[apply(on_both)]
fn a_rule_that_makes_no_sense_keeps_a_table_from_being_published(app: &App) {
    let mut table: Value = serde_json::from_str(BLOCK).unwrap();
    let bonus = &mut table["parts"][1]["children"];
    bonus[1]["rule"]["options"][0]["points"] = json!(20.01);
    bonus[2]["rule"]["bands"] = json!([{"from": 2, "to": 5, "points": 1}, {"from": 5, "to": 9, "points": 0}]);
    let id = app.post("admin", "/v1/criteria-sets", &table).expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/criteria-sets/{id}");
    let found = app.get("admin", &format!("{path}/validation")).expect(200);
    let listed = |kind: &str| -> Vec<(Value, Value)> {
        found[kind].as_array().unwrap().iter().map(|fault| (fault["code"].clone(), fault["pointer"].clone())).collect()
    };
    assert_eq!(
        listed("errors"),
        [
            (json!("rule_exceeds_max"), json!("/parts/1/children/1/rule/options/0/points")),
            (json!("bands_overlap"), json!("/parts/1/children/2/rule/bands/1")),
        ]
    );
    assert_eq!(
        listed("warnings"),
        [
            (json!("bands_gap"), json!("/parts/1/children/2/rule/bands/0")),
            (json!("max_unreachable"), json!("/parts/1/children/2/rule/bands")),
        ]
    );
    app.act("admin", &path, "publish", None).refused(422, "validation_failed");
}

/// Three criteria of 60, 25 and 15, the last two by deductions, with a choice of what else holds.
fn small_table(not_applicable: &str, max_deduction: Value) -> Value {
    let criterion =
        |code: &str, max: u32, rule: Value| json!({"code": code, "title": code, "max_points": max, "rule": rule});
    let per_case = || json!({"type": "deduction_per_case", "points_per_case": 5, "floor": 0});
    let mut part = json!({"code": "A", "title": "ĐIỂM CHUẨN", "kind": "base", "max_points": 100, "children": [
        criterion("A.1", 60, json!({"type": "manual"})), criterion("A.2", 25, per_case()), criterion("A.3", 15, per_case()),
    ]});
    if !max_deduction.is_null() {
        part["max_deduction"] = max_deduction;
    }
    json!({"code": "2024", "title": "Bảng tiêu chí 2024", "year": 2024, "total_points": 100, "not_applicable": not_applicable, "parts": [part]})
}

/// TH's sheet of the small table with 51 points, 4 cases and 1 case: sent, in appraisal.
fn sent_small_sheet(app: &App, table: &Value) -> String {
    let sheet = app.sheet_of_table(table);
    let lines = [line("A.1", r#"{"points":51}"#), line("A.2", r#"{"cases":4}"#), line("A.3", r#"{"cases":1}"#)];
    let tag = app.tag("th-head", &sheet);
    app.request("th-head", "PUT", &format!("{sheet}/scores"))
        .if_match(&tag)
        .json(&json!({"scores": lines}))
        .send()
        .expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
    let period = app.get("th-head", &sheet).expect(200)["period_id"].as_str().unwrap().to_owned();
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.act("secretary", &format!("/v1/periods/{period}"), "start-appraisal", None).expect(200);
    sheet
}

const DOES_NOT_APPLY: &str = r#"{"not_applicable":true}"#;

/// 20 and 5 are lost, of which a part with a cap of 18 loses 18: 51 + 5 + 10 + 7.
#[apply(on_both)]
fn a_part_loses_no_more_than_its_cap(app: &App) {
    let sheet = sent_small_sheet(app, &small_table("refused", json!(18)));
    let read = app.get("th-head", &format!("{sheet}/scores")).expect(200);
    assert_eq!(read["totals"]["self"], json!({"base": 73, "bonus": 0, "penalty": 0, "total": 73}));
    assert_eq!((&read["nodes"][0]["code"], &read["nodes"][0]["self"]), (&json!("A"), &json!(73)));
    assert_eq!(read["nodes"][0]["steps"]["self"], json!(["min(25, 18) = 18"]));
    // Of its 20 the part lets 18 count, and so does the criterion show.
    assert_eq!((&read["nodes"][2]["code"], &read["nodes"][2]["self"]), (&json!("A.2"), &json!(7)));
    assert_eq!(read["nodes"][2]["steps"]["self"], json!(["5 + (20 - 18) = 7"]));
}

#[apply(on_both)]
fn a_cap_lies_between_nothing_and_the_points_of_its_part(app: &App) {
    for (at, cap) in [0.0, 100.01, -1.0].into_iter().enumerate() {
        let mut table = small_table("refused", json!(cap));
        table["code"] = json!(format!("T{at}"));
        let id = app.post("admin", "/v1/criteria-sets", &table).expect(201)["id"].as_str().unwrap().to_owned();
        let found = app.get("admin", &format!("/v1/criteria-sets/{id}/validation")).expect(200);
        assert_eq!(
            (&found["errors"][0]["code"], &found["errors"][0]["pointer"]),
            (&json!("deduction_cap_invalid"), &json!("/parts/0/max_deduction")),
            "{cap}"
        );
        app.act("admin", &format!("/v1/criteria-sets/{id}"), "publish", None).refused(422, "validation_failed");
    }
}

/// A.2 does not apply: 51 and 10 of 75 count as 61 × 100 / 75 = 81.33.
#[apply(on_both)]
fn what_does_not_apply_is_said_by_the_appraiser_with_a_reason(app: &App) {
    let sheet = sent_small_sheet(app, &small_table("rescaled", Value::Null));
    let id = sheet.rsplit('/').next().unwrap();
    let review = app.post("appraiser", "/v1/reviews", &json!({"submission_id": id, "stage": "appraisal"})).expect(201);
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    let written = app.patch("appraiser", &path, &[("A.2", DOES_NOT_APPLY)]).expect(200);
    assert_eq!(
        (&written["scores"][1]["answer"], &written["scores"][1]["points"]),
        (&json!({"type": "not_applicable", "not_applicable": true}), &Value::Null)
    );
    assert_eq!(written["scores"][1]["explanation"]["rule"], "not_applicable");
    let refusal = app.act("appraiser", &path, "submit", None).refused(422, "validation_failed");
    assert_eq!(refusal.faults(), [("reason_required".to_owned(), "/scores/1/reason".to_owned())]);
    let tag = app.tag("appraiser", &path);
    let mut reasoned = line("A.2", DOES_NOT_APPLY);
    reasoned["reason"] = json!("Đơn vị không tiếp công dân");
    app.request("appraiser", "PATCH", &format!("{path}/scores"))
        .if_match(&tag)
        .json(&json!({"scores": [reasoned]}))
        .send()
        .expect(200);
    let submitted = app.act("appraiser", &path, "submit", None).expect(200);
    assert_eq!(submitted["totals"], json!({"base": 81.33, "bonus": 0, "penalty": 0, "total": 81.33}));
    let read = app.get("secretary", &format!("{sheet}/scores")).expect(200);
    assert_eq!(read["nodes"][0]["steps"]["appraisal"], json!(["61 × 100 / (100 - 25) = 81.33"]));
    assert_eq!((&read["scores"][1]["self"]["points"], &read["scores"][1]["final_points"]), (&json!(5), &Value::Null));
    assert_eq!(app.get("secretary", &sheet).expect(200)["totals"]["final"]["total"], 81.33);
}

/// The same without making up for it: 51 and 10.
#[apply(on_both)]
fn a_table_may_leave_out_without_making_up(app: &App) {
    let sheet = sent_small_sheet(app, &small_table("excluded", Value::Null));
    app.review("appraiser", &sheet, "appraisal", &[("A.2", DOES_NOT_APPLY, "Đơn vị không tiếp công dân")]);
    assert_eq!(app.get("secretary", &sheet).expect(200)["totals"]["appraisal"]["total"], 61);
}

#[apply(on_both)]
fn a_unit_cannot_say_itself_that_a_criterion_does_not_apply(app: &App) {
    let sheet = app.sheet_of_table(&small_table("rescaled", Value::Null));
    let refusal = app.patch("th-head", &sheet, &[("A.2", DOES_NOT_APPLY)]).refused(422, "not_applicable_refused");
    assert_eq!(refusal.faults(), [("not_applicable_refused".to_owned(), "/scores/0/answer".to_owned())]);
    app.patch("th-head", &sheet, &[("A.2", r#"{"not_applicable":false}"#)]).refused(422, "answer_mismatch");
    app.patch("th-head", &sheet, &[("A.2", r#"{"not_applicable":true,"cases":1}"#)]).refused(422, "answer_mismatch");
}

#[apply(on_both)]
fn every_criterion_applies_unless_the_table_allows_otherwise(app: &App) {
    let sheet = sent_small_sheet(app, &small_table("refused", Value::Null));
    let id = sheet.rsplit('/').next().unwrap();
    let review = app.post("appraiser", "/v1/reviews", &json!({"submission_id": id, "stage": "appraisal"})).expect(201);
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    app.patch("appraiser", &path, &[("A.2", DOES_NOT_APPLY)]).refused(422, "not_applicable_refused");
}
