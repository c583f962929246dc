//! Targets (chỉ tiêu) of the units in a period, for criteria whose rule leaves the target open.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::assessment::group::PeriodTables;
use crate::domain::assessment::period::Period;
use crate::domain::criteria::scoring::ScoringTable;
use crate::domain::text::{CODE_CHARS, Check};
use crate::domain::{Id, Quantity};
use crate::error::{Code, Fault};

/// The target of a unit for a criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Id of the unit, which must participate in the period.
    pub unit_id: Id,
    /// Code of the criterion, which must have the rule `target_ratio` without a target.
    #[schema(example = "A.I.1")]
    pub criterion_code: String,
    /// The target; more than 0.
    #[schema(example = 104)]
    pub target: Quantity,
    /// Unit of measure of the target; at most 64 characters.
    #[schema(example = "văn bản")]
    pub unit_of_measure: String,
}

/// Records a target of a criterion that the table does not have, or that has a target of its own.
fn check_criterion(criterion_code: &str, table: &ScoringTable, pointer: &str, check: &mut Check) {
    let about_criterion = |code| Fault::at(format!("{pointer}/criterion_code"), code).with("criterion", criterion_code);
    match table.asks_for_target(criterion_code) {
        None => check.faults.push(about_criterion(Code::UnknownCriterion)),
        Some(false) => check.faults.push(about_criterion(Code::TargetNotAsked)),
        Some(true) => {}
    }
}

/// Records targets whose criteria are no longer what they were when the targets were set: the table was a draft then.
pub fn check_criteria(targets: &[Target], period: &Period, tables: &PeriodTables, check: &mut Check) {
    for (at, target) in targets.iter().enumerate() {
        // A table that is missing is a fault of its own.
        if let Some(table) = tables.of_unit(period, &target.unit_id) {
            check_criterion(&target.criterion_code, table, &format!("/targets/{at}"), check);
        }
    }
}

/// Validates the targets of a period: each for a participating unit and a criterion of its table that needs one, and none
/// twice.
pub fn read(given: &[Target], period: &Period, tables: &PeriodTables, check: &mut Check) -> Vec<Target> {
    let mut seen = HashSet::new();
    let taking_part: HashSet<&Id> = period.rules.unit_ids.iter().collect();
    let mut read = Vec::with_capacity(given.len());
    for (at, target) in given.iter().enumerate() {
        let pointer = format!("/targets/{at}");
        let Target { unit_id, criterion_code, target: quantity, unit_of_measure } = target;
        check.ensure(taking_part.contains(unit_id), &format!("{pointer}/unit_id"), Code::UnitNotInPeriod);
        if let Some(table) = tables.of_unit(period, unit_id) {
            check_criterion(criterion_code, table, &pointer, check);
        }
        if *quantity == Quantity::ZERO {
            let fault = Fault::at(format!("{pointer}/target"), Code::NumberOutOfRange);
            check.faults.push(fault.with("min", "0.0001").with("max", Quantity::MAX.to_string()));
        }
        check.ensure(seen.insert((unit_id, criterion_code)), &pointer, Code::Duplicate);
        let unit_of_measure = check.text(&format!("{pointer}/unit_of_measure"), unit_of_measure, CODE_CHARS);
        read.push(Target { unit_of_measure, ..target.clone() });
    }
    read
}

/// Returns unit and criterion of every target that differs between two lists.
pub fn changed<'a>(before: &'a [Target], after: &'a [Target]) -> HashSet<(&'a Id, &'a str)> {
    let place = |target: &'a Target| (&target.unit_id, target.criterion_code.as_str());
    let figures =
        |list: &'a [Target]| -> HashSet<_> { list.iter().map(|target| (place(target), target.target)).collect() };
    figures(before).symmetric_difference(&figures(after)).map(|(place, _)| *place).collect()
}
