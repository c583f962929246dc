//! The caller's to-do list, derived from deadlines, progress and rights.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Decision, Facts};
use crate::domain::assessment::period::{CouncilScoring, LateSubmissions, PeriodStatus};
use crate::domain::award::award_proposal::{ACHIEVEMENT_REPORT, Proposal, ProposalStatus};
use crate::domain::award::council_session::{CouncilSession, SessionStatus};
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::deadline::{Deadline, DeadlineKind, DeadlineStatus};
use crate::domain::time::{closes_at, date_in};
use crate::error::{Code, Error};
use crate::service::assessment::assignments;
use crate::service::award::award_proposals;
use crate::service::award::ranking::inputs::{self, ProvisionalRanking};
use crate::service::{Context, Interrupt, PendingLapse, Result};
use crate::store::page::{Order, Page};
use crate::store::periods::Terms;
use crate::store::submissions::Listed;
use crate::store::{self, Conn};

/// Returns the largest page, to read all rows of a kind.
fn max_page() -> Page {
    Page::first(Order::default(), 10_000)
}

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
    deadlines: HashMap<(Id, DeadlineKind, Option<Id>), Deadline>,
    units: HashMap<Id, String>,
    /// Periods and units whose unit was set aside.
    set_aside: HashSet<(Id, Id)>,
}

