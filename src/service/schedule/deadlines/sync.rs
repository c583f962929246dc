//! Keeps deadlines in step with the acts that set, move and meet them. Each function is called in the transaction of such
//! an act, after the submission or proposal concerned is locked.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::json;
use strum::VariantArray;

use crate::domain::Id;
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::assessment::submission::{Submission, SubmissionStatus};
use crate::domain::award::award_proposal::{DossierTerm, Proposal};
use crate::domain::journal::event::EventType;
use crate::domain::schedule::deadline::{self, Deadline, DeadlineKind};
use crate::domain::schedule::reminders::OVERDUE;
use crate::domain::time::date_in;
use crate::error::Error;
use crate::service::office::organizations::zone_of;
use crate::service::schedule::calendar;
use crate::service::schedule::deadlines::entries;
use crate::service::{App, Author, Entries, EventDraft};
use crate::store::{self, Conn};

/// Creates the deadlines of a period that opens.
pub fn plan_period(conn: &mut Conn, app: &App, period: &Period, now: DateTime<Utc>) -> Result<Entries, Error> {
    let planned = Deadline::plan(period, || app.ids.next(), now);
    store::deadlines::insert_all(conn, &planned)?;
    Ok(planned.iter().map(entries::created).collect())
}

/// Applies a schedule change of an open period to its deadlines and to the gates of submissions. Extensions stay; a missed
/// submission whose gate moves is a draft again.
pub fn reschedule(
    conn: &mut Conn,
    (before, after): (&Period, &Period),
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Entries, Error> {
    let stood = store::deadlines::of_period(conn, &after.id)?;
    let moved = |kind| {
        let days = deadline::scheduled_on(kind, &before.rules).zip(deadline::scheduled_on(kind, &after.rules));
        days.filter(|(from, to)| from != to)
    };
    let submissions_move = after.status == PeriodStatus::SelfAssessment;
    for kind in DeadlineKind::VARIANTS.iter().copied() {
        let Some((from, to)) = moved(kind).filter(|_| submissions_move || kind != DeadlineKind::SelfAssessment) else {
            continue;
        };
        if kind != DeadlineKind::SelfAssessment {
            store::deadlines::reschedule(conn, &after.id, kind, None, (from, to), now)?;
            continue;
        }
        let mut gates: BTreeMap<NaiveDate, Vec<Id>> = BTreeMap::new();
        for deadline in &stood {
            if deadline.kind == kind
                && deadline.scheduled_on == Some(from)
                && let Some(unit_id) = deadline.unit_id
                && after.set_aside_of(&unit_id).is_none()
            {
                gates.entry(deadline.extended_on.map_or(to, |on| on.max(to))).or_default().push(unit_id);
            }
        }
        for (due_on, unit_ids) in &gates {
            let (gate, units) = (after.rules.gate_of(*due_on, zone), unit_ids.iter().collect::<Vec<_>>());
            store::submissions::move_gate(conn, (&after.id, &units), *due_on, gate, now)?;
        }
        let units: Vec<&Id> = gates.values().flatten().collect();
        store::deadlines::reschedule(conn, &after.id, kind, Some(&units), (from, to), now)?;
    }
    Ok(entries::differing("deadline.reschedule", &stood, &store::deadlines::of_period(conn, &after.id)?))
}

/// Waives the unsettled deadlines of a period that ends.
pub fn period_ended(conn: &mut Conn, period_id: &Id, reason: &str, now: DateTime<Utc>) -> Result<Entries, Error> {
    let stood = store::deadlines::of_period(conn, period_id)?;
    store::deadlines::waive_rest(conn, period_id, reason, now)?;
    Ok(entries::differing("deadline.waive", &stood, &store::deadlines::of_period(conn, period_id)?))
}

/// Sets the day on which a deadline was met; `None` where the work has to be done again.
fn set_met(
    conn: &mut Conn,
    key: (&Id, DeadlineKind, Option<&Id>),
    met_on: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<Entries, Error> {
    let (period_id, kind, unit_id) = key;
    let found = store::deadlines::find_of(conn, period_id, kind, unit_id)?;
    let Some(before) = found.filter(|before| before.met_on != met_on) else {
        return Ok(Entries::default());
    };
    store::deadlines::set_met(conn, key, met_on, now)?;
    Ok(std::iter::once(entries::met(&before, met_on)).collect())
}

/// Returns the last day for a unit's submission, by schedule or extension.
pub fn submission_due_on(conn: &mut Conn, period: &Period, unit_id: &Id) -> Result<NaiveDate, Error> {
    // Locked, so that a concurrent extension finds the submission that is being created.
    store::deadlines::lock_sheet(conn, &period.id, unit_id)?;
    let deadline = store::deadlines::find_of(conn, &period.id, DeadlineKind::SelfAssessment, Some(unit_id))?;
    let due_on = deadline.and_then(|deadline| deadline.due_on());
    Ok(due_on.unwrap_or(period.rules.schedule.self_assessment_due_on))
}

/// Marks a submission's deadline as met, or as unmet after a withdrawal.
pub fn submission_sent(conn: &mut Conn, submission: &Submission, sent_on: Option<NaiveDate>) -> Result<Entries, Error> {
    let key = (&submission.period_id, DeadlineKind::SelfAssessment, Some(&submission.unit_id));
    set_met(conn, key, sent_on, submission.updated_at)
}

/// Reopens the deadline of a returned submission, with a date of its own where a later one was given. Returns the
/// effective date, if it is one of its own.
pub fn submission_returned(
    conn: &mut Conn,
    submission: &Submission,
    due_on: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<(Option<NaiveDate>, Entries), Error> {
    let unit_id = Some(&submission.unit_id);
    let found = store::deadlines::find_of(conn, &submission.period_id, DeadlineKind::SelfAssessment, unit_id)?;
    let Some(before) = found else {
        return Ok((due_on, Entries::default()));
    };
    // The time that stands is never shortened.
    let due_on = due_on.filter(|due_on| before.due_on().is_none_or(|stands| *due_on > stands));
    let after = store::deadlines::update(conn, before.clone().returned(due_on, now))?;
    let reopened = entries::changed(entries::REOPEN, &before, &after, None);
    Ok((due_on.and(after.due_on()), std::iter::once(reopened).collect()))
}

/// Returns the last day of a period's appraisal, by schedule or extension.
pub fn appraisal_due_on(conn: &mut Conn, period_id: &Id, scheduled_on: NaiveDate) -> Result<NaiveDate, Error> {
    let deadline = store::deadlines::find_of(conn, period_id, DeadlineKind::Appraisal, None)?;
    Ok(deadline.and_then(|deadline| deadline.due_on()).unwrap_or(scheduled_on))
}

/// Updates which stages all submissions of a period have completed.
pub fn update_stages(conn: &mut Conn, period_id: &Id, today: NaiveDate, now: DateTime<Utc>) -> Result<Entries, Error> {
    // Locked before the submissions are read, so that of two acts that finish the last two submissions one sees both.
    let stages = store::deadlines::lock_stages(conn, period_id)?;
    let submissions = store::submissions::statuses(conn, period_id)?;
    let mut changed = Entries::default();
    for deadline in stages {
        let status = match deadline.kind {
            DeadlineKind::Appraisal => SubmissionStatus::Appraised,
            DeadlineKind::SelfAssessment
            | DeadlineKind::CouncilReview
            | DeadlineKind::ResultNotice
            | DeadlineKind::Dossier => SubmissionStatus::Reviewed,
        };
        let done = submissions.iter().all(|submission| submission.has_reached(status));
        if deadline.met_on.is_some() != done {
            let met_on = done.then_some(today);
            store::deadlines::set_met(conn, (period_id, deadline.kind, None), met_on, now)?;
            changed.extend([entries::met(&deadline, met_on)]);
        }
    }
    Ok(changed)
}

/// Updates the stages after lapses: a submission that was extended and missed again no longer holds up the appraisal.
pub fn update_stages_after(conn: &mut Conn, lapsed: &[&Submission], now: DateTime<Utc>) -> Result<Entries, Error> {
    let missed = lapsed.iter().filter(|submission| submission.status == SubmissionStatus::Missed);
    let mut periods: Vec<(&Id, &Id)> =
        missed.map(|submission| (&submission.period_id, &submission.organization_id)).collect();
    periods.sort_unstable();
    periods.dedup();
    let terms = store::periods::terms(conn, periods.iter().map(|(period_id, _)| *period_id))?;
    periods.retain(|(period_id, _)| terms.get(*period_id).is_some_and(|terms| terms.status == PeriodStatus::Appraisal));
    let mut changed = Entries::default();
    for (period_id, organization_id) in periods {
        let today = date_in(zone_of(conn, organization_id)?, now);
        changed.extend(update_stages(conn, period_id, today, now)?);
    }
    Ok(changed)
}

/// Creates the dossier deadlines of proposed units; that of a unit that was proposed before begins anew.
pub fn proposed(
    conn: &mut Conn,
    app: &App,
    period: &Period,
    dossiers: &[(Id, DossierTerm)],
    now: DateTime<Utc>,
) -> Result<Entries, Error> {
    let stood = store::deadlines::of_period(conn, &period.id)?;
    // A waiver of the pending dossier deadline extends to each unit's.
    let pending = store::deadlines::find_of(conn, &period.id, DeadlineKind::Dossier, None)?;
    let waived = pending.and_then(|pending| pending.waived);
    store::deadlines::delete_pending(conn, &period.id)?;
    let before = store::deadlines::of_period(conn, &period.id)?;
    let mut new = Vec::new();
    for (unit_id, term) in dossiers {
        let same =
            |deadline: &&Deadline| deadline.kind == DeadlineKind::Dossier && deadline.unit_id.as_ref() == Some(unit_id);
        if let Some(deadline) = before.iter().find(same) {
            let again = deadline.clone().reopened(term.due_on, term.opens_on, now);
            store::deadlines::update(conn, Deadline { last_reminder: None, ..again })?;
            continue;
        }
        let dossier = Deadline::of_dossier(app.ids.next(), period, unit_id, term, now);
        new.push(Deadline { waived: waived.clone(), ..dossier });
    }
    store::deadlines::insert_all(conn, &new)?;
    Ok(entries::differing(entries::REOPEN, &stood, &store::deadlines::of_period(conn, &period.id)?))
}

/// Waives the deadline of a dossier that does not go on.
pub fn dossier_ended(conn: &mut Conn, proposal: &Proposal, reason: &str, now: DateTime<Utc>) -> Result<Entries, Error> {
    let (period_id, unit_id) = (&proposal.period_id, Some(&proposal.unit_id));
    let found = store::deadlines::find_of(conn, period_id, DeadlineKind::Dossier, unit_id)?;
    let Some(before) = found.filter(|deadline| !deadline.is_settled()) else {
        return Ok(Entries::default());
    };
    let after = store::deadlines::update(conn, before.clone().waive(reason.to_owned(), now))?;
    Ok(std::iter::once(entries::changed("deadline.waive", &before, &after, None)).collect())
}

/// Marks the deadline of the result notice as met on the notice's date.
pub fn noticed(conn: &mut Conn, period_id: &Id, notice_on: NaiveDate, now: DateTime<Utc>) -> Result<Entries, Error> {
    set_met(conn, (period_id, DeadlineKind::ResultNotice, None), Some(notice_on), now)
}

/// Marks a dossier's deadline as met.
pub fn dossier_sent(conn: &mut Conn, proposal: &Proposal, sent_on: NaiveDate) -> Result<Entries, Error> {
    let key = (&proposal.period_id, DeadlineKind::Dossier, Some(&proposal.unit_id));
    set_met(conn, key, Some(sent_on), proposal.updated_at)
}

/// Computes the term of a returned dossier by the current calendar.
pub fn dossier_term(conn: &mut Conn, proposal: &Proposal) -> Result<DossierTerm, Error> {
    let terms = store::periods::terms(conn, std::iter::once(&proposal.period_id))?.remove(&proposal.period_id);
    let Some((terms, notice_on)) = terms.and_then(|terms| Some((terms.clone(), terms.notice_on?))) else {
        return Ok(proposal.term.clone());
    };
    calendar::dossier_term(conn, &proposal.organization_id, notice_on, &terms.dossier)
}

/// Reopens the deadline of a returned dossier, due by `term`. Returns the deadline before and after.
pub fn dossier_returned(
    conn: &mut Conn,
    proposal: &Proposal,
    term: &DossierTerm,
    now: DateTime<Utc>,
) -> Result<Option<(Deadline, Deadline)>, Error> {
    let (period_id, unit_id) = (&proposal.period_id, Some(&proposal.unit_id));
    let Some(before) = store::deadlines::find_of(conn, period_id, DeadlineKind::Dossier, unit_id)? else {
        return Ok(None);
    };
    let again = before.clone().reopened(term.due_on, term.opens_on, now);
    let after = store::deadlines::update(conn, again)?;
    Ok(Some((before, after)))
}

/// Creates the deadlines of open periods that were opened by versions without deadlines. Does nothing otherwise.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn backfill(conn: &mut Conn, app: &App) -> Result<(), Error> {
    store::deadlines::lock_adoption(conn)?;
    for id in store::deadlines::periods_without(conn, &PeriodStatus::OPEN)? {
        let Some(period) = store::periods::find(conn, &id)? else {
            continue;
        };
        let (now, zone) = (app.clock.now(), zone_of(conn, &period.organization_id)?);
        let mut added = plan_period(conn, app, &period, now)?;
        for submission in store::submissions::of_period(conn, &id)? {
            let sent_on = submission.submitted_at.map(|at| date_in(zone, at));
            match submission.status {
                SubmissionStatus::Draft | SubmissionStatus::Missed => {}
                SubmissionStatus::Returned => {
                    added.extend(submission_returned(conn, &submission, Some(submission.due_on), now)?.1);
                }
                SubmissionStatus::Submitted
                | SubmissionStatus::Appraised
                | SubmissionStatus::Reviewed
                | SubmissionStatus::Finalized => {
                    let sent = Submission { updated_at: now, ..submission.clone() };
                    added.extend(submission_sent(conn, &sent, sent_on)?);
                }
            }
        }
        if period.status != PeriodStatus::SelfAssessment {
            added.extend(update_stages(conn, &id, date_in(zone, now), now)?);
        }
        if let Some(notice) = &period.notice {
            let proposals = store::award_proposals::of_period(conn, &id)?;
            let dossiers: Vec<(Id, DossierTerm)> =
                proposals.iter().map(|proposal| (proposal.unit_id, proposal.term.clone())).collect();
            added.extend(noticed(conn, &id, notice.on, now)?);
            added.extend(proposed(conn, app, &period, &dossiers, now)?);
            for proposal in proposals.iter().filter(|proposal| proposal.is_sent()) {
                let sent_on = proposal.submitted_at.unwrap_or(now);
                added.extend(dossier_sent(conn, proposal, date_in(zone, sent_on))?);
            }
        }
        added.record_as(conn, app, now, &Author::system("upgrade", ""))?;
    }
    Ok(())
}

/// The event of a reminder or overdue notice.
pub fn reminder(deadline: &Deadline, reminder_days: i32, today: NaiveDate) -> EventDraft {
    let due_on = deadline.due_on();
    let days = due_on.map_or(0, |due_on| (due_on - today).num_days());
    let (kind, data) = if reminder_days == OVERDUE {
        (EventType::DeadlineOverdue, json!({"kind": deadline.kind, "due_on": due_on, "overdue_days": -days}))
    } else {
        let data = json!({"kind": deadline.kind, "due_on": due_on, "days_left": days, "reminder_days": reminder_days});
        (EventType::DeadlineDueSoon, data)
    };
    EventDraft { kind, period_id: Some(deadline.period_id), unit_id: deadline.unit_id, data }
}
