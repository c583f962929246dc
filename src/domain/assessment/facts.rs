//! The facts of a unit that decide on its eligibility, beyond its score.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// Xếp loại chi bộ: how the Party cell was rated.
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

/// What is known of a unit beyond its score: booleans and a rating, never files about people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFacts {
    /// Whether anybody of the unit was disciplined in the year.
    pub anybody_disciplined: bool,
    /// How its Party cell was rated.
    pub party_cell_rating: PartyCellRating,
    /// Whether it is under inspection or investigation.
    pub under_inspection: bool,
    /// The paper that says so.
    #[serde(default)]
    pub source_document: Option<String>,
}
