//! The units of an open period: one joins, one is set aside with its submission kept, one comes back.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;

use crate::domain::Id;
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::assessment::submission::{SubmissionCase, SubmissionStatus};
use crate::domain::change::Change;
use crate::domain::journal::event::EventType;
use crate::domain::time::{closes_at, date_in};
use crate::error::{Code, Error, Fault};

/// A unit that no longer takes part in a period, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// The unit.
    pub unit_id: Id,
    /// Why it was set aside.
    pub reason: String,
    /// When it was set aside.
    pub set_aside_at: DateTime<Utc>,
    /// The unit that it merged into.
    pub merged_into: Option<Id>,
    /// Code of its group; `None` where there are no groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_code: Option<String>,
}

/// Returns the error for a change to what belongs to a unit that was set aside.
pub fn unit_set_aside() -> Error {
    Error::new(Code::UnitSetAside)
}

impl Period {
    /// Returns how a unit was set aside, if it was.
    pub fn set_aside_of(&self, unit_id: &Id) -> Option<&SetAside> {
        self.set_aside.iter().find(|aside| aside.unit_id == *unit_id)
    }

    /// Requires that a unit was not set aside.
    ///
    /// # Errors
    /// `unit_set_aside`.
    pub fn must_not_be_set_aside(&self, unit_id: &Id) -> Result<(), Error> {
        if self.set_aside_of(unit_id).is_some() { Err(unit_set_aside()) } else { Ok(()) }
    }

    /// Requires that a unit takes part, or did.
    ///
    /// # Errors
    /// `not_found`.
    pub fn must_know(&self, unit_id: &Id) -> Result<(), Error> {
        let known = self.rules.unit_ids.contains(unit_id) || self.set_aside_of(unit_id).is_some();
        if known { Ok(()) } else { Err(Error::new(Code::NotFound)) }
    }

    /// Lets a unit join a group, or come back to the one that it was in when it was set aside.
    ///
    /// # Errors
    /// `already_exists` for a unit that takes part; `group_required` for a new one without a group where there are groups;
    /// `unknown_reference` for a group that there is not; `group_fixed` for one that comes back to another group.
    pub fn join(&self, unit_id: Id, group_code: Option<&str>, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        if self.rules.unit_ids.contains(&unit_id) {
            return Err(Error::new(Code::AlreadyExists));
        }
        let of_group = |code| Error::of_fault(Fault::at("/group_code", code));
        if group_code.is_some_and(|code| self.rules.group(code).is_none()) {
            return Err(of_group(Code::UnknownReference));
        }
        let stood = self.set_aside_of(&unit_id).and_then(|aside| aside.group_code.as_deref());
        if let Some(stood) = stood.filter(|stood| group_code.is_some_and(|code| code != *stood)) {
            return Err(Error::of_fault(Fault::at("/group_code", Code::GroupFixed).with("group_code", stood)));
        }
        let joined = group_code.or(stood);
        if joined.is_none() && !self.rules.groups.is_empty() {
            return Err(of_group(Code::GroupRequired));
        }
        let mut after = Period { updated_at: now, ..self.clone() };
        after.set_aside.retain(|aside| aside.unit_id != unit_id);
        after.rules.unit_ids.push(unit_id);
        if let Some(group) = after.rules.groups.iter_mut().find(|group| joined == Some(group.code.as_str())) {
            group.unit_ids.push(unit_id);
        }
        Ok(Change::with_event(after, EventType::PeriodUnitJoined))
    }

    /// Sets a unit aside. It may be the last of its group, whose awards nobody takes then.
    ///
    /// # Errors
    /// `unit_set_aside` for one that was set aside before, `units_missing` for the only one.
    pub fn set_aside(&self, aside: SetAside, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        self.must_not_be_set_aside(&aside.unit_id)?;
        let mut after = Period { updated_at: now, ..self.clone() };
        after.rules.retain_units(|unit_id| *unit_id != aside.unit_id);
        if after.rules.unit_ids.is_empty() {
            return Err(Error::new(Code::UnitsMissing));
        }
        let group_code = self.group_code_of(&aside.unit_id).map(str::to_owned);
        after.set_aside.push(SetAside { group_code, ..aside });
        Ok(Change::with_event(after, EventType::PeriodUnitSetAside))
    }
}

