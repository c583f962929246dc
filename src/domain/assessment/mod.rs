//! Periods, targets, submissions, evidence, reviews and facts.

pub mod assignment;
pub mod carry_over;
pub mod evidence;
pub mod facts;
pub mod group;
pub mod period;
pub mod period_unit;
pub mod recusal;
pub mod review;
pub mod score_batch;
pub mod score_sheet;
pub mod steps;
pub mod submission;
pub mod target;
