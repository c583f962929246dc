//! Cache of published criteria tables, compiled for scoring. They never change, so every instance may cache them.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::domain::Id;
use crate::domain::assessment::group::PeriodTables;
use crate::domain::assessment::period::PeriodRules;
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::assessment::target::Target;
use crate::domain::criteria::criteria_set::{CriteriaSet, CriteriaSetStatus};
use crate::domain::criteria::scoring::ScoringTable;
use crate::error::{Code, Error};
use crate::store::{self, Conn};

/// Largest number of cached tables: of as many offices as one instance may serve at a time, some ten kilobytes each.
const CAPACITY: usize = 512;

/// The cache.
pub struct Tables(Cache<Id, Arc<ScoringTable>>);

impl Default for Tables {
    fn default() -> Self {
        Tables(Cache::new(CAPACITY))
    }
}

impl Tables {
    /// Returns the scoring table of a criteria set.
    ///
    /// # Errors
    /// `not_found`.
    pub fn get(&self, conn: &mut Conn, id: &Id) -> Result<Arc<ScoringTable>, Error> {
        if let Some(table) = self.0.get(id) {
            return Ok(table);
        }
        let set = store::criteria_sets::find(conn, id)?.ok_or(Code::NotFound)?;
        Ok(self.keep(&set))
    }

    /// Returns the scoring tables of a period, by criteria set.
    ///
    /// # Errors
    /// `not_found`.
    pub fn of_period(&self, conn: &mut Conn, rules: &PeriodRules) -> Result<PeriodTables, Error> {
        let named: Vec<Id> = rules.criteria_sets().into_iter().map(|(_, id)| id).collect();
        let mut tables: HashMap<Id, Arc<ScoringTable>> =
            named.iter().filter_map(|id| Some((*id, self.0.get(id)?))).collect();
        let missing: Vec<&Id> = named.iter().filter(|id| !tables.contains_key(*id)).collect();
        if !missing.is_empty() {
            let sets = store::criteria_sets::with_ids(conn, missing.into_iter())?;
            tables.extend(sets.into_iter().map(|set| (set.id, self.keep(&set))));
        }
        if named.iter().all(|id| tables.contains_key(id)) {
            Ok(PeriodTables(tables))
        } else {
            Err(Error::new(Code::NotFound))
        }
    }

    /// Compiles the table of a criteria set, and keeps it if it never changes.
    fn keep(&self, set: &CriteriaSet) -> Arc<ScoringTable> {
        let table = Arc::new(ScoringTable::of(&set.content));
        if set.status != CriteriaSetStatus::Draft {
            self.0.insert(set.id, Arc::clone(&table));
        }
        table
    }

    /// Returns the scoring table for one submission, with its unit's targets where the table depends on targets.
    ///
    /// # Errors
    /// `not_found`.
    pub fn of_submission(&self, conn: &mut Conn, case: &SubmissionCase) -> Result<Arc<ScoringTable>, Error> {
        let table = self.get(conn, &case.criteria_set_id)?;
        if !table.asks_for_targets() {
            return Ok(table);
        }
        let targets = store::targets::of_unit(conn, &case.submission.period_id, &case.submission.unit_id)?;
        if targets.is_empty() {
            return Ok(table);
        }
        let targets = targets.iter().map(|target| (target.criterion_code.as_str(), target.target));
        Ok(Arc::new(ScoringTable::clone(&table).with_targets(targets)))
    }

    /// Returns the scoring tables for some submissions of a period, by submission: each with its unit's targets.
    ///
    /// # Errors
    /// `not_found`.
    pub fn of_submissions<'a>(
        &self,
        conn: &mut Conn,
        period_id: &Id,
        cases: impl Iterator<Item = &'a SubmissionCase>,
    ) -> Result<HashMap<Id, Arc<ScoringTable>>, Error> {
        let (mut targets, mut tables) = (None, HashMap::new());
        for case in cases {
            let table = self.with_targets(conn, (period_id, case), &mut targets)?;
            tables.insert(case.submission.id, table);
        }
        Ok(tables)
    }

    /// Returns the table of a submission with the targets of its unit; reads the period's targets when a table first asks.
    fn with_targets(
        &self,
        conn: &mut Conn,
        (period_id, case): (&Id, &SubmissionCase),
        targets: &mut Option<Vec<Target>>,
    ) -> Result<Arc<ScoringTable>, Error> {
        let table = self.get(conn, &case.criteria_set_id)?;
        if !table.asks_for_targets() {
            return Ok(table);
        }
        let all = match targets.take() {
            Some(targets) => targets,
            None => store::targets::of_period(conn, period_id)?,
        };
        let all = targets.insert(all);
        let of_unit: Vec<_> = all.iter().filter(|target| target.unit_id == case.submission.unit_id).collect();
        if of_unit.is_empty() {
            return Ok(table);
        }
        let of_unit = of_unit.into_iter().map(|target| (target.criterion_code.as_str(), target.target));
        Ok(Arc::new(ScoringTable::clone(&table).with_targets(of_unit)))
    }

    /// Clears the cache: after a reset, the sandbox reuses ids for other tables.
    pub fn clear(&self) {
        self.0.clear();
    }
}
