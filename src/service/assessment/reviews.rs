//! Acts on the reviews of a sheet: the standing body's and the council's.

use std::sync::Arc;

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Offers};
use crate::domain::assessment::review::{Review, ReviewStatus};
use crate::domain::assessment::submission::{Submission, SubmissionStatus};
use crate::domain::criteria::scoring::{Extent, Hand, LineInput, ScoringTable, Sheet};
use crate::domain::journal::event::EventType;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::assessment::submissions::{differences, facts, load_to_change, news};
use crate::service::schedule::deadlines::keeping;
use crate::service::tag::Tag;
use crate::service::{Change, Context, Input, Interrupt, State, record};
use crate::store::submissions::Case;
use crate::store::{self, Conn};

/// A new review.
#[derive(Debug, Clone)]
pub struct NewReview {
    /// Of which sheet.
    pub submission_id: Id,
    /// Whose column.
    pub stage: Stage,
}

/// A review as its caller sees it.
pub struct Seen {
    /// Its head.
    pub review: Review,
    /// Its lines.
    pub sheet: Sheet,
    /// By which table.
    pub table: Arc<ScoringTable>,
    /// What the caller may do with it now.
    pub offers: Offers,
    /// Its tag.
    pub tag: Tag,
}

/// The acts on a review, in the order in which they are listed.
fn offers(context: &Context, case: &Case, review: &Review) -> Offers {
    let state = |_| {
        review.must_be_draft()?;
        case.submission.may(review.stage.action(), case.period_status, context.now)
    };
    let acts = [Action::WriteReview(review.stage), Action::SubmitReview(review.stage)];
    access::offers(&context.actor, &facts(case), &acts, state)
}

fn reading(review: &Review) -> Action {
    match review.status {
        ReviewStatus::Draft => Action::ReadReviewDraft(review.stage),
        ReviewStatus::Submitted => Action::ReadReview(review.stage),
    }
}

fn see(conn: &mut Conn, context: &Context, case: &Case, review: Review) -> Result<Seen, Error> {
    let table = context.app.tables.of_sheet(conn, case)?;
    let sheet = store::scores::of_review(conn, &table, &review.id)?;
    let offers = offers(context, case, &review);
    let tag = Tag::of(&[(&review.id, review.version)], &offers);
    Ok(Seen { review, sheet, table, offers, tag })
}

/// One review.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let review = store::reviews::find(conn, id)?.ok_or(Code::NotFound)?;
    let case = store::submissions::find(conn, &review.submission_id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, reading(&review), &facts(&case))?;
    context.accept_read()?;
    Ok(see(conn, context, &case, review)?)
}

/// The reviews of a sheet that the caller may see.
pub fn list(conn: &mut Conn, context: &Context, submission_id: &Id) -> Result<Vec<Review>, Interrupt> {
    let case = store::submissions::find(conn, submission_id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, Action::ReadSubmission, &facts(&case))?;
    context.accept_read()?;
    let mut reviews = store::reviews::of_submission(conn, submission_id)?;
    reviews.retain(|review| access::require(&context.actor, reading(review), &facts(&case)).is_ok());
    Ok(reviews)
}

/// The lines that a review of this stage starts from and is compared with.
fn stage_before(conn: &mut Conn, table: &ScoringTable, submission: &Submission, stage: Stage) -> Result<Sheet, Error> {
    match stage {
        Stage::Appraisal => store::scores::of_submission(conn, table, &submission.id),
        Stage::Council => {
            let reviews = store::reviews::of_submission(conn, &submission.id)?;
            let appraisal = reviews.iter().find(|review| review.stage == Stage::Appraisal);
            let appraisal = appraisal.ok_or_else(|| Error::internal("an appraised sheet without its appraisal"))?;
            store::scores::of_review(conn, table, &appraisal.id)
        }
    }
}

/// Starts a review as a copy of the stage before.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewReview>) -> Result<Seen, Interrupt> {
    let Ok(new) = input else {
        let organization_id = context.organization(None)?;
        access::require_role(&context.actor, Action::Appraise, &organization_id)
            .or_else(|_| access::require_role(&context.actor, Action::CouncilReview, &organization_id))?;
        context.accept(input)?;
        return Err(Code::InvalidBody.into());
    };
    let case = load_to_change(conn, context, &new.submission_id)?;
    access::require(&context.actor, new.stage.action(), &facts(&case))?;
    context.accept(input)?;
    case.submission.may(new.stage.action(), case.period_status, context.now)?;
    let table = context.app.tables.of_sheet(conn, &case)?;
    let copied = stage_before(conn, &table, &case.submission, new.stage)?.copied();
    let tally = table.tally(&copied);
    let review = Review {
        id: context.new_id(),
        organization_id: case.submission.organization_id,
        submission_id: case.submission.id,
        stage: new.stage,
        reviewer_id: context.member_id(&case.submission.organization_id)?,
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
    let after = json!({"submission_id": review.submission_id, "stage": review.stage});
    record(conn, context, change_of(&review, "review.create", None, Some(after.into())))?;
    Ok(see(conn, context, &case, review)?)
}

