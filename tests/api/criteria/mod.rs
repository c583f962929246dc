//! Criteria sets: their rules, their arithmetic, and the tables they are read from.

mod criteria_sets;
mod rules;
mod structures;
mod transfer;
