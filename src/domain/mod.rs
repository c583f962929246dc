//! The rules of emulation scoring, as pure values and functions. Nothing here reads a clock, a file or a table.

pub mod access;
pub mod assessment;
pub mod award;
pub mod change;
pub mod criteria;
pub mod file;
pub mod id;
pub mod journal;
pub mod office;
pub mod page;
pub mod points;
pub mod quantity;
pub mod schedule;
pub mod text;
pub mod time;
pub mod wording;

pub use id::Id;
pub use points::Points;
pub use quantity::Quantity;
