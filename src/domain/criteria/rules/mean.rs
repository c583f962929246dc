//! The explanation of a line that several reviewers scored, each alone.

use super::Bounds;
use super::answer::MeanAnswer;
use super::explanation::{Account, Explanation};
use crate::domain::Points;

impl MeanAnswer {
    /// Explains how the points of the reviewers became one figure.
    pub fn explain(&self, bounds: Bounds) -> Explanation {
        let mut account = Account::default();
        account.count("scored", u32::try_from(self.scored.len()).unwrap_or(u32::MAX));
        account.count("left_out", self.left_out);
        if let Some(mean) = Points::mean(&self.scored).filter(|_| self.applies) {
            let figures: Vec<String> = self.scored.iter().map(ToString::to_string).collect();
            account.step(format!("({}) / {} = {mean}", figures.join(" + "), self.scored.len()));
        }
        account.close("mean", bounds)
    }
}
