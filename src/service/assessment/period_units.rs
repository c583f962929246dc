//! Acts on the units of an open period: one joins or comes back, one is set aside.
//!
//! What a unit that was set aside has done is kept: its submission, reviews, facts and targets. It is out of everything that
//! asks for the units that take part: ranking, guards, counts and tasks, and no deadline is its own.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::assessment::period_unit::{Entry, SetAside};
use crate::domain::assessment::submission::{SubmissionCase, SubmissionStatus};
use crate::domain::award::tie_decision::TieDecision;
use crate::domain::change::Change;
use crate::domain::journal::event::EventType;
use crate::domain::office::unit::Unit;
use crate::domain::schedule::deadline::{Deadline, DeadlineKind};
use crate::domain::text::{Check, NOTE_CHARS, checked};
use crate::domain::time::date_in;
use crate::error::{Code, Error, Fault};
use crate::service::assessment::submissions;
use crate::service::assessment::submissions::lapses::{Lapse, lapse_all, record_lapses};
use crate::service::award::ranking;
use crate::service::office::organizations::zone_of;
use crate::service::schedule::deadlines::{entries, sync};
use crate::service::subject::{changed_fields, fields};
use crate::service::{AuditDraft, Context, Details, EventDraft, Input, Result, Subject, record_all};
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// A unit that joins, or comes back.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The unit.
    pub unit_id: Id,
    /// Code of the group that it joins.
    pub group_code: Option<String>,
    /// The last day for its submission; none for that of the others.
    pub due_on: Option<NaiveDate>,
    /// Why it joins.
    pub reason: String,
}

/// Why a unit is set aside.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// The reason given.
    pub reason: String,
    /// The unit that it merged into.
    pub merged_into: Option<Id>,
}

/// Lets a unit join an open period. One that was set aside comes back to its submission as it was.
pub fn join(conn: &mut Conn, context: &Context, id: &Id, input: &Input<Joining>) -> Result<Details<Period>> {
    let (period, given): (Period, _) = context.enter_to_add(conn, id, Action::JoinUnit, input)?;
    let reason = checked(|check| check.text("/reason", &given.reason, NOTE_CHARS))?;
    // From here on the unit may not become inactive.
    store::units::lock_for_share(conn, &period.organization_id)?;
    let unit = store::units::find(conn, &given.unit_id)?;
    let Some(unit) = unit.filter(|unit| unit.organization_id == period.organization_id) else {
        return Err(Error::of_fault(Fault::at("/unit_id", Code::UnknownReference)).into());
    };
    let change = period.join(unit.id, given.group_code.as_deref(), context.now)?;
    if !unit.active {
        return Err(Error::of_fault(Fault::at("/unit_id", Code::UnitInactive)).into());
    }
    let act = Act { name: "period.add_unit", unit_id: unit.id, reason, standing: ranking::standing(conn, id)? };
    let effects = match period.set_aside_of(&unit.id) {
        Some(aside) => come_back(conn, context, (&period, aside), &unit, given.due_on)?,
        None => enter(conn, context, &change.after, &unit, given.due_on)?,
    };
    settle(conn, context, (&period, change), act, effects)
}

/// Sets a unit of an open period aside and keeps what it has done.
pub fn set_aside(
    conn: &mut Conn,
    context: &Context,
    (id, unit_id): (&Id, &Id),
    input: &Input<Leaving>,
) -> Result<Details<Period>> {
    let (period, given): (Period, _) = context.enter(conn, id, Action::SetUnitAside, input)?;
    period.must_know(unit_id)?;
    let reason = check_leaving(conn, &period, unit_id, given)?;
    let merged_into = given.merged_into;
    let aside = SetAside {
        unit_id: *unit_id,
        reason: reason.clone(),
        set_aside_at: context.now,
        merged_into,
        group_code: None,
    };
    let change = period.set_aside(aside.clone(), context.now)?;
    let standing = ranking::standing(conn, id)?;
    let mut effects = Effects::default();
    if let Some(submission) = store::submissions::of_unit(conn, id, unit_id)? {
        store::submissions::lock_for_update(conn, &submission)?;
        // What the clock has done before is part of what is kept.
        effects.lapses = lapse_all(conn, context.app, Lapsed::One(&submission), context.now)?;
        let before = SubmissionCase::find(conn, context, &submission)?;
        let after = before.put_aside(context.now).after.save(conn)?;
        effects.drafts.push(AuditDraft::of_change("submission.set_aside", &before, &after, None));
    }
    store::period_units::set_aside(conn, id, &aside)?;
    if let Some(before) = deadline_of(conn, id, unit_id)?.filter(|deadline| !deadline.is_settled()) {
        let after = store::deadlines::update(conn, before.clone().waive(reason.clone(), context.now))?;
        effects.drafts.push(entries::changed("deadline.waive", &before, &after, EventType::DeadlineWaived));
    }
    let act = Act { name: "period.set_unit_aside", unit_id: *unit_id, reason, standing };
    settle(conn, context, (&period, change), act, effects)
}

