//! Where a unit lost its points, against what was possible and against the units that it was ranked with.

use serde::Serialize;
use utoipa::ToSchema;

use super::median;
use crate::domain::Points;
use crate::domain::award::ranking::RankingRow;
use crate::domain::criteria::scoring::{ScoringTable, Tally};

/// A figure of a unit beside those of the ranked units of its group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ComparedFigure)]
pub struct Compared {
    /// Points of the unit.
    pub points: Points,
    /// Most points of a ranked unit of the group.
    pub best: Points,
    /// Median of the ranked units of the group, half up to 0.01.
    pub median: Points,
}

/// Totals of a unit beside those of the ranked units of its group, as the ranking shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComparedTotals {
    /// Base points (điểm chuẩn).
    pub base: Compared,
    /// Bonus points (điểm thưởng).
    pub bonus: Compared,
    /// Points that were taken (điểm trừ).
    pub penalty: Compared,
    /// Sum of base, bonus and penalty points.
    pub total: Compared,
}

/// A part, section or criterion in which a unit has fewer points than possible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Loss {
    /// Code of the part, section or criterion.
    #[schema(example = "A.II")]
    pub code: String,
    /// Points of the unit; after caps on deductions and rescaling.
    pub points: Points,
    /// Maximum points.
    pub max_points: Points,
    /// What is missing to the maximum.
    pub lost: Points,
    /// Most points of a ranked unit of the group; null unless the caller sees all scores.
    pub best: Option<Points>,
    /// Median of the ranked units of the group, half up to 0.01; null unless the caller sees all scores.
    pub median: Option<Points>,
}

/// Compares the totals of a unit with those of the ranked units.
pub(super) fn compare(row: &RankingRow, ranked: &[&RankingRow]) -> ComparedTotals {
    let of = |figure: fn(&RankingRow) -> Option<Points>| {
        let all: Vec<Points> = ranked.iter().filter_map(|row| figure(row)).collect();
        Compared {
            points: figure(row).unwrap_or_default(),
            best: all.iter().max().copied().unwrap_or_default(),
            median: median(all).unwrap_or_default(),
        }
    };
    ComparedTotals {
        base: of(|row| row.base),
        bonus: of(|row| row.bonus),
        penalty: of(|row| Some(row.penalty)),
        total: of(|row| row.total),
    }
}

/// Returns where a unit lost points. Criteria that share the points of their section have no maximum of their own: what
/// they lost shows in the section. `group` has the sums of all ranked units.
pub(super) fn of(table: &ScoringTable, result: &Tally, group: Option<&[Tally]>) -> Vec<Loss> {
    let nodes = table.nodes.iter().zip(&result.nodes).enumerate();
    nodes
        .filter_map(|(at, (node, sum))| {
            let (points, max_points) = (sum.points?, node.max_points?);
            let lost = max_points - points;
            if lost <= Points::ZERO {
                return None;
            }
            let of_group =
                |all: &[Tally]| -> Vec<Points> { all.iter().filter_map(|tally| tally.nodes.get(at)?.points).collect() };
            Some(Loss {
                code: node.code.clone(),
                points,
                max_points,
                lost,
                best: group.and_then(|all| of_group(all).into_iter().max()),
                median: group.and_then(|all| median(of_group(all))),
            })
        })
        .collect()
}
