//! The caller's to-do list, derived from deadlines, progress and rights.

mod sheets;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Decision, Facts};
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::award::award_proposal::{ACHIEVEMENT_REPORT, ProposalStatus};
use crate::domain::award::council_session::{CouncilSession, SessionStatus};
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::deadline::{Deadline, DeadlineKind, DeadlineStatus};
use crate::domain::time::{closes_at, date_in};
use crate::error::{Code, Error};
use crate::service::award::award_proposals;
use crate::service::award::ranking::inputs::{self, ProvisionalRanking};
use crate::service::{Context, Interrupt, PendingLapse, Result};
use crate::store::page::Page;
use crate::store::periods::Terms;
use crate::store::{self, Conn};

/// A pending task.
#[derive(Debug, Clone)]
pub struct Task {
    /// The action to take.
    pub action: Action,
    /// Type of the record.
    pub subject_type: &'static str,
    /// Id of the record; none for one still to be created.
    pub subject_id: Option<Id>,
    /// Path of the record; empty for one still to be created.
    pub base: String,
    /// Code of the document to attach.
    pub document: Option<String>,
    /// The organisation.
    pub organization_id: Id,
    /// The period concerned.
    pub period_id: Id,
    /// The unit concerned.
    pub unit: Option<UnitKey>,
    /// The deadline that the task meets.
    pub deadline_id: Option<Id>,
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// The first instant after the deadline.
    pub until: Option<DateTime<Utc>>,
    /// Status of the deadline.
    pub status: Option<DeadlineStatus>,
}

/// Lists the caller's tasks in all organisations, earliest deadline first.
pub fn list(conn: &mut Conn, context: &Context) -> Result<Vec<Task>> {
    context.accept_read()?;
    let mut tasks = Vec::new();
    for organization_id in context.actor.organization_ids() {
        tasks.extend(of_organization(conn, context, &organization_id)?);
    }
    tasks.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(tasks)
}

/// Sort key: earliest deadline first, then a stable order within a day.
fn order(task: &Task) -> (NaiveDate, &Id, Option<&str>, &str, Option<&str>) {
    let unit = task.unit.as_ref().map(|unit| unit.code.as_str());
    (task.due_on.unwrap_or(NaiveDate::MAX), &task.period_id, unit, &task.base, task.document.as_deref())
}

/// Builds a caller's tasks in one organisation.
struct TaskBuilder<'a> {
    context: &'a Context<'a>,
    organization_id: &'a Id,
    zone: chrono_tz::Tz,
    today: NaiveDate,
    terms: HashMap<Id, Terms>,
    /// The deadlines of whole periods, and those of the units that a task may be about.
    deadlines: HashMap<(Id, DeadlineKind, Option<Id>), Deadline>,
}

fn of_organization(conn: &mut Conn, context: &Context, organization_id: &Id) -> Result<Vec<Task>> {
    let period_ids = store::periods::in_status(conn, organization_id, &PeriodStatus::OPEN)?;
    if period_ids.is_empty() || !may(context, Action::ReadOffice, &Facts::of(organization_id)) {
        return Ok(Vec::new());
    }
    if store::submissions::any_lapsed(conn, organization_id, context.now)? {
        return Err(Interrupt::PendingLapse(PendingLapse::Organization(*organization_id)));
    }
    let organization = store::organizations::find(conn, organization_id)?.ok_or(Code::NotFound)?;
    let mut builder = TaskBuilder {
        context,
        organization_id,
        zone: organization.zone(),
        today: date_in(organization.zone(), context.now),
        terms: store::periods::terms(conn, period_ids.iter())?,
        deadlines: HashMap::new(),
    };
    builder.keep(store::deadlines::of_whole_periods(conn, &period_ids)?);
    let proposals = builder.proposals(conn, &period_ids)?;
    let mut tasks = builder.sheets(conn, &period_ids)?;
    tasks.extend(builder.reviews(conn)?);
    tasks.extend(builder.sessions(conn)?);
    tasks.extend(proposals.iter().flat_map(|listed| builder.dossier(listed)));
    for id in &period_ids {
        let provisional = builder.provisional(conn, id)?;
        tasks.extend(provisional.iter().flat_map(|provisional| builder.ranking(id, provisional)));
        tasks.extend(builder.period(conn, id, &proposals, provisional.as_ref())?);
    }
    Ok(tasks)
}

