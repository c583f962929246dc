//! Tables of every structure with their sums worked out by hand.

use serde_json::{Value, json};

use super::{LineInput, Scorer, ScoringTable, Sheet, Tally, Totals, WriteMode};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::CriteriaContent;
use crate::error::Code;

fn table(further: &Value, parts: &Value) -> ScoringTable {
    let mut content = json!({"code": "T", "title": "T", "year": 2024, "total_points": 100, "parts": parts});
    content.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    ScoringTable::of(&serde_json::from_value::<CriteriaContent>(content).unwrap())
}

fn part(kind: &str, max_points: f64, further: &Value, children: &Value) -> Value {
    let code = match kind {
        "base" => "A",
        "bonus" => "B",
        _ => "C",
    };
    let mut part = json!({"code": code, "title": "x", "kind": kind, "max_points": max_points, "children": children});
    part.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    part
}

fn node(code: &str, max_points: f64, further: &Value) -> Value {
    let mut node = json!({"code": code, "title": "x", "max_points": max_points, "rule": {"type": "manual"}});
    node.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    node
}

fn section(code: &str, max_points: f64, further: &Value, children: &Value) -> Value {
    let mut section = node(code, max_points, further);
    (section["rule"], section["children"]) = (Value::Null, children.clone());
    section
}

fn per_case(code: &str, max_points: f64, points: f64) -> Value {
    node(code, max_points, &json!({"rule": {"type": "deduction_per_case", "points_per_case": points, "floor": 0}}))
}

fn written(table: &ScoringTable, answers: &[(&str, Value)]) -> Sheet {
    let lines: Vec<LineInput> = answers
        .iter()
        .map(|(code, answer)| LineInput {
            criterion_code: (*code).to_owned(),
            answer: Some(serde_json::from_value(answer.clone()).unwrap()),
            note: None,
            reason: None,
        })
        .collect();
    table.write(&table.blank(), &lines, WriteMode::Replace, Scorer::Reviewer).unwrap()
}

fn tally(table: &ScoringTable, answers: &[(&str, Value)]) -> Tally {
    table.tally(&written(table, answers))
}

/// Base, bonus, penalty and total.
fn totals(table: &ScoringTable, answers: &[(&str, Value)]) -> [String; 4] {
    let Totals { base, bonus, penalty, total } = tally(table, answers).totals.unwrap();
    [base, bonus, penalty, total].map(|points| points.to_string())
}

fn steps(table: &ScoringTable, tally: &Tally, code: &str) -> Vec<String> {
    let at = table.nodes.iter().position(|node| node.code == code).unwrap();
    tally.nodes[at].steps.clone()
}

fn points(points: f64) -> Value {
    json!({"points": points})
}

fn out() -> Value {
    json!({"not_applicable": true})
}

/// The part is 50 + 10 + 30 = 90 of 100: A.2.2 loses 10, of which 5 count, and A.2 is 5 · 20/10 = 10.
#[test]
fn deductions_count_before_what_does_not_apply_is_made_up_for() {
    let children = json!([
        per_case("A.1", 50.0, 5.0),
        section("A.2", 20.0, &json!({}), &json!([per_case("A.2.1", 10.0, 10.0), per_case("A.2.2", 10.0, 10.0)])),
        node("A.3", 30.0, &json!({})),
    ]);
    let part = part("base", 100.0, &json!({"max_deduction": 5}), &children);
    let table = table(&json!({"not_applicable": "rescaled"}), &json!([part]));
    let answers =
        [("A.1", json!({"cases": 0})), ("A.2.1", out()), ("A.2.2", json!({"cases": 1})), ("A.3", points(30.0))];
    let tally = tally(&table, &answers);
    assert_eq!(tally.totals.unwrap().total.to_string(), "90");
    assert_eq!(steps(&table, &tally, "A.2.2"), ["0 + (10 - 5) = 5"]);
    assert_eq!(steps(&table, &tally, "A.2"), ["5 × 20 / (20 - 10) = 10"]);
    assert_eq!(steps(&table, &tally, "A"), ["min(10, 5) = 5"]);
}

#[test]
fn a_section_sums_caps_or_takes_the_best() {
    let children =
        json!([node("A.1.1", 30.0, &json!({})), node("A.1.2", 30.0, &json!({})), node("A.1.3", 20.0, &json!({}))]);
    for (combine, given, expected, step) in [
        ("capped_sum", [points(30.0), points(15.0), points(5.0)], "40", Some("min(50, 40) = 40")),
        ("capped_sum", [points(10.0), points(15.0), points(5.0)], "30", None),
        ("highest", [points(10.0), points(15.0), points(5.0)], "15", None),
        ("highest", [points(10.0), out(), points(5.0)], "10", None),
        ("highest", [out(), out(), out()], "0", None),
    ] {
        let max = if combine == "highest" { 30.0 } else { 40.0 };
        let section = section("A.1", max, &json!({"combine": combine}), &children);
        let table =
            table(&json!({"not_applicable": "excluded"}), &json!([part("base", max, &json!({}), &json!([section]))]));
        let given: Vec<(&str, Value)> = ["A.1.1", "A.1.2", "A.1.3"].into_iter().zip(given).collect();
        let tally = tally(&table, &given);
        assert_eq!(tally.totals.unwrap().total.to_string(), expected, "{combine} {given:?}");
        assert_eq!(steps(&table, &tally, "A.1"), step.into_iter().collect::<Vec<_>>(), "{combine}");
    }
}

