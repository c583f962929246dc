//! The awards of a period: how many there are, and what happens where a unit may not take one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An award and how many units take it, in order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Award {
    /// Its key.
    #[schema(example = "emulation_flag")]
    pub code: String,
    /// Its name.
    #[schema(example = "Cờ thi đua xuất sắc")]
    pub title: String,
    /// How many there are.
    #[schema(minimum = 1, maximum = 1000)]
    pub quota: i32,
}

/// What happens to an award whose turn comes at a unit that is not eligible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenIneligible {
    /// The next unit in rank takes it.
    #[default]
    PassDown,
    /// Nobody takes it.
    LeaveVacant,
}
