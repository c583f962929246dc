use proptest::prelude::*;

use super::check::RuleFindings;
use super::*;
use crate::error::{Code, Fault};

fn p(hundredths: i64) -> Points {
    Points::from_hundredths(hundredths)
}

fn rule(json: &str) -> Rule {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn read(rule: &Rule, json: &str, max: i64) -> Result<Answer, Fault> {
    let input: AnswerInput = serde_json::from_str(json).unwrap();
    rule.read(&input, "A.1", p(max), "/a")
}

/// Rule, maximum, answer; points, steps, and the bound that decided.
type Row = (&'static str, i64, &'static str, i64, &'static [&'static str], Option<&'static str>);

const LEVELS: &str = r#"{"type":"levels","levels":[{"code":"excellent","title":"Xuất sắc","points":40},{"code":"good","title":"Tốt","points":30}]}"#;
const BANDS: &str = r#"{"type":"rank_bands","bands":[{"from":1,"to":3,"points":20},{"from":4,"to":10,"points":12.5}]}"#;
const PER_CASE: &str = r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#;
const STEPS: &str = r#"{"type":"deduction_steps","steps":[{"cases":1,"deduction":2},{"cases":3,"deduction":5},{"cases":6,"deduction":20}]}"#;
const ONCE: &str = r#"{"type":"deduct_once","deduction":7.5}"#;
const AWARD: &str = r#"{"type":"award_per_case","points_per_case":8}"#;
const BOTH: &str = r#"{"type":"bonus_penalty","start":10,"bonus_per_case":4,"penalty_per_case":6,"min":2}"#;
const RATIO: &str = r#"{"type":"target_ratio"}"#;
const RATIO_OF_80: &str = r#"{"type":"target_ratio","target":80}"#;
const BEST: &str = r#"{"type":"best_of","options":[{"code":"a","title":"Cấp tỉnh","points":10},{"code":"b","title":"Cấp bộ","points":20},{"code":"c","title":"Cơ sở","points":5}]}"#;

/// Each worked out by hand.
const BY_HAND: [Row; 34] = [
    (r#"{"type":"manual"}"#, 3000, r#"{"points":27.5}"#, 2750, &[], None),
    (r#"{"type":"manual","step":0.5}"#, 3000, r#"{"points":0}"#, 0, &[], None),
    (r#"{"type":"all_or_nothing"}"#, 2000, r#"{"achieved":true}"#, 2000, &[], None),
    (r#"{"type":"all_or_nothing"}"#, 2000, r#"{"achieved":false}"#, 0, &[], None),
    (LEVELS, 4000, r#"{"level":"excellent"}"#, 4000, &["excellent = 40"], None),
    (LEVELS, 4000, r#"{"level":"good"}"#, 3000, &["good = 30"], None),
    (BANDS, 2000, r#"{"rank":1}"#, 2000, &["1 ≤ 1 ≤ 3: 20"], None),
    (BANDS, 2000, r#"{"rank":3}"#, 2000, &["1 ≤ 3 ≤ 3: 20"], None),
    (BANDS, 2000, r#"{"rank":4}"#, 1250, &["4 ≤ 4 ≤ 10: 12.5"], None),
    (PER_CASE, 2000, r#"{"cases":0}"#, 2000, &["20 - 0 × 10 = 20"], None),
    (PER_CASE, 2000, r#"{"cases":1}"#, 1000, &["20 - 1 × 10 = 10"], None),
    (PER_CASE, 2000, r#"{"cases":2}"#, 0, &["20 - 2 × 10 = 0"], None),
    (PER_CASE, 2000, r#"{"cases":3}"#, 0, &["20 - 3 × 10 = -10", "max(-10, 0) = 0"], Some("floor")),
    (STEPS, 2000, r#"{"cases":0}"#, 2000, &[], None),
    (STEPS, 2000, r#"{"cases":2}"#, 1800, &["20 - 2 = 18"], None),
    (STEPS, 2000, r#"{"cases":5}"#, 1500, &["20 - 5 = 15"], None),
    (STEPS, 2000, r#"{"cases":600}"#, 0, &["20 - 20 = 0"], None),
    (ONCE, 2000, r#"{"done":true}"#, 2000, &[], None),
    (ONCE, 2000, r#"{"done":false}"#, 1250, &["20 - 7.5 = 12.5"], None),
    (AWARD, 3000, r#"{"cases":0}"#, 0, &["0 × 8 = 0"], None),
    (AWARD, 3000, r#"{"cases":3}"#, 2400, &["3 × 8 = 24"], None),
    (AWARD, 3000, r#"{"cases":4}"#, 3000, &["4 × 8 = 32", "min(32, 30) = 30"], Some("max")),
    (BOTH, 2000, r#"{"bonus_cases":2,"penalty_cases":1}"#, 1200, &["10 + 2 × 4 - 1 × 6 = 12"], None),
    (
        BOTH,
        2000,
        r#"{"bonus_cases":3,"penalty_cases":0}"#,
        2000,
        &["10 + 3 × 4 - 0 × 6 = 22", "min(22, 20) = 20"],
        Some("max"),
    ),
    (
        BOTH,
        2000,
        r#"{"bonus_cases":0,"penalty_cases":2}"#,
        200,
        &["10 + 0 × 4 - 2 × 6 = -2", "max(-2, 2) = 2"],
        Some("min"),
    ),
    (RATIO, 10_000, r#"{"actual":95,"target":100}"#, 9500, &["100 × min(95 / 100, 1) = 95"], None),
    (RATIO, 10_000, r#"{"actual":1,"target":3}"#, 3333, &["100 × min(1 / 3, 1) = 33.33"], None),
    (RATIO, 10_000, r#"{"actual":2,"target":3}"#, 6667, &["100 × min(2 / 3, 1) = 66.67"], None),
    // 0.025 stands between two hundredths: up.
    (RATIO, 20, r#"{"actual":1,"target":8}"#, 3, &["0.2 × min(1 / 8, 1) = 0.03"], None),
    (RATIO_OF_80, 3000, r#"{"actual":70.5}"#, 2644, &["30 × min(70.5 / 80, 1) = 26.44"], None),
    (RATIO_OF_80, 3000, r#"{"actual":81}"#, 3000, &["30 × min(81 / 80, 1) = 30"], Some("max")),
    (BEST, 2000, r#"{"options":["a","c"]}"#, 1000, &["max(a = 10, c = 5) = 10"], None),
    (BEST, 2000, r#"{"options":["c","b","a"]}"#, 2000, &["max(a = 10, b = 20, c = 5) = 20"], None),
    (BEST, 2000, r#"{"options":[]}"#, 0, &[], None),
];

#[test]
fn every_rule_gives_what_a_hand_gives_and_says_how() {
    for (json, max, answer, points, steps, capped_by) in BY_HAND {
        let rule = rule(json);
        let read = read(&rule, answer, max).unwrap_or_else(|fault| panic!("{json} {answer}: {fault:?}"));
        assert_eq!(rule.points(&read, p(max)), p(points), "{json} {answer}");
        let explanation = rule.explain(&read, p(max));
        assert_eq!((explanation.rule, explanation.capped_by), (rule.name(), capped_by), "{json} {answer}");
        assert_eq!(explanation.steps, steps, "{json} {answer}");
        let stored = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&stored).unwrap(), read, "{stored}");
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
    for (json, ..) in BY_HAND {
        assert_eq!(rule(&serde_json::to_string(&rule(json)).unwrap()), rule(json), "{json}");
    }
    assert_eq!(serde_json::to_string(&Rule::Manual { step: None }).unwrap(), r#"{"type":"manual"}"#);
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
fn rules_that_make_sense_have_no_errors() {
    for (json, max, ..) in BY_HAND {
        assert_eq!(found(&check(json, max).errors), [], "{json}");
    }
    // The best level of 40 in a criterion of 50, ranks that begin at 2: the author is told, nothing is refused.
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
    // What is far too long is not gone through row by row.
    assert_eq!(found(&check(&long, 3000).errors), [(Code::RuleEmpty, "/r/options")]);
}

/// What is in no doubt for any rule: never under the least, never over the most.
fn within(points: Points, least: i64, most: i64) -> Result<(), TestCaseError> {
    prop_assert!(points >= p(least) && points <= p(most), "{points} is not from {least} to {most}");
    Ok(())
}

prop_compose! {
    /// Points of levels and options, of which one may earn all.
    fn choices()(max in 1_i64..=100_000)(points in proptest::collection::vec(0..=max, 1..20), max in Just(max)) -> (i64, Vec<Choice>) {
        let choice = |(at, points): (usize, i64)| Choice { code: format!("c{at}"), title: "x".into(), points: p(points) };
        (max, points.into_iter().enumerate().map(choice).collect())
    }
}

proptest! {
    #[test]
    fn manual_points_are_as_given(max in 1_i64..=100_000, given in -200_000_i64..=200_000) {
        let rule = Rule::Manual { step: None };
        let answer = AnswerInput { points: Some(p(given).into()), ..AnswerInput::default() };
        match rule.read(&answer, "A.1", p(max), "") {
            Ok(answer) => {
                prop_assert_eq!(rule.points(&answer, p(max)), p(given));
                within(p(given), 0, max)?;
            }
            Err(fault) => prop_assert!(fault.code == Code::ScoreOutOfRange && !(0..=max).contains(&given)),
        }
    }

    #[test]
    fn a_level_earns_its_points_and_nothing_else((max, levels) in choices(), pick in any::<prop::sample::Index>()) {
        let picked = pick.get(&levels).clone();
        let rule = Rule::Levels { levels };
        let points = rule.points(&Answer::Level { level: picked.code }, p(max));
        prop_assert_eq!(points, picked.points);
        within(points, 0, max)?;
    }

    #[test]
    fn the_best_option_counts_and_another_one_never_hurts(
        (max, options) in choices(), mask in proptest::collection::vec(any::<bool>(), 20), more in any::<prop::sample::Index>(),
    ) {
        let mut named: Vec<String> = options.iter().zip(&mask).filter(|(_, held)| **held).map(|(option, _)| option.code.clone()).collect();
        // The oracle sorts.
        let mut held: Vec<i64> = options.iter().zip(&mask).filter(|(_, held)| **held).map(|(option, _)| option.points.hundredths()).collect();
        held.sort_unstable();
        let another = more.get(&options).code.clone();
        let rule = Rule::BestOf { options };
        let points = rule.points(&Answer::Options { options: named.clone() }, p(max));
        prop_assert_eq!(points.hundredths(), held.pop().unwrap_or(0));
        named.push(another);
        let with_another = rule.points(&Answer::Options { options: named }, p(max));
        prop_assert!(with_another >= points);
    }

    #[test]
    fn a_rank_earns_what_its_band_has(max in 1_i64..=100_000, widths in proptest::collection::vec((1_u32..=5, 0_i64..=100), 1..20), rank in 1_u32..=120) {
        // The oracle is the list of all ranks.
        let (mut by_rank, mut bands) = (Vec::new(), Vec::new());
        for (width, share) in widths {
            let from = u32::try_from(by_rank.len()).unwrap() + 1;
            by_rank.extend(std::iter::repeat_n(max * share / 100, usize::try_from(width).unwrap()));
            bands.push(Band { from, to: from + width - 1, points: p(max * share / 100) });
        }
        let rule = Rule::RankBands { bands };
        prop_assert!(rule.check("A.1", p(max), "").errors.is_empty());
        let answer = AnswerInput { rank: Some(i64::from(rank)), ..AnswerInput::default() };
        match (rule.read(&answer, "A.1", p(max), ""), by_rank.get(usize::try_from(rank).unwrap() - 1)) {
            (Ok(answer), Some(points)) => prop_assert_eq!(rule.points(&answer, p(max)), p(*points)),
            (Err(fault), None) => prop_assert_eq!(fault.code, Code::RankOutOfBands),
            (read, expected) => prop_assert!(false, "{read:?} {expected:?}"),
        }
    }

    #[test]
    fn a_deduction_stays_between_floor_and_max_and_never_rises(
        max in 0_i64..=100_000, per_case in 1_i64..=100_000, floor_share in 0_i64..=100, cases in 0_u32..=100_000,
    ) {
        let floor = max * floor_share / 100;
        let rule = Rule::DeductionPerCase { points_per_case: p(per_case), floor: p(floor) };
        let points = rule.points(&Answer::Cases { cases }, p(max));
        // The oracle counts one case after the other.
        let oracle = (0..cases).try_fold(max, |left, _| if left - per_case < floor { Err(floor) } else { Ok(left - per_case) });
        prop_assert_eq!(points.hundredths(), oracle.unwrap_or_else(|floor| floor));
        within(points, floor, max)?;
        let one_more = rule.points(&Answer::Cases { cases: cases + 1 }, p(max));
        prop_assert!(one_more <= points);
    }

    #[test]
    fn steps_take_away_what_the_last_one_reached_says(
        max in 1_i64..=100_000, rises in proptest::collection::vec((1_u32..=50, 1_i64..=1000), 1..20), cases in 0_u32..=1200,
    ) {
        let mut steps: Vec<Step> = Vec::new();
        for (more, deduction) in rises {
            let (before, lost) = steps.last().map_or((0, 0), |step| (step.cases, step.deduction.hundredths()));
            if lost + deduction <= max {
                steps.push(Step { cases: before + more, deduction: p(lost + deduction) });
            }
        }
        prop_assume!(!steps.is_empty());
        // The oracle walks case by case.
        let mut oracle = max;
        for case in 1..=cases {
            if let Some(step) = steps.iter().find(|step| step.cases == case) {
                oracle = max - step.deduction.hundredths();
            }
        }
        let rule = Rule::DeductionSteps { steps };
        prop_assert!(rule.check("A.1", p(max), "").errors.is_empty());
        let points = rule.points(&Answer::Cases { cases }, p(max));
        prop_assert_eq!(points.hundredths(), oracle);
        within(points, 0, max)?;
        let one_more = rule.points(&Answer::Cases { cases: cases + 1 }, p(max));
        prop_assert!(one_more <= points);
    }

    #[test]
    fn a_duty_left_undone_costs_its_deduction(max in 1_i64..=100_000, share in 1_i64..=100) {
        let deduction = (max * share / 100).max(1);
        let rule = Rule::DeductOnce { deduction: p(deduction) };
        prop_assert_eq!(rule.points(&Answer::Done { done: true }, p(max)), p(max));
        prop_assert_eq!(rule.points(&Answer::Done { done: false }, p(max)), p(max - deduction));
        prop_assert!(rule.check("A.1", p(max), "").errors.is_empty());
    }

    #[test]
    fn an_award_grows_case_by_case_up_to_the_maximum(max in 1_i64..=100_000, per_case in 1_i64..=100_000, cases in 0_u32..=100_000) {
        let rule = Rule::AwardPerCase { points_per_case: p(per_case) };
        let points = rule.points(&Answer::Cases { cases }, p(max));
        // The oracle adds until it is full.
        let oracle = (0..cases).try_fold(0, |sum, _| if sum + per_case > max { Err(max) } else { Ok(sum + per_case) });
        prop_assert_eq!(points.hundredths(), oracle.unwrap_or_else(|full| full));
        within(points, 0, max)?;
        let one_more = rule.points(&Answer::Cases { cases: cases + 1 }, p(max));
        prop_assert!(one_more >= points);
    }

    #[test]
    fn bonuses_raise_penalties_lower_and_the_bounds_hold(
        max in 1_i64..=100_000, bounds in (0_i64..=100, 0_i64..=100), per_case in (0_i64..=5_000, 0_i64..=5_000), cases in (0_u32..=1000, 0_u32..=1000),
    ) {
        let (low, high) = (bounds.0.min(bounds.1) * max / 100, bounds.0.max(bounds.1) * max / 100);
        let rule = Rule::BonusPenalty { start: p(high), bonus_per_case: p(per_case.0), penalty_per_case: p(per_case.1), min: p(low) };
        let points = |bonus_cases, penalty_cases| rule.points(&Answer::BonusPenalty { bonus_cases, penalty_cases }, p(max));
        let now = points(cases.0, cases.1);
        let sum = high + per_case.0 * i64::from(cases.0) - per_case.1 * i64::from(cases.1);
        prop_assert_eq!(now.hundredths(), if sum > max { max } else if sum < low { low } else { sum });
        within(now, low, max)?;
        prop_assert!(points(cases.0 + 1, cases.1) >= now && points(cases.0, cases.1 + 1) <= now);
    }

    #[test]
    fn a_ratio_is_rounded_half_up_and_never_passes_the_maximum(
        max in 1_i64..=100_000_000, actual in 0_i64..=10_000_000_000, target in 1_i64..=10_000_000_000,
    ) {
        let quantity = |units: i64| -> Quantity { serde_json::from_str(&format!("{}.{:04}", units / 10_000, units % 10_000)).unwrap() };
        let rule = Rule::TargetRatio { target: None };
        let points = |actual| rule.points(&Answer::Ratio { actual: quantity(actual), target: Some(quantity(target)) }, p(max));
        let earned = points(actual);
        within(earned, 0, max)?;
        if actual >= target {
            prop_assert_eq!(earned, p(max));
        } else {
            // What half up means: the exact value lies from half a hundredth below to just under half above.
            let (twice, exact) = (2 * i128::from(earned.hundredths()), 2 * i128::from(max) * i128::from(actual));
            prop_assert!((twice - 1) * i128::from(target) <= exact && exact < (twice + 1) * i128::from(target));
        }
        prop_assert!(points(actual + 1) >= earned);
        let own = Rule::TargetRatio { target: Some(quantity(target)) };
        prop_assert_eq!(own.points(&Answer::Ratio { actual: quantity(actual), target: None }, p(max)), earned);
    }
}
