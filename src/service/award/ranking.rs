//! The ranking of a period, and the council's decisions on ties.

pub mod inputs;
pub mod versions;

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::award::council_session::CouncilSession;
use crate::domain::award::ranking::{Inputs, Ranking};
use crate::domain::award::tie_decision::{self, DecidedTotal, TieDecision};
use crate::domain::change::Change;
use crate::domain::journal::event::EventType;
use crate::domain::office::member::CHAIR;
use crate::domain::text::{Check, NOTE_CHARS};
use crate::domain::time::date_in;
use crate::error::{Code, Error};
use crate::service::award::ranking::inputs::Seen;
use crate::service::office::organizations::zone_of;
use crate::service::{AuditDraft, Context, EventDraft, Input, Interrupt, PendingLapse, Result, record, sha256_hex};
use crate::store::rankings::FrozenRanking;
use crate::store::{self, Conn};

/// How far a ranking may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankingStatus {
    /// As things stand now.
    Provisional,
    /// Frozen, not published.
    Final,
    /// Published.
    Announced,
    /// Published, and amended since: the next announcement publishes the amended one.
    Stale,
}

/// A ranking as the caller sees it.
pub struct RankingDetails {
    /// Whether it is provisional, final or announced.
    pub status: RankingStatus,
    /// Version number; 0 while provisional.
    pub version: i64,
    /// Version that was frozen last; `None` for those who see announced rankings alone.
    pub latest_version: Option<i64>,
    /// The ranked units.
    pub ranking: Ranking,
    /// SHA-256 of the inputs; `None` for those who do not see all inputs.
    pub inputs_sha256: Option<String>,
    /// SHA-256 of the salt and the inputs; `None` while the ranking is provisional.
    pub commitment: Option<String>,
    /// The salt; `None` while the ranking is provisional, and for those who do not see all inputs.
    pub salt: Option<String>,
}

/// The result of verifying a frozen ranking.
#[derive(Debug)]
pub struct Verification {
    /// Whether the ranking follows from its inputs, and these from the tables.
    pub ok: bool,
    /// SHA-256 of the inputs; `None` for those who do not see all inputs.
    pub inputs_sha256: Option<String>,
    /// SHA-256 of the salt and the inputs.
    pub commitment: String,
}

/// Whether the caller sees everything that the ranking is computed from. Otherwise its hash would let a guess be tested.
fn sees_inputs(context: &Context, period: &Period) -> bool {
    access::holds(&context.actor, Action::ReadRankingInputs, &facts_of(period))
}

/// What the caller may see of a ranking that is not final: those who score alone see the mean once it is final.
pub fn seen(context: &Context, period: &Period) -> Seen {
    let sees = access::holds(&context.actor, Action::ReadMeans, &Facts::of(&period.organization_id));
    if sees { Seen::All } else { Seen::WithoutMeans }
}

/// A council decision on a tie.
#[derive(Debug, Clone)]
pub struct NewTieDecision {
    /// The tied units, best first.
    pub unit_ids: Vec<Id>,
    /// The reason given.
    pub reason: String,
    /// The session that took the decision.
    pub council_session_id: Id,
}

fn facts_of(period: &Period) -> Facts<'_> {
    let announced = period.status.is_announced();
    Facts { announced, period_id: Some(period.id), ..Facts::of(&period.organization_id) }
}

