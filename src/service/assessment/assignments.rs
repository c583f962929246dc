//! Acts on assignments: who is to review which submission.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::access::{self, Facts, Offers, ScopeKind};
use crate::domain::assessment::assignment::{Assignment, Candidate, Candidates, audited, check_assignee, distribute};
use crate::domain::assessment::period::{CouncilScoring, Period, PeriodStatus};
use crate::domain::assessment::score_batch::{at_item, check_count, of_item, require_all};
use crate::domain::assessment::submission::{SubmissionCase, SubmissionStatus};
use crate::domain::journal::event::EventType;
use crate::error::{Code, Error, Fault};
use crate::service::tag::Tag;
use crate::service::{AuditDraft, Context, EventDraft, Input, Result, Subject, record_all};
use crate::store::periods::PeriodUnit;
use crate::store::{self, Conn};

/// Type name in audit entries and events.
const TYPE: &str = "assignment";

/// An assignment as it is shown.
#[derive(Debug, Clone)]
pub struct Assigned {
    /// The assignment.
    pub assignment: Assignment,
    /// Name of its member.
    pub display_name: String,
    /// Why it counts no longer, if it does not.
    pub lapsed: Option<Code>,
}

impl Assigned {
    fn of(assignment: Assignment, candidates: &Candidates) -> Self {
        let member = candidates.get(&assignment.member_id);
        Assigned {
            display_name: member.map(|member| member.membership.display_name.clone()).unwrap_or_default(),
            lapsed: assignment.lapsed(candidates),
            assignment,
        }
    }

    /// Returns its tag.
    pub fn tag(&self) -> Tag {
        Tag::of(&[(self.assignment.id, self.assignment.version)], &Offers::default())
    }
}

/// Assignments of a stage of a period, as submitted.
#[derive(Debug, Clone)]
pub struct Assigning {
    /// The stage.
    pub stage: Stage,
    /// Whom each submission goes to; none to share out those that nobody has.
    pub items: Option<Vec<(Id, Id)>>,
}

fn sees(context: &Context, assignment: &Assignment, sheet: Option<SubmissionStatus>) -> bool {
    let facts = Facts {
        unit: Some(&assignment.unit),
        period_id: Some(assignment.period_id),
        sheet,
        ..Facts::of(&assignment.organization_id)
    };
    access::holds(&context.actor, Action::ReadAssignments, &facts)
}

