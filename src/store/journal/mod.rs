//! What is kept of every change: audit entries, events and webhooks.

pub mod audit;
pub mod events;
pub mod idempotency;
pub mod journals;
pub mod webhooks;
