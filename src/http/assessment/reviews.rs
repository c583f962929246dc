//! Reviews of submissions: `/v1/reviews`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::{Action, Stage};
use crate::domain::assessment::review::{Review, ReviewCase, ReviewStatus};
use crate::domain::criteria::rules::{Answer as ScoreAnswer, AnswerInput, Explanation};
use crate::domain::criteria::scoring::{LineInput, Totals, WriteMode};
use crate::domain::{Id, Points};
use crate::error::{Code, Error};
use crate::http::actions::Actions;
use crate::http::assessment::periods::ReasonBody;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
use crate::http::page::ListView;
use crate::http::time::Instant;
use crate::service::assessment::reviews::{self, Links, NewReview};
use crate::service::{Answer, Details, Input, Interrupt};

/// Returns the operations on `reviews`.
pub fn operations() -> Vec<Operation> {
    operations![Reviews, "reviews";
        list: lists(Action::ReadSubmission),
        create: creates([Action::Appraise, Action::CouncilReview, Action::ScoreAlone]).refuses(CREATE_REFUSALS),
        get: reads([Action::ReadReview(Stage::Appraisal), Action::ReadReview(Stage::Council), Action::ReadOwnReview]),
        put_scores: changes([Action::WriteReview(Stage::Appraisal), Action::WriteReview(Stage::Council), Action::WriteOwnReview]).refuses(SCORES_REFUSALS),
        patch_scores: changes([Action::WriteReview(Stage::Appraisal), Action::WriteReview(Stage::Council), Action::WriteOwnReview]).refuses(SCORES_REFUSALS),
        submit: acts([Action::SubmitReview(Stage::Appraisal), Action::SubmitReview(Stage::Council), Action::SubmitOwnReview]).refuses(SUBMIT_REFUSALS),
        reopen: acts([Action::ReopenReview(Stage::Appraisal), Action::ReopenReview(Stage::Council), Action::ReopenOwnReview]).refuses(REOPEN_REFUSALS),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::AlreadyExists, Code::Recused, Code::InvalidState];
const SCORES_REFUSALS: &[Code] = &[
    Code::InvalidState,
    Code::Recused,
    Code::ScoreOutOfRange,
    Code::NotApplicableRefused,
    Code::UnknownCriterion,
    Code::SharedPointsExceeded,
];
const SUBMIT_REFUSALS: &[Code] = &[Code::Recused, Code::ValidationFailed, Code::ReasonRequired, Code::MissingScore];

const REOPEN_REFUSALS: &[Code] = &[Code::Recused, Code::InvalidState, Code::Required, Code::TextTooLong];

/// A review, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewHead)]
struct ReviewHeadView {
    /// Id of the review.
    id: Id,
    /// The organisation that the review belongs to.
    organization_id: Id,
    /// The submission under review.
    submission_id: Id,
    /// Stage of the review.
    stage: Stage,
    /// Id of the member who started it.
    reviewer: Id,
    /// State of the review.
    status: ReviewStatus,
    /// When it was submitted; null for a draft.
    submitted_at: Option<Instant>,
    /// Totals of its lines.
    totals: Totals,
    /// When it stopped counting; null for the review that counts.
    superseded_at: Option<Instant>,
    /// Why it stopped counting; null for the review that counts.
    superseded_reason: Option<String>,
    /// The review that takes its place; null if there is none, and for callers who may not read superseded reviews.
    superseded_by_id: Option<Id>,
    /// The superseded review that it takes the place of; null if there is none, and for callers who may not read it.
    replaces_id: Option<Id>,
    /// Version of the review; it increases with every change.
    version: i64,
    /// When the review was created.
    created_at: Instant,
    /// When the review was last changed.
    updated_at: Instant,
}

impl ReviewHeadView {
    fn of(review: &Review, links: Links) -> Self {
        let superseded = review.superseded.as_ref();
        ReviewHeadView {
            id: review.id,
            organization_id: review.organization_id,
            submission_id: review.submission_id,
            stage: review.stage,
            reviewer: review.reviewer_id,
            status: review.status,
            submitted_at: review.submitted_at.map(Instant),
            totals: review.totals,
            superseded_at: superseded.map(|superseded| Instant(superseded.at)),
            superseded_reason: superseded.map(|superseded| superseded.reason.clone()),
            superseded_by_id: links.superseded_by_id,
            replaces_id: links.replaces_id,
            version: review.version,
            created_at: Instant(review.created_at),
            updated_at: Instant(review.updated_at),
        }
    }
}

/// A line of a review.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewScore)]
struct LineView<'a> {
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    criterion_code: &'a str,
    /// The reviewer's answer; null if there is none.
    answer: Option<&'a ScoreAnswer>,
    /// Points earned by the answer, at most the maximum; null if it is not scored or does not apply.
    points: Option<Points>,
    /// Points earned beyond the maximum, which count as bonus; null if it is not scored or does not apply.
    bonus_points: Option<Points>,
    /// How the points were computed, in enough detail to repeat it by hand.
    explanation: Option<Explanation>,
    /// Why the line differs from the previous stage.
    reason: Option<&'a str>,
    /// The reviewer's remark.
    note: Option<&'a str>,
}

