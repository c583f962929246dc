//! Lapses: what the clock does to a submission whose gate it closes.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{audited_lines, event, last_submitted};
use crate::domain::Id;
use crate::domain::assessment::evidence::{Evidence, FrozenEvidence};
use crate::domain::assessment::submission::{Submission, SubmissionCase, SubmissionStatus};
use crate::domain::journal::event::EventType;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::schedule::deadlines::sync;
use crate::service::subject::{changed_fields, fields};
use crate::service::{App, AuditDraft, Author, Entries, EventDraft, Subject};
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// Applies and records the lapses in `scope`: a draft becomes missed, a returned submission reverts to its last revision.
/// Idempotent.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn apply_lapses(
    conn: &mut Conn,
    app: &App,
    request_id: &str,
    scope: Lapsed,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let lapses = lapse_all(conn, app, scope, now)?;
    record_lapses(conn, app, request_id, lapses, now)
}

/// Applies lapses without recording them. The caller records them with [`record_lapses`] after it has locked every row
/// that it needs, because the journal is locked last.
pub fn lapse_all(conn: &mut Conn, app: &App, scope: Lapsed, now: DateTime<Utc>) -> Result<Vec<Lapse>, Error> {
    let submissions = store::submissions::lapsed(conn, scope, now)?;
    let drafts: Vec<Id> = submissions.iter().filter(|sheet| is_draft(sheet)).map(|sheet| sheet.id).collect();
    store::submissions::miss(conn, &drafts, now)?;
    let lapses = submissions.into_iter().map(|before| match is_draft(&before) {
        true => Ok(Lapse::of(before, now)),
        false => lapse_returned(conn, app, before, now),
    });
    let mut lapses = lapses.collect::<Result<Vec<_>, Error>>()?;
    let stages = sync::update_stages_after(conn, &lapses.iter().map(|lapse| &lapse.after).collect::<Vec<_>>(), now)?;
    // A stage is complete with the last of them.
    if let Some(last) = lapses.last_mut() {
        last.deadlines.extend(stages);
    }
    Ok(lapses)
}

/// A submission whose gate the clock has closed.
pub struct Lapse {
    before: Submission,
    /// The submission after the lapse.
    pub after: Submission,
    /// Evidence changed since the last revision: additions are discarded, removals undone.
    reverted: Vec<FrozenEvidence>,
    /// The lines changed since the last revision, as they were and as they are again.
    lines: (Value, Value),
    /// The entries of the deadlines that it changes.
    deadlines: Entries,
}

/// Whether the lapse changes nothing but the state, so that many are written as one.
fn is_draft(sheet: &Submission) -> bool {
    sheet.status == SubmissionStatus::Draft
}

/// Applies the lapse of a returned submission, which stands as it was last submitted.
fn lapse_returned(conn: &mut Conn, app: &App, before: Submission, now: DateTime<Utc>) -> Result<Lapse, Error> {
    let mut lapse = Lapse::of(before, now);
    let after = &mut lapse.after;
    *after = store::submissions::update_by_clock(conn, after.clone())?;
    let case = store::submissions::find(conn, &after.id)?.ok_or(Code::NotFound)?;
    let table = app.tables.of_submission(conn, &case)?;
    let (edited, sent) = (store::scores::of_submission(conn, &table, &after.id)?, last_submitted(conn, after)?.sheet());
    store::scores::save_submission(conn, &table, &after.id, &edited, &sent)?;
    lapse.lines = changed_fields(audited_lines(&table, &edited)?, audited_lines(&table, &sent)?);
    let pieces = store::evidence::of_submission(conn, &after.id)?;
    let is_reverted = |piece: &&Evidence| piece.is_current() != piece.is_of(after.revision);
    lapse.reverted = pieces.iter().filter(is_reverted).map(FrozenEvidence::from).collect();
    store::evidence::restore(conn, &after.id, after.revision)?;
    let tally = table.tally(&sent);
    after.totals = tally.totals;
    store::submissions::set_totals(conn, after, &table.breakdown(&tally), after.version)?;
    let sent_on = after.submitted_at.map(|at| date_in(case.zone, at));
    lapse.deadlines = sync::submission_sent(conn, after, sent_on)?;
    Ok(lapse)
}

/// Records lapses of one organisation in the journal.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub fn record_lapses(
    conn: &mut Conn,
    app: &App,
    request_id: &str,
    lapses: Vec<Lapse>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let entries: Entries = lapses.into_iter().flat_map(Lapse::entries).collect();
    entries.record_as(conn, app, now, &Author::system("clock", request_id))
}

impl Lapse {
    /// The lapse of a submission at an instant.
    fn of(before: Submission, now: DateTime<Utc>) -> Self {
        let lapse = Lapse::preview(before);
        Lapse { after: Submission { updated_at: now, ..lapse.after }, ..lapse }
    }

    /// The lapse that would be applied, for a dry run.
    pub fn preview(before: Submission) -> Self {
        let none = || json!({});
        Lapse {
            after: before.clone().lapsed(),
            before,
            reverted: Vec::new(),
            lines: (none(), none()),
            deadlines: Entries::default(),
        }
    }

    /// The event of the lapse.
    pub fn event(&self) -> EventDraft {
        let kind = match self.before.status {
            SubmissionStatus::Returned => EventType::SubmissionStands,
            SubmissionStatus::Draft
            | SubmissionStatus::Submitted
            | SubmissionStatus::Missed
            | SubmissionStatus::Appraised
            | SubmissionStatus::Reviewed
            | SubmissionStatus::Finalized => EventType::SubmissionMissed,
        };
        event(&self.after, kind)
    }

    /// What the journal tells of the lapse.
    fn entries(self) -> impl Iterator<Item = AuditDraft<'static>> {
        let Submission { id, organization_id, .. } = self.after;
        let audit = |sheet: &Submission| json!({"status": sheet.status, "return_reason": sheet.return_reason});
        let (old, new) = changed_fields(audit(&self.before), audit(&self.after));
        let undone = json!({"evidence_undone": self.reverted, "lines": self.lines.1});
        let draft = AuditDraft {
            before: Some(fields(&old, json!({"lines": self.lines.0})).into()),
            after: Some(fields(&new, undone).into()),
            event: Some(self.event()),
            ..AuditDraft::about("submission.lapse", Some(organization_id), (SubmissionCase::TYPE, id))
        };
        std::iter::once(draft).chain(self.deadlines)
    }
}
