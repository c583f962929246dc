//! The states of a criteria set: draft, published, retired.

use chrono::{DateTime, Utc};

use crate::domain::Id;
use crate::domain::access::action::{Action, needs, wrong_state};
use crate::domain::change::Change;
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, CriteriaSetStatus};
use crate::domain::journal::event::EventType;
use crate::error::{Code, Error};

/// Actions on a criteria set, in the order in which they are listed.
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

    /// Requires that the state allows an action.
    ///
    /// # Errors
    /// `invalid_state`; `resource_locked` for a change to a published criteria set.
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

    /// Publishes a draft.
    ///
    /// # Errors
    /// `validation_failed` with every error of the tree.
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

    /// Retires a published criteria set.
    pub fn retire(&self, now: DateTime<Utc>) -> Change<Self> {
        let retired =
            CriteriaSet { status: CriteriaSetStatus::Retired, retired_at: Some(now), updated_at: now, ..self.clone() };
        Change::with_event(retired, EventType::CriteriaSetRetired)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;

    use super::*;
    use crate::domain::Id;
    use crate::domain::criteria::criteria_set::tests::guideline;

    const OK: Result<(), Code> = Ok(());
    const STATE: Result<(), Code> = Err(Code::InvalidState);
    const LOCKED: Result<(), Code> = Err(Code::ResourceLocked);

    fn set(status: CriteriaSetStatus) -> CriteriaSet {
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001");
        CriteriaSet {
            id,
            organization_id: id,
            content: guideline(),
            status,
            published_at: None,
            retired_at: None,
            copied_from_id: None,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    /// In the order of a criteria set's life: draft, published, retired.
    #[test]
    fn each_state_allows_its_acts() {
        let table = [
            (Action::WriteCriteriaSet, [OK, LOCKED, LOCKED]),
            (Action::PublishCriteriaSet, [OK, STATE, STATE]),
            (Action::RetireCriteriaSet, [STATE, OK, STATE]),
            (Action::CopyCriteriaSet, [OK, OK, OK]),
            // Not an act on a criteria set.
            (Action::Open, [STATE; 3]),
        ];
        assert_eq!(table.iter().map(|row| row.0).take(ACTIONS.len()).collect::<Vec<_>>(), ACTIONS);
        for (action, expected) in table {
            for (status, expected) in CriteriaSetStatus::VARIANTS.iter().zip(expected) {
                assert_eq!(set(*status).may(action).map_err(|error| error.code), expected, "{action:?} {status:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_permitted_act_goes_back_to_draft_or_leaves_retired(acts in proptest::collection::vec(0..ACTIONS.len(), 0..12)) {
            use CriteriaSetStatus::{Draft, Published, Retired};
            let mut set = set(Draft);
            for action in acts.into_iter().map(|at| ACTIONS[at]) {
                if set.may(action).is_err() {
                    continue;
                }
                let before = set.status;
                set = if action == Action::PublishCriteriaSet {
                    set.publish(DateTime::UNIX_EPOCH).unwrap().after
                } else if action == Action::RetireCriteriaSet {
                    set.retire(DateTime::UNIX_EPOCH).after
                } else {
                    // Written or copied: the state stays.
                    set
                };
                let steps = [(Draft, Published), (Published, Retired)];
                prop_assert!(before == set.status || steps.contains(&(before, set.status)), "{:?} {:?}", action, before);
            }
        }
    }
}