fn may(context: &Context, action: Action, facts: &Facts) -> bool {
    matches!(access::decide(&context.actor, action, facts), Decision::Allow)
}

impl TaskBuilder<'_> {
    fn may(&self, action: Action, unit: Option<&UnitKey>) -> bool {
        let announced = true;
        may(self.context, action, &Facts { unit, announced, ..Facts::of(self.organization_id) })
    }

    fn status(&self, period_id: &Id) -> PeriodStatus {
        self.terms.get(period_id).map_or(PeriodStatus::Closed, |terms| terms.status)
    }

    /// Returns the periods in one of these states.
    fn in_status(&self, statuses: &[PeriodStatus]) -> Vec<Id> {
        let periods = self.terms.iter().filter(|(_, terms)| statuses.contains(&terms.status));
        let mut ids: Vec<Id> = periods.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    fn keep(&mut self, deadlines: Vec<Deadline>) {
        let keyed =
            deadlines.into_iter().map(|deadline| ((deadline.period_id, deadline.kind, deadline.unit_id), deadline));
        self.deadlines.extend(keyed);
    }

    fn deadline(&self, period_id: &Id, kind: DeadlineKind, unit_id: Option<&Id>) -> Option<&Deadline> {
        self.deadlines.get(&(*period_id, kind, unit_id.copied()))
    }

    /// Builds a task on a record, with the deadline of its period or unit.
    fn task(
        &self,
        action: Action,
        (subject_type, subject_id, base): (&'static str, Option<&Id>, String),
        (period_id, unit): (&Id, Option<UnitKey>),
        deadline: Option<&Deadline>,
    ) -> Task {
        // A waived deadline no longer applies, though the action remains possible.
        let deadline = deadline.filter(|deadline| deadline.waived.is_none());
        let due_on = deadline.and_then(Deadline::due_on);
        Task {
            action,
            subject_type,
            subject_id: subject_id.copied(),
            base,
            document: None,
            organization_id: *self.organization_id,
            period_id: *period_id,
            unit,
            deadline_id: deadline.map(|deadline| deadline.id),
            due_on,
            until: due_on.map(|due_on| closes_at(due_on, self.zone)),
            status: deadline.map(|deadline| deadline.status(self.today, &self.context.app.reminders)),
        }
    }

    fn met(&self, period_id: &Id, kind: DeadlineKind) -> bool {
        self.deadline(period_id, kind, None).is_some_and(|deadline| deadline.met_on.is_some())
    }

    /// The ranking of a period under council review, for callers who may see it before the announcement.
    fn provisional(&self, conn: &mut Conn, period_id: &Id) -> Result<Option<ProvisionalRanking>, Error> {
        let reviewed = self.status(period_id) == PeriodStatus::CouncilReview
            && self.met(period_id, DeadlineKind::CouncilReview)
            && may(self.context, Action::ReadRanking, &Facts::of(self.organization_id));
        let period = if reviewed { store::periods::find(conn, period_id)? } else { None };
        period.map(|period| inputs::provisional(conn, &period)).transpose()
    }

    /// Tasks that a ranking depends on: recording facts and deciding ties.
    fn ranking(&self, period_id: &Id, provisional: &ProvisionalRanking) -> Vec<Task> {
        let deadline = self.deadline(period_id, DeadlineKind::ResultNotice, None);
        let base = format!("/v1/periods/{period_id}");
        let contenders = provisional.inputs.contenders.iter();
        let unknown = contenders.map(|of| UnitKey { id: of.unit_id, code: of.unit_code.clone() });
        let unknown = unknown.filter(|unit| provisional.ranking.facts_missing.contains(&unit.code));
        let of_period = Facts { period_id: Some(*period_id), ..Facts::of(self.organization_id) };
        let may_write =
            |unit: &UnitKey| may(self.context, Action::WriteFacts, &Facts { unit: Some(unit), ..of_period });
        let facts = unknown.filter(may_write).map(|unit| {
            let subject = ("facts", Some(&unit.id), format!("{base}/facts/{}", unit.id));
            self.task(Action::WriteFacts, subject, (period_id, Some(unit.clone())), deadline)
        });
        let mut tasks: Vec<Task> = facts.collect();
        // Missing facts may still resolve an apparent tie.
        let tied = !provisional.ranking.unresolved_ties.is_empty() && provisional.ranking.facts_missing.is_empty();
        if tied && self.may(Action::DecideTie, None) {
            let subject = ("period", Some(period_id), base);
            tasks.push(self.task(Action::DecideTie, subject, (period_id, None), deadline));
        }
        tasks
    }

    /// The task of moving a period to its next state, once nothing prevents it.
    fn period(
        &self,
        conn: &mut Conn,
        period_id: &Id,
        undecided: &[award_proposals::Listed],
        provisional: Option<&ProvisionalRanking>,
    ) -> Result<Option<Task>, Error> {
        let (action, kind, ready) = match self.status(period_id) {
            PeriodStatus::SelfAssessment => {
                let ready = self.may(Action::StartAppraisal, None)
                    && !store::deadlines::any_sheet_is_open(conn, period_id, self.today)?;
                (Action::StartAppraisal, DeadlineKind::Appraisal, ready)
            }
            PeriodStatus::Appraisal => {
                let appraised = self.met(period_id, DeadlineKind::Appraisal);
                (Action::StartCouncilReview, DeadlineKind::CouncilReview, appraised)
            }
            PeriodStatus::CouncilReview => {
                let ready = provisional.is_some_and(|provisional| provisional.faults.is_empty());
                (Action::Finalize, DeadlineKind::ResultNotice, ready)
            }
            PeriodStatus::Finalized => (Action::Announce, DeadlineKind::ResultNotice, true),
            PeriodStatus::Announced => {
                let open = undecided.iter().any(|listed| listed.proposal.period_id == *period_id);
                (Action::Close, DeadlineKind::Dossier, !open)
            }
            PeriodStatus::Draft | PeriodStatus::Closed | PeriodStatus::Cancelled => return Ok(None),
        };
        let subject = ("period", Some(period_id), format!("/v1/periods/{period_id}"));
        let deadline = self.deadline(period_id, kind, None);
        Ok((ready && self.may(action, None)).then(|| self.task(action, subject, (period_id, None), deadline)))
    }

    /// The deadline that a session serves: the council review, or the result notice once all submissions are reviewed.
    fn of_session(&self, period_id: &Id) -> Option<&Deadline> {
        let reviewed = self.met(period_id, DeadlineKind::CouncilReview);
        let kind = if reviewed { DeadlineKind::ResultNotice } else { DeadlineKind::CouncilReview };
        self.deadline(period_id, kind, None)
    }

    /// Tasks on sessions: plan, hold, close.
    fn sessions(&self, conn: &mut Conn) -> Result<Vec<Task>, Error> {
        let in_review = self.in_status(&[PeriodStatus::CouncilReview]);
        if in_review.is_empty() || !self.may(Action::ReadSessions, None) {
            return Ok(Vec::new());
        }
        let sessions = store::council_sessions::list(conn, self.organization_id, None, &Page::whole())?;
        // A session cancelled, or closed without a quorum, cannot decide anything.
        let since = |id: &Id| self.terms.get(id).map_or(NaiveDate::MAX, |terms| terms.council_since);
        let may_decide = |session: &CouncilSession| {
            matches!(session.status, SessionStatus::Planned | SessionStatus::Held)
                || session.could_decide(since(&session.period_id))
        };
        let planned = |id: &Id| sessions.iter().any(|session| session.period_id == *id && may_decide(session));
        let to_plan = in_review.iter().filter(|id| !planned(id) && self.may(Action::CreateSession, None));
        let planning = to_plan.map(|id| {
            let deadline = self.of_session(id);
            self.task(Action::CreateSession, ("council_session", None, String::new()), (id, None), deadline)
        });
        let planning: Vec<Task> = planning.collect();
        let ongoing = sessions.into_iter().filter_map(|session| {
            let action = match session.status {
                SessionStatus::Planned if session.held_on <= self.today => Action::HoldSession,
                SessionStatus::Held => Action::CloseSession,
                SessionStatus::Planned | SessionStatus::Closed | SessionStatus::Cancelled => return None,
            };
            let facts = Facts { owner: session.presiding_member_id.as_ref(), ..Facts::of(self.organization_id) };
            let in_review = self.status(&session.period_id) == PeriodStatus::CouncilReview;
            let open = in_review && may(self.context, action, &facts);
            let deadline = self.of_session(&session.period_id);
            let subject = ("council_session", Some(&session.id), format!("/v1/council-sessions/{}", session.id));
            open.then(|| self.task(action, subject, (&session.period_id, None), deadline))
        });
        Ok(planning.into_iter().chain(ongoing).collect())
    }

    /// The undecided proposals that the caller may read.
    fn proposals(&mut self, conn: &mut Conn, period_ids: &[Id]) -> Result<Vec<award_proposals::Listed>> {
        let membership = self.context.actor.membership(self.organization_id);
        let own = membership.and_then(|membership| membership.unit.as_ref());
        if !self.may(Action::ReadProposal, None) && !own.is_some_and(|unit| self.may(Action::ReadProposal, Some(unit)))
        {
            return Ok(Vec::new());
        }
        let filter = store::award_proposals::Filter {
            period_ids: Some(period_ids.to_vec()),
            statuses: Some(vec![ProposalStatus::Draft, ProposalStatus::Returned, ProposalStatus::Submitted]),
            ..store::award_proposals::Filter::default()
        };
        let listed = award_proposals::list(conn, self.context, Some(self.organization_id), filter, &Page::whole())?;
        let unit_ids: Vec<Id> = listed.iter().map(|listed| listed.proposal.unit_id).collect();
        let dossiers = DeadlineKind::Dossier;
        self.keep(store::deadlines::of_units(conn, dossiers, (period_ids, &unit_ids))?);
        Ok(listed)
    }

    /// Tasks on a dossier: attach each missing document, submit it, record the decision.
    fn dossier(&self, listed: &award_proposals::Listed) -> Vec<Task> {
        let proposal = &listed.proposal;
        let unit = UnitKey { id: proposal.unit_id, code: listed.unit_code.clone() };
        let can_act = |action: Action| self.may(action, Some(&unit)) && proposal.may(action).is_ok();
        let deadline = self.deadline(&proposal.period_id, DeadlineKind::Dossier, Some(&proposal.unit_id));
        let task = |action, document: Option<&str>| {
            let subject = ("award_proposal", Some(&proposal.id), format!("/v1/award-proposals/{}", proposal.id));
            let task = self.task(action, subject, (&proposal.period_id, Some(unit.clone())), deadline);
            Task { document: document.map(str::to_owned), ..task }
        };
        let missing = proposal.documents.iter().filter(|document| document.file.is_none());
        let mut tasks: Vec<Task> = missing
            .filter_map(|document| {
                let report = document.code == ACHIEVEMENT_REPORT;
                let action = if report { Action::AttachAchievementReport } else { Action::AttachDocument };
                can_act(action).then(|| task(action, Some(&document.code)))
            })
            .collect();
        let open = proposal.term.opens_on.is_none_or(|opens_on| opens_on <= self.today);
        if open && proposal.is_complete() && can_act(Action::SubmitProposal) {
            tasks.push(task(Action::SubmitProposal, None));
        }
        if can_act(Action::RecordDecision) {
            // Submitted in time, so the deadline no longer applies.
            tasks.push(Task {
                deadline_id: None,
                due_on: None,
                until: None,
                status: None,
                ..task(Action::RecordDecision, None)
            });
        }
        tasks
    }
}
