//! Reviews of a submission: the appraisal by the standing body and the review by the council.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage, wrong_state};
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::error::{Code, Error, Fault};

/// State of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Being edited.
    Draft,
    /// Submitted; it can no longer change.
    Submitted,
}

/// A review, without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Id of the review.
    pub id: Id,
    /// The organisation that the review belongs to.
    pub organization_id: Id,
    /// The submission under review.
    pub submission_id: Id,
    /// Stage of the review.
    pub stage: Stage,
    /// The member who started it.
    pub reviewer_id: Id,
    /// State of the review.
    pub status: ReviewStatus,
    /// When it was submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Totals of its lines. A review copies a complete submission, so there always are totals.
    pub totals: Totals,
    /// Figures that tie-break rules may use.
    pub breakdown: Breakdown,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the review was created.
    pub created_at: DateTime<Utc>,
    /// When the review was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A review with its submission.
#[derive(Debug, Clone)]
pub struct ReviewCase {
    /// The review.
    pub review: Review,
    /// The submission under review.
    pub sheet: SubmissionCase,
}

impl ReviewCase {
    /// Returns the actions on a review of this stage, in the order in which they are listed.
    pub const fn acts(stage: Stage) -> &'static [Action] {
        match stage {
            Stage::Appraisal => &[Action::WriteReview(Stage::Appraisal), Action::SubmitReview(Stage::Appraisal)],
            Stage::Council => &[Action::WriteReview(Stage::Council), Action::SubmitReview(Stage::Council)],
        }
    }

    /// Requires that it can be edited and submitted.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may_edit(&self, now: DateTime<Utc>) -> Gate {
        self.review.must_be_draft()?;
        self.sheet.submission.may(self.review.stage.action(), self.sheet.period_status, now)
    }

    /// Submits the review and moves its submission to the next stage.
    ///
    /// # Errors
    /// `validation_failed` with every line that is not scored or differs from the previous stage without a reason.
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
    /// Requires that it is a draft.
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

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::domain::assessment::period::PeriodStatus;
    use crate::domain::assessment::submission::{Submission, SubmissionStatus};
    use crate::domain::office::unit::UnitKey;
    use crate::domain::time::zone;

    const OK: Result<(), Code> = Ok(());
    const STATE: Result<(), Code> = Err(Code::InvalidState);

    fn review(stage: Stage, status: ReviewStatus, sheet: SubmissionStatus, period_status: PeriodStatus) -> ReviewCase {
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001");
        let now = DateTime::UNIX_EPOCH;
        let submission = Submission {
            id,
            organization_id: id,
            period_id: id,
            unit_id: id,
            status: sheet,
            revision: 1,
            late: false,
            due_on: "2023-11-10".parse().unwrap(),
            closes_at: None,
            submitted_at: Some(now),
            return_reason: None,
            totals: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let sheet = SubmissionCase {
            submission,
            unit: UnitKey { id, code: "TH".into() },
            period_status,
            appraisal_due_on: "2023-11-15".parse().unwrap(),
            criteria_set_id: id,
            zone: zone("Asia/Ho_Chi_Minh").unwrap(),
        };
        let review = Review {
            id,
            organization_id: id,
            submission_id: id,
            stage,
            reviewer_id: id,
            status,
            submitted_at: None,
            totals: Totals::default(),
            breakdown: Breakdown::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        ReviewCase { review, sheet }
    }

    /// In the order of a sheet's life (draft, submitted, returned, missed, appraised, reviewed, finalised), while the
    /// period is in the stage of the review.
    #[test]
    fn a_draft_goes_on_while_its_sheet_is_at_its_stage() {
        let table = [
            (Stage::Appraisal, ReviewStatus::Draft, [STATE, OK, STATE, STATE, STATE, STATE, STATE]),
            (Stage::Appraisal, ReviewStatus::Submitted, [STATE; 7]),
            (Stage::Council, ReviewStatus::Draft, [STATE, STATE, STATE, STATE, OK, STATE, STATE]),
            (Stage::Council, ReviewStatus::Submitted, [STATE; 7]),
        ];
        for (stage, status, expected) in table {
            let period = match stage {
                Stage::Appraisal => PeriodStatus::Appraisal,
                Stage::Council => PeriodStatus::CouncilReview,
            };
            for (sheet, expected) in SubmissionStatus::VARIANTS.iter().zip(expected) {
                let case = review(stage, status, *sheet, period);
                let found = case.may_edit(DateTime::UNIX_EPOCH).map(|_| ()).map_err(|error| error.code);
                assert_eq!(found, expected, "{stage:?} {status:?} {sheet:?}");
            }
        }
    }

    /// In the order of a period's life: draft, self-assessment, appraisal, council review, finalised, announced, closed,
    /// cancelled.
    #[test]
    fn a_draft_goes_on_in_its_stage_of_the_period_alone() {
        let table = [
            (Stage::Appraisal, SubmissionStatus::Submitted, [STATE, STATE, OK, STATE, STATE, STATE, STATE, STATE]),
            (Stage::Council, SubmissionStatus::Appraised, [STATE, STATE, STATE, OK, STATE, STATE, STATE, STATE]),
        ];
        for (stage, sheet, expected) in table {
            for (period, expected) in PeriodStatus::VARIANTS.iter().zip(expected) {
                let case = review(stage, ReviewStatus::Draft, sheet, *period);
                let found = case.may_edit(DateTime::UNIX_EPOCH).map(|_| ()).map_err(|error| error.code);
                assert_eq!(found, expected, "{stage:?} {period:?}");
            }
        }
    }

    #[test]
    fn a_submitted_review_moves_its_sheet_on_and_is_final() {
        let table = [
            (Stage::Appraisal, SubmissionStatus::Submitted, PeriodStatus::Appraisal, SubmissionStatus::Appraised),
            (Stage::Council, SubmissionStatus::Appraised, PeriodStatus::CouncilReview, SubmissionStatus::Reviewed),
        ];
        for (stage, before, period, after) in table {
            let draft = review(stage, ReviewStatus::Draft, before, period);
            let fault = Fault::at("/scores/0", Code::MissingScore);
            assert_eq!(draft.submit(vec![fault], DateTime::UNIX_EPOCH).unwrap_err().code, Code::ValidationFailed);
            let submitted = draft.submit(Vec::new(), DateTime::UNIX_EPOCH).unwrap().after;
            let found = (submitted.review.status, submitted.sheet.submission.status);
            assert_eq!(found, (ReviewStatus::Submitted, after), "{stage:?}");
            for sheet in SubmissionStatus::VARIANTS {
                for period in PeriodStatus::VARIANTS {
                    let case = review(stage, submitted.review.status, *sheet, *period);
                    assert!(case.may_edit(DateTime::UNIX_EPOCH).is_err(), "{stage:?} {sheet:?} {period:?}");
                }
            }
        }
    }
}
