//! Deadlines: readable by members, extended and waived by the secretary.

pub mod corrections;
pub mod entries;
pub mod sync;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::assessment::period_unit::unit_set_aside;
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::change::{Change, Gate};
use crate::domain::journal::event::EventType;
use crate::domain::office::organization::Organization;
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::calendar::{CountedDay, WorkingCalendar};
use crate::domain::schedule::deadline::{
    ACTIONS, Deadline, DeadlineKind, DeadlineRule, DeadlineStatus, EXTENDED_ACTIONS,
};
use crate::domain::schedule::extension::{Extension, check_extension};
use crate::domain::text::{Check, NOTE_CHARS, TITLE_CHARS, checked};
use crate::domain::time::{closes_at, date_in, instant, starts_at};
use crate::error::{Code, Error, Fault};
use crate::service::assessment::submissions::lapses::{Lapse, lapse_all, record_lapses};
use crate::service::award::award_proposals;
use crate::service::schedule::calendar;
use crate::service::schedule::deadlines::corrections::Granted;
use crate::service::subject::{changed_fields, fields};
use crate::service::{
    App, AuditDraft, Context, Details, Entries, EventDraft, Identity, Input, Interrupt, PendingLapse, Related, Result,
    Subject, record,
};
pub use crate::store::deadlines::{Filter, Position, SortBy};
use crate::store::page::Page;
use crate::store::periods::Terms;
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// A new extension.
#[derive(Debug, Clone)]
pub struct NewExtension {
    /// The unit; optional, because a unit's deadline is its own record.
    pub unit_id: Option<Id>,
    /// The new last day.
    pub due_on: NaiveDate,
    /// The reason given.
    pub reason: String,
    /// The document that justifies it.
    pub basis_document: String,
}

/// A deadline with its status and derivation.
pub struct DeadlineDetails {
    /// The deadline.
    pub deadline: Deadline,
    /// Current status.
    pub status: DeadlineStatus,
    /// Code of its unit.
    pub unit_code: Option<String>,
    /// The rule that sets its date.
    pub rule: DeadlineRule,
    /// The days counted to the date, where working days are counted.
    pub explanation: Vec<CountedDay>,
    /// Whether the calendar of every year involved is confirmed.
    pub calendar_confirmed: bool,
    /// The first instant after the deadline.
    pub closes_at: Option<DateTime<Utc>>,
    /// Days overdue.
    pub overdue_days: i64,
    /// When time alone next changes its status or triggers a reminder.
    pub next_check_at: Option<DateTime<Utc>>,
    /// Granted extensions.
    pub extensions: Vec<Extension>,
}

/// What describing the deadlines of an organisation depends on.
struct DeadlineContext<'a> {
    zone: Tz,
    today: NaiveDate,
    app: &'a App,
}

impl<'a> DeadlineContext<'a> {
    fn of(context: &'a Context, organization: &Organization) -> Self {
        let zone = organization.zone();
        DeadlineContext { zone, today: date_in(zone, context.now), app: context.app }
    }

    fn describe(
        &self,
        deadline: Deadline,
        terms: &Terms,
        calendar: &WorkingCalendar,
        unit_code: Option<String>,
        extensions: Vec<Extension>,
    ) -> Result<DeadlineDetails, Error> {
        let reminders = &self.app.reminders;
        let (mut explanation, mut calendar_confirmed) = (Vec::new(), true);
        let rule = match deadline.kind {
            DeadlineKind::Dossier => {
                if let Some(notice_on) = terms.notice_on {
                    let (term, confirmed) = calendar::dossier_reckoning(calendar, notice_on, &terms.dossier)?;
                    calendar_confirmed = confirmed;
                    let is_pending = deadline.unit_id.is_none();
                    if is_pending || (deadline.scheduled_on, deadline.opens_on) == (term.due_on, term.opens_on) {
                        explanation = term.explanation;
                    }
                }
                let (working_days, semantics) = (terms.dossier.working_days, terms.dossier.semantics);
                DeadlineRule::WorkingDaysAfterNotice { notice_on: terms.notice_on, working_days, semantics }
            }
            DeadlineKind::SelfAssessment
            | DeadlineKind::Appraisal
            | DeadlineKind::CouncilReview
            | DeadlineKind::ResultNotice => DeadlineRule::FixedDate { on: deadline.scheduled_on },
        };
        Ok(DeadlineDetails {
            status: deadline.status(self.today, reminders),
            closes_at: deadline.due_on().map(|due_on| closes_at(due_on, self.zone)),
            overdue_days: deadline.overdue_days(self.today),
            next_check_at: deadline.next_check_on(self.today, reminders).map(|day| starts_at(day, self.zone)),
            deadline,
            unit_code,
            rule,
            explanation,
            calendar_confirmed,
            extensions,
        })
    }
}

