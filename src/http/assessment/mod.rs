//! Operations on periods, targets, submissions, evidence, reviews and facts.

pub mod assignments;
pub mod copies;
pub mod evidence;
pub mod facts;
mod period_changes;
pub mod period_units;
pub mod periods;
pub mod recusals;
pub mod reviews;
pub mod score_batches;
pub mod score_imports;
pub mod submissions;
pub mod targets;
