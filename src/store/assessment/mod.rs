//! Periods, targets, submissions, evidence, reviews, facts and uploaded files.

pub mod assignments;
pub mod council_means;
pub mod evidence;
pub mod facts;
pub mod files;
pub mod period_groups;
pub mod period_units;
pub mod periods;
pub mod recusals;
pub mod reviews;
pub mod score_batches;
pub mod scores;
pub mod submissions;
pub mod targets;