/// Describes deadlines of one organisation.
fn describe_all(
    conn: &mut Conn,
    context: &Context,
    organization: &Organization,
    deadlines: Vec<Deadline>,
    terms: &HashMap<Id, Terms>,
) -> Result<Vec<DeadlineDetails>, Error> {
    let deadline_context = DeadlineContext::of(context, organization);
    let notices = terms.values().filter_map(|terms| terms.notice_on);
    let calendar = calendar::calendar_after_all(conn, &organization.id, notices)?;
    let unit_ids: Vec<&Id> = deadlines.iter().filter_map(|deadline| deadline.unit_id.as_ref()).collect();
    let codes = store::units::codes_by_id(conn, &unit_ids)?;
    let ids: Vec<&Id> = deadlines.iter().map(|deadline| &deadline.id).collect();
    let mut extensions: HashMap<Id, Vec<Extension>> = HashMap::new();
    for extension in store::deadlines::extensions(conn, &ids)? {
        extensions.entry(extension.deadline_id).or_default().push(extension);
    }
    let sees_stages = access::sees_stages(&context.actor, &organization.id);
    let details = deadlines.into_iter().map(|deadline| {
        let terms = terms.get(&deadline.period_id).ok_or_else(|| Error::internal("a deadline without its period"))?;
        let deadline = if sees_stages { deadline } else { deadline.for_outsiders(terms.status) };
        let code = deadline.unit_id.as_ref().and_then(|unit_id| codes.get(unit_id).cloned());
        let granted = extensions.remove(&deadline.id).unwrap_or_default();
        deadline_context.describe(deadline, terms, &calendar, code, granted)
    });
    let mut details: Vec<DeadlineDetails> = details.collect::<Result<_, _>>()?;
    explain_from_proposals(conn, &mut details)?;
    Ok(details)
}

/// Takes the explanation from the proposal where the calendar has changed since the dossier was sent or waived.
fn explain_from_proposals(conn: &mut Conn, details: &mut [DeadlineDetails]) -> Result<(), Error> {
    let key = |details: &DeadlineDetails| (details.deadline.period_id, details.deadline.unit_id);
    let unexplained = |details: &&mut DeadlineDetails| {
        details.deadline.kind == DeadlineKind::Dossier && details.explanation.is_empty()
    };
    let mut unexplained: Vec<&mut DeadlineDetails> = details.iter_mut().filter(unexplained).collect();
    let (periods, units): (Vec<Id>, Vec<Option<Id>>) = unexplained.iter().map(|details| key(details)).unzip();
    let units: Vec<Id> = units.into_iter().flatten().collect();
    if units.is_empty() {
        return Ok(());
    }
    let mut explanations = store::award_proposals::explanations(conn, &periods, &units)?;
    for details in &mut unexplained {
        details.explanation = explanations.remove(&key(details)).unwrap_or_default();
    }
    Ok(())
}

/// Lists the deadlines that the caller may see.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page<SortBy>,
) -> Result<Vec<DeadlineDetails>> {
    let organization_id = context.enter_list(organization_id, Action::ReadOffice)?;
    let organization = store::organizations::find(conn, &organization_id)?.ok_or(Code::NotFound)?;
    require_no_pending_lapse(conn, context, &organization.id)?;
    let visibility = access::unit_visibility(&context.actor, &organization.id, Action::ReadDeadline);
    let sees_stages = access::sees_stages(&context.actor, &organization.id);
    let today = date_in(organization.zone(), context.now);
    let rows = store::deadlines::list(
        conn,
        &organization.id,
        (&visibility, sees_stages),
        filter,
        (today, &context.app.reminders),
        page,
    )?;
    let terms = store::periods::terms(conn, rows.iter().map(|deadline| &deadline.period_id))?;
    Ok(describe_all(conn, context, &organization, rows, &terms)?)
}

