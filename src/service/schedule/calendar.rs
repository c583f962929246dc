//! Working-day arithmetic and calendar exceptions.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, Days, NaiveDate};
use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Offers, ScopeKind};
use crate::domain::assessment::period::{DossierDeadline, DossierSemantics, Period};
use crate::domain::award::award_proposal::DossierTerm;
use crate::domain::journal::event::EventType;
use crate::domain::schedule::calendar::{
    CalendarDay, CountedDay, DayKind, DayStatus, MAX_SPAN_DAYS, WorkingCalendar, WorkingDayCalculation,
};
use crate::domain::schedule::deadline::Deadline;
use crate::domain::text::checked;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::award::award_proposals;
use crate::service::schedule::deadlines::entries;
use crate::service::tag::Tag;
use crate::service::{AuditDraft, Context, Entries, EventDraft, Input, Result, record, record_all};
use crate::store::{self, Conn};

/// The new state of a calendar day.
#[derive(Debug, Clone)]
pub struct DayInput {
    /// Whether and why it is a day off or a working day.
    pub kind: DayKind,
    /// Name of the day.
    pub name: String,
    /// Whether it is announced or only expected.
    pub status: DayStatus,
    /// Legal document that establishes it.
    pub legal_basis: String,
}

/// A deadline that a calendar change moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// State before the change.
    pub before: Deadline,
    /// The deadline after the change.
    pub after: Deadline,
    /// The days counted to the new date.
    pub explanation: Vec<CountedDay>,
}

impl Move {
    /// Whether the effective dates change; an extension beyond both dates hides the move.
    pub fn is_visible(&self) -> bool {
        (self.before.due_on(), self.before.opens_on) != (self.after.due_on(), self.after.opens_on)
    }

    /// Audit entry of the move, with its event where it is visible.
    pub fn draft(&self) -> AuditDraft<'static> {
        let Move { before, after, .. } = self;
        let data = json!({"kind": after.kind, "due_on": after.due_on(), "opens_on": after.opens_on, "was_due_on": before.due_on()});
        let kind = EventType::DeadlineMoved;
        let event = EventDraft { kind, period_id: Some(after.period_id), unit_id: after.unit_id, data };
        AuditDraft {
            event: self.is_visible().then_some(event),
            ..entries::changed("deadline.move", before, after, None)
        }
    }
}

/// The result, actual or simulated, of changing a calendar day.
pub struct Outcome {
    /// The day; none after removal.
    pub day: Option<CalendarDay>,
    /// Whether the day was created.
    pub is_new: bool,
    /// The deadlines that move.
    pub moves: Vec<Move>,
}

/// Largest number of listed days: ten years.
const MAX_LISTED_DAYS: i64 = 3_653;

/// First and last day of the years that a count starting at `from` can reach.
fn span(from: NaiveDate) -> Result<(NaiveDate, NaiveDate), Error> {
    let first = NaiveDate::from_ymd_opt(from.year(), 1, 1).ok_or(Code::CalendarRange)?;
    let last = from.checked_add_days(Days::new(u64::from(MAX_SPAN_DAYS))).ok_or(Code::CalendarRange)?;
    let last = NaiveDate::from_ymd_opt(last.year(), 12, 31).ok_or(Code::CalendarRange)?;
    Ok((first, last))
}

/// Loads the calendar of the years that a count starting at `from` can reach.
fn calendar_after(conn: &mut Conn, organization_id: Option<&Id>, from: NaiveDate) -> Result<WorkingCalendar, Error> {
    let (first, last) = span(from)?;
    store::calendar::of(conn, organization_id, first, last)
}

/// Authorises reading and returns the organisation; none for an operator, who uses the national calendar alone.
fn readable_organization(context: &Context, organization_id: Option<&Id>) -> Result<Option<Id>, Error> {
    if organization_id.is_none() && context.actor.is_operator() {
        return Ok(None);
    }
    context.organization_for(organization_id, Action::ReadOffice).map(Some)
}

/// Returns the day `days` working days after `from`.
///
/// # Errors
/// `calendar_range`.
pub fn add(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    from: NaiveDate,
    days: u32,
) -> Result<WorkingDayCalculation> {
    let organization_id = readable_organization(context, organization_id)?;
    context.accept_read()?;
    Ok(calendar_after(conn, organization_id.as_ref(), from)?.add(from, days).map_err(Error::from)?)
}

