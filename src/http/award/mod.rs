//! Operations on council sessions, the ranking and award proposals.

pub mod award_proposals;
pub mod council_sessions;
pub mod ranking;
