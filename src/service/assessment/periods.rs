//! Acts on periods: from the draft to the announced result.

use std::collections::HashMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::assessment::period::{self, LateSubmissions, Notice, Period, PeriodRules, PeriodStatus, Schedule};
use crate::domain::assessment::submission::{Submission, SubmissionStatus};
use crate::domain::award::award::Award;
use crate::domain::award::award_proposal::{Document, Proposal, ProposalStatus};
use crate::domain::criteria::criteria_set::CriteriaSetStatus;
use crate::domain::criteria::scoring::ScoringTable;
use crate::domain::guard::{SheetOfUnit, appraisal_faults, of_unit, stage_faults};
use crate::domain::journal::event::EventType;
use crate::domain::schedule::deadline::Deadline;
use crate::domain::text::{CODE_CHARS, Check, NOTE_CHARS};
use crate::domain::time::{closes_at, date_in};
use crate::error::{Code, Error, Fault};
use crate::service::assessment::submissions;
use crate::service::award::award_proposals;
use crate::service::award::ranking::basis::{self, ToFreeze};
use crate::service::schedule::calendar;
use crate::service::schedule::deadlines::keeping;
use crate::service::tag::Tag;
use crate::service::{Change, Context, EventDraft, Input, Interrupt, State, Unsettled, record, sha256_hex, tell};
use crate::store::page::Page;
use crate::store::periods::{Filter, Head, UnitOfPeriod};
use crate::store::rankings::FrozenRanking;
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// A new period.
#[derive(Debug, Clone)]
pub struct NewPeriod {
    /// Where; none for the caller's only organisation.
    pub organization_id: Option<Id>,
    /// What is set.
    pub rules: PeriodRules,
}

/// A change of a period, laid over what stands; the answer tells what it touched.
pub type PeriodChange = Box<dyn Fn(&mut PeriodRules) -> Touched + Send + Sync>;

/// What a change of a period is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Touched {
    /// Anything but the title and the schedule, which stands once the period is open.
    pub fixed: bool,
}

/// The result notice.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Its number.
    pub notice_number: String,
    /// Its date.
    pub notice_on: NaiveDate,
}

/// A period as its caller sees it.
pub struct Seen {
    /// The period.
    pub period: Period,
    /// What the caller may do with it now.
    pub offers: Offers,
    /// Its tag.
    pub tag: Tag,
}

/// Counts and terms of a period at one glance.
pub struct Summary {
    /// The period.
    pub period: Period,
    /// Its units with their sheets.
    pub units: Vec<UnitOfPeriod>,
    /// The proposals, once announced.
    pub proposals: Vec<Proposal>,
}

fn see(context: &Context, period: Period) -> Seen {
    let state = |action| period.may(action).map(|()| None);
    let offers = access::offers(&context.actor, &Facts::of(&period.organization_id), &period::ACTIONS, state);
    let tag = Tag::of(&[(&period.id, period.version)], &offers);
    Seen { period, offers, tag }
}

/// Finds a period of an organisation that the caller belongs to.
pub fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Period, Error> {
    let period = store::periods::find(conn, id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, Action::ReadOffice, &Facts::of(&period.organization_id))?;
    Ok(period)
}

/// One period.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let period = find(conn, context, id)?;
    context.accept_read()?;
    Ok(see(context, period))
}

/// The periods of an organisation.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Head>, Interrupt> {
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::ReadOffice, &Facts::of(&organization_id))?;
    context.accept_read()?;
    Ok(store::periods::list(conn, &organization_id, filter, page)?)
}

fn zone(conn: &mut Conn, period: &Period) -> Result<Tz, Error> {
    let organization = store::organizations::find(conn, &period.organization_id)?;
    organization.map(|organization| organization.zone()).ok_or_else(|| Error::new(Code::NotFound))
}

fn change_of<'a>(period: &'a Period, action: &'a str, before: Option<Value>, after: Option<Value>) -> Change<'a> {
    Change {
        organization_id: Some(&period.organization_id),
        action,
        subject_type: "period",
        subject_id: &period.id,
        before: before.map(State::from),
        after: after.map(State::from),
        news: None,
    }
}

