//! Operations on council sessions, the ranking, award proposals, documents and dossiers.

pub mod amendments;
pub mod analysis;
pub mod award_proposals;
pub mod certificates;
pub mod council_sessions;
pub mod documents;
pub mod dossiers;
pub mod exports;
pub mod minutes;
pub mod ranking;
