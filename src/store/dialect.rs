//! Where the two databases need the same words said to each by itself.

use diesel::prelude::*;

use super::Conn;
use super::schema::{periods, submissions};

/// Runs one expression on whichever connection it is: for statements that the enum cannot carry.
macro_rules! on_each {
    ($conn:expr, $inner:ident => $run:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($inner) => $run,
            $crate::store::Conn::Postgres($inner) => $run,
        }
    };
}
pub(crate) use on_each;

/// Which row is held until the transaction ends, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// A period, for what happens within it: others may hold it the same way, none may change it. A period is
    /// always held before anything that belongs to it, so that nobody waits in a circle.
    PeriodShared,
    /// A period, for what moves it: nobody else may hold it.
    PeriodAlone,
    /// A sheet: nobody else may hold it.
    SheetAlone,
}

/// Holds a row. `SQLite` has one writer, so there is nothing to do.
pub fn hold(conn: &mut Conn, how: Hold, id: &str) -> QueryResult<()> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    let period = || periods::table.find(id).select(periods::version);
    let held: QueryResult<i64> = match how {
        Hold::PeriodShared => period().for_share().get_result(conn),
        Hold::PeriodAlone => period().for_update().get_result(conn),
        Hold::SheetAlone => submissions::table.find(id).select(submissions::version).for_update().get_result(conn),
    };
    held.optional().map(|_| ())
}
