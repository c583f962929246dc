//! Criteria sets, their rules, scoring, and spreadsheets.

pub mod criteria_set;
pub mod findings;
pub mod grid;
pub mod life;
pub mod rules;
pub mod scoring;
pub mod sheet_row;
pub mod spreadsheet;
