//! Acts on the reviews of a submission: the standing body's appraisal and the council's review.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Facts};
use crate::domain::assessment::review::{Reopened, Review, ReviewCase, ReviewStatus};
use crate::domain::assessment::submission::{Submission, SubmissionCase};
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::scoring::{LineInput, Scorer, ScoringTable, Sheet, WriteMode};
use crate::domain::journal::event::EventType;
use crate::domain::text::{NOTE_CHARS, checked};
use crate::domain::time::{date_in, instant};
use crate::error::{Code, Error, Fault};
use crate::service::assessment::submissions::{audited_lines, scores_written};
use crate::service::assessment::{council_means, submissions};
use crate::service::award::ranking;
use crate::service::schedule::deadlines::sync;
use crate::service::subject::fields;
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
    /// The reviews before and after it.
    pub links: Links,
}

/// The reviews that a review replaced and was replaced by, as far as the caller may know of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Links {
    /// The superseded review that it takes the place of.
    pub replaces_id: Option<Id>,
    /// The review that takes its place.
    pub superseded_by_id: Option<Id>,
}

impl Subject for ReviewCase {
    type Visible = ReviewLines;
    const TYPE: &'static str = "review";

    fn identity(&self) -> Identity {
        let review = &self.review;
        Identity { id: review.id, organization_id: Some(review.organization_id), version: review.version }
    }

    fn actions(&self) -> &'static [Action] {
        ReviewCase::acts(self.review.stage, self.review.alone)
    }

    fn facts(&self) -> Facts<'_> {
        Facts { owner: Some(&self.review.reviewer_id), ..self.sheet.facts() }
    }

    fn read_action(&self) -> Action {
        reading(&self.review, &self.sheet)
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

    fn may(&self, context: &Context, action: Action) -> Gate {
        self.may(action, context.now)
    }

    /// Lines are audited by the act that writes them.
    fn audit(&self) -> Value {
        let review = &self.review;
        json!({
            "submission_id": review.submission_id, "stage": review.stage, "reviewer_id": review.reviewer_id,
            "status": review.status, "submitted_at": review.submitted_at.map(instant), "totals": review.totals,
            "superseded_at": review.superseded.as_ref().map(|superseded| instant(superseded.at)),
            "superseded_reason": review.superseded.as_ref().map(|superseded| &superseded.reason),
            "replaces_id": review.replaces_id, "submission_status": self.sheet.submission.status,
        })
    }

    /// The submission is saved only when the review is submitted, because only then does it advance; by a review of one among
    /// several it does not.
    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        let review = store::reviews::update(conn, self.review)?;
        let sheet = match review.status {
            ReviewStatus::Draft => self.sheet,
            ReviewStatus::Submitted if review.alone => self.sheet,
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
        let mut links = Links::default();
        if sees_superseded(context, &case.review, &case.sheet) {
            let replacing = match case.review.superseded {
                Some(_) => store::reviews::replacing(conn, &case.review.id)?,
                None => None,
            };
            let superseded_by_id = replacing.map(|review| review.id);
            links = Links { replaces_id: case.review.replaces_id, superseded_by_id };
        }
        Ok(ReviewLines { sheet, table, links })
    }

    fn load_parts(case: &ReviewCase, _conn: &mut Conn, _context: &Context) -> Result<Vec<(Id, i64)>, Error> {
        Ok(vec![case.identity().part()])
    }
}

/// What counts no longer is, like a draft, for the people of its stage alone. What a member of the council scores alone is the
/// member's own until the ranking is final, and stays so where it was not submitted.
fn reading(review: &Review, sheet: &SubmissionCase) -> Action {
    match review.status {
        ReviewStatus::Draft if review.alone => Action::ReadOwnReview,
        ReviewStatus::Submitted if submissions::hides(sheet, review) => Action::ReadOwnReview,
        ReviewStatus::Submitted if review.superseded.is_none() => Action::ReadReview(review.stage),
        ReviewStatus::Submitted | ReviewStatus::Draft => Action::ReadReviewDraft(review.stage),
    }
}

fn sees_superseded(context: &Context, review: &Review, sheet: &SubmissionCase) -> bool {
    let facts = Facts { owner: Some(&review.reviewer_id), ..sheet.facts() };
    let reads =
        if submissions::hides(sheet, review) { Action::ReadOwnReview } else { Action::ReadReviewDraft(review.stage) };
    access::holds(&context.actor, reads, &facts)
}

