//! Acts on periods, from draft to announcement.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Facts};
use crate::domain::assessment::group::PeriodTables;
use crate::domain::assessment::period::{
    self, CouncilScoring, LateSubmissions, Period, PeriodRules, PeriodStatus, Schedule,
};
use crate::domain::assessment::steps::UnitSheet;
use crate::domain::assessment::submission::{Submission, SubmissionCase, SubmissionStatus};
use crate::domain::award::award_proposal::Proposal;
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::criteria_set::{CriteriaSet, CriteriaSetStatus};
use crate::domain::criteria::scoring::ScoringTable;
use crate::domain::journal::event::EventType;
use crate::domain::schedule::deadline::Deadline;
use crate::domain::text::{Check, TITLE_CHARS, checked};
use crate::domain::time::{closes_at, date_in, instant};
use crate::error::{Code, Error};
use crate::service::assessment::assignments::{self, WorkLeft};
use crate::service::assessment::submissions::lapses::apply_lapses;
use crate::service::assessment::{copies, submissions};
use crate::service::award::ranking::inputs::{self, ProvisionalRanking};
use crate::service::award::ranking::versions;
use crate::service::office::organizations::zone_of;
use crate::service::schedule::deadlines::sync;
use crate::service::subject::{changed_fields, fields};
use crate::service::{
    AuditDraft, Context, Details, Entries, EventDraft, Identity, Input, Interrupt, PendingLapse, Result, Subject,
    record,
};
use crate::store::page::Page;
use crate::store::periods::PeriodUnit;
pub use crate::store::periods::{Filter, PeriodListItem};
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// A new period.
#[derive(Debug, Clone)]
pub struct NewPeriod {
    /// The organisation; none for the caller's only one.
    pub organization_id: Option<Id>,
    /// The settings of the period.
    pub rules: PeriodRules,
}

/// A patch of a period's settings. Returns which kinds of fields it contains.
pub type PeriodChange = Box<dyn Fn(&mut PeriodRules) -> ChangedFields + Send + Sync>;

/// Kinds of fields that a patch of a period contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangedFields {
    /// Whether it contains fields other than title and schedule, which are fixed once the period is open.
    pub fixed: bool,
}

/// The progress of a period.
pub struct Summary {
    /// The period.
    pub period: Period,
    /// Its units with the state of their submissions.
    pub units: Vec<PeriodUnit>,
    /// Its award proposals; empty before the announcement.
    pub proposals: Vec<Proposal>,
    /// How many members of the council have reviewed each submission alone, by code of the unit; `None` where they do not,
    /// and for those who may not see it.
    pub council_progress: Option<Vec<(String, i32)>>,
    /// Who has what left to review; `None` for those who may not see it.
    pub work_left: Option<Vec<WorkLeft>>,
}

impl Subject for Period {
    type Visible = ();
    const TYPE: &'static str = "period";

    fn identity(&self) -> Identity {
        Identity { id: self.id, organization_id: Some(self.organization_id), version: self.version }
    }

    fn actions(&self) -> &'static [Action] {
        &period::ACTIONS
    }

    fn read_action(&self) -> Action {
        Action::ReadOffice
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        Ok(store::periods::find(conn, id)?.ok_or(Code::NotFound)?)
    }

    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        store::periods::lock_for_update(conn, id)?;
        Self::find(conn, context, id)
    }

    fn may(&self, _context: &Context, action: Action) -> Gate {
        self.may(action).map(|()| None)
    }

    fn audit(&self) -> Value {
        let further = json!({
            "status": self.status, "notice": self.notice, "superseded_notices": self.superseded_notices,
            "superseded_stages": self.superseded_stages,
            "ranking_version": self.ranking_version, "announced_version": self.announced_version,
            "council_recalled": self.council_recalled, "cancel_reason": self.cancel_reason,
            "council_review_started_on": self.council_review_started_on,
            "set_aside": self.set_aside, "copied_from": self.copied_from, "carry_over": self.carry_over,
        });
        fields(&self.rules, further)
    }

    /// Units and awards are written only for a draft: they cannot change later.
    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        let with_units = self.status == PeriodStatus::Draft;
        store::periods::update(conn, self, with_units)
    }

    fn event(&self, kind: EventType) -> EventDraft {
        EventDraft { kind, period_id: Some(self.id), unit_id: None, data: json!({"status": self.status}) }
    }
}