fn shown(rules: &PeriodRules) -> Value {
    json!({
        "code": rules.code, "title": rules.title, "year": rules.year, "criteria_set_id": rules.criteria_set_id,
        "unit_ids": rules.unit_ids, "schedule": rules.schedule, "late_submissions": rules.late_submissions,
        "tie_break": rules.tie_break, "awards": rules.awards, "eligibility": rules.eligibility,
        "when_ineligible": rules.when_ineligible, "required_documents": rules.required_documents,
        "dossier_deadline": rules.dossier_deadline,
    })
}

fn validate(conn: &mut Conn, organization_id: &Id, rules: &mut PeriodRules) -> Result<(), Error> {
    let mut check = Check::default();
    rules.clean(&mut check);
    let active = store::units::active_among(conn, organization_id, &rules.unit_ids)?;
    for (at, id) in rules.unit_ids.iter().enumerate() {
        check.ensure(active.contains(id), &format!("/unit_ids/{at}"), Code::UnknownReference);
    }
    let set = store::criteria_sets::find(conn, &rules.criteria_set_id)?;
    match set.filter(|set| set.organization_id == *organization_id) {
        Some(set) => rules.check_sections(&ScoringTable::of(&set.content), &mut check),
        None => check.fault("/criteria_set_id", Code::UnknownReference),
    }
    Error::unless_valid(check.faults)
}

/// Adds a draft.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewPeriod>) -> Result<Seen, Interrupt> {
    let given = input.as_ref().ok().and_then(|new| new.organization_id.as_ref());
    let organization_id = context.organization(given)?;
    access::require_collection(&context.actor, Action::ChangePeriod, &Facts::of(&organization_id))?;
    let new = context.accept(input)?;
    let mut rules = new.rules.clone();
    validate(conn, &organization_id, &mut rules)?;
    let period = Period {
        id: context.new_id(),
        organization_id,
        rules,
        status: PeriodStatus::Draft,
        notice: None,
        cancel_reason: None,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    store::periods::insert(conn, &period)?;
    record(conn, context, change_of(&period, "period.create", None, Some(shown(&period.rules))))?;
    // Read again: the units are shown in order of their code.
    let period = store::periods::find(conn, &period.id)?.ok_or(Code::NotFound)?;
    Ok(see(context, period))
}

/// The way into every change of a period: held, right, form and syntax, first answer, tag, state.
pub fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    action: Action,
    input: &'i Input<T>,
) -> Result<(Period, &'i T), Interrupt> {
    store::periods::lock_for_update(conn, id)?;
    let period = find(conn, context, id)?;
    access::require(&context.actor, action, &Facts::of(&period.organization_id))?;
    let command = context.accept(input)?;
    context.check_precondition(&see(context, period.clone()).tag.state)?;
    period.may(action)?;
    Ok((period, command))
}

/// Changes a period: a draft in everything, an open one in its title and dates.
pub fn change(conn: &mut Conn, context: &Context, id: &Id, input: &Input<PeriodChange>) -> Result<Seen, Interrupt> {
    let (before, change) = enter(conn, context, id, Action::ChangePeriod, input)?;
    let mut rules = before.rules.clone();
    let touched = change(&mut rules);
    let is_draft = before.status == PeriodStatus::Draft;
    if touched.fixed && !is_draft {
        return Err(Code::ResourceLocked.into());
    }
    let zone = zone(conn, &before)?;
    if is_draft {
        validate(conn, &before.organization_id, &mut rules)?;
    } else {
        check_dates(&before.rules.schedule, &mut rules, date_in(zone, context.now))?;
    }
    let changed = Period { rules, updated_at: context.now, ..before.clone() };
    let period = store::periods::update(conn, changed, is_draft)?;
    if is_draft {
        let same_table = before.rules.criteria_set_id == period.rules.criteria_set_id;
        let were = store::targets::of_period(conn, id)?;
        let mut targets = were.clone();
        targets.retain(|target| same_table && period.rules.unit_ids.contains(&target.unit_id));
        if targets != were {
            store::targets::replace(conn, id, &targets)?;
            let (before, after) = (json!({"targets": were}), json!({"targets": targets}));
            record(conn, context, change_of(&period, "period.set_targets", Some(before), Some(after)))?;
        }
    }
    if !is_draft {
        if before.rules.schedule.self_assessment_due_on != period.rules.schedule.self_assessment_due_on {
            submissions::settle(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
        }
        keeping::reschedule(conn, (&before, &period), zone, context.now)?;
    }
    let change = change_of(&period, "period.change", Some(shown(&before.rules)), Some(shown(&period.rules)));
    record(conn, context, change.publishing(news(&period, EventType::PeriodChanged)))?;
    Ok(see(context, period))
}

/// The checks of an open period's change: nothing moves to the past, the steps stay in order.
fn check_dates(before: &Schedule, rules: &mut PeriodRules, today: NaiveDate) -> Result<(), Error> {
    let mut check = Check::default();
    rules.title = check.text("/title", &rules.title, crate::domain::text::TITLE_CHARS);
    before.check_change(&rules.schedule, today, &mut check);
    check.ensure(rules.schedule.is_in_order(), "/schedule", Code::ScheduleOutOfOrder);
    Error::unless_valid(check.faults)
}

fn guard(faults: Vec<Fault>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::of_faults(Code::GuardFailed, faults)) }
}

