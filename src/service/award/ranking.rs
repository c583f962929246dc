//! The ranking of a period, and the council's decisions on ties.

pub mod inputs;

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::award::ranking::{Inputs, Ranking};
use crate::domain::text::{Check, NOTE_CHARS};
use crate::error::{Code, Error};
use crate::service::{AuditDraft, Context, Input, Interrupt, PendingLapse, Result, record, sha256_hex};
pub use crate::store::rankings::TieDecision;
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
}

/// A ranking as the caller sees it.
pub struct RankingDetails {
    /// Whether it is provisional, final or announced.
    pub status: RankingStatus,
    /// Version number; 0 while provisional.
    pub version: i64,
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
    Facts { announced: period.status.is_announced(), ..Facts::of(&period.organization_id) }
}

/// Loads a period whose ranking the caller may see; before the announcement others learn nothing about it.
fn find(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Period> {
    let period: Period = context.find(conn, period_id)?;
    access::require(&context.actor, Action::ReadRanking, &facts_of(&period))?;
    Ok(period)
}

/// Returns the ranking: frozen once finalised, otherwise computed from the current data.
pub fn get(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<RankingDetails> {
    let period = find(conn, context, period_id)?;
    context.accept_read()?;
    let sees_inputs = sees_inputs(context, &period);
    let details = if let Some(row) = store::rankings::frozen(conn, period_id)? {
        RankingDetails {
            status: if period.status.is_announced() { RankingStatus::Announced } else { RankingStatus::Final },
            version: row.version,
            ranking: serde_json::from_str(&row.result).map_err(Error::internal)?,
            commitment: Some(row.commitment()),
            inputs_sha256: sees_inputs.then_some(row.inputs_sha256),
            salt: sees_inputs.then_some(row.salt),
        }
    } else {
        if !store::submissions::lapsed(conn, store::submissions::Lapsed::OfPeriod(period_id), context.now)?.is_empty() {
            return Err(Interrupt::PendingLapse(PendingLapse::Period(*period_id)));
        }
        let inputs = inputs::current(conn, &period)?;
        let text = serde_json::to_string(&inputs).map_err(Error::internal)?;
        RankingDetails {
            status: RankingStatus::Provisional,
            version: 0,
            ranking: inputs.rank(),
            inputs_sha256: sees_inputs.then(|| sha256_hex(text.as_bytes())),
            commitment: None,
            salt: None,
        }
    };
    Ok(RankingDetails { ranking: for_viewer(context, &period, details.ranking), ..details })
}

/// Hides the eligibility of other units from callers who see the ranking only because it is announced.
fn for_viewer(context: &Context, period: &Period, ranking: Ranking) -> Ranking {
    let unannounced = Facts::of(&period.organization_id);
    if access::require(&context.actor, Action::ReadRanking, &unannounced).is_ok() {
        return ranking;
    }
    let own = context.actor.own_unit(&period.organization_id);
    ranking.visible_to(own.map(|unit| &unit.id))
}

/// Verifies a frozen ranking: recomputes it from its stored inputs, and compares those with the tables.
pub fn verify(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Verification> {
    let period = find(conn, context, period_id)?;
    context.accept_read()?;
    let Some((stored_inputs, ranking, row)) = inputs::frozen(conn, period_id)? else {
        period.status.must_be(&[PeriodStatus::Finalized, PeriodStatus::Announced, PeriodStatus::Closed])?;
        return Err(Code::NotFound.into());
    };
    let digest_holds = sha256_hex(row.inputs.as_bytes()) == row.inputs_sha256;
    let ok =
        digest_holds && stored_inputs.rank() == ranking && stored_inputs.agrees_with(&inputs::current(conn, &period)?);
    Ok(Verification {
        ok,
        commitment: row.commitment(),
        inputs_sha256: sees_inputs(context, &period).then_some(row.inputs_sha256),
    })
}

/// Lists the tie decisions of a period.
pub fn tie_decisions(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Vec<TieDecision>> {
    let period: Period = context.find(conn, period_id)?;
    access::require_collection(&context.actor, Action::ReadTieDecisions, &facts_of(&period))?;
    context.accept_read()?;
    Ok(store::rankings::tie_decisions(conn, period_id)?)
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
    access::require_collection(&context.actor, Action::DecideTie, &facts_of(&period))?;
    let new = context.accept(input)?;
    period.may(Action::DecideTie)?;
    let mut check = Check::default();
    let reason = check.text("/reason", &new.reason, NOTE_CHARS);
    let session = store::council_sessions::find(conn, &new.council_session_id)?;
    check.ensure(
        session.is_some_and(|session| session.period_id == *period_id),
        "/council_session_id",
        Code::SessionNotOfPeriod,
    );
    let mut group = new.unit_ids.clone();
    group.sort();
    let before = store::rankings::tie_decisions(conn, period_id)?.into_iter().find(|decision| {
        let mut earlier = decision.unit_ids.clone();
        earlier.sort();
        earlier == group
    });
    check.ensure(is_tied_group(conn, &period, &group)?, "/unit_ids", Code::NotTiedGroup);
    Error::unless_valid(check.faults)?;
    let decision = TieDecision {
        id: before.as_ref().map_or_else(|| context.new_id(), |before| before.id),
        organization_id: period.organization_id,
        period_id: period.id,
        unit_ids: new.unit_ids.clone(),
        reason,
        council_session_id: new.council_session_id,
        decided_by: context.member_id(&period.organization_id)?,
        version: before.as_ref().map_or(0, |before| before.version),
        created_at: before.as_ref().map_or(context.now, |before| before.created_at),
        updated_at: context.now,
    };
    let decision = store::rankings::save_tie_decision(conn, decision)?;
    let audit = |unit_ids: &[Id], reason: &str, session: &Id| json!({"unit_ids": unit_ids, "reason": reason, "council_session_id": session});
    let draft = AuditDraft {
        before: before.map(|before| audit(&before.unit_ids, &before.reason, &before.council_session_id).into()),
        after: Some(audit(&decision.unit_ids, &decision.reason, &decision.council_session_id).into()),
        ..AuditDraft::about("tie_decision.record", Some(period.organization_id), ("tie_decision", decision.id))
    };
    record(conn, context, draft)?;
    Ok(decision)
}

/// Whether the units, sorted by id, are exactly a group that the tie-break chain leaves tied without decisions.
fn is_tied_group(conn: &mut Conn, period: &Period, group: &[Id]) -> Result<bool, Error> {
    let undecided = Inputs { decisions: Vec::new(), ..inputs::current(conn, period)? };
    let ranking = undecided.rank();
    let Some(first) = group.first() else {
        return Ok(false);
    };
    let mut tied: Vec<Id> = ranking.tied_with(first).into_iter().copied().collect();
    tied.sort();
    Ok(tied == group)
}
