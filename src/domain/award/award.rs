//! The awards of a period.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Award {
    /// Code of the award, unique within the period.
    #[schema(example = "emulation_flag")]
    pub code: String,
    /// Title of the award.
    #[schema(example = "Cờ thi đua xuất sắc")]
    pub title: String,
    /// How many units may receive the award.
    #[schema(minimum = 1, maximum = 1000)]
    pub quota: i32,
}

/// What happens to an award when the unit next in rank is not eligible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenIneligible {
    /// The next eligible unit receives it.
    #[default]
    PassDown,
    /// Nobody receives it.
    LeaveVacant,
}
