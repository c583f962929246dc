//! Where the two databases need the same words said to each by itself.

use diesel::QueryResult;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl, sql_query};

use super::Conn;

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

/// How a row is held until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Others may hold it the same way, none may change it.
    Shared,
    /// Nobody else may hold it.
    Alone,
}

/// A table whose rows are held by id.
#[derive(Debug, Clone, Copy)]
pub enum Root {
    /// `periods`: always held before anything that belongs to it, so that nobody waits in a circle.
    Periods,
    /// `submissions`.
    Submissions,
}

/// Holds a row. `SQLite` has one writer, so there is nothing to do.
pub fn hold(conn: &mut Conn, root: Root, id: &str, how: Hold) -> QueryResult<()> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    let statement = match (root, how) {
        (Root::Periods, Hold::Shared) => "SELECT 1 FROM periods WHERE id = $1 FOR SHARE",
        (Root::Periods, Hold::Alone) => "SELECT 1 FROM periods WHERE id = $1 FOR UPDATE",
        (Root::Submissions, Hold::Shared) => "SELECT 1 FROM submissions WHERE id = $1 FOR SHARE",
        (Root::Submissions, Hold::Alone) => "SELECT 1 FROM submissions WHERE id = $1 FOR UPDATE",
    };
    sql_query(statement).bind::<Text, _>(id).execute(conn).map(|_| ())
}
