//! Acts on the reviews of a submission: the standing body's appraisal and the council's review.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Facts};
use crate::domain::assessment::review::{Review, ReviewCase, ReviewStatus};
use crate::domain::assessment::submission::{Submission, SubmissionCase};
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::scoring::{LineInput, Scorer, ScoringTable, Sheet, WriteMode};
use crate::domain::journal::event::EventType;
use crate::domain::time::{date_in, instant};
use crate::error::{Code, Error};
use crate::service::assessment::submissions::scores_written;
use crate::service::award::ranking;
use crate::service::schedule::deadlines::sync;
use crate::service::{
    AuditDraft, Context, Details, EventDraft, Identity, Input, Related, Result, Subject, record, record_all,
};
use crate::store::{self, Conn};

/// A new review.
#[derive(Debug, Clone)]
pub struct NewReview {
    /// The submission under review.
    pub submission_id: Id,
    /// The stage: appraisal or council review.
    pub stage: Stage,
}

/// The lines of a review.
pub struct ReviewLines {
    /// Its lines.
    pub sheet: Sheet,
    /// The table they are scored by.
    pub table: Arc<ScoringTable>,
}

impl Subject for ReviewCase {
    type Visible = ReviewLines;
    const TYPE: &'static str = "review";

    fn identity(&self) -> Identity {
        let review = &self.review;
        Identity { id: review.id, organization_id: Some(review.organization_id), version: review.version }
    }

    fn actions(&self) -> &'static [Action] {
        ReviewCase::acts(self.review.stage)
    }

    fn facts(&self) -> Facts<'_> {
        self.sheet.facts()
    }

    fn read_action(&self) -> Action {
        reading(&self.review)
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        let review = store::reviews::find(conn, id)?.ok_or(Code::NotFound)?;
        let sheet = store::submissions::find(conn, &review.submission_id)?.ok_or(Code::NotFound)?;
        Ok(ReviewCase { review, sheet })
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let submission_id = store::reviews::submission_of(conn, id)?.ok_or(Code::NotFound)?;
        let sheet = SubmissionCase::lock(conn, context, &submission_id)?;
        let review = store::reviews::find(conn, id)?.ok_or(Code::NotFound)?;
        Ok(ReviewCase { review, sheet })
    }

    fn may(&self, context: &Context, _action: Action) -> Gate {
        self.may_edit(context.now)
    }

    /// Lines are audited by the act that writes them.
    fn audit(&self) -> Value {
        let review = &self.review;
        json!({
            "submission_id": review.submission_id, "stage": review.stage, "reviewer_id": review.reviewer_id,
            "status": review.status, "submitted_at": review.submitted_at.map(instant), "totals": review.totals,
        })
    }

    /// The submission is saved only when the review is submitted, because only then does it advance.
    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        let review = store::reviews::update(conn, self.review)?;
        let sheet = match review.status {
            ReviewStatus::Draft => self.sheet,
            ReviewStatus::Submitted => self.sheet.save(conn)?,
        };
        Ok(ReviewCase { review, sheet })
    }

    fn event(&self, kind: EventType) -> EventDraft {
        self.sheet.event(kind)
    }
}

impl Related<ReviewCase> for ReviewLines {
    fn load(case: &ReviewCase, conn: &mut Conn, context: &Context) -> Result<Self, Error> {
        let table = context.app.tables.of_submission(conn, &case.sheet)?;
        let sheet = store::scores::of_review(conn, &table, &case.review.id)?;
        Ok(ReviewLines { sheet, table })
    }

    fn load_parts(case: &ReviewCase, _conn: &mut Conn, _context: &Context) -> Result<Vec<(Id, i64)>, Error> {
        Ok(vec![case.identity().part()])
    }
}

fn reading(review: &Review) -> Action {
    match review.status {
        ReviewStatus::Draft => Action::ReadReviewDraft(review.stage),
        ReviewStatus::Submitted => Action::ReadReview(review.stage),
    }
}

/// Lists the reviews of a submission that the caller may see.
pub fn list(conn: &mut Conn, context: &Context, submission_id: &Id) -> Result<Vec<Review>> {
    let case = store::submissions::find(conn, submission_id)?.ok_or(Code::NotFound)?;
    case.authorize(context, Action::ReadSubmission)?;
    context.accept_read()?;
    let mut reviews = store::reviews::of_submission(conn, submission_id)?;
    reviews.retain(|review| access::require(&context.actor, reading(review), &case.facts()).is_ok());
    Ok(reviews)
}

