//! Operations on criteria sets, including their import and export.

pub mod criteria_import;
pub mod criteria_sets;
