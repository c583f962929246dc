//! The journal of changes: audit entries, events and webhooks.

pub mod audit;
pub mod events;
pub mod recording;
pub mod webhooks;