/// A review with its lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Review)]
struct ReviewView<'a> {
    #[serde(flatten)]
    head: ReviewHeadView,
    /// Lines of the review, in the order of the criteria set.
    scores: Vec<LineView<'a>>,
    #[serde(flatten)]
    actions: Actions,
}

impl<'a> From<&'a Details<ReviewCase>> for ReviewView<'a> {
    fn from(details: &'a Details<ReviewCase>) -> Self {
        let lines = details.visible.table.criteria.iter().zip(&details.visible.sheet.0);
        let scores = lines.map(|(criterion, line)| LineView {
            criterion_code: &criterion.code,
            answer: line.given(),
            points: criterion.split(line).0,
            bonus_points: criterion.split(line).1,
            explanation: line.answer().map(|answer| criterion.rule.explain(answer, criterion.bounds)),
            reason: line.reason.as_deref(),
            note: line.note.as_deref(),
        });
        ReviewView {
            scores: scores.collect(),
            actions: Actions::of(&details.offers, &format!("/v1/reviews/{}", details.value.review.id)),
            head: ReviewHeadView::of(&details.value.review, details.visible.links),
        }
    }
}

/// A new review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateReview, example = json!({"submission_id": "018b88d6-5f80-7000-8000-000000000001", "stage": "appraisal"}))]
struct NewBody {
    /// The submission to review.
    submission_id: Id,
    /// Stage of the review.
    stage: Stage,
}

/// Lines of a review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewScoresBody, example = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"type": "points", "points": 25}, "reason": "Trình chậm 02 văn bản"}]}))]
struct ScoresBody {
    /// The lines, each for another criterion.
    scores: Vec<ScoreBody>,
}

/// A line of a review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewScoreBody)]
struct ScoreBody {
    /// Code of the criterion.
    criterion_code: String,
    /// The answer, as the criterion's rule requires; null clears the line.
    #[schema(value_type = Option<ScoreAnswer>)]
    answer: Option<AnswerInput>,
    /// Why the line differs from the previous stage; required before the review is submitted if it does.
    reason: Option<String>,
    /// A remark; at most 4,000 characters.
    note: Option<String>,
}

fn details_answer(details: &Details<ReviewCase>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&ReviewView::from(details), details.tag.header())?)
}

/// Filters of the list of reviews.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The submissions whose reviews are listed; at most 100.
    #[param(required = true, min_items = 1, max_items = 100)]
    submission_id: Option<Vec<Id>>,
}

/// The submissions that one request may list the reviews of.
const MAX_SUBMISSIONS: usize = 100;

