//! Tests of all types of rules, and helpers shared by the tests of each.

use proptest::prelude::*;

use super::findings::RuleFindings;
use super::*;
use crate::error::{Code, Fault};

pub fn p(hundredths: i64) -> Points {
    Points::from_hundredths(hundredths)
}

fn rule(json: &str) -> Rule {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn read(rule: &Rule, json: &str, max: i64) -> Result<Answer, Fault> {
    let input: AnswerInput = serde_json::from_str(json).unwrap();
    rule.read(&input, "A.1", p(max), "/a")
}

/// Rule, maximum, answer; points, steps, and the bound that applied.
pub type Row = (&'static str, i64, &'static str, i64, &'static [&'static str], Option<&'static str>);

pub const LEVELS: &str = r#"{"type":"levels","levels":[{"code":"excellent","title":"Xuất sắc","points":40},{"code":"good","title":"Tốt","points":30}]}"#;
pub const BANDS: &str =
    r#"{"type":"rank_bands","bands":[{"from":1,"to":3,"points":20},{"from":4,"to":10,"points":12.5}]}"#;
pub const PER_CASE: &str = r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#;
pub const STEPS: &str = r#"{"type":"deduction_steps","steps":[{"cases":1,"deduction":2},{"cases":3,"deduction":5},{"cases":6,"deduction":20}]}"#;
pub const ONCE: &str = r#"{"type":"deduct_once","deduction":7.5}"#;
pub const AWARD: &str = r#"{"type":"award_per_case","points_per_case":8}"#;
pub const BOTH: &str = r#"{"type":"bonus_penalty","start":10,"bonus_per_case":4,"penalty_per_case":6,"min":2}"#;
pub const RATIO: &str = r#"{"type":"target_ratio","target":null,"over_fulfilment":null}"#;
pub const RATIO_OF_80: &str = r#"{"type":"target_ratio","target":80,"over_fulfilment":null}"#;
pub const BEST: &str = r#"{"type":"best_of","options":[{"code":"a","title":"Cấp tỉnh","points":10},{"code":"b","title":"Cấp bộ","points":20},{"code":"c","title":"Cơ sở","points":5}]}"#;

/// Checks that every row earns its points and explains them, that the rule is valid, and that both are read back as they
/// were written.
pub fn agrees_with(by_hand: &[Row]) {
    for (json, max, answer, points, steps, capped_by) in by_hand {
        let rule = rule(json);
        let read = read(&rule, answer, *max).unwrap_or_else(|fault| panic!("{json} {answer}: {fault:?}"));
        assert_eq!(rule.points(&read, p(*max)), p(*points), "{json} {answer}");
        let explanation = rule.explain(&read, p(*max));
        assert_eq!((explanation.rule, explanation.capped_by), (rule.name(), *capped_by), "{json} {answer}");
        assert_eq!(explanation.steps, *steps, "{json} {answer}");
        let stored = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&stored).unwrap(), read, "{stored}");
        assert_eq!(serde_json::to_string(&rule).unwrap(), *json);
        assert_eq!(found(&check(json, *max).errors), [], "{json}");
    }
}