/// Interrupts a read while lapses are not stored yet.
fn require_no_pending_lapse(conn: &mut Conn, context: &Context, organization_id: &Id) -> Result<()> {
    match store::submissions::any_lapsed(conn, organization_id, context.now)? {
        true => Err(Interrupt::PendingLapse(PendingLapse::Organization(*organization_id))),
        false => Ok(()),
    }
}

/// A deadline with the context of its rights and acts.
pub struct DeadlineCase {
    /// The deadline.
    pub deadline: Deadline,
    unit: Option<UnitKey>,
    /// Whether the unit was set aside from the period.
    set_aside: bool,
    granted: Granted,
    organization: Organization,
    terms: HashMap<Id, Terms>,
    /// Lapses applied under the lock, recorded with the act because the journal is locked last.
    lapses: Vec<Lapse>,
}

impl DeadlineCase {
    fn period_status(&self) -> PeriodStatus {
        self.terms.get(&self.deadline.period_id).map_or(PeriodStatus::Closed, |terms| terms.status)
    }

    fn today(&self, context: &Context) -> NaiveDate {
        date_in(self.organization.zone(), context.now)
    }
}

impl Subject for DeadlineCase {
    type Visible = DeadlineDetails;
    const TYPE: &'static str = entries::TYPE;

    fn identity(&self) -> Identity {
        let deadline = &self.deadline;
        Identity { id: deadline.id, organization_id: Some(deadline.organization_id), version: deadline.version }
    }

    fn actions(&self) -> &'static [Action] {
        if self.granted.extensions.is_empty() { &ACTIONS } else { &EXTENDED_ACTIONS }
    }

    fn facts(&self) -> Facts<'_> {
        let period_id = Some(self.deadline.period_id);
        Facts { unit: self.unit.as_ref(), period_id, ..Facts::of(&self.organization.id) }
    }

    /// Deadlines without a unit are readable by every member.
    fn read_action(&self) -> Action {
        if self.unit.is_some() { Action::ReadDeadline } else { Action::ReadOffice }
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        let deadline = store::deadlines::find(conn, id)?.ok_or(Code::NotFound)?;
        let organization = store::organizations::find(conn, &deadline.organization_id)?.ok_or(Code::NotFound)?;
        let unit = match &deadline.unit_id {
            Some(unit_id) => store::units::find_key(conn, &organization.id, unit_id)?,
            None => None,
        };
        let set_aside = match &deadline.unit_id {
            Some(unit_id) => store::period_units::is_set_aside(conn, &deadline.period_id, unit_id)?,
            None => false,
        };
        let terms = store::periods::terms(conn, std::iter::once(&deadline.period_id))?;
        let granted = Granted::of(conn, &deadline, &organization)?;
        Ok(DeadlineCase { deadline, unit, set_aside, granted, organization, terms, lapses: Vec::new() })
    }

    /// Locks the period, then the submission or proposal, then the deadline, after applying pending lapses.
    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        let deadline = store::deadlines::find(conn, id)?.ok_or(Code::NotFound)?;
        store::periods::lock_for_share(conn, &deadline.period_id)?;
        let mut lapses = Vec::new();
        match (deadline.kind, &deadline.unit_id) {
            (DeadlineKind::SelfAssessment, Some(unit_id)) => {
                if let Some(submission) = store::submissions::of_unit(conn, &deadline.period_id, unit_id)? {
                    store::submissions::lock_for_update(conn, &submission)?;
                    lapses = lapse_all(conn, context.app, Lapsed::One(&submission), context.now)?;
                }
            }
            (DeadlineKind::Dossier, Some(unit_id)) => {
                store::award_proposals::lock_of_unit(conn, &deadline.period_id, unit_id)?;
            }
            (DeadlineKind::Appraisal | DeadlineKind::CouncilReview | DeadlineKind::ResultNotice, Some(_))
            | (_, None) => {}
        }
        store::deadlines::lock_for_update(conn, id)?;
        Ok(DeadlineCase { lapses, ..Self::find(conn, context, id)? })
    }

    fn may(&self, context: &Context, action: Action) -> Gate {
        if self.set_aside {
            return Err(unit_set_aside());
        }
        let (today, reminders) = (self.today(context), &context.app.reminders);
        self.deadline.may(action, today, reminders, self.period_status())?;
        if action == Action::CorrectExtension {
            self.granted.any_is_unused(&self.deadline, today)?;
        }
        Ok(None)
    }

    fn audit(&self) -> Value {
        entries::audit(&self.deadline)
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        Ok(DeadlineCase { deadline: store::deadlines::update(conn, self.deadline)?, ..self })
    }

    fn event(&self, kind: EventType) -> EventDraft {
        entries::event(&self.deadline, kind)
    }
}

