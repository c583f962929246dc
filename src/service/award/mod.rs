//! Awards, from the council session to the decided proposal.

pub mod amendments;
pub mod analysis;
pub mod announcement;
pub mod award_proposals;
pub mod certificates;
pub mod council_sessions;
pub mod documents;
pub mod dossiers;
pub mod exports;
pub mod minutes;
pub mod ranking;
pub mod stand_ins;
