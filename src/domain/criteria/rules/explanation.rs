//! How the points of an answer came about, so that a person can recompute them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Points, Quantity};

/// A figure that went into a score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Figure {
    /// Points.
    Points(Points),
    /// A number of cases, a rank.
    Count(u32),
    /// A yes or no.
    Flag(bool),
    /// What was reached, or was to be.
    Quantity(Quantity),
    /// The code of a level.
    Code(String),
    /// The codes of options.
    Codes(Vec<String>),
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
    /// The rule's type; `not_applicable` where the criterion does not apply to the unit.
    #[schema(example = "deduction_per_case")]
    pub rule: &'static str,
    /// The figures that went in: those of the rule and those of the answer.
    pub inputs: Figures,
    /// The arithmetic, line by line; empty where the points are as given.
    #[schema(example = json!(["20 - 1 × 10 = 10"]))]
    pub steps: Vec<String>,
    /// `max`, `min` or `floor` where that bound decided, else null.
    pub capped_by: Option<&'static str>,
}

/// An explanation in the making.
#[derive(Default)]
pub struct Account {
    inputs: Vec<(&'static str, Figure)>,
    steps: Vec<String>,
    capped_by: Option<&'static str>,
}

impl Account {
    /// The explanation of a rule, with the maximum as the last figure.
    pub fn close(mut self, rule: &'static str, max: Points) -> Explanation {
        self.points("max", max);
        let Account { inputs, steps, capped_by } = self;
        Explanation { rule, inputs: Figures(inputs), steps, capped_by }
    }

    /// Notes that a bound decided.
    pub fn cap(&mut self, name: &'static str) {
        self.capped_by = Some(name);
    }

    /// Notes points that went in.
    pub fn points(&mut self, name: &'static str, points: Points) -> &mut Self {
        self.inputs.push((name, Figure::Points(points)));
        self
    }

    /// Notes a number of cases or a rank that went in.
    pub fn count(&mut self, name: &'static str, count: u32) -> &mut Self {
        self.inputs.push((name, Figure::Count(count)));
        self
    }

    /// Notes a yes or no that went in.
    pub fn flag(&mut self, name: &'static str, flag: bool) -> &mut Self {
        self.inputs.push((name, Figure::Flag(flag)));
        self
    }

    /// Notes an amount that went in.
    pub fn quantity(&mut self, name: &'static str, quantity: Quantity) -> &mut Self {
        self.inputs.push((name, Figure::Quantity(quantity)));
        self
    }

    /// Notes the code of a level that went in.
    pub fn code(&mut self, name: &'static str, code: &str) -> &mut Self {
        self.inputs.push((name, Figure::Code(code.to_owned())));
        self
    }

    /// Notes the codes of options that went in.
    pub fn codes(&mut self, name: &'static str, codes: &[String]) -> &mut Self {
        self.inputs.push((name, Figure::Codes(codes.to_vec())));
        self
    }

    /// Adds a line of the arithmetic.
    pub fn step(&mut self, step: String) -> &mut Self {
        self.steps.push(step);
        self
    }

    /// Adds the line of a lower bound, where it decides.
    pub fn at_least(&mut self, name: &'static str, reckoned: Points, least: Points) {
        if reckoned < least {
            self.steps.push(format!("max({reckoned}, {least}) = {least}"));
            self.capped_by = Some(name);
        }
    }

    /// Adds the line of the maximum, where it decides.
    pub fn at_most(&mut self, reckoned: Points, max: Points) {
        if reckoned > max {
            self.steps.push(format!("min({reckoned}, {max}) = {max}"));
            self.capped_by = Some("max");
        }
    }
}
