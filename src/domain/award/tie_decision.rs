//! The council's decisions on ties, and how long they stand.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::Id;
use crate::domain::award::council_session::{CouncilSession, SessionStatus};
use crate::domain::award::ranking::Contender;
use crate::domain::criteria::scoring::Totals;
use crate::domain::text::Check;
use crate::error::{Code, Fault};

/// The council's decision on the order of tied units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieDecision {
    /// Id of the decision.
    pub id: Id,
    /// The organisation that it belongs to.
    pub organization_id: Id,
    /// The period that it belongs to.
    pub period_id: Id,
    /// The tied units, in the order decided.
    pub unit_ids: Vec<Id>,
    /// The reason for the order.
    pub reason: String,
    /// The session at which the council decided.
    pub council_session_id: Id,
    /// The member who recorded the decision.
    pub decided_by: Id,
    /// The totals that it was taken on; `None` for decisions of versions that did not keep them.
    pub totals: Option<Vec<DecidedTotal>>,
    /// The day of the latest of these totals; `None` for decisions of versions that did not keep it.
    pub totals_on: Option<NaiveDate>,
    /// Version, which every change increments; 0 for a decision that is not saved yet.
    pub version: i64,
    /// When it was first recorded.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The total of a unit on which the council decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedTotal {
    /// Id of the unit.
    pub unit_id: Id,
    /// Its totals.
    pub totals: Totals,
}

impl DecidedTotal {
    /// Returns the present totals of some units, in the order of the units.
    pub fn of(contenders: &[Contender], unit_ids: &[Id]) -> Vec<Self> {
        let total = |unit_id: &Id| {
            let contender = contenders.iter().find(|contender| contender.unit_id == *unit_id)?;
            Some(DecidedTotal { unit_id: *unit_id, totals: contender.totals? })
        };
        unit_ids.iter().filter_map(total).collect()
    }
}

impl TieDecision {
    /// Whether it stands: the totals are still those that it was taken on, and its session could decide,
    /// on a day not before them. Whether its units
    /// are still tied is up to the ranking. An older decision without totals stands only in a ranking that is frozen.
    pub fn stands(
        &self,
        contenders: &[Contender],
        session: Option<&CouncilSession>,
        (since, frozen): (NaiveDate, bool),
    ) -> bool {
        match &self.totals {
            Some(totals) => {
                *totals == DecidedTotal::of(contenders, &self.unit_ids)
                    && session.is_some_and(|session| {
                        session.could_decide(since) && self.totals_on.is_none_or(|on| session.held_on >= on)
                    })
            }
            None => frozen,
        }
    }
}

/// Records why a session cannot decide on a tie: it must be closed, with a quorum, in the review of the same period, and
/// not of a day before `latest_total`, the day of the latest total of the tied units.
pub fn check_session(
    check: &mut Check,
    session: Option<&CouncilSession>,
    (period_id, since): (&Id, NaiveDate),
    latest_total: Option<NaiveDate>,
) {
    let pointer = "/council_session_id";
    let Some(session) = session.filter(|session| session.period_id == *period_id) else {
        return check.fault(pointer, Code::SessionNotOfPeriod);
    };
    if session.status != SessionStatus::Closed {
        return check.fault(pointer, Code::SessionNotClosed);
    }
    if !session.could_decide(since) {
        return check.fault(pointer, Code::SessionCannotDecide);
    }
    if let Some(latest) = latest_total.filter(|latest| session.held_on < *latest) {
        check.faults.push(Fault::at(pointer, Code::SessionBeforeTotals).with("earliest", latest.to_string()));
    }
}