/// Lists the periods of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<PeriodListItem>> {
    let organization_id = context.enter_list(organization_id, Action::ReadOffice)?;
    Ok(store::periods::list(conn, &organization_id, filter, page)?)
}

/// Validates the settings of a draft.
///
/// # Errors
/// Every fault of the settings.
pub fn validate(conn: &mut Conn, organization_id: &Id, rules: &mut PeriodRules) -> Result<(), Error> {
    let mut check = Check::default();
    rules.clean(&mut check);
    let active = store::units::filter_active(conn, organization_id, &rules.unit_ids)?;
    for (at, id) in rules.unit_ids.iter().enumerate() {
        check.ensure(active.contains(id), &format!("/unit_ids/{at}"), Code::UnknownReference);
    }
    let named = rules.criteria_sets();
    let mut sets = store::criteria_sets::with_ids(conn, named.iter().map(|(_, id)| id))?;
    sets.retain(|set| set.organization_id == *organization_id);
    let tables = tables(&sets);
    for (pointer, id) in named {
        check.ensure(tables.0.contains_key(&id), &pointer, Code::UnknownReference);
    }
    rules.check_sections(&tables, &mut check);
    Error::unless_valid(check.faults)
}

fn tables(sets: &[CriteriaSet]) -> PeriodTables {
    PeriodTables(sets.iter().map(|set| (set.id, Arc::new(ScoringTable::of(&set.content)))).collect())
}

/// Creates a draft.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewPeriod>) -> Result<Details<Period>> {
    let (organization_id, new) = context.enter_collection(input, |new| new.organization_id, Action::ChangePeriod)?;
    let mut rules = new.rules.clone();
    validate(conn, &organization_id, &mut rules)?;
    let period = Period::draft(context.new_id(), organization_id, rules, context.now);
    store::periods::insert(conn, &period)?;
    context.record_created(conn, "period.create", &period, None)?;
    // Read again: units are returned in order of their code.
    let period = Period::find(conn, context, &period.id)?;
    Ok(context.details(conn, period)?)
}

