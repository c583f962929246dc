//! Lapses: what the clock does to a submission whose gate it closes.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{event, last_submitted};
use crate::domain::assessment::evidence::{Evidence, FrozenEvidence};
use crate::domain::assessment::submission::{Submission, SubmissionCase, SubmissionStatus};
use crate::domain::journal::event::EventType;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::schedule::deadlines::sync;
use crate::service::{App, AuditDraft, Author, EventDraft, Subject, record_as};
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
    lapses.into_iter().try_for_each(|lapse| lapse.record(conn, app, request_id, now))
}

/// Applies lapses without recording them. The caller records them with [`Lapse::record`] after it has locked every row
/// that it needs, because the journal is locked last.
pub fn lapse_all(conn: &mut Conn, app: &App, scope: Lapsed, now: DateTime<Utc>) -> Result<Vec<Lapse>, Error> {
    let submissions = store::submissions::lapsed(conn, scope, now)?;
    let lapses = submissions.into_iter().map(|before| lapse(conn, app, before, now)).collect::<Result<Vec<_>, _>>()?;
    sync::update_stages_after(conn, &lapses.iter().map(|lapse| &lapse.after).collect::<Vec<_>>(), now)?;
    Ok(lapses)
}

/// A submission whose gate the clock has closed.
pub struct Lapse {
    previous_status: SubmissionStatus,
    /// The submission after the lapse.
    pub after: Submission,
    /// Evidence changed since the last revision: additions are discarded, removals undone.
    reverted: Vec<FrozenEvidence>,
}

/// Applies the lapse of one submission.
fn lapse(conn: &mut Conn, app: &App, before: Submission, now: DateTime<Utc>) -> Result<Lapse, Error> {
    let previous_status = before.status;
    let after = Submission { updated_at: now, ..before }.lapsed();
    let mut after = store::submissions::update_by_clock(conn, after)?;
    let mut reverted: Vec<FrozenEvidence> = Vec::new();
    if previous_status == SubmissionStatus::Returned {
        let case = store::submissions::find(conn, &after.id)?.ok_or(Code::NotFound)?;
        let table = app.tables.of_submission(conn, &case)?;
        let (edited, sent) =
            (store::scores::of_submission(conn, &table, &after.id)?, last_submitted(conn, &after)?.sheet());
        store::scores::save_submission(conn, &table, &after.id, &edited, &sent)?;
        let pieces = store::evidence::of_submission(conn, &after.id)?;
        let is_reverted = |piece: &&Evidence| piece.is_current() != piece.is_of(after.revision);
        reverted = pieces.iter().filter(is_reverted).map(FrozenEvidence::from).collect();
        store::evidence::restore(conn, &after.id, after.revision)?;
        let tally = table.tally(&sent);
        after.totals = tally.totals;
        store::submissions::set_totals(conn, &after, &table.breakdown(&tally), after.version)?;
        sync::submission_sent(conn, &after, after.submitted_at.map(|at| date_in(case.zone, at)))?;
    }
    Ok(Lapse { previous_status, after, reverted })
}

impl Lapse {
    /// The lapse that would be applied, for a dry run.
    pub fn preview(before: Submission) -> Self {
        Lapse { previous_status: before.status, after: before.lapsed(), reverted: Vec::new() }
    }

    /// The event of the lapse.
    pub fn event(&self) -> EventDraft {
        let kind = match self.previous_status {
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

    /// Records the lapse in the journal.
    pub fn record(self, conn: &mut Conn, app: &App, request_id: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let author = Author::system("clock", request_id);
        let Submission { id, organization_id, .. } = self.after;
        let draft = AuditDraft {
            before: Some(json!({"status": self.previous_status}).into()),
            after: Some(json!({"status": self.after.status, "evidence_undone": self.reverted}).into()),
            event: Some(self.event()),
            ..AuditDraft::about("submission.lapse", Some(organization_id), (SubmissionCase::TYPE, id))
        };
        record_as(conn, app, now, &author, draft)
    }
}
