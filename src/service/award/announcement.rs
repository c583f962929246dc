//! The announcement of the results: the notice, and the proposals that follow from the ranking.

use chrono::NaiveDate;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::period::Period;
use crate::domain::assessment::steps::{Announcement, guard, of_unit};
use crate::domain::award::award_proposal::{
    Document, NewWithdrawal, Proposal, ProposalCase, ProposalStatus, Withdrawn,
};
use crate::domain::award::eligibility::Eligibility;
use crate::domain::award::ranking::{Inputs, Ranking, RankingRow, Withdrawal};
use crate::domain::change::Change;
use crate::domain::office::unit::UnitKey;
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::award::ranking::{inputs, versions};
use crate::service::award::{amendments, award_proposals};
use crate::service::office::organizations::zone_of;
use crate::service::schedule::calendar;
use crate::service::schedule::deadlines::sync;
use crate::service::{Context, Details, Entries, Input, Result, Subject as _};
use crate::store::{self, Conn};

/// Publishes the result that was frozen last, with the amendments that it contains, and makes the proposals those that
/// follow from it.
pub fn announce(conn: &mut Conn, context: &Context, id: &Id, input: &Input<Announcement>) -> Result<Details<Period>> {
    let (before, command): (Period, _) = context.enter(conn, id, Action::Announce, input)?;
    let amended = amendments::unpublished_reasons(conn, &before)?;
    let (decided_on, today) = notice_dates(conn, context, &before)?;
    let decided_on = with_amendments(conn, &before, decided_on, true)?;
    let change = before.announce(command, &amended, (decided_on, today), context.now)?;
    let inputs = versions::counted(conn, &before)?;
    let ranking = inputs.rank();
    guard(inputs::undecided(&ranking))?;
    amendments::publish(conn, context, &before)?;
    // The calendar must not change between computing the dossier dates and storing them.
    store::calendar::lock_for_share(conn)?;
    let (moves, dossiers) = match &before.notice {
        Some(_) => calendar::move_dossiers(conn, context, &before, command.notice_on)?,
        None => (Vec::new(), Entries::default()),
    };
    let met = sync::noticed(conn, id, command.notice_on, context.now)?;
    propose(conn, context, &change.after, (&inputs, &ranking), &amended)?;
    let announced = context.commit_with(conn, "period.announce", &before, change, met)?;
    calendar::record_moves(conn, context, &moves, dossiers)?;
    Ok(announced)
}

/// The days that the result notice lies between: that of the last decision that it rests on, and today.
fn notice_dates(conn: &mut Conn, context: &Context, period: &Period) -> Result<(NaiveDate, NaiveDate), Error> {
    let zone = zone_of(conn, &period.organization_id)?;
    let sessions = store::council_sessions::closed_of_period(conn, &period.id)?;
    let decisive = sessions.iter().filter(|session| session.could_decide(period.council_since()));
    let mut decided_on = decisive.map(|session| session.held_on).min().unwrap_or_else(|| period.council_since());
    let contenders = versions::counted(conn, period)?.contenders;
    for (decision, _) in inputs::decisions(conn, period, &contenders)?.into_iter().filter(|(_, stands)| *stands) {
        let session = sessions.iter().find(|session| session.id == decision.council_session_id);
        decided_on = session.map_or(decided_on, |session| decided_on.max(session.held_on));
    }
    Ok((decided_on, date_in(zone, context.now)))
}

/// The same, where amendments were approved later: those of the result that stands, or of the `next` one.
fn with_amendments(conn: &mut Conn, period: &Period, decided_on: NaiveDate, next: bool) -> Result<NaiveDate, Error> {
    let Some(approved_at) = amendments::last_approved_at(conn, period, next)? else {
        return Ok(decided_on);
    };
    Ok(decided_on.max(date_in(zone_of(conn, &period.organization_id)?, approved_at)))
}

/// A notice to replace a wrong one, with the reason.
#[derive(Debug, Clone)]
pub struct NoticeCorrection {
    /// The notice as it should be.
    pub notice: Announcement,
    /// Why it is corrected.
    pub reason: String,
}

