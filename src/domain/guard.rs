//! What keeps a period from its next state: the sheets that are not as far yet.

use chrono::{DateTime, Utc};

use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::time::instant;
use crate::error::{Code, Fault};

/// A unit's sheet as the guards of a period see it; none where the unit never made one.
#[derive(Debug, Clone)]
pub struct SheetOfUnit {
    /// Which unit.
    pub unit_code: String,
    /// Where its sheet is.
    pub status: Option<SubmissionStatus>,
    /// When its gate closes.
    pub closes_at: Option<DateTime<Utc>>,
}

impl SheetOfUnit {
    /// Whether the clock has closed the gate of a sheet that is still with its unit.
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        let with_unit = matches!(self.status, Some(SubmissionStatus::Draft | SubmissionStatus::Returned));
        with_unit && self.closes_at.is_some_and(|closes_at| now >= closes_at)
    }
}

/// What keeps the appraisal from starting: a sheet that its unit may still send.
pub fn appraisal_faults(sheets: &[SheetOfUnit], now: DateTime<Utc>) -> Vec<Fault> {
    let with_unit =
        |sheet: &SheetOfUnit| matches!(sheet.status, None | Some(SubmissionStatus::Draft | SubmissionStatus::Returned));
    let open = sheets.iter().filter(|sheet| with_unit(sheet)).filter_map(|sheet| {
        let until = sheet.closes_at.filter(|closes_at| now < *closes_at)?;
        Some(of_unit(Code::SheetOpen, &sheet.unit_code).with("closes_at", instant(until)))
    });
    open.collect()
}

/// What keeps a stage from ending: every sheet must have reached `status` or be missed.
pub fn stage_faults(sheets: &[SheetOfUnit], status: SubmissionStatus, code: Code) -> Vec<Fault> {
    let behind = |sheet: &&SheetOfUnit| !sheet.status.is_some_and(|reached| reached.has_reached(status));
    sheets.iter().filter(behind).map(|sheet| of_unit(code, &sheet.unit_code)).collect()
}

/// A guard that one unit keeps closed.
pub fn of_unit(code: Code, unit_code: &str) -> Fault {
    Fault::at("", code).with("unit_code", unit_code)
}
