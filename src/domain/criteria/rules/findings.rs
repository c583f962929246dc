//! Checks of a rule's parameters, for the author of the criteria set.

use super::{Bounds, Choice, MAX_ROWS};
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
    bounds: Bounds,
}

impl RuleFindings {
    /// Starts checking the rule of a criterion whose points lie between `bounds`.
    pub fn new(criterion: &str, bounds: Bounds, pointer: &str) -> Self {
        RuleFindings {
            errors: Vec::new(),
            warnings: Vec::new(),
            pointer: pointer.to_owned(),
            criterion: criterion.to_owned(),
            bounds,
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

    /// Requires points that the criterion can have: not below its floor, nor beyond its maximum with the bonus.
    pub fn payable(&mut self, place: &str, points: Points) {
        let (least, most) = (self.bounds.least(), self.bounds.most());
        if points > most {
            self.exceeds(place, most);
        } else if points < least {
            let code = if least == Points::ZERO { Code::RuleFigureInvalid } else { Code::RuleBelowMin };
            let fault = self.fault(place, code).with("min", least);
            self.errors.push(fault);
        }
    }

    /// Requires points that lie between the floor of the criterion and its maximum.
    pub fn within_reach(&mut self, place: &str, points: Points) {
        let reach = self.bounds.most() - self.bounds.least();
        if points < Points::ZERO {
            self.error(place, Code::RuleFigureInvalid);
        } else if points > reach {
            self.exceeds(place, reach);
        }
    }

    /// Requires points that can be taken from the maximum.
    pub fn takeable(&mut self, place: &str, points: Points) {
        let reach = self.bounds.max - self.bounds.least();
        if points < Points::ZERO {
            self.error(place, Code::RuleFigureInvalid);
        } else if points > reach {
            self.exceeds(place, reach);
        }
    }

    /// Requires points of at most the bonus of the criterion, which is beyond its maximum.
    pub fn beyond(&mut self, place: &str, points: Points) {
        self.positive(place, points);
        if points > self.bounds.bonus {
            let fault = self.fault(place, Code::RuleExceedsBonusMax).with("max", self.bounds.bonus);
            self.errors.push(fault);
        }
    }

    fn exceeds(&mut self, place: &str, max: Points) {
        let fault = self.fault(place, Code::RuleExceedsMax).with("max", max);
        self.errors.push(fault);
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
        if let Some(most) = most.filter(|most| *most < self.bounds.max) {
            let fault = self.fault(place, Code::MaxUnreachable).with("max", self.bounds.max).with("most", most);
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
