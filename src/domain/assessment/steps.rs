//! The transitions of a period from draft to closed, and their conditions.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::Id;
use crate::domain::access::action::Stage;
use crate::domain::assessment::group::PeriodTables;
use crate::domain::assessment::period::{CouncilScoring, Notice, Period, PeriodStatus, StartedStage};
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::assessment::target::{self, Target};
use crate::domain::change::{Change, Superseded};
use crate::domain::journal::event::EventType;
use crate::domain::text::{CODE_CHARS, Check, NOTE_CHARS, checked};
use crate::domain::time::instant;
use crate::error::{Code, Error, Fault};

/// A unit's submission, as the conditions of a period use it.
#[derive(Debug, Clone)]
pub struct UnitSheet {
    /// Code of the unit.
    pub unit_code: String,
    /// Status of the submission; `None` if the unit has none.
    pub status: Option<SubmissionStatus>,
    /// Instant from which it can no longer be submitted.
    pub closes_at: Option<DateTime<Utc>>,
}

impl UnitSheet {
    /// Whether the deadline has passed while the submission is still with its unit.
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        self.status.is_some_and(SubmissionStatus::is_with_unit)
            && self.closes_at.is_some_and(|closes_at| now >= closes_at)
    }
}

/// Returns what prevents the appraisal from starting: submissions that may still be submitted.
fn appraisal_faults(sheets: &[UnitSheet], now: DateTime<Utc>) -> Vec<Fault> {
    let with_unit = |sheet: &UnitSheet| sheet.status.is_none_or(SubmissionStatus::is_with_unit);
    let open = sheets.iter().filter(|sheet| with_unit(sheet)).filter_map(|sheet| {
        let until = sheet.closes_at.filter(|closes_at| now < *closes_at)?;
        Some(of_unit(Code::SheetOpen, &sheet.unit_code).with("closes_at", instant(until)))
    });
    open.collect()
}

/// Returns what prevents a stage from ending: submissions that neither have reached `status` nor were missed.
fn stage_faults(sheets: &[UnitSheet], status: SubmissionStatus, code: Code) -> Vec<Fault> {
    let behind = |sheet: &&UnitSheet| !sheet.status.is_some_and(|reached| reached.has_reached(status));
    sheets.iter().filter(behind).map(|sheet| of_unit(code, &sheet.unit_code)).collect()
}

/// Returns a fault that concerns a unit.
pub fn of_unit(code: Code, unit_code: &str) -> Fault {
    Fault::at("", code).with("unit_code", unit_code)
}

/// Requires that there are no faults.
///
/// # Errors
/// `guard_failed` with all of them.
pub fn guard(faults: Vec<Fault>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::of_faults(Code::GuardFailed, faults)) }
}

/// A step back, as submitted.
#[derive(Debug, Clone)]
pub struct StepBack {
    /// Why the stage must be gone through again.
    pub reason: String,
    /// New due date of the submissions, where the self-assessment begins again.
    pub self_assessment_due_on: Option<NaiveDate>,
}

/// The result notice, as submitted.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Number of the notice.
    pub notice_number: String,
    /// Date of the notice.
    pub notice_on: NaiveDate,
}

impl Announcement {
    fn read(&self, (decided_on, today): (NaiveDate, NaiveDate), check: &mut Check) -> Notice {
        let number = check.text("/notice_number", &self.notice_number, CODE_CHARS);
        let on = self.notice_on;
        check.ensure(on <= today, "/notice_on", Code::NoticeInFuture);
        if on < decided_on {
            let fault = Fault::at("/notice_on", Code::NoticeBeforeSession);
            check.faults.push(fault.with("held_on", decided_on.to_string()));
        }
        Notice { number, on }
    }
}

/// The way back from a stage that was started too early.
#[derive(Debug, Clone, Copy)]
pub struct WayBack {
    /// State of the period before that stage.
    pub status: PeriodStatus,
    /// State that the stage left submissions in, and the one in which it found them.
    pub sheets: (SubmissionStatus, SubmissionStatus),
    /// The stage whose reviews count no longer; none where only the ranking was frozen.
    pub reviews: Option<Stage>,
}

impl PeriodStatus {
    /// Returns the way back from the stage that the period is in.
    ///
    /// # Errors
    /// `invalid_state` in a state without one.
    pub fn way_back(self) -> Result<WayBack, Error> {
        use SubmissionStatus::{Appraised, Finalized, Reviewed, Submitted};
        let (status, sheets, reviews) = match self {
            PeriodStatus::Appraisal => (PeriodStatus::SelfAssessment, (Appraised, Submitted), Some(Stage::Appraisal)),
            PeriodStatus::CouncilReview => (PeriodStatus::Appraisal, (Reviewed, Appraised), Some(Stage::Council)),
            PeriodStatus::Finalized => (PeriodStatus::CouncilReview, (Finalized, Reviewed), None),
            PeriodStatus::Draft
            | PeriodStatus::SelfAssessment
            | PeriodStatus::Announced
            | PeriodStatus::Closed
            | PeriodStatus::Cancelled => return Err(Error::new(Code::InvalidState)),
        };
        Ok(WayBack { status, sheets, reviews })
    }
}

