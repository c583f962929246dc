//! A table with penalties, cases, bands and limits, from the self-assessment to the recounted result, by figures worked out by hand.

use serde_json::{Value, json};

use crate::award::recount::recounted;
use crate::support::small::{SmallUnit, points};
use crate::support::year::head;
use crate::support::{App, apply, on_both};

const TABLE: &str = include_str!("../../../examples/criteria/penalties-and-cases.json");

fn table() -> Value {
    serde_json::from_str(TABLE).unwrap()
}

/// TH: A.I is 30 + 15, cut to 40, and 2 beyond the target; A.II the better of 0 and 10; A.III.1 loses 6 + 10, of which the section
/// lets 12 count; C.1 loses 7.5, of which the limit leaves 3, and C.2 loses 4.
fn th() -> SmallUnit {
    SmallUnit {
        unit: "TH",
        own: Some(vec![
            ("A.I.1", json!({"actual": 104, "target": 100})),
            ("A.I.2", json!({"actual": 94.9999, "target": 100})),
            ("A.II.1", json!({"achieved": false})),
            ("A.II.2", json!({"level": "kha"})),
            ("A.III.1", json!({"counts": {"cham": 3, "qua_han": 25}})),
            ("B.1", json!({"cases": 3})),
            ("C.1", json!({"cases": 3})),
            ("C.2", points(-4.0)),
        ]),
        appraisal: vec![("A.III.2", points(9.0))],
        council: Vec::new(),
        disciplined: Some(false),
    }
}

/// KT: everything but a bonus; C.2 of −1.
fn kt() -> SmallUnit {
    SmallUnit {
        unit: "KT",
        own: Some(vec![
            ("A.I.1", json!({"actual": 7, "target": 7})),
            ("A.I.2", json!({"actual": 19, "target": 20})),
            ("A.II.1", json!({"achieved": true})),
            ("A.II.2", json!({"level": "tot"})),
            ("A.III.1", json!({"counts": {}})),
            ("B.1", json!({"cases": 0})),
            ("C.1", json!({"cases": 0})),
            ("C.2", points(-1.0)),
        ]),
        appraisal: vec![("A.III.2", points(10.0))],
        council: Vec::new(),
        disciplined: Some(false),
    }
}

fn totals(of: &Value) -> [&Value; 4] {
    ["base", "bonus", "penalty", "total"].map(|name| &of[name])
}

fn of_code<'a>(list: &'a Value, name: &str, code: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|item| item[name] == code).unwrap()
}

#[apply(on_both)]
fn a_year_with_penalties_is_scored_ranked_and_recounted(app: &App) {
    let set = app.published(&table());
    let validation = app.get("admin", &format!("/v1/criteria-sets/{set}/validation")).expect(200);
    assert_eq!(validation, json!({"errors": [], "warnings": []}));
    let period = app.small_period(&set, vec![th(), kt()], |body| body["tie_break"] = json!(["fewer_deductions"]));
    let sheets = app.get("secretary", "/v1/submissions?limit=200").expect(200);
    let sheet = |unit: &str| {
        let mut mine =
            sheets["items"].as_array().unwrap().iter().filter(|sheet| {
                sheet["unit_code"] == unit && period.path.ends_with(sheet["period_id"].as_str().unwrap())
            });
        format!("/v1/submissions/{}", mine.next().unwrap()["id"].as_str().unwrap())
    };
    // 58 without the line of the standing body.
    let th = sheet("TH");
    let own = app.get(&head("TH"), &th).expect(200);
    assert_eq!(totals(&own["totals"]["self"]), [&json!(58), &json!(8), &json!(-7), &json!(59)]);
    let scores = app.get(&head("TH"), &format!("{th}/scores")).expect(200);
    let line = of_code(&scores["scores"], "criterion_code", "A.I.1");
    assert_eq!((&line["self"]["points"], &line["self"]["bonus_points"]), (&json!(30), &json!(2)));
    assert_eq!(
        line["self"]["explanation"]["steps"],
        json!(["30 × min(104 / 100, 1) = 30", "(104 / 100 - 1) × 100 × 0.5 = 2", "30 + 2 = 32", "32 = 30 + 2"])
    );
    let line = of_code(&scores["scores"], "criterion_code", "A.III.1");
    assert_eq!(
        line["self"]["explanation"]["steps"],
        json!(["cham: 3 × -2 = -6", "qua_han: ⌊25 / 10⌋ × -5 = -10", "20 - 6 - 10 = 4"])
    );
    assert_eq!(of_code(&scores["scores"], "criterion_code", "A.III.2")["scored_by"], "standing_body");
    let steps = |code: &str| of_code(&scores["nodes"], "code", code)["steps"]["self"].clone();
    assert_eq!(steps("A.I"), json!(["min(45, 40) = 40"]));
    assert_eq!(steps("A.III.1"), json!(["4 + (16 - 12) = 8"]));
    assert_eq!(steps("C.1"), json!(["-7.5 + (7.5 - 3) = -3"]));
    assert_eq!(scores["limits"][0]["self"], json!({"deducted": 15, "awarded": 0, "steps": ["min(23.5, 15) = 15"]}));
    app.reviewed(std::slice::from_ref(&period));
    app.announce_all(std::slice::from_ref(&period));
    let ranking = app.get("secretary", &format!("{}/ranking", period.path)).expect(200);
    let rows: Vec<_> = ranking["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["unit_code"].as_str().unwrap(), totals(row)))
        .collect();
    assert_eq!(
        rows,
        [
            ("KT", [&json!(90), &json!(0), &json!(-1), &json!(89)]),
            ("TH", [&json!(67), &json!(8), &json!(-7), &json!(68)]),
        ]
    );
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", period.path)).expect(200)["ok"], true);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.json");
    std::fs::write(&file, app.get("auditor", &format!("{}/export.json", period.path)).bytes).unwrap();
    let (same, told) = recounted(&[file]);
    assert!(same, "{told}");
}

