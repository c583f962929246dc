//! The correction of an extension that was granted to a wrong day, as long as nobody has used it.

use chrono::NaiveDate;
use serde_json::json;

use super::{DeadlineCase, entries};
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::award::award_proposal::Proposal;
use crate::domain::journal::event::EventType;
use crate::domain::office::organization::Organization;
use crate::domain::schedule::deadline::{Deadline, DeadlineKind};
use crate::domain::schedule::extension::{Extension, Usage};
use crate::domain::text::{NOTE_CHARS, checked};
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::assessment::submissions::lapses::record_lapses;
use crate::service::award::award_proposals;
use crate::service::subject::{changed_fields, fields};
use crate::service::{AuditDraft, Context, Details, Entries, Input, Result, Subject, record_all};
use crate::store::{self, Conn};

/// The day that an extension should have been granted to.
#[derive(Debug, Clone)]
pub struct ExtensionCorrection {
    /// The last day.
    pub due_on: NaiveDate,
    /// Why it is corrected.
    pub reason: String,
}

/// The extensions of a deadline, and what rests on them.
pub(super) struct Granted {
    pub extensions: Vec<Extension>,
    /// The last day on which what is due was handed in or done.
    done_on: Option<NaiveDate>,
    /// The last day that was given to somebody because of this deadline.
    passed_on: Option<NaiveDate>,
}

impl Granted {
    pub(super) fn of(conn: &mut Conn, deadline: &Deadline, organization: &Organization) -> Result<Self, Error> {
        let extensions = store::deadlines::extensions(conn, &[&deadline.id])?;
        let (mut done_on, mut passed_on) = (deadline.met_on, None);
        if !extensions.is_empty() {
            let day = |at| date_in(organization.zone(), at);
            match (deadline.kind, &deadline.unit_id) {
                (DeadlineKind::SelfAssessment, Some(unit_id)) => {
                    done_on = store::submissions::last_sent_at(conn, &deadline.period_id, unit_id)?.map(day);
                }
                (DeadlineKind::Dossier, Some(unit_id)) => {
                    let proposals = store::award_proposals::of_period(conn, &deadline.period_id)?;
                    let own = proposals.iter().filter(|proposal: &&Proposal| proposal.unit_id == *unit_id);
                    done_on = own.filter_map(|proposal| proposal.submitted_at).max().map(day);
                }
                // A submission is returned until a day on which the appraisal is still due.
                (DeadlineKind::Appraisal, None) => {
                    let submissions = store::submissions::of_period(conn, &deadline.period_id)?;
                    let with_units = submissions.iter().filter(|submission| submission.status.is_with_unit());
                    passed_on = with_units.map(|submission| submission.due_on).max();
                }
                (DeadlineKind::Appraisal | DeadlineKind::CouncilReview | DeadlineKind::ResultNotice, Some(_))
                | (_, None) => {}
            }
        }
        Ok(Granted { extensions, done_on, passed_on })
    }

    fn usage(&self, deadline: &Deadline, extension: &Extension) -> Usage {
        let others = self.extensions.iter().filter(|other| other.id != extension.id).map(|other| other.due_on);
        let earliest = deadline.scheduled_on.max(self.passed_on);
        Usage { stands: others.chain(earliest).max(), earliest, done_on: self.done_on }
    }

    /// Requires that one of the extensions can still be corrected.
    pub(super) fn any_is_unused(&self, deadline: &Deadline, today: NaiveDate) -> Result<(), Error> {
        let unused = |extension: &Extension| extension.must_be_unused(&self.usage(deadline, extension), today);
        let mut found = Err(Error::new(Code::ExtensionUsed));
        for extension in &self.extensions {
            found = found.or_else(|_| unused(extension));
        }
        found
    }
}

/// Corrects the day of an extension, the first of which is number 1. The gate that depends on it moves along.
pub fn correct_extension(
    conn: &mut Conn,
    context: &Context,
    (id, number): (&Id, usize),
    input: &Input<ExtensionCorrection>,
) -> Result<Details<DeadlineCase>> {
    let (mut case, command): (DeadlineCase, _) = context.enter(conn, id, Action::CorrectExtension, input)?;
    let before = case.deadline.clone();
    let at = number.checked_sub(1).and_then(|at| case.granted.extensions.get(at));
    let extension = at.ok_or(Code::NotFound)?.clone();
    let (today, usage) = (case.today(context), case.granted.usage(&before, &extension));
    extension.must_be_unused(&usage, today)?;
    let reason = checked(|check| check.text("/reason", &command.reason, NOTE_CHARS))?;
    let corrected = extension.correct(command.due_on, reason.clone(), &usage, (today, context.now))?;
    store::deadlines::update_extension(conn, &corrected)?;
    let others = case.granted.extensions.iter().filter(|other| other.id != extension.id).map(|other| other.due_on);
    let extended_on = others.chain([corrected.due_on]).max();
    let after = store::deadlines::update(conn, before.clone().corrected(extended_on, context.now))?;
    let mut drafts = Vec::new();
    if let Some(due_on) = after.due_on().filter(|due_on| before.due_on() != Some(*due_on)) {
        drafts.extend(move_gate(conn, context, &after, due_on)?);
    }
    let lapses = std::mem::take(&mut case.lapses);
    record_lapses(conn, context.app, context.request_id(), lapses, context.now)?;
    let (old, new) = changed_fields(entries::audit(&before), entries::audit(&after));
    let old = fields(&old, json!({"extension": {"number": number, "due_on": extension.due_on}}));
    let new = fields(&new, json!({"extension": {"number": number, "due_on": corrected.due_on}, "reason": reason}));
    case.deadline = after;
    let event = Some(case.event(EventType::DeadlineExtensionCorrected));
    let entry = AuditDraft::of("deadline.correct_extension", &case, Some(old), Some(new));
    record_all(conn, context, std::iter::once(AuditDraft { event, ..entry }).chain(drafts).collect())?;
    let case = DeadlineCase::find(conn, context, id)?;
    Ok(context.details(conn, case)?)
}

/// Moves what was to be handed in by a deadline along with it.
fn move_gate(conn: &mut Conn, context: &Context, deadline: &Deadline, due_on: NaiveDate) -> Result<Entries> {
    match (deadline.kind, &deadline.unit_id) {
        (DeadlineKind::SelfAssessment, Some(unit_id)) => {
            let Some(id) = store::submissions::of_unit(conn, &deadline.period_id, unit_id)? else {
                return Ok(Entries::default());
            };
            let before = SubmissionCase::find(conn, context, &id)?;
            let after = before.move_gate(due_on, context.now).after.save(conn)?;
            let moved = AuditDraft::of_change("submission.move", &before, &after, None);
            Ok(std::iter::once(moved).collect())
        }
        (DeadlineKind::Dossier, Some(unit_id)) => {
            Ok(award_proposals::move_due(conn, (&deadline.period_id, unit_id), due_on, context.now)?)
        }
        (DeadlineKind::Appraisal | DeadlineKind::CouncilReview | DeadlineKind::ResultNotice, Some(_)) | (_, None) => {
            Ok(Entries::default())
        }
    }
}
