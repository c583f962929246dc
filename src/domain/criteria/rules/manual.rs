//! `manual`: points entered directly.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, PointsAnswer, Question};
use super::explanation::Account;
use super::figures::Figures;
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{Line, Written};
use crate::error::{Code, Fault};

/// Points entered directly, from 0 to the maximum.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ManualRule {
    /// Points must be a multiple of this step; null for any points.
    #[serde(default)]
    pub step: Option<Points>,
}

impl RuleType for ManualRule {
    type Answer = PointsAnswer;

    const NEEDS_MAX: bool = false;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(ManualRule { step: figures.step.take() })
    }

    fn check(&self, found: &mut RuleFindings) {
        if let Some(step) = self.step {
            found.positive("step", step);
            found.within_reach("step", step);
        }
    }

    fn least(&self, bounds: Bounds) -> Points {
        bounds.least()
    }

    fn fields(&self) -> &'static [&'static str] {
        &["points"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<PointsAnswer>, Fault> {
        let Some(given) = &input.points else {
            return Ok(None);
        };
        let points = given.points().map_err(|code| question.fault("points", code))?;
        let bounds = question.bounds;
        if points < bounds.least() || points > bounds.most() {
            let fault = question.fault("points", Code::ScoreOutOfRange);
            return Err(fault.with("min", bounds.least()).with("max", bounds.most()).with("got", points));
        }
        match self.step.filter(|step| !points.is_multiple_of(*step)) {
            Some(step) => Err(question.fault("points", Code::PointsStep).with("step", step)),
            None => Ok(Some(PointsAnswer { points })),
        }
    }

    fn points(&self, answer: &PointsAnswer, _bounds: Bounds) -> Points {
        answer.points
    }

    fn explain(&self, _answer: &PointsAnswer, _bounds: Bounds, points: Points, account: &mut Account) {
        account.points("points", points);
    }

    fn from_row(line: &mut Line) -> Self {
        ManualRule { step: line.points("step") }
    }

    fn row(&self, row: Written) -> Written {
        row.optional("step", self.step)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::Rule;
    use crate::domain::criteria::rules::tests::{Row, agrees_with, p, within};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 2] = [
        (r#"{"type":"manual","step":null}"#, 3000, r#"{"points":27.5}"#, 2750, &[], None),
        (r#"{"type":"manual","step":0.5}"#, 3000, r#"{"points":0}"#, 0, &[], None),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn manual_points_are_as_given(max in 1_i64..=100_000, given in -200_000_i64..=200_000) {
            let rule = Rule::Manual(ManualRule { step: None });
            let answer = AnswerInput { points: Some(p(given).into()), ..AnswerInput::default() };
            match rule.read(&answer, "A.1", p(max), "") {
                Ok(answer) => {
                    prop_assert_eq!(rule.points(&answer, p(max)), p(given));
                    within(p(given), 0, max)?;
                }
                Err(fault) => prop_assert!(fault.code == Code::ScoreOutOfRange && !(0..=max).contains(&given)),
            }
        }
    }
}
