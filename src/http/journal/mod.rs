//! Operations on audit entries, events and webhooks.

pub mod audit;
pub mod events;
pub mod webhooks;
