//! Batches of scores: `/v1/periods/{id}/scores/batch`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::score_batch::{BatchItem, BatchMode, ItemOutcome, Kept, ScoredStage};
use crate::domain::criteria::rules::{Answer as ScoreAnswer, AnswerInput};
use crate::domain::criteria::scoring::LineInput;
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, operations, runs};
use crate::http::problem::{FaultBody, Language, fault_bodies};
use crate::service::assessment::score_batches::{self, Batch, ItemResult};
use crate::service::{Answer, Conn, Context, Input};

/// Returns the operations on batches of scores.
pub fn operations() -> Vec<Operation> {
    operations![Submissions, "periods";
        write_scores: runs(WRITERS).refuses(REFUSALS),
    ]
}

/// The actions by which lines are written, of any stage.
pub const WRITERS: [Action; 4] = [Action::WriteScores, Action::Appraise, Action::CouncilReview, Action::ScoreAlone];

/// What a batch is refused with as a whole. The codes of the items are those of the single writes.
pub const REFUSALS: &[Code] = &[
    Code::GuardFailed,
    Code::ValidationFailed,
    Code::Required,
    Code::TooManyItems,
    Code::InvalidState,
    Code::DeadlinePassed,
    Code::UnitSetAside,
    Code::ScoreOutOfRange,
    Code::PointsPrecision,
    Code::PointsStep,
    Code::NumberOutOfRange,
    Code::NumberPrecision,
    Code::AnswerMismatch,
    Code::NotApplicableRefused,
    Code::UnknownLevel,
    Code::RankOutOfBands,
    Code::UnknownOption,
    Code::DuplicateOption,
    Code::UnknownCriterion,
    Code::DuplicateCriterion,
    Code::SharedPointsExceeded,
    Code::ReasonNotAsked,
    Code::TextTooLong,
];

/// Lines of many submissions of a period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreBatchBody, example = json!({"stage": "appraisal", "mode": "per_item", "dry_run": false, "items": [
    {"submission_id": "018b88d6-5f80-7000-8000-000000000001", "criterion_code": "A.II.1", "answer": {"type": "points", "points": 25},
     "reason": "Trình chậm 02 văn bản", "note": null, "if_version": "\"1f0c3a5b7d9e2468-0a1b2c3d4e5f6071\""}]}))]
struct BatchBody {
    /// The stage whose lines are written.
    stage: ScoredStage,
    /// What becomes of the batch where an item is refused: nothing is written (`atomic`), or the others are (`per_item`).
    mode: BatchMode,
    /// Whether only to report what the batch would do; defaults to `false`.
    #[serde(default)]
    dry_run: bool,
    /// The lines, at most 1,000, each for another submission or criterion.
    items: Vec<ItemBody>,
}

/// A line of a submission, in a batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreBatchItemBody)]
struct ItemBody {
    /// The submission, which belongs to the period.
    submission_id: Id,
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    criterion_code: String,
    /// The answer, as the criterion's rule requires; null clears the line.
    #[schema(value_type = Option<ScoreAnswer>)]
    answer: Option<AnswerInput>,
    /// In a review, why the line differs from the previous stage; required before the review is submitted if it does.
    reason: Option<String>,
    /// A remark; at most 4,000 characters.
    note: Option<String>,
    /// `ETag` of the submission, as any of its representations gives it, or of the draft review that the line belongs to.
    /// Absent, the item is refused with `precondition_required`.
    if_version: Option<String>,
}

impl From<ItemBody> for BatchItem {
    fn from(body: ItemBody) -> Self {
        let ItemBody { submission_id, criterion_code, answer, reason, note, if_version } = body;
        let line = LineInput { criterion_code, answer, note, reason };
        BatchItem { submission_id, line, if_version, kept: Kept::default() }
    }
}

/// What has become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScoreBatchStatus)]
pub enum ItemStatus {
    /// The line is written, or would be.
    Applied,
    /// The line is so already.
    Unchanged,
    /// The line is not written.
    Refused,
}

impl ItemStatus {
    /// Returns the status of an outcome.
    pub const fn of(outcome: &ItemOutcome) -> Self {
        match outcome {
            ItemOutcome::Applied => ItemStatus::Applied,
            ItemOutcome::Unchanged => ItemStatus::Unchanged,
            ItemOutcome::Refused(_) => ItemStatus::Refused,
        }
    }
}

