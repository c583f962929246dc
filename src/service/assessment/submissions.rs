//! Acts on a unit's submission.

pub mod lapses;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Decision, Facts};
use crate::domain::assessment::evidence::Evidence;
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::assessment::review::{Review, ReviewCase, ReviewStatus};
use crate::domain::assessment::submission::{self, FrozenSheet, Return, Submission, SubmissionCase, SubmissionStatus};
use crate::domain::change::Gate;
use crate::domain::criteria::rules::CanonicalAnswer;
use crate::domain::criteria::scoring::{Line, LineInput, Scorer, ScoringTable, Sheet, Totals, WriteMode};
use crate::domain::journal::event::EventType;
use crate::domain::time::{date_in, instant};
use crate::domain::{Id, Points};
use crate::error::{Code, Error, Fault};
use crate::service::assessment::council_means;
use crate::service::award::stand_ins::{self, About};
use crate::service::schedule::deadlines::sync;
use crate::service::subject::fields;
use crate::service::{
    AuditDraft, AuditState, Context, Details, Entries, EventDraft, Identity, Input, Interrupt, PendingLapse, Related,
    Result, Subject, record, sha256_hex,
};
use crate::store::page::Page;
use crate::store::submissions::Lapsed;
pub use crate::store::submissions::{Filter, Listed, Revision};
use crate::store::{self, Conn};

/// Related data of a submission that the caller may see.
pub struct VisibleResult {
    /// Totals of the unit's own lines; none where the caller may not see them.
    pub own_totals: Option<Totals>,
    /// The submitted reviews that the caller may see.
    pub reviews: Vec<Review>,
    /// Totals of the council; none where the caller may not see them.
    pub council_totals: Option<Totals>,
    /// Whether the caller may see results after self-assessment.
    pub sees_result: bool,
}

/// A submission with its lines at each stage.
pub struct Scores {
    /// The submission.
    pub submission: Details<SubmissionCase>,
    /// The table they are scored by.
    pub table: Arc<ScoringTable>,
    /// Lines of the self-assessment.
    pub own: Sheet,
    /// Lines of the appraisal; none where the caller may not see them.
    pub appraisal: Option<Sheet>,
    /// Lines of the council review; none where the caller may not see them.
    pub council: Option<Sheet>,
}

impl Scores {
    /// Returns the lines of the furthest stage that the caller may see; none where the result is hidden.
    pub fn final_sheet(&self) -> Option<&Sheet> {
        let own = self.submission.visible.sees_result.then_some(&self.own);
        self.council.as_ref().or(self.appraisal.as_ref()).or(own)
    }
}

/// A new submission.
#[derive(Debug, Clone)]
pub struct NewSubmission {
    /// The period.
    pub period_id: Id,
    /// The unit.
    pub unit_id: Id,
}

impl Subject for SubmissionCase {
    type Visible = VisibleResult;
    const TYPE: &'static str = "submission";

    fn identity(&self) -> Identity {
        let submission = &self.submission;
        Identity { id: submission.id, organization_id: Some(submission.organization_id), version: submission.version }
    }

    fn actions(&self) -> &'static [Action] {
        self.acts()
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            unit: Some(&self.unit),
            period_id: Some(self.submission.period_id),
            sheet: Some(self.submission.status),
            announced: self.period_status.is_announced(),
            stand_ins: &self.stand_ins,
            ..Facts::of(&self.submission.organization_id)
        }
    }

    fn read_action(&self) -> Action {
        Action::ReadSubmission
    }

    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let case = store::submissions::find(conn, id)?.ok_or(Code::NotFound)?;
        match case.submission.has_lapsed(context.now) {
            true => Err(Interrupt::PendingLapse(PendingLapse::Submission(*id))),
            false => Ok(with_stand_ins(conn, context, case)?),
        }
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let period_id = store::submissions::period_of(conn, id)?.ok_or(Code::NotFound)?;
        store::periods::lock_for_share(conn, &period_id)?;
        store::submissions::lock_for_update(conn, id)?;
        let case = store::submissions::find(conn, id)?.ok_or(Code::NotFound)?;
        if !case.submission.has_lapsed(context.now) {
            return Ok(with_stand_ins(conn, context, case)?);
        }
        lapses::apply_lapses(conn, context.app, context.request_id(), Lapsed::One(id), context.now)?;
        Ok(store::submissions::find(conn, id)?.ok_or(Code::NotFound)?)
    }

    fn may(&self, context: &Context, action: Action) -> Gate {
        self.allows(action, context.now)
    }

    /// Lines are audited by the act that writes them.
    fn audit(&self) -> Value {
        fields(&audit(&self.submission), json!({"set_aside_at": self.set_aside_at.map(instant)}))
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(SubmissionCase { submission: store::submissions::update(conn, self.submission)?, ..self })
    }

    fn event(&self, kind: EventType) -> EventDraft {
        event(&self.submission, kind)
    }
}

