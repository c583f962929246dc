//! Copies of a period: its settings and targets in a new draft, and what its units had written.
//!
//! A copy stays a plain draft, whose units and table may still change; what the units had written is carried over when it
//! opens. The cancelled period that it comes from no longer changes.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::periods::{PeriodChange, validate};
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::carry_over::{CarriedPart, NotCarried};
use crate::domain::assessment::evidence::Evidence;
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::assessment::submission::{Submission, SubmissionCase, SubmissionStatus};
use crate::domain::assessment::target::{self, Target};
use crate::domain::criteria::scoring::{ScoringTable, Sheet};
use crate::domain::journal::event::EventType;
use crate::domain::text::Check;
use crate::error::{Code, Error};
use crate::service::assessment::evidence;
use crate::service::assessment::submissions::{self, audited_lines};
use crate::service::office::organizations::zone_of;
use crate::service::subject::fields;
use crate::service::{AuditDraft, Context, Details, Input, Result, Subject, record_all};
use crate::store::{self, Conn};

/// A copy to be made.
pub struct NewCopy {
    /// What differs from the original.
    pub changes: PeriodChange,
    /// Whether what the units had written is carried over.
    pub carry_over: bool,
}

/// Copies a period into a new draft. Returns it with what is left behind.
pub fn copy(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<NewCopy>,
) -> Result<(Details<Period>, Vec<NotCarried>)> {
    let (source, given): (Period, _) = context.enter_to_add(conn, id, Action::CopyPeriod, input)?;
    if given.carry_over {
        source.status.must_be(&[PeriodStatus::Cancelled])?;
    }
    let mut rules = source.rules.clone();
    let active = store::units::filter_active(conn, &source.organization_id, &rules.unit_ids)?;
    rules.retain_units(|unit_id| active.contains(unit_id));
    (given.changes)(&mut rules);
    validate(conn, &source.organization_id, &mut rules)?;
    let draft = Period::draft(context.new_id(), source.organization_id, rules, context.now);
    let period = Period { copied_from: Some(source.id), carry_over: given.carry_over, ..draft };
    store::periods::insert(conn, &period)?;
    let (targets, mut left) = copied_targets(conn, context, &source, &period)?;
    store::targets::replace(conn, &period.id, &targets)?;
    if given.carry_over {
        left.extend(plan(conn, context, &source, &period)?.1);
    }
    let after = fields(&period.audit(), json!({"targets": targets}));
    record_all(conn, context, vec![AuditDraft::of("period.copy", &period, None, Some(after))])?;
    // Read again: units are returned in order of their code.
    let period = Period::find(conn, context, &period.id)?;
    Ok((context.details(conn, period)?, left))
}

/// The targets that hold in the copy too.
fn copied_targets(
    conn: &mut Conn,
    context: &Context,
    source: &Period,
    period: &Period,
) -> Result<(Vec<Target>, Vec<NotCarried>), Error> {
    let tables = context.app.tables.of_period(conn, &period.rules)?;
    let (mut targets, mut left) = (Vec::new(), Vec::new());
    for given in store::targets::of_period(conn, &source.id)? {
        let mut check = Check::default();
        targets.extend(target::read(std::slice::from_ref(&given), period, &tables, &mut check));
        if let Some(fault) = check.faults.first() {
            targets.pop();
            let (part, criterion_code) = (CarriedPart::Target, Some(given.criterion_code));
            left.push(NotCarried { unit_id: given.unit_id, part, criterion_code, why: fault.code });
        }
    }
    Ok((targets, left))
}

/// What a unit finds in its new submission.
struct Plan {
    source: Submission,
    table: Arc<ScoringTable>,
    lines: Sheet,
    evidence: Vec<Evidence>,
}

