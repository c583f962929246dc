//! How far a line can still be changed, and what such a change makes of the total.

use super::{ScoringTable, Sheet};
use crate::domain::Points;

impl ScoringTable {
    /// Returns the most points that a scored line can have while the others stay as they are; `None` for a line that is not
    /// scored or does not apply. Criteria that share points can have what the other sharers leave.
    pub fn highest(&self, sheet: &Sheet, line: usize) -> Option<Points> {
        let points = sheet.points(line)?;
        let ceiling = self.criteria.get(line)?.bounds.most();
        let share = self.shares.iter().find(|share| share.lines.contains(&line));
        let taken = |lines: &[usize]| -> Points { lines.iter().filter_map(|line| sheet.points(*line)).sum() };
        let highest = share.map_or(ceiling, |share| share.ceiling - taken(&share.lines) + points);
        Some(highest.max(points))
    }

    /// Returns the fewest points that a scored line can have; `None` for a line that is not scored or does not apply.
    pub fn lowest(&self, sheet: &Sheet, line: usize) -> Option<Points> {
        Some(sheet.points(line)?.min(self.criteria.get(line)?.bounds.least()))
    }

    /// Returns the total of a sheet; zero if no line is scored.
    pub fn total(&self, sheet: &Sheet) -> Points {
        self.tally(sheet).totals.unwrap_or_default().total
    }
}

impl Sheet {
    /// Sets the points of a scored line, whatever answer would give them.
    pub fn set_points(&mut self, line: usize, points: Points) {
        if let Some((_, earned)) = self.0.get_mut(line).and_then(|line| line.scored.as_mut()) {
            *earned = points;
        }
    }

    /// Clears a line, as if nobody had been scored on its criterion.
    pub fn clear(&mut self, line: usize) {
        if let Some(line) = self.0.get_mut(line) {
            line.scored = None;
        }
    }
}
