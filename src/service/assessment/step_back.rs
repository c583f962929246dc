//! The way back from a stage that was started too early.

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::assessment::period::{LateSubmissions, Period, PeriodStatus};
use crate::domain::assessment::review::{Review, ReviewCase};
use crate::domain::assessment::steps::StepBack;
use crate::domain::time::{date_in, instant};
use crate::error::Error;
use crate::service::assessment::periods::{MovedSheet, moved_sheets};
use crate::service::assessment::submissions::lapses::apply_lapses;
use crate::service::award::{council_sessions, ranking};
use crate::service::office::organizations::zone_of;
use crate::service::schedule::deadlines::sync;
use crate::service::{AuditDraft, Context, Details, Entries, Input, Result, Subject as _, record_all};
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// Takes a period back to the stage before. What the later stage wrote is kept as superseded, and the submissions that
/// moved are returned.
pub fn step_back(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<StepBack>,
) -> Result<(Details<Period>, Vec<MovedSheet>)> {
    let (before, given): (Period, _) = context.enter(conn, id, Action::StepBack, input)?;
    let zone = zone_of(conn, &before.organization_id)?;
    let today = date_in(zone, context.now);
    let change = before.step_back(given, today, context.now)?;
    let reason = change.after.superseded_stages.last().map_or("", |stage| &stage.superseded_reason).to_owned();
    apply_lapses(conn, context.app, context.request_id(), Lapsed::OfPeriod(id), context.now)?;
    let sheets = store::submissions::of_period(conn, id)?;
    let decisions = ranking::standing(conn, id)?;
    let mut drafts = supersede(conn, context, &before, &reason)?;
    drafts.extend(move_sheets(conn, context, (&before, &change.after))?);
    let moved = moved_sheets(sheets, store::submissions::of_period(conn, id)?);
    drafts.extend(sync::update_stages(conn, id, today, context.now)?);
    drafts.extend(moved.iter().map(|sheet| sheet.draft("submission.step_back")));
    record_all(conn, context, drafts)?;
    if before.status == PeriodStatus::CouncilReview {
        council_sessions::cancel_held(conn, context, &before, &reason)?;
    }
    let after = context.save(conn, "period.step_back", &before, change)?;
    let lapsed = ranking::lapsed(conn, id, decisions)?;
    record_all(conn, context, lapsed)?;
    Ok((context.details(conn, after)?, moved))
}

/// Supersedes the reviews of the stage that ends, drafts included, and returns the entries about them.
fn supersede(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    reason: &str,
) -> Result<Vec<AuditDraft<'static>>, Error> {
    let Some(stage) = period.status.way_back()?.reviews else {
        return Ok(Vec::new());
    };
    let reviews = store::reviews::of_stage(conn, &period.id, stage)?;
    store::reviews::supersede_stage(conn, (&period.id, stage), reason, context.now)?;
    if stage == Stage::Council {
        store::council_means::delete_of_period(conn, &period.id)?;
    }
    let entry = |review: Review| {
        let after = json!({"superseded_at": instant(context.now), "superseded_reason": reason});
        AuditDraft {
            before: Some(json!({"superseded_at": null, "superseded_reason": null}).into()),
            after: Some(after.into()),
            ..AuditDraft::about("review.supersede", Some(review.organization_id), (ReviewCase::TYPE, review.id))
        }
    };
    Ok(reviews.into_iter().map(entry).collect())
}

/// Moves the submissions back to where the stage that ends found them, and opens the gates of a self-assessment that begins
/// again: until the new due date where one is given, and for everybody where late submissions are accepted. Returns the
/// entries of the deadlines.
fn move_sheets(conn: &mut Conn, context: &Context, (before, after): (&Period, &Period)) -> Result<Entries, Error> {
    let (from, to) = before.way_back()?.sheets;
    store::submissions::move_all(conn, &before.id, from, to, context.now)?;
    if after.status != PeriodStatus::SelfAssessment {
        return Ok(Entries::default());
    }
    let zone = zone_of(conn, &before.organization_id)?;
    let rescheduled = sync::reschedule(conn, (before, after), zone, context.now)?;
    match after.rules.late_submissions {
        LateSubmissions::AcceptFlagged => store::submissions::reopen_gates(conn, &before.id, context.now)?,
        LateSubmissions::Reject => {}
    }
    Ok(rescheduled)
}
