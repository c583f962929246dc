//! Operations on organisations, units, members, service accounts and tokens.

pub mod invitations;
pub mod me;
pub mod members;
pub mod memberships;
pub mod organizations;
pub mod service_accounts;
pub mod sessions;
pub mod sign_in;
pub mod tokens;
pub mod units;
pub mod vote_thresholds;
