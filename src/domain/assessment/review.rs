//! Reviews of a submission: the appraisal by the standing body and the review by the council.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage, wrong_state};
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::assessment::period_unit::unit_set_aside;
use crate::domain::assessment::submission::{SubmissionCase, SubmissionStatus};
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
    /// Whether it is one of several, each by one member of the council alone.
    pub alone: bool,
    /// When and why it stopped counting; `None` for the review that counts.
    pub superseded: Option<Supersession>,
    /// The superseded review that it takes the place of.
    pub replaces_id: Option<Id>,
    /// The amendment that it is the result of.
    pub amendment_id: Option<Id>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the review was created.
    pub created_at: DateTime<Utc>,
    /// When the review was last changed.
    pub updated_at: DateTime<Utc>,
}

/// When and why a review stopped counting. It is kept as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supersession {
    /// When it stopped counting.
    pub at: DateTime<Utc>,
    /// Why it stopped counting.
    pub reason: String,
}

/// A review that was submitted wrongly, and the draft that takes its place.
#[derive(Debug)]
pub struct Reopened {
    /// The review that counts no longer.
    pub superseded: Review,
    /// The draft, with its submission back at the stage before.
    pub draft: ReviewCase,
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
    pub const fn acts(stage: Stage, alone: bool) -> &'static [Action] {
        match stage {
            Stage::Council if alone => &[Action::WriteOwnReview, Action::SubmitOwnReview, Action::ReopenOwnReview],
            Stage::Appraisal => &[
                Action::WriteReview(Stage::Appraisal),
                Action::SubmitReview(Stage::Appraisal),
                Action::ReopenReview(Stage::Appraisal),
            ],
            Stage::Council => &[
                Action::WriteReview(Stage::Council),
                Action::SubmitReview(Stage::Council),
                Action::ReopenReview(Stage::Council),
            ],
        }
    }

    /// Requires that the unit takes part and that the states allow an action.
    ///
    /// # Errors
    /// `unit_set_aside`, `invalid_state`.
    pub fn may(&self, action: Action, now: DateTime<Utc>) -> Gate {
        if self.sheet.set_aside_at.is_some() {
            return Err(unit_set_aside());
        }
        let reopens = matches!(action, Action::ReopenReview(_) | Action::ReopenOwnReview);
        if reopens { self.may_reopen().map(|()| None) } else { self.may_edit(now) }
    }

    /// A submitted review is reopened until the next stage of the period starts.
    fn may_reopen(&self) -> Result<(), Error> {
        self.review.must_be(ReviewStatus::Submitted)?;
        let (period, before, reached) = self.review.stage.states();
        // Its sheet goes on with all of them.
        let reached = if self.review.alone { before } else { reached };
        self.sheet.period_status.must_be(&[period])?;
        match self.sheet.submission.status {
            status if status == reached => Ok(()),
            status => Err(wrong_state(status, &[reached])),
        }
    }

    /// Requires that it can be edited and submitted.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may_edit(&self, now: DateTime<Utc>) -> Gate {
        self.review.must_be(ReviewStatus::Draft)?;
        self.sheet.allows(self.review.stage.action(), now)
    }

    /// Submits the review and moves its submission to the next stage, unless others score it too.
    ///
    /// # Errors
    /// `validation_failed` with every line that is not scored or differs from the previous stage without a reason.
    pub fn submit(&self, faults: Vec<Fault>, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        if !faults.is_empty() {
            return Err(Error::of_faults(Code::ValidationFailed, faults));
        }
        let status = ReviewStatus::Submitted;
        let review = Review { status, submitted_at: Some(now), updated_at: now, ..self.review.clone() };
        if review.alone {
            return Ok(Change::silent(ReviewCase { review, sheet: self.sheet.clone() }));
        }
        Ok(self.sheet.review(review.stage, now).map(|sheet| ReviewCase { review, sheet }))
    }

    /// Supersedes a review that was submitted wrongly by a draft with the same lines, and moves its submission back to the
    /// stage before.
    pub fn reopen(&self, draft_id: Id, reviewer_id: Id, reason: String, now: DateTime<Utc>) -> Reopened {
        let superseded = self.review.superseded(reason, now);
        let draft = Review {
            id: draft_id,
            reviewer_id,
            status: ReviewStatus::Draft,
            submitted_at: None,
            replaces_id: Some(self.review.id),
            amendment_id: None,
            version: 1,
            created_at: now,
            updated_at: now,
            ..self.review.clone()
        };
        if self.review.alone {
            return Reopened { superseded, draft: ReviewCase { review: draft, sheet: self.sheet.clone() } };
        }
        let (_, status, _) = self.review.stage.states();
        Reopened { superseded, draft: ReviewCase { review: draft, sheet: self.sheet.moved_back(status, now) } }
    }
}