impl Period {
    /// Returns the way back from the stage that it is in. Where the members of the council score alone, submissions wait as
    /// appraised until the ranking is final.
    ///
    /// # Errors
    /// `invalid_state` in a state without one.
    pub fn way_back(&self) -> Result<WayBack, Error> {
        let way = self.status.way_back()?;
        let (from, to) = way.sheets;
        let waits = self.rules.council_scoring == CouncilScoring::Mean && to == SubmissionStatus::Reviewed;
        let to = if waits { SubmissionStatus::Appraised } else { to };
        Ok(WayBack { sheets: (from, to), ..way })
    }

    fn step(&self, status: PeriodStatus, now: DateTime<Utc>, event: EventType) -> Change<Self> {
        Change::with_event(Period { status, updated_at: now, ..self.clone() }, event)
    }

    /// Starts the self-assessment. `published` are the tables of the criteria sets that are published.
    ///
    /// # Errors
    /// `guard_failed` for a criteria set that is not published, without units, for a unit in no group or a group without a
    /// unit, for tie-break rules and targets that refer to what a table does not have, or for a schedule out of order.
    pub fn open(
        &self,
        published: &PeriodTables,
        targets: &[Target],
        active_units: &[Id],
        now: DateTime<Utc>,
    ) -> Result<Change<Self>, Error> {
        let mut check = Check::default();
        self.rules.check_sections(published, &mut check);
        target::check_criteria(targets, self, published, &mut check);
        for (pointer, set_id) in self.rules.criteria_sets() {
            check.ensure(published.0.contains_key(&set_id), &pointer, Code::CriteriaSetNotPublished);
        }
        check.ensure(!self.rules.unit_ids.is_empty(), "/unit_ids", Code::UnitsMissing);
        for (at, id) in self.rules.unit_ids.iter().enumerate() {
            check.ensure(active_units.contains(id), &format!("/unit_ids/{at}"), Code::UnitInactive);
        }
        self.rules.check_groups(&mut check);
        check.ensure(self.rules.schedule.is_in_order(), "/schedule", Code::ScheduleOutOfOrder);
        guard(check.faults)?;
        Ok(self.step(PeriodStatus::SelfAssessment, now, EventType::PeriodOpened))
    }

    /// Ends the self-assessment and starts the appraisal.
    ///
    /// # Errors
    /// `guard_failed` for a submission that may still be submitted.
    pub fn start_appraisal(&self, sheets: &[UnitSheet], now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        guard(appraisal_faults(sheets, now))?;
        Ok(self.step(PeriodStatus::Appraisal, now, EventType::PeriodAppraisalStarted))
    }

