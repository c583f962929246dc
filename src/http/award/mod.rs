//! Operations on council sessions, the ranking, award proposals and their documents.

pub mod award_proposals;
pub mod council_sessions;
pub mod documents;
pub mod ranking;