impl Related<DeadlineCase> for DeadlineDetails {
    fn load(case: &DeadlineCase, conn: &mut Conn, context: &Context) -> Result<Self, Error> {
        let details = describe_all(conn, context, &case.organization, vec![case.deadline.clone()], &case.terms)?.pop();
        details.ok_or_else(|| Error::internal("describing a deadline returned nothing"))
    }

    fn load_parts(case: &DeadlineCase, _conn: &mut Conn, _context: &Context) -> Result<Vec<(Id, i64)>, Error> {
        Ok(vec![case.identity().part()])
    }

    /// Changes by clock and calendar alone affect the phase of the tag, not its state.
    fn phase(&self, _case: &DeadlineCase) -> Option<String> {
        let DeadlineDetails { status, overdue_days, calendar_confirmed, closes_at, next_check_at, unit_code, .. } =
            self;
        let met_on = &self.deadline.met_on;
        let counted = (&self.rule, &self.explanation);
        let time_dependent =
            (status, met_on, overdue_days, calendar_confirmed, closes_at, next_check_at, unit_code, counted);
        Some(format!("{time_dependent:?}"))
    }
}

/// Returns one deadline.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<DeadlineCase>> {
    let case: DeadlineCase = context.find(conn, id)?;
    context.accept_read()?;
    require_no_pending_lapse(conn, context, &case.organization.id)?;
    Ok(context.details(conn, case)?)
}

/// Saves a deadline and records the change with what was `given` for it, after the lapses found under the lock.
fn save(
    conn: &mut Conn,
    context: &Context,
    (act, event): (&str, EventType),
    (mut before, given): (DeadlineCase, Value),
    after: Deadline,
) -> Result<DeadlineCase, Error> {
    let lapses = std::mem::take(&mut before.lapses);
    let changed = store::deadlines::update(conn, after)?;
    record_lapses(conn, context.app, context.request_id(), lapses, context.now)?;
    let old = before.audit();
    let case = DeadlineCase { deadline: changed, ..before };
    let (old, new) = changed_fields(old, case.audit());
    let new = fields(&new, given);
    let event = Some(case.event(event));
    record(conn, context, AuditDraft { event, ..AuditDraft::of(act, &case, Some(old), Some(new)) })?;
    Ok(case)
}