/// Counts the working days after `from`, up to and including `to`.
///
/// # Errors
/// `calendar_range`.
pub fn count(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<WorkingDayCalculation> {
    let organization_id = readable_organization(context, organization_id)?;
    context.accept_read()?;
    Ok(calendar_after(conn, organization_id.as_ref(), from)?.count(from, to).map_err(Error::from)?)
}

/// Counts the dossier term after a notice. Also returns whether the calendar is confirmed.
pub fn dossier_reckoning(
    calendar: &WorkingCalendar,
    notice_on: NaiveDate,
    deadline: &DossierDeadline,
) -> Result<(DossierTerm, bool), Error> {
    let days = u32::try_from(deadline.working_days).map_err(Error::internal)?;
    let WorkingDayCalculation { result_on, explanation, calendar_confirmed, .. } = calendar.add(notice_on, days)?;
    let (due_on, opens_on) = match deadline.semantics {
        DossierSemantics::NotLaterThan => (Some(result_on), None),
        DossierSemantics::NotBefore => (None, Some(result_on)),
    };
    Ok((DossierTerm { due_on, opens_on, explanation }, calendar_confirmed))
}

/// Computes the dossier term of an organisation after a notice.
///
/// # Errors
/// `calendar_range`.
pub fn dossier_term(
    conn: &mut Conn,
    organization_id: &Id,
    notice_on: NaiveDate,
    deadline: &DossierDeadline,
) -> Result<DossierTerm, Error> {
    let calendar = calendar_after(conn, Some(organization_id), notice_on)?;
    Ok(dossier_reckoning(&calendar, notice_on, deadline)?.0)
}

/// Loads the calendar for counting from several notices.
///
/// # Errors
/// `calendar_range`.
pub fn calendar_after_all(
    conn: &mut Conn,
    organization_id: &Id,
    notices: impl Iterator<Item = NaiveDate> + Clone,
) -> Result<WorkingCalendar, Error> {
    let (Some(first), Some(last)) = (notices.clone().min(), notices.max()) else {
        return Ok(WorkingCalendar::default());
    };
    store::calendar::of(conn, Some(organization_id), span(first)?.0, span(last)?.1)
}

/// The tag of a day.
pub fn tag(day: &CalendarDay) -> Tag {
    Tag::of(&[(Id::from_uuid_text(&day.id), day.version)], &Offers::default())
}

/// Lists the calendar days in effect for the caller's organisation, in a range or in this year; its own days override the
/// national ones.
pub fn days(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Vec<CalendarDay>> {
    let organization_id = readable_organization(context, organization_id)?;
    context.accept_read()?;
    let organization = match &organization_id {
        Some(id) => store::organizations::find(conn, id)?,
        None => None,
    };
    let zone = organization.map_or(chrono_tz::Asia::Ho_Chi_Minh, |organization| organization.zone());
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).ok_or(Code::CalendarRange);
    let from = from.map_or_else(|| day(date_in(zone, context.now).year(), 1, 1), Ok)?;
    let to = to.map_or_else(|| day(from.year(), 12, 31), Ok)?;
    if !(0..=MAX_LISTED_DAYS).contains(&(to - from).num_days()) {
        return Err(Code::CalendarRange.into());
    }
    let mut days = store::calendar::days(conn, organization_id.as_ref(), from, to)?;
    // Of two entries for a day, the organisation's comes last and wins.
    days.reverse();
    days.dedup_by_key(|day| day.on);
    days.reverse();
    Ok(days)
}

/// Returns one calendar day.
pub fn day(conn: &mut Conn, context: &Context, organization_id: Option<&Id>, on: NaiveDate) -> Result<CalendarDay> {
    Ok(days(conn, context, organization_id, (Some(on), Some(on)))?.pop().ok_or(Code::NotFound)?)
}

/// Authorises a change and returns the owner of the days: none for the national calendar of the operator, otherwise the
/// organisation of an admin.
fn writable_organization(context: &Context, organization_id: Option<&Id>) -> Result<Option<Id>, Error> {
    if organization_id.is_none() && context.actor.is_operator() {
        access::require_operator(&context.actor, ScopeKind::Write)?;
        return Ok(None);
    }
    context.organization_for(organization_id, Action::WriteCalendar).map(Some)
}

/// Creates or replaces a calendar day; a dry run only returns the deadlines that would move.
pub fn put(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    on: NaiveDate,
    input: &Input<DayInput>,
    dry_run: bool,
) -> Result<Outcome> {
    let organization_id = writable_organization(context, organization_id)?;
    let command = context.accept(input)?;
    store::calendar::lock_for_update(conn)?;
    let before = store::calendar::find(conn, organization_id.as_ref(), on)?;
    match &before {
        Some(before) => context.check_precondition(&tag(before).state)?,
        None => context.expect_absent()?,
    }
    let DayInput { kind, name, status, legal_basis } = command.clone();
    let id = before.as_ref().map_or_else(|| context.new_id().to_string(), |before| before.id.clone());
    let version = before.as_ref().map_or(0, |before| before.version);
    let mut day = CalendarDay { id, organization_id, on, kind, name, status, legal_basis, version };
    checked(|check| day.clean(check))?;
    let day = if dry_run { day } else { store::calendar::save(conn, day)? };
    let moves = moves(conn, context, day.organization_id.as_ref(), on, Some((day.kind, day.status)))?;
    if !dry_run {
        record_change(conn, context, before.as_ref(), Some(&day), &moves)?;
    }
    Ok(Outcome { day: Some(day), is_new: before.is_none(), moves })
}

/// Removes a calendar day; a dry run only returns the deadlines that would move.
pub fn remove(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    on: NaiveDate,
    dry_run: bool,
) -> Result<Outcome> {
    let organization_id = writable_organization(context, organization_id)?;
    context.accept(&Ok(()))?;
    store::calendar::lock_for_update(conn)?;
    let before = store::calendar::find(conn, organization_id.as_ref(), on)?.ok_or(Code::NotFound)?;
    context.check_precondition(&tag(&before).state)?;
    if !dry_run {
        store::calendar::delete(conn, &before)?;
    }
    let moves = moves(conn, context, organization_id.as_ref(), on, None)?;
    if !dry_run {
        record_change(conn, context, Some(&before), None, &moves)?;
    }
    Ok(Outcome { day: None, is_new: false, moves })
}

/// The dossier deadlines that move when `on` becomes `day`: those of the organisation, or, for a national day, of every
/// organisation without an entry of its own.
fn moves(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    on: NaiveDate,
    day: Option<(DayKind, DayStatus)>,
) -> Result<Vec<Move>, Error> {
    // The deadline of a dossier is guarded by the lock on its proposal.
    store::award_proposals::lock_undecided(conn, organization_id)?;
    let mut open = store::deadlines::unsettled_dossiers(conn, organization_id)?;
    if organization_id.is_none() {
        let overlaid = store::calendar::overriding_organizations(conn, on)?;
        open.retain(|deadline| !overlaid.contains(&deadline.organization_id));
    }
    let terms = store::periods::terms(conn, open.iter().map(|deadline| &deadline.period_id))?;
    let notices = terms.values().filter_map(|term| term.notice_on);
    let (Some(first), Some(last)) = (notices.clone().min(), notices.max()) else {
        return Ok(Vec::new());
    };
    // After an organisation removes its own entry, the national one applies again.
    let national = match (day, organization_id) {
        (None, Some(_)) => store::calendar::find(conn, None, on)?.map(|day| (day.kind, day.status)),
        (None, None) | (Some(_), _) => None,
    };
    open.sort_by(|a, b| (&a.organization_id, &a.id).cmp(&(&b.organization_id, &b.id)));
    let organizations: Vec<&Id> = {
        let mut ids: Vec<&Id> = open.iter().map(|deadline| &deadline.organization_id).collect();
        ids.dedup();
        ids
    };
    let calendars = store::calendar::calendars(conn, &organizations, span(first)?.0, span(last)?.1)?;
    let calendars: HashMap<Id, WorkingCalendar> =
        calendars.into_iter().map(|(id, calendar)| (id, calendar.with(on, day.or(national)))).collect();
    let mut moves = Vec::new();
    for before in open {
        let term = terms.get(&before.period_id).and_then(|term| Some((term, term.notice_on?)));
        let (Some((term, notice_on)), Some(calendar)) = (term, calendars.get(&before.organization_id)) else {
            continue;
        };
        let (term, _) = dossier_reckoning(calendar, notice_on, &term.dossier)?;
        // Moved even where an extension hides it: the scheduled date matters again at the next change.
        if (before.scheduled_on, before.opens_on) != (term.due_on, term.opens_on) {
            let after = before.clone().scheduled(term.due_on, term.opens_on, context.now);
            moves.push(Move { before, after, explanation: term.explanation });
        }
    }
    Ok(moves)
}

/// Records the change of a day, and moves the affected deadlines.
fn record_change(
    conn: &mut Conn,
    context: &Context,
    before: Option<&CalendarDay>,
    after: Option<&CalendarDay>,
    moves: &[Move],
) -> Result<(), Error> {
    let audit = |day: &CalendarDay| json!({"on": day.on, "kind": day.kind, "name": day.name, "status": day.status, "legal_basis": day.legal_basis});
    let of = before.or(after).ok_or_else(|| Error::internal("a calendar change without a day"))?;
    let dossiers = save_moves(conn, context, moves)?;
    let action = if after.is_some() { "calendar_day.put" } else { "calendar_day.remove" };
    let draft = AuditDraft {
        before: before.map(|day| audit(day).into()),
        after: after.map(|day| audit(day).into()),
        ..AuditDraft::about(action, of.organization_id, ("calendar_day", Id::from_uuid_text(&of.id)))
    };
    // National days are recorded in the installation's chain, an organisation's in its own, before the moves they cause.
    record(conn, context, draft)?;
    record_moves(conn, context, moves, dossiers)
}

/// Stores the moved deadlines, and the terms of their dossiers. Returns the entries of the dossiers.
fn save_moves(conn: &mut Conn, context: &Context, moves: &[Move]) -> Result<Entries, Error> {
    let mut dossiers = Entries::default();
    for Move { after, explanation, .. } in moves {
        if let Some(unit_id) = &after.unit_id {
            // An extension applies for as long as it is later.
            let (due_on, opens_on, explanation) = (after.due_on(), after.opens_on, explanation.clone());
            let term = DossierTerm { due_on, opens_on, explanation };
            dossiers.extend(award_proposals::set_term(conn, (&after.period_id, unit_id), &term, context.now)?);
        }
        store::deadlines::update(conn, after.clone())?;
    }
    Ok(dossiers)
}

/// Records moves and those of their dossiers: each in its organisation's chain, in the order of the organisations.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn record_moves(conn: &mut Conn, context: &Context, moves: &[Move], dossiers: Entries) -> Result<(), Error> {
    let mut chains: BTreeMap<Option<Id>, Vec<AuditDraft>> = BTreeMap::new();
    for draft in moves.iter().map(Move::draft).chain(dossiers) {
        chains.entry(draft.organization_id).or_default().push(draft);
    }
    chains.into_values().try_for_each(|drafts| record_all(conn, context, drafts))
}

/// Moves the deadlines of a period's dossiers that are not submitted to what the date of the notice makes of them.
///
/// # Errors
/// `calendar_range`.
pub fn move_dossiers(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    notice_on: NaiveDate,
) -> Result<(Vec<Move>, Entries), Error> {
    let organization_id = Some(&period.organization_id);
    store::award_proposals::lock_undecided(conn, organization_id)?;
    let mut open = store::deadlines::unsettled_dossiers(conn, organization_id)?;
    open.retain(|deadline| deadline.period_id == period.id);
    let term = dossier_term(conn, &period.organization_id, notice_on, &period.rules.dossier_deadline)?;
    let scheduled = |before: Deadline| {
        let after = before.clone().scheduled(term.due_on, term.opens_on, context.now);
        Move { before, after, explanation: term.explanation.clone() }
    };
    let moves: Vec<Move> = open.into_iter().map(scheduled).collect();
    let dossiers = save_moves(conn, context, &moves)?;
    Ok((moves, dossiers))
}
