//! What a result beyond its target earns on top of a criterion.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::explanation::Account;
use super::findings::RuleFindings;
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::domain::{Points, Quantity};
use crate::error::Code;

/// What a result beyond the target earns on top of the maximum, as bonus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum OverFulfilment {
    /// The points of the highest step that the result reaches.
    Steps(OverSteps),
    /// Points for each per cent beyond 100, in proportion, rounded half up to 0.01.
    Rate(OverRate),
}

/// Steps beyond the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OverSteps {
    /// The steps, of which the highest that is reached counts.
    pub steps: Vec<PercentPoints>,
}

/// Points for each per cent beyond the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OverRate {
    /// Points for each per cent beyond 100.
    pub points_per_percent: Points,
    /// The most that it earns.
    pub max_points: Points,
}

/// Points from a share of the target on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PercentPoints {
    /// The share of the target, in per cent, from which it counts.
    #[schema(example = 95)]
    pub from_percent: Quantity,
    /// Points that it earns.
    pub points: Points,
}

impl PercentPoints {
    /// Whether a result reaches it, compared exactly.
    pub fn is_reached(&self, actual: Quantity, target: Quantity) -> bool {
        let (actual, target) = (i128::from(actual.units()), i128::from(target.units()));
        // actual / target ≥ from / 100; both are in the same units.
        actual * 100 * i128::from(Quantity::ONE.units()) >= i128::from(self.from_percent.units()) * target
    }

    /// Returns the highest of some that a result reaches.
    pub fn highest(of: &[PercentPoints], actual: Quantity, target: Quantity) -> Option<&PercentPoints> {
        of.iter().filter(|from| from.is_reached(actual, target)).max_by_key(|from| from.from_percent)
    }

    /// Reads one from its row.
    pub fn from_row(line: &mut Line) -> Self {
        let from_percent = line.number("from_percent", Quantity::of);
        if from_percent.is_none() {
            line.need::<String>("from_percent", None);
        }
        let from_percent = from_percent.unwrap_or(Quantity::ZERO);
        PercentPoints { from_percent, points: line.needed_points("points") }
    }

    /// Returns its row.
    pub fn row(&self, about: &str) -> Written {
        Written::new(about).with("from_percent", self.from_percent).with("points", self.points)
    }
}

impl<'de> Deserialize<'de> for OverFulfilment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            steps: Option<Vec<PercentPoints>>,
            points_per_percent: Option<Points>,
            max_points: Option<Points>,
        }
        let Fields { steps, points_per_percent, max_points } = Fields::deserialize(deserializer)?;
        match (steps, points_per_percent, max_points) {
            (Some(steps), None, None) => Ok(OverFulfilment::Steps(OverSteps { steps })),
            (None, Some(points_per_percent), Some(max_points)) => {
                Ok(OverFulfilment::Rate(OverRate { points_per_percent, max_points }))
            }
            (None, None, _) => Err(D::Error::missing_field("steps")),
            (None, Some(_), None) => Err(D::Error::missing_field("max_points")),
            (Some(_), Some(_), _) => Err(D::Error::unknown_field("points_per_percent", &[])),
            (Some(_), None, Some(_)) => Err(D::Error::unknown_field("max_points", &[])),
        }
    }
}

impl OverFulfilment {
    /// Checks the figures.
    pub fn check(&self, found: &mut RuleFindings) {
        match self {
            OverFulfilment::Steps(OverSteps { steps }) => {
                if !found.has_rows("over_fulfilment/steps", steps.len()) {
                    return;
                }
                for (at, step) in steps.iter().enumerate() {
                    let place = format!("over_fulfilment/steps/{at}");
                    found.beyond(&format!("{place}/points"), step.points);
                    if step.from_percent <= Quantity::HUNDRED {
                        found.error(&format!("{place}/from_percent"), Code::RuleFigureInvalid);
                    }
                    let before = at.checked_sub(1).and_then(|at| steps.get(at));
                    if before
                        .is_some_and(|before| before.from_percent >= step.from_percent || before.points >= step.points)
                    {
                        found.error(&place, Code::StepsOutOfOrder);
                    }
                }
            }
            OverFulfilment::Rate(OverRate { points_per_percent, max_points }) => {
                found.positive("over_fulfilment/points_per_percent", *points_per_percent);
                found.beyond("over_fulfilment/max_points", *max_points);
            }
        }
    }