/// Lists the reviews of some submissions that the caller may see. A submission that is asked for alone must be readable; among
/// several, those that are not are left out.
pub fn list(conn: &mut Conn, context: &Context, submission_ids: &[Id]) -> Result<Vec<(Review, Links)>> {
    let mut cases = store::submissions::find_all(conn, submission_ids)?;
    if let [_] = submission_ids {
        cases.first().ok_or(Code::NotFound)?.authorize(context, Action::ReadSubmission)?;
    }
    cases.retain(|case| case.authorize(context, Action::ReadSubmission).is_ok());
    context.accept_read()?;
    let readable: Vec<Id> = cases.iter().map(|case| case.submission.id).collect();
    let history = store::reviews::history(conn, &readable)?;
    let with_case = history
        .iter()
        .filter_map(|review| Some((review, cases.iter().find(|case| case.submission.id == review.submission_id)?)));
    let visible = with_case.filter(|(review, case)| {
        let facts = Facts { owner: Some(&review.reviewer_id), ..case.facts() };
        access::require(&context.actor, reading(review, case), &facts).is_ok()
    });
    let linked = visible.map(|(review, case)| {
        if !sees_superseded(context, review, case) {
            return (review.clone(), Links::default());
        }
        let next = history.iter().find(|next| next.replaces_id == Some(review.id));
        let links = Links { replaces_id: review.replaces_id, superseded_by_id: next.map(|next| next.id) };
        (review.clone(), links)
    });
    Ok(linked.collect())
}

/// The lines of the preceding stage, which a review copies and is compared with.
fn stage_before(conn: &mut Conn, table: &ScoringTable, submission: &Submission, stage: Stage) -> Result<Sheet, Error> {
    match stage {
        Stage::Appraisal => store::scores::of_submission(conn, table, &submission.id),
        Stage::Council => {
            let reviews = store::reviews::of_submission(conn, &submission.id)?;
            let appraisal = reviews.iter().find(|review| review.stage == Stage::Appraisal);
            let appraisal = appraisal.ok_or_else(appraisal_missing)?;
            store::scores::of_review(conn, table, &appraisal.id)
        }
    }
}

/// Returns the error for an appraised submission without the appraisal that a council review begins with.
pub fn appraisal_missing() -> Error {
    Error::internal("an appraised submission without its appraisal")
}

/// Starts a review as a copy of the preceding stage.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewReview>) -> Result<Details<ReviewCase>> {
    let new = context.parsed(input, &[Action::Appraise, Action::CouncilReview, Action::ScoreAlone])?;
    // How the council scores does not change once there are submissions.
    let sheet = store::submissions::find(conn, &new.submission_id)?.ok_or(Code::NotFound)?;
    let action = sheet.starting(new.stage);
    let (sheet, _): (SubmissionCase, _) = context.enter_to_add(conn, &new.submission_id, action, input)?;
    let table = context.app.tables.of_submission(conn, &sheet)?;
    let copied = stage_before(conn, &table, &sheet.submission, new.stage)?.copied();
    let tally = table.tally(&copied);
    let history = store::reviews::history(conn, std::slice::from_ref(&sheet.submission.id))?;
    let reviewer_id = context.member_id(&sheet.submission.organization_id)?;
    let begun = sheet.begin_review((context.new_id(), new.stage, reviewer_id), &history, context.now);
    let review = Review { totals: tally.totals.unwrap_or_default(), breakdown: table.breakdown(&tally), ..begun };
    store::reviews::insert(conn, &review)?;
    store::scores::save_review(conn, &table, &review.id, &table.blank(), &copied)?;
    let case = ReviewCase { review, sheet };
    record(conn, context, created(&case, &table, &copied)?)?;
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
    let (case, lines) = enter(conn, context, id, (Action::WriteReview, Action::WriteOwnReview), input)?;
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

/// Opens a review for an act that its stage determines, and whether it was made alone.
fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    (act, own): (fn(Stage) -> Action, Action),
    input: &'i Input<T>,
) -> Result<(ReviewCase, &'i T)> {
    let review = store::reviews::find(conn, id)?.ok_or(Code::NotFound)?;
    let action = if review.alone { own } else { act(review.stage) };
    context.enter(conn, id, action, input)
}

/// The entry of a new review, with the lines that it begins with.
///
/// # Errors
/// `internal` when they cannot be serialised.
pub fn created(case: &ReviewCase, table: &ScoringTable, lines: &Sheet) -> Result<AuditDraft<'static>, Error> {
    let lines = json!({"amendment_id": case.review.amendment_id, "lines": audited_lines(table, lines)?});
    Ok(AuditDraft::of("review.create", case, None, Some(fields(&case.audit(), lines))))
}