#[test]
fn the_inputs_are_the_answers_figures_and_the_rules() {
    let inputs = |json, answer, max| {
        let rule = rule(json);
        serde_json::to_string(&rule.explain(&read(&rule, answer, max).unwrap(), p(max)).inputs).unwrap()
    };
    assert_eq!(inputs(PER_CASE, r#"{"cases":1}"#, 2000), r#"{"cases":1,"points_per_case":10,"floor":0,"max":20}"#);
    assert_eq!(inputs(RATIO_OF_80, r#"{"actual":70.5}"#, 3000), r#"{"actual":70.5,"target":80,"max":30}"#);
    assert_eq!(inputs(BEST, r#"{"options":["c"]}"#, 2000), r#"{"options":["c"],"max":20}"#);
    assert_eq!(inputs(STEPS, r#"{"cases":4}"#, 2000), r#"{"cases":4,"from_cases":3,"deduction":5,"max":20}"#);
}

#[test]
fn an_answer_outside_its_range_is_refused_and_never_cut() {
    const PLAIN: &str = r#"{"type":"manual"}"#;
    let table = [
        (PLAIN, r#"{"points":30.01}"#, Code::ScoreOutOfRange, "/a/points"),
        (PLAIN, r#"{"points":-0.01}"#, Code::ScoreOutOfRange, "/a/points"),
        (PLAIN, r#"{"points":1.005}"#, Code::PointsPrecision, "/a/points"),
        (PLAIN, r#"{"points":1e300}"#, Code::PointsOutOfRange, "/a/points"),
        (PLAIN, r#"{"achieved":true}"#, Code::AnswerMismatch, "/a"),
        (PLAIN, r#"{"points":1,"cases":1}"#, Code::AnswerMismatch, "/a"),
        (PLAIN, "{}", Code::AnswerMismatch, "/a"),
        (r#"{"type":"manual","step":0.5}"#, r#"{"points":0.75}"#, Code::PointsStep, "/a/points"),
        (LEVELS, r#"{"level":"poor"}"#, Code::UnknownLevel, "/a/level"),
        (LEVELS, r#"{"level":"Good"}"#, Code::UnknownLevel, "/a/level"),
        (BANDS, r#"{"rank":11}"#, Code::RankOutOfBands, "/a/rank"),
        (BANDS, r#"{"rank":0}"#, Code::NumberOutOfRange, "/a/rank"),
        (PER_CASE, r#"{"cases":-1}"#, Code::NumberOutOfRange, "/a/cases"),
        (PER_CASE, r#"{"cases":100001}"#, Code::NumberOutOfRange, "/a/cases"),
        (STEPS, r#"{"cases":9223372036854775807}"#, Code::NumberOutOfRange, "/a/cases"),
        (ONCE, r#"{"achieved":true}"#, Code::AnswerMismatch, "/a"),
        (AWARD, r#"{"rank":1}"#, Code::AnswerMismatch, "/a"),
        (BOTH, r#"{"bonus_cases":1}"#, Code::AnswerMismatch, "/a"),
        (BOTH, r#"{"bonus_cases":1,"penalty_cases":-1}"#, Code::NumberOutOfRange, "/a/penalty_cases"),
        (RATIO, r#"{"actual":1}"#, Code::AnswerMismatch, "/a"),
        (RATIO, r#"{"actual":1,"target":0}"#, Code::NumberOutOfRange, "/a/target"),
        (RATIO, r#"{"actual":-1,"target":2}"#, Code::NumberOutOfRange, "/a/actual"),
        (RATIO, r#"{"actual":0.00001,"target":2}"#, Code::NumberPrecision, "/a/actual"),
        (RATIO, r#"{"actual":1,"target":1e12}"#, Code::NumberOutOfRange, "/a/target"),
        (RATIO_OF_80, r#"{"actual":1,"target":80}"#, Code::AnswerMismatch, "/a"),
        (BEST, r#"{"options":["a","x"]}"#, Code::UnknownOption, "/a/options/1"),
        (BEST, r#"{"options":["a","b","a"]}"#, Code::DuplicateOption, "/a/options/2"),
    ];
    for (json, answer, code, pointer) in table {
        let fault = read(&rule(json), answer, 3000).unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), (code, pointer), "{json} {answer}");
    }
    let fault = read(&rule(BANDS), r#"{"rank":11}"#, 2000).unwrap_err();
    assert_eq!((&fault.params["got"], &fault.params["known"]), (&11.into(), &"1–3, 4–10".into()));
}

#[test]
fn a_rule_is_written_as_in_the_table() {
    assert_eq!(
        serde_json::to_string(&Rule::Manual(ManualRule { step: None })).unwrap(),
        r#"{"type":"manual","step":null}"#
    );
    assert_eq!(serde_json::to_string(&rule(RATIO_OF_80)).unwrap(), RATIO_OF_80);
    assert!(serde_json::from_str::<Rule>(r#"{"type":"manual","stride":1}"#).is_err());
    assert!(serde_json::from_str::<Rule>(r#"{"type":"guess"}"#).is_err());
}

fn found(faults: &[Fault]) -> Vec<(Code, &str)> {
    faults.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect()
}

fn check(json: &str, max: i64) -> RuleFindings {
    rule(json).check("A.1", p(max), "/r")
}

#[test]
fn what_an_author_should_look_at_is_no_error() {
    // The best level earns 40 of 50 points, and the ranks begin at 2: warnings, but no errors.
    assert_eq!(found(&check(LEVELS, 5000).warnings), [(Code::MaxUnreachable, "/r/levels")]);
    let late = r#"{"type":"rank_bands","bands":[{"from":5,"to":6,"points":1},{"from":2,"to":3,"points":2}]}"#;
    let warnings = check(late, 200).warnings;
    assert_eq!(found(&warnings), [(Code::BandsGap, "/r/bands/1"), (Code::BandsGap, "/r/bands/0")]);
    assert_eq!((&warnings[1].params["from"], &warnings[1].params["to"]), (&4.into(), &4.into()));
}

#[test]
fn each_mistake_in_a_rule_has_its_code_and_place() {
    let table: [(&str, Code, &str); 22] = [
        (r#"{"type":"manual","step":0}"#, Code::RuleFigureInvalid, "/r/step"),
        (r#"{"type":"manual","step":31}"#, Code::RuleExceedsMax, "/r/step"),
        (r#"{"type":"levels","levels":[]}"#, Code::RuleEmpty, "/r/levels"),
        (
            r#"{"type":"levels","levels":[{"code":"a","title":"a","points":1},{"code":"a","title":"b","points":2}]}"#,
            Code::DuplicateChoice,
            "/r/levels/1/code",
        ),
        (
            r#"{"type":"levels","levels":[{"code":"a","title":"a","points":31}]}"#,
            Code::RuleExceedsMax,
            "/r/levels/0/points",
        ),
        (
            r#"{"type":"best_of","options":[{"code":"a","title":"a","points":-1}]}"#,
            Code::RuleFigureInvalid,
            "/r/options/0/points",
        ),
        (r#"{"type":"best_of","options":[]}"#, Code::RuleEmpty, "/r/options"),
        (r#"{"type":"rank_bands","bands":[]}"#, Code::RuleEmpty, "/r/bands"),
        (r#"{"type":"rank_bands","bands":[{"from":0,"to":1,"points":1}]}"#, Code::RuleFigureInvalid, "/r/bands/0"),
        (r#"{"type":"rank_bands","bands":[{"from":3,"to":1,"points":1}]}"#, Code::RuleFigureInvalid, "/r/bands/0"),
        (
            r#"{"type":"rank_bands","bands":[{"from":1,"to":5,"points":2},{"from":5,"to":6,"points":1}]}"#,
            Code::BandsOverlap,
            "/r/bands/1",
        ),
        (
            r#"{"type":"deduction_per_case","points_per_case":0,"floor":0}"#,
            Code::RuleFigureInvalid,
            "/r/points_per_case",
        ),
        (r#"{"type":"deduction_per_case","points_per_case":1,"floor":31}"#, Code::RuleExceedsMax, "/r/floor"),
        (r#"{"type":"deduction_steps","steps":[]}"#, Code::RuleEmpty, "/r/steps"),
        (
            r#"{"type":"deduction_steps","steps":[{"cases":0,"deduction":1}]}"#,
            Code::RuleFigureInvalid,
            "/r/steps/0/cases",
        ),
        (
            r#"{"type":"deduction_steps","steps":[{"cases":1,"deduction":2},{"cases":2,"deduction":2}]}"#,
            Code::StepsOutOfOrder,
            "/r/steps/1",
        ),
        (r#"{"type":"deduct_once","deduction":31}"#, Code::RuleExceedsMax, "/r/deduction"),
        (r#"{"type":"award_per_case","points_per_case":-1}"#, Code::RuleFigureInvalid, "/r/points_per_case"),
        (
            r#"{"type":"bonus_penalty","bonus_per_case":1,"penalty_per_case":1,"min":5}"#,
            Code::RuleFigureInvalid,
            "/r/min",
        ),
        (
            r#"{"type":"bonus_penalty","bonus_per_case":0,"penalty_per_case":0,"min":0}"#,
            Code::RuleFigureInvalid,
            "/r/bonus_per_case",
        ),
        (
            r#"{"type":"bonus_penalty","start":31,"bonus_per_case":1,"penalty_per_case":1,"min":0}"#,
            Code::RuleExceedsMax,
            "/r/start",
        ),
        (r#"{"type":"target_ratio","target":0}"#, Code::RuleFigureInvalid, "/r/target"),
    ];
    for (json, code, place) in table {
        let errors = check(json, 3000).errors;
        assert!(found(&errors).contains(&(code, place)), "{json}: {errors:?}");
    }
    let long = format!(
        r#"{{"type":"best_of","options":[{}]}}"#,
        vec![r#"{"code":"a","title":"a","points":1}"#; MAX_ROWS + 1].join(",")
    );
    // A list that is far too long is not checked row by row.
    assert_eq!(found(&check(&long, 3000).errors), [(Code::RuleEmpty, "/r/options")]);
}

/// Checks that points are within bounds, as for every rule.
pub fn within(points: Points, least: i64, most: i64) -> Result<(), TestCaseError> {
    prop_assert!(points >= p(least) && points <= p(most), "{points} is not from {least} to {most}");
    Ok(())
}

prop_compose! {
    /// Points of levels and options, of which one may earn all.
    pub fn choices()(max in 1_i64..=100_000)(points in proptest::collection::vec(0..=max, 1..20), max in Just(max)) -> (i64, Vec<Choice>) {
        let choice = |(at, points): (usize, i64)| Choice { code: format!("c{at}"), title: "x".into(), points: p(points) };
        (max, points.into_iter().enumerate().map(choice).collect())
    }
}
