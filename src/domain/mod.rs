//! The rules of emulation scoring: pure values and functions. Nothing here reads a clock, a file or a table.

pub mod access;
pub mod action;
pub mod award;
pub mod calendar;
pub mod council;
pub mod criteria;
pub mod deadline;
pub mod event;
pub mod evidence;
pub mod feed;
pub mod file;
pub mod guard;
pub mod id;
pub mod member;
pub mod organization;
pub mod period;
pub mod points;
pub mod quantity;
pub mod ranking;
pub mod review;
pub mod rule;
pub mod schedule;
pub mod scoring;
pub mod spreadsheet;
pub mod submission;
pub mod target;
pub mod text;
pub mod unit;
pub mod webhook;

pub use id::Id;
pub use points::Points;
pub use quantity::Quantity;