/// The standing body's line is refused from the unit, not asked of it, and asked of the appraiser, who needs no reason for it.
#[apply(on_both)]
fn who_scores_a_line_is_asked_for_it(app: &App) {
    let period = app.small_period(&app.published(&table()), vec![th()], |_| {});
    let sheets = app.get("secretary", "/v1/submissions?limit=200&status=submitted").expect(200);
    let th = sheets["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|sheet| period.path.ends_with(sheet["period_id"].as_str().unwrap()));
    let id = th.unwrap()["id"].as_str().unwrap();
    let sheet = format!("/v1/submissions/{id}");
    app.act(&head("TH"), &sheet, "withdraw", None).expect(200);
    let line = json!({"scores": [{"criterion_code": "A.III.2", "answer": {"points": 9}, "reason": null}]});
    let path = format!("{sheet}/scores");
    let patch = |person: &str, path: &str, tagged: &str, body: &Value| {
        app.request(person, "PATCH", path).if_match(&app.tag(person, tagged)).json(body).send()
    };
    let mut of_unit = line.clone();
    of_unit["scores"][0].as_object_mut().unwrap().remove("reason");
    let refused = patch(&head("TH"), &path, &sheet, &of_unit).refused(422, "not_scored_by_unit");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/scores/0/answer");
    app.act(&head("TH"), &sheet, "submit", None).expect(200);
    app.set_clock(crate::support::year::AFTER_THE_GATE);
    app.act("secretary", &period.path, "start-appraisal", None).expect(200);
    let review = app.post("appraiser", "/v1/reviews", &json!({"submission_id": id, "stage": "appraisal"})).expect(201);
    let review = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    let refused = app.act("appraiser", &review, "submit", None).refused(422, "validation_failed");
    assert_eq!(refused.faults(), [("missing_score".to_owned(), "/scores/5".to_owned())]);
    patch("appraiser", &format!("{review}/scores"), &review, &line).expect(200);
    app.act("appraiser", &review, "submit", None).expect(200);
    let shown = app.get("appraiser", &sheet).expect(200);
    assert_eq!(totals(&shown["totals"]["appraisal"]), [&json!(67), &json!(8), &json!(-7), &json!(68)]);
}

/// A table that nobody could be scored by is not published, and every mistake is said at once, at its figure.
#[apply(on_both)]
fn what_cannot_work_is_not_published(app: &App) {
    let mut table = table();
    table["limits"][0]["criteria"] = json!(["A.III", "Z.9", "C.1"]);
    table["parts"][0]["children"][0]["children"][0]["rule"]["over_fulfilment"]["max_points"] = json!(6);
    table["parts"][0]["children"][0]["children"][1]["combine"] = json!("highest");
    table["parts"][0]["children"][1]["children"][0]["max_points"] = Value::Null;
    table["parts"][0]["children"][2]["children"][0]["rule"]["cases"][1]["per"]["count"] = json!(0);
    table["parts"][0]["children"][2]["min_points"] = json!(31);
    table["parts"][1]["children"][0]["bonus_max_points"] = json!(1);
    table["parts"][2]["children"][0]["min_points"] = json!(0);
    table["parts"][2]["children"][1]["max_points"] = json!(5);
    let set = app.post("admin", "/v1/criteria-sets", &table).expect(201);
    let path = format!("/v1/criteria-sets/{}", set["id"].as_str().unwrap());
    let refused = app.act("admin", &path, "publish", None).refused(422, "validation_failed");
    let mut found: Vec<(String, String)> = refused.faults();
    found.sort();
    let section = |at: usize, rest: &str| format!("/parts/0/children/{at}{rest}");
    let mut expected = [
        ("/limits/0/criteria/0".to_owned(), "limit_on_section"),
        ("/limits/0/criteria/1".to_owned(), "unknown_criterion"),
        (section(0, "/children/0/rule/over_fulfilment/max_points"), "rule_exceeds_bonus_max"),
        (section(0, "/children/1/combine"), "combine_on_criterion"),
        (section(1, ""), "shared_points_not_summed"),
        (section(1, "/children/0"), "rule_needs_max_points"),
        (section(2, "/children/0/rule/cases/1/per/count"), "rule_figure_invalid"),
        (section(2, "/min_points"), "bounds_invalid"),
        ("/parts/1/children/0/bonus_max_points".to_owned(), "bonus_max_misplaced"),
        ("/parts/2/children/0".to_owned(), "rule_takes_nothing"),
        ("/parts/2/children/1/max_points".to_owned(), "penalty_with_points"),
    ]
    .map(|(pointer, code)| (code.to_owned(), pointer));
    expected.sort();
    assert_eq!(found, expected);
}