    /// Returns what a result earns beyond its target.
    pub fn points(&self, actual: Quantity, target: Quantity) -> Points {
        match self {
            OverFulfilment::Steps(OverSteps { steps }) => {
                PercentPoints::highest(steps, actual, target).map_or(Points::ZERO, |step| step.points)
            }
            OverFulfilment::Rate(rate) => rate.earned(actual, target).min(rate.max_points),
        }
    }

    /// Adds the lines of what a result earns beyond its target, on top of `share`.
    pub fn explain(&self, (actual, target): (Quantity, Quantity), share: Points, account: &mut Account) {
        let over = self.points(actual, target);
        match self {
            OverFulfilment::Steps(OverSteps { steps }) => {
                if let Some(step) = PercentPoints::highest(steps, actual, target) {
                    account.step(format!("{actual} / {target} ≥ {} %: {}", step.from_percent, step.points));
                }
            }
            OverFulfilment::Rate(rate @ OverRate { points_per_percent, max_points }) if actual > target => {
                let earned = rate.earned(actual, target);
                account.step(format!("({actual} / {target} - 1) × 100 × {points_per_percent} = {earned}"));
                account.at_most(earned, *max_points);
            }
            OverFulfilment::Rate(_) => {}
        }
        if over > Points::ZERO {
            account.step(format!("{share} + {over} = {}", share + over));
        }
    }

    /// Reads what the row of a criterion says of it.
    pub fn from_row(line: &mut Line) -> Option<Self> {
        let rate = line.points("points_per_percent")?;
        let max_points = line.needed_points("over_max");
        Some(OverFulfilment::Rate(OverRate { points_per_percent: rate, max_points }))
    }

    /// Reads a row of its steps. Returns `false` if it is none.
    pub fn take_row(of: &mut Option<Self>, about: About, line: &mut Line) -> bool {
        if about != About::Over {
            return false;
        }
        match of.get_or_insert_with(|| OverFulfilment::Steps(OverSteps { steps: Vec::new() })) {
            OverFulfilment::Steps(OverSteps { steps }) => steps.push(PercentPoints::from_row(line)),
            OverFulfilment::Rate(_) => return false,
        }
        true
    }

    /// Writes its figures into the row of a criterion.
    pub fn row(&self, row: Written) -> Written {
        match self {
            OverFulfilment::Steps(_) => row,
            OverFulfilment::Rate(OverRate { points_per_percent, max_points }) => {
                row.with("points_per_percent", *points_per_percent).with("over_max", *max_points)
            }
        }
    }

    /// Returns the rows of its steps.
    pub fn rows_below(&self) -> Vec<Written> {
        match self {
            OverFulfilment::Steps(OverSteps { steps }) => steps.iter().map(|step| step.row("over")).collect(),
            OverFulfilment::Rate(_) => Vec::new(),
        }
    }
}

