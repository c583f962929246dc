//! Organisations, their units, members and accounts.

mod identity;
mod tokens;
