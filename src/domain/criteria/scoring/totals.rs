//! The totals of a submission.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Points;

/// Totals of a stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Base points (điểm chuẩn).
    pub base: Points,
    /// Bonus points (điểm thưởng).
    pub bonus: Points,
    /// Points that were taken (điểm trừ), at most 0.
    // Totals frozen by earlier versions have none.
    #[serde(default)]
    pub penalty: Points,
    /// The sum of base, bonus and penalty points, or the fewest points of the table where these are more.
    pub total: Points,
}

impl Totals {
    /// Returns the totals of a table with at least `minimum_total` points.
    pub fn new(base: Points, bonus: Points, penalty: Points, minimum_total: Points) -> Self {
        Totals { base, bonus, penalty, total: (base + bonus + penalty).max(minimum_total) }
    }

    /// Returns the totals as they are stored: with the points by which the fewest of the table raise the sum.
    pub fn raised_by(base: Points, bonus: Points, penalty: Points, raised: Points) -> Self {
        Totals { base, bonus, penalty, total: base + bonus + penalty + raised }
    }

    /// Returns the points by which the fewest of the table raise the sum.
    pub fn raised(&self) -> Points {
        self.total - self.sum()
    }

    /// Returns the sum of base, bonus and penalty points.
    pub fn sum(&self) -> Points {
        self.base + self.bonus + self.penalty
    }
}
