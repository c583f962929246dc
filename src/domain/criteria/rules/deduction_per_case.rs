//! `deduction_per_case`: the maximum less points for each case, down to a floor (IV.4).

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, CasesAnswer, Question};
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::grid::office_points;
use crate::domain::criteria::sheet_row::{Line, Written};
use crate::error::Fault;

/// The maximum less `points_per_case` for each case, at least `floor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeductionPerCaseRule {
    /// Points lost for each case.
    pub points_per_case: Points,
    /// Minimum points, however many cases there are; null for those of the criterion.
    #[serde(default)]
    pub floor: Option<Points>,
}

impl RuleType for DeductionPerCaseRule {
    type Answer = CasesAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(DeductionPerCaseRule {
            points_per_case: need(&mut figures.points_per_case, "points_per_case")?,
            floor: figures.floor.take(),
        })
    }

    fn check(&self, found: &mut RuleFindings) {
        found.positive("points_per_case", self.points_per_case);
        if let Some(floor) = self.floor {
            found.payable("floor", floor);
        }
    }

    fn start(&self, bounds: Bounds) -> Option<Points> {
        Some(bounds.max)
    }

    fn least(&self, bounds: Bounds) -> Points {
        self.floor.unwrap_or(bounds.least())
    }

    fn fields(&self) -> &'static [&'static str] {
        &["cases"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<CasesAnswer>, Fault> {
        question.cases(input)
    }

    fn points(&self, answer: &CasesAnswer, bounds: Bounds) -> Points {
        (bounds.max - self.points_per_case.times(answer.cases)).max(self.least(bounds))
    }

    fn explain(&self, answer: &CasesAnswer, bounds: Bounds, _points: Points, account: &mut Account) {
        let (DeductionPerCaseRule { points_per_case, .. }, cases, max) = (self, answer.cases, bounds.max);
        let left = max - points_per_case.times(cases);
        account.count("cases", cases).points("points_per_case", *points_per_case);
        account.step(format!("{max} - {cases} × {points_per_case} = {left}"));
        if let Some(floor) = self.floor.or(bounds.min) {
            account.points("floor", floor).at_least("floor", left, floor);
        }
    }

    /// "trừ 10 điểm/01 trường hợp".
    fn from_phrase(text: &str) -> Option<Self> {
        let (_, after) = text.split_once("trừ ")?;
        let (number, after) = after.split_once(" điểm/")?;
        let case = after.trim_start_matches(['0', '1', ' ']);
        let per_case = ["trường hợp", "lần", "vụ", "văn bản"].iter().any(|word| case.starts_with(word));
        let points_per_case = office_points(number)?;
        per_case.then_some(DeductionPerCaseRule { points_per_case, floor: Some(Points::ZERO) })
    }

    fn from_row(line: &mut Line) -> Self {
        DeductionPerCaseRule { points_per_case: line.needed_points("points_per_case"), floor: line.points("floor") }
    }

    fn row(&self, row: Written) -> Written {
        row.with("points_per_case", self.points_per_case).optional("floor", self.floor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{PER_CASE, Row, agrees_with, p, within};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 4] = [
        (PER_CASE, 2000, r#"{"cases":0}"#, 2000, &["20 - 0 × 10 = 20"], None),
        (PER_CASE, 2000, r#"{"cases":1}"#, 1000, &["20 - 1 × 10 = 10"], None),
        (PER_CASE, 2000, r#"{"cases":2}"#, 0, &["20 - 2 × 10 = 0"], None),
        (PER_CASE, 2000, r#"{"cases":3}"#, 0, &["20 - 3 × 10 = -10", "max(-10, 0) = 0"], Some("floor")),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn a_deduction_stays_between_floor_and_max_and_never_rises(
            max in 0_i64..=100_000, per_case in 1_i64..=100_000, floor_share in 0_i64..=100, cases in 0_u32..=100_000,
        ) {
            let floor = max * floor_share / 100;
            let rule = Rule::DeductionPerCase(DeductionPerCaseRule { points_per_case: p(per_case), floor: Some(p(floor)) });
            let points = rule.points(&Answer::Cases(CasesAnswer { cases }), p(max));
            // The oracle counts one case after the other.
            let oracle = (0..cases).try_fold(max, |left, _| if left - per_case < floor { Err(floor) } else { Ok(left - per_case) });
            prop_assert_eq!(points.hundredths(), oracle.unwrap_or_else(|floor| floor));
            within(points, floor, max)?;
            let one_more = rule.points(&Answer::Cases(CasesAnswer { cases: cases + 1 }), p(max));
            prop_assert!(one_more <= points);
        }
    }
}