/// Loads a period whose ranking the caller may see; before the announcement others learn nothing about it.
fn find(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Period> {
    let period: Period = context.find(conn, period_id)?;
    access::require(&context.actor, Action::ReadRanking, &facts_of(&period))?;
    Ok(period)
}

/// Whether the caller sees rankings before they are announced.
fn sees_unannounced(context: &Context, period: &Period) -> bool {
    access::holds(&context.actor, Action::ReadRanking, &Facts::of(&period.organization_id))
}

/// The ranking that a version's number stands for, and whether the caller may see it: those who see a ranking before it is
/// announced see all versions, the others the announced one.
fn version(conn: &mut Conn, context: &Context, period: &Period, asked: i64) -> Result<FrozenRanking> {
    if !sees_unannounced(context, period) && Some(asked) != period.announced_version {
        return Err(Code::NotFound.into());
    }
    Ok(store::rankings::find(conn, &period.id, asked)?.ok_or(Code::NotFound)?)
}

impl RankingStatus {
    fn of(period: &Period, version: i64) -> Self {
        match period.announced_version {
            Some(announced) if announced == version && period.is_stale() => RankingStatus::Stale,
            Some(announced) if announced == version => RankingStatus::Announced,
            Some(_) if period.ranking_version != Some(version) => RankingStatus::Stale,
            Some(_) | None => RankingStatus::Final,
        }
    }
}

/// Returns the ranking that counts: frozen once finalised, otherwise computed from the current data.
pub fn get(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<RankingDetails> {
    get_version(conn, context, period_id, None)
}

/// Returns the frozen version of a ranking that is asked for, or else the one that counts.
pub fn get_version(conn: &mut Conn, context: &Context, period_id: &Id, asked: Option<i64>) -> Result<RankingDetails> {
    let period = find(conn, context, period_id)?;
    context.accept_read()?;
    let sees_inputs = sees_inputs(context, &period);
    let row = match asked {
        Some(asked) => Some(version(conn, context, &period, asked)?),
        None => inputs::frozen_row(conn, &period)?,
    };
    let details = if let Some(row) = row {
        RankingDetails {
            status: RankingStatus::of(&period, row.version),
            version: row.version,
            latest_version: period.ranking_version.filter(|_| sees_unannounced(context, &period)),
            ranking: serde_json::from_str(&row.result).map_err(Error::internal)?,
            commitment: Some(row.commitment()),
            inputs_sha256: sees_inputs.then_some(row.inputs_sha256),
            salt: sees_inputs.then_some(row.salt),
        }
    } else {
        if !store::submissions::lapsed(conn, store::submissions::Lapsed::OfPeriod(period_id), context.now)?.is_empty() {
            return Err(Interrupt::PendingLapse(PendingLapse::Period(*period_id)));
        }
        let inputs = inputs::current_as(conn, &period, seen(context, &period))?;
        let text = serde_json::to_string(&inputs).map_err(Error::internal)?;
        RankingDetails {
            status: RankingStatus::Provisional,
            version: 0,
            latest_version: None,
            ranking: inputs.rank(),
            inputs_sha256: sees_inputs.then(|| sha256_hex(text.as_bytes())),
            commitment: None,
            salt: None,
        }
    };
    Ok(RankingDetails { ranking: for_viewer(context, &period, details.ranking), ..details })
}

/// Whether the caller sees the ranking before it is announced, and with it who is eligible.
pub fn sees_eligibility(context: &Context, period: &Period) -> bool {
    access::require(&context.actor, Action::ReadRanking, &Facts::of(&period.organization_id)).is_ok()
}

/// Hides the eligibility of other units from callers who see the ranking only because it is announced.
fn for_viewer(context: &Context, period: &Period, ranking: Ranking) -> Ranking {
    if sees_eligibility(context, period) {
        return ranking;
    }
    let own = context.actor.own_unit(&period.organization_id);
    ranking.visible_to(own.map(|unit| &unit.id))
}

/// Verifies a frozen ranking: recomputes it from its stored inputs, and compares those with the tables.
pub fn verify(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Verification> {
    let period = find(conn, context, period_id)?;
    context.accept_read()?;
    let Some((stored_inputs, ranking, row)) = inputs::frozen(conn, &period)? else {
        period.status.must_be(&[PeriodStatus::Finalized, PeriodStatus::Announced, PeriodStatus::Closed])?;
        return Err(Code::NotFound.into());
    };
    let digest_holds = sha256_hex(row.inputs.as_bytes()) == row.inputs_sha256;
    let mut current = inputs::current(conn, &period)?;
    if period.is_stale() {
        // A withdrawal counts in the result that waits to be announced.
        current.withdrawals.clone_from(&stored_inputs.withdrawals);
    }
    let ok = digest_holds && stored_inputs.rank() == ranking && stored_inputs.agrees_with(&current);
    Ok(Verification {
        ok,
        commitment: row.commitment(),
        inputs_sha256: sees_inputs(context, &period).then_some(row.inputs_sha256),
    })
}

/// Lists the tie decisions of a period, each with whether it stands.
pub fn tie_decisions(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Vec<(TieDecision, bool)>> {
    let period: Period = context.find(conn, period_id)?;
    access::require_collection(&context.actor, Action::ReadTieDecisions, &facts_of(&period))?;
    context.accept_read()?;
    let contenders = inputs::current(conn, &period)?.contenders;
    Ok(inputs::decisions(conn, &period, &contenders)?)
}

/// Records the council's order of tied units, replacing an earlier decision on the same units.
pub fn decide_tie(
    conn: &mut Conn,
    context: &Context,
    period_id: &Id,
    input: &Input<NewTieDecision>,
) -> Result<TieDecision> {
    // Serialises concurrent decisions on the same tie.
    store::periods::lock_for_update(conn, period_id)?;
    let period: Period = context.find(conn, period_id)?;
    let session = session_of(conn, &period, input)?;
    authorize(conn, context, &period, session.as_ref(), input)?;
    let new = context.accept(input)?;
    period.may(Action::DecideTie)?;
    let mut check = Check::default();
    let reason = check.text("/reason", &new.reason, NOTE_CHARS);
    let zone = zone_of(conn, &period.organization_id)?;
    let latest_total = store::reviews::latest_submitted_at(conn, period_id, &new.unit_ids)?;
    let latest_total = latest_total.map(|at| date_in(zone, at));
    tie_decision::check_session(&mut check, session.as_ref(), (period_id, period.council_since()), latest_total);
    let mut group = new.unit_ids.clone();
    group.sort();
    let before = store::rankings::tie_decisions(conn, period_id)?.into_iter().find(|decision| {
        let mut earlier = decision.unit_ids.clone();
        earlier.sort();
        earlier == group
    });
    let inputs = versions::counted(conn, &period)?;
    check.ensure(is_tied_group(&inputs, &group), "/unit_ids", Code::NotTiedGroup);
    Error::unless_valid(check.faults)?;
    let decision = TieDecision {
        id: before.as_ref().map_or_else(|| context.new_id(), |before| before.id),
        organization_id: period.organization_id,
        period_id: period.id,
        unit_ids: new.unit_ids.clone(),
        reason,
        council_session_id: new.council_session_id,
        decided_by: context.member_id(&period.organization_id)?,
        totals: Some(DecidedTotal::of(&inputs.contenders, &new.unit_ids)),
        totals_on: latest_total,
        version: before.as_ref().map_or(0, |before| before.version),
        created_at: before.as_ref().map_or(context.now, |before| before.created_at),
        updated_at: context.now,
    };
    let decision = store::rankings::save_tie_decision(conn, decision)?;
    let draft = AuditDraft {
        before: before.map(|before| audit(&before).into()),
        after: Some(audit(&decision).into()),
        ..AuditDraft::about("tie_decision.record", Some(period.organization_id), ("tie_decision", decision.id))
    };
    record(conn, context, draft)?;
    if period.status.is_final() {
        refreeze(conn, context, &period, (inputs, &decision))?;
    }
    Ok(decision)
}

/// Freezes a ranking anew with a decision on a tie that an amendment or a withdrawal has made.
fn refreeze(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    (mut inputs, decision): (Inputs, &TieDecision),
) -> Result<(), Error> {
    inputs.decisions.retain(|earlier| !earlier.iter().any(|unit_id| decision.unit_ids.contains(unit_id)));
    inputs.decisions.push(decision.unit_ids.clone());
    let (version, ranking) = versions::freeze(conn, context, period, &inputs)?;
    let after = period.refrozen(version, !ranking.unresolved_ties.is_empty(), context.now);
    context.save(conn, "period.refreeze", period, Change::silent(after))?;
    Ok(())
}

fn audit(decision: &TieDecision) -> Value {
    json!({
        "period_id": decision.period_id, "unit_ids": decision.unit_ids, "reason": decision.reason,
        "council_session_id": decision.council_session_id, "decided_by": decision.decided_by, "totals": decision.totals,
        "totals_on": decision.totals_on,
    })
}

/// The session that a decision names, if it is one of the period.
fn session_of(
    conn: &mut Conn,
    period: &Period,
    input: &Input<NewTieDecision>,
) -> Result<Option<CouncilSession>, Error> {
    let Ok(new) = input else {
        return Ok(None);
    };
    let session = store::council_sessions::find(conn, &new.council_session_id)?;
    Ok(session.filter(|session| session.period_id == period.id))
}

/// Authorises a decision: by the chair, or by who presided where every chair is recused from a tied unit; never by whom
/// recusal keeps away from one.
fn authorize(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    session: Option<&CouncilSession>,
    input: &Input<NewTieDecision>,
) -> Result<(), Error> {
    let tied = input.as_ref().map_or(&[][..], |new| &new.unit_ids);
    let mut owner = None;
    if let Some((session, presiding)) = session.and_then(|session| Some((session, session.presiding_member_id?))) {
        let chairs = store::members::holders_on(conn, &period.organization_id, CHAIR, session.held_on)?;
        let declared = store::recusals::standing_of_period(conn, &period.id)?;
        let keeps_away = |chair: &Id, unit: &Id| declared.contains(&(*chair, *unit));
        let recused = |(chair, own): &(Id, Option<Id>)| {
            own.is_some_and(|own| tied.contains(&own)) || tied.iter().any(|unit| keeps_away(chair, unit))
        };
        owner = chairs.iter().all(recused).then_some(presiding);
    }
    let facts = Facts { owner: owner.as_ref(), ..facts_of(period) };
    access::require_collection(&context.actor, Action::DecideTie, &facts)?;
    let units = store::periods::units_of(conn, &period.id)?;
    units.iter().filter(|unit| tied.contains(&unit.unit.id)).try_for_each(|unit| {
        access::require_collection(&context.actor, Action::DecideTie, &Facts { unit: Some(&unit.unit), ..facts })
    })
}

/// Whether the units, sorted by id, are exactly a group that the tie-break chain leaves tied without decisions.
fn is_tied_group(inputs: &Inputs, group: &[Id]) -> bool {
    let ranking = Inputs { decisions: Vec::new(), ..inputs.clone() }.rank();
    let Some(first) = group.first() else {
        return false;
    };
    let mut tied: Vec<Id> = ranking.tied_with(first).into_iter().copied().collect();
    tied.sort();
    tied == group
}

/// The decisions of a period that stand, before a total changes.
pub fn standing(conn: &mut Conn, period_id: &Id) -> Result<Vec<TieDecision>, Error> {
    let Some(period) = store::periods::find(conn, period_id)?.filter(|period| period.may(Action::DecideTie).is_ok())
    else {
        return Ok(Vec::new());
    };
    if store::rankings::tie_decisions(conn, period_id)?.is_empty() {
        return Ok(Vec::new());
    }
    let contenders = inputs::current(conn, &period)?.contenders;
    let decisions = inputs::decisions(conn, &period, &contenders)?;
    Ok(decisions.into_iter().filter(|(_, stands)| *stands).map(|(decision, _)| decision).collect())
}

/// Returns the entries of the decisions that stood `before` a total changed and stand no longer.
pub fn lapsed(conn: &mut Conn, period_id: &Id, before: Vec<TieDecision>) -> Result<Vec<AuditDraft<'static>>, Error> {
    if before.is_empty() {
        return Ok(Vec::new());
    }
    let still = standing(conn, period_id)?;
    let gone = before.into_iter().filter(|decision| !still.contains(decision)).map(|decision| {
        let kind = EventType::TieDecisionLapsed;
        let data = json!({"unit_ids": decision.unit_ids});
        AuditDraft {
            before: Some(json!({"stands": true}).into()),
            after: Some(json!({"stands": false}).into()),
            event: Some(EventDraft { kind, period_id: Some(decision.period_id), unit_id: None, data }),
            ..AuditDraft::about("tie_decision.lapse", Some(decision.organization_id), ("tie_decision", decision.id))
        }
    });
    Ok(gone.collect())
}
