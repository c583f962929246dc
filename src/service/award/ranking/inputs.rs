//! Inputs of a ranking: current or frozen.

use std::collections::HashMap;

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::assessment::period::{CouncilScoring, Period};
use crate::domain::assessment::steps::of_unit;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::award::ranking::{Contender, Inputs, Ranking, Withdrawal};
use crate::domain::award::tie_break::TieBreak;
use crate::domain::award::tie_decision::TieDecision;
use crate::domain::criteria::scoring::Breakdown;
use crate::error::{Code, Error, Fault};
use crate::store::rankings::FrozenRanking;
use crate::store::reviews::StageTotals;
use crate::store::{self, Conn};

/// What the council has scored, as far as a ranking may show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Everything.
    All,
    /// What its members do not score alone, while they do.
    WithoutMeans,
}

/// Collects the inputs of a period's ranking from the current data.
pub fn current(conn: &mut Conn, period: &Period) -> Result<Inputs, Error> {
    current_as(conn, period, Seen::All)
}

/// Collects the inputs of a period's ranking from the current data, as far as they may be seen.
pub fn current_as(conn: &mut Conn, period: &Period, seen: Seen) -> Result<Inputs, Error> {
    let chain = period.rules.tie_break.iter().filter_map(|step| TieBreak::parse(step));
    let needs_breakdown = chain.into_iter().any(|step| step.asks_for_breakdown());
    let units = store::periods::units_of(conn, &period.id)?;
    let mut own = if needs_breakdown { store::submissions::breakdowns(conn, &period.id)? } else { HashMap::new() };
    let mut furthest: HashMap<Id, StageTotals> = HashMap::new();
    let mut reviews = store::reviews::submitted_of_period(conn, &period.id, needs_breakdown)?;
    if period.rules.council_scoring == CouncilScoring::Mean && seen == Seen::All {
        let means = store::council_means::of_period(conn, &period.id)?;
        reviews.extend(means.into_iter().map(|(submission_id, mean)| StageTotals {
            submission_id,
            stage: Stage::Council,
            totals: mean.totals,
            breakdown: if needs_breakdown { mean.breakdown } else { Breakdown::default() },
        }));
    }
    for review in reviews {
        let before = furthest.get(&review.submission_id);
        if before.is_none_or(|before| before.stage < review.stage) {
            furthest.insert(review.submission_id, review);
        }
    }
    let mut facts: HashMap<Id, _> = store::facts::of_period(conn, &period.id)?
        .into_iter()
        .map(|recorded| (recorded.unit_id, recorded.facts))
        .collect();
    let contenders = units.into_iter().map(|unit| {
        let sent = unit.sheet.status.is_some_and(SubmissionStatus::is_sent);
        let missed = unit.sheet.status == Some(SubmissionStatus::Missed);
        let of_sheet = unit.submission_id.filter(|_| sent);
        // A missed submission has a review where an amendment has given it a result.
        let reviewed = unit.submission_id.filter(|_| sent || missed);
        let review = reviewed.as_ref().and_then(|id| furthest.remove(id));
        let missed = missed && review.is_none();
        let (totals, breakdown) = match review {
            Some(review) => (Some(review.totals), Some(review.breakdown)),
            None => (unit.totals.filter(|_| sent), of_sheet.and_then(|id| own.remove(&id))),
        };
        Contender {
            facts: facts.remove(&unit.unit.id),
            unit_id: unit.unit.id,
            unit_code: unit.unit.code,
            unit_name: unit.name,
            missed,
            totals,
            breakdown: breakdown.unwrap_or_default(),
            group_code: unit.group_code,
        }
    });
    let contenders: Vec<Contender> = contenders.collect();
    let decisions = decisions(conn, period, &contenders)?.into_iter().filter(|(_, stands)| *stands);
    Ok(Inputs {
        decisions: decisions.map(|(decision, _)| decision.unit_ids).collect(),
        contenders,
        tie_break: period.rules.tie_break.clone(),
        awards: period.rules.awards.clone(),
        eligibility: period.rules.eligibility.clone(),
        when_ineligible: period.rules.when_ineligible,
        withdrawals: withdrawals(conn, period)?,
        groups: period.rules.ranked_groups(),
    })
}

