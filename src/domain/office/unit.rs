//! Units of an organisation, which are scored and ranked.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::text::{Check, TITLE_CHARS};

/// A unit's id and code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitKey {
    /// Id of the unit.
    pub id: Id,
    /// Code of the unit.
    pub code: String,
}

/// Kind of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Phòng.
    Division,
    /// Ban.
    Department,
    /// Trung tâm.
    Centre,
    /// Any other kind.
    Other,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Id of the unit.
    pub id: Id,
    /// The organisation that the unit belongs to.
    pub organization_id: Id,
    /// Code, unique within the organisation.
    pub code: String,
    /// Name of the unit.
    pub name: String,
    /// Kind of unit.
    pub kind: UnitKind,
    /// Whether it takes part in new periods.
    pub active: bool,
    /// Units that it was merged or split from. Their results remain theirs.
    pub predecessor_ids: Vec<Id>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the unit was created.
    pub created_at: DateTime<Utc>,
    /// When the unit was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Unit {
    /// A new unit that takes part, with nothing before it.
    pub fn new(id: Id, organization_id: Id, (code, name, kind): (&str, &str, UnitKind), now: DateTime<Utc>) -> Self {
        Unit {
            id,
            organization_id,
            code: code.to_owned(),
            name: name.to_owned(),
            kind,
            active: true,
            predecessor_ids: Vec::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns whether a predecessor descends from this unit, by the predecessors of each unit of the organisation.
    pub fn descends_from_itself(&self, predecessor: &Id, lineage: &HashMap<Id, Vec<Id>>) -> bool {
        let (mut waiting, mut seen) = (vec![*predecessor], HashSet::new());
        while let Some(id) = waiting.pop() {
            if id == self.id {
                return true;
            }
            if seen.insert(id) {
                waiting.extend(lineage.get(&id).into_iter().flatten());
            }
        }
        false
    }

    /// Normalises the texts and records every fault.
    pub fn clean(&mut self, check: &mut Check) {
        self.code = check.code("/code", &self.code);
        self.name = check.text("/name", &self.name, TITLE_CHARS);
    }
}