/// 12 of what can still be reached, min(40, 80 - 30) = 40: nothing to make up. Without two of them, 12 of 20 is 24 of 40.
#[test]
fn a_capped_sum_is_rescaled_by_what_can_still_be_reached() {
    let children =
        json!([node("A.1.1", 30.0, &json!({})), node("A.1.2", 30.0, &json!({})), node("A.1.3", 20.0, &json!({}))]);
    let section = section("A.1", 40.0, &json!({"combine": "capped_sum"}), &children);
    let table =
        table(&json!({"not_applicable": "rescaled"}), &json!([part("base", 40.0, &json!({}), &json!([section]))]));
    let one = [("A.1.1", out()), ("A.1.2", points(2.0)), ("A.1.3", points(10.0))];
    assert_eq!(totals(&table, &one)[3], "12");
    let two = [("A.1.1", out()), ("A.1.2", out()), ("A.1.3", points(12.0))];
    assert_eq!(totals(&table, &two)[3], "24");
}

/// A.1 of 20 does not apply; A.2 has 30 of 40, A.3 a base of 40; the bonus part is never made up for.
#[test]
fn what_does_not_apply_has_five_forms() {
    let children = json!([
        section("A.1", 60.0, &json!({}), &json!([node("A.1.1", 20.0, &json!({})), node("A.1.2", 40.0, &json!({}))])),
        node("A.2", 40.0, &json!({})),
    ]);
    let parts = json!([
        part("base", 100.0, &json!({}), &children),
        part("bonus", 10.0, &json!({}), &json!([node("B.1", 5.0, &json!({})), node("B.2", 5.0, &json!({}))])),
    ]);
    let answers =
        [("A.1.1", out()), ("A.1.2", points(30.0)), ("A.2", points(20.0)), ("B.1", out()), ("B.2", points(3.0))];
    for (form, base) in [
        ("excluded", "50"),
        // 30 · 60/40 = 45.
        ("rescaled", "65"),
        // 50 · 100/80.
        ("rescaled_total", "62.5"),
        ("full_points", "70"),
    ] {
        let table = table(&json!({"not_applicable": form}), &parts);
        let total = (base.parse::<f64>().unwrap() + 3.0).to_string();
        assert_eq!(totals(&table, &answers), [base, "3", "0", total.as_str()], "{form}");
    }
    let table = table(&json!({"not_applicable": "refused"}), &parts);
    let line = LineInput {
        criterion_code: "A.2".into(),
        answer: Some(serde_json::from_value(out()).unwrap()),
        note: None,
        reason: None,
    };
    let refused = table.write(&table.blank(), &[line], WriteMode::Replace, Scorer::Reviewer).unwrap_err();
    assert_eq!(refused[0].code, Code::NotApplicableRefused);
}

/// A node's own form goes before that of its section and of the table.
#[test]
fn the_nearest_form_counts() {
    let children = json!([
        node("A.1", 20.0, &json!({"not_applicable": "full_points"})),
        section(
            "A.2",
            80.0,
            &json!({"not_applicable": "rescaled"}),
            &json!([node("A.2.1", 40.0, &json!({})), node("A.2.2", 40.0, &json!({}))])
        ),
    ]);
    let table = table(&json!({}), &json!([part("base", 100.0, &json!({}), &children)]));
    let answers = [("A.1", out()), ("A.2.1", out()), ("A.2.2", points(30.0))];
    assert_eq!(totals(&table, &answers), ["80", "0", "0", "80"]);
}

#[test]
fn penalties_go_below_zero_as_far_as_floors_let_them() {
    let rule = json!({"rule": {"type": "deduction_per_case", "points_per_case": 2.5}});
    let with = |min_points: Value| {
        let mut further = rule.clone();
        further["min_points"] = min_points;
        further
    };
    let penalties = json!([node("C.1", 0.0, &with(json!(-12))), node("C.2", 0.0, &with(Value::Null))]);
    let parts = |min_points: Value| {
        let floor = if min_points.is_null() { json!({}) } else { json!({"min_points": min_points}) };
        json!([
            part("base", 100.0, &json!({}), &json!([node("A.1", 100.0, &json!({}))])),
            part("penalty", 0.0, &floor, &penalties)
        ])
    };
    let cases = |first: i64, second: i64| {
        [("A.1", points(30.0)), ("C.1", json!({"cases": first})), ("C.2", json!({"cases": second}))]
    };
    let (open, floored) = (table(&json!({}), &parts(Value::Null)), table(&json!({}), &parts(json!(-20))));
    assert_eq!(totals(&open, &cases(1, 2)), ["30", "0", "-7.5", "22.5"]);
    assert_eq!(totals(&open, &cases(9, 2)), ["30", "0", "-17", "13"]);
    assert_eq!(totals(&open, &cases(9, 20)), ["30", "0", "-62", "0"]);
    assert_eq!(tally(&open, &cases(9, 20)).steps, ["max(-32, 0) = 0"]);
    assert_eq!(totals(&floored, &cases(9, 20)), ["30", "0", "-20", "10"]);
    let lower = table(&json!({"minimum_total": -50}), &parts(Value::Null));
    assert_eq!(totals(&lower, &cases(9, 20)), ["30", "0", "-62", "-32"]);
}

