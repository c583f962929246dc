//! What is kept of every change: audit entries, events and webhooks.

pub mod audit;
mod audit_proof;
mod events;
mod idempotency;
mod webhooks;