fn of_organization(conn: &mut Conn, context: &Context, organization_id: &Id) -> Result<Vec<Task>> {
    let period_ids = store::periods::in_status(conn, organization_id, &PeriodStatus::OPEN)?;
    if period_ids.is_empty() || !may(context, Action::ReadOffice, &Facts::of(organization_id)) {
        return Ok(Vec::new());
    }
    let organization = store::organizations::find(conn, organization_id)?.ok_or(Code::NotFound)?;
    let deadlines = store::deadlines::of_periods(conn, &period_ids)?;
    let unit_ids: Vec<&Id> = deadlines.iter().filter_map(|deadline| deadline.unit_id.as_ref()).collect();
    let builder = TaskBuilder {
        context,
        organization_id,
        zone: organization.zone(),
        today: date_in(organization.zone(), context.now),
        terms: store::periods::terms(conn, period_ids.iter())?,
        units: store::units::codes_by_id(conn, &unit_ids)?,
        set_aside: store::period_units::set_aside_in(conn, &period_ids)?,
        deadlines: deadlines
            .into_iter()
            .map(|deadline| ((deadline.period_id, deadline.kind, deadline.unit_id), deadline))
            .collect(),
    };
    let proposals = builder.proposals(conn, &period_ids)?;
    let mut tasks = builder.submissions(conn, &period_ids)?;
    tasks.extend(builder.sessions(conn, &period_ids)?);
    tasks.extend(proposals.iter().flat_map(|proposal| builder.dossier(proposal)));
    for id in &period_ids {
        let provisional = builder.provisional(conn, id)?;
        tasks.extend(provisional.iter().flat_map(|provisional| builder.ranking(id, provisional)));
        tasks.extend(builder.period(id, &proposals, provisional.as_ref()));
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

    fn unit(&self, unit_id: &Id) -> UnitKey {
        UnitKey { id: *unit_id, code: self.units.get(unit_id).cloned().unwrap_or_default() }
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

    /// Tasks on submissions: create, score, submit, appraise, review.
    fn submissions(&self, conn: &mut Conn, period_ids: &[Id]) -> Result<Vec<Task>> {
        let visibility = access::submission_visibility(&self.context.actor, self.organization_id);
        let filter = store::submissions::Filter {
            period_ids: Some(period_ids.to_vec()),
            ..store::submissions::Filter::default()
        };
        let submissions = store::submissions::list(conn, self.organization_id, &visibility, &filter, &max_page())?;
        if submissions.iter().any(|row| row.submission.has_lapsed(self.context.now)) {
            return Err(Interrupt::PendingLapse(PendingLapse::Organization(*self.organization_id)));
        }
        let member_id = self.context.member_id(self.organization_id)?;
        let drafts = store::reviews::drafts(conn, self.organization_id, &member_id)?;
        let scored_alone = store::reviews::scored_alone(conn, self.organization_id, &member_id)?;
        let mut assigned = assignments::standing(conn, self.context, self.organization_id, period_ids)?;
        assigned.retain(|_, assignee| *assignee != member_id);
        let open = submissions.iter().filter(|row| !scored_alone.contains(&row.submission.id));
        let mut tasks: Vec<Task> = open.filter_map(|row| self.submission(row, &drafts, &assigned)).collect();
        let exists = |period_id: &Id, unit_id: &Id| {
            let matches = |row: &Listed| row.submission.period_id == *period_id && row.submission.unit_id == *unit_id;
            submissions.iter().any(matches)
        };
        for ((period_id, kind, unit_id), deadline) in &self.deadlines {
            let (DeadlineKind::SelfAssessment, Some(unit_id)) = (kind, unit_id) else {
                continue;
            };
            let unit = self.unit(unit_id);
            let in_time = deadline.due_on().is_some_and(|due_on| self.today <= due_on);
            let late = self.terms.get(period_id).map(|terms| terms.late_submissions);
            let stays_open = late == Some(LateSubmissions::AcceptFlagged);
            let takes_part = !self.set_aside.contains(&(*period_id, *unit_id));
            let open =
                self.status(period_id) == PeriodStatus::SelfAssessment && takes_part && !exists(period_id, unit_id);
            if open && (in_time || stays_open) && self.may(Action::CreateSubmission, Some(&unit)) {
                let subject = ("submission", None, String::new());
                let task = self.task(Action::CreateSubmission, subject, (period_id, Some(unit)), Some(deadline));
                let until = deadline.due_on().filter(|_| !stays_open).map(|due_on| closes_at(due_on, self.zone));
                tasks.push(Task { until, ..task });
            }
        }
        Ok(tasks)
    }

    /// The task on a submission that falls to the caller. A review that is assigned to another falls to nobody else.
    fn submission(
        &self,
        listed: &Listed,
        drafts: &HashMap<(Id, Stage), Id>,
        of_others: &HashMap<(Id, Stage), Id>,
    ) -> Option<Task> {
        let submission = &listed.submission;
        let unit = UnitKey { id: submission.unit_id, code: listed.unit_code.clone() };
        let facts = Facts {
            unit: Some(&unit),
            period_id: Some(submission.period_id),
            sheet: Some(submission.status),
            ..Facts::of(self.organization_id)
        };
        let status = self.status(&submission.period_id);
        let can_act = |action: Action| {
            listed.set_aside_at.is_none()
                && may(self.context, action, &facts)
                && submission.may(action, status, self.context.now).is_ok()
        };
        let scoring = self.terms.get(&submission.period_id).map(|terms| terms.council_scoring);
        let council = if scoring == Some(CouncilScoring::Mean) { Action::ScoreAlone } else { Action::CouncilReview };
        let acts = [
            (Action::Submit, DeadlineKind::SelfAssessment, None),
            (Action::WriteScores, DeadlineKind::SelfAssessment, None),
            (Action::Appraise, DeadlineKind::Appraisal, Some(Stage::Appraisal)),
            (council, DeadlineKind::CouncilReview, Some(Stage::Council)),
        ];
        let (action, kind, stage) = acts.into_iter().find(|(action, ..)| can_act(*action))?;
        if stage.is_some_and(|stage| of_others.contains_key(&(submission.id, stage))) {
            return None;
        }
        let of_unit = (kind == DeadlineKind::SelfAssessment).then_some(&submission.unit_id);
        let deadline = self.deadline(&submission.period_id, kind, of_unit);
        let draft = stage.and_then(|stage| Some((stage, drafts.get(&(submission.id, stage))?)));
        let (action, subject) = match draft {
            // A started review is to be finished.
            Some((_, id)) if action == Action::ScoreAlone => {
                (Action::SubmitOwnReview, ("review", Some(id), format!("/v1/reviews/{id}")))
            }
            Some((stage, id)) => (Action::SubmitReview(stage), ("review", Some(id), format!("/v1/reviews/{id}"))),
            None => (action, ("submission", Some(&submission.id), format!("/v1/submissions/{}", submission.id))),
        };
        let task = self.task(action, subject, (&submission.period_id, Some(unit)), deadline);
        // A submission has its own gate, which stays open where late submissions are accepted.
        Some(if kind == DeadlineKind::SelfAssessment { Task { until: submission.closes_at, ..task } } else { task })
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
        let unknown = provisional.inputs.contenders.iter().map(|contender| self.unit(&contender.unit_id));
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
    fn period(&self, period_id: &Id, undecided: &[Proposal], provisional: Option<&ProvisionalRanking>) -> Option<Task> {
        let submission_open = |deadline: &Deadline| {
            deadline.period_id == *period_id
                && deadline.kind == DeadlineKind::SelfAssessment
                && !deadline.unit_id.is_some_and(|unit_id| self.set_aside.contains(&(*period_id, unit_id)))
                && deadline.met_on.is_none()
                && deadline.due_on().is_some_and(|due_on| self.today <= due_on)
        };
        let (action, kind, ready) = match self.status(period_id) {
            PeriodStatus::SelfAssessment => {
                (Action::StartAppraisal, DeadlineKind::Appraisal, !self.deadlines.values().any(submission_open))
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
                let open = undecided.iter().any(|proposal| proposal.period_id == *period_id);
                (Action::Close, DeadlineKind::Dossier, !open)
            }
            PeriodStatus::Draft | PeriodStatus::Closed | PeriodStatus::Cancelled => return None,
        };
        let subject = ("period", Some(period_id), format!("/v1/periods/{period_id}"));
        let deadline = self.deadline(period_id, kind, None);
        (ready && self.may(action, None)).then(|| self.task(action, subject, (period_id, None), deadline))
    }

    /// The deadline that a session serves: the council review, or the result notice once all submissions are reviewed.
    fn of_session(&self, period_id: &Id) -> Option<&Deadline> {
        let reviewed = self.met(period_id, DeadlineKind::CouncilReview);
        let kind = if reviewed { DeadlineKind::ResultNotice } else { DeadlineKind::CouncilReview };
        self.deadline(period_id, kind, None)
    }

    /// Tasks on sessions: plan, hold, close.
    fn sessions(&self, conn: &mut Conn, period_ids: &[Id]) -> Result<Vec<Task>, Error> {
        let is_in_review = |id: &&Id| self.status(id) == PeriodStatus::CouncilReview;
        let in_review: Vec<&Id> = period_ids.iter().filter(is_in_review).collect();
        if in_review.is_empty() || !self.may(Action::ReadSessions, None) {
            return Ok(Vec::new());
        }
        let sessions = store::council_sessions::list(conn, self.organization_id, None, &max_page())?;
        // A session cancelled, or closed without a quorum, cannot decide anything.
        let since = |id: &Id| self.terms.get(id).map_or(NaiveDate::MAX, |terms| terms.council_since);
        let may_decide = |session: &CouncilSession| {
            matches!(session.status, SessionStatus::Planned | SessionStatus::Held)
                || session.could_decide(since(&session.period_id))
        };
        let planned = |id: &Id| sessions.iter().any(|session| session.period_id == *id && may_decide(session));
        let to_plan = in_review.into_iter().filter(|id| !planned(id) && self.may(Action::CreateSession, None));
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
    fn proposals(&self, conn: &mut Conn, period_ids: &[Id]) -> Result<Vec<Proposal>> {
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
        let listed = award_proposals::list(conn, self.context, Some(self.organization_id), filter, &max_page())?;
        Ok(listed.into_iter().map(|listed| listed.proposal).collect())
    }

    /// Tasks on a dossier: attach each missing document, submit it, record the decision.
    fn dossier(&self, proposal: &Proposal) -> Vec<Task> {
        let unit = self.unit(&proposal.unit_id);
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
