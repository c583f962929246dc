//! `bonus_penalty`: initial points plus bonuses less penalties, within bounds.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, BonusPenaltyAnswer, Question};
use super::case_list::CaseStart;
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{Line, Written};
use crate::error::{Code, Fault};

/// `start` plus bonuses less penalties, from `min` to the maximum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BonusPenaltyRule {
    /// Points without any case; defaults to 0.
    #[serde(default)]
    pub start: Points,
    /// Points earned for each case with a bonus.
    pub bonus_per_case: Points,
    /// Points lost for each case with a penalty.
    pub penalty_per_case: Points,
    /// Minimum points, however many penalties there are.
    pub min: Points,
}

impl RuleType for BonusPenaltyRule {
    type Answer = BonusPenaltyAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(BonusPenaltyRule {
            start: figures.start.take().map(CaseStart::figure).transpose()?.unwrap_or_default(),
            bonus_per_case: need(&mut figures.bonus_per_case, "bonus_per_case")?,
            penalty_per_case: need(&mut figures.penalty_per_case, "penalty_per_case")?,
            min: need(&mut figures.min, "min")?,
        })
    }

    fn check(&self, found: &mut RuleFindings) {
        let BonusPenaltyRule { start, bonus_per_case, penalty_per_case, min } = *self;
        found.payable("start", start);
        found.within_reach("bonus_per_case", bonus_per_case);
        found.payable("min", min);
        if penalty_per_case < Points::ZERO {
            found.error("penalty_per_case", Code::RuleFigureInvalid);
        }
        if min > start {
            found.error("min", Code::RuleFigureInvalid);
        }
        if bonus_per_case == Points::ZERO && penalty_per_case == Points::ZERO {
            found.error("bonus_per_case", Code::RuleFigureInvalid);
        }
        if bonus_per_case == Points::ZERO {
            found.reaches("start", Some(start));
        }
    }

    fn start(&self, _bounds: Bounds) -> Option<Points> {
        Some(self.start)
    }

    fn least(&self, _bounds: Bounds) -> Points {
        self.min
    }

    fn fields(&self) -> &'static [&'static str] {
        &["bonus_cases", "penalty_cases"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<BonusPenaltyAnswer>, Fault> {
        let (Some(bonus_cases), Some(penalty_cases)) = (input.bonus_cases, input.penalty_cases) else {
            return Ok(None);
        };
        Ok(Some(BonusPenaltyAnswer {
            bonus_cases: question.count("bonus_cases", bonus_cases, 0)?,
            penalty_cases: question.count("penalty_cases", penalty_cases, 0)?,
        }))
    }

    fn points(&self, answer: &BonusPenaltyAnswer, bounds: Bounds) -> Points {
        self.sum(answer).min(bounds.most()).max(self.min)
    }

    fn explain(&self, answer: &BonusPenaltyAnswer, bounds: Bounds, _points: Points, account: &mut Account) {
        let BonusPenaltyRule { start, bonus_per_case, penalty_per_case, min } = *self;
        let BonusPenaltyAnswer { bonus_cases, penalty_cases } = *answer;
        let sum = self.sum(answer);
        account.points("start", start).count("bonus_cases", bonus_cases);
        account.points("bonus_per_case", bonus_per_case).count("penalty_cases", penalty_cases);
        account.points("penalty_per_case", penalty_per_case).points("min", min);
        account
            .step(format!("{start} + {bonus_cases} × {bonus_per_case} - {penalty_cases} × {penalty_per_case} = {sum}"));
        account.at_most(sum, bounds.most());
        account.at_least("min", sum, min);
    }

    fn from_row(line: &mut Line) -> Self {
        BonusPenaltyRule {
            start: line.points("start").unwrap_or_default(),
            bonus_per_case: line.needed_points("bonus_per_case"),
            penalty_per_case: line.needed_points("penalty_per_case"),
            min: line.needed_points("min"),
        }
    }

    fn row(&self, row: Written) -> Written {
        let row = row.with("start", self.start).with("bonus_per_case", self.bonus_per_case);
        row.with("penalty_per_case", self.penalty_per_case).with("min", self.min)
    }
}

impl BonusPenaltyRule {
    /// Returns the sum before the bounds apply.
    fn sum(&self, answer: &BonusPenaltyAnswer) -> Points {
        let bonus = self.bonus_per_case.times(answer.bonus_cases);
        self.start + bonus - self.penalty_per_case.times(answer.penalty_cases)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{BOTH, Row, agrees_with, p, within};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 3] = [
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
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn bonuses_raise_penalties_lower_and_the_bounds_hold(
            max in 1_i64..=100_000, bounds in (0_i64..=100, 0_i64..=100), per_case in (0_i64..=5_000, 0_i64..=5_000), cases in (0_u32..=1000, 0_u32..=1000),
        ) {
            let (low, high) = (bounds.0.min(bounds.1) * max / 100, bounds.0.max(bounds.1) * max / 100);
            let rule = Rule::BonusPenalty(BonusPenaltyRule { start: p(high), bonus_per_case: p(per_case.0), penalty_per_case: p(per_case.1), min: p(low) });
            let points = |bonus_cases, penalty_cases| rule.points(&Answer::BonusPenalty(BonusPenaltyAnswer { bonus_cases, penalty_cases }), p(max));
            let now = points(cases.0, cases.1);
            let sum = high + per_case.0 * i64::from(cases.0) - per_case.1 * i64::from(cases.1);
            prop_assert_eq!(now.hundredths(), if sum > max { max } else if sum < low { low } else { sum });
            within(now, low, max)?;
            prop_assert!(points(cases.0 + 1, cases.1) >= now && points(cases.0, cases.1 + 1) <= now);
        }
    }
}
