//! The life of a criteria set: draft, published, retired.

use chrono::{DateTime, Utc};

use crate::domain::Id;
use crate::domain::access::action::{Action, needs, wrong_state};
use crate::domain::change::Change;
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, CriteriaSetStatus};
use crate::domain::journal::event::EventType;
use crate::error::{Code, Error};

/// The acts on a criteria set, in the order in which they are offered.
pub const ACTIONS: [Action; 4] =
    [Action::WriteCriteriaSet, Action::PublishCriteriaSet, Action::RetireCriteriaSet, Action::CopyCriteriaSet];

const NEEDS: [(&[Action], &[CriteriaSetStatus]); 3] = [
    (&[Action::WriteCriteriaSet, Action::PublishCriteriaSet], &[CriteriaSetStatus::Draft]),
    (&[Action::RetireCriteriaSet], &[CriteriaSetStatus::Published]),
    (&[Action::CopyCriteriaSet], &[CriteriaSetStatus::Draft, CriteriaSetStatus::Published, CriteriaSetStatus::Retired]),
];

impl CriteriaSet {
    /// A new draft.
    pub fn draft(id: Id, organization_id: Id, content: CriteriaContent, now: DateTime<Utc>) -> Self {
        CriteriaSet {
            id,
            organization_id,
            content,
            status: CriteriaSetStatus::Draft,
            published_at: None,
            retired_at: None,
            copied_from_id: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether its state lets an act pass.
    ///
    /// # Errors
    /// `invalid_state`; `resource_locked` for a change of what is in force.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        let needs = needs(&NEEDS, action);
        if needs.contains(&self.status) {
            return Ok(());
        }
        match action == Action::WriteCriteriaSet {
            true => Err(Error::new(Code::ResourceLocked)),
            false => Err(wrong_state(self.status, needs)),
        }
    }

    /// Puts a draft in force.
    ///
    /// # Errors
    /// `validation_failed` with every error of its table.
    pub fn publish(&self, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let errors = self.content.findings().errors;
        if !errors.is_empty() {
            return Err(Error::of_faults(Code::ValidationFailed, errors));
        }
        let published = CriteriaSet {
            status: CriteriaSetStatus::Published,
            published_at: Some(now),
            updated_at: now,
            ..self.clone()
        };
        Ok(Change::with_event(published, EventType::CriteriaSetPublished))
    }

    /// Keeps it from new periods.
    pub fn retire(&self, now: DateTime<Utc>) -> Change<Self> {
        let retired =
            CriteriaSet { status: CriteriaSetStatus::Retired, retired_at: Some(now), updated_at: now, ..self.clone() };
        Change::with_event(retired, EventType::CriteriaSetRetired)
    }
}
