//! The year’s scoring: periods, targets, sheets, evidence and reviews.

mod assignments;
mod copies;
mod evidence;
mod groups;
mod period_units;
mod periods;
mod recusals;
mod reviews;
mod score_batches;
pub mod score_imports;
mod scored_alone;
mod scores;
mod submissions;
mod targets;
mod walk;
mod ways_out;
