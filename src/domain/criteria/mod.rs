//! Criteria sets: their rules, their arithmetic, and the tables they are read from.

pub mod criteria_set;
pub mod grid;
pub mod life;
pub mod rules;
pub mod scoring;
pub mod sheet_row;
pub mod spreadsheet;
