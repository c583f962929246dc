//! What is kept of every change: audit entries, events and webhooks.

pub mod event;
pub mod webhook;
