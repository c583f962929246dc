//! The API through a real server, on both databases.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "a test that cannot go on should stop there and say where, and reads like a request, not like a library"
)]

mod support;

mod access;
mod audit;
mod awards;
mod backends;
mod calendar;
mod command_line;
mod contract;
mod council;
mod criteria_sets;
mod deadlines;
mod events;
mod evidence;
mod feeds;
mod guideline_2023;
mod house;
mod periods;
mod races;
mod readme;
mod refusals;
mod reviews;
mod rules;
mod sandbox;
mod submissions;
mod targets;
mod tasks;
mod tokens;
mod transfer;
mod webhooks;
