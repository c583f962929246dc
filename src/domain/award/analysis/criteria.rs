//! Every criterion over all units: what it separates, and how differently it was read.

use serde::Serialize;
use utoipa::ToSchema;

use super::movements::{self, Movement};
use super::{UnitSheets, median};
use crate::domain::Points;

/// A criterion of an analysis.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CriterionAnalysis {
    /// Code of the group whose units it compares; null where the period has no groups.
    pub group_code: Option<String>,
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    pub criterion_code: String,
    /// Maximum points; null for a criterion that shares the points of its section.
    pub max_points: Option<Points>,
    /// Fewest points of a unit in the latest stage; null if it applies to none.
    pub lowest: Option<Points>,
    /// Median of the units' points in the latest stage, half up to 0.01; null if it applies to none.
    pub median: Option<Points>,
    /// Most points of a unit in the latest stage; null if it applies to none.
    pub highest: Option<Points>,
    /// Whether units differ in it. A criterion in which all have the same points separates nobody.
    pub separates: bool,
    /// How appraisals moved the lines of self-assessments; null without a submitted appraisal.
    pub self_to_appraisal: Option<Movement>,
    /// How council reviews moved the lines of appraisals; null without a submitted council review.
    pub appraisal_to_council: Option<Movement>,
    /// How differently it was read: the median, half up to 0.01, of the absolute movements of its lines between stages,
    /// over all units and both steps, without the lines that did not move; 0 if none moved.
    pub tolerance: Points,
}

/// Analyses every criterion over the units of a group, which are scored by the same table.
pub(super) fn analyse(group_code: Option<&str>, all: &[UnitSheets]) -> Vec<CriterionAnalysis> {
    let Some(first) = all.first() else {
        return Vec::new();
    };
    let criteria = first.table.criteria.iter().enumerate();
    criteria
        .map(|(line, criterion)| {
            let (steps, departures) = movements::of_criterion(all, line);
            let points: Vec<Option<Points>> = all.iter().map(|sheets| sheets.result().points(line)).collect();
            let applying: Vec<Points> = points.iter().copied().flatten().collect();
            CriterionAnalysis {
                group_code: group_code.map(str::to_owned),
                criterion_code: criterion.code.clone(),
                max_points: criterion.max_points,
                lowest: applying.iter().min().copied(),
                highest: applying.iter().max().copied(),
                median: median(applying),
                separates: points.windows(2).any(|pair| matches!(pair, [one, other] if one != other)),
                self_to_appraisal: steps.self_to_appraisal,
                appraisal_to_council: steps.appraisal_to_council,
                tolerance: median(departures).unwrap_or_default(),
            }
        })
        .collect()
}