/// Adds who asks for an amendment in place of the secretaries, where the caller could be one of them.
fn with_stand_ins(conn: &mut Conn, context: &Context, case: SubmissionCase) -> Result<SubmissionCase, Error> {
    let Submission { organization_id, period_id, unit_id, .. } = &case.submission;
    let concerned = access::may_stand_in(&context.actor, Action::RequestAmendment, organization_id);
    if !concerned || !case.period_status.is_final() {
        return Ok(case);
    }
    let stand_ins = stand_ins::of_secretaries(conn, context, &About { organization_id, period_id, unit_id })?;
    Ok(SubmissionCase { stand_ins, ..case })
}

impl Related<SubmissionCase> for VisibleResult {
    fn load(case: &SubmissionCase, conn: &mut Conn, context: &Context) -> Result<Self, Error> {
        let own_totals = match visible_lines(context, case) {
            UnitLines::Current => case.submission.totals,
            UnitLines::LastSubmitted => last_submitted(conn, &case.submission)?.totals,
            UnitLines::None => None,
        };
        let sees_result = sees_result(context, case);
        let reviews = match sees_reviews(context, case) {
            true => shown(case, store::reviews::of_submission(conn, &case.submission.id)?),
            false => Vec::new(),
        };
        let council_totals = council_means::totals(conn, &case.submission.id, &reviews)?;
        Ok(VisibleResult { own_totals, reviews, council_totals, sees_result })
    }

    fn parts(&self, case: &SubmissionCase) -> Vec<(Id, i64)> {
        let reviews = self.reviews.iter().map(|review| (review.id, review.version));
        std::iter::once(case.identity().part()).chain(reviews).collect()
    }

    /// The status is in the phase because a lapse changes it without changing the version.
    fn phase(&self, case: &SubmissionCase) -> Option<String> {
        Some(format!("{:?}", case.submission.status))
    }
}

impl VisibleResult {
    /// Returns what the tag of a submission depends on, from all its reviews, without the totals.
    pub fn of_reviews(context: &Context, case: &SubmissionCase, reviews: &[Review]) -> Self {
        let (sees_result, sees_reviews) = (sees_result(context, case), sees_reviews(context, case));
        let counting = reviews.iter().filter(|review| sees_reviews && review.superseded.is_none());
        let reviews = shown(case, counting.cloned().collect());
        VisibleResult { own_totals: None, reviews, council_totals: None, sees_result }
    }
}

/// Returns the reviews that are shown with their submission to those who see results.
fn shown(case: &SubmissionCase, mut reviews: Vec<Review>) -> Vec<Review> {
    reviews.retain(|review| review.status == ReviewStatus::Submitted && !hides(case, review));
    reviews
}

/// Whether the caller may see results after self-assessment, where the lines of the unit are one unless a review follows.
pub fn sees_result(context: &Context, case: &SubmissionCase) -> bool {
    case.submission.revision > 0 && sees_reviews(context, case)
}

/// Whether the caller may see what reviews have made of a submission that was sent, or of a missed one that an amendment has
/// given a result.
pub fn sees_reviews(context: &Context, case: &SubmissionCase) -> bool {
    let reads = Action::ReadReview(Stage::Appraisal);
    let has_reviews = case.submission.revision > 0 || case.is_missed_for_good();
    has_reviews && matches!(access::decide(&context.actor, reads, &case.facts()), Decision::Allow)
}

