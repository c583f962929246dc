//! Criteria sets, their import and export, and the cache of scoring tables.

pub mod criteria_import;
pub mod criteria_sets;
pub mod tables;
pub mod transfer;
