//! Batches of scores: lines of many sheets of a period, written in one request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::assessment::period::CouncilScoring;
use crate::domain::criteria::rules::Answer;
use crate::domain::criteria::scoring::{Line, LineInput, Scorer};
use crate::error::{Code, Error, Fault};

/// Largest number of items of a batch.
pub const MAX_ITEMS: usize = 1_000;

/// The stage whose lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum ScoredStage {
    /// The unit's own scores.
    #[serde(rename = "self")]
    SelfAssessment,
    /// The standing body's appraisal.
    Appraisal,
    /// The council's review, or the member's own one where the members of the council score alone.
    Council,
}

impl ScoredStage {
    /// Returns the stage of the review that holds the lines; `None` for those of the unit.
    pub const fn review(self) -> Option<Stage> {
        match self {
            ScoredStage::SelfAssessment => None,
            ScoredStage::Appraisal => Some(Stage::Appraisal),
            ScoredStage::Council => Some(Stage::Council),
        }
    }

    /// Returns who gives the scores.
    pub const fn scorer(self) -> Scorer {
        match self {
            ScoredStage::SelfAssessment => Scorer::Unit,
            ScoredStage::Appraisal | ScoredStage::Council => Scorer::Reviewer,
        }
    }

    /// Returns the action on a sheet that writing its lines takes.
    pub const fn action(self, scoring: CouncilScoring) -> Action {
        match (self, scoring) {
            (ScoredStage::SelfAssessment, _) => Action::WriteScores,
            (ScoredStage::Appraisal, _) => Action::Appraise,
            (ScoredStage::Council, CouncilScoring::Agreed) => Action::CouncilReview,
            (ScoredStage::Council, CouncilScoring::Mean) => Action::ScoreAlone,
        }
    }
}

/// What becomes of a batch of which an item is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchMode {
    /// Nothing is written.
    Atomic,
    /// The other items are written.
    PerItem,
}

/// A line of a sheet, as submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchItem {
    /// The submission.
    pub submission_id: Id,
    /// The line.
    pub line: LineInput,
    /// The state that the caller saw: a tag of the submission, or of the review.
    pub if_version: Option<String>,
    /// What of the line stays as it is.
    pub kept: Kept,
}

/// What an item leaves as it is in its line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// The answer.
    pub answer: bool,
    /// The note.
    pub note: bool,
    /// The reason.
    pub reason: bool,
}

impl BatchItem {
    /// Returns the line as it is to be written over `before`.
    ///
    /// # Errors
    /// `internal` for an answer that cannot be read.
    pub fn over(&self, before: Option<&Line>) -> Result<LineInput, Error> {
        let mut line = self.line.clone();
        let Some(before) = before else {
            return Ok(line);
        };
        if self.kept.answer {
            line.answer = before.given().map(Answer::as_input).transpose()?;
        }
        if self.kept.note {
            line.note.clone_from(&before.note);
        }
        if self.kept.reason {
            line.reason.clone_from(&before.reason);
        }
        Ok(line)
    }
}

/// What has become of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemOutcome {
    /// It is written.
    Applied,
    /// The line is so already.
    Unchanged,
    /// It is not written, with every reason.
    Refused(Vec<Fault>),
}

impl ItemOutcome {
    /// Returns why the item is refused; empty where it is not.
    pub fn faults(&self) -> &[Fault] {
        match self {
            ItemOutcome::Applied | ItemOutcome::Unchanged => &[],
            ItemOutcome::Refused(faults) => faults,
        }
    }
}

/// Requires that a batch has items, and not too many.
///
/// # Errors
/// `required`, `too_many_items`.
pub fn check_count(count: usize) -> Result<(), Error> {
    match count {
        0 => Err(Error::of_fault(Fault::at("/items", Code::Required))),
        1..=MAX_ITEMS => Ok(()),
        _ => Err(Error::of_fault(Fault::at("/items", Code::TooManyItems).with("max", MAX_ITEMS))),
    }
}

/// Returns a fault of an item, with a pointer into the batch.
pub fn of_item(at: usize, fault: Fault) -> Fault {
    Fault { pointer: format!("/items/{at}{}", fault.pointer), ..fault }
}

/// Returns the fault of an item whose sheet cannot be written at all.
pub fn at_item(at: usize, field: &str, error: Error) -> Fault {
    Fault { pointer: format!("/items/{at}/{field}"), code: error.code, params: error.params }
}

/// Requires that no item is refused.
///
/// # Errors
/// With every fault: `validation_failed` where all are of the content, otherwise `guard_failed`. A single one of the content or
/// of the state gives its own code.
pub fn require_all(faults: Vec<Fault>) -> Result<(), Error> {
    match faults.as_slice() {
        [only] if matches!(only.code.row().status, 409 | 422) => return Err(Error::of_fault(only.clone())),
        faults if faults.iter().all(|fault| fault.code.row().status == 422) => {}
        _ => return Err(Error::of_faults(Code::GuardFailed, faults)),
    }
    Error::unless_valid(faults)
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn a_batch_has_from_one_to_a_thousand_items() {
        let code = |count| check_count(count).err().map(|error| error.code);
        assert_eq!([0, 1, 1_000, 1_001].map(code), [Some(Code::Required), None, None, Some(Code::TooManyItems)]);
    }

    /// A problem has one status, whatever its items are refused for.
    #[test]
    fn a_refused_batch_is_a_conflict_or_invalid() {
        let problem = |codes: &[Code]| {
            let faults = codes.iter().map(|code| Fault::at("/items/0", *code)).collect();
            require_all(faults).map_err(|error| (error.code, error.faults.len()))
        };
        assert_eq!(problem(&[]), Ok(()));
        assert_eq!(problem(&[Code::ScoreOutOfRange]), Err((Code::ScoreOutOfRange, 1)));
        assert_eq!(problem(&[Code::DeadlinePassed]), Err((Code::DeadlinePassed, 1)));
        assert_eq!(problem(&[Code::ScoreOutOfRange, Code::UnknownLevel]), Err((Code::ValidationFailed, 2)));
        for code in [Code::NotFound, Code::Recused, Code::VersionMismatch, Code::PreconditionRequired] {
            assert_eq!(problem(&[code]), Err((Code::GuardFailed, 1)), "{code:?}");
        }
        assert_eq!(problem(&[Code::ScoreOutOfRange, Code::DeadlinePassed]), Err((Code::GuardFailed, 2)));
    }

    #[test]
    fn a_stage_is_written_by_the_action_that_starts_it() {
        use CouncilScoring::{Agreed, Mean};
        let actions =
            |scoring| ScoredStage::VARIANTS.iter().map(move |stage| stage.action(scoring)).collect::<Vec<_>>();
        assert_eq!(actions(Agreed), [Action::WriteScores, Action::Appraise, Action::CouncilReview]);
        assert_eq!(actions(Mean), [Action::WriteScores, Action::Appraise, Action::ScoreAlone]);
        for stage in ScoredStage::VARIANTS {
            assert_eq!(stage.review().is_none(), stage.scorer() == Scorer::Unit, "{stage:?}");
        }
    }
}