/// Whether a review is hidden in what is shown of its submission: what members of the council score alone is, until the
/// ranking is final.
pub fn hides(case: &SubmissionCase, review: &Review) -> bool {
    review.alone && !case.period_status.is_final()
}

/// Whether the caller may see lines that the unit has not sent yet.
fn sees_unsent_lines(context: &Context, case: &SubmissionCase) -> bool {
    access::holds(&context.actor, Action::ReadUnsentLines, &case.facts())
}

/// The version of the unit's lines that a caller may see.
pub enum UnitLines {
    /// The lines as they are now.
    Current,
    /// The lines of the last revision.
    LastSubmitted,
    /// No lines.
    None,
}

/// Returns which version of the unit's lines the caller may see.
pub fn visible_lines(context: &Context, case: &SubmissionCase) -> UnitLines {
    match case.submission.status {
        _ if sees_unsent_lines(context, case) => UnitLines::Current,
        SubmissionStatus::Returned => UnitLines::LastSubmitted,
        SubmissionStatus::Draft | SubmissionStatus::Missed => UnitLines::None,
        SubmissionStatus::Submitted
        | SubmissionStatus::Appraised
        | SubmissionStatus::Reviewed
        | SubmissionStatus::Finalized => UnitLines::Current,
    }
}

/// Returns the lines of the last revision.
///
/// # Errors
/// `internal` where there is none.
pub fn last_submitted(conn: &mut Conn, submission: &Submission) -> Result<FrozenSheet, Error> {
    let revision = store::submissions::revision(conn, &submission.id, submission.revision)?;
    let revision = revision.ok_or_else(|| Error::internal("a submission without its last revision"))?;
    serde_json::from_str(&revision.content).map_err(Error::internal)
}

/// Lists the submissions that the caller may see, each with whether its own totals are visible.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<(Listed, bool)>> {
    let organization_id = context.enter_list(organization_id, Action::ReadOffice)?;
    let mut visibility = access::submission_visibility(&context.actor, &organization_id);
    if filter.assignee_id.is_some() {
        // Who is to review a submission is not for its own unit.
        access::require_role(&context.actor, Action::ReadAssignments, &organization_id)?;
        (visibility.own, visibility.scoped) = (None, Vec::new());
    }
    let rows = store::submissions::list(conn, &organization_id, &visibility, filter, page)?;
    if rows.iter().any(|row| row.submission.has_lapsed(context.now)) {
        return Err(Interrupt::PendingLapse(PendingLapse::Organization(organization_id)));
    }
    let own = |row: &Listed| {
        visibility.all
            || visibility.own.as_ref() == Some(&row.submission.unit_id)
            || visibility.scoped.contains(&row.submission.unit_id)
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let shows = own(&row) || row.submission.status.is_sent();
            (row, shows)
        })
        .collect())
}

/// Creates a unit's submission.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewSubmission>) -> Result<Details<SubmissionCase>> {
    let new = context.parsed(input, &[Action::CreateSubmission])?;
    store::periods::lock_for_share(conn, &new.period_id)?;
    let period = store::periods::find(conn, &new.period_id)?.ok_or(Code::NotFound)?;
    let organization = store::organizations::find(conn, &period.organization_id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, Action::ReadOffice, &Facts::of(&organization.id))?;
    let unit = store::units::find_key(conn, &organization.id, &new.unit_id)?.ok_or(Code::NotFound)?;
    let facts = Facts { unit: Some(&unit), period_id: Some(period.id), ..Facts::of(&organization.id) };
    access::require(&context.actor, Action::CreateSubmission, &facts)?;
    context.accept(input)?;
    period.status.must_be(&[PeriodStatus::SelfAssessment])?;
    period.must_not_be_set_aside(&unit.id)?;
    let due_on = sync::submission_due_on(conn, &period, &unit.id)?;
    let gate = period.rules.gate_of(due_on, organization.zone());
    if let Some(gate) = gate.filter(|gate| context.now >= *gate) {
        return Err(submission::deadline_passed(gate).into());
    }
    if !period.rules.unit_ids.contains(&unit.id) {
        Error::unless_valid(vec![Fault::at("/unit_id", Code::UnitNotInPeriod)])?;
    }
    let new = blank(context.new_id(), &period, unit.id, SubmissionStatus::Draft, (due_on, gate), context.now);
    store::submissions::insert(conn, &new)?;
    let case = store::submissions::find(conn, &new.id)?.ok_or(Code::NotFound)?;
    context.record_created(conn, "submission.create", &case, Some(EventType::SubmissionCreated))?;
    Ok(context.details(conn, case)?)
}

