//! Organisations, their units, members and accounts.

pub mod accounts;
pub mod members;
pub mod organizations;
pub mod units;