/// Changes a period: every field of a draft, title and dates of an open period.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<PeriodChange>,
) -> Result<(Details<Period>, Vec<MovedSheet>)> {
    let (before, change): (Period, _) = context.enter(conn, id, Action::ChangePeriod, input)?;
    let mut rules = before.rules.clone();
    let changed = change(&mut rules);
    let is_draft = before.status == PeriodStatus::Draft;
    if changed.fixed && !is_draft {
        return Err(Code::ResourceLocked.into());
    }
    let zone = zone_of(conn, &before.organization_id)?;
    if is_draft {
        validate(conn, &before.organization_id, &mut rules)?;
    } else {
        check_dates(&before.rules.schedule, &mut rules, date_in(zone, context.now))?;
    }
    let after = Period { rules, updated_at: context.now, ..before.clone() };
    let (mut moved, mut further) = (Vec::new(), Entries::default());
    if is_draft {
        drop_targets(conn, context, &before, &after)?;
    } else {
        if before.rules.schedule.self_assessment_due_on != after.rules.schedule.self_assessment_due_on {
            apply_lapses(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
        }
        let sheets = store::submissions::of_period(conn, id)?;
        further = sync::reschedule(conn, (&before, &after), zone, context.now)?;
        moved = moved_sheets(sheets, store::submissions::of_period(conn, id)?);
        further.extend(moved.iter().map(|sheet| sheet.draft("submission.move")));
    }
    let change = Change::with_event(after, EventType::PeriodChanged);
    let details = context.commit_with(conn, "period.change", &before, change, further)?;
    Ok((details, moved))
}

/// A submission whose gate a change of the schedule has moved.
pub struct MovedSheet {
    /// The submission before the change.
    pub before: Submission,
    /// The submission after it.
    pub after: Submission,
}

impl MovedSheet {
    /// Whether it was missed and is a draft again.
    pub fn is_reopened(&self) -> bool {
        self.before.status == SubmissionStatus::Missed && self.after.status == SubmissionStatus::Draft
    }

    /// The entry about it; a missed submission that is a draft again is announced by an event.
    pub fn draft(&self, act: &'static str) -> AuditDraft<'static> {
        let audit = |submission: &Submission| {
            json!({
                "status": submission.status, "due_on": submission.due_on,
                "closes_at": submission.closes_at.map(instant),
            })
        };
        let (old, new) = changed_fields(audit(&self.before), audit(&self.after));
        let event = self.is_reopened().then(|| submissions::event(&self.after, EventType::SubmissionReopened));
        let (subject, organization_id) = ((SubmissionCase::TYPE, self.after.id), self.after.organization_id);
        AuditDraft {
            before: Some(old.into()),
            after: Some(new.into()),
            event,
            ..AuditDraft::about(act, Some(organization_id), subject)
        }
    }
}

/// The submissions that differ in state, due date or gate.
pub fn moved_sheets(before: Vec<Submission>, mut after: Vec<Submission>) -> Vec<MovedSheet> {
    let moved = before.into_iter().filter_map(|before| {
        let gate = |sheet: &Submission| (sheet.status, sheet.due_on, sheet.closes_at);
        let at = after.iter().position(|after| after.id == before.id && gate(after) != gate(&before))?;
        Some(MovedSheet { before, after: after.swap_remove(at) })
    });
    moved.collect()
}

/// The entries of the submissions that an act on the period moves from how they stood.
fn entries_of_moved(
    conn: &mut Conn,
    period_id: &Id,
    stood: Vec<Submission>,
    act: &'static str,
) -> Result<Entries, Error> {
    let moved = moved_sheets(stood, store::submissions::of_period(conn, period_id)?);
    Ok(moved.iter().map(|sheet| sheet.draft(act)).collect())
}

/// Removes targets of units and criteria that a draft no longer contains.
fn drop_targets(conn: &mut Conn, context: &Context, before: &Period, after: &Period) -> Result<(), Error> {
    let same_table = |unit_id: &Id| before.criteria_set_of(unit_id) == after.criteria_set_of(unit_id);
    let previous = store::targets::of_period(conn, &before.id)?;
    let mut targets = previous.clone();
    targets.retain(|target| same_table(&target.unit_id) && after.rules.unit_ids.contains(&target.unit_id));
    if targets == previous {
        return Ok(());
    }
    store::targets::replace(conn, &before.id, &targets)?;
    let (old, new) = (json!({"targets": previous}), json!({"targets": targets}));
    record(conn, context, AuditDraft::of("period.set_targets", before, Some(old), Some(new)))
}

/// Checks a change to an open period: dates stay in order and none moves into the past.
fn check_dates(before: &Schedule, rules: &mut PeriodRules, today: NaiveDate) -> Result<(), Error> {
    checked(|check| {
        rules.title = check.text("/title", &rules.title, TITLE_CHARS);
        before.check_change(&rules.schedule, today, check);
        rules.check_schedule(check);
        check.ensure(rules.schedule.is_in_order(), "/schedule", Code::ScheduleOutOfOrder);
    })
}

/// Increments the period's version when something that belongs to it has changed.
pub fn bump_version(conn: &mut Conn, context: &Context, period: Period) -> Result<Details<Period>, Error> {
    let period = Period { updated_at: context.now, ..period }.save(conn)?;
    context.details(conn, period)
}

/// Opens the period: units may score themselves.
pub fn open(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<Period>> {
    let (period, ()): (Period, _) = context.enter(conn, id, Action::Open, &Ok(()))?;
    let named = period.rules.criteria_sets();
    let mut published = store::criteria_sets::with_ids(conn, named.iter().map(|(_, id)| id))?;
    published.retain(|set| set.status == CriteriaSetStatus::Published);
    // From here on the time zone may not change, because gates are computed from it, and no unit may become inactive.
    store::calendar::lock_for_share(conn)?;
    store::units::lock_for_share(conn, &period.organization_id)?;
    let active_units = store::units::filter_active(conn, &period.organization_id, &period.rules.unit_ids)?;
    let targets = store::targets::of_period(conn, id)?;
    let change = period.open(&tables(&published), &targets, &active_units, context.now)?;
    let mut further = sync::plan_period(conn, context.app, &period, context.now)?;
    further.extend(copies::carry_over(conn, context, &period)?);
    context.commit_with(conn, "period.open", &period, change, further)
}

/// Ends the self-assessment; units that have not submitted are marked as missed.
pub fn start_appraisal(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<Period>> {
    let (period, ()): (Period, _) = context.enter(conn, id, Action::StartAppraisal, &Ok(()))?;
    let zone = zone_of(conn, &period.organization_id)?;
    let units = store::periods::units_of(conn, id)?;
    let due_on = |deadline: Deadline| Some((deadline.unit_id?, deadline.due_on()?));
    let due: HashMap<Id, NaiveDate> = store::deadlines::of_period(conn, id)?.into_iter().filter_map(due_on).collect();
    let due_on = |unit: &Id| due.get(unit).copied().unwrap_or(period.rules.schedule.self_assessment_due_on);
    let state = |unit: &PeriodUnit| {
        let gate = unit.sheet.closes_at.unwrap_or_else(|| closes_at(due_on(&unit.unit.id), zone));
        UnitSheet { closes_at: Some(gate), ..unit.sheet.clone() }
    };
    let change = period.start_appraisal(&units.iter().map(state).collect::<Vec<_>>(), context.now)?;
    let mut further = Entries::default();
    if period.rules.late_submissions == LateSubmissions::AcceptFlagged {
        // Late submissions were accepted until now; the start of the appraisal closes them.
        let stood = store::submissions::of_period(conn, id)?;
        store::submissions::close_open_gates(conn, id, context.now)?;
        further = entries_of_moved(conn, id, stood, "submission.move")?;
    }
    apply_lapses(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
    let missed: Vec<Submission> = units
        .iter()
        .filter(|unit| unit.submission_id.is_none())
        .map(|unit| {
            submissions::blank(
                context.new_id(),
                &period,
                unit.unit.id,
                SubmissionStatus::Missed,
                (due_on(&unit.unit.id), period.rules.gate_of(due_on(&unit.unit.id), zone)),
                context.now,
            )
        })
        .collect();
    store::submissions::insert_all(conn, &missed)?;
    further.extend(missed.iter().map(submissions::missed));
    further.extend(sync::update_stages(conn, id, date_in(zone, context.now), context.now)?);
    context.commit_with(conn, "period.start_appraisal", &period, change, further)
}

/// Applies lapses, then returns the state of each unit's submission.
fn submission_states(conn: &mut Conn, context: &Context, id: &Id) -> Result<Vec<UnitSheet>, Error> {
    apply_lapses(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
    Ok(store::periods::units_of(conn, id)?.into_iter().map(|unit| unit.sheet).collect())
}

/// Hands the appraised submissions to the council.
pub fn start_council_review(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<Period>> {
    let (period, ()): (Period, _) = context.enter(conn, id, Action::StartCouncilReview, &Ok(()))?;
    let today = date_in(zone_of(conn, &period.organization_id)?, context.now);
    let change = period.start_council_review(&submission_states(conn, context, id)?, today, context.now)?;
    context.commit(conn, "period.start_council_review", &period, change)
}

/// Freezes the ranking.
pub fn finalize(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<Period>> {
    let (period, ()): (Period, _) = context.enter(conn, id, Action::Finalize, &Ok(()))?;
    submission_states(conn, context, id)?;
    let means = store::council_means::of_period(conn, id)?;
    let reached = |unit: PeriodUnit| {
        let status = unit.submission_id.filter(|id| means.contains_key(id)).and(unit.sheet.status);
        UnitSheet { status: status.map(SubmissionStatus::with_mean).or(unit.sheet.status), ..unit.sheet }
    };
    let states: Vec<UnitSheet> = store::periods::units_of(conn, id)?.into_iter().map(reached).collect();
    let ProvisionalRanking { inputs, faults, .. } = inputs::provisional(conn, &period)?;
    let change = period.finalize(&states, faults, context.now)?;
    let (version, _) = versions::freeze(conn, context, &period, &inputs)?;
    let stood = store::submissions::of_period(conn, id)?;
    store::submissions::finalize(conn, id, context.now)?;
    let finalized = entries_of_moved(conn, id, stood, "submission.finalize")?;
    let change = change.map(|period| Period { ranking_version: Some(version), ..period });
    context.commit_with(conn, "period.finalize", &period, change, finalized)
}

/// Closes the period once every proposal is decided.
pub fn close(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<Period>> {
    let (period, ()): (Period, _) = context.enter(conn, id, Action::Close, &Ok(()))?;
    let units = store::periods::units_of(conn, id)?;
    let proposals = store::award_proposals::of_period(conn, id)?;
    let undecided = proposals.iter().filter(|proposal| proposal.status.is_open());
    let code_of = |proposal: &Proposal| {
        let unit = units.iter().find(|unit| unit.unit.id == proposal.unit_id);
        unit.map_or("", |unit| unit.unit.code.as_str())
    };
    let change = period.close(&undecided.map(code_of).collect::<Vec<_>>(), context.now)?;
    let waived = sync::period_ended(conn, id, WAIVE_REASON_CLOSED, context.now)?;
    context.commit_with(conn, "period.close", &period, change, waived)
}

/// Reason stored with deadlines that are waived because the period is closed.
const WAIVE_REASON_CLOSED: &str = "Kỳ thi đua đã kết thúc";

/// Cancels the period.
pub fn cancel(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<Period>> {
    let (period, reason): (Period, _) = context.enter(conn, id, Action::Cancel, input)?;
    let change = period.cancel(reason, context.now)?;
    apply_lapses(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
    let stood = store::submissions::of_period(conn, id)?;
    store::submissions::clear_gates(conn, id, context.now)?;
    let mut further = entries_of_moved(conn, id, stood, "submission.move")?;
    let reason = change.after.cancel_reason.as_deref().unwrap_or_default();
    further.extend(sync::period_ended(conn, id, reason, context.now)?);
    context.commit_with(conn, "period.cancel", &period, change, further)
}

/// How many members of the council have reviewed each submission alone: for the chair and those who see the mean, without the
/// submissions that recusal keeps from them.
fn council_progress(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    units: &[PeriodUnit],
) -> Result<Option<Vec<(String, i32)>>, Error> {
    let facts = Facts::of(&period.organization_id);
    let sees = |action| access::holds(&context.actor, action, &facts);
    if period.rules.council_scoring != CouncilScoring::Mean || !(sees(Action::Finalize) || sees(Action::ReadMeans)) {
        return Ok(None);
    }
    let means = store::council_means::of_period(conn, &period.id)?;
    let reads = |unit: &&PeriodUnit| {
        let facts = Facts { unit: Some(&unit.unit), period_id: Some(period.id), ..facts };
        let is_sent = unit.sheet.status.is_some_and(SubmissionStatus::is_sent);
        is_sent && access::holds(&context.actor, Action::ReadReview(Stage::Council), &facts)
    };
    let count = |unit: &PeriodUnit| unit.submission_id.and_then(|id| means.get(&id)).map_or(0, |mean| mean.reviews);
    Ok(Some(units.iter().filter(reads).map(|unit| (unit.unit.code.clone(), count(unit))).collect()))
}

/// Returns the progress of a period. Callers who may not see other units' progress see only their own unit.
pub fn summary(conn: &mut Conn, context: &Context, id: &Id) -> Result<Summary> {
    let period: Period = context.find(conn, id)?;
    context.accept_read()?;
    let mut units = store::periods::units_of(conn, id)?;
    if units.iter().any(|unit| unit.sheet.has_lapsed(context.now)) {
        return Err(Interrupt::PendingLapse(PendingLapse::Period(*id)));
    }
    let facts = Facts { announced: period.status.is_announced(), ..Facts::of(&period.organization_id) };
    let sees_all = access::require(&context.actor, Action::ReadRanking, &facts).is_ok();
    if !sees_all {
        let membership = context.actor.membership(&period.organization_id);
        let own = membership.and_then(|membership| membership.unit.as_ref());
        units.retain(|unit| Some(&unit.unit) == own);
    }
    let proposals = if sees_all { store::award_proposals::of_period(conn, id)? } else { Vec::new() };
    let council_progress = council_progress(conn, context, &period, &units)?;
    let work_left = assignments::work_left(conn, context, &period, &units)?;
    Ok(Summary { period, units, proposals, council_progress, work_left })
}