/// Builds a submission without lines.
pub fn blank(
    id: Id,
    period: &crate::domain::assessment::period::Period,
    unit_id: Id,
    status: SubmissionStatus,
    (due_on, closes_at): (NaiveDate, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Submission {
    Submission {
        id,
        organization_id: period.organization_id,
        period_id: period.id,
        unit_id,
        status,
        revision: 0,
        late: false,
        due_on,
        closes_at,
        submitted_at: None,
        return_reason: None,
        totals: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Audit entry and event of a submission that is created as missed.
pub fn missed(submission: &Submission) -> AuditDraft<'static> {
    let Submission { id, organization_id, .. } = submission;
    AuditDraft {
        after: Some(audit(submission).into()),
        event: Some(event(submission, EventType::SubmissionMissed)),
        ..AuditDraft::about("submission.miss", Some(*organization_id), (SubmissionCase::TYPE, *id))
    }
}

/// The fields of a submission that audit entries keep.
fn audit(submission: &Submission) -> Value {
    json!({
        "period_id": submission.period_id, "unit_id": submission.unit_id, "status": submission.status,
        "revision": submission.revision, "late": submission.late, "due_on": submission.due_on,
        "closes_at": submission.closes_at.map(instant), "submitted_at": submission.submitted_at.map(instant),
        "return_reason": submission.return_reason,
    })
}

/// The event of a submission.
pub fn event(submission: &Submission, kind: EventType) -> EventDraft {
    EventDraft {
        kind,
        period_id: Some(submission.period_id),
        unit_id: Some(submission.unit_id),
        data: json!({"status": submission.status, "revision": submission.revision}),
    }
}

/// Returns a submission with its lines.
pub fn scores(conn: &mut Conn, context: &Context, id: &Id) -> Result<Scores> {
    let case: SubmissionCase = context.find(conn, id)?;
    context.accept_read()?;
    let table = context.app.tables.of_submission(conn, &case)?;
    let own = match visible_lines(context, &case) {
        UnitLines::Current => store::scores::of_submission(conn, &table, id)?,
        UnitLines::LastSubmitted => last_submitted(conn, &case.submission)?.sheet(),
        UnitLines::None => table.blank(),
    };
    let submission = context.details(conn, case)?;
    with_reviews(conn, submission, table, own)
}

fn with_reviews(
    conn: &mut Conn,
    submission: Details<SubmissionCase>,
    table: Arc<ScoringTable>,
    own: Sheet,
) -> Result<Scores> {
    let reviews = &submission.visible.reviews;
    let appraised = reviews.iter().find(|review| review.stage == Stage::Appraisal);
    let appraisal = appraised.map(|review| store::scores::of_review(conn, &table, &review.id)).transpose()?;
    let council = council_means::lines(conn, &table, reviews)?;
    Ok(Scores { submission, table, own, appraisal, council })
}

/// Writes lines: all lines, or those given.
pub fn write_scores(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<Vec<LineInput>>,
    mode: WriteMode,
) -> Result<Scores> {
    let (case, lines): (SubmissionCase, _) = context.enter(conn, id, Action::WriteScores, input)?;
    let table = context.app.tables.of_submission(conn, &case)?;
    let before = store::scores::of_submission(conn, &table, id)?;
    let after = table.write(&before, lines, mode, Scorer::Unit).map_err(Error::of_invalid)?;
    store::scores::save_submission(conn, &table, id, &before, &after)?;
    let tally = table.tally(&after);
    let scored = Submission { totals: tally.totals, updated_at: context.now, ..case.submission.clone() };
    let submission = store::submissions::update_totals(conn, scored, &table.breakdown(&tally))?;
    let case = SubmissionCase { submission, ..case };
    record(conn, context, scores_written("submission.write_scores", &case, &table, (&before, &after))?)?;
    let submission = context.details(conn, case)?;
    with_reviews(conn, submission, table, after)
}

/// The audit entry of an act that wrote lines: old and new values of those that differ.
pub fn scores_written<'a, S: Subject>(
    action: &'a str,
    case: &S,
    table: &ScoringTable,
    (before, after): (&Sheet, &Sheet),
) -> Result<AuditDraft<'a>, Error> {
    let lines = table.criteria.iter().zip(before.0.iter().zip(&after.0));
    let mut changed: Vec<_> = lines.filter(|(_, (before, after))| before != after).collect();
    changed.sort_unstable_by_key(|(criterion, _)| &criterion.code);
    let (old, new): (Vec<_>, Vec<_>) = changed
        .into_iter()
        .map(|(criterion, (before, after))| {
            ((&criterion.code, AuditedLine::of(before)), (&criterion.code, AuditedLine::of(after)))
        })
        .unzip();
    let (old, new) = (AuditState::from_sorted(&LinesByCode(old))?, AuditState::from_sorted(&LinesByCode(new))?);
    Ok(AuditDraft { before: Some(old), after: Some(new), ..AuditDraft::of(action, case, None, None) })
}

/// The lines of a sheet as the audit keeps them, by criterion code.
pub fn audited_lines(table: &ScoringTable, sheet: &Sheet) -> Result<Value, Error> {
    let lines = table.criteria.iter().zip(&sheet.0);
    let lines = lines.map(|(criterion, line)| (&criterion.code, AuditedLine::of(line))).collect();
    serde_json::to_value(LinesByCode(lines)).map_err(Error::internal)
}

/// Lines keyed and sorted by criterion code.
struct LinesByCode<'a>(Vec<(&'a String, AuditedLine<'a>)>);

impl Serialize for LinesByCode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(code, said)| (code, said)))
    }
}