/// Works out what of a cancelled period's submissions is carried over to its copy.
fn plan(
    conn: &mut Conn,
    context: &Context,
    source: &Period,
    period: &Period,
) -> Result<(Vec<Plan>, Vec<NotCarried>), Error> {
    let tables_before = context.app.tables.of_period(conn, &source.rules)?;
    let tables = context.app.tables.of_period(conn, &period.rules)?;
    let targets = store::targets::of_period(conn, &period.id)?;
    let mut written = store::scores::of_period(conn, &source.id)?;
    let mut evidence: HashMap<Id, Vec<Evidence>> = HashMap::new();
    for piece in store::evidence::current_of_period(conn, &source.id)? {
        evidence.entry(piece.submission_id).or_default().push(piece);
    }
    let (mut plans, mut left) = (Vec::new(), Vec::new());
    for submission in store::submissions::of_period(conn, &source.id)? {
        let unit_id = submission.unit_id;
        let stays = |part, criterion_code, why| NotCarried { unit_id, part, criterion_code, why };
        let lacks = || Error::internal("a unit without its table");
        let from = tables_before.of_unit(source, &unit_id).ok_or_else(lacks)?;
        let plain = tables.of_unit(period, &unit_id).ok_or_else(lacks)?;
        let lines = written.remove(&submission.id).unwrap_or_default().on(from)?;
        let mut pieces = evidence.remove(&submission.id).unwrap_or_default();
        let is_empty = pieces.is_empty() && lines == from.blank();
        if is_empty {
            continue;
        }
        if !period.rules.unit_ids.contains(&unit_id) {
            left.push(stays(CarriedPart::Submission, None, Code::UnitNotInPeriod));
            continue;
        }
        let own = targets.iter().filter(|target| target.unit_id == unit_id);
        let own = own.map(|target| (target.criterion_code.as_str(), target.target));
        let table = Arc::new(ScoringTable::clone(plain).with_targets(own));
        let (lines, refused) = table.take_over(plain, from, &lines)?;
        left.extend(refused.into_iter().map(|(code, why)| stays(CarriedPart::Line, Some(code), why)));
        pieces.retain(|piece| {
            let known = table.position(&piece.criterion_code).is_some();
            if !known {
                left.push(stays(CarriedPart::Evidence, Some(piece.criterion_code.clone()), Code::UnknownCriterion));
            }
            known
        });
        if !pieces.is_empty() || lines != table.blank() {
            plans.push(Plan { source: submission, table, lines, evidence: pieces });
        }
    }
    Ok((plans, left))
}

/// Gives the units of a copy that opens what they had written, as drafts. Returns the audit entries.
pub fn carry_over(conn: &mut Conn, context: &Context, period: &Period) -> Result<Vec<AuditDraft<'static>>> {
    let Some(source) = period.copied_from.filter(|_| period.carry_over) else {
        return Ok(Vec::new());
    };
    let source = store::periods::find(conn, &source)?.ok_or(Code::NotFound)?;
    let zone = zone_of(conn, &period.organization_id)?;
    let due_on = period.rules.schedule.self_assessment_due_on;
    let term = (due_on, period.rules.gate_of(due_on, zone));
    let (plans, left) = plan(conn, context, &source, period)?;
    let left: Vec<_> = left
        .iter()
        .map(|left| {
            let why = left.why.row().code;
            json!({"unit_id": left.unit_id, "part": left.part, "criterion_code": left.criterion_code, "why": why})
        })
        .collect();
    let mut drafts = vec![AuditDraft {
        after: Some(json!({"from": source.id, "not_carried": left}).into()),
        ..AuditDraft::of("period.carry_over", period, None, None)
    }];
    for Plan { source, table, lines, evidence: pieces } in plans {
        let (unit_id, status) = (source.unit_id, SubmissionStatus::Draft);
        let blank = submissions::blank(context.new_id(), period, unit_id, status, term, context.now);
        store::submissions::insert(conn, &blank)?;
        store::scores::save_submission(conn, &table, &blank.id, &table.blank(), &lines)?;
        let tally = table.tally(&lines);
        let scored = Submission { totals: tally.totals, ..blank };
        store::submissions::set_totals(conn, &scored, &table.breakdown(&tally), scored.version)?;
        let pieces = pieces.into_iter().map(|piece| Evidence {
            id: context.new_id(),
            submission_id: scored.id,
            added_after: 0,
            removed_after: None,
            created_at: context.now,
            ..piece
        });
        let pieces: Vec<Evidence> = pieces.collect();
        store::evidence::insert_all(conn, &pieces)?;
        let case: SubmissionCase = store::submissions::find(conn, &scored.id)?.ok_or(Code::NotFound)?;
        let pieces: Vec<Value> = pieces.iter().map(evidence::audited).collect();
        let lines = audited_lines(&table, &lines)?;
        let after = json!({"lines": lines, "evidence": pieces, "carried_from": source.id});
        let event = Some(case.event(EventType::SubmissionCreated));
        let entry = AuditDraft::of("submission.carry_over", &case, None, Some(fields(&case.audit(), after)));
        drafts.push(AuditDraft { event, ..entry });
    }
    Ok(drafts)
}
