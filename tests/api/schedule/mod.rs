//! The calendar, deadlines, tasks and feeds.

mod calendar;
mod deadlines;
mod feeds;
mod tasks;