/// A line as the audit keeps it. Fields are in alphabetical order because canonical JSON requires it.
#[derive(Serialize)]
struct AuditedLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<CanonicalAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> AuditedLine<'a> {
    fn of(line: &'a Line) -> Self {
        AuditedLine {
            answer: line.answer().map(CanonicalAnswer),
            points: line.points(),
            note: line.note.as_deref(),
            reason: line.reason.as_deref(),
        }
    }
}

fn missing(table: &ScoringTable, sheet: &Sheet, evidence: &[Evidence]) -> Vec<Fault> {
    table.missing(sheet, Scorer::Unit, |code| evidence.iter().any(|piece| piece.criterion_code == code))
}

/// The entry of a revision: its digest binds the lines and the evidence that it froze.
pub fn revision_frozen(case: &SubmissionCase, revision: &Revision) -> AuditDraft<'static> {
    let after = json!({
        "revision": revision.revision, "sha256": revision.sha256, "criteria_set_id": revision.criteria_set_id,
        "submitted_by": revision.submitted_by, "amendment_id": revision.amendment_id,
    });
    AuditDraft::of("submission.freeze", case, None, Some(after))
}

/// Returns everything that still prevents submission.
pub fn readiness(conn: &mut Conn, context: &Context, id: &Id) -> Result<(Details<SubmissionCase>, Vec<Fault>)> {
    let case: SubmissionCase = context.find(conn, id)?;
    case.authorize(context, Action::WriteScores)?;
    context.accept_read()?;
    let table = context.app.tables.of_submission(conn, &case)?;
    let sheet = store::scores::of_submission(conn, &table, id)?;
    let missing = missing(&table, &sheet, &store::evidence::current(conn, id)?);
    Ok((context.details(conn, case)?, missing))
}

