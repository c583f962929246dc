//! From the council’s session to the decided proposal.

mod amendments;
pub mod analysis;
mod award_proposals;
pub mod certificates;
mod corrections;
mod council_sessions;
mod documents;
mod dossiers;
mod exports;
mod groups;
mod minutes;
mod races;
pub mod recount;
mod session_corrections;
mod stand_ins;
mod ties;
mod votes;
mod withdrawals;
