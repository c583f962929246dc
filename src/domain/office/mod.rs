//! Organisations, units, members and service accounts.

pub mod invitation;
pub mod member;
pub mod organization;
pub mod provider;
pub mod session;
pub mod unit;
