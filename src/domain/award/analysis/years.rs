//! The results of a unit in the announced periods before this one.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::award::ranking::RankingRow;
use crate::domain::criteria::scoring::Totals;
use crate::domain::{Id, Points};

/// The result of a unit in an earlier period.
#[derive(Debug, Clone)]
pub struct EarlierResult {
    /// Id of the period.
    pub period_id: Id,
    /// Code of the period.
    pub code: String,
    /// Year that the period covers.
    pub year: i32,
    /// Number of units of its group with a rank.
    pub ranked_units: u32,
    /// The row of the unit.
    pub row: RankingRow,
    /// Totals of its self-assessment.
    pub own: Option<Totals>,
}

/// The result of a unit in an earlier period that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AnalysisYear)]
pub struct Year {
    /// Id of the period.
    pub period_id: Id,
    /// Code of the period.
    pub period_code: String,
    /// Year that the period covers.
    pub year: i32,
    /// Rank of the unit; null without a result.
    pub rank: Option<i32>,
    /// Number of units with a rank that it was ranked with.
    pub ranked_units: u32,
    /// Total of the unit; null without a result.
    pub total: Option<Points>,
    /// Code of the award that it took; null if it took none.
    pub award_code: Option<String>,
    /// Total of its self-assessment; null without one.
    pub self_total: Option<Points>,
    /// How far the total of the self-assessment was above the result; null without both.
    pub self_minus_final: Option<Points>,
}

/// Returns the earlier results of a unit, in the order given.
pub(super) fn of(unit_id: &Id, earlier: &[EarlierResult]) -> Vec<Year> {
    let own = earlier.iter().filter(|result| result.row.unit_id == *unit_id);
    own.map(|result| {
        let self_total = result.own.map(|totals| totals.total);
        Year {
            period_id: result.period_id,
            period_code: result.code.clone(),
            year: result.year,
            rank: result.row.rank,
            ranked_units: result.ranked_units,
            total: result.row.total,
            award_code: result.row.award_code.clone(),
            self_total,
            self_minus_final: self_total.zip(result.row.total).map(|(own, total)| own - total),
        }
    })
    .collect()
}