/// The lines of the preceding stage, which a review copies and is compared with.
fn stage_before(conn: &mut Conn, table: &ScoringTable, submission: &Submission, stage: Stage) -> Result<Sheet, Error> {
    match stage {
        Stage::Appraisal => store::scores::of_submission(conn, table, &submission.id),
        Stage::Council => {
            let reviews = store::reviews::of_submission(conn, &submission.id)?;
            let appraisal = reviews.iter().find(|review| review.stage == Stage::Appraisal);
            let appraisal =
                appraisal.ok_or_else(|| Error::internal("an appraised submission without its appraisal"))?;
            store::scores::of_review(conn, table, &appraisal.id)
        }
    }
}

/// Starts a review as a copy of the preceding stage.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewReview>) -> Result<Details<ReviewCase>> {
    let new = context.parsed(input, &[Action::Appraise, Action::CouncilReview])?;
    let (sheet, _): (SubmissionCase, _) = context.enter_to_add(conn, &new.submission_id, new.stage.action(), input)?;
    let table = context.app.tables.of_submission(conn, &sheet)?;
    let copied = stage_before(conn, &table, &sheet.submission, new.stage)?.copied();
    let tally = table.tally(&copied);
    let review = Review {
        id: context.new_id(),
        organization_id: sheet.submission.organization_id,
        submission_id: sheet.submission.id,
        stage: new.stage,
        reviewer_id: context.member_id(&sheet.submission.organization_id)?,
        status: ReviewStatus::Draft,
        submitted_at: None,
        totals: tally.totals.unwrap_or_default(),
        breakdown: table.breakdown(&tally),
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    store::reviews::insert(conn, &review)?;
    store::scores::save_review(conn, &table, &review.id, &table.blank(), &copied)?;
    let case = ReviewCase { review, sheet };
    context.record_created(conn, "review.create", &case, None)?;
    Ok(context.details(conn, case)?)
}

/// Writes lines of a draft: all lines, or those given.
pub fn write_scores(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<Vec<LineInput>>,
    mode: WriteMode,
) -> Result<Details<ReviewCase>> {
    let (case, lines) = enter(conn, context, id, Action::WriteReview, input)?;
    let table = context.app.tables.of_submission(conn, &case.sheet)?;
    let before = store::scores::of_review(conn, &table, id)?;
    let after = table.write(&before, lines, mode, Scorer::Reviewer).map_err(Error::of_invalid)?;
    store::scores::save_review(conn, &table, id, &before, &after)?;
    let tally = table.tally(&after);
    let changed = Review {
        totals: tally.totals.unwrap_or_default(),
        breakdown: table.breakdown(&tally),
        updated_at: context.now,
        ..case.review
    };
    let case = ReviewCase { review: store::reviews::update(conn, changed)?, ..case };
    record(conn, context, scores_written("review.write_scores", &case, &table, (&before, &after))?)?;
    Ok(context.details(conn, case)?)
}

/// Opens a review for an act that its stage determines.
fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    act: fn(Stage) -> Action,
    input: &'i Input<T>,
) -> Result<(ReviewCase, &'i T)> {
    let stage = store::reviews::find(conn, id)?.ok_or(Code::NotFound)?.stage;
    context.enter(conn, id, act(stage), input)
}

/// Submits a review. Every line must be scored and every deviation justified; the submission then advances.
pub fn submit(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<ReviewCase>> {
    let (case, ()) = enter(conn, context, id, Action::SubmitReview, &Ok(()))?;
    let table = context.app.tables.of_submission(conn, &case.sheet)?;
    let sheet = store::scores::of_review(conn, &table, id)?;
    let before = stage_before(conn, &table, &case.sheet.submission, case.review.stage)?;
    let mut faults = table.missing(&sheet, |_| true);
    faults.extend(table.unexplained(&before, &sheet));
    let Change { after, event } = case.submit(faults, context.now)?;
    let period_id = &case.sheet.submission.period_id;
    let decisions = ranking::standing(conn, period_id)?;
    let after = after.save(conn)?;
    let lapsed = ranking::lapsed(conn, period_id, decisions)?;
    let today = date_in(after.sheet.zone, context.now);
    sync::update_stages(conn, &after.sheet.submission.period_id, today, context.now)?;
    let event = event.map(|kind| after.event(kind));
    let mut drafts = vec![AuditDraft::of_change("review.submit", &case, &after, event)];
    drafts.extend(lapsed);
    record_all(conn, context, drafts)?;
    Ok(context.details(conn, after)?)
}
