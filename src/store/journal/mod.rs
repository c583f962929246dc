//! The records of changes: audit entries, events, webhooks and idempotency keys.

pub mod audit;
pub mod events;
pub mod idempotency;
pub mod journals;
pub mod webhooks;
