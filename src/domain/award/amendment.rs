//! Amendments: changes to a result that is final, asked for by one person and decided by another.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::action::{Action, wrong_state};
use crate::domain::assessment::facts::UnitFacts;
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::change::Change;
use crate::domain::criteria::rules::Answer;
use crate::domain::criteria::scoring::{Line, ScoringTable, Sheet, Totals};
use crate::domain::journal::event::EventType;
use crate::domain::text::{NOTE_CHARS, checked};
use crate::domain::{Id, Points};
use crate::error::{Code, Error};

/// State of an amendment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentStatus {
    /// Waiting for the chair.
    Pending,
    /// Approved: the ranking was frozen anew with it.
    Approved,
    /// Rejected, with a reason.
    Rejected,
}

/// A line of the final result as the amendment changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendedLine {
    /// Code of the criterion.
    pub criterion_code: String,
    /// Final points before; `None` if it was not scored.
    pub was_points: Option<Points>,
    /// The answer.
    pub answer: Answer,
    /// Points earned by the answer.
    pub points: Points,
    /// Why the line changes; `None` where the reason of the amendment says it.
    pub reason: Option<String>,
    /// A remark.
    pub note: Option<String>,
}

/// The lines that an amendment changes, with the totals before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendedScores {
    /// The lines, in the order of the criteria set.
    pub lines: Vec<AmendedLine>,
    /// Final totals before.
    pub before: Totals,
    /// Final totals after.
    pub after: Totals,
}

/// The decision on an amendment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendmentDecision {
    /// The member who decided.
    pub by: Id,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// Why it was rejected.
    pub reason: Option<String>,
}

/// An amendment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Id of the amendment.
    pub id: Id,
    /// The organisation that it belongs to.
    pub organization_id: Id,
    /// The period that it belongs to.
    pub period_id: Id,
    /// The submission whose result it changes.
    pub submission_id: Id,
    /// The unit of the submission.
    pub unit_id: Id,
    /// State of the amendment.
    pub status: AmendmentStatus,
    /// Why the result is wrong.
    pub reason: String,
    /// The document that it is based on.
    pub legal_basis: String,
    /// The lines that it changes.
    pub scores: AmendedScores,
    /// The facts about the unit as they should be; `None` to leave them as they are.
    pub facts: Option<UnitFacts>,
    /// The member who asked for it.
    pub asked_by: Id,
    /// The decision.
    pub decision: Option<AmendmentDecision>,
    /// The version of the ranking that was frozen with it.
    pub ranking_version: Option<i64>,
    /// When its result became that of the sheet: at the approval before the announcement, at the next announcement after it.
    pub published_at: Option<DateTime<Utc>>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An amendment with the submission that it changes.
#[derive(Debug, Clone)]
pub struct AmendmentCase {
    /// The amendment.
    pub amendment: Amendment,
    /// The submission.
    pub sheet: SubmissionCase,
    /// Those who decide in place of the chairs, where recusal keeps all of them away.
    pub stand_ins: Vec<Id>,
}

/// Actions on an amendment, in the order in which they are listed.
pub const ACTIONS: [Action; 2] = [Action::ApproveAmendment, Action::RejectAmendment];

impl AmendedScores {
    /// Returns what differs between two sheets.
    pub fn between(table: &ScoringTable, before: &Sheet, after: &Sheet) -> Self {
        let lines = table.criteria.iter().zip(before.0.iter().zip(&after.0));
        let changed = lines.filter(|(_, (before, after))| before.scored != after.scored);
        let amended = changed.filter_map(|(criterion, (before, after))| {
            let (answer, points) = after.scored.clone()?;
            Some(AmendedLine {
                criterion_code: criterion.code.clone(),
                was_points: before.points(),
                answer,
                points,
                reason: after.reason.clone(),
                note: after.note.clone(),
            })
        });
        let totals = |sheet: &Sheet| table.tally(sheet).totals.unwrap_or_default();
        AmendedScores { lines: amended.collect(), before: totals(before), after: totals(after) }
    }

    /// Returns the sheet with the lines as they are amended.
    pub fn applied_to(&self, table: &ScoringTable, before: &Sheet, reason: &str) -> Sheet {
        let mut after = before.clone();
        for amended in &self.lines {
            if let Some(line) = table.position(&amended.criterion_code).and_then(|at| after.0.get_mut(at)) {
                *line = Line {
                    scored: Some((amended.answer.clone(), amended.points)),
                    note: amended.note.clone(),
                    reason: Some(amended.reason.clone().unwrap_or_else(|| reason.to_owned())),
                };
            }
        }
        after
    }
}

impl AmendmentCase {
    /// Requires that the caller did not ask for it, that it is pending, and that the result of its period is final.
    ///
    /// # Errors
    /// `same_person`, `invalid_state`.
    pub fn may(&self, caller: Option<&Id>) -> Result<(), Error> {
        use crate::domain::assessment::period::PeriodStatus::{Announced, Closed, Finalized};
        if caller == Some(&self.amendment.asked_by) {
            return Err(Error::new(Code::SamePerson));
        }
        match self.amendment.status {
            AmendmentStatus::Pending => self.sheet.period_status.must_be(&[Finalized, Announced, Closed]),
            status @ (AmendmentStatus::Approved | AmendmentStatus::Rejected) => {
                Err(wrong_state(status, &[AmendmentStatus::Pending]))
            }
        }
    }

    fn decided(&self, by: Id, reason: Option<String>, now: DateTime<Utc>) -> Amendment {
        let decision = Some(AmendmentDecision { by, at: now, reason });
        Amendment { decision, updated_at: now, ..self.amendment.clone() }
    }

    /// Approves it. `ranking_version` is the version of the ranking that was frozen with it.
    pub fn approve(&self, by: Id, ranking_version: i64, now: DateTime<Utc>) -> Change<Self> {
        let ranking_version = Some(ranking_version);
        let decided = self.decided(by, None, now);
        let amendment = Amendment { status: AmendmentStatus::Approved, ranking_version, ..decided };
        Change::with_event(AmendmentCase { amendment, ..self.clone() }, EventType::AmendmentApproved)
    }

    /// Rejects it.
    ///
    /// # Errors
    /// The errors of the reason.
    pub fn reject(&self, by: Id, reason: &str, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let reason = checked(|check| check.text("/reason", reason, NOTE_CHARS))?;
        let decided = self.decided(by, Some(reason), now);
        let amendment = Amendment { status: AmendmentStatus::Rejected, ..decided };
        Ok(Change::with_event(AmendmentCase { amendment, ..self.clone() }, EventType::AmendmentRejected))
    }
}
