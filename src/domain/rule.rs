//! How one criterion turns an answer into points.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::points::{Decimal, Points};
use crate::error::{Code, Fault};

/// The most cases that one answer may count.
const MAX_CASES: i64 = 100_000;

/// The rule of a criterion.
///
/// Source: the guideline's table; what it leaves open is `manual`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Points as given, from 0 to the maximum, a multiple of `step` where there is one. Answer: `{"points": 27.5}`.
    Manual {
        /// Points come in whole steps of this size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Points>,
    },
    /// The maximum or nothing (III.1 "không thực hiện không tính điểm"). Answer: `{"achieved": true}`.
    AllOrNothing {},
    /// The maximum less `points_per_case` for each case, not under `floor` (IV.4). Answer: `{"cases": 1}`.
    DeductionPerCase {
        /// Points lost for one case.
        points_per_case: Points,
        /// What is left however many cases there are.
        floor: Points,
    },
}

/// An answer as it was sent: which of the fields belong to it, the criterion's rule says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerInput {
    /// For `manual`.
    pub points: Option<Decimal>,
    /// For `all_or_nothing`.
    pub achieved: Option<bool>,
    /// For `deduction_per_case`.
    pub cases: Option<i64>,
}

/// An answer that fits its criterion's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To `manual`.
    Points(Points),
    /// To `all_or_nothing`.
    Achieved(bool),
    /// To `deduction_per_case`.
    Cases(u32),
}

/// A figure that went into a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Figure {
    /// Points.
    Points(Points),
    /// A number of cases.
    Count(u32),
    /// A yes or no.
    Flag(bool),
}

/// Figures by name, in the order in which they are used.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = Object, example = json!({"cases": 1, "points_per_case": 10, "floor": 0, "max": 20}))]
pub struct Figures(Vec<(&'static str, Figure)>);

impl Serialize for Figures {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, figure)| (name, figure)))
    }
}

/// Enough to recompute a score by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    /// The rule's type.
    #[schema(example = "deduction_per_case")]
    pub rule: &'static str,
    /// The figures that went in: those of the rule and those of the answer.
    pub inputs: Figures,
    /// The arithmetic, line by line; empty where the points are as given.
    #[schema(example = json!(["20 - 1 × 10 = 10"]))]
    pub steps: Vec<String>,
    /// `max` or `floor` where that bound decided, else null.
    pub capped_by: Option<&'static str>,
}