/// Replaces a wrong result notice. The dossiers that are not submitted become due by the new date.
pub fn correct_notice(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<NoticeCorrection>,
) -> Result<Details<Period>> {
    let (before, command): (Period, _) = context.enter(conn, id, Action::CorrectNotice, input)?;
    let NoticeCorrection { notice, reason } = command;
    let (mut decided_on, today) = notice_dates(conn, context, &before)?;
    let decisions = store::award_proposals::of_period(conn, id)?.into_iter().filter_map(|proposal| proposal.decision);
    let mut granted_on = decisions.filter_map(|decision| decision.on).min();
    // What was decided about the next result does not bind the notice of the one that stands, nor do decisions of before.
    if let Some(standing) = before.notice.as_ref() {
        granted_on = granted_on.map(|on| on.max(standing.on));
        decided_on = if before.is_stale() { decided_on.min(standing.on) } else { decided_on };
    }
    let decided_on = with_amendments(conn, &before, decided_on, false)?;
    let change = before.correct_notice(notice, reason, (decided_on, today), granted_on, context.now)?;
    store::calendar::lock_for_share(conn)?;
    let (moves, dossiers) = calendar::move_dossiers(conn, context, &before, notice.notice_on)?;
    let met = sync::noticed(conn, id, notice.notice_on, context.now)?;
    let corrected = context.commit_with(conn, "period.correct_notice", &before, change, met)?;
    calendar::record_moves(conn, context, &moves, dossiers)?;
    Ok(corrected)
}

/// Withdraws a proposal that must not go on. Where its award passes down, the ranking is frozen anew without the unit, and
/// the proposals become those that follow from it, unless a tie has to be decided first.
pub fn withdraw(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<NewWithdrawal>,
) -> Result<Details<ProposalCase>> {
    let period_id = store::award_proposals::period_of(conn, id)?.ok_or(Code::NotFound)?;
    store::periods::lock_for_update(conn, &period_id)?;
    let (case, given): (ProposalCase, _) = context.enter(conn, id, Action::WithdrawProposal, input)?;
    let period = Period::find(conn, context, &period_id)?;
    let change = case.withdraw(given, context.now)?;
    let mut inputs = versions::counted(conn, &period)?;
    inputs.withdrawals.push(Withdrawal { unit_id: case.proposal.unit_id, pass_down: given.pass_down });
    let ranking = inputs.rank();
    guard(inputs::facts_missing(&ranking))?;
    let reason = change.after.proposal.withdrawn.as_ref().map_or("", |withdrawn| &withdrawn.reason).to_owned();
    let withdrawn = context.save(conn, "award_proposal.withdraw", &case, change)?;
    let ended = sync::dossier_ended(conn, &withdrawn.proposal, &reason, context.now)?;
    let (version, ranking) = versions::freeze(conn, context, &period, &inputs)?;
    let tied = !ranking.unresolved_ties.is_empty();
    let mut after = period.refrozen(version, tied, context.now);
    if tied || period.is_stale() {
        amendments::mark_stale(conn, context, &period)?;
    } else {
        // Nothing in it is unknown to those who see the announced result.
        after.announced_version = Some(version);
        store::calendar::lock_for_share(conn)?;
        propose(conn, context, &after, (&inputs, &ranking), &reason)?;
    }
    ended.record(conn, context)?;
    context.save(conn, "period.refreeze", &period, Change::silent(after))?;
    let again = ProposalCase::find(conn, context, id)?;
    Ok(context.details(conn, again)?)
}