/// Counts a change of what hangs off a period as one of the period.
pub fn touched(conn: &mut Conn, context: &Context, period: Period) -> Result<Seen, Error> {
    let period = store::periods::update(conn, Period { updated_at: context.now, ..period }, false)?;
    Ok(see(context, period))
}

/// What subscribers are told of a period.
fn news(period: &Period, kind: EventType) -> EventDraft {
    EventDraft { kind, period_id: Some(period.id), unit_id: None, data: json!({"status": period.status}) }
}

fn moved(
    conn: &mut Conn,
    context: &Context,
    before: Period,
    status: PeriodStatus,
    (action, kind): (&str, EventType),
) -> Result<Seen, Interrupt> {
    let was = json!({"status": before.status});
    let period = store::periods::update(conn, Period { status, updated_at: context.now, ..before }, false)?;
    let is = json!({"status": period.status, "notice": period.notice, "reason": period.cancel_reason});
    record(conn, context, change_of(&period, action, Some(was), Some(is)).publishing(news(&period, kind)))?;
    Ok(see(context, period))
}

/// Lets the units score themselves.
pub fn open(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (period, ()) = enter(conn, context, id, Action::Open, &Ok(()))?;
    let set = store::criteria_sets::find(conn, &period.rules.criteria_set_id)?;
    let published = set.is_some_and(|set| set.status == CriteriaSetStatus::Published);
    guard(period.opening_faults(published))?;
    // From here on gates are counted by the zone.
    store::calendar::hold(conn, false)?;
    keeping::begin(conn, context.app, &period, context.now)?;
    moved(conn, context, period, PeriodStatus::SelfAssessment, ("period.open", EventType::PeriodOpened))
}

