//! From the council’s session to the decided proposal.

pub mod award_proposal;
pub mod council_session;
pub mod ranking;
