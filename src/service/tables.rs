//! Published tables, ready for scoring. They never change, so every instance may keep them.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::domain::Id;
use crate::domain::criteria::CriteriaSetStatus;
use crate::domain::scoring::ScoringTable;
use crate::error::{Code, Error};
use crate::store::{self, Conn};

/// How many tables are kept.
const KEPT: usize = 64;

/// The tables kept so far.
pub struct Tables(Cache<Id, Arc<ScoringTable>>);

impl Default for Tables {
    fn default() -> Self {
        Tables(Cache::new(KEPT))
    }
}

impl Tables {
    /// The table of a criteria set.
    ///
    /// # Errors
    /// `not_found` where there is none.
    pub fn get(&self, conn: &mut Conn, id: &Id) -> Result<Arc<ScoringTable>, Error> {
        if let Some(table) = self.0.get(id) {
            return Ok(table);
        }
        let set = store::criteria_sets::find(conn, id)?.ok_or(Code::NotFound)?;
        let table = Arc::new(ScoringTable::of(&set.content));
        if set.status != CriteriaSetStatus::Draft {
            self.0.insert(id.clone(), Arc::clone(&table));
        }
        Ok(table)
    }

    /// Forgets everything: the sandbox makes new tables under old ids.
    pub fn clear(&self) {
        self.0.clear();
    }
}
