//! Effects of time alone: lapsed submissions, reminders and overdue notices. Run by requests, by the command line and by the
//! internal timer. Idempotent.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::domain::Id;
use crate::domain::access;
use crate::domain::access::action::Action;
use crate::domain::journal::event::{self, Audience, EventType};
use crate::domain::office::organization::Organization;
use crate::domain::schedule::deadline::Deadline;
use crate::domain::time::{date_in, starts_at};
use crate::error::{Code, Error};
use crate::service::assessment::submissions::lapses::{Lapse, lapse_all, record_lapses};
use crate::service::schedule::deadlines::sync;
use crate::service::{App, Context, EventDraft, Input, Result, publish};
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// A request to check deadlines.
#[derive(Debug, Clone, Default)]
pub struct CheckRequest {
    /// The organisation; none for the caller's only one.
    pub organization_id: Option<Id>,
    /// Whether only to report what would happen.
    pub dry_run: bool,
}

/// An effect of time on one record.
#[derive(Debug, Clone)]
pub struct Effect {
    /// Type of the event.
    pub kind: EventType,
    /// Type of the record.
    pub subject_type: &'static str,
    /// Id of the record.
    pub subject_id: Id,
    /// The period concerned.
    pub period_id: Option<Id>,
    /// The unit concerned.
    pub unit_id: Option<Id>,
    /// Further data of the event.
    pub data: Value,
}

impl Effect {
    fn of(subject_type: &'static str, subject_id: &Id, event: &EventDraft) -> Self {
        Effect {
            kind: event.kind,
            subject_type,
            subject_id: *subject_id,
            period_id: event.period_id,
            unit_id: event.unit_id,
            data: event.data.clone(),
        }
    }
}

/// The result of checking an organisation.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The organisation.
    pub organization_id: Id,
    /// Code of the organisation.
    pub organization_code: String,
    /// Instant of the check.
    pub at: DateTime<Utc>,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Effects since the last check.
    pub effects: Vec<Effect>,
    /// Number of deadlines within the reminder period.
    pub due_soon: i64,
    /// Number of deadlines that have passed and can still be met.
    pub overdue: i64,
    /// When the next effect is due.
    pub next_check_at: Option<DateTime<Utc>>,
}

/// Checks the deadlines of an organisation.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn check_organization(
    conn: &mut Conn,
    app: &App,
    request_id: &str,
    organization: &Organization,
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<CheckReport, Error> {
    let (zone, reminders) = (organization.zone(), &app.reminders);
    let today = date_in(zone, now);
    // Rows are locked first, submissions before deadlines as in every act; the journal comes last.
    let scope = Lapsed::OfOrganization(&organization.id);
    let lapses: Vec<Lapse> = match dry_run {
        true => store::submissions::lapsed(conn, scope, now)?.into_iter().map(Lapse::preview).collect(),
        false => lapse_all(conn, app, scope, now)?,
    };
    let waiting = store::deadlines::to_check(conn, &organization.id, today)?;
    let mut notices: Vec<(Id, EventDraft)> = Vec::new();
    let mut next_checks: BTreeMap<(Option<i32>, Option<NaiveDate>), Vec<&Id>> = BTreeMap::new();
    for (deadline, period) in &waiting {
        let notice = deadline.due_reminder(today, reminders).filter(|_| Deadline::is_live(deadline.kind, *period));
        if let Some(notice) = notice {
            notices.push((deadline.id, sync::reminder(deadline, notice, today)));
        }
        let next = (notice.or(deadline.last_reminder), deadline.next_check_on(today, reminders));
        next_checks.entry(next).or_default().push(&deadline.id);
    }
    let mut effects: Vec<Effect> =
        lapses.iter().map(|lapse| Effect::of("submission", &lapse.after.id, &lapse.event())).collect();
    effects.extend(notices.iter().map(|(id, event)| Effect::of("deadline", id, event)));
    if !dry_run {
        for ((reminder, check_on), ids) in &next_checks {
            store::deadlines::record_check(conn, ids, *reminder, *check_on)?;
        }
        record_lapses(conn, app, request_id, lapses, now)?;
        let events = notices.iter().map(|(id, event)| (("deadline", id), event.clone())).collect();
        publish(conn, app, now, &organization.id, events)?;
    }
    let summary = store::deadlines::summary(conn, &organization.id, (today, reminders), true)?;
    Ok(CheckReport {
        organization_id: organization.id,
        organization_code: organization.code.clone(),
        at: now,
        dry_run,
        effects,
        due_soon: summary.due_soon,
        overdue: summary.overdue,
        next_check_at: summary.next_check_on.map(|day| starts_at(day, zone)),
    })
}