impl OverRate {
    /// Returns what a result earns without the limit.
    fn earned(&self, actual: Quantity, target: Quantity) -> Points {
        let over = i128::from((actual.units() - target.units()).max(0));
        // The rate is in hundredths of a point for each per cent.
        let (part, whole) = (over * 100 * i128::from(self.points_per_percent.hundredths()), i128::from(target.units()));
        let hundredths = (2 * part + whole).checked_div(2 * whole).unwrap_or_default();
        Points::from_hundredths(i64::try_from(hundredths).unwrap_or(i64::MAX).min(Points::MAX.hundredths()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::p;
    use crate::domain::criteria::rules::{Bounds, Rule};

    const STEPS: &str = r#"{"type":"target_ratio","target":100,"over_fulfilment":{"steps":[{"from_percent":105,"points":1},{"from_percent":110.5,"points":3}]}}"#;
    const RATE: &str =
        r#"{"type":"target_ratio","target":300,"over_fulfilment":{"points_per_percent":0.5,"max_points":2}}"#;
    const BOUNDS: Bounds =
        Bounds { min: Some(Points::ZERO), max: Points::from_hundredths(2000), bonus: Points::from_hundredths(500) };

    fn earned(json: &str, actual: &str) -> (Points, Vec<String>) {
        let rule: Rule = serde_json::from_str(json).unwrap();
        assert_eq!(rule.check("A.1", BOUNDS, "/r").errors, []);
        assert_eq!(serde_json::to_string(&rule).unwrap(), json);
        let answer = serde_json::from_str(&format!(r#"{{"actual":{actual}}}"#)).unwrap();
        let answer = rule.read(&answer, "A.1", BOUNDS, "").unwrap();
        (rule.points(&answer, BOUNDS), rule.explain(&answer, BOUNDS).steps)
    }

    #[test]
    fn what_is_beyond_the_target_earns_on_top() {
        for (json, actual, points) in [
            (STEPS, "100", 2000),
            (STEPS, "104.9999", 2000),
            (STEPS, "105", 2100),
            (STEPS, "110.4999", 2100),
            (STEPS, "110.5", 2300),
            (STEPS, "50", 1000),
            (RATE, "300", 2000),
            (RATE, "303", 2050),
            // 1/300 is a third of a per cent: 0.1666… points.
            (RATE, "301", 2017),
            (RATE, "400", 2200),
        ] {
            assert_eq!(earned(json, actual).0, p(points), "{json} {actual}");
        }
        assert_eq!(
            earned(RATE, "301").1,
            [
                "20 × min(301 / 300, 1) = 20",
                "(301 / 300 - 1) × 100 × 0.5 = 0.17",
                "20 + 0.17 = 20.17",
                "20.17 = 20 + 0.17"
            ]
        );
    }

    #[test]
    fn each_mistake_has_its_place() {
        for (json, code, place) in [
            (r#"{"steps":[]}"#, Code::RuleEmpty, "/r/over_fulfilment/steps"),
            (
                r#"{"steps":[{"from_percent":100,"points":1}]}"#,
                Code::RuleFigureInvalid,
                "/r/over_fulfilment/steps/0/from_percent",
            ),
            (
                r#"{"steps":[{"from_percent":110,"points":6}]}"#,
                Code::RuleExceedsBonusMax,
                "/r/over_fulfilment/steps/0/points",
            ),
            (
                r#"{"steps":[{"from_percent":110,"points":2},{"from_percent":105,"points":3}]}"#,
                Code::StepsOutOfOrder,
                "/r/over_fulfilment/steps/1",
            ),
            (
                r#"{"points_per_percent":0,"max_points":1}"#,
                Code::RuleFigureInvalid,
                "/r/over_fulfilment/points_per_percent",
            ),
            (
                r#"{"points_per_percent":1,"max_points":5.01}"#,
                Code::RuleExceedsBonusMax,
                "/r/over_fulfilment/max_points",
            ),
        ] {
            let rule: Rule =
                serde_json::from_str(&format!(r#"{{"type":"target_ratio","over_fulfilment":{json}}}"#)).unwrap();
            let errors = rule.check("A.1", BOUNDS, "/r").errors;
            assert!(
                errors.iter().any(|fault| (fault.code, fault.pointer.as_str()) == (code, place)),
                "{json}: {errors:?}"
            );
        }
        for json in [r#"{"steps":[],"max_points":1}"#, r#"{"points_per_percent":1}"#, "{}"] {
            assert!(serde_json::from_str::<OverFulfilment>(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_share_is_compared_exactly(actual in 0_i64..=1_000_000, target in 1_i64..=1_000_000, percent in 0_i64..=2_000_000) {
            let from = PercentPoints { from_percent: Quantity::from_units(percent), points: p(1) };
            let reached = from.is_reached(Quantity::from_units(actual), Quantity::from_units(target));
            prop_assert_eq!(reached, i128::from(actual) * 1_000_000 >= i128::from(percent) * i128::from(target));
        }
    }
}
