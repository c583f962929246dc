//! Acts on the lines of many sheets of a period at once.
//!
//! A batch is judged first and written afterwards, so that trying it is the same as doing it without the last step. Its
//! statements do not grow with its items: sheets, reviews and lines are read together, and saved together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, ScopeKind};
use crate::domain::assessment::period::{CouncilScoring, Period};
use crate::domain::assessment::review::{Review, ReviewCase};
use crate::domain::assessment::score_batch::{
    BatchItem, BatchMode, ItemOutcome, ScoredStage, at_item, check_count, of_item, require_all,
};
use crate::domain::assessment::submission::{Submission, SubmissionCase};
use crate::domain::change::Gate;
use crate::domain::criteria::scoring::{LineInput, ScoringTable, Sheet};
use crate::error::{Code, Error, Fault};
use crate::service::assessment::reviews::{self, Links, ReviewLines};
use crate::service::assessment::submissions::{VisibleResult, lapses, scores_written};
use crate::service::tag::{self, Tag};
use crate::service::{AuditDraft, Context, Input, Interrupt, PendingLapse, Related, Result, Subject, record_all};
use crate::store::scores::{ChangedSheet, StoredLines};
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// A batch of lines, as submitted.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The stage whose lines are written.
    pub stage: ScoredStage,
    /// What becomes of it where an item is refused.
    pub mode: BatchMode,
    /// Whether only to say what it would do.
    pub dry_run: bool,
    /// The items.
    pub items: Vec<BatchItem>,
}

/// What has become of an item.
#[derive(Debug, Clone)]
pub struct ItemResult {
    /// The outcome.
    pub outcome: ItemOutcome,
    /// The review that holds the line; `None` for a unit's own, and where there is none.
    pub review_id: Option<Id>,
    /// The tag of the submission or review that holds the line; `None` where it is refused and where a batch is only tried.
    pub etag: Option<String>,
}

/// Writes a batch, or only judges it. Returns the results in the order of its items.
pub fn write(conn: &mut Conn, context: &Context, period_id: &Id, input: &Input<Batch>) -> Result<Vec<ItemResult>> {
    let (period, batch) = enter(conn, context, period_id, input, |batch| batch.stage)?;
    let Batch { stage, mode, dry_run, items } = batch;
    check_count(items.len())?;
    let judged = Asked { period: &period, stage: *stage, dry_run: *dry_run }.judge(conn, context, items)?;
    if *mode == BatchMode::Atomic {
        require_all(judged.faults.iter().flatten().cloned().collect())?;
    }
    Ok(judged.finish(conn, context, (items, *dry_run))?)
}

/// Opens a period for a batch. Checks in this order: right to the stage, headers and body, replay.
///
/// # Errors
/// `not_found`, `role_required`, `scope_required`, and the errors of the body; `Interrupt::Replayed`.
pub fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    period_id: &Id,
    input: &'i Input<T>,
    stage_of: impl Fn(&T) -> ScoredStage,
) -> Result<(Period, &'i T)> {
    let period: Period = context.find(conn, period_id)?;
    let scoring = period.rules.council_scoring;
    let stage = input.as_ref().ok().map(stage_of);
    require_stage(context, &period.organization_id, (stage, scoring))?;
    Ok((period, context.accept(input)?))
}

/// Requires the right to write lines of some stage, before a file is received.
///
/// # Errors
/// `not_found`, `role_required`, `scope_required`.
pub fn may_write(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<()> {
    let period: Period = context.find(conn, period_id)?;
    Ok(require_stage(context, &period.organization_id, (None, period.rules.council_scoring))?)
}

/// Requires a role that writes a stage, or any of them, and a token that may write.
fn require_stage(
    context: &Context,
    organization_id: &Id,
    (stage, scoring): (Option<ScoredStage>, CouncilScoring),
) -> Result<(), Error> {
    let any = [ScoredStage::SelfAssessment, ScoredStage::Appraisal, ScoredStage::Council];
    let stages = stage.map_or(any.to_vec(), |stage| vec![stage]);
    let has_role =
        |stage: &ScoredStage| access::require_role(&context.actor, stage.action(scoring), organization_id).is_ok();
    if !stages.iter().any(has_role) {
        return Err(Error::new(Code::RoleRequired));
    }
    access::require_scope(&context.actor, ScopeKind::Write)
}

/// Where a batch is written.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The period.
    pub period: &'a Period,
    /// The stage whose lines are written.
    pub stage: ScoredStage,
    /// Whether only to say what it would do. Then it also runs on a connection that can't write.
    pub dry_run: bool,
}