/// Grants an extension. A missed submission is reopened.
pub fn extend(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<NewExtension>,
) -> Result<Details<DeadlineCase>> {
    let (case, command): (DeadlineCase, _) = context.enter_to_add(conn, id, Action::ExtendDeadline, input)?;
    let before = &case.deadline;
    let mut check = Check::default();
    if command.unit_id.is_some() && command.unit_id != before.unit_id {
        check.fault("/unit_id", Code::UnknownReference);
    }
    let today = case.today(context);
    if let Err(code) = check_extension(command.due_on, today, before.due_on()) {
        let fault = Fault::at("/due_on", code);
        let due_on = before.due_on().map(|day| day.to_string()).unwrap_or_default();
        check.faults.push(if code == Code::DeadlineShortened { fault.with("due_on", due_on) } else { fault });
    }
    let extension = Extension {
        id: context.new_id(),
        deadline_id: before.id,
        due_on: command.due_on,
        reason: check.text("/reason", &command.reason, NOTE_CHARS),
        basis_document: check.text("/basis_document", &command.basis_document, TITLE_CHARS),
        granted_by: context.member_id(&before.organization_id)?,
        granted_at: context.now,
        superseded: Vec::new(),
    };
    Error::unless_valid(check.faults)?;
    let (mut moved, mut further) = (None, Entries::default());
    match (before.kind, &before.unit_id) {
        (DeadlineKind::SelfAssessment, Some(unit_id)) => {
            moved = extend_submission(conn, context, &before.period_id, unit_id, command.due_on)?;
        }
        (DeadlineKind::Dossier, Some(unit_id)) => {
            further = award_proposals::move_due(conn, (&before.period_id, unit_id), command.due_on, context.now)?;
        }
        (DeadlineKind::Appraisal | DeadlineKind::CouncilReview | DeadlineKind::ResultNotice, Some(_)) | (_, None) => {}
    }
    store::deadlines::insert_extension(conn, &extension)?;
    if moved.as_ref().is_some_and(|draft| draft.event.is_some()) {
        further.extend(sync::update_stages(conn, &before.period_id, today, context.now)?);
    }
    let given = json!({
        "extension": extension.id, "extension_due_on": extension.due_on, "reason": extension.reason,
        "basis_document": extension.basis_document, "granted_by": extension.granted_by,
        "granted_at": instant(extension.granted_at),
    });
    let extended = before.clone().extended(command.due_on, context.now);
    save(conn, context, ("deadline.extend", EventType::DeadlineExtended), (case, given), extended)?;
    further.extend(moved);
    further.record(conn, context)?;
    // Read again, with the extension.
    let case = DeadlineCase::find(conn, context, id)?;
    Ok(context.details(conn, case)?)
}

/// Extends the gate of a unit's submission. Returns the audit entry for the caller to record, with an event for one that is
/// reopened.
fn extend_submission(
    conn: &mut Conn,
    context: &Context,
    period_id: &Id,
    unit_id: &Id,
    due_on: NaiveDate,
) -> Result<Option<AuditDraft<'static>>> {
    let Some(id) = store::submissions::of_unit(conn, period_id, unit_id)? else {
        return Ok(None);
    };
    let submission = SubmissionCase::find(conn, context, &id)?;
    let Change { after, event } = submission.extend(due_on, context.now);
    let after = after.save(conn)?;
    let event = event.map(|kind| after.event(kind));
    let act = if event.is_some() { "submission.reopen" } else { "submission.move" };
    Ok(Some(AuditDraft::of_change(act, &submission, &after, event)))
}

/// Waives a deadline.
pub fn waive(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<DeadlineCase>> {
    let (case, reason): (DeadlineCase, _) = context.enter(conn, id, Action::WaiveDeadline, input)?;
    let reason = checked(|check| check.text("/reason", reason, NOTE_CHARS))?;
    let waived = case.deadline.clone().waive(reason, context.now);
    let case = save(conn, context, ("deadline.waive", EventType::DeadlineWaived), (case, json!({})), waived)?;
    Ok(context.details(conn, case)?)
}

/// Takes a waiver back, with a reason that the audit keeps.
pub fn unwaive(conn: &mut Conn, context: &Context, id: &Id, input: &Input<String>) -> Result<Details<DeadlineCase>> {
    let (case, reason): (DeadlineCase, _) = context.enter(conn, id, Action::UnwaiveDeadline, input)?;
    let reason = checked(|check| check.text("/reason", reason, NOTE_CHARS))?;
    let unwaived = case.deadline.clone().unwaive(context.now);
    let names = ("deadline.unwaive", EventType::DeadlineUnwaived);
    let case = save(conn, context, names, (case, json!({"reason": reason})), unwaived)?;
    Ok(context.details(conn, case)?)
}
