//! When subscribers are reminded of a deadline.

/// The reminders: how many days before the due date, from far to near. The first is where `due_soon` begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminders(Vec<i32>);

impl Default for Reminders {
    /// 7, 3 and 1 days.
    fn default() -> Self {
        Reminders(vec![7, 3, 1])
    }
}

impl Reminders {
    /// From days in any order: 1 to 10 of them, each from 0 to 365.
    pub fn of(mut days: Vec<i32>) -> Option<Self> {
        days.sort_unstable_by(|a, b| b.cmp(a));
        days.dedup();
        let fits = (1..=10).contains(&days.len()) && days.iter().all(|days| (0..=365).contains(days));
        fits.then_some(Reminders(days))
    }

    /// The days before the due date, from far to near.
    pub fn days(&self) -> impl Iterator<Item = i32> {
        self.0.iter().copied()
    }

    /// How many days before the due date the first is.
    pub fn first(&self) -> i32 {
        self.0.first().copied().unwrap_or_default()
    }

    /// The nearest that has been reached with so many days left.
    pub fn reached(&self, days_left: i64) -> Option<i32> {
        self.0.iter().rev().copied().find(|days| days_left <= i64::from(*days))
    }
}

/// What is told once the due date has passed.
pub const OVERDUE: i32 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_are_few_and_within_a_year() {
        assert_eq!(Reminders::of(vec![1, 7, 3, 7]), Some(Reminders::default()));
        for bad in [vec![], vec![-1], vec![366], (0..11).collect()] {
            assert_eq!(Reminders::of(bad), None);
        }
    }
}