/// A judged batch, of which nothing is written yet.
pub struct Judged {
    drafts: Vec<Draft>,
    /// The faults of each item, with pointers into the batch.
    pub faults: Vec<Vec<Fault>>,
}

impl Judged {
    /// Writes what is accepted, unless the batch is only tried, and returns the results in the order of the items.
    ///
    /// # Errors
    /// `version_mismatch`; `busy` or `internal` when the database fails.
    pub fn finish(
        self,
        conn: &mut Conn,
        context: &Context,
        (items, dry_run): (&[BatchItem], bool),
    ) -> Result<Vec<ItemResult>, Error> {
        let drafts = if dry_run { self.drafts } else { save(conn, context, self.drafts)? };
        let by_sheet: HashMap<Id, Draft> = drafts.into_iter().map(|draft| (draft.sheet.submission.id, draft)).collect();
        let result = |(item, faults): (&BatchItem, Vec<Fault>)| match by_sheet.get(&item.submission_id) {
            Some(draft) if faults.is_empty() => draft.result(context, &item.line.criterion_code, dry_run),
            Some(_) | None => ItemResult { outcome: ItemOutcome::Refused(faults), review_id: None, etag: None },
        };
        Ok(items.iter().zip(self.faults).map(result).collect())
    }
}

impl Asked<'_> {
    /// Decides on each item, without writing anything.
    ///
    /// # Errors
    /// `Interrupt::PendingLapse` where the batch is only tried and a gate has closed.
    pub fn judge(self, conn: &mut Conn, context: &Context, items: &[BatchItem]) -> Result<Judged> {
        let ids = distinct(items.iter().map(|item| item.submission_id));
        let sheets = self.load(conn, context, &ids)?;
        let (drafts, faults) = self.judge_sheets(conn, context, sheets, items)?;
        Ok(Judged { drafts, faults })
    }

    /// Loads the sheets of the period, with their reviews and tables. Where the batch is written, they are locked.
    ///
    /// # Errors
    /// `Interrupt::PendingLapse` where the batch is only tried and a gate has closed.
    fn load(self, conn: &mut Conn, context: &Context, ids: &[Id]) -> Result<Vec<Loaded>> {
        let period_id = &self.period.id;
        if !self.dry_run {
            store::periods::lock_for_share(conn, period_id)?;
            store::submissions::lock_all_for_update(conn, ids)?;
        }
        let mut cases = store::submissions::find_in(conn, period_id, ids)?;
        let lapsed = cases.iter().filter(|case| case.submission.has_lapsed(context.now));
        let lapsed: Vec<Id> = lapsed.map(|case| case.submission.id).collect();
        if !lapsed.is_empty() {
            if self.dry_run {
                return Err(Interrupt::PendingLapse(PendingLapse::Period(*period_id)));
            }
            lapses::apply_lapses(conn, context.app, context.request_id(), Lapsed::Among(&lapsed), context.now)?;
            cases = store::submissions::find_in(conn, period_id, ids)?;
        }
        let mut tables = context.app.tables.of_submissions(conn, period_id, cases.iter())?;
        let mut reviews = store::reviews::of_submissions(conn, ids)?;
        let loaded = cases.into_iter().filter_map(|case| {
            let id = case.submission.id;
            Some(Loaded { table: tables.remove(&id)?, reviews: reviews.remove(&id).unwrap_or_default(), case })
        });
        Ok(loaded.collect())
    }

    /// Returns the sheets that can be written, as they then are, and the faults of each item.
    fn judge_sheets(
        self,
        conn: &mut Conn,
        context: &Context,
        sheets: Vec<Loaded>,
        items: &[BatchItem],
    ) -> Result<(Vec<Draft>, Vec<Vec<Fault>>)> {
        let mut faults: Vec<Vec<Fault>> = vec![Vec::new(); items.len()];
        let known: HashSet<Id> = sheets.iter().map(|sheet| sheet.case.submission.id).collect();
        let mut by_sheet: HashMap<Id, Vec<usize>> = HashMap::new();
        for ((at, item), faults) in items.iter().enumerate().zip(&mut faults) {
            if known.contains(&item.submission_id) {
                by_sheet.entry(item.submission_id).or_default().push(at);
            } else {
                faults.push(at_item(at, SHEET, Error::new(Code::NotFound)));
            }
        }
        let mut open = Vec::new();
        for sheet in sheets {
            let of_sheet = by_sheet.remove(&sheet.case.submission.id).unwrap_or_default();
            let entrance = sheet.entrance(context, self.stage);
            let mut accepted = Vec::new();
            for at in of_sheet {
                let Some((item, faults)) = items.get(at).zip(faults.get_mut(at)) else {
                    continue;
                };
                match entrance.admits(item) {
                    Ok(()) => accepted.push(at),
                    Err((_, error)) if error.source.is_some() => return Err(error.into()),
                    Err((field, error)) => faults.push(at_item(at, field, error)),
                }
            }
            if !accepted.is_empty() {
                open.push((sheet, accepted));
            }
        }
        let mut lines = Lines::load(conn, self.stage, open.iter().map(|(sheet, _)| sheet))?;
        let mut drafts = Vec::new();
        for (sheet, accepted) in open {
            let mut draft = sheet.draft(context, self.stage, &mut lines)?;
            let inputs = accepted.iter().filter_map(|at| items.get(*at)).map(|item| {
                let place = draft.table.position(&item.line.criterion_code);
                item.over(place.and_then(|place| draft.before.0.get(place)))
            });
            let inputs: Vec<LineInput> = inputs.collect::<Result<_, _>>()?;
            let written = draft.table.write_each(&draft.before, &inputs, self.stage.scorer());
            for (at, found) in accepted.into_iter().zip(written.faults) {
                draft.has_accepted |= found.is_empty();
                if let Some(faults) = faults.get_mut(at) {
                    faults.extend(found.into_iter().map(|fault| of_item(at, fault)));
                }
            }
            draft.after = written.sheet;
            drafts.push(draft);
        }
        Ok((drafts, faults))
    }
}

