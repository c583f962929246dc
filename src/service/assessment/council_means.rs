//! What the members of a council who score alone make together.

use crate::domain::Id;
use crate::domain::access::action::Stage;
use crate::domain::assessment::review::{Review, ReviewCase, ReviewStatus};
use crate::domain::assessment::submission::{Submission, SubmissionCase};
use crate::domain::criteria::scoring::{ScoringTable, Sheet, Totals};
use crate::domain::time::date_in;
use crate::error::Error;
use crate::service::award::ranking;
use crate::service::schedule::deadlines::sync;
use crate::service::{AuditDraft, Context, record_all};
use crate::store::council_means::CouncilMean;
use crate::store::{self, Conn};

/// The submitted reviews among these that were made alone.
pub fn made_alone(reviews: &[Review]) -> impl Iterator<Item = &Review> {
    reviews.iter().filter(|review| review.alone && review.status == ReviewStatus::Submitted)
}

/// The submitted review among these that the whole council answers for.
fn agreed(reviews: &[Review]) -> Option<&Review> {
    let is_agreed = |review: &&Review| review.stage == Stage::Council && !review.alone;
    reviews.iter().filter(is_agreed).find(|review| review.status == ReviewStatus::Submitted)
}

fn appraisal(conn: &mut Conn, table: &ScoringTable, reviews: &[Review]) -> Result<Sheet, Error> {
    let appraisal = reviews.iter().find(|review| review.stage == Stage::Appraisal);
    let appraisal = appraisal.ok_or_else(|| Error::internal("a reviewed submission without its appraisal"))?;
    store::scores::of_review(conn, table, &appraisal.id)
}

/// Returns the lines of the council among the reviews of a submission: those of the review that it agreed on, or the mean.
pub fn lines(conn: &mut Conn, table: &ScoringTable, reviews: &[Review]) -> Result<Option<Sheet>, Error> {
    if let Some(review) = agreed(reviews) {
        return store::scores::of_review(conn, table, &review.id).map(Some);
    }
    let sheets: Result<Vec<Sheet>, Error> =
        made_alone(reviews).map(|review| store::scores::of_review(conn, table, &review.id)).collect();
    let sheets = sheets?;
    if sheets.is_empty() {
        return Ok(None);
    }
    Ok(Some(table.mean(&appraisal(conn, table, reviews)?, &sheets)))
}

/// Returns the totals of the council among the reviews of a submission.
pub fn totals(conn: &mut Conn, submission_id: &Id, reviews: &[Review]) -> Result<Option<Totals>, Error> {
    if let Some(review) = agreed(reviews) {
        return Ok(Some(review.totals));
    }
    match made_alone(reviews).next() {
        Some(_) => Ok(store::council_means::find(conn, submission_id)?.map(|mean| mean.totals)),
        None => Ok(None),
    }
}

/// Keeps what the reviews of a locked submission make now.
pub fn recount(conn: &mut Conn, context: &Context, table: &ScoringTable, submission: &Submission) -> Result<(), Error> {
    let reviews = store::reviews::of_submission(conn, &submission.id)?;
    let count = made_alone(&reviews).count();
    let mean = if count == 0 { None } else { lines(conn, table, &reviews)? };
    let Some(mean) = mean else {
        return store::council_means::delete(conn, &submission.id);
    };
    let tally = table.tally(&mean);
    let mean = CouncilMean {
        reviews: i32::try_from(count).map_err(Error::internal)?,
        totals: tally.totals.unwrap_or_default(),
        breakdown: table.breakdown(&tally),
    };
    store::council_means::save(conn, &submission.id, &mean, context.now)
}

/// Supersedes what a member who is recused from now on has scored alone, draft or submitted: the mean is that of the others.
pub fn keep_away(
    conn: &mut Conn,
    context: &Context,
    sheet: &SubmissionCase,
    member_id: &Id,
    reason: &str,
) -> Result<(), Error> {
    let (submission_id, period_id) = (&sheet.submission.id, &sheet.submission.period_id);
    if !sheet.is_scored_alone(Stage::Council) || sheet.period_status.is_final() {
        return Ok(());
    }
    store::submissions::lock_for_update(conn, submission_id)?;
    let reviews = store::reviews::of_submission(conn, submission_id)?;
    let Some(own) = reviews.into_iter().find(|review| review.alone && review.reviewer_id == *member_id) else {
        return Ok(());
    };
    let decisions = ranking::standing(conn, period_id)?;
    let superseded = store::reviews::update(conn, own.superseded(reason.to_owned(), context.now))?;
    let table = context.app.tables.of_submission(conn, sheet)?;
    recount(conn, context, &table, &sheet.submission)?;
    let stages = sync::update_stages(conn, period_id, date_in(sheet.zone, context.now), context.now)?;
    let with = |review: Review| ReviewCase { review, sheet: sheet.clone() };
    let mut drafts = vec![AuditDraft::of_change("review.supersede", &with(own), &with(superseded), None)];
    drafts.extend(stages);
    drafts.extend(ranking::lapsed(conn, period_id, decisions)?);
    record_all(conn, context, drafts)
}
