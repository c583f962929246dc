//! What the standing body and the council made of a sheet: a column each, side by side with the unit's own.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage, wrong_state};
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::error::{Code, Error, Fault};

/// Where a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Being written.
    Draft,
    /// Done; never changes.
    Submitted,
}

/// A review, without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub organization_id: Id,
    /// Of which sheet.
    pub submission_id: Id,
    /// Whose column.
    pub stage: Stage,
    /// The member who started it.
    pub reviewer_id: Id,
    /// Where it is.
    pub status: ReviewStatus,
    /// When it was submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// What its lines add up to. A review copies a complete sheet, so there is always a sum.
    pub totals: Totals,
    /// What the tie-break chain may ask of them.
    pub breakdown: Breakdown,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A review with the sheet that it is of.
#[derive(Debug, Clone)]
pub struct ReviewCase {
    /// The review.
    pub review: Review,
    /// Its sheet.
    pub sheet: SubmissionCase,
}

impl ReviewCase {
    /// The acts on a review of this stage, in the order in which they are offered.
    pub const fn acts(stage: Stage) -> &'static [Action] {
        match stage {
            Stage::Appraisal => &[Action::WriteReview(Stage::Appraisal), Action::SubmitReview(Stage::Appraisal)],
            Stage::Council => &[Action::WriteReview(Stage::Council), Action::SubmitReview(Stage::Council)],
        }
    }

    /// Whether state and clock let it be written and submitted.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may_go_on(&self, now: DateTime<Utc>) -> Gate {
        self.review.must_be_draft()?;
        self.sheet.submission.may(self.review.stage.action(), self.sheet.period_status, now)
    }

    /// Submits it, and moves its sheet on. From here it never changes.
    ///
    /// # Errors
    /// `validation_failed` with every line that is not scored or departs without a reason.
    pub fn submit(&self, faults: Vec<Fault>, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        if !faults.is_empty() {
            return Err(Error::of_faults(Code::ValidationFailed, faults));
        }
        let status = ReviewStatus::Submitted;
        let review = Review { status, submitted_at: Some(now), updated_at: now, ..self.review.clone() };
        Ok(self.sheet.review(review.stage, now).map(|sheet| ReviewCase { review, sheet }))
    }
}

impl Review {
    /// Whether it can still be written.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn must_be_draft(&self) -> Result<(), Error> {
        match self.status {
            ReviewStatus::Draft => Ok(()),
            status @ ReviewStatus::Submitted => Err(wrong_state(status, &[ReviewStatus::Draft])),
        }
    }
}
