//! The calendar, deadlines, tasks and feeds.

pub mod calendar;
pub mod deadline;
pub mod feed;
