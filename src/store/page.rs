//! Keyset pagination in SQL.

pub use crate::domain::page::Page;

/// Orders a boxed query by a unique column and limits it to a page plus one row, which shows that another page follows.
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
