//! Pages that are merged from ranges of indexes.
//!
//! No single index serves a filter such as "of my own unit, or of any unit once submitted", so that a database reads one
//! of them from end to end. Reading a page of each range and merging them takes as long whatever the size of the table.

use diesel::expression::{AppearsOnTable, Expression, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

use super::connection::MultiBackend;

type Sql = Box<dyn QueryFragment<MultiBackend> + Send>;

/// Conditions that all have to hold; without any, it holds for every row.
#[derive(Default, ValidGrouping)]
pub struct Condition(Vec<Sql>);

impl Condition {
    /// A condition that holds for the rows for which `expression` is true.
    pub fn new<E: QueryFragment<MultiBackend> + Send + 'static>(expression: E) -> Self {
        Condition(vec![Box::new(expression)])
    }

    /// Adds a condition.
    pub fn and<E: QueryFragment<MultiBackend> + Send + 'static>(mut self, expression: E) -> Self {
        self.0.push(Box::new(expression));
        self
    }
}

impl QueryFragment<MultiBackend> for Condition {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.0.is_empty() {
            out.push_sql("1 = 1");
        }
        for (at, part) in self.0.iter().enumerate() {
            out.push_sql(if at > 0 { " AND (" } else { "(" });
            part.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl Expression for Condition {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for Condition {}

impl QueryId for Condition {
    type QueryId = ();
    // Its parts are known only when it is made.
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// The rows of which a page is made.
pub enum Ranges {
    /// All rows, of which hardly any is skipped.
    Whole,
    /// The rows for which at least one of these conditions holds, each of which is a range of an index in the order of the
    /// page.
    Of(Vec<Condition>),
}

/// Returns the condition that a row is on the page: that `all` holds, read range by range. `column` is the key of the
/// table, and `page_of` selects the keys of the page of the rows for which a condition holds.
pub fn within<C, Q>(
    ranges: Ranges,
    all: impl Fn() -> Condition,
    column: C,
    page_of: impl Fn(Condition) -> Q,
) -> Condition
where
    C: QueryFragment<MultiBackend> + Send + 'static,
    Q: QueryFragment<MultiBackend> + Send + 'static,
{
    match ranges {
        Ranges::Whole => all(),
        Ranges::Of(mut ranges) if ranges.len() == 1 => ranges.drain(..).fold(all(), Condition::and),
        Ranges::Of(ranges) => {
            let pages = ranges.into_iter().map(|range| -> Sql { Box::new(page_of(all().and(range))) });
            Condition::new(Among { column: Box::new(column), pages: pages.collect() })
        }
    }
}

/// The condition that a key is on one of several pages.
struct Among {
    column: Sql,
    pages: Vec<Sql>,
}

impl QueryFragment<MultiBackend> for Among {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.pages.is_empty() {
            out.push_sql("1 = 0");
            return Ok(());
        }
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for (at, page) in self.pages.iter().enumerate() {
            // A limit belongs to the whole of a compound query, so that each page is a query of its own.
            out.push_sql(if at > 0 { " UNION ALL SELECT * FROM (" } else { "SELECT * FROM (" });
            page.walk_ast(out.reborrow())?;
            out.push_sql(&format!(") AS page_{at}"));
        }
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};

    use crate::domain::Id;
    use crate::store::{Conn, migrations};

    /// A database in memory that takes rows without what they refer to.
    pub fn database() -> Conn {
        let mut conn = Conn::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        migrations::run(&mut conn).unwrap();
        conn.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
        conn
    }

    /// An id of a kind of record.
    pub fn number(kind: u16, number: u64) -> Id {
        Id::parse(&format!("018b88d6-5f80-7000-{kind:04x}-{number:012x}")).unwrap()
    }
}
