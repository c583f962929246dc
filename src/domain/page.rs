//! One page of a list, by key: no page is skipped or doubled by what is added meanwhile.

/// Which rows of a list: those after `after` in the order of the list's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<K = String> {
    /// The last key of the page before.
    pub after: Option<K>,
    /// Last to first.
    pub descending: bool,
    /// At most so many.
    pub limit: i64,
}
