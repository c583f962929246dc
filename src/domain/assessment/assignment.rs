//! Assignments: who is to review a submission at a stage. They order the work, and give or take no right.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::{Stage, wrong_state};
use crate::domain::access::{self, Facts, Membership};
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::assessment::period_unit::unit_set_aside;
use crate::domain::assessment::submission::{SubmissionCase, SubmissionStatus};
use crate::domain::office::unit::UnitKey;
use crate::error::{Code, Error};

/// An assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Id of the assignment.
    pub id: Id,
    /// The organisation that it belongs to.
    pub organization_id: Id,
    /// The period of the submission.
    pub period_id: Id,
    /// The submission to review.
    pub submission_id: Id,
    /// The unit of the submission.
    pub unit: UnitKey,
    /// The stage of the review.
    pub stage: Stage,
    /// The member who is to review it.
    pub member_id: Id,
    /// The member who assigned it.
    pub assigned_by: Id,
    /// Version; it increases with every change.
    pub version: i64,
    /// When it was first assigned.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A member of an organisation, as far as it matters for an assignment.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The membership, with its recusals.
    pub membership: Membership,
    /// Whether the membership counts today.
    pub is_active: bool,
}

impl Candidate {
    /// Requires that the member can review submissions of the unit in `facts` at a stage.
    ///
    /// # Errors
    /// `member_not_active`, `not_reviewer`, `member_recused`.
    pub fn fits(&self, stage: Stage, facts: &Facts) -> Result<(), Code> {
        if self.is_active { access::reviews(&self.membership, stage, facts) } else { Err(Code::MemberNotActive) }
    }
}

/// The members of an organisation, by id.
pub type Candidates = HashMap<Id, Candidate>;

/// Requires that the member named can review submissions of the unit in `facts` at a stage.
///
/// # Errors
/// `unknown_reference` for somebody who is no member, and those of [`Candidate::fits`].
pub fn check_assignee(candidates: &Candidates, member_id: &Id, stage: Stage, facts: &Facts) -> Result<(), Code> {
    candidates.get(member_id).ok_or(Code::UnknownReference)?.fits(stage, facts)
}

impl Assignment {
    /// Returns why it counts no longer, if it does not: its member has left, lost the role or keeps away.
    pub fn lapsed(&self, candidates: &Candidates) -> Option<Code> {
        let facts =
            Facts { unit: Some(&self.unit), period_id: Some(self.period_id), ..Facts::of(&self.organization_id) };
        check_assignee(candidates, &self.member_id, self.stage, &facts).err()
    }

    /// Returns it with another member.
    #[must_use]
    pub fn passed_to(&self, member_id: Id, assigned_by: Id, now: DateTime<Utc>) -> Self {
        Assignment { member_id, assigned_by, version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

impl SubmissionCase {
    /// Requires that its review of a stage is still to be made, and by somebody in particular.
    ///
    /// # Errors
    /// `unit_set_aside`, `invalid_state`; `stage_not_assigned` where the members of the council score alone.
    pub fn may_be_assigned(&self, stage: Stage) -> Result<(), Error> {
        use SubmissionStatus::{Appraised, Returned, Submitted};
        if self.set_aside_at.is_some() {
            return Err(unit_set_aside());
        }
        if self.is_scored_alone(stage) {
            return Err(Error::new(Code::StageNotAssigned));
        }
        let (sheets, periods): (&[SubmissionStatus], &[PeriodStatus]) = match stage {
            Stage::Appraisal => (&[Submitted, Returned], &[PeriodStatus::SelfAssessment, PeriodStatus::Appraisal]),
            Stage::Council => (
                &[Submitted, Returned, Appraised],
                &[PeriodStatus::SelfAssessment, PeriodStatus::Appraisal, PeriodStatus::CouncilReview],
            ),
        };
        self.period_status.must_be(periods)?;
        let status = self.submission.status;
        if sheets.contains(&status) { Ok(()) } else { Err(wrong_state(status, sheets)) }
    }

    /// Assigns its review of a stage for the first time.
    pub fn assign(&self, id: Id, stage: Stage, (member_id, assigned_by): (Id, Id), now: DateTime<Utc>) -> Assignment {
        Assignment {
            id,
            organization_id: self.submission.organization_id,
            period_id: self.submission.period_id,
            submission_id: self.submission.id,
            unit: self.unit.clone(),
            stage,
            member_id,
            assigned_by,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Shares submissions out among those who can review each, so that all have as much to do as can be. `loads` is what everybody
/// has already. Returns whom each goes to, in order; none where nobody fits.
pub fn distribute(fitting: &[Vec<Id>], mut loads: BTreeMap<Id, usize>) -> Vec<Option<Id>> {
    // Those whom few can review are given out first.
    let mut order: Vec<usize> = (0..fitting.len()).collect();
    order.sort_by_key(|at| fitting.get(*at).map_or(0, Vec::len));
    let mut given = vec![None; fitting.len()];
    for at in order {
        let members = fitting.get(at).into_iter().flatten();
        let least = members.min_by_key(|member| (loads.get(*member).copied().unwrap_or(0), **member)).copied();
        if let (Some(member), Some(place)) = (least, given.get_mut(at)) {
            *loads.entry(member).or_default() += 1;
            *place = Some(member);
        }
    }
    given
}

/// The fields of an assignment that audit entries keep.
pub fn audited(assignment: &Assignment) -> serde_json::Value {
    json!({
        "period_id": assignment.period_id, "unit_id": assignment.unit.id, "submission_id": assignment.submission_id,
        "stage": assignment.stage, "member_id": assignment.member_id, "assigned_by": assignment.assigned_by,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member(last: u8) -> Id {
        Id::from_uuid_text(format!("018b88d6-5f80-7000-8000-0000000000{last:02x}"))
    }

    #[test]
    fn whoever_has_least_gets_the_next() {
        let (a, b, c) = (member(1), member(2), member(3));
        let all = vec![a, b];
        let given = distribute(&[all.clone(), all.clone(), all], BTreeMap::from([(a, 2)]));
        assert_eq!(given, [Some(b), Some(b), Some(a)]);
        // A alone can review the last one, and so gets no other.
        let given = distribute(&[vec![a, b], vec![b, c], vec![a]], BTreeMap::new());
        assert_eq!(given, [Some(b), Some(c), Some(a)]);
        assert_eq!(distribute(&[vec![]], BTreeMap::new()), [None]);
    }

    proptest! {
        #[test]
        fn everybody_has_as_much_where_all_fit(sheets in 0_usize..60, people in 1_u8..8) {
            let all: Vec<Id> = (0..people).map(member).collect();
            let given = distribute(&vec![all.clone(); sheets], BTreeMap::new());
            let load = |person: &Id| given.iter().filter(|given| **given == Some(*person)).count();
            let loads: Vec<usize> = all.iter().map(load).collect();
            prop_assert_eq!(loads.iter().sum::<usize>(), sheets);
            prop_assert!(loads.iter().max().unwrap() - loads.iter().min().unwrap() <= 1, "{:?}", loads);
        }
    }
}
