//! Organisations, their units, members and accounts.

mod tokens;
