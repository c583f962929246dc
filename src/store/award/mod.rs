//! Council sessions, rankings and award proposals.

pub mod amendments;
pub mod analysis;
pub mod award_proposals;
pub mod council_sessions;
pub mod rankings;
