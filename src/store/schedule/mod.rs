//! The calendar, deadlines and calendar feeds.

pub mod calendar;
pub mod deadlines;
pub mod feeds;
