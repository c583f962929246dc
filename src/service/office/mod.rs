//! Organisations, their units, members and accounts.

pub mod accounts;
pub mod members;
pub mod memberships;
pub mod organizations;
pub mod scopes;
pub mod units;