/// Two criteria of different sections lose 8 and 9, of which 12 count: 8 and 4. Awards of 6 and 5 count as 8: the bonus goes first.
#[test]
fn limits_hold_criteria_together_across_sections() {
    let over = json!({"bonus_max_points": 4});
    let children = json!([
        section("A.1", 40.0, &json!({}), &json!([per_case("A.1.1", 20.0, 8.0), node("A.1.2", 20.0, &json!({}))])),
        section("A.2", 40.0, &json!({}), &json!([per_case("A.2.1", 20.0, 9.0), node("A.2.2", 20.0, &over)])),
    ]);
    let limits = json!({"limits": [
        {"code": "d", "title": "x", "criteria": ["A.1.1", "A.2.1"], "max_deduction": 12},
        {"code": "a", "title": "x", "criteria": ["A.1.2", "A.2.2"], "max_award": 28},
    ]});
    let table = table(&limits, &json!([part("base", 80.0, &json!({}), &children)]));
    let answers = [
        ("A.1.1", json!({"cases": 1})),
        ("A.1.2", points(6.0)),
        ("A.2.1", json!({"cases": 1})),
        ("A.2.2", points(23.0)),
    ];
    // 12 + 6 + 16 + 20, and of the 3 beyond A.2.2 the limit leaves 2.
    assert_eq!(totals(&table, &answers), ["54", "2", "0", "56"]);
    let tally = tally(&table, &answers);
    let steps: Vec<&[String]> = tally.limits.iter().map(|limit| limit.steps.as_slice()).collect();
    assert_eq!(steps, [["min(17, 12) = 12".to_owned()], ["min(29, 28) = 28".to_owned()]]);
    assert_eq!(table.breakdown(&tally).deducted, Points::from_hundredths(1200));
}

#[test]
fn what_the_standing_body_scores_is_not_asked_of_the_unit() {
    let children = json!([node("A.1", 60.0, &json!({})), node("A.2", 40.0, &json!({"scored_by": "standing_body"}))]);
    let table = table(&json!({}), &json!([part("base", 100.0, &json!({}), &children)]));
    let line = |code: &str| LineInput {
        criterion_code: code.into(),
        answer: Some(serde_json::from_value(points(5.0)).unwrap()),
        note: None,
        reason: None,
    };
    let refused = table.write(&table.blank(), &[line("A.2")], WriteMode::Update, Scorer::Unit).unwrap_err();
    assert_eq!((refused[0].code, refused[0].pointer.as_str()), (Code::NotScoredByUnit, "/scores/0/answer"));
    let own = table.write(&table.blank(), &[line("A.1")], WriteMode::Update, Scorer::Unit).unwrap();
    assert_eq!(table.missing(&own, Scorer::Unit, |_| true), []);
    assert_eq!(table.missing(&own.copied(), Scorer::Reviewer, |_| true).len(), 1);
    let review = table.write(&own.copied(), &[line("A.2")], WriteMode::Update, Scorer::Reviewer).unwrap();
    assert_eq!(
        (table.missing(&review, Scorer::Reviewer, |_| true), table.unexplained(&own, &review)),
        (vec![], vec![])
    );
}

/// Evidence is asked for points above zero, not for penalties.
#[test]
fn penalties_ask_for_no_evidence() {
    let evidence = json!({"evidence_required": true, "min_points": -5});
    let parts = json!([
        part("base", 100.0, &json!({}), &json!([node("A.1", 100.0, &json!({"evidence_required": true}))])),
        part("penalty", 0.0, &json!({}), &json!([node("C.1", 0.0, &evidence)])),
    ]);
    let table = table(&json!({}), &parts);
    let sheet = written(&table, &[("A.1", points(0.0)), ("C.1", points(-5.0))]);
    assert_eq!(table.missing(&sheet, Scorer::Unit, |_| false), []);
    let sheet = written(&table, &[("A.1", points(0.5)), ("C.1", points(-5.0))]);
    assert_eq!(table.missing(&sheet, Scorer::Unit, |_| false)[0].code, Code::EvidenceRequired);
}
