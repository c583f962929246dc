//! What the clock alone causes: sheets that are missed, reminders of what is near, word of what has passed. Called by
//! requests, by the command line and by the timer inside. Twice is once.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::journal::event::EventType;
use crate::domain::office::organization::Organization;
use crate::domain::schedule::deadline::Deadline;
use crate::domain::time::{date_in, starts_at};
use crate::error::{Code, Error};
use crate::service::assessment::submissions;
use crate::service::assessment::submissions::Lapse;
use crate::service::schedule::deadlines::sync;
use crate::service::{App, Context, EventDraft, Input, Interrupt, publish};
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// What a check is asked for.
#[derive(Debug, Clone, Default)]
pub struct CheckRequest {
    /// Which organisation; none for the caller's only one.
    pub organization_id: Option<Id>,
    /// Only to tell what it would do.
    pub dry_run: bool,
}

/// One thing that the clock has caused.
#[derive(Debug, Clone)]
pub struct Effect {
    /// What happened.
    pub kind: EventType,
    /// To what kind of record.
    pub subject_type: &'static str,
    /// To which.
    pub subject_id: Id,
    /// In which period.
    pub period_id: Option<Id>,
    /// About which unit.
    pub unit_id: Option<Id>,
    /// What more there is to say.
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

/// What came of a check of an organisation.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// Which organisation.
    pub organization_id: Id,
    /// Its code.
    pub organization_code: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it only tells what it would do.
    pub dry_run: bool,
    /// What the clock has caused since the last check.
    pub effects: Vec<Effect>,
    /// How many deadlines are near.
    pub due_soon: i64,
    /// How many have passed and can still be met.
    pub overdue: i64,
    /// When the clock alone causes something next.
    pub next_check_at: Option<DateTime<Utc>>,
}

/// Checks the deadlines of an organisation.
///
/// # Errors
/// When the database does not answer.
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
    // First every row that is touched, sheets before deadlines as everywhere, then the journal.
    let scope = Lapsed::OfOrganization(&organization.id);
    let lapses: Vec<Lapse> = match dry_run {
        true => store::submissions::lapsed(conn, scope, now)?.into_iter().map(Lapse::preview).collect(),
        false => submissions::lapse_all(conn, app, scope, now)?,
    };
    let waiting = store::deadlines::to_check(conn, &organization.id, today)?;
    let mut notices: Vec<(Id, EventDraft)> = Vec::new();
    let mut next_checks: BTreeMap<(Option<i32>, Option<NaiveDate>), Vec<&Id>> = BTreeMap::new();
    for (deadline, period) in &waiting {
        let notice = deadline.untold(today, reminders).filter(|_| Deadline::is_live(deadline.kind, *period));
        if let Some(notice) = notice {
            notices.push((deadline.id, sync::reminder(deadline, notice, today)));
        }
        let next = (notice.or(deadline.told), deadline.next_check_on(today, reminders));
        next_checks.entry(next).or_default().push(&deadline.id);
    }
    let mut effects: Vec<Effect> =
        lapses.iter().map(|lapse| Effect::of("submission", &lapse.after.id, &lapse.event())).collect();
    effects.extend(notices.iter().map(|(id, event)| Effect::of("deadline", id, event)));
    if !dry_run {
        for ((told, check_on), ids) in &next_checks {
            store::deadlines::checked(conn, ids, *told, *check_on)?;
        }
        for lapse in lapses {
            lapse.record(conn, app, request_id, now)?;
        }
        let events = notices.iter().map(|(id, event)| (("deadline", id), event.clone())).collect();
        publish(conn, app, now, &organization.id, events)?;
    }
    let summary = store::deadlines::standing(conn, &organization.id, today, reminders)?;
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

/// A check that somebody asked for.
pub fn check_requested(
    conn: &mut Conn,
    context: &Context,
    input: &Input<CheckRequest>,
) -> Result<CheckReport, Interrupt> {
    let named = input.as_ref().ok().and_then(|request| request.organization_id.as_ref());
    let organization_id = context.organization(named)?;
    access::require_collection(&context.actor, Action::CheckDeadlines, &Facts::of(&organization_id))?;
    let request = context.accept(input)?;
    let organization = store::organizations::find(conn, &organization_id)?.ok_or(Code::NotFound)?;
    Ok(check_organization(conn, context.app, context.request_id(), &organization, context.now, request.dry_run)?)
}

/// Which organisations to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those where there is something to look at.
    Due,
    /// Every one.
    All,
    /// The one of this code.
    Code(String),
}

/// Checks organisations one after the other, each in a transaction of its own.
///
/// # Errors
/// When the database does not answer; what was done stays done.
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
            store::organizations::every(conn, Some(&ids))
        }
        Selection::All => store::organizations::every(conn, None),
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