/// What the last day of a unit that joins depends on.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// State of the period.
    pub period: PeriodStatus,
    /// State of the submission that the unit left behind; `None` if it has none.
    pub sheet: Option<SubmissionStatus>,
    /// The day that stands without another: that of the schedule or of the submission left behind.
    pub stands: NaiveDate,
    /// Whether the gate of that day is still open.
    pub is_open: bool,
    /// Due date of the appraisal.
    pub latest: NaiveDate,
}

impl Entry {
    /// Returns the last day of the unit. A day of its own is needed where the gate of the others has closed and the unit has
    /// nothing to come back to. In the council review nothing can be handed in any more.
    ///
    /// # Errors
    /// `due_on_required`, `date_in_past`, `deadline_shortened`, `due_on_too_late`; `due_on_not_needed` where the submission
    /// was handed in, `invalid_state` where the period takes none any more.
    pub fn due_on(&self, given: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, Error> {
        use PeriodStatus::{Appraisal, SelfAssessment};
        use SubmissionStatus::{Draft, Missed, Returned};
        let Some(due_on) = given else {
            let late = !self.is_open && self.sheet.is_none() && self.period != PeriodStatus::CouncilReview;
            Error::unless_valid(late.then(|| Fault::at("/due_on", Code::DueOnRequired)).into_iter().collect())?;
            return Ok(self.stands);
        };
        self.period.must_be(&[SelfAssessment, Appraisal])?;
        if let Some(status) = self.sheet.filter(|status| !matches!(status, Draft | Returned | Missed)) {
            return Err(Error::of_fault(Fault::at("/due_on", Code::DueOnNotNeeded).with("state", json!(status))));
        }
        let fault = match due_on {
            _ if due_on < today => Some(Fault::at("/due_on", Code::DateInPast)),
            _ if due_on < self.stands => {
                Some(Fault::at("/due_on", Code::DeadlineShortened).with("due_on", self.stands.to_string()))
            }
            _ if due_on > self.latest => {
                Some(Fault::at("/due_on", Code::DueOnTooLate).with("latest", self.latest.to_string()))
            }
            _ => None,
        };
        Error::unless_valid(fault.into_iter().collect())?;
        Ok(due_on)
    }

    /// Requires that a submission that comes back has passed the stages that all others have passed.
    ///
    /// # Errors
    /// `guard_failed` with `appraisal_missing` for a submission that was not appraised before the council's review.
    pub fn must_fit(&self, unit_code: &str) -> Result<(), Error> {
        let unappraised = matches!(self.sheet, Some(SubmissionStatus::Submitted | SubmissionStatus::Returned));
        if unappraised && self.period == PeriodStatus::CouncilReview {
            let fault = Fault::at("", Code::AppraisalMissing).with("unit_code", unit_code);
            return Err(Error::of_faults(Code::GuardFailed, vec![fault]));
        }
        Ok(())
    }
}

impl SubmissionCase {
    /// Keeps the submission of a unit that is set aside. Time no longer ends it.
    pub fn put_aside(&self, now: DateTime<Utc>) -> Change<Self> {
        let mut after = SubmissionCase { set_aside_at: Some(now), ..self.clone() };
        after.submission.updated_at = now;
        if after.submission.status.is_with_unit() {
            after.submission.closes_at = None;
        }
        Change::silent(after)
    }

