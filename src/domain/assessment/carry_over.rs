//! What a copy of a period takes over from the submissions of the period that it was copied from.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::criteria::rules::Answer;
use crate::domain::criteria::scoring::{LineInput, Scorer, ScoringTable, Sheet, WriteMode};
use crate::error::{Code, Error, Fault};

/// What a copy leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarriedPart {
    /// A whole submission.
    Submission,
    /// A line of a submission.
    Line,
    /// A piece of evidence.
    Evidence,
    /// A target.
    Target,
}

/// Something that a copy leaves behind, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCarried {
    /// The unit.
    pub unit_id: Id,
    /// What it is.
    pub part: CarriedPart,
    /// The criterion; `None` for a whole submission.
    pub criterion_code: Option<String>,
    /// The code that says why.
    pub why: Code,
}

impl ScoringTable {
    /// Takes the lines of a submission over from another table: those whose criterion is there with the same rule, and whose
    /// answer this table accepts. `plain` is this table without the targets of the unit. Returns what is left behind by
    /// criterion, with the reason.
    ///
    /// # Errors
    /// `internal` for an answer that cannot be read.
    pub fn take_over(
        &self,
        plain: &ScoringTable,
        from: &ScoringTable,
        lines: &Sheet,
    ) -> Result<(Sheet, Vec<(String, Code)>), Error> {
        let (mut inputs, mut left) = (Vec::new(), Vec::new());
        for (criterion, line) in from.criteria.iter().zip(&lines.0) {
            if line.answer().is_none() && line.note.is_none() {
                continue;
            }
            let here = plain.position(&criterion.code).and_then(|at| plain.criteria.get(at));
            match here {
                None => left.push((criterion.code.clone(), Code::UnknownCriterion)),
                Some(here) if here.rule != criterion.rule => left.push((criterion.code.clone(), Code::RuleChanged)),
                Some(_) => inputs.push(LineInput {
                    criterion_code: criterion.code.clone(),
                    answer: line.answer().map(Answer::as_input).transpose()?,
                    note: line.note.clone(),
                    reason: None,
                }),
            }
        }
        loop {
            let faults = match self.write(&self.blank(), &inputs, WriteMode::Replace, Scorer::Unit) {
                Ok(sheet) => return Ok((sheet, left)),
                Err(faults) => faults,
            };
            let refused: Vec<(String, Code)> = faults.iter().flat_map(|fault| refused(fault, &inputs)).collect();
            if refused.is_empty() {
                return Err(Error::internal("a fault of no line"));
            }
            inputs.retain(|input| refused.iter().all(|(code, _)| *code != input.criterion_code));
            left.extend(refused);
        }
    }
}

/// The criteria of the lines that a fault is about.
fn refused(fault: &Fault, inputs: &[LineInput]) -> Vec<(String, Code)> {
    let at = fault.pointer.split('/').nth(2).and_then(|at| at.parse::<usize>().ok());
    let about: Vec<&str> = if let Some(input) = at.and_then(|at| inputs.get(at)) {
        vec![&input.criterion_code]
    } else {
        // Lines that share points are refused together.
        let named = fault.params.get("criteria").and_then(|criteria| criteria.as_str()).unwrap_or_default();
        named.split(", ").filter(|code| inputs.iter().any(|input| input.criterion_code == *code)).collect()
    };
    about.into_iter().map(|code| (code.to_owned(), fault.code)).collect()
}
