//! Criteria sets.

pub mod criteria_sets;
