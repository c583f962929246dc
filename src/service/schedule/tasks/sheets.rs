//! Tasks on submissions: create, score, submit, appraise, review.

use std::collections::{HashMap, HashSet};

use super::{Task, TaskBuilder, may};
use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Facts, Units};
use crate::domain::assessment::period::{CouncilScoring, LateSubmissions, PeriodStatus};
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::deadline::DeadlineKind;
use crate::domain::time::closes_at;
use crate::error::Error;
use crate::service::assessment::assignments;
use crate::service::{Context, Result};
use crate::store::page::Page;
use crate::store::submissions::Listed;
use crate::store::{self, Conn};

/// Who reviews which submissions.
#[derive(Default)]
struct Reviewing {
    /// The drafts that stand, by submission and stage.
    drafts: HashMap<(Id, Stage), Id>,
    /// What the caller has scored alone.
    scored_alone: HashSet<Id>,
    /// What is assigned to others.
    of_others: HashSet<(Id, Stage)>,
}

impl Reviewing {
    fn of(conn: &mut Conn, context: &Context, organization_id: &Id, period_ids: &[Id]) -> Result<Self> {
        let member_id = context.member_id(organization_id)?;
        let assigned = assignments::standing(conn, context, organization_id, period_ids)?;
        let of_others = assigned.into_iter().filter(|(_, assignee)| *assignee != member_id);
        Ok(Reviewing {
            drafts: store::reviews::drafts(conn, organization_id, &member_id)?,
            scored_alone: store::reviews::scored_alone(conn, organization_id, &member_id)?,
            of_others: of_others.map(|(of, _)| of).collect(),
        })
    }
}

impl TaskBuilder<'_> {
    /// Tasks on the submissions of the units for which the caller writes: create, score, submit.
    pub(super) fn sheets(&mut self, conn: &mut Conn, period_ids: &[Id]) -> Result<Vec<Task>> {
        let writes_for = access::unit_visibility(&self.context.actor, self.organization_id, Action::WriteScores);
        let units = match writes_for.sees {
            Units::Among(ids) => store::units::codes_by_id(conn, &ids.iter().collect::<Vec<_>>())?,
            // No role writes for every unit.
            Units::All | Units::AllBut(_) => HashMap::new(),
        };
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let unit_ids: Vec<Id> = units.keys().copied().collect();
        let sheets = DeadlineKind::SelfAssessment;
        self.keep(store::deadlines::of_units(conn, sheets, (period_ids, &unit_ids))?);
        let filter = store::submissions::Filter {
            period_ids: Some(period_ids.to_vec()),
            unit_ids: Some(unit_ids.clone()),
            ..store::submissions::Filter::default()
        };
        let submissions = self.submissions(conn, &filter)?;
        let set_aside = store::period_units::set_aside_among(conn, period_ids, &unit_ids)?;
        let nobody = Reviewing::default();
        let with_unit = submissions.iter().filter(|row| row.submission.status.is_with_unit());
        let mut tasks: Vec<Task> = with_unit.filter_map(|row| self.submission(row, &nobody)).collect();
        let begun: HashSet<(Id, Id)> =
            submissions.iter().map(|row| (row.submission.period_id, row.submission.unit_id)).collect();
        let to_begin = units.into_iter().map(|(id, code)| UnitKey { id, code });
        let to_begin = to_begin.filter(|unit| self.may(Action::CreateSubmission, Some(unit)));
        let open = self.in_status(&[PeriodStatus::SelfAssessment]);
        for (unit, period_id) in to_begin.flat_map(|unit| open.iter().map(move |period| (unit.clone(), period))) {
            let key = (*period_id, unit.id);
            let Some(deadline) = self.deadline(period_id, sheets, Some(&unit.id)) else {
                continue;
            };
            if begun.contains(&key) || set_aside.contains(&key) {
                continue;
            }
            let in_time = deadline.due_on().is_some_and(|due_on| self.today <= due_on);
            let late = self.terms.get(period_id).map(|terms| terms.late_submissions);
            let stays_open = late == Some(LateSubmissions::AcceptFlagged);
            if in_time || stays_open {
                let subject = ("submission", None, String::new());
                let task = self.task(Action::CreateSubmission, subject, (period_id, Some(unit)), Some(deadline));
                let until = deadline.due_on().filter(|_| !stays_open).map(|due_on| closes_at(due_on, self.zone));
                tasks.push(Task { until, ..task });
            }
        }
        Ok(tasks)
    }

    /// Tasks on the submissions that wait for the caller's review: appraise, review, score alone.
    pub(super) fn reviews(&self, conn: &mut Conn) -> Result<Vec<Task>> {
        let reviews = |action| access::require_role(&self.context.actor, action, self.organization_id).is_ok();
        let reviews_council = reviews(Action::CouncilReview) || reviews(Action::ScoreAlone);
        let waiting = [
            (reviews(Action::Appraise), PeriodStatus::Appraisal, SubmissionStatus::Submitted),
            (reviews_council, PeriodStatus::CouncilReview, SubmissionStatus::Appraised),
        ];
        let mut tasks = Vec::new();
        for (_, period, sheet) in waiting.into_iter().filter(|(may, ..)| *may) {
            let period_ids = self.in_status(&[period]);
            if period_ids.is_empty() {
                continue;
            }
            let filter = store::submissions::Filter {
                period_ids: Some(period_ids.clone()),
                statuses: Some(vec![sheet]),
                ..store::submissions::Filter::default()
            };
            let submissions = self.submissions(conn, &filter)?;
            if !submissions.is_empty() {
                let reviewing = Reviewing::of(conn, self.context, self.organization_id, &period_ids)?;
                tasks.extend(submissions.iter().filter_map(|row| self.submission(row, &reviewing)));
            }
        }
        Ok(tasks)
    }

    /// The submissions that the filter names and the caller sees.
    fn submissions(&self, conn: &mut Conn, filter: &store::submissions::Filter) -> Result<Vec<Listed>, Error> {
        let visibility = access::submission_visibility(&self.context.actor, self.organization_id);
        store::submissions::list(conn, self.organization_id, &visibility, filter, &Page::whole())
    }

    /// The task on a submission that falls to the caller. A review that is assigned to another falls to nobody else.
    fn submission(&self, listed: &Listed, reviewing: &Reviewing) -> Option<Task> {
        let submission = &listed.submission;
        if reviewing.scored_alone.contains(&submission.id) {
            return None;
        }
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
        if stage.is_some_and(|stage| reviewing.of_others.contains(&(submission.id, stage))) {
            return None;
        }
        let of_unit = (kind == DeadlineKind::SelfAssessment).then_some(&submission.unit_id);
        let deadline = self.deadline(&submission.period_id, kind, of_unit);
        let draft = stage.and_then(|stage| Some((stage, reviewing.drafts.get(&(submission.id, stage))?)));
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
}
