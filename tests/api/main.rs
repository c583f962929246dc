//! The API through a real server, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "a test that cannot go on should stop there and say where"
)]

mod support;

mod backends;
mod house;
mod readme;
mod sandbox;
