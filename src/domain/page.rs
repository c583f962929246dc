//! One page of a list, by key: no row is skipped or shown twice because of what is added meanwhile.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use strum::{IntoStaticStr, VariantArray};

use super::Id;

/// What a list can be sorted by. A key's name in a query is its text.
pub trait SortKey: Copy + Eq + VariantArray + Into<&'static str> {
    /// Where a row stands in the list: its value for each key.
    type Position: Serialize + DeserializeOwned;

    /// The key that makes every order total, and the order where none is asked for. No two rows have the same value.
    const UNIQUE: Self;

    /// Returns whether no two rows of a list have the same value.
    fn is_unique(self) -> bool {
        self == Self::UNIQUE
    }
}

/// The key of lists that are sorted by id only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ById {
    /// In order of creation.
    Id,
}

impl SortKey for ById {
    type Position = Id;
    const UNIQUE: Self = ById::Id;
}

/// The direction of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// First to last.
    Ascending,
    /// Last to first; `-` in a query.
    Descending,
}

/// A total order of a list's rows: a chain of keys, each of which orders the rows that the keys before it leave equal. The
/// last key, and no other, is unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order<K>(Vec<(K, Direction)>);

impl<K: SortKey> Order<K> {
    /// Returns the order by these keys. Keys after a unique one are dropped because nothing is left to order. Where none is
    /// unique, [`SortKey::UNIQUE`] follows in the direction of the last, so that `-` before every key reverses the list.
    pub fn by(keys: impl IntoIterator<Item = (K, Direction)>) -> Self {
        let mut chain = Vec::new();
        for (key, direction) in keys {
            chain.push((key, direction));
            if key.is_unique() {
                return Order(chain);
            }
        }
        let direction = chain.last().map_or(Direction::Ascending, |(_, direction)| *direction);
        chain.push((K::UNIQUE, direction));
        Order(chain)
    }

    /// The keys with their directions, the deciding one first.
    pub fn keys(&self) -> &[(K, Direction)] {
        &self.0
    }
}

impl<K: SortKey> Default for Order<K> {
    fn default() -> Self {
        Order::by([])
    }
}

impl<K: SortKey> fmt::Display for Order<K> {
    /// Writes the order as a query does: `-due_on,-id`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, direction)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let sign = if *direction == Direction::Descending { "-" } else { "" };
            write!(f, "{comma}{sign}{}", Into::<&'static str>::into(*key))?;
        }
        Ok(())
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<K: SortKey = ById> {
    /// The order of the list.
    pub order: Order<K>,
    /// Key of the last row of the previous page; `None` for the first page.
    pub after: Option<K::Position>,
    /// Maximum number of rows.
    pub limit: i64,
}

impl<K: SortKey> Page<K> {
    /// Returns the first page of a list in this order.
    pub fn first(order: Order<K>, limit: i64) -> Self {
        Page { order, after: None, limit }
    }

    /// Returns a page that holds all rows, for what is read as a whole.
    pub fn whole() -> Self {
        // A store asks for one more.
        Page::first(Order::default(), i64::MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{Ascending, Descending};
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
    #[strum(serialize_all = "snake_case")]
    enum Key {
        Id,
        DueOn,
        Kind,
        Code,
    }

    impl SortKey for Key {
        type Position = ();
        const UNIQUE: Self = Key::Id;

        fn is_unique(self) -> bool {
            matches!(self, Key::Id | Key::Code)
        }
    }

    #[test]
    fn every_order_ends_with_its_only_unique_key() {
        for (keys, order) in [
            (vec![], "id"),
            (vec![(Key::Id, Descending)], "-id"),
            (vec![(Key::DueOn, Ascending)], "due_on,id"),
            (vec![(Key::DueOn, Descending)], "-due_on,-id"),
            (vec![(Key::DueOn, Descending), (Key::Id, Ascending)], "-due_on,id"),
            (vec![(Key::Kind, Descending), (Key::DueOn, Ascending)], "-kind,due_on,id"),
            (vec![(Key::Code, Ascending), (Key::Id, Descending), (Key::Kind, Ascending)], "code"),
        ] {
            assert_eq!(Order::by(keys).to_string(), order);
        }
    }
}