/// Makes the proposals of a period those that its ranking grants: keeps what is the same, ends what is granted no longer,
/// and adds what is new.
///
/// # Errors
/// `guard_failed` with `proposal_decided` where an award that is granted no longer was approved.
fn propose(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    (inputs, ranking): (&Inputs, &Ranking),
    reason: &str,
) -> Result<(), Error> {
    let standing = store::award_proposals::of_period(conn, &period.id)?;
    let standing = standing.into_iter().filter(|proposal| proposal.status != ProposalStatus::Withdrawn);
    let row_of = |unit_id: &Id| ranking.rows.iter().find(|row| row.unit_id == *unit_id);
    let grants = |proposal: &Proposal| {
        row_of(&proposal.unit_id).is_some_and(|row| row.award_code.as_ref() == Some(&proposal.award_code))
    };
    let (kept, ended): (Vec<Proposal>, Vec<Proposal>) = standing.partition(grants);
    let code_of = |proposal: &Proposal| row_of(&proposal.unit_id).map_or("", |row| row.unit_code.as_str());
    let approved = ended.iter().filter(|proposal| proposal.status == ProposalStatus::Approved);
    guard(approved.map(|proposal| of_unit(Code::ProposalDecided, code_of(proposal))).collect())?;
    let zone = zone_of(conn, &period.organization_id)?;
    let notice_on = period.notice.as_ref().map(|notice| notice.on);
    let notice_on = notice_on.ok_or_else(|| Error::internal("an announced period without its notice"))?;
    let case = |proposal: Proposal, unit_code: &str| ProposalCase {
        unit: UnitKey { id: proposal.unit_id, code: unit_code.to_owned() },
        proposal,
        zone,
        notice_on,
        stand_ins: Vec::new(),
    };
    let mut further = Entries::default();
    for proposal in ended {
        let code = code_of(&proposal).to_owned();
        let before = case(proposal, &code);
        let withdrawn = Withdrawn { at: context.now, reason: reason.to_owned(), pass_down: None };
        let after = context.save(conn, "award_proposal.withdraw", &before, before.ended(withdrawn))?;
        further.extend(sync::dossier_ended(conn, &after.proposal, reason, context.now)?);
    }
    for proposal in kept.iter().filter(|proposal| proposal.status.is_open()) {
        let (Some(row), Some(eligibility)) = (row_of(&proposal.unit_id), judged(inputs, &proposal.unit_id)) else {
            continue;
        };
        let now_is = as_granted(proposal, row, eligibility);
        if now_is != *proposal {
            let (before, after) = (case(proposal.clone(), &row.unit_code), case(now_is, &row.unit_code));
            context.save(conn, "award_proposal.refresh", &before, Change::silent(after))?;
        }
    }
    let term = calendar::dossier_term(conn, &period.organization_id, notice_on, &period.rules.dossier_deadline)?;
    let documents: Vec<Document> = period
        .rules
        .required_documents
        .iter()
        .map(|document| Document { code: document.code.clone(), title: document.title.clone(), file: None })
        .collect();
    let mut created = Vec::new();
    for (group_code, award) in period.rules.awards_by_group() {
        let is_of_group = |of: &Option<String>| of.as_deref() == group_code;
        let of_award =
            kept.iter().filter(|proposal| is_of_group(&proposal.group_code) && proposal.award_code == award.code);
        let taken: Vec<i32> = of_award.map(|proposal| proposal.slot).collect();
        let free = (1..=award.quota).filter(|slot| !taken.contains(slot));
        let fresh = ranking.rows.iter().filter(|row| {
            is_of_group(&row.group_code)
                && row.award_code.as_ref() == Some(&award.code)
                && !kept.iter().any(|proposal| proposal.unit_id == row.unit_id)
        });
        created.extend(free.zip(fresh).filter_map(|(slot, row)| {
            Some(Proposal {
                id: context.new_id(),
                organization_id: period.organization_id,
                period_id: period.id,
                unit_id: row.unit_id,
                group_code: row.group_code.clone(),
                award_code: award.code.clone(),
                award_quota: award.quota,
                slot,
                rank: row.rank?,
                total: row.total?,
                eligibility: judged(inputs, &row.unit_id)?,
                term: term.clone(),
                documents: documents.clone(),
                status: ProposalStatus::Draft,
                submitted_at: None,
                return_reason: None,
                decision: None,
                withdrawn: None,
                stale: false,
                superseded_decisions: Vec::new(),
                version: 1,
                created_at: context.now,
                updated_at: context.now,
            })
        }));
    }
    store::award_proposals::insert_all(conn, &created)?;
    let dossiers: Vec<_> = created.iter().map(|proposal| (proposal.unit_id, proposal.term.clone())).collect();
    further.extend(sync::proposed(conn, context.app, period, &dossiers, context.now)?);
    further.extend(created.iter().map(award_proposals::created));
    further.record(conn, context)
}

fn judged(inputs: &Inputs, unit_id: &Id) -> Option<Vec<Eligibility>> {
    inputs.judge(inputs.contenders.iter().find(|contender| contender.unit_id == *unit_id)?)
}

/// An open proposal as the ranking grants it now.
fn as_granted(proposal: &Proposal, row: &RankingRow, eligibility: Vec<Eligibility>) -> Proposal {
    Proposal {
        rank: row.rank.unwrap_or(proposal.rank),
        total: row.total.unwrap_or(proposal.total),
        eligibility,
        stale: false,
        ..proposal.clone()
    }
}
