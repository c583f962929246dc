//! The scoring year: periods, targets, submissions, evidence, reviews and facts.

pub mod assignments;
pub mod copies;
pub mod council_means;
pub mod evidence;
pub mod facts;
pub mod period_units;
pub mod periods;
pub mod recusals;
pub mod reviews;
pub mod score_batches;
pub mod score_imports;
pub mod step_back;
pub mod submissions;
pub mod targets;
