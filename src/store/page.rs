//! Keyset pagination in SQL.

use std::sync::Arc;

use diesel::expression::expression_types::NotSelectable;
use diesel::expression::{AppearsOnTable, AsExpression, Expression, TypedExpressionType, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_dsl::methods::{FilterDsl, LimitDsl, OrderDsl};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, SqlType, is_nullable};

use super::connection::MultiBackend;
pub use crate::domain::page::{ById, Direction, Order, Page, SortKey};

/// Orders a boxed query and limits it to a page plus one row, which shows that another page follows. `key` gives the column
/// of each key of the order.
pub fn paged<Q, K: SortKey>(query: Q, page: &Page<K>, key: impl Fn(K, Place<K::Position>) -> Key) -> Q
where
    Q: FilterDsl<After, Output = Q> + OrderDsl<InOrder, Output = Q> + LimitDsl<Output = Q>,
{
    let after = page.after.as_ref();
    let keys: Vec<Key> =
        page.order.keys().iter().map(|(name, direction)| key(*name, Place { direction: *direction, after })).collect();
    let keys: Arc<[Key]> = keys.into();
    let ordered = query.order(InOrder(Arc::clone(&keys))).limit(page.limit + 1);
    if after.is_some() { ordered.filter(After(keys)) } else { ordered }
}

/// The direction of a key, and the position after which the page begins.
pub struct Place<'a, P> {
    direction: Direction,
    after: Option<&'a P>,
}

impl<P> Place<'_, P> {
    /// Returns the key of a column, with its value in the position. The column is never null: no comparison with null holds.
    pub fn by<C, V>(self, column: C, value: impl FnOnce(&P) -> V) -> Key
    where
        C: Expression + QueryFragment<MultiBackend> + Send + Sync + 'static,
        C::SqlType: SqlType<IsNull = is_nullable::NotNull> + TypedExpressionType,
        V: AsExpression<C::SqlType>,
        V::Expression: QueryFragment<MultiBackend> + Send + Sync + 'static,
    {
        let after: Option<Sql> = self.after.map(|after| -> Sql { Box::new(value(after).as_expression()) });
        Key { column: Box::new(column), direction: self.direction, after }
    }
}

type Sql = Box<dyn QueryFragment<MultiBackend> + Send + Sync>;

/// A key of an order.
pub struct Key {
    column: Sql,
    direction: Direction,
    after: Option<Sql>,
}

impl Key {
    /// Writes `column > ?` or, in the other direction, `column < ?`, each followed by `suffix` before the bind.
    fn compare<'b>(&'b self, suffix: &str, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(match self.direction {
            Direction::Ascending => " >",
            Direction::Descending => " <",
        });
        out.push_sql(suffix);
        self.after.walk_ast(out.reborrow())
    }
}

/// The condition that a row comes after a position: `a > ?` for one key, and `a >= ? AND (a > ? OR …)` for more, where `…`
/// is the same for the keys that follow. Unlike `a > ? OR a = ? AND …`, it bounds the part of an index that is read.
#[derive(ValidGrouping)]
pub struct After(Arc<[Key]>);

impl QueryFragment<MultiBackend> for After {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let Some((last, others)) = self.0.split_last() else {
            return Ok(());
        };
        for key in others {
            out.push_sql("(");
            key.compare("= ", &mut out)?;
            out.push_sql(" AND (");
            key.compare(" ", &mut out)?;
            out.push_sql(" OR ");
        }
        last.compare(" ", &mut out)?;
        out.push_sql(&"))".repeat(others.len()));
        Ok(())
    }
}

impl Expression for After {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for After {}

/// The order of the keys, for `ORDER BY`.
pub struct InOrder(Arc<[Key]>);

impl QueryFragment<MultiBackend> for InOrder {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for (at, key) in self.0.iter().enumerate() {
            if at > 0 {
                out.push_sql(", ");
            }
            key.column.walk_ast(out.reborrow())?;
            out.push_sql(match key.direction {
                Direction::Ascending => " ASC",
                Direction::Descending => " DESC",
            });
        }
        Ok(())
    }
}

