//! How the points of an answer came about, so that a person can recompute them.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Rule, band_of, step_of};
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
struct Account {
    inputs: Vec<(&'static str, Figure)>,
    steps: Vec<String>,
    capped_by: Option<&'static str>,
}

impl Account {
    fn new() -> Self {
        // Most answers have two figures or three.
        Account { inputs: Vec::with_capacity(4), steps: Vec::new(), capped_by: None }
    }

    fn points(&mut self, name: &'static str, points: Points) -> &mut Self {
        self.inputs.push((name, Figure::Points(points)));
        self
    }

    fn count(&mut self, name: &'static str, count: u32) -> &mut Self {
        self.inputs.push((name, Figure::Count(count)));
        self
    }

    fn flag(&mut self, name: &'static str, flag: bool) -> &mut Self {
        self.inputs.push((name, Figure::Flag(flag)));
        self
    }

    fn quantity(&mut self, name: &'static str, quantity: Quantity) -> &mut Self {
        self.inputs.push((name, Figure::Quantity(quantity)));
        self
    }

    fn step(&mut self, step: String) -> &mut Self {
        self.steps.push(step);
        self
    }

    fn at_least(&mut self, name: &'static str, reckoned: Points, least: Points) {
        if reckoned < least {
            self.steps.push(format!("max({reckoned}, {least}) = {least}"));
            self.capped_by = Some(name);
        }
    }

    fn at_most(&mut self, reckoned: Points, max: Points) {
        if reckoned > max {
            self.steps.push(format!("min({reckoned}, {max}) = {max}"));
            self.capped_by = Some("max");
        }
    }
}

impl Rule {
    /// How the points of an answer came about.
    pub fn explain(&self, answer: &Answer, max: Points) -> Explanation {
        let mut account = Account::new();
        if answer.is_not_applicable() {
            let inputs = Figures(vec![("max", Figure::Points(max))]);
            return Explanation { rule: "not_applicable", inputs, steps: Vec::new(), capped_by: None };
        }
        self.account(answer, max, &mut account);
        account.points("max", max);
        let Account { inputs, steps, capped_by } = account;
        Explanation { rule: self.name(), inputs: Figures(inputs), steps, capped_by }
    }

    fn account(&self, answer: &Answer, max: Points, account: &mut Account) {
        let points = self.points(answer, max);
        match (self, answer) {
            (Rule::AllOrNothing {}, Answer::Achieved { achieved }) => {
                account.flag("achieved", *achieved);
            }
            (Rule::Levels { .. }, Answer::Level { level }) => {
                account.inputs.push(("level", Figure::Code(level.clone())));
                account.step(format!("{level} = {points}"));
            }
            (Rule::RankBands { bands }, Answer::Rank { rank }) => {
                account.count("rank", *rank);
                if let Some(band) = band_of(bands, *rank) {
                    account.count("from", band.from).count("to", band.to);
                    account.step(format!("{} ≤ {rank} ≤ {}: {points}", band.from, band.to));
                }
            }
            (Rule::DeductionPerCase { points_per_case, floor }, Answer::Cases { cases }) => {
                let left = max - points_per_case.times(*cases);
                account.count("cases", *cases).points("points_per_case", *points_per_case).points("floor", *floor);
                account.step(format!("{max} - {cases} × {points_per_case} = {left}")).at_least("floor", left, *floor);
            }
            (Rule::DeductionSteps { steps }, Answer::Cases { cases }) => {
                account.count("cases", *cases);
                if let Some(step) = step_of(steps, *cases) {
                    account.count("from_cases", step.cases).points("deduction", step.deduction);
                    account.step(format!("{max} - {} = {points}", step.deduction));
                }
            }
            (Rule::DeductOnce { deduction }, Answer::Done { done }) => {
                account.flag("done", *done).points("deduction", *deduction);
                if !done {
                    account.step(format!("{max} - {deduction} = {points}"));
                }
            }
            (Rule::AwardPerCase { points_per_case }, Answer::Cases { cases }) => {
                let earned = points_per_case.times(*cases);
                account.count("cases", *cases).points("points_per_case", *points_per_case);
                account.step(format!("{cases} × {points_per_case} = {earned}")).at_most(earned, max);
            }
            (
                Rule::BonusPenalty { start, bonus_per_case, penalty_per_case, min },
                Answer::BonusPenalty { bonus_cases, penalty_cases },
            ) => {
                let sum = *start + bonus_per_case.times(*bonus_cases) - penalty_per_case.times(*penalty_cases);
                account.points("start", *start).count("bonus_cases", *bonus_cases);
                account.points("bonus_per_case", *bonus_per_case).count("penalty_cases", *penalty_cases);
                account.points("penalty_per_case", *penalty_per_case).points("min", *min);
                account.step(format!(
                    "{start} + {bonus_cases} × {bonus_per_case} - {penalty_cases} × {penalty_per_case} = {sum}"
                ));
                account.at_most(sum, max);
                account.at_least("min", sum, *min);
            }
            (Rule::TargetRatio { target: own }, Answer::Ratio { actual, target }) => {
                account.quantity("actual", *actual);
                if let Some(target) = own.or(*target) {
                    account.quantity("target", target).step(format!("{max} × min({actual} / {target}, 1) = {points}"));
                    account.capped_by = (*actual > target).then_some("max");
                }
            }
            (Rule::BestOf { .. }, Answer::Options { options }) => {
                account.inputs.push(("options", Figure::Codes(options.clone())));
                let held = self.choices().iter().filter(|choice| options.contains(&choice.code));
                let words: Vec<String> = held.map(|choice| format!("{} = {}", choice.code, choice.points)).collect();
                if !words.is_empty() {
                    account.step(format!("max({}) = {points}", words.join(", ")));
                }
            }
            _ => {
                account.points("points", points);
            }
        }
    }
}