/// What a review of one among several lacks: whoever leaves out every line has not reviewed it.
fn missing_alone(table: &ScoringTable, sheet: &Sheet) -> Vec<Fault> {
    if sheet.0.iter().any(|line| line.scored.is_some()) {
        Vec::new()
    } else {
        table.missing(sheet, Scorer::Reviewer, |_| true)
    }
}

/// Submits a review. Every line must be scored, unless its reviewer scores alone, and every deviation justified; the submission
/// then advances.
pub fn submit(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<ReviewCase>> {
    let (case, ()) = enter(conn, context, id, (Action::SubmitReview, Action::SubmitOwnReview), &Ok(()))?;
    let table = context.app.tables.of_submission(conn, &case.sheet)?;
    let sheet = store::scores::of_review(conn, &table, id)?;
    let before = stage_before(conn, &table, &case.sheet.submission, case.review.stage)?;
    // Who scores alone may leave lines out, and need not say why.
    let (mut faults, before) = match case.review.alone {
        true => (missing_alone(&table, &sheet), before.as_far_as(&sheet)),
        false => (table.missing(&sheet, Scorer::Reviewer, |_| true), before),
    };
    faults.extend(table.unexplained(&before, &sheet));
    let Change { after, event } = case.submit(faults, context.now)?;
    let period_id = &case.sheet.submission.period_id;
    let decisions = ranking::standing(conn, period_id)?;
    let after = after.save(conn)?;
    if after.review.alone {
        council_means::recount(conn, context, &table, &after.sheet.submission)?;
    }
    let lapsed = ranking::lapsed(conn, period_id, decisions)?;
    let today = date_in(after.sheet.zone, context.now);
    let stages = sync::update_stages(conn, &after.sheet.submission.period_id, today, context.now)?;
    let event = event.map(|kind| after.event(kind));
    let mut drafts = vec![AuditDraft::of_change("review.submit", &case, &after, event)];
    if case.sheet.submission.status != after.sheet.submission.status {
        drafts.push(AuditDraft::of_change("submission.advance", &case.sheet, &after.sheet, None));
    }
    drafts.extend(stages);
    drafts.extend(lapsed);
    record_all(conn, context, drafts)?;
    Ok(context.details(conn, after)?)
}

/// Reopens a review that was submitted wrongly: it is kept as superseded, and a draft with its lines takes its place.
pub fn reopen(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<ReviewCase>> {
    let (case, reason) = enter(conn, context, id, (Action::ReopenReview, Action::ReopenOwnReview), input)?;
    let reason = checked(|check| check.text("/reason", reason, NOTE_CHARS))?;
    let table = context.app.tables.of_submission(conn, &case.sheet)?;
    let lines = store::scores::of_review(conn, &table, id)?;
    let reviewer_id = context.member_id(&case.review.organization_id)?;
    let Reopened { superseded, draft } = case.reopen(context.new_id(), reviewer_id, reason, context.now);
    let period_id = &case.sheet.submission.period_id;
    let decisions = ranking::standing(conn, period_id)?;
    let superseded = store::reviews::update(conn, superseded)?;
    store::reviews::insert(conn, &draft.review)?;
    store::scores::save_review(conn, &table, &draft.review.id, &table.blank(), &lines)?;
    let draft = if draft.review.alone {
        council_means::recount(conn, context, &table, &draft.sheet.submission)?;
        draft
    } else {
        ReviewCase { sheet: draft.sheet.save(conn)?, ..draft }
    };
    let stages = sync::update_stages(conn, period_id, date_in(draft.sheet.zone, context.now), context.now)?;
    let superseded = ReviewCase { review: superseded, sheet: draft.sheet.clone() };
    // Nobody learns what somebody does alone.
    let event = (!superseded.review.alone).then(|| superseded.event(EventType::ReviewReopened));
    let mut drafts =
        vec![AuditDraft::of_change("review.reopen", &case, &superseded, event), created(&draft, &table, &lines)?];
    if case.sheet.submission.status != draft.sheet.submission.status {
        drafts.push(AuditDraft::of_change("submission.step_back", &case.sheet, &draft.sheet, None));
    }
    drafts.extend(stages);
    drafts.extend(ranking::lapsed(conn, period_id, decisions)?);
    record_all(conn, context, drafts)?;
    Ok(context.details(conn, draft)?)
}
