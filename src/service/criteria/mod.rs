//! Criteria sets: their rules, their arithmetic, and the tables they are read from.

pub mod criteria_import;
pub mod criteria_sets;
pub mod tables;
pub mod transfer;
