//! Organisations, their units, members and accounts.

pub mod member;
pub mod organization;
pub mod unit;
