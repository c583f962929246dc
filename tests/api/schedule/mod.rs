//! The calendar, deadlines, tasks and feeds.

mod calendar;
mod corrections;
mod deadline_checks;
mod deadlines;
mod extensions;
mod feeds;
mod tasks;
