//! How one criterion turns an answer into points.

mod answer;
mod check;
mod explanation;
mod read;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use answer::{Answer, AnswerInput};
pub use explanation::Explanation;

use crate::domain::{Points, Quantity};

/// The most rows that the list of a rule may have: levels, bands, steps, options.
pub const MAX_ROWS: usize = 100;

/// The types of rules, as they are written in a criteria set.
pub const NAMES: [&str; 11] = [
    "manual",
    "all_or_nothing",
    "levels",
    "rank_bands",
    "deduction_per_case",
    "deduction_steps",
    "deduct_once",
    "award_per_case",
    "bonus_penalty",
    "target_ratio",
    "best_of",
];

/// The rule of a criterion.
///
/// Source: the guideline's table; what it leaves open is `manual`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Points as given, from 0 to the maximum, a multiple of `step` where there is one. Answer: `{"points": 27.5}`.
    Manual {
        /// Points come in whole steps of this size.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Points>,
    },
    /// The maximum or nothing (III.1 "không thực hiện không tính điểm"). Answer: `{"achieved": true}`.
    AllOrNothing {},
    /// The points of the level reached (B.1–B.3). Answer: `{"level": "good"}`.
    Levels {
        /// The levels to choose from.
        levels: Vec<Choice>,
    },
    /// The points of the band that a rank lies in (VI.4, VI.5). Answer: `{"rank": 3}`.
    RankBands {
        /// The bands, from the first rank on.
        bands: Vec<Band>,
    },
    /// The maximum less `points_per_case` for each case, not under `floor` (IV.4). Answer: `{"cases": 1}`.
    DeductionPerCase {
        /// Points lost for one case.
        points_per_case: Points,
        /// What is left however many cases there are.
        floor: Points,
    },
    /// The maximum less the deduction of the last step that the cases reach. Answer: `{"cases": 2}`.
    DeductionSteps {
        /// The steps, each with more cases and a larger deduction than the one before.
        steps: Vec<Step>,
    },
    /// The maximum, or less by `deduction` where a duty was not done. Answer: `{"done": false}`.
    DeductOnce {
        /// Points lost, once, whatever was left undone.
        deduction: Points,
    },
    /// `points_per_case` for each case, up to the maximum. Answer: `{"cases": 4}`.
    AwardPerCase {
        /// Points earned by one case.
        points_per_case: Points,
    },
    /// `start` with bonuses added and penalties taken away, from `min` to the maximum.
    /// Answer: `{"bonus_cases": 2, "penalty_cases": 1}`.
    BonusPenalty {
        /// Points before any case.
        #[serde(default)]
        start: Points,
        /// Points earned by one case of the good kind.
        bonus_per_case: Points,
        /// Points lost for one case of the bad kind.
        penalty_per_case: Points,
        /// What is left however many penalties there are.
        min: Points,
    },
    /// The maximum times actual over target, no more than the maximum, rounded half up to 0.01 (I.1 "100 % chỉ tiêu").
    /// Answer: `{"actual": 95, "target": 100}`, without `target` where the rule has it.
    TargetRatio {
        /// What was to be reached; more than 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Quantity>,
    },
    /// The points of the best of the options that hold; 0 where none does. Answer: `{"options": ["a", "c"]}`.
    BestOf {
        /// The options.
        options: Vec<Choice>,
    },
}

/// A level or an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleChoice)]
pub struct Choice {
    /// Its key, unique within the rule.
    #[schema(example = "good")]
    pub code: String,
    /// Its text.
    #[schema(example = "Hoàn thành tốt nhiệm vụ")]
    pub title: String,
    /// What it earns.
    pub points: Points,
}

/// A band of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleBand)]
pub struct Band {
    /// The first rank in it, from 1.
    #[schema(example = 1)]
    pub from: u32,
    /// The last rank in it.
    #[schema(example = 5)]
    pub to: u32,
    /// What each of them earns.
    pub points: Points,
}

/// A step of deductions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleStep)]
pub struct Step {
    /// From how many cases on it holds.
    #[schema(example = 1)]
    pub cases: u32,
    /// Points lost from there on.
    pub deduction: Points,
}

