//! `award_per_case`: points for each case, up to the maximum.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, CasesAnswer, Question};
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{Line, Written};
use crate::error::Fault;

/// `points_per_case` for each case, up to the maximum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AwardPerCaseRule {
    /// Points earned for each case.
    pub points_per_case: Points,
}

impl RuleType for AwardPerCaseRule {
    type Answer = CasesAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(AwardPerCaseRule { points_per_case: need(&mut figures.points_per_case, "points_per_case")? })
    }

    fn check(&self, found: &mut RuleFindings) {
        found.positive("points_per_case", self.points_per_case);
        found.payable("points_per_case", self.points_per_case);
    }

    fn least(&self, _bounds: Bounds) -> Points {
        Points::ZERO
    }

    fn fields(&self) -> &'static [&'static str] {
        &["cases"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<CasesAnswer>, Fault> {
        question.cases(input)
    }

    fn points(&self, answer: &CasesAnswer, bounds: Bounds) -> Points {
        self.points_per_case.times(answer.cases).min(bounds.most())
    }

    fn explain(&self, answer: &CasesAnswer, bounds: Bounds, _points: Points, account: &mut Account) {
        let (AwardPerCaseRule { points_per_case }, cases) = (self, answer.cases);
        let earned = points_per_case.times(cases);
        account.count("cases", cases).points("points_per_case", *points_per_case);
        account.step(format!("{cases} × {points_per_case} = {earned}")).at_most(earned, bounds.most());
    }

    fn from_row(line: &mut Line) -> Self {
        AwardPerCaseRule { points_per_case: line.needed_points("points_per_case") }
    }

    fn row(&self, row: Written) -> Written {
        row.with("points_per_case", self.points_per_case)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{AWARD, Row, agrees_with, p, within};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 3] = [
        (AWARD, 3000, r#"{"cases":0}"#, 0, &["0 × 8 = 0"], None),
        (AWARD, 3000, r#"{"cases":3}"#, 2400, &["3 × 8 = 24"], None),
        (AWARD, 3000, r#"{"cases":4}"#, 3000, &["4 × 8 = 32", "min(32, 30) = 30"], Some("max")),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn an_award_grows_case_by_case_up_to_the_maximum(max in 1_i64..=100_000, per_case in 1_i64..=100_000, cases in 0_u32..=100_000) {
            let rule = Rule::AwardPerCase(AwardPerCaseRule { points_per_case: p(per_case) });
            let points = rule.points(&Answer::Cases(CasesAnswer { cases }), p(max));
            // The oracle adds until it is full.
            let oracle = (0..cases).try_fold(0, |sum, _| if sum + per_case > max { Err(max) } else { Ok(sum + per_case) });
            prop_assert_eq!(points.hundredths(), oracle.unwrap_or_else(|full| full));
            within(points, 0, max)?;
            let one_more = rule.points(&Answer::Cases(CasesAnswer { cases: cases + 1 }), p(max));
            prop_assert!(one_more >= points);
        }
    }
}
