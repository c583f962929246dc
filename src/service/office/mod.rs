//! Organisations, their units, members and accounts.

pub mod accounts;
pub mod first_accounts;
pub mod invitations;
pub mod members;
pub mod memberships;
pub mod organizations;
pub mod passwords;
pub mod scopes;
pub mod sessions;
pub mod sign_in;
pub mod signing_keys;
pub mod units;
pub mod vote_thresholds;
