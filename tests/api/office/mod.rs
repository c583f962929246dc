//! Organisations, their units, members and accounts.

mod identity;
mod sign_in;
mod tokens;
