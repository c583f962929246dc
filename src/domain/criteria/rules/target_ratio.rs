//! `target_ratio`: the maximum times actual / target (I.1 "100 % chỉ tiêu").

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, Question, RatioAnswer};
use super::explanation::Account;
use super::figures::Figures;
use super::findings::RuleFindings;
use super::over_fulfilment::OverFulfilment;
use super::{Bounds, RuleType};
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// The maximum times actual / target, at most the maximum, rounded half up to 0.01.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetRatioRule {
    /// The target; more than 0. Null if the period or the answer gives it.
    #[serde(default)]
    pub target: Option<Quantity>,
    /// What a result beyond the target earns on top, as bonus; null for nothing.
    #[serde(default)]
    pub over_fulfilment: Option<OverFulfilment>,
}

impl RuleType for TargetRatioRule {
    type Answer = RatioAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(TargetRatioRule { target: figures.target.take(), over_fulfilment: figures.over_fulfilment.take() })
    }

    fn check(&self, found: &mut RuleFindings) {
        if self.target == Some(Quantity::ZERO) {
            found.error("target", Code::RuleFigureInvalid);
        }
        if let Some(over) = &self.over_fulfilment {
            over.check(found);
        }
    }

    fn least(&self, _bounds: Bounds) -> Points {
        Points::ZERO
    }

    fn fields(&self) -> &'static [&'static str] {
        if self.target.is_some() { &["actual"] } else { &["actual", "target"] }
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<RatioAnswer>, Fault> {
        question.ratio(input)
    }

    fn points(&self, answer: &RatioAnswer, bounds: Bounds) -> Points {
        let share = |target| {
            let over = self.over_fulfilment.as_ref().map(|over| over.points(answer.actual, target));
            bounds.max.share(answer.actual, target) + over.unwrap_or_default()
        };
        self.target.or(answer.target).map_or(Points::ZERO, share)
    }

    fn explain(&self, answer: &RatioAnswer, bounds: Bounds, _points: Points, account: &mut Account) {
        let (actual, max) = (answer.actual, bounds.max);
        account.quantity("actual", actual);
        if let Some(target) = self.target.or(answer.target) {
            let share = max.share(actual, target);
            account.quantity("target", target).step(format!("{max} × min({actual} / {target}, 1) = {share}"));
            match &self.over_fulfilment {
                Some(over) => over.explain((actual, target), share, account),
                None if actual > target => account.cap("max"),
                None => {}
            }
        }
    }

    fn target(&self) -> Option<Quantity> {
        self.target
    }

    fn set_target(&mut self, target: Quantity) {
        self.target = self.target.or(Some(target));
    }

    fn from_row(line: &mut Line) -> Self {
        let target = line.number("target", Quantity::of);
        TargetRatioRule { target, over_fulfilment: OverFulfilment::from_row(line) }
    }

    fn row(&self, row: Written) -> Written {
        let row = row.optional("target", self.target);
        match &self.over_fulfilment {
            Some(over) => over.row(row),
            None => row,
        }
    }

    fn take_row(&mut self, about: About, line: &mut Line) -> bool {
        OverFulfilment::take_row(&mut self.over_fulfilment, about, line)
    }

    fn rows_below(&self) -> Vec<Written> {
        self.over_fulfilment.as_ref().map(OverFulfilment::rows_below).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{RATIO, RATIO_OF_80, Row, agrees_with, p, within};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 6] = [
        (RATIO, 10_000, r#"{"actual":95,"target":100}"#, 9500, &["100 × min(95 / 100, 1) = 95"], None),
        (RATIO, 10_000, r#"{"actual":1,"target":3}"#, 3333, &["100 × min(1 / 3, 1) = 33.33"], None),
        (RATIO, 10_000, r#"{"actual":2,"target":3}"#, 6667, &["100 × min(2 / 3, 1) = 66.67"], None),
        // 0.025 is halfway between two hundredths and is rounded up.
        (RATIO, 20, r#"{"actual":1,"target":8}"#, 3, &["0.2 × min(1 / 8, 1) = 0.03"], None),
        (RATIO_OF_80, 3000, r#"{"actual":70.5}"#, 2644, &["30 × min(70.5 / 80, 1) = 26.44"], None),
        (RATIO_OF_80, 3000, r#"{"actual":81}"#, 3000, &["30 × min(81 / 80, 1) = 30"], Some("max")),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn a_ratio_is_rounded_half_up_and_never_passes_the_maximum(
            max in 1_i64..=100_000_000, actual in 0_i64..=10_000_000_000, target in 1_i64..=10_000_000_000,
        ) {
            let quantity = |units: i64| -> Quantity { serde_json::from_str(&format!("{}.{:04}", units / 10_000, units % 10_000)).unwrap() };
            let rule = Rule::TargetRatio(TargetRatioRule { target: None, over_fulfilment: None });
            let points = |actual| rule.points(&Answer::Ratio(RatioAnswer { actual: quantity(actual), target: Some(quantity(target)) }), p(max));
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
            let own = Rule::TargetRatio(TargetRatioRule { target: Some(quantity(target)), over_fulfilment: None });
            prop_assert_eq!(own.points(&Answer::Ratio(RatioAnswer { actual: quantity(actual), target: None }), p(max)), earned);
        }
    }
}
