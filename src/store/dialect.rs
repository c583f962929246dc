//! The places where the two databases differ, or where diesel's connection enum cannot be used.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;

use super::Conn;
use super::schema::{deadlines, members, organizations, periods, submissions};

/// Evaluates an expression on the concrete connection. For statements that the connection enum does not support, and
/// for those on the path of every request, whose SQL the enum would rebuild each time.
macro_rules! dispatch {
    ($conn:expr, $inner:ident => $run:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($inner) => $run,
            $crate::store::Conn::Postgres($inner) => $run,
        }
    };
}
pub(crate) use dispatch;

/// A statement written in SQL. Its prepared statement is cached by its text, unlike those of diesel's updates, upserts
/// and `sql_query`.
pub struct RawSql(pub Cow<'static, str>);

/// A statement with one more bind, of the SQL type `S`, and the SQL that follows it.
pub struct Bound<Q, S, T> {
    before: Q,
    value: T,
    after: Cow<'static, str>,
    of: PhantomData<S>,
}

/// A statement that can be extended by a bind.
pub trait Bind: Sized {
    /// Appends a bind and the SQL that follows it.
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

/// Returns the SQL before and after a bound JSON array that turns its items into rows with one column, `value`.
pub const fn json_rows(conn: &Conn) -> (&'static str, &'static str) {
    match conn {
        // The limit keeps SQLite from flattening the subquery, which would extract each item once per column.
        Conn::Sqlite(_) => ("(SELECT value FROM json_each(", ") LIMIT -1)"),
        Conn::Postgres(_) => ("json_array_elements(", "::json)"),
    }
}

/// A lock on something other than a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvisoryLock {
    /// All calendars and time zones: exclusive to change a day or a zone, shared to compute dates that are stored.
    Calendar,
    /// The work at start-up for rows that an earlier version wrote.
    Adoption,
}

/// Takes an advisory lock until the transaction ends. Does nothing on `SQLite`, which has one writer.
pub fn lock_advisory(conn: &mut Conn, lock: AdvisoryLock, exclusive: bool) -> QueryResult<()> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    // Arbitrary numbers that nothing else in the database uses.
    let key = match lock {
        AdvisoryLock::Calendar => "7446420317",
        AdvisoryLock::Adoption => "7446420318",
    };
    let shared = if exclusive { "" } else { "_shared" };
    conn.batch_execute(&format!("SELECT pg_advisory_xact_lock{shared}({key})"))
}

/// The kind of row to lock, and the lock's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowLock {
    /// A member, for changes to it and to what opens it: invitations, passwords, sessions. Rows that refer to it can be added.
    MemberForChange,
    /// An organisation's units, which its row stands for: others may share the lock, nobody may change a unit. Locked after
    /// the period and the calendar.
    UnitsForShare,
    /// An organisation's units, for changes to them.
    UnitsForUpdate,
    /// A period, for changes to what belongs to it: others may share the lock, nobody may change the period. A period
    /// is always locked before anything that belongs to it, which rules out deadlocks.
    PeriodForShare,
    /// A period, for changes to the period itself.
    PeriodForUpdate,
    /// A submission, after its period.
    SubmissionForUpdate,
    /// A deadline, after the submission that it belongs to.
    DeadlineForUpdate,
}

/// Locks a row until the transaction ends. Does nothing on `SQLite`, which has one writer.
pub fn lock_row(conn: &mut Conn, lock: RowLock, id: &str) -> QueryResult<()> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    let period = || periods::table.find(id).select(periods::version);
    let organization = || organizations::table.find(id).select(organizations::version);
    let locked: QueryResult<i64> = match lock {
        RowLock::MemberForChange => {
            members::table.find(id).select(members::version).for_no_key_update().get_result(conn)
        }
        RowLock::UnitsForShare => organization().for_share().get_result(conn),
        RowLock::UnitsForUpdate => organization().for_no_key_update().get_result(conn),
        RowLock::PeriodForShare => period().for_share().get_result(conn),
        RowLock::PeriodForUpdate => period().for_update().get_result(conn),
        RowLock::DeadlineForUpdate => {
            deadlines::table.find(id).select(deadlines::version).for_update().get_result(conn)
        }
        RowLock::SubmissionForUpdate => {
            submissions::table.find(id).select(submissions::version).for_update().get_result(conn)
        }
    };
    locked.optional().map(|_| ())
}
