//! `deduction_steps`: the maximum less the deduction of the highest step reached.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{AnswerInput, CasesAnswer, Question};
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::error::{Code, Fault};

/// The maximum less the deduction of the highest step reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeductionStepsRule {
    /// The steps, each with more cases and a larger deduction than the previous one.
    pub steps: Vec<Step>,
}

/// A deduction step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleStep)]
pub struct Step {
    /// Number of cases from which the step applies.
    #[schema(example = 1)]
    pub cases: u32,
    /// Points lost.
    pub deduction: Points,
}

impl RuleType for DeductionStepsRule {
    type Answer = CasesAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(DeductionStepsRule { steps: need(&mut figures.steps, "steps")? })
    }

    fn check(&self, found: &mut RuleFindings) {
        if !found.has_rows("steps", self.steps.len()) {
            return;
        }
        for (at, step) in self.steps.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| self.steps.get(at));
            found.positive(&format!("steps/{at}/deduction"), step.deduction);
            found.takeable(&format!("steps/{at}/deduction"), step.deduction);
            if step.cases == 0 {
                found.error(&format!("steps/{at}/cases"), Code::RuleFigureInvalid);
            }
            if before.is_some_and(|before| before.cases >= step.cases || before.deduction >= step.deduction) {
                found.error(&format!("steps/{at}"), Code::StepsOutOfOrder);
            }
        }
    }

    fn start(&self, bounds: Bounds) -> Option<Points> {
        Some(bounds.max)
    }

    fn least(&self, bounds: Bounds) -> Points {
        bounds.max - self.steps.iter().map(|step| step.deduction).max().unwrap_or_default()
    }

    fn fields(&self) -> &'static [&'static str] {
        &["cases"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<CasesAnswer>, Fault> {
        question.cases(input)
    }

    fn points(&self, answer: &CasesAnswer, bounds: Bounds) -> Points {
        bounds.max - self.step_of(answer.cases).map_or(Points::ZERO, |step| step.deduction)
    }

    fn explain(&self, answer: &CasesAnswer, bounds: Bounds, points: Points, account: &mut Account) {
        account.count("cases", answer.cases);
        if let Some(step) = self.step_of(answer.cases) {
            account.count("from_cases", step.cases).points("deduction", step.deduction);
            account.step(format!("{} - {} = {points}", bounds.max, step.deduction));
        }
    }

    fn from_row(_line: &mut Line) -> Self {
        DeductionStepsRule { steps: Vec::new() }
    }

    fn take_row(&mut self, about: About, line: &mut Line) -> bool {
        let is_step = about == About::Step;
        if is_step {
            self.steps.push(Step { cases: line.needed_count("cases"), deduction: line.needed_points("deduction") });
        }
        is_step
    }

    fn row(&self, row: Written) -> Written {
        row
    }

    fn rows_below(&self) -> Vec<Written> {
        let row = |step: &Step| Written::new("step").with("cases", step.cases).with("deduction", step.deduction);
        self.steps.iter().map(row).collect()
    }
}

impl DeductionStepsRule {
    /// Returns the highest step that the cases reach.
    fn step_of(&self, cases: u32) -> Option<&Step> {
        self.steps.iter().filter(|step| step.cases <= cases).max_by_key(|step| step.cases)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{Row, STEPS, agrees_with, p, within};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 4] = [
        (STEPS, 2000, r#"{"cases":0}"#, 2000, &[], None),
        (STEPS, 2000, r#"{"cases":2}"#, 1800, &["20 - 2 = 18"], None),
        (STEPS, 2000, r#"{"cases":5}"#, 1500, &["20 - 5 = 15"], None),
        (STEPS, 2000, r#"{"cases":600}"#, 0, &["20 - 20 = 0"], None),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
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
            let rule = Rule::DeductionSteps(DeductionStepsRule { steps });
            prop_assert!(rule.check("A.1", p(max), "").errors.is_empty());
            let points = rule.points(&Answer::Cases(CasesAnswer { cases }), p(max));
            prop_assert_eq!(points.hundredths(), oracle);
            within(points, 0, max)?;
            let one_more = rule.points(&Answer::Cases(CasesAnswer { cases: cases + 1 }), p(max));
            prop_assert!(one_more <= points);
        }
    }
}