    /// Gives the submission back to a unit that takes part again, as it was. A later day opens one that was missed.
    pub fn bring_back(&self, period: &Period, due_on: NaiveDate, now: DateTime<Utc>) -> Change<Self> {
        let mut after = SubmissionCase { set_aside_at: None, ..self.clone() };
        let is_later = due_on > self.submission.due_on && due_on >= date_in(self.zone, now);
        let reopens = self.submission.status == SubmissionStatus::Missed && is_later;
        after.submission.updated_at = now;
        if reopens {
            after.submission.status = SubmissionStatus::Draft;
        }
        if after.submission.status.is_with_unit() {
            after.submission.due_on = due_on;
            after.submission.closes_at = period.gate_for(due_on, self.zone, now);
        }
        if reopens { Change::with_event(after, EventType::SubmissionReopened) } else { Change::silent(after) }
    }
}

impl Period {
    /// Returns the instant from which a submission due on a day is closed in the present state of the period; `None` where
    /// late submissions are accepted.
    pub fn gate_for(&self, due_on: NaiveDate, zone: chrono_tz::Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.status {
            PeriodStatus::SelfAssessment => self.rules.gate_of(due_on, zone),
            // Late submissions are accepted only until the appraisal starts.
            PeriodStatus::Appraisal => Some(closes_at(due_on, zone)),
            PeriodStatus::Draft
            | PeriodStatus::CouncilReview
            | PeriodStatus::Finalized
            | PeriodStatus::Announced
            | PeriodStatus::Closed
            | PeriodStatus::Cancelled => Some(closes_at(due_on, zone).min(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    type Row = (PeriodStatus, Option<SubmissionStatus>, bool, Option<&'static str>, Result<&'static str, Code>);

    /// The schedule says 10 November, the appraisal ends on the 20th, today is the 13th where the gate has closed and the 1st
    /// where it is open.
    #[test]
    fn a_unit_that_joins_has_its_day() {
        use PeriodStatus::{Appraisal, CouncilReview, SelfAssessment};
        use SubmissionStatus::{Appraised, Draft, Missed, Submitted};
        let table: [Row; 15] = [
            (SelfAssessment, None, true, None, Ok("2023-11-10")),
            (SelfAssessment, None, true, Some("2023-11-15"), Ok("2023-11-15")),
            (SelfAssessment, None, true, Some("2023-11-09"), Err(Code::DeadlineShortened)),
            (SelfAssessment, None, false, None, Err(Code::DueOnRequired)),
            (SelfAssessment, None, false, Some("2023-11-12"), Err(Code::DateInPast)),
            (Appraisal, None, false, None, Err(Code::DueOnRequired)),
            (Appraisal, None, false, Some("2023-11-20"), Ok("2023-11-20")),
            (Appraisal, None, false, Some("2023-11-21"), Err(Code::DueOnTooLate)),
            (Appraisal, Some(Missed), false, None, Ok("2023-11-10")),
            (Appraisal, Some(Draft), false, Some("2023-11-14"), Ok("2023-11-14")),
            (Appraisal, Some(Submitted), false, Some("2023-11-14"), Err(Code::DueOnNotNeeded)),
            (SelfAssessment, Some(Submitted), true, Some("2023-11-14"), Err(Code::DueOnNotNeeded)),
            (Appraisal, Some(Appraised), false, None, Ok("2023-11-10")),
            (CouncilReview, None, false, None, Ok("2023-11-10")),
            (CouncilReview, None, false, Some("2023-11-20"), Err(Code::InvalidState)),
        ];
        for (period, sheet, is_open, given, expected) in table {
            let entry = Entry { period, sheet, stands: on("2023-11-10"), is_open, latest: on("2023-11-20") };
            let today = if is_open { on("2023-11-01") } else { on("2023-11-13") };
            let found = entry.due_on(given.map(on), today).map_err(|error| error.code);
            assert_eq!(found, expected.map(on), "{period:?} {sheet:?} {is_open} {given:?}");
        }
    }

    #[test]
    fn what_comes_back_into_the_council_review_is_appraised() {
        use SubmissionStatus as S;
        for (sheet, fits) in [
            (None, true),
            (Some(S::Draft), true),
            (Some(S::Missed), true),
            (Some(S::Submitted), false),
            (Some(S::Returned), false),
            (Some(S::Appraised), true),
            (Some(S::Reviewed), true),
        ] {
            for period in [PeriodStatus::Appraisal, PeriodStatus::CouncilReview] {
                let day = on("2023-11-10");
                let entry = Entry { period, sheet, stands: day, is_open: false, latest: day };
                let expected = fits || period == PeriodStatus::Appraisal;
                assert_eq!(entry.must_fit("TH").is_ok(), expected, "{sheet:?} {period:?}");
            }
        }
    }
}
