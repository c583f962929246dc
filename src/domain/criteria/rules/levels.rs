//! `levels`: the points of the level reached (B.1–B.3).

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, LevelAnswer, Question};
use super::choice::codes_in_words;
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, Choice, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::error::{Code, Fault};

/// The points of the level reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LevelsRule {
    /// The levels.
    pub levels: Vec<Choice>,
}

impl RuleType for LevelsRule {
    type Answer = LevelAnswer;

    const NEEDS_MAX: bool = false;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(LevelsRule { levels: need(&mut figures.levels, "levels")? })
    }

    fn check(&self, found: &mut RuleFindings) {
        found.choices("levels", &self.levels);
    }

    fn least(&self, _bounds: Bounds) -> Points {
        self.levels.iter().map(|level| level.points).min().unwrap_or_default()
    }

    fn fields(&self) -> &'static [&'static str] {
        &["level"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<LevelAnswer>, Fault> {
        let Some(level) = &input.level else {
            return Ok(None);
        };
        if self.levels.iter().any(|known| known.code == *level) {
            return Ok(Some(LevelAnswer { level: level.clone() }));
        }
        let fault = question.fault("level", Code::UnknownLevel);
        Err(fault.with("got", level.as_str()).with("known", codes_in_words(&self.levels)))
    }

    fn points(&self, answer: &LevelAnswer, _bounds: Bounds) -> Points {
        let level = self.levels.iter().find(|choice| choice.code == answer.level);
        level.map_or(Points::ZERO, |choice| choice.points)
    }

    fn explain(&self, answer: &LevelAnswer, _bounds: Bounds, points: Points, account: &mut Account) {
        account.code("level", &answer.level).step(format!("{} = {points}", answer.level));
    }

    fn named_mut(&mut self) -> (&'static str, Vec<(&mut String, &mut String)>) {
        ("levels", self.levels.iter_mut().map(|choice| (&mut choice.code, &mut choice.title)).collect())
    }

    fn from_row(_line: &mut Line) -> Self {
        LevelsRule { levels: Vec::new() }
    }

    fn take_row(&mut self, about: About, line: &mut Line) -> bool {
        let is_level = about == About::Level;
        if is_level {
            self.levels.push(Choice::from_row(line));
        }
        is_level
    }

    fn row(&self, row: Written) -> Written {
        row
    }

    fn rows_below(&self) -> Vec<Written> {
        self.levels.iter().map(|level| level.row("level")).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{LEVELS, Row, agrees_with, choices, p, within};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 2] = [
        (LEVELS, 4000, r#"{"level":"excellent"}"#, 4000, &["excellent = 40"], None),
        (LEVELS, 4000, r#"{"level":"good"}"#, 3000, &["good = 30"], None),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn a_level_earns_its_points_and_nothing_else((max, levels) in choices(), pick in any::<prop::sample::Index>()) {
            let picked = pick.get(&levels).clone();
            let rule = Rule::Levels(LevelsRule { levels });
            let points = rule.points(&Answer::Level(LevelAnswer { level: picked.code }), p(max));
            prop_assert_eq!(points, picked.points);
            within(points, 0, max)?;
        }
    }
}
