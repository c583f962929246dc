//! Organisations, units, members and service accounts.

pub mod member;
pub mod organization;
pub mod unit;
