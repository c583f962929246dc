//! `deduct_once`: the maximum, or less if a duty was not done.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, DoneAnswer, Question};
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{Line, Written};
use crate::error::Fault;

/// The maximum, less `deduction` if a duty was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeductOnceRule {
    /// Points lost once, however much was left undone.
    pub deduction: Points,
}

impl RuleType for DeductOnceRule {
    type Answer = DoneAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(DeductOnceRule { deduction: need(&mut figures.deduction, "deduction")? })
    }

    fn check(&self, found: &mut RuleFindings) {
        found.positive("deduction", self.deduction);
        found.takeable("deduction", self.deduction);
    }

    fn start(&self, bounds: Bounds) -> Option<Points> {
        Some(bounds.max)
    }

    fn least(&self, bounds: Bounds) -> Points {
        bounds.max - self.deduction
    }

    fn fields(&self) -> &'static [&'static str] {
        &["done"]
    }

    fn read(&self, input: &AnswerInput, _question: &Question) -> Result<Option<DoneAnswer>, Fault> {
        Ok(input.done.map(|done| DoneAnswer { done }))
    }

    fn points(&self, answer: &DoneAnswer, bounds: Bounds) -> Points {
        if answer.done { bounds.max } else { bounds.max - self.deduction }
    }

    fn explain(&self, answer: &DoneAnswer, bounds: Bounds, points: Points, account: &mut Account) {
        account.flag("done", answer.done).points("deduction", self.deduction);
        if !answer.done {
            account.step(format!("{} - {} = {points}", bounds.max, self.deduction));
        }
    }

    fn from_row(line: &mut Line) -> Self {
        DeductOnceRule { deduction: line.needed_points("deduction") }
    }

    fn row(&self, row: Written) -> Written {
        row.with("deduction", self.deduction)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{ONCE, Row, agrees_with, p};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 2] = [
        (ONCE, 2000, r#"{"done":true}"#, 2000, &[], None),
        (ONCE, 2000, r#"{"done":false}"#, 1250, &["20 - 7.5 = 12.5"], None),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn a_duty_left_undone_costs_its_deduction(max in 1_i64..=100_000, share in 1_i64..=100) {
            let deduction = (max * share / 100).max(1);
            let rule = Rule::DeductOnce(DeductOnceRule { deduction: p(deduction) });
            prop_assert_eq!(rule.points(&Answer::Done(DoneAnswer { done: true }), p(max)), p(max));
            prop_assert_eq!(rule.points(&Answer::Done(DoneAnswer { done: false }), p(max)), p(max - deduction));
            prop_assert!(rule.check("A.1", p(max), "").errors.is_empty());
        }
    }
}
