//! The year’s scoring: periods, targets, sheets, evidence, reviews and facts.

pub mod evidence;
pub mod facts;
pub mod files;
pub mod periods;
pub mod reviews;
pub mod scores;
pub mod submissions;
pub mod targets;