/// List the reviews of submissions that the caller may see.
///
/// A submission that the caller may not read is refused where it is asked for alone, and left out where several are.
#[utoipa::path(get, path = "/v1/reviews", 
    params(ListQuery), responses((status = 200, description = "A page of reviews, by submission: the appraisals before the council reviews, superseded ones before those that take their place.", body = ListView<ReviewHeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { submission_id } = call.query();
    let refused = || Error::new(Code::InvalidParameter).with("name", "submission_id");
    let submission_ids = submission_id.filter(|ids| (1..=MAX_SUBMISSIONS).contains(&ids.len()));
    let mut submission_ids = submission_ids.ok_or_else(|| call.problem(refused()))?;
    submission_ids.sort_unstable();
    submission_ids.dedup();
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let reviews = reviews::list(conn, context, &submission_ids)?;
        let view = |(review, links): (Review, Links)| ReviewHeadView::of(&review, links);
        Ok(asked.answer_of_all(reviews, |(review, _)| review.id.to_string(), view)?)
    })
    .await
}

/// Start a review.
///
/// The review starts as a copy of the previous stage. Each submission has one appraisal and one council review, each in
/// the stage of the period that it belongs to. Nobody reviews their own unit.
///
/// Where the period's `council_scoring` is `mean`, each member of the council and the chair starts a council review of their
/// own. Until the ranking is final nobody else who scores sees it, nor what it changes.
#[utoipa::path(post, path = "/v1/reviews", request_body = NewBody, responses((status = 201, description = "Created.", body = ReviewView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| NewReview { submission_id: body.submission_id, stage: body.stage });
    call.write(move |conn, context| created(&reviews::create(conn, context, &input)?)).await
}

fn created(details: &Details<ReviewCase>) -> Result<Answer, Interrupt> {
    let location = format!("/v1/reviews/{}", details.value.review.id);
    Ok(Answer::created(&ReviewView::from(details), details.tag.header(), location)?)
}

/// Get a review.
#[utoipa::path(get, path = "/v1/reviews/{id}", responses((status = 200, description = "The review.", body = ReviewView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

async fn write(call: Call, mode: WriteMode) -> Reply {
    let id = call.id("id")?;
    let line = |score: ScoreBody| LineInput {
        criterion_code: score.criterion_code,
        answer: score.answer,
        note: score.note,
        reason: score.reason,
    };
    let input: Input<Vec<LineInput>> =
        call.body::<ScoresBody>().map(|body| body.scores.into_iter().map(line).collect());
    call.write(move |conn, context| details_answer(&reviews::write_scores(conn, context, &id, &input, mode)?)).await
}

/// Replace all lines of a draft review.
///
/// Omitted lines are cleared.
#[utoipa::path(put, path = "/v1/reviews/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ReviewView)))]
async fn put_scores(call: Call) -> Reply {
    write(call, WriteMode::Replace).await
}

/// Update lines of a draft review.
///
/// Omitted lines remain unchanged.
#[utoipa::path(patch, path = "/v1/reviews/{id}/scores", request_body = ScoresBody, responses((status = 200, description = "Written.", body = ReviewView)))]
async fn patch_scores(call: Call) -> Reply {
    write(call, WriteMode::Update).await
}

/// Submit a review.
///
/// Requires that every line is scored and that every line that differs from the previous stage has a reason. The
/// submission moves to the next stage, and the review can no longer change.
///
/// Where members of the council score alone, a line may be left out: it then counts for nothing in the mean, but one line at
/// least must be scored. The submission stays `appraised` until the period is finalised.
#[utoipa::path(post, path = "/v1/reviews/{id}/submit", responses((status = 200, description = "Submitted.", body = ReviewView)))]
async fn submit(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&reviews::submit(conn, context, &id)?)).await
}

/// Reopen a review that was submitted wrongly.
///
/// The review is kept as it is, with `superseded_at`, and a new draft with its lines takes its place; the submission moves
/// back to the stage before. The answer is the draft. Possible until the next stage of the period starts; a decision on a
/// tie lapses where a total that it was taken on is no longer there.
#[utoipa::path(post, path = "/v1/reviews/{id}/reopen", request_body = ReasonBody, responses((status = 201, description = "The draft that takes its place.", body = ReviewView)))]
async fn reopen(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<ReasonBody>().map(|body| body.reason);
    call.write(move |conn, context| created(&reviews::reopen(conn, context, &id, &input)?)).await
}
