//! The year’s scoring: periods, targets, sheets, evidence and reviews.

mod evidence;
mod periods;
mod reviews;
mod submissions;
mod targets;