fn change_of<'a>(review: &'a Review, action: &'a str, before: Option<State>, after: Option<State>) -> Change<'a> {
    Change {
        organization_id: Some(&review.organization_id),
        action,
        subject_type: "review",
        subject_id: &review.id,
        before,
        after,
        news: None,
    }
}

/// Loads a review to be changed, with its sheet and period held, and asks for the right to act on it.
fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    submit: bool,
    input: &'i Input<T>,
) -> Result<(Case, Review, &'i T), Interrupt> {
    let submission_id = store::reviews::submission_of(conn, id)?.ok_or(Code::NotFound)?;
    let case = load_to_change(conn, context, &submission_id)?;
    let review = store::reviews::find(conn, id)?.ok_or(Code::NotFound)?;
    let action = if submit { Action::SubmitReview(review.stage) } else { Action::WriteReview(review.stage) };
    access::require(&context.actor, reading(&review), &facts(&case))?;
    access::require(&context.actor, action, &facts(&case))?;
    let command = context.accept(input)?;
    context.check_precondition(&Tag::of(&[(&review.id, review.version)], &Offers::default()).state)?;
    review.must_be_draft()?;
    case.submission.may(review.stage.action(), case.period_status, context.now)?;
    Ok((case, review, command))
}

/// Writes lines of a draft: all, or those given.
pub fn write_scores(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<Vec<LineInput>>,
    extent: Extent,
) -> Result<Seen, Interrupt> {
    let (case, review, lines) = enter(conn, context, id, false, input)?;
    let table = context.app.tables.of_sheet(conn, &case)?;
    let before = store::scores::of_review(conn, &table, id)?;
    let after = match table.write(&before, lines, extent, Hand::Reviewer) {
        Ok(after) => after,
        Err(faults) => {
            return Err(Error::unless_valid(faults).err().unwrap_or_else(|| Code::Internal.into()).into());
        }
    };
    store::scores::save_review(conn, &table, id, &before, &after)?;
    let tally = table.tally(&after);
    let changed = Review {
        totals: tally.totals.unwrap_or_default(),
        breakdown: table.breakdown(&tally),
        updated_at: context.now,
        ..review
    };
    let review = store::reviews::update(conn, changed)?;
    let (was, is) = differences(&table, &before, &after)?;
    record(conn, context, change_of(&review, "review.write_scores", Some(was), Some(is)))?;
    let offers = offers(context, &case, &review);
    let tag = Tag::of(&[(&review.id, review.version)], &offers);
    Ok(Seen { review, sheet: after, table, offers, tag })
}

/// Ends a review: every line is scored, every departure has its reason; the sheet moves on.
pub fn submit(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (case, review, ()) = enter(conn, context, id, true, &Ok(()))?;
    let table = context.app.tables.of_sheet(conn, &case)?;
    let sheet = store::scores::of_review(conn, &table, id)?;
    let before = stage_before(conn, &table, &case.submission, review.stage)?;
    let mut faults = table.missing(&sheet, |_| true);
    faults.extend(table.unexplained(&before, &sheet));
    if !faults.is_empty() {
        return Err(Error::of_faults(Code::ValidationFailed, faults).into());
    }
    let review = store::reviews::update(conn, Review { updated_at: context.now, ..review }.submitted(context.now))?;
    let status = match review.stage {
        Stage::Appraisal => SubmissionStatus::Appraised,
        Stage::Council => SubmissionStatus::Reviewed,
    };
    let moved = Submission { status, updated_at: context.now, ..case.submission.clone() };
    let submission = store::submissions::update(conn, moved)?;
    keeping::recount(conn, &submission.period_id, date_in(case.zone, context.now), context.now)?;
    let after = json!({"status": review.status, "totals": review.totals});
    let kind = match review.stage {
        Stage::Appraisal => EventType::SubmissionAppraised,
        Stage::Council => EventType::SubmissionReviewed,
    };
    let was = json!({"status": ReviewStatus::Draft});
    let change = change_of(&review, "review.submit", Some(was.into()), Some(after.into()));
    record(conn, context, change.publishing(news(&submission, kind)))?;
    Ok(see(conn, context, &Case { submission, ..case }, review)?)
}
