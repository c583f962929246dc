//! The working calendar, deadlines and calendar feeds.

pub mod calendar;
pub mod deadline;
pub mod extension;
pub mod feed;
pub mod reminders;