impl Rule {
    /// The rule's type as it is written in a criteria set.
    pub const fn name(&self) -> &'static str {
        match self {
            Rule::Manual { .. } => "manual",
            Rule::AllOrNothing {} => "all_or_nothing",
            Rule::Levels { .. } => "levels",
            Rule::RankBands { .. } => "rank_bands",
            Rule::DeductionPerCase { .. } => "deduction_per_case",
            Rule::DeductionSteps { .. } => "deduction_steps",
            Rule::DeductOnce { .. } => "deduct_once",
            Rule::AwardPerCase { .. } => "award_per_case",
            Rule::BonusPenalty { .. } => "bonus_penalty",
            Rule::TargetRatio { .. } => "target_ratio",
            Rule::BestOf { .. } => "best_of",
        }
    }

    /// Whether the rule computes from the criterion's own maximum, so that it cannot do without one.
    pub const fn needs_max(&self) -> bool {
        match self {
            Rule::Manual { .. } | Rule::Levels { .. } | Rule::RankBands { .. } | Rule::BestOf { .. } => false,
            Rule::AllOrNothing {}
            | Rule::DeductionPerCase { .. }
            | Rule::DeductionSteps { .. }
            | Rule::DeductOnce { .. }
            | Rule::AwardPerCase { .. }
            | Rule::BonusPenalty { .. }
            | Rule::TargetRatio { .. } => true,
        }
    }

    /// Whether it takes points away from a full score: what `fewer_deductions` counts.
    pub const fn deducts(&self) -> bool {
        matches!(self, Rule::DeductionPerCase { .. } | Rule::DeductionSteps { .. } | Rule::DeductOnce { .. })
    }

    /// What is to be reached, where the rule has it.
    pub const fn target(&self) -> Option<Quantity> {
        if let Rule::TargetRatio { target } = self { *target } else { None }
    }

    /// The levels or options that an answer may name.
    pub fn choices(&self) -> &[Choice] {
        if let Rule::Levels { levels: choices } | Rule::BestOf { options: choices } = self { choices } else { &[] }
    }

    /// The same, to be brought into their stored form.
    pub fn choices_mut(&mut self) -> (&'static str, &mut [Choice]) {
        match self {
            Rule::Levels { levels } => ("levels", levels),
            Rule::BestOf { options } => ("options", options),
            Rule::Manual { .. }
            | Rule::AllOrNothing {}
            | Rule::RankBands { .. }
            | Rule::DeductionPerCase { .. }
            | Rule::DeductionSteps { .. }
            | Rule::DeductOnce { .. }
            | Rule::AwardPerCase { .. }
            | Rule::BonusPenalty { .. }
            | Rule::TargetRatio { .. } => ("", &mut []),
        }
    }

    /// The points that an answer earns where at most `max` can be had.
    /// An answer of another rule's shape earns nothing; [`Rule::read`] never makes one.
    pub fn points(&self, answer: &Answer, max: Points) -> Points {
        match (self, answer) {
            (Rule::Manual { .. }, Answer::Points { points }) => *points,
            (Rule::AllOrNothing {}, Answer::Achieved { achieved: true })
            | (Rule::DeductOnce { .. }, Answer::Done { done: true }) => max,
            (Rule::Levels { levels }, Answer::Level { level }) => {
                levels.iter().find(|choice| choice.code == *level).map_or(Points::ZERO, |choice| choice.points)
            }
            (Rule::RankBands { bands }, Answer::Rank { rank }) => {
                band_of(bands, *rank).map_or(Points::ZERO, |band| band.points)
            }
            (Rule::DeductionPerCase { points_per_case, floor }, Answer::Cases { cases }) => {
                (max - points_per_case.times(*cases)).max(*floor)
            }
            (Rule::DeductionSteps { steps }, Answer::Cases { cases }) => {
                max - step_of(steps, *cases).map_or(Points::ZERO, |step| step.deduction)
            }
            (Rule::DeductOnce { deduction }, Answer::Done { done: false }) => max - *deduction,
            (Rule::AwardPerCase { points_per_case }, Answer::Cases { cases }) => points_per_case.times(*cases).min(max),
            (
                Rule::BonusPenalty { start, bonus_per_case, penalty_per_case, min },
                Answer::BonusPenalty { bonus_cases, penalty_cases },
            ) => {
                let sum = *start + bonus_per_case.times(*bonus_cases) - penalty_per_case.times(*penalty_cases);
                sum.min(max).max(*min)
            }
            (Rule::TargetRatio { target: own }, Answer::Ratio { actual, target }) => {
                own.or(*target).map_or(Points::ZERO, |target| max.share(*actual, target))
            }
            (Rule::BestOf { .. }, Answer::Options { options }) => {
                self.best(options).map_or(Points::ZERO, |choice| choice.points)
            }
            _ => Points::ZERO,
        }
    }

    /// The best of the options that an answer names; the first of those that earn the same.
    fn best(&self, named: &[String]) -> Option<&Choice> {
        let held = self.choices().iter().filter(|choice| named.contains(&choice.code));
        held.reduce(|best, choice| if choice.points > best.points { choice } else { best })
    }
}

/// The band that a rank lies in.
fn band_of(bands: &[Band], rank: u32) -> Option<&Band> {
    bands.iter().find(|band| (band.from..=band.to).contains(&rank))
}

/// The last step that the cases reach.
fn step_of(steps: &[Step], cases: u32) -> Option<&Step> {
    steps.iter().filter(|step| step.cases <= cases).max_by_key(|step| step.cases)
}

/// Bands in words: `1–5, 6`.
fn bands_in_words(bands: &[Band]) -> String {
    let word = |band: &Band| match band.from == band.to {
        true => band.from.to_string(),
        false => format!("{}–{}", band.from, band.to),
    };
    bands.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// Codes in words: `a, b`.
fn codes_in_words(choices: &[Choice]) -> String {
    choices.iter().map(|choice| choice.code.as_str()).collect::<Vec<_>>().join(", ")
}
