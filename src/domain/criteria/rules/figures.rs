//! Parameters of a rule, as its JSON names them.

use serde::Deserialize;

use super::case_list::{Case, CaseStart};
use super::over_fulfilment::{OverFulfilment, PercentPoints};
use super::{Band, Choice, Kind, Step};
use crate::domain::{Points, Quantity};

/// The parameters of all types of rules, of which each takes its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    pub(super) r#type: Kind,
    pub step: Option<Points>,
    pub levels: Option<Vec<Choice>>,
    pub bands: Option<Vec<AnyBand>>,
    pub points_per_case: Option<Points>,
    pub floor: Option<Points>,
    pub steps: Option<Vec<Step>>,
    pub deduction: Option<Points>,
    pub start: Option<CaseStart>,
    pub bonus_per_case: Option<Points>,
    pub penalty_per_case: Option<Points>,
    pub min: Option<Points>,
    pub target: Option<Quantity>,
    pub options: Option<Vec<Choice>>,
    pub cases: Option<Vec<Case>>,
    pub max: Option<Points>,
    pub over_fulfilment: Option<OverFulfilment>,
}

/// A band of ranks or of shares, of which each rule takes its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnyBand {
    from: Option<u32>,
    to: Option<u32>,
    from_percent: Option<Quantity>,
    points: Option<Points>,
}

impl AnyBand {
    /// Returns it as a band of ranks.
    pub fn of_ranks<E: serde::de::Error>(mut self) -> Result<Band, E> {
        if self.from_percent.is_some() {
            return Err(E::unknown_field("from_percent", &[]));
        }
        let (from, to) = (need(&mut self.from, "from")?, need(&mut self.to, "to")?);
        Ok(Band { from, to, points: need(&mut self.points, "points")? })
    }

    /// Returns it as a band of shares.
    pub fn of_percent<E: serde::de::Error>(mut self) -> Result<PercentPoints, E> {
        match (self.from, self.to) {
            (Some(_), _) => Err(E::unknown_field("from", &[])),
            (None, Some(_)) => Err(E::unknown_field("to", &[])),
            (None, None) => Ok(PercentPoints {
                from_percent: need(&mut self.from_percent, "from_percent")?,
                points: need(&mut self.points, "points")?,
            }),
        }
    }
}

/// Takes a required parameter.
pub fn need<T, E: serde::de::Error>(figure: &mut Option<T>, name: &'static str) -> Result<T, E> {
    figure.take().ok_or_else(|| E::missing_field(name))
}

impl Figures {
    /// Returns a parameter that the rule does not have.
    pub fn left(&self) -> Option<&'static str> {
        let left = [
            ("step", self.step.is_some()),
            ("levels", self.levels.is_some()),
            ("bands", self.bands.is_some()),
            ("points_per_case", self.points_per_case.is_some()),
            ("floor", self.floor.is_some()),
            ("steps", self.steps.is_some()),
            ("deduction", self.deduction.is_some()),
            ("start", self.start.is_some()),
            ("bonus_per_case", self.bonus_per_case.is_some()),
            ("penalty_per_case", self.penalty_per_case.is_some()),
            ("min", self.min.is_some()),
            ("target", self.target.is_some()),
            ("options", self.options.is_some()),
            ("cases", self.cases.is_some()),
            ("max", self.max.is_some()),
            ("over_fulfilment", self.over_fulfilment.is_some()),
        ];
        left.into_iter().find_map(|(name, is_left)| is_left.then_some(name))
    }
}
