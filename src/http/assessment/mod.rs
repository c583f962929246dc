//! The year’s scoring: periods, targets, sheets, evidence, reviews and facts.

pub mod evidence;
pub mod facts;
pub mod periods;
pub mod reviews;
pub mod submissions;
pub mod targets;
