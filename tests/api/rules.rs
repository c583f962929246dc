//! Tables with every rule, scored through the API by figures worked out by hand.

use serde_json::{Value, json};

use crate::support::year::head;
use crate::support::{App, on_both};

const BLOCK: &str = include_str!("../../examples/criteria/block-950-50.json");
const TARGETS: &str = include_str!("../../examples/criteria/yearly-targets.json");

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

fn published(app: &App, table: &str) -> String {
    let set = app.post("admin", "/v1/criteria-sets", &serde_json::from_str(table).unwrap()).expect(201);
    let path = format!("/v1/criteria-sets/{}", set["id"].as_str().unwrap());
    assert_eq!(app.get("admin", &format!("{path}/validation")).expect(200), json!({"errors": [], "warnings": []}));
    app.act("admin", &path, "publish", None).expect(200);
    set["id"].as_str().unwrap().to_owned()
}

/// TH's sheet of an open period that is scored by `table`.
fn sheet_of(app: &App, table: &str) -> String {
    let mut body = app.period_like("2024");
    body["criteria_set_id"] = json!(published(app, table));
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    app.new_sheet_in(&period, "TH")
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
    let written = app.ask(&head("TH"), "PUT", &path).if_match(&tag).json(&json!({"scores": lines})).send().expect(200);
    let read = app.get(&head("TH"), &path).expect(200);
    assert_eq!(read, written);
    let cells = read["scores"].as_array().unwrap();
    assert_eq!(cells.len(), by_hand.len());
    for (cell, (code, answer, points)) in cells.iter().zip(by_hand) {
        assert_eq!(cell["criterion_code"], *code);
        assert_eq!(cell["self"]["answer"], serde_json::from_str::<Value>(answer).unwrap(), "{code}");
        assert_eq!(cell["self"]["points"].as_f64(), Some(*points), "{code}");
    }
    read
}

on_both! {
    fn a_blocks_950_and_50_are_scored_as_by_hand(app) {
        let read = scored(app, BLOCK, &BLOCK_BY_HAND);
        assert_eq!(read["totals"]["self"], json!({"base": 795.53, "bonus": 42, "total": 837.53}));
        let explained = |at: usize| &read["scores"][at]["self"]["explanation"];
        assert_eq!(explained(0), &json!({"rule": "target_ratio", "inputs": {"actual": 97.25, "target": 104, "max": 300}, "steps": ["300 × min(97.25 / 104, 1) = 280.53"], "capped_by": null}));
        assert_eq!(explained(7)["steps"], json!(["30 + 3 × 5 - 1 × 10 = 35"]));
        assert_eq!(explained(8), &json!({"rule": "award_per_case", "inputs": {"cases": 6, "points_per_case": 4, "max": 20}, "steps": ["6 × 4 = 24", "min(24, 20) = 20"], "capped_by": "max"}));
        assert_eq!(explained(9)["steps"], json!(["max(bo_tinh = 15, co_so = 5) = 15"]));
    }

    fn yearly_targets_are_scored_as_by_hand(app) {
        let read = scored(app, TARGETS, &TARGETS_BY_HAND);
        assert_eq!(read["totals"]["self"], json!({"base": 78.21, "bonus": 5, "total": 83.21}));
    }

    /// Each refusal says what the criterion would take, in the language of the caller.
    fn an_answer_that_the_rule_does_not_have_is_refused(app) {
        let sheet = sheet_of(app, BLOCK);
        let refused = |code: &str, answer: &str| {
            let tag = app.tag(&head("TH"), &sheet);
            let body = json!({"scores": [line(code, answer)]});
            app.ask(&head("TH"), "PATCH", &format!("{sheet}/scores")).if_match(&tag).header("accept-language", "en").json(&body).send()
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
    fn a_rule_that_makes_no_sense_keeps_a_table_from_being_published(app) {
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
        assert_eq!(listed("errors"), [
            (json!("rule_exceeds_max"), json!("/parts/1/children/1/rule/options/0/points")),
            (json!("bands_overlap"), json!("/parts/1/children/2/rule/bands/1")),
        ]);
        assert_eq!(listed("warnings"), [
            (json!("bands_gap"), json!("/parts/1/children/2/rule/bands/0")),
            (json!("max_unreachable"), json!("/parts/1/children/2/rule/bands")),
        ]);
        app.act("admin", &path, "publish", None).refused(422, "validation_failed");
    }
}
