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

/// Orders a boxed query by a unique column and bounds it to a page, and one row more that tells whether there is a next.
macro_rules! paged {
    ($query:expr, $key:expr, $page:expr) => {{
        let mut query = $query.limit($page.limit + 1);
        if let Some(after) = &$page.after {
            query = match $page.descending {
                true => query.filter($key.lt(after.clone())),
                false => query.filter($key.gt(after.clone())),
            };
        }
        match $page.descending {
            true => query.order($key.desc()),
            false => query.order($key.asc()),
        }
    }};
}
pub(crate) use paged;
