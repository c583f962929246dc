//! A rule from its JSON. A tagged enum would be buffered whole before its type is known: a mistake would lose its
//! place, and a number its digits.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::{Band, Choice, Rule, Step};
use crate::domain::{Points, Quantity};

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Manual,
    AllOrNothing,
    Levels,
    RankBands,
    DeductionPerCase,
    DeductionSteps,
    DeductOnce,
    AwardPerCase,
    BonusPenalty,
    TargetRatio,
    BestOf,
}

/// The figures of every rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    r#type: Type,
    step: Option<Points>,
    levels: Option<Vec<Choice>>,
    bands: Option<Vec<Band>>,
    points_per_case: Option<Points>,
    floor: Option<Points>,
    steps: Option<Vec<Step>>,
    deduction: Option<Points>,
    start: Option<Points>,
    bonus_per_case: Option<Points>,
    penalty_per_case: Option<Points>,
    min: Option<Points>,
    target: Option<Quantity>,
    options: Option<Vec<Choice>>,
}

/// Takes a figure that its rule cannot do without.
fn need<T, E: serde::de::Error>(figure: &mut Option<T>, name: &'static str) -> Result<T, E> {
    figure.take().ok_or_else(|| E::missing_field(name))
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut figures = Figures::deserialize(deserializer)?;
        let rule = match figures.r#type {
            Type::Manual => Rule::Manual { step: figures.step.take() },
            Type::AllOrNothing => Rule::AllOrNothing {},
            Type::Levels => Rule::Levels { levels: need(&mut figures.levels, "levels")? },
            Type::RankBands => Rule::RankBands { bands: need(&mut figures.bands, "bands")? },
            Type::DeductionPerCase => Rule::DeductionPerCase {
                points_per_case: need(&mut figures.points_per_case, "points_per_case")?,
                floor: need(&mut figures.floor, "floor")?,
            },
            Type::DeductionSteps => Rule::DeductionSteps { steps: need(&mut figures.steps, "steps")? },
            Type::DeductOnce => Rule::DeductOnce { deduction: need(&mut figures.deduction, "deduction")? },
            Type::AwardPerCase => {
                Rule::AwardPerCase { points_per_case: need(&mut figures.points_per_case, "points_per_case")? }
            }
            Type::BonusPenalty => Rule::BonusPenalty {
                start: figures.start.take().unwrap_or_default(),
                bonus_per_case: need(&mut figures.bonus_per_case, "bonus_per_case")?,
                penalty_per_case: need(&mut figures.penalty_per_case, "penalty_per_case")?,
                min: need(&mut figures.min, "min")?,
            },
            Type::TargetRatio => Rule::TargetRatio { target: figures.target.take() },
            Type::BestOf => Rule::BestOf { options: need(&mut figures.options, "options")? },
        };
        match figures.left() {
            Some(foreign) => Err(D::Error::unknown_field(foreign, &[])),
            None => Ok(rule),
        }
    }
}

impl Figures {
    /// A figure that no rule of this type has taken.
    fn left(&self) -> Option<&'static str> {
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
        ];
        left.into_iter().find_map(|(name, is_left)| is_left.then_some(name))
    }
}