/// Runs a check at a caller's request.
pub fn check_requested(conn: &mut Conn, context: &Context, input: &Input<CheckRequest>) -> Result<CheckReport> {
    let (organization_id, request) =
        context.enter_collection(input, |request| request.organization_id, Action::CheckDeadlines)?;
    let organization = store::organizations::find(conn, &organization_id)?.ok_or(Code::NotFound)?;
    let mut report =
        check_organization(conn, context.app, context.request_id(), &organization, context.now, request.dry_run)?;
    if !access::sees_stages(&context.actor, &organization.id) {
        hide_stages(conn, context, &organization, &mut report)?;
    }
    Ok(report)
}

/// Reduces a report to what those may know who do not see the state of every submission: each stage counts as not yet met.
fn hide_stages(
    conn: &mut Conn,
    context: &Context,
    organization: &Organization,
    report: &mut CheckReport,
) -> Result<(), Error> {
    let (zone, reminders) = (organization.zone(), &context.app.reminders);
    let today = date_in(zone, context.now);
    let summary = store::deadlines::summary(conn, &organization.id, (today, reminders), false)?;
    let stages = store::deadlines::stages_of(conn, &organization.id)?;
    let stages = stages.into_iter().filter(|(stage, period)| Deadline::is_live(stage.kind, *period));
    let checks = stages.filter_map(|(stage, period)| stage.for_outsiders(period).next_check_on(today, reminders));
    let next_check_on = checks.chain(summary.next_check_on).min();
    (report.due_soon, report.overdue) = (summary.due_soon, summary.overdue);
    report.next_check_at = next_check_on.map(|day| starts_at(day, zone));
    let of_stage = |effect: &Effect| {
        effect.unit_id.is_none() && event::audience(effect.kind, None, &effect.data) == Audience::Deadline
    };
    report.effects.retain(|effect| !of_stage(effect));
    Ok(())
}

/// Organisations to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those with a check due.
    Due,
    /// All.
    All,
    /// The one with this code.
    Code(String),
}

/// Checks organisations one by one, each in its own transaction.
///
/// # Errors
/// `busy` or `internal` when the database fails; organisations checked before stay checked.
pub async fn run(
    app: &Arc<App>,
    request_id: &str,
    selection: &Selection,
    dry_run: bool,
) -> Result<Vec<CheckReport>, Error> {
    let (shared, selection) = (Arc::clone(app), selection.clone());
    let organizations = app.db.read(move |conn| match selection {
        Selection::Due => {
            let ids = store::deadlines::organizations_to_check(conn, shared.clock.now())?;
            store::organizations::all(conn, Some(&ids))
        }
        Selection::All => store::organizations::all(conn, None),
        Selection::Code(code) => Ok(store::organizations::find_by_code(conn, &code)?.into_iter().collect()),
    });
    let mut checked = Vec::new();
    for organization in organizations.await? {
        let (shared, request_id) = (Arc::clone(app), request_id.to_owned());
        let check = move |conn: &mut Conn| {
            check_organization(conn, &shared, &request_id, &organization, shared.clock.now(), dry_run)
        };
        checked.push(app.db.write(check).await?);
    }
    if checked.iter().any(|checked| !checked.effects.is_empty()) {
        app.event_signal.notify();
    }
    Ok(checked)
}
