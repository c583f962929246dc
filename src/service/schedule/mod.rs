//! The calendar, deadlines, tasks and feeds.

pub mod calendar;
pub mod deadline_checks;
pub mod deadlines;
pub mod feeds;
pub mod tasks;
