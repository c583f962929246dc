//! The facts of a unit that decide on its eligibility, beyond its score.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Xếp loại chi bộ: how the Party cell was rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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

impl PartyCellRating {
    /// The rating as it is written in a fact.
    pub const fn name(self) -> &'static str {
        match self {
            PartyCellRating::Unsatisfactory => "unsatisfactory",
            PartyCellRating::Satisfactory => "satisfactory",
            PartyCellRating::Good => "good",
            PartyCellRating::Outstanding => "outstanding",
        }
    }
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
