//! Whether a rule's own figures make sense, told to whoever writes the table.

use super::{Band, Choice, MAX_ROWS, Rule, Step};
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// What was found in one rule, each with its place.
pub struct RuleFindings {
    /// Publishing is refused while there are any.
    pub errors: Vec<Fault>,
    /// For the author's eyes.
    pub warnings: Vec<Fault>,
    pointer: String,
    criterion: String,
    max: Points,
}

impl RuleFindings {
    fn fault(&self, place: &str, code: Code) -> Fault {
        Fault::at(format!("{}/{place}", self.pointer), code).with("criterion", self.criterion.as_str())
    }

    fn error(&mut self, place: &str, code: Code) {
        let fault = self.fault(place, code);
        self.errors.push(fault);
    }

    /// A figure that has to be more than nothing.
    fn positive(&mut self, place: &str, points: Points) {
        if points <= Points::ZERO {
            self.error(place, Code::RuleFigureInvalid);
        }
    }

    /// What can be earned: from nothing to all that the criterion has.
    fn payable(&mut self, place: &str, points: Points) {
        if points < Points::ZERO {
            self.error(place, Code::RuleFigureInvalid);
        } else if points > self.max {
            let fault = self.fault(place, Code::RuleExceedsMax).with("max", self.max);
            self.errors.push(fault);
        }
    }

    /// Whether a list that has to have rows has some, and not too many to go through.
    fn has_rows(&mut self, place: &str, count: usize) -> bool {
        let fits = (1..=MAX_ROWS).contains(&count);
        if !fits {
            let fault = self.fault(place, Code::RuleEmpty).with("max", MAX_ROWS);
            self.errors.push(fault);
        }
        fits
    }

    /// Notes where no answer earns all that the criterion has.
    fn reaches(&mut self, place: &str, most: Option<Points>) {
        if let Some(most) = most.filter(|most| *most < self.max) {
            let fault = self.fault(place, Code::MaxUnreachable).with("max", self.max).with("most", most);
            self.warnings.push(fault);
        }
    }

    fn choices(&mut self, list: &str, choices: &[Choice]) {
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

    fn bands(&mut self, bands: &[Band]) {
        if !self.has_rows("bands", bands.len()) {
            return;
        }
        for (at, band) in bands.iter().enumerate() {
            self.payable(&format!("bands/{at}/points"), band.points);
            if band.from == 0 || band.to < band.from {
                self.error(&format!("bands/{at}"), Code::RuleFigureInvalid);
            }
        }
        let mut in_order: Vec<(usize, &Band)> = bands.iter().enumerate().collect();
        in_order.sort_by_key(|(_, band)| band.from);
        // The first rank that no band before has.
        let mut next = 1;
        for (at, band) in in_order {
            let place = format!("bands/{at}");
            if band.from < next {
                let fault = self.fault(&place, Code::BandsOverlap).with("rank", band.from);
                self.errors.push(fault);
            } else if band.from > next {
                let fault = self.fault(&place, Code::BandsGap).with("from", next).with("to", band.from - 1);
                self.warnings.push(fault);
            }
            next = next.max(band.to.saturating_add(1));
        }
        self.reaches("bands", bands.iter().map(|band| band.points).max());
    }

    fn steps(&mut self, steps: &[Step]) {
        if !self.has_rows("steps", steps.len()) {
            return;
        }
        for (at, step) in steps.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| steps.get(at));
            self.positive(&format!("steps/{at}/deduction"), step.deduction);
            self.payable(&format!("steps/{at}/deduction"), step.deduction);
            if step.cases == 0 {
                self.error(&format!("steps/{at}/cases"), Code::RuleFigureInvalid);
            }
            if before.is_some_and(|before| before.cases >= step.cases || before.deduction >= step.deduction) {
                self.error(&format!("steps/{at}"), Code::StepsOutOfOrder);
            }
        }
    }
}

impl Rule {
    /// Checks the rule of `criterion`, of which at most `max` points can be had; `pointer` is the rule's place.
    pub fn check(&self, criterion: &str, max: Points, pointer: &str) -> RuleFindings {
        let mut found = RuleFindings {
            errors: Vec::new(),
            warnings: Vec::new(),
            pointer: pointer.to_owned(),
            criterion: criterion.to_owned(),
            max,
        };
        match self {
            Rule::Manual { step: None } | Rule::AllOrNothing {} => {}
            Rule::Manual { step: Some(step) } => {
                found.positive("step", *step);
                found.payable("step", *step);
            }
            Rule::Levels { levels } => found.choices("levels", levels),
            Rule::BestOf { options } => found.choices("options", options),
            Rule::RankBands { bands } => found.bands(bands),
            Rule::DeductionPerCase { points_per_case, floor } => {
                found.positive("points_per_case", *points_per_case);
                found.payable("floor", *floor);
            }
            Rule::DeductionSteps { steps } => found.steps(steps),
            Rule::DeductOnce { deduction } => {
                found.positive("deduction", *deduction);
                found.payable("deduction", *deduction);
            }
            Rule::AwardPerCase { points_per_case } => {
                found.positive("points_per_case", *points_per_case);
                found.payable("points_per_case", *points_per_case);
            }
            Rule::BonusPenalty { start, bonus_per_case, penalty_per_case, min } => {
                found.payable("start", *start);
                found.payable("bonus_per_case", *bonus_per_case);
                found.payable("min", *min);
                if *penalty_per_case < Points::ZERO {
                    found.error("penalty_per_case", Code::RuleFigureInvalid);
                }
                if min > start {
                    found.error("min", Code::RuleFigureInvalid);
                }
                if *bonus_per_case == Points::ZERO && *penalty_per_case == Points::ZERO {
                    found.error("bonus_per_case", Code::RuleFigureInvalid);
                }
                if *bonus_per_case == Points::ZERO {
                    found.reaches("start", Some(*start));
                }
            }
            Rule::TargetRatio { target } => {
                if *target == Some(Quantity::ZERO) {
                    found.error("target", Code::RuleFigureInvalid);
                }
            }
        }
        found
    }
}
