//! A division of an office: what is scored and ranked.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::text::{Check, TITLE_CHARS};

/// A unit by both its names: memberships go by id, scopes by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitKey {
    /// Its id.
    pub id: Id,
    /// Its code.
    pub code: String,
}

/// What a unit is in its office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Phòng.
    Division,
    /// Ban.
    Department,
    /// Trung tâm.
    Centre,
    /// Anything else.
    Other,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub organization_id: Id,
    /// Unique within the organisation.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Whether it takes part in new periods.
    pub active: bool,
    /// The units that it was merged or split from; their results stay theirs.
    pub predecessor_ids: Vec<Id>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
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

    /// Brings its texts into their stored form and notes every one that is none.
    pub fn clean(&mut self, check: &mut Check) {
        self.code = check.code("/code", &self.code);
        self.name = check.text("/name", &self.name, TITLE_CHARS);
    }
}
