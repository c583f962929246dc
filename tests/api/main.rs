//! The API through a real server, on both databases.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "a test that cannot go on should stop there and say where, and reads like a request, not like a library"
)]

mod support;

mod assessment;
mod award;
mod criteria;
mod journal;
mod office;
mod schedule;

mod access;
mod backends;
mod bad_year;
mod border;
mod command_line;
mod contract;
mod guideline_2023;
mod house;
mod isolation;
mod paging;
mod plans;
mod precedence;
mod races;
mod readme;
mod recusal;
mod refusals;
mod roles;
mod sandbox;
mod two_worlds;
