//! `best_of`: the points of the best applicable option.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, OptionsAnswer, Question};
use super::choice::codes_in_words;
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, Choice, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::error::{Code, Fault};

/// The points of the best applicable option; 0 if none applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BestOfRule {
    /// The options.
    pub options: Vec<Choice>,
}

impl RuleType for BestOfRule {
    type Answer = OptionsAnswer;

    const NEEDS_MAX: bool = false;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(BestOfRule { options: need(&mut figures.options, "options")? })
    }

    fn check(&self, found: &mut RuleFindings) {
        found.choices("options", &self.options);
    }

    fn least(&self, _bounds: Bounds) -> Points {
        self.options.iter().map(|option| option.points).min().unwrap_or_default().min(Points::ZERO)
    }

    fn fields(&self) -> &'static [&'static str] {
        &["options"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<OptionsAnswer>, Fault> {
        let Some(options) = &input.options else {
            return Ok(None);
        };
        for (at, option) in options.iter().enumerate() {
            let fault = |code| question.fault(&format!("options/{at}"), code).with("got", option.as_str());
            if !self.options.iter().any(|choice| choice.code == *option) {
                return Err(fault(Code::UnknownOption).with("known", codes_in_words(&self.options)));
            }
            if options.iter().take(at).any(|before| before == option) {
                return Err(fault(Code::DuplicateOption));
            }
        }
        Ok(Some(OptionsAnswer { options: options.clone() }))
    }

    fn points(&self, answer: &OptionsAnswer, bounds: Bounds) -> Points {
        let points = self.held(answer).map(|choice| choice.points);
        let counts = if bounds.only_takes() { points.min() } else { points.max() };
        counts.unwrap_or(Points::ZERO)
    }

    fn explain(&self, answer: &OptionsAnswer, bounds: Bounds, points: Points, account: &mut Account) {
        account.codes("options", &answer.options);
        let words: Vec<String> =
            self.held(answer).map(|choice| format!("{} = {}", choice.code, choice.points)).collect();
        if !words.is_empty() {
            let counts = if bounds.only_takes() { "min" } else { "max" };
            account.step(format!("{counts}({}) = {points}", words.join(", ")));
        }
    }

    fn named_mut(&mut self) -> (&'static str, Vec<(&mut String, &mut String)>) {
        ("options", self.options.iter_mut().map(|choice| (&mut choice.code, &mut choice.title)).collect())
    }

    fn from_row(_line: &mut Line) -> Self {
        BestOfRule { options: Vec::new() }
    }

    fn take_row(&mut self, about: About, line: &mut Line) -> bool {
        let is_option = about == About::Option;
        if is_option {
            self.options.push(Choice::from_row(line));
        }
        is_option
    }

    fn row(&self, row: Written) -> Written {
        row
    }

    fn rows_below(&self) -> Vec<Written> {
        self.options.iter().map(|option| option.row("option")).collect()
    }
}

impl BestOfRule {
    /// Returns the options that an answer names, in the rule's order.
    fn held(&self, answer: &OptionsAnswer) -> impl Iterator<Item = &Choice> {
        self.options.iter().filter(|choice| answer.options.contains(&choice.code))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{BEST, Row, agrees_with, choices, p};
    use crate::domain::criteria::rules::{Answer, Rule};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 3] = [
        (BEST, 2000, r#"{"options":["a","c"]}"#, 1000, &["max(a = 10, c = 5) = 10"], None),
        (BEST, 2000, r#"{"options":["c","b","a"]}"#, 2000, &["max(a = 10, b = 20, c = 5) = 20"], None),
        (BEST, 2000, r#"{"options":[]}"#, 0, &[], None),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn the_best_option_counts_and_another_one_never_hurts(
            (max, options) in choices(), mask in proptest::collection::vec(any::<bool>(), 20), more in any::<prop::sample::Index>(),
        ) {
            let mut named: Vec<String> = options.iter().zip(&mask).filter(|(_, held)| **held).map(|(option, _)| option.code.clone()).collect();
            // The oracle sorts.
            let mut held: Vec<i64> = options.iter().zip(&mask).filter(|(_, held)| **held).map(|(option, _)| option.points.hundredths()).collect();
            held.sort_unstable();
            let another = more.get(&options).code.clone();
            let rule = Rule::BestOf(BestOfRule { options });
            let points = rule.points(&Answer::Options(OptionsAnswer { options: named.clone() }), p(max));
            prop_assert_eq!(points.hundredths(), held.pop().unwrap_or(0));
            named.push(another);
            let with_another = rule.points(&Answer::Options(OptionsAnswer { options: named }), p(max));
            prop_assert!(with_another >= points);
        }
    }
}
