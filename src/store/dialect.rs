//! Where the two databases need the same words said to each by itself.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;

use super::Conn;
use super::schema::{deadlines, periods, submissions};

/// Runs one expression on whichever connection it is: for statements that the enum cannot carry, and for those of
/// every request, which the enum would put into words each time anew.
macro_rules! on_each {
    ($conn:expr, $inner:ident => $run:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($inner) => $run,
            $crate::store::Conn::Postgres($inner) => $run,
        }
    };
}
pub(crate) use on_each;

/// A statement in its own words; it stays prepared under its text. Diesel prepares every update, upsert and
/// `sql_query` anew, because their texts may differ each time.
pub struct RawSql(pub Cow<'static, str>);

/// A statement with one more bind, of the SQL type `S`, and the words after it.
pub struct Bound<Q, S, T> {
    before: Q,
    value: T,
    after: Cow<'static, str>,
    of: PhantomData<S>,
}

/// What takes binds.
pub trait Bind: Sized {
    /// Goes on with a bind and the words after it.
    fn bind<S, T>(self, value: T, after: impl Into<Cow<'static, str>>) -> Bound<Self, S, T> {
        Bound { before: self, value, after: after.into(), of: PhantomData }
    }
}

impl Bind for RawSql {}
impl<Q, S, T> Bind for Bound<Q, S, T> {}

impl<DB: Backend> QueryFragment<DB> for RawSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(&self.0);
        Ok(())
    }
}

impl<DB, Q, S, T> QueryFragment<DB> for Bound<Q, S, T>
where
    DB: Backend + HasSqlType<S>,
    Q: QueryFragment<DB>,
    T: ToSql<S, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.before.walk_ast(out.reborrow())?;
        out.push_bind_param(&self.value)?;
        out.push_sql(&self.after);
        Ok(())
    }
}

impl QueryId for RawSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, S, T> QueryId for Bound<Q, S, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, S, T, C> RunQueryDsl<C> for Bound<Q, S, T> {}

/// The words around a bound JSON list that make rows of its items, with one column, `value`.
pub const fn json_rows(conn: &Conn) -> (&'static str, &'static str) {
    match conn {
        // The limit keeps each item from being taken out of the list once for each of its columns.
        Conn::Sqlite(_) => ("(SELECT value FROM json_each(", ") LIMIT -1)"),
        Conn::Postgres(_) => ("json_array_elements(", "::json)"),
    }
}

/// What is held until the transaction ends though it is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvisoryLock {
    /// Every calendar and zone: exclusive for a change of a day or a zone, shared for what is counted by them for good.
    Calendar,
    /// What is done at the start for rows that are older than the program.
    Adoption,
}

/// Takes a lock on something that is no row, until the transaction ends. `SQLite` has one writer, so there is nothing to do.
pub fn lock_advisory(conn: &mut Conn, lock: AdvisoryLock, exclusive: bool) -> QueryResult<()> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    // Any numbers, as long as nobody else uses them.
    let key = match lock {
        AdvisoryLock::Calendar => "7446420317",
        AdvisoryLock::Adoption => "7446420318",
    };
    let shared = if exclusive { "" } else { "_shared" };
    conn.batch_execute(&format!("SELECT pg_advisory_xact_lock{shared}({key})"))
}

/// Which row is locked, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowLock {
    /// A period, for what happens within it: others may share it, none may change it. A period is always locked before
    /// anything that belongs to it, so that no two transactions wait for each other.
    PeriodForShare,
    /// A period, for what moves it.
    PeriodForUpdate,
    /// A sheet, after its period.
    SubmissionForUpdate,
    /// A deadline, after the sheet that it is about.
    DeadlineForUpdate,
}

/// Locks a row until the transaction ends. `SQLite` has one writer, so there is nothing to do.
pub fn lock_row(conn: &mut Conn, lock: RowLock, id: &str) -> QueryResult<()> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    let period = || periods::table.find(id).select(periods::version);
    let held: QueryResult<i64> = match lock {
        RowLock::PeriodForShare => period().for_share().get_result(conn),
        RowLock::PeriodForUpdate => period().for_update().get_result(conn),
        RowLock::DeadlineForUpdate => {
            deadlines::table.find(id).select(deadlines::version).for_update().get_result(conn)
        }
        RowLock::SubmissionForUpdate => {
            submissions::table.find(id).select(submissions::version).for_update().get_result(conn)
        }
    };
    held.optional().map(|_| ())
}