impl Rule {
    /// The rule's type as it is written in a criteria set.
    pub const fn name(&self) -> &'static str {
        match self {
            Rule::Manual { .. } => "manual",
            Rule::AllOrNothing {} => "all_or_nothing",
            Rule::DeductionPerCase { .. } => "deduction_per_case",
        }
    }

    /// Whether the rule computes from the criterion's own maximum, so that it cannot do without one.
    pub const fn needs_max(&self) -> bool {
        match self {
            Rule::Manual { .. } => false,
            Rule::AllOrNothing {} | Rule::DeductionPerCase { .. } => true,
        }
    }

    /// Whether it takes points away from a full score: what `fewer_deductions` counts.
    pub const fn deducts(&self) -> bool {
        matches!(self, Rule::DeductionPerCase { .. })
    }

    /// Whether the rule's own figures make sense under a maximum of `max`.
    pub fn fits(&self, max: Points) -> bool {
        match self {
            Rule::Manual { step } => step.is_none_or(|step| step > Points::ZERO && step <= max),
            Rule::AllOrNothing {} => true,
            Rule::DeductionPerCase { points_per_case, floor } => {
                *points_per_case > Points::ZERO && *floor >= Points::ZERO && *floor <= max
            }
        }
    }

    /// Reads an answer to the criterion `criterion`, of which at most `max` points can be had.
    ///
    /// # Errors
    /// `answer_mismatch` where the fields are another rule's; `score_out_of_range`, `points_precision`,
    /// `points_step`, `number_out_of_range` where the value is. `pointer` is the answer's place.
    pub fn read(&self, input: &AnswerInput, criterion: &str, max: Points, pointer: &str) -> Result<Answer, Fault> {
        let mismatch =
            || Fault::at(pointer, Code::AnswerMismatch).with("criterion", criterion).with("rule", self.name());
        match (self, input) {
            (Rule::Manual { step }, AnswerInput { points: Some(given), achieved: None, cases: None }) => {
                let at = format!("{pointer}/points");
                let points = given.points().map_err(|code| Fault::at(&at, code).with("criterion", criterion))?;
                if points < Points::ZERO || points > max {
                    return Err(Fault::at(&at, Code::ScoreOutOfRange)
                        .with("criterion", criterion)
                        .with("max", max)
                        .with("got", points));
                }
                match step {
                    Some(step) if !points.is_multiple_of(*step) => {
                        Err(Fault::at(&at, Code::PointsStep).with("criterion", criterion).with("step", *step))
                    }
                    _ => Ok(Answer::Points(points)),
                }
            }
            (Rule::AllOrNothing {}, AnswerInput { points: None, achieved: Some(achieved), cases: None }) => {
                Ok(Answer::Achieved(*achieved))
            }
            (Rule::DeductionPerCase { .. }, AnswerInput { points: None, achieved: None, cases: Some(cases) }) => {
                let fits = u32::try_from(*cases).ok().filter(|_| *cases <= MAX_CASES);
                fits.map(Answer::Cases).ok_or_else(|| {
                    Fault::at(format!("{pointer}/cases"), Code::NumberOutOfRange).with("min", 0).with("max", MAX_CASES)
                })
            }
            _ => Err(mismatch()),
        }
    }

    /// The points that an answer earns where at most `max` can be had.
    /// An answer of another rule's shape earns nothing; [`Rule::read`] never makes one.
    pub fn points(&self, answer: Answer, max: Points) -> Points {
        match (self, answer) {
            (Rule::Manual { .. }, Answer::Points(points)) => points,
            (Rule::AllOrNothing {}, Answer::Achieved(true)) => max,
            (Rule::DeductionPerCase { points_per_case, floor }, Answer::Cases(cases)) => {
                (max - points_per_case.times(cases)).max(*floor)
            }
            _ => Points::ZERO,
        }
    }

    /// How those points came about.
    pub fn explain(&self, answer: Answer, max: Points) -> Explanation {
        let points = self.points(answer, max);
        let limit = ("max", Figure::Points(max));
        let (inputs, steps, capped_by) = match (self, answer) {
            (Rule::DeductionPerCase { points_per_case, floor }, Answer::Cases(cases)) => {
                let left = max - points_per_case.times(cases);
                let mut steps = vec![format!("{max} - {cases} × {points_per_case} = {left}")];
                let floored = (left < *floor).then_some("floor");
                if floored.is_some() {
                    steps.push(format!("max({left}, {floor}) = {points}"));
                }
                let figures = vec![
                    ("cases", Figure::Count(cases)),
                    ("points_per_case", Figure::Points(*points_per_case)),
                    ("floor", Figure::Points(*floor)),
                    limit,
                ];
                (figures, steps, floored)
            }
            (Rule::AllOrNothing {}, Answer::Achieved(achieved)) => {
                (vec![("achieved", Figure::Flag(achieved)), limit], Vec::new(), None)
            }
            _ => (vec![("points", Figure::Points(points)), limit], Vec::new(), None),
        };
        Explanation { rule: self.name(), inputs: Figures(inputs), steps, capped_by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn p(hundredths: i64) -> Points {
        Points::from_hundredths(hundredths)
    }

    fn input(json: &str) -> AnswerInput {
        serde_json::from_str(json).unwrap()
    }

    fn deduction() -> Rule {
        Rule::DeductionPerCase { points_per_case: p(1000), floor: Points::ZERO }
    }

    #[test]
    fn iv_4_takes_ten_points_a_case_and_stops_at_the_floor() {
        for (cases, left, capped) in
            [(0, 2000, None), (1, 1000, None), (2, 0, None), (3, 0, Some("floor")), (100_000, 0, Some("floor"))]
        {
            let answer = deduction().read(&input(&format!("{{\"cases\":{cases}}}")), "A.IV.4", p(2000), "").unwrap();
            assert_eq!(deduction().points(answer, p(2000)), p(left), "{cases}");
            assert_eq!(deduction().explain(answer, p(2000)).capped_by, capped, "{cases}");
        }
    }

    #[test]
    fn iii_1_is_all_or_nothing() {
        let rule = Rule::AllOrNothing {};
        assert_eq!(
            rule.points(rule.read(&input(r#"{"achieved":true}"#), "A.III.1", p(2000), "").unwrap(), p(2000)),
            p(2000)
        );
        assert_eq!(
            rule.points(rule.read(&input(r#"{"achieved":false}"#), "A.III.1", p(2000), "").unwrap(), p(2000)),
            p(0)
        );
    }

    #[test]
    fn an_answer_outside_its_range_is_refused_and_never_cut() {
        let step = Rule::Manual { step: Some(p(50)) };
        let plain = Rule::Manual { step: None };
        let table = [
            (&plain, r#"{"points":30.01}"#, Code::ScoreOutOfRange),
            (&plain, r#"{"points":-0.01}"#, Code::ScoreOutOfRange),
            (&plain, r#"{"points":1.005}"#, Code::PointsPrecision),
            (&plain, r#"{"points":1e300}"#, Code::PointsOutOfRange),
            (&plain, r#"{"achieved":true}"#, Code::AnswerMismatch),
            (&plain, r#"{"points":1,"cases":1}"#, Code::AnswerMismatch),
            (&plain, "{}", Code::AnswerMismatch),
            (&step, r#"{"points":0.75}"#, Code::PointsStep),
        ];
        for (rule, json, code) in table {
            assert_eq!(rule.read(&input(json), "A.II.1", p(3000), "/a").unwrap_err().code, code, "{json}");
        }
        for cases in ["-1", "100001", "9223372036854775807"] {
            let fault =
                deduction().read(&input(&format!("{{\"cases\":{cases}}}")), "A.IV.4", p(2000), "/a").unwrap_err();
            assert_eq!((fault.code, fault.pointer.as_str()), (Code::NumberOutOfRange, "/a/cases"));
        }
    }

    #[test]
    fn a_rule_is_written_as_in_the_table() {
        let rule: Rule =
            serde_json::from_str(r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#).unwrap();
        assert_eq!(rule, deduction());
        assert_eq!(serde_json::to_string(&Rule::Manual { step: None }).unwrap(), r#"{"type":"manual"}"#);
        assert!(serde_json::from_str::<Rule>(r#"{"type":"manual","stride":1}"#).is_err());
        assert!(serde_json::from_str::<Rule>(r#"{"type":"guess"}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_deduction_stays_between_floor_and_max_and_never_rises(
            max in 0_i64..=100_000, per_case in 1_i64..=100_000, floor_share in 0_i64..=100, cases in 0_u32..=100_000,
        ) {
            let floor = max * floor_share / 100;
            let rule = Rule::DeductionPerCase { points_per_case: p(per_case), floor: p(floor) };
            let points = rule.points(Answer::Cases(cases), p(max));
            // The oracle counts one case after the other.
            let oracle = (0..cases).try_fold(max, |left, _| if left - per_case < floor { Err(floor) } else { Ok(left - per_case) });
            prop_assert_eq!(points.hundredths(), oracle.unwrap_or_else(|floor| floor));
            prop_assert!(points >= p(floor) && points <= p(max));
            prop_assert!(rule.points(Answer::Cases(cases + 1), p(max)) <= points);
        }
    }
}
