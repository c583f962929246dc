//! Explanations of points, by which they can be recomputed by hand.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::Bounds;
use crate::domain::{Points, Quantity};

/// A figure in an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Figure {
    /// Points.
    Points(Points),
    /// A number of cases, or a rank.
    Count(u32),
    /// A yes or no.
    Flag(bool),
    /// A result or a target.
    Quantity(Quantity),
    /// Code of a level.
    Code(String),
    /// Codes of options.
    Codes(Vec<String>),
    /// Counts by code.
    Counts(BTreeMap<String, Quantity>),
}

/// Figures by name, in the order of use.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = Object, example = json!({"cases": 1, "points_per_case": 10, "floor": 0, "max": 20}))]
pub struct Figures(Vec<(&'static str, Figure)>);

impl Serialize for Figures {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, figure)| (name, figure)))
    }
}

/// How the points of an answer were computed, in enough detail to repeat it by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    /// Type of the rule; `not_applicable` if the criterion does not apply to the unit.
    #[schema(example = "deduction_per_case")]
    pub rule: &'static str,
    /// Parameters of the rule and of the answer, by name.
    pub inputs: Figures,
    /// Arithmetic, line by line; empty for points entered directly.
    #[schema(example = json!(["20 - 1 × 10 = 10"]))]
    pub steps: Vec<String>,
    /// Bound that limited the points: `max`, `min` or `floor`; null if none did.
    pub capped_by: Option<&'static str>,
}

/// An explanation under construction.
#[derive(Default)]
pub struct Account {
    inputs: Vec<(&'static str, Figure)>,
    steps: Vec<String>,
    capped_by: Option<&'static str>,
}

impl Account {
    /// Completes the explanation of a rule, with the maximum and the bonus beyond it as the last figures.
    pub fn close(mut self, rule: &'static str, bounds: Bounds) -> Explanation {
        self.points("max", bounds.max);
        if bounds.bonus > Points::ZERO {
            self.points("bonus_max", bounds.bonus);
        }
        let Account { inputs, steps, capped_by } = self;
        Explanation { rule, inputs: Figures(inputs), steps, capped_by }
    }

    /// Records that a bound limited the points.
    pub fn cap(&mut self, name: &'static str) {
        self.capped_by = Some(name);
    }

    /// Records points.
    pub fn points(&mut self, name: &'static str, points: Points) -> &mut Self {
        self.inputs.push((name, Figure::Points(points)));
        self
    }

    /// Records a number of cases or a rank.
    pub fn count(&mut self, name: &'static str, count: u32) -> &mut Self {
        self.inputs.push((name, Figure::Count(count)));
        self
    }

    /// Records a yes or no.
    pub fn flag(&mut self, name: &'static str, flag: bool) -> &mut Self {
        self.inputs.push((name, Figure::Flag(flag)));
        self
    }

    /// Records a quantity.
    pub fn quantity(&mut self, name: &'static str, quantity: Quantity) -> &mut Self {
        self.inputs.push((name, Figure::Quantity(quantity)));
        self
    }

    /// Records the code of a level.
    pub fn code(&mut self, name: &'static str, code: &str) -> &mut Self {
        self.inputs.push((name, Figure::Code(code.to_owned())));
        self
    }

    /// Records the codes of options.
    pub fn codes(&mut self, name: &'static str, codes: &[String]) -> &mut Self {
        self.inputs.push((name, Figure::Codes(codes.to_vec())));
        self
    }

    /// Records counts by code.
    pub fn counts(&mut self, name: &'static str, counts: &BTreeMap<String, Quantity>) -> &mut Self {
        self.inputs.push((name, Figure::Counts(counts.clone())));
        self
    }

    /// Adds a line for what points have beyond the maximum, which counts as bonus.
    pub fn beyond(&mut self, points: Points, bounds: Bounds) {
        let (own, bonus) = bounds.split(points);
        if bonus > Points::ZERO {
            self.steps.push(format!("{points} = {own} + {bonus}"));
        }
    }

    /// Adds a line of arithmetic.
    pub fn step(&mut self, step: String) -> &mut Self {
        self.steps.push(step);
        self
    }

    /// Adds a line for a lower bound, if it applies.
    pub fn at_least(&mut self, name: &'static str, computed: Points, least: Points) {
        if computed < least {
            self.steps.push(format!("max({computed}, {least}) = {least}"));
            self.capped_by = Some(name);
        }
    }

    /// Adds a line for the maximum, if it applies.
    pub fn at_most(&mut self, computed: Points, max: Points) {
        if computed > max {
            self.steps.push(format!("min({computed}, {max}) = {max}"));
            self.capped_by = Some("max");
        }
    }
}
