//! Criteria sets: their rules, their arithmetic, and the tables they are read from.

pub mod criteria_set;
pub mod life;
pub mod rules;
pub mod scoring;
pub mod spreadsheet;
