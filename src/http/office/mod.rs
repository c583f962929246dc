//! Organisations, their units, members and accounts.

pub mod me;
pub mod members;
pub mod organizations;
pub mod service_accounts;
pub mod tokens;
pub mod units;