/// Submits to the standing body and freezes a revision.
pub fn submit(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<SubmissionCase>> {
    let (case, ()): (SubmissionCase, _) = context.enter(conn, id, Action::Submit, &Ok(()))?;
    let table = context.app.tables.of_submission(conn, &case)?;
    let sheet = store::scores::of_submission(conn, &table, id)?;
    let evidence = store::evidence::current(conn, id)?;
    let change = case.submit(missing(&table, &sheet, &evidence), context.now)?;
    let frozen = serde_json::to_string(&FrozenSheet::of(&table, &sheet, &evidence)).map_err(Error::internal)?;
    let revision = Revision {
        submission_id: id.to_string(),
        revision: change.after.submission.revision,
        sha256: sha256_hex(frozen.as_bytes()),
        content: frozen,
        criteria_set_id: case.criteria_set_id.to_string(),
        submitted_by: context.member_id(&case.submission.organization_id)?.to_string(),
        submitted_at: context.now.naive_utc(),
        amendment_id: None,
    };
    store::submissions::insert_revision(conn, &revision)?;
    let mut further: Entries = std::iter::once(revision_frozen(&case, &revision)).collect();
    further.extend(sync::submission_sent(conn, &change.after.submission, Some(date_in(case.zone, context.now)))?);
    context.commit_with(conn, "submission.submit", &case, change, further)
}

/// Withdraws a submission while its gate is open.
pub fn withdraw(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<SubmissionCase>> {
    let (case, ()): (SubmissionCase, _) = context.enter(conn, id, Action::Withdraw, &Ok(()))?;
    let change = case.withdraw(context.now);
    let reopened = sync::submission_sent(conn, &change.after.submission, None)?;
    store::submissions::withdraw_revision(conn, &case.submission, context.now)?;
    context.commit_with(conn, "submission.withdraw", &case, change, reopened)
}

/// Returns a submission to its unit and discards draft reviews of it.
pub fn send_back(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<Return>,
) -> Result<Details<SubmissionCase>> {
    let (case, command): (SubmissionCase, _) = context.enter(conn, id, Action::Return, input)?;
    let latest = sync::appraisal_due_on(conn, &case.submission.period_id, case.appraisal_due_on)?;
    let reason = case.check_return(command, latest, context.now)?;
    let (own_due_on, mut further) = sync::submission_returned(conn, &case.submission, command.due_on, context.now)?;
    let table = context.app.tables.of_submission(conn, &case)?;
    for review in store::reviews::of_submission(conn, id)? {
        let lines = store::scores::of_review(conn, &table, &review.id)?;
        store::scores::delete_of_review(conn, &review.id)?;
        store::reviews::delete(conn, &review.id)?;
        let dropped = ReviewCase { review, sheet: case.clone() };
        let before = fields(&dropped.audit(), json!({"lines": audited_lines(&table, &lines)?}));
        further.extend([AuditDraft::of("review.drop", &dropped, Some(before), None)]);
    }
    context.commit_with(conn, "submission.return", &case, case.send_back(reason, own_due_on, context.now), further)
}

/// Lists the frozen revisions of a submission. Those who do not see unsent lines do not see withdrawn revisions.
pub fn revisions(conn: &mut Conn, context: &Context, id: &Id) -> Result<Vec<Revision>> {
    let case: SubmissionCase = context.find(conn, id)?;
    context.accept_read()?;
    let hidden = hidden_revisions(conn, context, &case)?;
    let mut revisions = store::submissions::revisions(conn, id)?;
    revisions.retain(|revision| !hidden.contains(&revision.revision));
    Ok(revisions)
}

/// Returns the numbers of the withdrawn revisions, where the caller may not see them.
fn hidden_revisions(conn: &mut Conn, context: &Context, case: &SubmissionCase) -> Result<Vec<i32>, Error> {
    match sees_unsent_lines(context, case) {
        true => Ok(Vec::new()),
        false => store::submissions::withdrawn_revisions(conn, &case.submission.id),
    }
}

/// Returns one frozen revision.
pub fn revision(conn: &mut Conn, context: &Context, id: &Id, number: i32) -> Result<Revision> {
    let case: SubmissionCase = context.find(conn, id)?;
    context.accept_read()?;
    let hidden = hidden_revisions(conn, context, &case)?;
    let revision = store::submissions::revision(conn, id, number)?;
    Ok(revision.filter(|revision| !hidden.contains(&revision.revision)).ok_or(Code::NotFound)?)
}