/// The result of an item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreBatchResult)]
struct ResultView {
    /// Place of the item in the request, from 0.
    #[schema(value_type = i64)]
    index: usize,
    /// The submission.
    submission_id: Id,
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    criterion_code: String,
    /// What has become of it.
    status: ItemStatus,
    /// The first reason why it is refused, as a problem code; null if it is not.
    #[schema(example = "deadline_passed")]
    code: Option<&'static str>,
    /// Every reason why it is refused, with pointers into the request; empty if it is not.
    errors: Vec<FaultBody>,
    /// The review that holds the line; null for the unit's own scores, for a refused item, and for a review that is only tried.
    review_id: Option<Id>,
    /// `ETag` of the submission, or of the review that holds the line, as it is now; null for a refused item and for a dry run.
    etag: Option<String>,
}

/// The result of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreBatch)]
struct BatchView {
    /// Whether the batch was only tried, without changing anything.
    dry_run: bool,
    /// The results, in the order of the items.
    results: Vec<ResultView>,
    /// Number of items written.
    #[schema(value_type = i64)]
    applied: usize,
    /// Number of items whose line was so already.
    #[schema(value_type = i64)]
    unchanged: usize,
    /// Number of items refused.
    #[schema(value_type = i64)]
    refused: usize,
}

fn view(batch: &Batch, results: Vec<ItemResult>, language: Language) -> BatchView {
    let results = batch.items.iter().zip(results).enumerate().map(|(index, (item, result))| ResultView {
        index,
        submission_id: item.submission_id,
        criterion_code: item.line.criterion_code.clone(),
        status: ItemStatus::of(&result.outcome),
        code: result.outcome.faults().first().map(|fault| fault.code.row().code),
        errors: fault_bodies(result.outcome.faults(), language),
        review_id: result.review_id,
        etag: result.etag,
    });
    let results: Vec<ResultView> = results.collect();
    let count = |status| results.iter().filter(|result| result.status == status).count();
    BatchView {
        dry_run: batch.dry_run,
        applied: count(ItemStatus::Applied),
        unchanged: count(ItemStatus::Unchanged),
        refused: count(ItemStatus::Refused),
        results,
    }
}

/// Write lines of many submissions.
///
/// The items are checked as single writes are, in the same order and with the same codes: right, `if_version`, state and
/// deadline, content. Those of one submission are taken together and count as one change of it; two items for one submission and
/// criterion are both refused. Stage `self` writes the unit's scores. Stages `appraisal` and `council` write into the draft
/// review of the submission, which is started by the first item that is accepted where there is none yet; where the period's
/// `council_scoring` is `mean`, that is the member's own review.
///
/// In mode `atomic`, one refused item refuses the batch, with every fault of every item: 422 where all faults are of the content,
/// otherwise 409. In mode `per_item` the other items are written and the answer is 200. With `dry_run` the answer is the same and
/// nothing changes; an `Idempotency-Key` then has no effect.
#[utoipa::path(post, path = "/v1/periods/{id}/scores/batch", operation_id = "write_scores", request_body = BatchBody,
    responses((status = 200, description = "What has become of each item.", body = BatchView)))]
async fn write_scores(call: Call) -> Reply {
    let (id, language) = (call.id("id")?, Language::of(call.http().headers()));
    let input: Input<Batch> = call.body::<BatchBody>().map(|body| Batch {
        stage: body.stage,
        mode: body.mode,
        dry_run: body.dry_run,
        items: body.items.into_iter().map(BatchItem::from).collect(),
    });
    let is_dry = input.as_ref().is_ok_and(|batch| batch.dry_run);
    let work = move |conn: &mut Conn, context: &Context| {
        let results = score_batches::write(conn, context, &id, &input)?;
        let batch = input.as_ref().map_err(Clone::clone)?;
        Ok(Answer { etag: None, ..Answer::ok(&view(batch, results, language), String::new())? })
    };
    // A batch that is only tried runs where nothing can be written.
    if is_dry { call.try_out(work).await } else { call.write(work).await }
}
