//! Checks of a rule's parameters, for the author of the criteria set.

use super::{Choice, MAX_ROWS};
use crate::domain::Points;
use crate::error::{Code, Fault};

/// The result of checking a rule.
pub struct RuleFindings {
    /// Errors, which prevent publishing.
    pub errors: Vec<Fault>,
    /// Warnings, which do not.
    pub warnings: Vec<Fault>,
    pointer: String,
    criterion: String,
    max: Points,
}

impl RuleFindings {
    /// Starts checking the rule of a criterion with at most `max` points.
    pub fn new(criterion: &str, max: Points, pointer: &str) -> Self {
        RuleFindings {
            errors: Vec::new(),
            warnings: Vec::new(),
            pointer: pointer.to_owned(),
            criterion: criterion.to_owned(),
            max,
        }
    }

    /// Returns a fault at a place in the rule.
    pub fn fault(&self, place: &str, code: Code) -> Fault {
        Fault::at(format!("{}/{place}", self.pointer), code).with("criterion", self.criterion.as_str())
    }

    /// Records an error at a place in the rule.
    pub fn error(&mut self, place: &str, code: Code) {
        let fault = self.fault(place, code);
        self.errors.push(fault);
    }

    /// Requires points of more than 0.
    pub fn positive(&mut self, place: &str, points: Points) {
        if points <= Points::ZERO {
            self.error(place, Code::RuleFigureInvalid);
        }
    }

    /// Requires points from 0 to the maximum of the criterion.
    pub fn payable(&mut self, place: &str, points: Points) {
        if points < Points::ZERO {
            self.error(place, Code::RuleFigureInvalid);
        } else if points > self.max {
            let fault = self.fault(place, Code::RuleExceedsMax).with("max", self.max);
            self.errors.push(fault);
        }
    }

    /// Requires a list with at least one row and at most [`MAX_ROWS`]. Returns whether it is.
    pub fn has_rows(&mut self, place: &str, count: usize) -> bool {
        let fits = (1..=MAX_ROWS).contains(&count);
        if !fits {
            let fault = self.fault(place, Code::RuleEmpty).with("max", MAX_ROWS);
            self.errors.push(fault);
        }
        fits
    }

    /// Warns if no answer earns the maximum of the criterion.
    pub fn reaches(&mut self, place: &str, most: Option<Points>) {
        if let Some(most) = most.filter(|most| *most < self.max) {
            let fault = self.fault(place, Code::MaxUnreachable).with("max", self.max).with("most", most);
            self.warnings.push(fault);
        }
    }

    /// Checks a list of levels or options.
    pub fn choices(&mut self, list: &str, choices: &[Choice]) {
        if !self.has_rows(list, choices.len()) {
            return;
        }
        for (at, choice) in choices.iter().enumerate() {
            self.payable(&format!("{list}/{at}/points"), choice.points);
            if choices.iter().take(at).any(|before| before.code == choice.code) {
                let fault = self.fault(&format!("{list}/{at}/code"), Code::DuplicateChoice);
                self.errors.push(fault.with("choice", choice.code.as_str()));
            }
        }
        self.reaches(list, choices.iter().map(|choice| choice.points).max());
    }
}
