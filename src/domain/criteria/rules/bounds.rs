//! What the points of a criterion lie between.

use crate::domain::Points;

/// What the points of a criterion lie between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The fewest points; `None` without a floor.
    pub min: Option<Points>,
    /// The most points that count for the criterion itself.
    pub max: Points,
    /// The points beyond the maximum that count as bonus.
    pub bonus: Points,
}

impl Bounds {
    /// The bounds of a criterion with this maximum and nothing below zero or beyond.
    pub const fn up_to(max: Points) -> Self {
        Bounds { min: Some(Points::ZERO), max, bonus: Points::ZERO }
    }

    /// Returns the most that a rule may pay: the maximum with the bonus beyond it.
    pub fn most(self) -> Points {
        self.max + self.bonus
    }

    /// Returns the fewest points that can be stored.
    pub fn least(self) -> Points {
        self.min.unwrap_or(Points::MIN)
    }

    /// Whether the criterion can only take points.
    pub fn only_takes(self) -> bool {
        self.most() == Points::ZERO
    }

    /// Holds points to the bounds.
    pub fn hold(self, points: Points) -> Points {
        points.min(self.most()).max(self.least())
    }

    /// Returns what points count for the criterion itself, and what counts as bonus.
    pub fn split(self, points: Points) -> (Points, Points) {
        let own = points.min(self.max);
        (own, points - own)
    }
}

impl From<Points> for Bounds {
    fn from(max: Points) -> Self {
        Bounds::up_to(max)
    }
}
