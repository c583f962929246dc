//! How much a stage moved the lines of the one before it.

use serde::Serialize;
use utoipa::ToSchema;

use super::UnitSheets;
use crate::domain::Points;
use crate::domain::criteria::scoring::Sheet;

/// How much a stage moved lines of the stage before it. A line counts if it is scored and applies in both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Movement {
    /// Number of lines that are in both stages.
    pub compared: u32,
    /// Number of lines that were raised.
    pub raised: u32,
    /// Number of lines that were lowered.
    pub lowered: u32,
    /// Sum of what lines were raised by.
    pub sum_raised: Points,
    /// Sum of what lines were lowered by; never more than 0.
    pub sum_lowered: Points,
    /// Sum of both.
    pub net: Points,
}

impl Movement {
    fn add(&mut self, by: Points) {
        self.compared += 1;
        self.net += by;
        if by > Points::ZERO {
            self.raised += 1;
            self.sum_raised += by;
        } else if by < Points::ZERO {
            self.lowered += 1;
            self.sum_lowered += by;
        }
    }
}

/// The movements of the two steps between the stages.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// From the self-assessment to the appraisal.
    pub self_to_appraisal: Option<Movement>,
    /// From the appraisal to the council review.
    pub appraisal_to_council: Option<Movement>,
}

/// Returns by how much a line moved between two stages; `None` unless it is scored and applies in both.
fn moved(before: &Sheet, after: &Sheet, line: usize) -> Option<Points> {
    Some(after.points(line)? - before.points(line)?)
}

/// Returns the stages that follow each other in a sheet.
fn steps<'a>(sheets: &UnitSheets<'a>) -> [Option<(&'a Sheet, &'a Sheet)>; 2] {
    [sheets.appraisal.map(|appraisal| (sheets.own, appraisal)), sheets.appraisal.zip(sheets.council)]
}

/// Returns how the lines of a unit moved.
pub(super) fn of_unit(sheets: &UnitSheets) -> Steps {
    let lines = 0..sheets.own.0.len();
    let [self_to_appraisal, appraisal_to_council] = steps(sheets).map(|step| {
        step.map(|(before, after)| {
            let mut movement = Movement::default();
            lines.clone().filter_map(|line| moved(before, after, line)).for_each(|by| movement.add(by));
            movement
        })
    });
    Steps { self_to_appraisal, appraisal_to_council }
}

/// Returns how the lines of a criterion moved over all units, and by how much, without sign, each of those that moved.
pub(super) fn of_criterion(all: &[UnitSheets], line: usize) -> (Steps, Vec<Points>) {
    let mut found = Steps::default();
    let mut departures = Vec::new();
    for sheets in all {
        let [first, second] = steps(sheets);
        for (step, into) in [(first, &mut found.self_to_appraisal), (second, &mut found.appraisal_to_council)] {
            let Some((before, after)) = step else {
                continue;
            };
            let movement = into.get_or_insert_default();
            if let Some(by) = moved(before, after, line) {
                movement.add(by);
                departures.push(Points::from_hundredths(by.hundredths().abs()));
            }
        }
    }
    departures.retain(|by| *by > Points::ZERO);
    (found, departures)
}