/// Ends the self-assessment: what was not sent is missed.
pub fn start_appraisal(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (period, ()) = enter(conn, context, id, Action::StartAppraisal, &Ok(()))?;
    let zone = zone(conn, &period)?;
    let units = store::periods::units_of(conn, id)?;
    let due_on = |deadline: Deadline| Some((deadline.unit_id?, deadline.due_on()?));
    let due: HashMap<Id, NaiveDate> = store::deadlines::of_period(conn, id)?.into_iter().filter_map(due_on).collect();
    let due_on = |unit: &Id| due.get(unit).copied().unwrap_or(period.rules.schedule.self_assessment_due_on);
    let sheet = |unit: &UnitOfPeriod| {
        let gate = unit.sheet.closes_at.unwrap_or_else(|| closes_at(due_on(&unit.unit.id), zone));
        SheetOfUnit { closes_at: Some(gate), ..unit.sheet.clone() }
    };
    guard(appraisal_faults(&units.iter().map(sheet).collect::<Vec<_>>(), context.now))?;
    if period.rules.late_submissions == LateSubmissions::AcceptFlagged {
        // The gate that stood open until now closes with the start of the appraisal.
        store::submissions::close_open_gates(conn, id, context.now)?;
    }
    submissions::settle(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
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
    keeping::recount(conn, id, date_in(zone, context.now), context.now)?;
    let told =
        missed.iter().map(|sheet| (("submission", &sheet.id), submissions::news(sheet, EventType::SubmissionMissed)));
    tell(conn, context.app, context.now, &period.organization_id, told.collect())?;
    moved(conn, context, period, PeriodStatus::Appraisal, ("period.start_appraisal", EventType::PeriodAppraisalStarted))
}

fn stage_guard(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    status: SubmissionStatus,
    code: Code,
) -> Result<Vec<Fault>, Error> {
    submissions::settle(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
    let units = store::periods::units_of(conn, id)?;
    let sheets: Vec<_> = units.into_iter().map(|unit| unit.sheet).collect();
    Ok(stage_faults(&sheets, status, code))
}

/// Hands the appraised sheets to the council.
pub fn start_council_review(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (period, ()) = enter(conn, context, id, Action::StartCouncilReview, &Ok(()))?;
    guard(stage_guard(conn, context, id, SubmissionStatus::Appraised, Code::AppraisalMissing)?)?;
    moved(
        conn,
        context,
        period,
        PeriodStatus::CouncilReview,
        ("period.start_council_review", EventType::PeriodCouncilReviewStarted),
    )
}

/// Freezes the ranking.
pub fn finalize(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (period, ()) = enter(conn, context, id, Action::Finalize, &Ok(()))?;
    let mut faults = stage_guard(conn, context, id, SubmissionStatus::Reviewed, Code::CouncilReviewMissing)?;
    let ToFreeze { inputs, ranking, faults: more } = basis::to_freeze(conn, &period)?;
    faults.extend(more);
    guard(faults)?;
    let text = serde_json::to_string(&inputs).map_err(Error::internal)?;
    let frozen = FrozenRanking {
        period_id: id.to_string(),
        version: 1,
        inputs_sha256: sha256_hex(text.as_bytes()),
        inputs: text,
        result: serde_json::to_string(&ranking).map_err(Error::internal)?,
        frozen_at: context.now.naive_utc(),
    };
    store::rankings::freeze(conn, &frozen)?;
    store::submissions::move_all(conn, id, SubmissionStatus::Reviewed, SubmissionStatus::Finalized, context.now)?;
    let change = Change {
        organization_id: Some(&period.organization_id),
        action: "ranking.freeze",
        subject_type: "ranking",
        subject_id: id,
        before: None,
        after: Some(json!({"version": 1, "inputs_sha256": frozen.inputs_sha256, "rows": ranking.rows}).into()),
        news: None,
    };
    record(conn, context, change)?;
    moved(conn, context, period, PeriodStatus::Finalized, ("period.finalize", EventType::PeriodFinalized))
}

/// Publishes the result and makes the award proposals.
pub fn announce(conn: &mut Conn, context: &Context, id: &Id, input: &Input<Announcement>) -> Result<Seen, Interrupt> {
    let (period, announcement) = enter(conn, context, id, Action::Announce, input)?;
    let mut check = Check::default();
    let number = check.text("/notice_number", &announcement.notice_number, CODE_CHARS);
    let on = announcement.notice_on;
    let today = date_in(zone(conn, &period)?, context.now);
    check.ensure(on <= today, "/notice_on", Code::NoticeInFuture);
    let sessions = store::council_sessions::closed_of_period(conn, id)?;
    let decisive =
        sessions.iter().filter(|session| session.quorum_met() == Some(true)).map(|session| session.held_on).min();
    if let Some(held_on) = decisive.filter(|held_on| on < *held_on) {
        check.faults.push(Fault::at("/notice_on", Code::NoticeBeforeSession).with("held_on", held_on.to_string()));
    }
    Error::unless_valid(check.faults)?;
    let period = Period { notice: Some(Notice { number, on }), ..period };
    // No day changes between the counting and the writing.
    store::calendar::hold(conn, false)?;
    let proposals = proposals(conn, context, &period, on)?;
    store::award_proposals::insert_all(conn, &proposals)?;
    let dossiers: Vec<_> = proposals.iter().map(|proposal| (proposal.unit_id, proposal.term.clone())).collect();
    keeping::announced(conn, context.app, &period, on, &dossiers, context.now)?;
    for proposal in &proposals {
        let change = Change {
            organization_id: Some(&period.organization_id),
            action: "award_proposal.create",
            subject_type: "award_proposal",
            subject_id: &proposal.id,
            before: None,
            after: Some(
                json!({"unit_id": proposal.unit_id, "award_code": proposal.award_code, "rank": proposal.rank}).into(),
            ),
            news: None,
        };
        let told = award_proposals::news(proposal, EventType::AwardProposalCreated);
        record(conn, context, change.publishing(told))?;
    }
    moved(conn, context, period, PeriodStatus::Announced, ("period.announce", EventType::PeriodAnnounced))
}

/// One proposal for each award that the frozen ranking gives.
fn proposals(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    notice_on: NaiveDate,
) -> Result<Vec<Proposal>, Error> {
    let (inputs, ranking, _) =
        basis::frozen(conn, &period.id)?.ok_or_else(|| Error::internal("finalised without a ranking"))?;
    let term = calendar::dossier_term(conn, &period.organization_id, notice_on, &period.rules.dossier_deadline)?;
    let documents = period.rules.required_documents.iter();
    let documents: Vec<Document> = documents
        .map(|document| Document { code: document.code.clone(), title: document.title.clone(), file: None })
        .collect();
    let taken = |award: &Award| {
        let code = award.code.clone();
        let rows = ranking.rows.iter().filter(move |row| row.award_code.as_deref() == Some(code.as_str()));
        (1_i32..).zip(rows).map(|(slot, row)| (award.clone(), slot, row)).collect::<Vec<_>>()
    };
    let made = period.rules.awards.iter().flat_map(taken).filter_map(|(award, slot, row)| {
        let contender = inputs.contenders.iter().find(|contender| contender.unit_id == row.unit_id)?;
        Some(Proposal {
            id: context.new_id(),
            organization_id: period.organization_id,
            period_id: period.id,
            unit_id: row.unit_id,
            award_code: award.code,
            award_quota: award.quota,
            slot,
            rank: row.rank?,
            total: row.total?,
            eligibility: inputs.judge(contender)?,
            term: term.clone(),
            documents: documents.clone(),
            status: ProposalStatus::Draft,
            submitted_at: None,
            return_reason: None,
            decision: None,
            version: 1,
            created_at: context.now,
            updated_at: context.now,
        })
    });
    Ok(made.collect())
}

/// Ends the period once every proposal is decided.
pub fn close(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (period, ()) = enter(conn, context, id, Action::Close, &Ok(()))?;
    let units = store::periods::units_of(conn, id)?;
    let undecided =
        store::award_proposals::of_period(conn, id)?.into_iter().filter(|proposal| proposal.decision.is_none());
    let code_of =
        |unit_id: &Id| units.iter().find(|unit| unit.unit.id == *unit_id).map_or("", |unit| unit.unit.code.as_str());
    guard(undecided.map(|proposal| of_unit(Code::ProposalUndecided, code_of(&proposal.unit_id))).collect())?;
    store::deadlines::waive_rest(conn, id, WHEN_CLOSED, context.now)?;
    moved(conn, context, period, PeriodStatus::Closed, ("period.close", EventType::PeriodClosed))
}

/// Why what a closed period has missed is asked of nobody any more.
const WHEN_CLOSED: &str = "Kỳ thi đua đã kết thúc";

/// Gives the period up.
pub fn cancel(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Seen, Interrupt> {
    let (period, reason) = enter(conn, context, id, Action::Cancel, input)?;
    let mut check = Check::default();
    let reason = check.text("/reason", reason, NOTE_CHARS);
    Error::unless_valid(check.faults)?;
    submissions::settle(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
    store::submissions::open_gates(conn, id, context.now)?;
    store::deadlines::waive_rest(conn, id, &reason, context.now)?;
    moved(
        conn,
        context,
        Period { cancel_reason: Some(reason), ..period },
        PeriodStatus::Cancelled,
        ("period.cancel", EventType::PeriodCancelled),
    )
}

/// Counts and terms of a period. Whoever may not see how sheets stand, or not yet, sees only the own unit's.
pub fn summary(conn: &mut Conn, context: &Context, id: &Id) -> Result<Summary, Interrupt> {
    let period = find(conn, context, id)?;
    context.accept_read()?;
    let mut units = store::periods::units_of(conn, id)?;
    if units.iter().any(|unit| unit.sheet.has_lapsed(context.now)) {
        return Err(Interrupt::Unsettled(Unsettled::Period(*id)));
    }
    let facts = Facts { announced: period.status.is_announced(), ..Facts::of(&period.organization_id) };
    let sees_all = access::require(&context.actor, Action::ReadRanking, &facts).is_ok();
    if !sees_all {
        let membership = context.actor.membership(&period.organization_id);
        let own = membership.and_then(|membership| membership.unit.as_ref());
        units.retain(|unit| Some(&unit.unit) == own);
    }
    let proposals = if sees_all { store::award_proposals::of_period(conn, id)? } else { Vec::new() };
    Ok(Summary { period, units, proposals })
}
