//! Operations on the calendar, deadlines, tasks and calendar feeds.

pub mod calendar;
pub mod deadline_checks;
pub mod deadlines;
pub mod feeds;
pub mod tasks;
