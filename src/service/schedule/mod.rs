//! The calendar, deadlines, tasks and feeds.

pub mod calendar;
pub mod deadlines;
pub mod feeds;
pub mod tasks;
pub mod ticks;