/// The fields of an item that faults of its sheet are reported at.
const SHEET: &str = "submission_id";
const VERSION: &str = "if_version";

fn distinct(ids: impl Iterator<Item = Id>) -> Vec<Id> {
    let mut ids: Vec<Id> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A sheet with what its lines depend on.
struct Loaded {
    case: SubmissionCase,
    table: Arc<ScoringTable>,
    /// All its reviews, superseded ones included.
    reviews: Vec<Review>,
}

/// Whether the lines of a sheet can be written, as far as all its items share it.
struct Entrance {
    right: Result<(), Error>,
    /// The states that a tag may name.
    states: Vec<String>,
    gate: Gate,
}

impl Entrance {
    /// Checks an item as the single write does: right, version, state and clock. An error comes with the field that it is about.
    fn admits(&self, item: &BatchItem) -> Result<(), (&'static str, Error)> {
        self.right.clone().map_err(|error| (SHEET, error))?;
        let states: Vec<&str> = self.states.iter().map(String::as_str).collect();
        tag::require(item.if_version.as_deref(), &states).map_err(|error| (VERSION, error))?;
        self.gate.clone().map(|_| ()).map_err(|error| (SHEET, error))
    }
}

impl Loaded {
    /// Returns the review of a stage that counts and that the caller would write in.
    fn counting(&self, context: &Context, stage: Stage) -> Option<&Review> {
        let alone = self.case.is_scored_alone(stage);
        let own = context.member_id(&self.case.submission.organization_id).ok();
        let counts = |review: &&Review| {
            let is_own = !alone || Some(review.reviewer_id) == own;
            review.stage == stage && review.superseded.is_none() && review.alone == alone && is_own
        };
        self.reviews.iter().find(counts)
    }

    fn with(&self, review: Review) -> ReviewCase {
        ReviewCase { review, sheet: self.case.clone() }
    }

    fn entrance(&self, context: &Context, stage: ScoredStage) -> Entrance {
        let action = stage.action(self.case.council_scoring);
        let mut right = self.case.authorize(context, action);
        let visible = VisibleResult::of_reviews(context, &self.case, &self.reviews);
        let mut states = vec![Tag::state_of(&visible.parts(&self.case))];
        let mut gate = self.case.may(context, action);
        let review = stage.review().and_then(|stage| self.counting(context, stage));
        if let Some(review) = review {
            let own = if review.alone { Action::WriteOwnReview } else { Action::WriteReview(review.stage) };
            let case = self.with(review.clone());
            // Who may not start a review does not learn whether there is one.
            right = right.and_then(|()| case.authorize(context, own));
            states.push(Tag::state_of(&[case.identity().part()]));
            gate = Subject::may(&case, context, own);
        }
        Entrance { right, states, gate }
    }

    /// Returns the lines that the items are applied to: those of the unit, of the draft review, or of a new one, which begins as
    /// a copy of the stage before.
    fn draft(self, context: &Context, stage: ScoredStage, lines: &mut Lines) -> Result<Draft, Error> {
        let table = Arc::clone(&self.table);
        let (review, before) = match stage.review() {
            None => (None, lines.of_submission(&self.case.submission.id, &table)?),
            Some(stage) => {
                if let Some(review) = self.counting(context, stage) {
                    (Some((review.clone(), false)), lines.of_review(&review.id, &table)?)
                } else {
                    let copied = match stage {
                        Stage::Appraisal => lines.of_submission(&self.case.submission.id, &table)?,
                        Stage::Council => {
                            let appraisal = self.appraisal().ok_or_else(reviews::appraisal_missing)?;
                            lines.of_review(&appraisal.id, &table)?
                        }
                    };
                    (Some((self.begin(context, stage)?, true)), copied.copied())
                }
            }
        };
        Ok(Draft {
            sheet: self.case,
            reviews: self.reviews,
            review,
            after: before.clone(),
            before,
            table,
            has_accepted: false,
        })
    }

    /// Returns the appraisal that counts.
    fn appraisal(&self) -> Option<&Review> {
        self.reviews.iter().find(|review| review.stage == Stage::Appraisal && review.superseded.is_none())
    }

    fn begin(&self, context: &Context, stage: Stage) -> Result<Review, Error> {
        let reviewer_id = context.member_id(&self.case.submission.organization_id)?;
        Ok(self.case.begin_review((context.new_id(), stage, reviewer_id), &self.reviews, context.now))
    }
}

/// The stored lines that a batch starts from.
struct Lines {
    submissions: HashMap<Id, StoredLines>,
    reviews: HashMap<Id, StoredLines>,
}

impl Lines {
    fn load<'a>(conn: &mut Conn, stage: ScoredStage, sheets: impl Iterator<Item = &'a Loaded>) -> Result<Self, Error> {
        let (mut submissions, mut reviews) = (Vec::new(), Vec::new());
        for sheet in sheets {
            match stage {
                ScoredStage::SelfAssessment => submissions.push(sheet.case.submission.id),
                ScoredStage::Appraisal | ScoredStage::Council => {
                    submissions.push(sheet.case.submission.id);
                    let counting = sheet.reviews.iter().filter(|review| review.superseded.is_none());
                    reviews.extend(counting.map(|review| review.id));
                }
            }
        }
        Ok(Lines {
            submissions: store::scores::of_submissions(conn, &submissions)?,
            reviews: store::scores::of_review_ids(conn, &reviews)?,
        })
    }

    fn of_submission(&mut self, id: &Id, table: &ScoringTable) -> Result<Sheet, Error> {
        self.submissions.remove(id).unwrap_or_default().on(table)
    }

    fn of_review(&mut self, id: &Id, table: &ScoringTable) -> Result<Sheet, Error> {
        self.reviews.remove(id).unwrap_or_default().on(table)
    }
}