impl Expression for InOrder {
    type SqlType = NotSelectable;
}

impl<T> AppearsOnTable<T> for InOrder {}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use chrono::{Days, NaiveDate};
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use proptest::prelude::*;
    use strum::{IntoStaticStr, VariantArray};

    use super::*;
    use crate::store::Conn;

    diesel::table! {
        rows (id) {
            id -> BigInt,
            number -> BigInt,
            word -> Text,
            day -> Date,
        }
    }

    type Row = (i64, i64, String, NaiveDate);

    #[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
    enum Column {
        Id,
        Number,
        Word,
        Day,
    }

    impl SortKey for Column {
        type Position = Row;
        const UNIQUE: Self = Column::Id;
    }

    fn key(column: Column, place: Place<'_, Row>) -> Key {
        match column {
            Column::Id => place.by(rows::id, |row| row.0),
            Column::Number => place.by(rows::number, |row| row.1),
            Column::Word => place.by(rows::word, |row| row.2.clone()),
            Column::Day => place.by(rows::day, |row| row.3),
        }
    }

    fn compare(a: &Row, b: &Row, order: &Order<Column>) -> Ordering {
        let by_key = order.keys().iter().map(|(column, direction)| {
            let ascending = match column {
                Column::Id => a.0.cmp(&b.0),
                Column::Number => a.1.cmp(&b.1),
                Column::Word => a.2.cmp(&b.2),
                Column::Day => a.3.cmp(&b.3),
            };
            if *direction == Direction::Ascending { ascending } else { ascending.reverse() }
        });
        by_key.fold(Ordering::Equal, Ordering::then)
    }

    /// Reads the whole table page by page.
    fn walk(conn: &mut Conn, order: &Order<Column>, limit: i64) -> Vec<Row> {
        let (mut walked, mut page) = (Vec::new(), Page::first(order.clone(), limit));
        loop {
            let mut read: Vec<Row> = paged(rows::table.into_boxed(), &page, key).load(conn).unwrap();
            let limit = usize::try_from(limit).unwrap();
            let more = read.len() > limit;
            read.truncate(limit);
            page.after = read.last().cloned();
            walked.extend(read);
            assert!(walked.len() < 100, "the pages do not end");
            if !more {
                return walked;
            }
        }
    }

    fn any_order() -> impl Strategy<Value = Order<Column>> {
        let columns = prop::sample::subsequence(Column::VARIANTS, 0..=4).prop_shuffle();
        let directions = prop::array::uniform4(prop::sample::select(vec![Direction::Ascending, Direction::Descending]));
        (columns, directions).prop_map(|(columns, directions)| Order::by(columns.into_iter().zip(directions)))
    }

    fn any_rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (0..3_i64, "[aB]{0,2}", 0..3_u64);
        let numbered = |rows: Vec<(i64, String, u64)>| {
            let first = NaiveDate::from_ymd_opt(2023, 11, 10).unwrap();
            let row = |(id, (number, word, days))| (id, number, word, first + Days::new(days));
            (0..).zip(rows).map(row).collect()
        };
        prop::collection::vec(row, 0..12).prop_map(numbered)
    }

    proptest! {
        #[test]
        fn pages_follow_one_another_as_the_sorted_rows_do(
            mut all in any_rows(), order in any_order(), limit in 1..4_i64,
        ) {
            let mut conn = Conn::Sqlite(SqliteConnection::establish(":memory:").unwrap());
            conn.batch_execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, number INTEGER, word TEXT, day TEXT)").unwrap();
            for (id, number, word, day) in &all {
                let row = (rows::id.eq(id), rows::number.eq(number), rows::word.eq(word), rows::day.eq(day));
                diesel::insert_into(rows::table).values(row).execute(&mut conn).unwrap();
            }
            all.sort_by(|a, b| compare(a, b, &order));
            prop_assert_eq!(walk(&mut conn, &order, limit), all);
        }
    }
}