    /// Starts the council review.
    ///
    /// # Errors
    /// `guard_failed` for a submission that is neither appraised nor missed.
    pub fn start_council_review(
        &self,
        sheets: &[UnitSheet],
        today: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Change<Self>, Error> {
        guard(stage_faults(sheets, SubmissionStatus::Appraised, Code::AppraisalMissing))?;
        let change = self.step(PeriodStatus::CouncilReview, now, EventType::PeriodCouncilReviewStarted);
        Ok(change.map(|period| Period { council_review_started_on: Some(today), ..period }))
    }

    /// Freezes the ranking. `of_ranking` is what prevents the ranking itself from being final.
    ///
    /// # Errors
    /// `guard_failed` for a submission that is neither reviewed nor missed, and for everything in `of_ranking`.
    pub fn finalize(
        &self,
        sheets: &[UnitSheet],
        of_ranking: Vec<Fault>,
        now: DateTime<Utc>,
    ) -> Result<Change<Self>, Error> {
        let mut faults = stage_faults(sheets, SubmissionStatus::Reviewed, Code::CouncilReviewMissing);
        faults.extend(of_ranking);
        guard(faults)?;
        Ok(self.step(PeriodStatus::Finalized, now, EventType::PeriodFinalized))
    }

    /// Goes back to the stage before. The stage that was started too early is kept with the reason.
    ///
    /// # Errors
    /// `date_in_past`, `schedule_out_of_order`, `date_not_asked` for a due date where another stage begins again, and the
    /// errors of the reason.
    pub fn step_back(&self, given: &StepBack, today: NaiveDate, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let status = self.status.way_back()?.status;
        let mut check = Check::default();
        let superseded_reason = check.text("/reason", &given.reason, NOTE_CHARS);
        let mut rules = self.rules.clone();
        if let Some(due_on) = given.self_assessment_due_on {
            let pointer = "/self_assessment_due_on";
            if status == PeriodStatus::SelfAssessment {
                rules.schedule.self_assessment_due_on = due_on;
                check.ensure(due_on >= today, pointer, Code::DateInPast);
                check.ensure(rules.schedule.is_in_order(), pointer, Code::ScheduleOutOfOrder);
            } else {
                check.fault(pointer, Code::DateNotAsked);
            }
        }
        Error::unless_valid(check.faults)?;
        let council_review_started_on =
            self.council_review_started_on.filter(|_| status == PeriodStatus::CouncilReview);
        let change = self.step(status, now, EventType::PeriodSteppedBack);
        let value = StartedStage { status: self.status };
        Ok(change.map(|mut period| {
            period.superseded_stages.push(Superseded { value, superseded_at: now, superseded_reason });
            Period { rules, council_review_started_on, ranking_version: None, council_recalled: false, ..period }
        }))
    }

    /// Announces the results that were frozen last by a notice. `decided_on` is the day of the session that decided.
    /// `amended` says why the results are announced again; the notice before is kept with it.
    ///
    /// # Errors
    /// `notice_in_future`, `notice_before_session`, and the errors of the text.
    pub fn announce(
        &self,
        given: &Announcement,
        amended: &str,
        (decided_on, today): (NaiveDate, NaiveDate),
        now: DateTime<Utc>,
    ) -> Result<Change<Self>, Error> {
        let notice = checked(|check| given.read((decided_on, today), check))?;
        let change = self.step(PeriodStatus::Announced, now, EventType::PeriodAnnounced);
        let superseded_reason = amended.to_owned();
        let before = self.notice.clone().map(|value| Superseded { value, superseded_at: now, superseded_reason });
        Ok(change.map(|mut period| {
            period.superseded_notices.extend(before);
            Period { notice: Some(notice), announced_version: period.ranking_version, ..period }
        }))
    }

    /// Replaces a notice with a wrong number or date, which is kept with the `reason`. `granted_on` is the day of the first
    /// decision on a proposal, which the notice comes before.
    ///
    /// # Errors
    /// Those of [`Self::announce`]; `implausible_date` for a day after `granted_on`; `nothing_corrected` for the notice that is
    /// recorded already.
    pub fn correct_notice(
        &self,
        given: &Announcement,
        reason: &str,
        (decided_on, today): (NaiveDate, NaiveDate),
        granted_on: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Change<Self>, Error> {
        let mut check = Check::default();
        let notice = given.read((decided_on, today), &mut check);
        if let Some(granted_on) = granted_on.filter(|granted_on| (*granted_on..=today).contains(&notice.on)) {
            check.date("/notice_on", notice.on, (decided_on, granted_on));
        }
        let superseded_reason = check.text("/reason", reason, NOTE_CHARS);
        Error::unless_valid(check.faults)?;
        if self.notice.as_ref() == Some(&notice) {
            return Err(Error::new(Code::NothingCorrected));
        }
        let superseded = self.notice.clone().map(|value| Superseded { value, superseded_at: now, superseded_reason });
        let change = self.step(self.status, now, EventType::PeriodNoticeCorrected);
        Ok(change.map(|mut period| {
            period.superseded_notices.extend(superseded);
            Period { notice: Some(notice), ..period }
        }))
    }

    /// Returns the period with a ranking that was frozen anew; `tied` says whether the council has a tie to decide.
    #[must_use]
    pub fn refrozen(&self, version: i64, tied: bool, now: DateTime<Utc>) -> Self {
        Period { ranking_version: Some(version), council_recalled: tied, updated_at: now, ..self.clone() }
    }

    /// Closes the period. `undecided` are the codes of the units whose proposals are not decided.
    ///
    /// # Errors
    /// `guard_failed` for a proposal that is not decided.
    pub fn close(&self, undecided: &[&str], now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        guard(undecided.iter().map(|unit_code| of_unit(Code::ProposalUndecided, unit_code)).collect())?;
        Ok(self.step(PeriodStatus::Closed, now, EventType::PeriodClosed))
    }

    /// Cancels the period.
    ///
    /// # Errors
    /// The errors of the reason.
    pub fn cancel(&self, reason: &str, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let reason = checked(|check| check.text("/reason", reason, NOTE_CHARS))?;
        let change = self.step(PeriodStatus::Cancelled, now, EventType::PeriodCancelled);
        Ok(change.map(|period| Period { cancel_reason: Some(reason), ..period }))
    }
}
