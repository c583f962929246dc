//! Facts about a unit, beyond its score, that decide on its eligibility for awards.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// Xếp loại chi bộ: the rating of the Party cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum PartyCellRating {
    /// Không hoàn thành nhiệm vụ.
    Unsatisfactory,
    /// Hoàn thành nhiệm vụ.
    Satisfactory,
    /// Hoàn thành tốt nhiệm vụ.
    Good,
    /// Hoàn thành xuất sắc nhiệm vụ.
    Outstanding,
}

/// Facts about a unit beyond its score.
// Yes-or-no statements and a rating; personal files are never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFacts {
    /// Whether anyone in the unit was disciplined in the year.
    pub anybody_disciplined: bool,
    /// Rating of the Party cell.
    pub party_cell_rating: PartyCellRating,
    /// Whether the unit is under inspection or investigation.
    pub under_inspection: bool,
    /// Document that the facts are taken from; at most 1,000 characters.
    #[serde(default)]
    pub source_document: Option<String>,
}