/// Validates why a unit is set aside, and returns the reason in normalised form. What it merged into is an active unit of the
/// organisation, which need not take part yet.
fn check_leaving(conn: &mut Conn, period: &Period, unit_id: &Id, given: &Leaving) -> Result<String, Error> {
    let mut check = Check::default();
    let reason = check.text("/reason", &given.reason, NOTE_CHARS);
    if let Some(into) = given.merged_into {
        let active = store::units::filter_active(conn, &period.organization_id, &[into])?;
        check.ensure(into != *unit_id && active.contains(&into), "/merged_into", Code::UnknownReference);
    }
    Error::unless_valid(check.faults)?;
    Ok(reason)
}

fn deadline_of(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<Option<Deadline>, Error> {
    store::deadlines::find_of(conn, period_id, DeadlineKind::SelfAssessment, Some(unit_id))
}

/// An act on a unit of a period.
struct Act {
    name: &'static str,
    unit_id: Id,
    reason: String,
    /// The decisions on ties that stood before it.
    standing: Vec<TieDecision>,
}

/// What an act does to the unit's own records.
#[derive(Default)]
struct Effects {
    /// Lapses applied on the way, recorded with the act because the journal is locked last.
    lapses: Vec<Lapse>,
    /// The entries of the changed records.
    drafts: Vec<AuditDraft<'static>>,
}

/// Brings what depends on all units up to date, saves the period and records everything.
fn settle(
    conn: &mut Conn,
    context: &Context,
    (before, change): (&Period, Change<Period>),
    act: Act,
    mut effects: Effects,
) -> Result<Details<Period>> {
    if before.status != PeriodStatus::SelfAssessment {
        let today = date_in(zone_of(conn, &before.organization_id)?, context.now);
        effects.drafts.extend(sync::update_stages(conn, &before.id, today, context.now)?);
    }
    let lapsed = ranking::lapsed(conn, &before.id, act.standing)?;
    let Change { after, event } = change;
    let after = after.save(conn)?;
    record_lapses(conn, context.app, context.request_id(), effects.lapses, context.now)?;
    let event = event.map(|kind| EventDraft { unit_id: Some(act.unit_id), ..after.event(kind) });
    let (old, new) = changed_fields(before.audit(), after.audit());
    let new = fields(&new, json!({"reason": act.reason}));
    let entry = AuditDraft { event, ..AuditDraft::of(act.name, &after, Some(old), Some(new)) };
    record_all(conn, context, std::iter::once(entry).chain(effects.drafts).chain(lapsed).collect())?;
    // Read again: units are returned in order of their code.
    let period = Period::find(conn, context, &after.id)?;
    Ok(context.details(conn, period)?)
}

/// Adds a unit that has not taken part before, with its deadline.
fn enter(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    unit: &Unit,
    given: Option<NaiveDate>,
) -> Result<Effects> {
    let stands = period.rules.schedule.self_assessment_due_on;
    let due_on = due_on(conn, context, (period, None), stands, given)?;
    store::period_units::insert(conn, period, &unit.id)?;
    let new =
        Deadline::new(context.new_id(), period.organization_id, period.id, DeadlineKind::SelfAssessment, context.now);
    let deadline = Deadline { unit_id: Some(unit.id), scheduled_on: Some(due_on), ..new };
    store::deadlines::insert_all(conn, std::slice::from_ref(&deadline))?;
    let mut effects = Effects { drafts: vec![entries::created(&deadline)], ..Effects::default() };
    effects.drafts.extend(first_sheet(conn, context, period, unit, due_on)?);
    Ok(effects)
}

/// Creates the submission that a unit gets at once where the self-assessment is over: a draft with a day of its own, or in the
/// council's review a missed one.
fn first_sheet(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    unit: &Unit,
    due_on: NaiveDate,
) -> Result<Option<AuditDraft<'static>>> {
    let (status, act, kind) = match period.status {
        PeriodStatus::Appraisal => (SubmissionStatus::Draft, "submission.create", EventType::SubmissionCreated),
        PeriodStatus::CouncilReview => (SubmissionStatus::Missed, "submission.miss", EventType::SubmissionMissed),
        PeriodStatus::Draft
        | PeriodStatus::SelfAssessment
        | PeriodStatus::Finalized
        | PeriodStatus::Announced
        | PeriodStatus::Closed
        | PeriodStatus::Cancelled => return Ok(None),
    };
    let gate = period.gate_for(due_on, zone_of(conn, &period.organization_id)?, context.now);
    let sheet = submissions::blank(context.new_id(), period, unit.id, status, (due_on, gate), context.now);
    store::submissions::insert(conn, &sheet)?;
    let case = SubmissionCase::find(conn, context, &sheet.id)?;
    let event = Some(case.event(kind));
    Ok(Some(AuditDraft { event, ..AuditDraft::of(act, &case, None, Some(case.audit())) }))
}