/// A sheet whose lines are written.
struct Draft {
    sheet: SubmissionCase,
    /// All its reviews, for the tag.
    reviews: Vec<Review>,
    /// The review that holds the lines, and whether it is new; `None` for the lines of the unit.
    review: Option<(Review, bool)>,
    table: Arc<ScoringTable>,
    before: Sheet,
    after: Sheet,
    /// Whether any item was accepted.
    has_accepted: bool,
}

impl Draft {
    fn is_new(&self) -> bool {
        self.review.as_ref().is_some_and(|(_, is_new)| *is_new)
    }

    /// Whether there is anything to save: a line that differs, or a review that begins.
    fn is_changed(&self) -> bool {
        self.has_accepted && (self.is_new() || self.before != self.after)
    }

    /// Returns what has become of an accepted item.
    fn result(&self, context: &Context, code: &str, dry_run: bool) -> ItemResult {
        let line = |sheet: &Sheet| self.table.position(code).and_then(|at| sheet.0.get(at)).cloned();
        let is_same = !self.is_new() && line(&self.before) == line(&self.after);
        let outcome = if is_same { ItemOutcome::Unchanged } else { ItemOutcome::Applied };
        let exists = !dry_run || !self.is_new();
        let review_id = self.review.as_ref().filter(|_| exists).map(|(review, _)| review.id);
        ItemResult { outcome, review_id, etag: (!dry_run).then(|| self.tag(context).header()) }
    }