/// The units whose proposals were withdrawn, which there are once the results are announced.
fn withdrawals(conn: &mut Conn, period: &Period) -> Result<Vec<Withdrawal>, Error> {
    if !period.status.is_announced() {
        return Ok(Vec::new());
    }
    let proposals = store::award_proposals::of_period(conn, &period.id)?.into_iter();
    let withdrawn = proposals.filter_map(|proposal| {
        let pass_down = proposal.withdrawn?.pass_down?;
        Some(Withdrawal { unit_id: proposal.unit_id, pass_down })
    });
    Ok(withdrawn.collect())
}

/// Returns the decisions on ties of a period, each with whether it stands.
pub fn decisions(
    conn: &mut Conn,
    period: &Period,
    contenders: &[Contender],
) -> Result<Vec<(TieDecision, bool)>, Error> {
    let decisions = store::rankings::tie_decisions(conn, &period.id)?;
    if decisions.is_empty() {
        return Ok(Vec::new());
    }
    let sessions = store::council_sessions::closed_of_period(conn, &period.id)?;
    let terms = (period.council_since(), period.may(Action::DecideTie).is_err());
    let judged = decisions.into_iter().map(|decision| {
        let session = sessions.iter().find(|session| session.id == decision.council_session_id);
        let stands = decision.stands(contenders, session, terms);
        (decision, stands)
    });
    Ok(judged.collect())
}

/// Loads the frozen ranking of a finalised period, as stored: the one that is announced, or else the last. What was frozen
/// before a step back counts no longer.
pub fn frozen_row(conn: &mut Conn, period: &Period) -> Result<Option<FrozenRanking>, Error> {
    match period.announced_version.or(period.ranking_version).filter(|_| period.status.is_final()) {
        Some(version) => store::rankings::find(conn, &period.id, version),
        None => Ok(None),
    }
}

/// Loads the frozen ranking of a finalised period: inputs, result and stored row.
pub fn frozen(conn: &mut Conn, period: &Period) -> Result<Option<(Inputs, Ranking, FrozenRanking)>, Error> {
    let Some(row) = frozen_row(conn, period)? else {
        return Ok(None);
    };
    let inputs = serde_json::from_str(&row.inputs).map_err(Error::internal)?;
    let ranking = serde_json::from_str(&row.result).map_err(Error::internal)?;
    Ok(Some((inputs, ranking, row)))
}

/// A ranking computed from current data, with the faults that prevent freezing it.
pub struct ProvisionalRanking {
    /// The inputs of the computation.
    pub inputs: Inputs,
    /// The computed ranking.
    pub ranking: Ranking,
    /// Missing sessions, facts and tie decisions.
    pub faults: Vec<Fault>,
}

/// Computes the ranking of a period and checks whether it can be frozen.
pub fn provisional(conn: &mut Conn, period: &Period) -> Result<ProvisionalRanking, Error> {
    let sessions = store::council_sessions::closed_of_period(conn, &period.id)?;
    let has_quorum = sessions.iter().any(|session| session.could_decide(period.council_since()));
    let inputs = current(conn, period)?;
    let ranking = inputs.rank();
    let mut faults: Vec<Fault> = (!has_quorum).then(|| Fault::at("", Code::SessionWithoutQuorum)).into_iter().collect();
    faults.extend(undecided(&ranking));
    Ok(ProvisionalRanking { inputs, ranking, faults })
}

/// What prevents a ranking from being announced: missing facts and ties.
pub fn undecided(ranking: &Ranking) -> Vec<Fault> {
    let tied = ranking.unresolved_ties.iter().map(|tie| {
        let fault = Fault::at("", Code::UnresolvedTie)
            .with("unit_ids", json!(tie.unit_ids))
            .with("award_code", tie.award_code.as_str());
        match &tie.group_code {
            Some(group_code) => fault.with("group_code", group_code.as_str()),
            None => fault,
        }
    });
    facts_missing(ranking).into_iter().chain(tied).collect()
}

/// The units without facts that a ranking needs to grant its awards.
pub fn facts_missing(ranking: &Ranking) -> Vec<Fault> {
    ranking.facts_missing.iter().map(|unit_code| of_unit(Code::FactsMissing, unit_code)).collect()
}