/// Returns the last day of a unit that joins.
fn due_on(
    conn: &mut Conn,
    context: &Context,
    (period, sheet): (&Period, Option<SubmissionStatus>),
    stands: NaiveDate,
    given: Option<NaiveDate>,
) -> Result<NaiveDate, Error> {
    let zone = zone_of(conn, &period.organization_id)?;
    let gate = period.gate_for(stands, zone, context.now);
    let latest = sync::appraisal_due_on(conn, &period.id, period.rules.schedule.appraisal_due_on)?;
    let is_open = gate.is_none_or(|gate| context.now < gate);
    Entry { period: period.status, sheet, stands, is_open, latest }.due_on(given, date_in(zone, context.now))
}

/// Gives a unit back what it had when it was set aside. A schedule that moved to a later day since then holds for it too.
fn come_back(
    conn: &mut Conn,
    context: &Context,
    (period, aside): (&Period, &SetAside),
    unit: &Unit,
    given: Option<NaiveDate>,
) -> Result<Effects> {
    let sheet = match store::submissions::of_unit(conn, &period.id, &unit.id)? {
        Some(id) => Some(SubmissionCase::find(conn, context, &id)?),
        None => None,
    };
    let deadline = deadline_of(conn, &period.id, &unit.id)?;
    let scheduled = period.rules.schedule.self_assessment_due_on;
    let days = [deadline.as_ref().and_then(Deadline::due_on), sheet.as_ref().map(|sheet| sheet.submission.due_on)];
    let moved = (period.status == PeriodStatus::SelfAssessment).then_some(scheduled);
    let stands = days.into_iter().chain([moved]).flatten().max().unwrap_or(scheduled);
    let status = sheet.as_ref().map(|sheet| sheet.submission.status);
    let due_on = due_on(conn, context, (period, status), stands, given)?;
    store::period_units::take_back(conn, &period.id, &unit.id)?;
    let mut effects = Effects::default();
    if let Some(before) = deadline {
        effects.drafts.extend(take_up(conn, context, &before, aside, due_on)?);
    }
    let Some(before) = sheet else {
        effects.drafts.extend(first_sheet(conn, context, period, unit, due_on)?);
        return Ok(effects);
    };
    Entry { period: period.status, sheet: status, stands, is_open: false, latest: stands }.must_fit(&unit.code)?;
    let Change { after, event } = before.bring_back(period, due_on, context.now);
    let after = after.save(conn)?;
    let event = event.map(|kind| after.event(kind));
    effects.drafts.push(AuditDraft::of_change("submission.take_back", &before, &after, event));
    // Its gate may have closed while the unit was set aside.
    effects.lapses = lapse_all(conn, context.app, Lapsed::One(&after.submission.id), context.now)?;
    Ok(effects)
}

/// Makes the deadline of a unit that comes back its own again.
fn take_up(
    conn: &mut Conn,
    context: &Context,
    before: &Deadline,
    aside: &SetAside,
    due_on: NaiveDate,
) -> Result<Option<AuditDraft<'static>>, Error> {
    let mut after = before.clone();
    let of_leaving = |(at, reason): &(DateTime<Utc>, String)| *at == aside.set_aside_at && *reason == aside.reason;
    let unwaived = before.waived.as_ref().is_some_and(of_leaving);
    if unwaived {
        after = after.unwaive(context.now);
    }
    if after.due_on() != Some(due_on) {
        after = after.scheduled(Some(due_on), None, context.now);
    }
    if after == *before {
        return Ok(None);
    }
    let after = store::deadlines::update(conn, after)?;
    let names = match unwaived {
        true => ("deadline.unwaive", EventType::DeadlineUnwaived),
        false => ("deadline.move", EventType::DeadlineMoved),
    };
    Ok(Some(entries::changed(names.0, before, &after, names.1)))
}