    fn tag(&self, context: &Context) -> Tag {
        if let Some((review, _)) = &self.review {
            let case = ReviewCase { review: review.clone(), sheet: self.sheet.clone() };
            let lines =
                ReviewLines { sheet: Sheet::default(), table: Arc::clone(&self.table), links: Links::default() };
            context.details_with(case, lines).tag
        } else {
            let visible = VisibleResult::of_reviews(context, &self.sheet, &self.reviews);
            context.details_with(self.sheet.clone(), visible).tag
        }
    }
}

/// Saves what has changed, with one audit entry for each submission or review, and returns all as they are now.
fn save(conn: &mut Conn, context: &Context, drafts: Vec<Draft>) -> Result<Vec<Draft>, Error> {
    let (mut changed, mut kept): (Vec<Draft>, Vec<Draft>) = drafts.into_iter().partition(Draft::is_changed);
    if changed.is_empty() {
        return Ok(kept);
    }
    let (mut submissions, mut begun, mut drafted) = (Vec::new(), Vec::new(), Vec::new());
    for draft in &changed {
        let tally = draft.table.tally(&draft.after);
        let breakdown = draft.table.breakdown(&tally);
        match &draft.review {
            None => {
                let totals = tally.totals;
                submissions.push((Submission { totals, ..draft.sheet.submission.clone() }, breakdown));
            }
            Some((review, is_new)) => {
                let scored = Review { totals: tally.totals.unwrap_or_default(), breakdown, ..review.clone() };
                if *is_new { begun.push(scored) } else { drafted.push(scored) }
            }
        }
    }
    let submissions = store::score_batches::update_submissions(conn, submissions, context.now)?;
    store::reviews::insert_all(conn, &begun)?;
    let drafted = store::score_batches::update_reviews(conn, drafted, context.now)?;
    let mut submissions: HashMap<Id, Submission> = submissions.into_iter().map(|saved| (saved.id, saved)).collect();
    let mut reviews: HashMap<Id, Review> = begun.into_iter().chain(drafted).map(|saved| (saved.id, saved)).collect();
    for draft in &mut changed {
        if let Some(saved) = submissions.remove(&draft.sheet.submission.id) {
            draft.sheet.submission = saved;
        }
        if let Some((review, _)) = &mut draft.review
            && let Some(saved) = reviews.remove(&review.id)
        {
            *review = saved;
        }
    }
    save_lines(conn, &changed)?;
    let entries = changed.iter().map(Draft::entry).collect::<Result<Vec<_>, _>>()?;
    record_all(conn, context, entries)?;
    kept.extend(changed);
    Ok(kept)
}

fn save_lines(conn: &mut Conn, changed: &[Draft]) -> Result<(), Error> {
    let blanks: Vec<Sheet> = changed.iter().map(|draft| draft.table.blank()).collect();
    let (mut of_submissions, mut of_reviews) = (Vec::new(), Vec::new());
    for (draft, blank) in changed.iter().zip(&blanks) {
        let before = if draft.is_new() { blank } else { &draft.before };
        let table = draft.table.as_ref();
        match &draft.review {
            None => {
                let owner = &draft.sheet.submission.id;
                of_submissions.push(ChangedSheet { owner, table, before, after: &draft.after });
            }
            Some((review, _)) => {
                of_reviews.push(ChangedSheet { owner: &review.id, table, before, after: &draft.after });
            }
        }
    }
    store::scores::save_submissions(conn, &of_submissions)?;
    store::scores::save_reviews(conn, &of_reviews)
}

impl Draft {
    /// Returns the audit entry of what has changed.
    fn entry(&self) -> Result<AuditDraft<'static>, Error> {
        let lines = (&self.before, &self.after);
        match &self.review {
            None => scores_written("submission.write_scores", &self.sheet, &self.table, lines),
            Some((review, is_new)) => {
                let case = ReviewCase { review: review.clone(), sheet: self.sheet.clone() };
                match is_new {
                    true => reviews::created(&case, &self.table, &self.after),
                    false => scores_written("review.write_scores", &case, &self.table, lines),
                }
            }
        }
    }
}
