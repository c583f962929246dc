//! Organisations, their units, members and accounts.

mod identity;
mod oidc;
mod providers;
mod rotation;
mod sign_in;
mod tokens;
mod units;