impl SubmissionCase {
    /// Begins its review of a stage by a member, without lines. It takes the place of the one of `history` that was superseded
    /// last: of this stage, and where they score alone, of this member.
    pub fn begin_review(
        &self,
        (id, stage, reviewer_id): (Id, Stage, Id),
        history: &[Review],
        now: DateTime<Utc>,
    ) -> Review {
        let alone = self.is_scored_alone(stage);
        let is_before = |review: &&Review| {
            let same = review.stage == stage && (!alone || review.reviewer_id == reviewer_id);
            same && review.superseded.is_some()
        };
        let replaced = history.iter().filter(is_before).max_by_key(|review| (review.created_at, review.id));
        Review {
            id,
            organization_id: self.submission.organization_id,
            submission_id: self.submission.id,
            stage,
            reviewer_id,
            status: ReviewStatus::Draft,
            submitted_at: None,
            totals: Totals::default(),
            breakdown: Breakdown::default(),
            alone,
            superseded: None,
            replaces_id: replaced.map(|review| review.id),
            amendment_id: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl Review {
    /// Requires that it counts and is in a state.
    fn must_be(&self, needed: ReviewStatus) -> Result<(), Error> {
        if self.superseded.is_some() {
            return Err(Error::new(Code::InvalidState).with("state", "superseded").with("needs", json!([needed])));
        }
        if self.status == needed { Ok(()) } else { Err(wrong_state(self.status, &[needed])) }
    }

    /// Returns it as it is kept once it counts no longer.
    #[must_use]
    pub fn superseded(&self, reason: String, now: DateTime<Utc>) -> Self {
        Review { superseded: Some(Supersession { at: now, reason }), updated_at: now, ..self.clone() }
    }
}

impl Stage {
    /// Returns the state of the period in which its reviews are written, and the states of a submission before and after
    /// its review is submitted.
    const fn states(self) -> (PeriodStatus, SubmissionStatus, SubmissionStatus) {
        match self {
            Stage::Appraisal => (PeriodStatus::Appraisal, SubmissionStatus::Submitted, SubmissionStatus::Appraised),
            Stage::Council => (PeriodStatus::CouncilReview, SubmissionStatus::Appraised, SubmissionStatus::Reviewed),
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::domain::assessment::period::CouncilScoring;
    use crate::domain::assessment::submission::Submission;
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
            council_scoring: CouncilScoring::Agreed,
            zone: zone("Asia/Ho_Chi_Minh").unwrap(),
            set_aside_at: None,
            stand_ins: Vec::new(),
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
            alone: false,
            superseded: None,
            replaces_id: None,
            amendment_id: None,
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

    /// In the order of a period's life: draft, self-assessment, appraisal, council review, finalised, announced, closed,
    /// cancelled.
    #[test]
    fn a_submitted_review_is_reopened_until_the_next_stage() {
        let table = [
            (Stage::Appraisal, SubmissionStatus::Appraised, [STATE, STATE, OK, STATE, STATE, STATE, STATE, STATE]),
            (Stage::Council, SubmissionStatus::Reviewed, [STATE, STATE, STATE, OK, STATE, STATE, STATE, STATE]),
        ];
        for (stage, reached, expected) in table {
            for (period, expected) in PeriodStatus::VARIANTS.iter().zip(expected) {
                for sheet in SubmissionStatus::VARIANTS {
                    let case = review(stage, ReviewStatus::Submitted, *sheet, *period);
                    let found = case.may(Action::ReopenReview(stage), DateTime::UNIX_EPOCH);
                    let expected = if *sheet == reached { expected } else { STATE };
                    assert_eq!(
                        found.map(|_| ()).map_err(|error| error.code),
                        expected,
                        "{stage:?} {sheet:?} {period:?}"
                    );
                    let draft = review(stage, ReviewStatus::Draft, *sheet, *period);
                    assert!(draft.may(Action::ReopenReview(stage), DateTime::UNIX_EPOCH).is_err());
                }
            }
        }
    }

    /// What one member submits or reopens moves nothing: the sheet waits, as appraised, for the ranking to be final.
    #[test]
    fn a_review_of_one_among_several_leaves_its_sheet_where_it_is() {
        let now = DateTime::UNIX_EPOCH;
        let alone = |status, sheet| {
            let mut case = review(Stage::Council, status, sheet, PeriodStatus::CouncilReview);
            case.review.alone = true;
            case
        };
        let draft = alone(ReviewStatus::Draft, SubmissionStatus::Appraised);
        let submitted = draft.submit(Vec::new(), now).unwrap();
        assert_eq!((submitted.after.sheet.submission.status, submitted.event), (SubmissionStatus::Appraised, None));
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000002");
        let reopened = submitted.after.reopen(id, id, "x".into(), now).draft;
        assert_eq!((reopened.sheet.submission.status, reopened.review.alone), (SubmissionStatus::Appraised, true));
        for sheet in SubmissionStatus::VARIANTS {
            let may = alone(ReviewStatus::Submitted, *sheet).may(Action::ReopenOwnReview, now);
            assert_eq!(may.is_ok(), *sheet == SubmissionStatus::Appraised, "{sheet:?}");
        }
    }

    #[test]
    fn a_reopened_review_is_linked_and_moves_its_sheet_back() {
        let case =
            review(Stage::Council, ReviewStatus::Submitted, SubmissionStatus::Reviewed, PeriodStatus::CouncilReview);
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000002");
        let Reopened { superseded, draft } = case.reopen(id, id, "x".into(), DateTime::UNIX_EPOCH);
        assert_eq!((draft.review.status, draft.review.replaces_id), (ReviewStatus::Draft, Some(superseded.id)));
        assert_eq!(draft.sheet.submission.status, SubmissionStatus::Appraised);
        assert_eq!(draft.may(Action::SubmitReview(Stage::Council), DateTime::UNIX_EPOCH).map(|_| ()).ok(), Some(()));
        let kept = ReviewCase { review: superseded, sheet: draft.sheet };
        for action in ReviewCase::acts(Stage::Council, false) {
            assert!(kept.may(*action, DateTime::UNIX_EPOCH).is_err(), "{action:?}");
        }
    }
}
