//! Organisations, their units, members and accounts.

pub mod accounts;
pub mod invitations;
pub mod members;
pub mod organizations;
pub mod passwords;
pub mod sessions;
pub mod sign_in_failures;
pub mod signing_keys;
pub mod units;