/// Lists the assignments of a period that the caller may see.
pub fn list(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Vec<Assigned>> {
    let period: Period = context.find(conn, period_id)?;
    access::require_role(&context.actor, Action::ReadAssignments, &period.organization_id)?;
    context.accept_read()?;
    let units = store::periods::units_of(conn, period_id)?;
    let status: HashMap<Id, SubmissionStatus> =
        units.into_iter().filter_map(|unit| Some((unit.submission_id?, unit.sheet.status?))).collect();
    let mut assignments = store::assignments::of_periods(conn, &[*period_id])?;
    assignments.retain(|assignment| sees(context, assignment, status.get(&assignment.submission_id).copied()));
    let candidates = store::members::candidates(conn, &period.organization_id, context.now)?;
    Ok(assignments.into_iter().map(|assignment| Assigned::of(assignment, &candidates)).collect())
}

/// Returns who is to review a submission at a stage.
pub fn get(conn: &mut Conn, context: &Context, id: &Id, stage: Stage) -> Result<Assigned> {
    let case: SubmissionCase = context.find(conn, id)?;
    case.authorize(context, Action::ReadAssignments)?;
    context.accept_read()?;
    let assignment = store::assignments::find(conn, id, stage)?.ok_or(Code::NotFound)?;
    let candidates = store::members::candidates(conn, &assignment.organization_id, context.now)?;
    Ok(Assigned::of(assignment, &candidates))
}

/// Assigns a submission to a member; in the place of another one only with `If-Match`. Returns whether nobody had it before.
pub fn put(
    conn: &mut Conn,
    context: &Context,
    (id, stage): (&Id, Stage),
    input: &Input<Id>,
) -> Result<(Assigned, bool)> {
    let case = SubmissionCase::lock(conn, context, id)?;
    case.authorize(context, Action::Assign)?;
    let member_id = context.accept(input)?;
    let before = store::assignments::find(conn, id, stage)?;
    match &before {
        Some(before) => context.check_precondition(&Tag::state_of(&[(before.id, before.version)]))?,
        None => context.expect_absent()?,
    }
    case.may_be_assigned(stage)?;
    let candidates = store::members::candidates(conn, &case.submission.organization_id, context.now)?;
    check_assignee(&candidates, member_id, stage, &case.facts())
        .map_err(|code| Error::of_fault(Fault::at("/member_id", code)))?;
    let is_new = before.is_none();
    let after = assigned(context, &case, stage, (member_id, before.as_ref()))?;
    record_set(conn, context, vec![(before, after.clone())])?;
    Ok((Assigned::of(after, &candidates), is_new))
}

/// Takes a submission from the member whom it is assigned to.
pub fn remove(conn: &mut Conn, context: &Context, id: &Id, stage: Stage) -> Result<()> {
    let case = SubmissionCase::lock(conn, context, id)?;
    case.authorize(context, Action::Assign)?;
    context.accept(&Ok(()))?;
    let before = store::assignments::find(conn, id, stage)?.ok_or(Code::NotFound)?;
    context.check_precondition(&Tag::state_of(&[(before.id, before.version)]))?;
    store::assignments::delete(conn, &[before.id])?;
    let draft = AuditDraft {
        before: Some(audited(&before).into()),
        event: Some(event(&before)),
        ..AuditDraft::about("assignment.remove", Some(before.organization_id), (TYPE, before.id))
    };
    Ok(record_all(conn, context, vec![draft])?)
}

fn assigned(
    context: &Context,
    case: &SubmissionCase,
    stage: Stage,
    (member_id, before): (&Id, Option<&Assignment>),
) -> Result<Assignment, Error> {
    let by = context.member_id(&case.submission.organization_id)?;
    Ok(match before {
        Some(before) => before.passed_to(*member_id, by, context.now),
        None => case.assign(context.new_id(), stage, (*member_id, by), context.now),
    })
}

/// Saves assignments, each with the one before it, an audit entry and an event.
fn record_set(conn: &mut Conn, context: &Context, changes: Vec<(Option<Assignment>, Assignment)>) -> Result<(), Error> {
    let after: Vec<Assignment> = changes.iter().map(|(_, after)| after.clone()).collect();
    store::assignments::save(conn, &after)?;
    let draft = |(before, after): (Option<Assignment>, Assignment)| AuditDraft {
        before: before.as_ref().map(|before| audited(before).into()),
        after: Some(audited(&after).into()),
        event: Some(event(&after)),
        ..AuditDraft::about("assignment.set", Some(after.organization_id), (TYPE, after.id))
    };
    record_all(conn, context, changes.into_iter().map(draft).collect())
}

/// Tells nothing of the unit, since not everybody who reads it may know how far the unit's submission is.
fn event(assignment: &Assignment) -> EventDraft {
    EventDraft {
        kind: EventType::AssignmentChanged,
        period_id: Some(assignment.period_id),
        unit_id: None,
        data: json!({"stage": assignment.stage}),
    }
}

/// Assigns many submissions of a period, all or none, or shares out those that nobody has. Returns what was assigned, and the
/// submissions for which there is nobody.
pub fn set_all(
    conn: &mut Conn,
    context: &Context,
    period_id: &Id,
    input: &Input<Assigning>,
) -> Result<(Vec<Assigned>, Vec<Id>)> {
    let period: Period = context.find(conn, period_id)?;
    access::require_role(&context.actor, Action::Assign, &period.organization_id)?;
    access::require_scope(&context.actor, ScopeKind::Write)?;
    let Assigning { stage, items } = context.accept(input)?;
    if let Some(items) = items {
        check_count(items.len())?;
    }
    store::periods::lock_for_share(conn, period_id)?;
    let ids: Vec<Id> = if let Some(items) = items {
        items.iter().map(|(submission_id, _)| *submission_id).collect()
    } else {
        let units = store::periods::units_of(conn, period_id)?;
        units.iter().filter_map(|unit| unit.submission_id).collect()
    };
    store::submissions::lock_all_for_update(conn, &ids)?;
    let cases = store::submissions::find_in(conn, period_id, &ids)?;
    let standing = store::assignments::of_periods(conn, &[*period_id])?;
    let candidates = store::members::candidates(conn, &period.organization_id, context.now)?;
    let known = Known { stage: *stage, cases, standing, candidates };
    let (chosen, without) = match items {
        Some(items) => (known.named(context, items)?, Vec::new()),
        None => known.shared_out(context),
    };
    let mut changes = Vec::new();
    for (case, member_id) in chosen {
        let before = known.before(&case.submission.id);
        if before.is_none_or(|before| before.member_id != member_id) {
            changes.push((before.cloned(), assigned(context, case, *stage, (&member_id, before))?));
        }
    }
    let after: Vec<Assignment> = changes.iter().map(|(_, after)| after.clone()).collect();
    record_set(conn, context, changes)?;
    Ok((after.into_iter().map(|after| Assigned::of(after, &known.candidates)).collect(), without))
}

/// What is known of the submissions to be assigned at a stage.
struct Known {
    stage: Stage,
    cases: Vec<SubmissionCase>,
    standing: Vec<Assignment>,
    candidates: Candidates,
}

impl Known {
    fn before(&self, submission_id: &Id) -> Option<&Assignment> {
        self.standing.iter().find(|before| before.submission_id == *submission_id && before.stage == self.stage)
    }

    /// Requires that a submission can be assigned, as a single assignment does.
    fn check(&self, context: &Context, case: &SubmissionCase) -> Result<(), Error> {
        case.authorize(context, Action::Assign)?;
        case.may_be_assigned(self.stage)
    }

    /// Returns the submissions that items name, with whom they go to.
    ///
    /// # Errors
    /// Every fault of every item.
    fn named(&self, context: &Context, items: &[(Id, Id)]) -> Result<Vec<(&SubmissionCase, Id)>, Error> {
        let cases: HashMap<Id, &SubmissionCase> = self.cases.iter().map(|case| (case.submission.id, case)).collect();
        let (mut chosen, mut faults, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for (at, (submission_id, member_id)) in items.iter().enumerate() {
            let found = cases.get(submission_id).copied().ok_or_else(|| Error::new(Code::NotFound));
            match found.and_then(|case| self.check(context, case).map(|()| case)) {
                Err(error) => faults.push(at_item(at, "submission_id", error)),
                Ok(_) if !seen.insert(*submission_id) => {
                    faults.push(of_item(at, Fault::at("/submission_id", Code::Duplicate)));
                }
                Ok(case) => match check_assignee(&self.candidates, member_id, self.stage, &case.facts()) {
                    Err(code) => faults.push(of_item(at, Fault::at("/member_id", code))),
                    Ok(()) => chosen.push((case, *member_id)),
                },
            }
        }
        require_all(faults)?;
        Ok(chosen)
    }

    /// Shares out the submissions that the caller may assign and that nobody has, or somebody who can't review them any more.
    fn shared_out(&self, context: &Context) -> (Vec<(&SubmissionCase, Id)>, Vec<Id>) {
        let stands = |assignment: &Assignment| assignment.lapsed(&self.candidates).is_none();
        let is_free = |case: &&SubmissionCase| {
            let has = self.before(&case.submission.id).is_some_and(stands);
            !has && self.check(context, case).is_ok()
        };
        let free: Vec<&SubmissionCase> = self.cases.iter().filter(is_free).collect();
        let fitting = |case: &&SubmissionCase| {
            let fits =
                |(id, candidate): (&Id, &Candidate)| candidate.fits(self.stage, &case.facts()).is_ok().then_some(*id);
            self.candidates.iter().filter_map(fits).collect::<Vec<Id>>()
        };
        let fitting: Vec<Vec<Id>> = free.iter().map(fitting).collect();
        let mut loads: BTreeMap<Id, usize> = BTreeMap::new();
        let open = self.standing.iter().filter(|assignment| assignment.stage == self.stage && stands(assignment));
        for assignment in open {
            *loads.entry(assignment.member_id).or_default() += 1;
        }
        let (mut chosen, mut without) = (Vec::new(), Vec::new());
        for (case, member_id) in free.into_iter().zip(distribute(&fitting, loads)) {
            match member_id {
                Some(member_id) => chosen.push((case, member_id)),
                None => without.push(case.submission.id),
            }
        }
        (chosen, without)
    }
}

/// Returns who has which submissions to review, of those assignments that stand.
pub fn standing(
    conn: &mut Conn,
    context: &Context,
    organization_id: &Id,
    period_ids: &[Id],
) -> Result<HashMap<(Id, Stage), Id>, Error> {
    let assignments = store::assignments::of_periods(conn, period_ids)?;
    if assignments.is_empty() {
        return Ok(HashMap::new());
    }
    let candidates = store::members::candidates(conn, organization_id, context.now)?;
    let standing = assignments.into_iter().filter(|assignment| assignment.lapsed(&candidates).is_none());
    Ok(standing.map(|assignment| ((assignment.submission_id, assignment.stage), assignment.member_id)).collect())
}

/// What somebody has left to review in the present stage of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkLeft {
    /// The stage.
    pub stage: Stage,
    /// The member and its name; `None` for what nobody in particular has.
    pub member: Option<(Id, String)>,
    /// Codes of the units whose submissions are left.
    pub unit_codes: Vec<String>,
    /// Those of them that were assigned to somebody who can't review them any more.
    pub lapsed_unit_codes: Vec<String>,
}

/// Returns who has what left to review in the present stage of a period: first what nobody has, then by name. `None` for those
/// who may not see it, and where nothing is assigned.
pub fn work_left(
    conn: &mut Conn,
    context: &Context,
    period: &Period,
    units: &[PeriodUnit],
) -> Result<Option<Vec<WorkLeft>>, Error> {
    let (stage, waiting) = match (period.status, period.rules.council_scoring) {
        (PeriodStatus::Appraisal, _) => (Stage::Appraisal, SubmissionStatus::Submitted),
        (PeriodStatus::CouncilReview, CouncilScoring::Agreed) => (Stage::Council, SubmissionStatus::Appraised),
        (
            PeriodStatus::Draft
            | PeriodStatus::SelfAssessment
            | PeriodStatus::CouncilReview
            | PeriodStatus::Finalized
            | PeriodStatus::Announced
            | PeriodStatus::Closed
            | PeriodStatus::Cancelled,
            _,
        ) => return Ok(None),
    };
    if access::require_role(&context.actor, Action::ReadAssignments, &period.organization_id).is_err() {
        return Ok(None);
    }
    let assignments = store::assignments::of_periods(conn, &[period.id])?;
    let candidates = store::members::candidates(conn, &period.organization_id, context.now)?;
    let mut left: BTreeMap<Option<(String, Id)>, WorkLeft> = BTreeMap::new();
    for unit in units.iter().filter(|unit| unit.sheet.status == Some(waiting)) {
        let facts = Facts {
            unit: Some(&unit.unit),
            period_id: Some(period.id),
            sheet: unit.sheet.status,
            ..Facts::of(&period.organization_id)
        };
        if !access::holds(&context.actor, Action::ReadAssignments, &facts) {
            continue;
        }
        let of_unit = |assignment: &&Assignment| assignment.stage == stage && assignment.unit.id == unit.unit.id;
        let assigned = assignments.iter().find(of_unit).map(|assignment| Assigned::of(assignment.clone(), &candidates));
        let lapsed = assigned.as_ref().is_some_and(|assigned| assigned.lapsed.is_some());
        let member = assigned.filter(|_| !lapsed).map(|has| (has.display_name, has.assignment.member_id));
        let of_member = left.entry(member.clone()).or_insert_with(|| WorkLeft {
            stage,
            member: member.map(|(name, id)| (id, name)),
            unit_codes: Vec::new(),
            lapsed_unit_codes: Vec::new(),
        });
        of_member.unit_codes.push(unit.unit.code.clone());
        if lapsed {
            of_member.lapsed_unit_codes.push(unit.unit.code.clone());
        }
    }
    Ok(Some(left.into_values().collect()))
}
