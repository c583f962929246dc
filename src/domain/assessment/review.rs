//! What the standing body and the council made of a sheet: a column each, side by side with the unit's own.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Stage, wrong_state};
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::error::Error;

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

    /// Done: from here it never changes.
    #[must_use]
    pub fn submitted(mut self, now: DateTime<Utc>) -> Self {
        self.status = ReviewStatus::Submitted;
        self.submitted_at = Some(now);
        self
    }
}
