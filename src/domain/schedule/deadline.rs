//! Deadlines. Their state is derived from the calendar and from what was done; it is never set.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, wrong_state};
use crate::domain::assessment::period::{DossierSemantics, Period, PeriodRules, PeriodStatus};
use crate::domain::award::award_proposal::DossierTerm;
use crate::domain::schedule::reminders::{OVERDUE, Reminders};
use crate::error::Error;

/// Kind of deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// A unit's self-assessment (the guideline: 10 November).
    SelfAssessment,
    /// The standing body's appraisal of all submissions.
    Appraisal,
    /// The council's review of all submissions: the last day of its window.
    CouncilReview,
    /// The result notice.
    ResultNotice,
    /// A unit's award dossier, five working days after the result notice.
    Dossier,
}

impl DeadlineKind {
    /// Whether it is met with the last submission of the period, which reveals the state of every submission.
    pub const fn is_stage(self) -> bool {
        match self {
            DeadlineKind::Appraisal | DeadlineKind::CouncilReview => true,
            DeadlineKind::SelfAssessment | DeadlineKind::ResultNotice | DeadlineKind::Dossier => false,
        }
    }

    /// Whether `met_on` is hidden, until the period moves on, from those who do not see the state of every submission.
    pub const fn hides_met(self, period: PeriodStatus) -> bool {
        match period {
            PeriodStatus::Draft | PeriodStatus::SelfAssessment | PeriodStatus::Appraisal => self.is_stage(),
            PeriodStatus::CouncilReview => matches!(self, DeadlineKind::CouncilReview),
            PeriodStatus::Finalized | PeriodStatus::Announced | PeriodStatus::Closed | PeriodStatus::Cancelled => false,
        }
    }
}

/// State of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum DeadlineStatus {
    /// Waiting for the event that it depends on: the result notice.
    PendingAnchor,
    /// Not due soon.
    Scheduled,
    /// Within the first reminder.
    DueSoon,
    /// Passed, and not met.
    Overdue,
    /// Met in time.
    Met,
    /// Met late.
    MetLate,
    /// Waived: no longer required of anyone.
    Waived,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// Id of the deadline.
    pub id: Id,
    /// The organisation that the deadline belongs to.
    pub organization_id: Id,
    /// The period that it belongs to.
    pub period_id: Id,
    /// Kind of deadline.
    pub kind: DeadlineKind,
    /// The unit that it belongs to; `None` if it applies to the whole period.
    pub unit_id: Option<Id>,
    /// Due date according to schedule or calendar; `None` while the event that it depends on has not occurred, and if
    /// the period sets a waiting time instead.
    pub scheduled_on: Option<NaiveDate>,
    /// Due date according to the longest extension.
    pub extended_on: Option<NaiveDate>,
    /// First possible day, if the period sets a waiting time instead of a limit.
    pub opens_on: Option<NaiveDate>,
    /// When it was met.
    pub met_on: Option<NaiveDate>,
    /// When it was waived, and why.
    pub waived: Option<(DateTime<Utc>, String)>,
    /// The last reminder that was sent: its days, or [`OVERDUE`].
    pub last_reminder: Option<i32>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the deadline was created.
    pub created_at: DateTime<Utc>,
    /// When the deadline was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The acts on a deadline, in the order in which they are listed.
pub const ACTIONS: [Action; 3] = [Action::ExtendDeadline, Action::WaiveDeadline, Action::UnwaiveDeadline];

/// The acts on a deadline that was extended, in the order in which they are listed.
pub const EXTENDED_ACTIONS: [Action; 4] =
    [Action::ExtendDeadline, Action::CorrectExtension, Action::WaiveDeadline, Action::UnwaiveDeadline];

impl Deadline {
    /// Returns a new deadline.
    pub fn new(id: Id, organization_id: Id, period_id: Id, kind: DeadlineKind, now: DateTime<Utc>) -> Self {
        Deadline {
            id,
            organization_id,
            period_id,
            kind,
            unit_id: None,
            scheduled_on: None,
            extended_on: None,
            opens_on: None,
            met_on: None,
            waived: None,
            last_reminder: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns the deadlines of a period that opens: the self-assessment of each unit, each stage, the result notice,
    /// and the dossiers, which depend on it.
    pub fn plan(period: &Period, mut new_id: impl FnMut() -> Id, now: DateTime<Utc>) -> Vec<Self> {
        let mut new = |kind, unit_id: Option<&Id>| {
            let (organization_id, period_id) = (period.organization_id, period.id);
            let deadline = Deadline::new(new_id(), organization_id, period_id, kind, now);
            Deadline { unit_id: unit_id.copied(), scheduled_on: scheduled_on(kind, &period.rules), ..deadline }
        };
        let mut all: Vec<Self> =
            period.rules.unit_ids.iter().map(|unit_id| new(DeadlineKind::SelfAssessment, Some(unit_id))).collect();
        let others = DeadlineKind::VARIANTS.iter().copied().filter(|kind| *kind != DeadlineKind::SelfAssessment);
        all.extend(others.map(|kind| new(kind, None)));
        all
    }

    /// Returns the deadline of a unit's dossier, once the result notice has set its term.
    pub fn of_dossier(id: Id, period: &Period, unit_id: &Id, term: &DossierTerm, now: DateTime<Utc>) -> Self {
        let (organization_id, period_id) = (period.organization_id, period.id);
        Deadline {
            unit_id: Some(*unit_id),
            scheduled_on: term.due_on,
            opens_on: term.opens_on,
            ..Deadline::new(id, organization_id, period_id, DeadlineKind::Dossier, now)
        }
    }

    /// Returns the due date. A later change of the schedule never shortens an extension.
    pub fn due_on(&self) -> Option<NaiveDate> {
        self.scheduled_on.max(self.extended_on)
    }

    /// Returns the unit that is responsible, or `None` if it is the whole organisation.
    pub fn responsible_unit(&self) -> Option<&Id> {
        self.unit_id.as_ref().filter(|_| self.kind == DeadlineKind::SelfAssessment)
    }

    /// Whether it is met or waived.
    pub const fn is_settled(&self) -> bool {
        self.met_on.is_some() || self.waived.is_some()
    }

    /// Returns its state on a day.
    pub fn status(&self, today: NaiveDate, reminders: &Reminders) -> DeadlineStatus {
        if self.waived.is_some() {
            return DeadlineStatus::Waived;
        }
        match (self.met_on, self.due_on()) {
            (Some(met_on), Some(due_on)) if met_on > due_on => DeadlineStatus::MetLate,
            (Some(_), _) => DeadlineStatus::Met,
            (None, None) if self.opens_on.is_none() => DeadlineStatus::PendingAnchor,
            (None, Some(due_on)) if due_on < today => DeadlineStatus::Overdue,
            (None, Some(due_on)) if (due_on - today).num_days() <= i64::from(reminders.first()) => {
                DeadlineStatus::DueSoon
            }
            (None, _) => DeadlineStatus::Scheduled,
        }
    }

    /// Returns the reminder to send on a day, if it was not sent before: its days, or [`OVERDUE`]. Setting the clock
    /// back sends nothing again.
    pub fn due_reminder(&self, today: NaiveDate, reminders: &Reminders) -> Option<i32> {
        let due_on = self.due_on().filter(|_| !self.is_settled())?;
        let days_left = (due_on - today).num_days();
        let now = if days_left < 0 { OVERDUE } else { reminders.reached(days_left)? };
        self.last_reminder.is_none_or(|last_reminder| now < last_reminder).then_some(now)
    }

    /// Returns the next day after `today` on which the passing of time changes its state, opens it or triggers a
    /// reminder.
    pub fn next_check_on(&self, today: NaiveDate, reminders: &Reminders) -> Option<NaiveDate> {
        if let Some(opens_on) = self.opens_on.filter(|_| !self.is_settled()) {
            return Some(opens_on).filter(|opens_on| *opens_on > today);
        }
        let due_on = self.due_on().filter(|_| !self.is_settled())?;
        let before = |days: i32| due_on.checked_sub_days(Days::new(u64::try_from(days).ok()?));
        let after = due_on.checked_add_days(Days::new(1));
        let days = reminders.days().filter_map(before).chain(after);
        days.filter(|day| *day > today).min()
    }

    /// Requires that the states of the deadline and of its period allow an action.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may(
        &self,
        action: Action,
        today: NaiveDate,
        reminders: &Reminders,
        period: PeriodStatus,
    ) -> Result<(), Error> {
        use DeadlineStatus::{DueSoon, Overdue, PendingAnchor, Scheduled, Waived};
        let status = self.status(today, reminders);
        let (needs, periods): (&[DeadlineStatus], &[PeriodStatus]) =
            if matches!(action, Action::ExtendDeadline | Action::CorrectExtension) {
                self.extensible(period)
            } else if action == Action::WaiveDeadline {
                (&[PendingAnchor, Scheduled, DueSoon, Overdue], &PeriodStatus::OPEN)
            } else if action == Action::UnwaiveDeadline {
                (&[Waived], &PeriodStatus::OPEN)
            } else {
                (&[], &[])
            };
        if !needs.contains(&status) {
            return Err(wrong_state(status, needs));
        }
        period.must_be(periods)
    }

    /// Returns the states of the deadline and of its period in which it can be extended.
    const fn extensible(&self, period: PeriodStatus) -> (&'static [DeadlineStatus], &'static [PeriodStatus]) {
        use DeadlineStatus::{DueSoon, Met, MetLate, Overdue, Scheduled};
        use PeriodStatus::{Appraisal, SelfAssessment};
        if self.opens_on.is_some() {
            // A waiting time has no due date to extend.
            return (&[], &[]);
        }
        match (self.kind, period) {
            // A submission can still be withdrawn before the deadline.
            (DeadlineKind::SelfAssessment, SelfAssessment) => {
                (&[Scheduled, DueSoon, Overdue, Met, MetLate], &[SelfAssessment, Appraisal])
            }
            (DeadlineKind::SelfAssessment, _) => (&[Scheduled, DueSoon, Overdue], &[SelfAssessment, Appraisal]),
            (
                DeadlineKind::Appraisal
                | DeadlineKind::CouncilReview
                | DeadlineKind::ResultNotice
                | DeadlineKind::Dossier,
                _,
            ) => (&[Scheduled, DueSoon, Overdue], &PeriodStatus::OPEN),
        }
    }

    /// Returns the deadline with an extension. It is never shortened.
    #[must_use]
    pub fn extended(self, due_on: NaiveDate, now: DateTime<Utc>) -> Self {
        Deadline { extended_on: self.extended_on.max(Some(due_on)), last_reminder: None, updated_at: now, ..self }
    }

    /// Returns the deadline with another day of its longest extension.
    #[must_use]
    pub fn corrected(self, extended_on: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        Deadline { extended_on, last_reminder: None, updated_at: now, ..self }
    }

    /// Returns the deadline of a submission that was returned: to be met again, by its own due date if one is given.
    #[must_use]
    pub fn returned(self, due_on: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        let (on, opens_on) = (due_on.or(self.scheduled_on), self.opens_on);
        self.reopened(on, opens_on, now)
    }

    /// Returns the deadline to be met again by another schedule or calendar, even if it was met or waived.
    #[must_use]
    pub fn reopened(self, on: Option<NaiveDate>, opens_on: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        Deadline { met_on: None, waived: None, ..self.scheduled(on, opens_on, now) }
    }

    /// Waives the deadline.
    #[must_use]
    pub fn waive(self, reason: String, now: DateTime<Utc>) -> Self {
        Deadline { waived: Some((now, reason)), updated_at: now, ..self }
    }

    /// Takes a waiver back: the deadline is to be met again, and reminded of, by the day that stands.
    #[must_use]
    pub fn unwaive(self, now: DateTime<Utc>) -> Self {
        Deadline { waived: None, last_reminder: None, updated_at: now, ..self }
    }

    /// Returns the deadline as those see it who do not see the state of every submission.
    #[must_use]
    pub fn for_outsiders(self, period: PeriodStatus) -> Self {
        let hidden = self.unit_id.is_none() && self.kind.hides_met(period);
        Deadline { met_on: self.met_on.filter(|_| !hidden), ..self }
    }

    /// Returns the number of days since the due date passed; 0 if it has not.
    pub fn overdue_days(&self, today: NaiveDate) -> i64 {
        let open = self.due_on().filter(|_| !self.is_settled());
        open.map_or(0, |due_on| (today - due_on).num_days().max(0))
    }

    /// Returns the deadline with another schedule or calendar.
    #[must_use]
    pub fn scheduled(self, on: Option<NaiveDate>, opens_on: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        let before = self.due_on();
        let after = Deadline { scheduled_on: on, opens_on, updated_at: now, ..self };
        let last_reminder = after.last_reminder.filter(|_| after.due_on() == before);
        Deadline { last_reminder, ..after }
    }

    /// Whether it can still be met in this state of its period. A submission that was not submitted before the council
    /// review cannot be submitted later.
    pub const fn is_live(kind: DeadlineKind, period: PeriodStatus) -> bool {
        match period {
            PeriodStatus::Draft | PeriodStatus::Closed | PeriodStatus::Cancelled => false,
            PeriodStatus::SelfAssessment | PeriodStatus::Appraisal => true,
            PeriodStatus::CouncilReview | PeriodStatus::Finalized | PeriodStatus::Announced => match kind {
                DeadlineKind::SelfAssessment => false,
                DeadlineKind::Appraisal
                | DeadlineKind::CouncilReview
                | DeadlineKind::ResultNotice
                | DeadlineKind::Dossier => true,
            },
        }
    }
}

/// Returns the due date that the schedule of a period sets for a kind of deadline, or `None` for the dossier, which
/// depends on the result notice.
pub const fn scheduled_on(kind: DeadlineKind, rules: &PeriodRules) -> Option<NaiveDate> {
    let schedule = &rules.schedule;
    match kind {
        DeadlineKind::SelfAssessment => Some(schedule.self_assessment_due_on),
        DeadlineKind::Appraisal => Some(schedule.appraisal_due_on),
        DeadlineKind::CouncilReview => Some(schedule.council_review_to_on),
        DeadlineKind::ResultNotice => Some(schedule.result_notice_due_on),
        DeadlineKind::Dossier => None,
    }
}

/// How a due date is determined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DeadlineRule {
    /// A date of the schedule, or the date by which a returned submission is due.
    FixedDate {
        /// That date, before any extension.
        on: Option<NaiveDate>,
    },
    /// A number of working days after the result notice, whose own day is not counted.
    WorkingDaysAfterNotice {
        /// Date of the result notice; null while there is none.
        notice_on: Option<NaiveDate>,
        /// Number of working days.
        working_days: i32,
        /// Whether the resulting day is the last or the first possible day.
        semantics: DossierSemantics,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::extension::check_extension;
    use crate::error::Code;
    use proptest::prelude::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn id() -> Id {
        Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001")
    }

    fn due(day: &str) -> Deadline {
        let new = Deadline::new(id(), id(), id(), DeadlineKind::Appraisal, DateTime::UNIX_EPOCH);
        Deadline { scheduled_on: Some(on(day)), ..new }
    }

    #[test]
    fn the_status_depends_on_dates_alone() {
        use DeadlineStatus::{DueSoon, Met, MetLate, Overdue, PendingAnchor, Scheduled, Waived};
        let reminders = Reminders::default();
        let met = |day: &str| Deadline { met_on: Some(on(day)), ..due("2023-11-10") };
        for (deadline, today, status) in [
            (due("2023-11-10"), "2023-11-02", Scheduled),
            (due("2023-11-10"), "2023-11-03", DueSoon),
            (due("2023-11-10"), "2023-11-10", DueSoon),
            (due("2023-11-10"), "2023-11-11", Overdue),
            (met("2023-11-10"), "2024-01-01", Met),
            (met("2023-11-11"), "2024-01-01", MetLate),
            (Deadline { scheduled_on: None, ..due("2023-11-10") }, "2023-11-10", PendingAnchor),
            (
                Deadline { scheduled_on: None, opens_on: Some(on("2023-12-07")), ..due("2023-11-10") },
                "2024-01-01",
                Scheduled,
            ),
            (Deadline { waived: Some((DateTime::UNIX_EPOCH, "x".into())), ..met("2023-11-11") }, "2024-01-01", Waived),
            (due("2023-11-10").extended(on("2023-11-15"), DateTime::UNIX_EPOCH), "2023-11-15", DueSoon),
        ] {
            assert_eq!(deadline.status(on(today), &reminders), status, "{today} {deadline:?}");
        }
    }

    #[test]
    fn each_reminder_is_sent_once_and_only_the_latest() {
        let reminders = Reminders::default();
        let reminder = |last_reminder: Option<i32>, today: &str| {
            Deadline { last_reminder, ..due("2023-11-10") }.due_reminder(on(today), &reminders)
        };
        for (before, today, now) in [
            (None, "2023-11-02", None),
            (None, "2023-11-03", Some(7)),
            (Some(7), "2023-11-04", None),
            (Some(7), "2023-11-07", Some(3)),
            // A first check two days before sends only the latest reminder.
            (None, "2023-11-08", Some(3)),
            (Some(3), "2023-11-09", Some(1)),
            (Some(1), "2023-11-10", None),
            (Some(1), "2023-11-11", Some(OVERDUE)),
            (Some(OVERDUE), "2023-12-11", None),
            // The clock was set back.
            (Some(OVERDUE), "2023-11-09", None),
            (Some(1), "2023-11-03", None),
        ] {
            assert_eq!(reminder(before, today), now, "{before:?} {today}");
        }
    }

    #[test]
    fn nothing_is_sent_for_settled_deadlines() {
        let reminder = |deadline: Deadline| deadline.due_reminder(on("2023-11-11"), &Reminders::default());
        assert_eq!(reminder(due("2023-11-10")), Some(OVERDUE));
        assert_eq!(reminder(Deadline { met_on: Some(on("2023-11-11")), ..due("2023-11-10") }), None);
        assert_eq!(reminder(due("2023-11-10").waive("x".into(), DateTime::UNIX_EPOCH)), None);
    }

    #[test]
    fn reminders_start_again_when_the_due_date_moves() {
        let reminded = Deadline { last_reminder: Some(3), ..due("2023-11-10") };
        for (schedule, last_reminder) in [("2023-11-10", Some(3)), ("2023-11-11", None), ("2023-11-09", None)] {
            let moved = reminded.clone().scheduled(Some(on(schedule)), None, DateTime::UNIX_EPOCH);
            assert_eq!(moved.last_reminder, last_reminder, "{schedule}");
        }
    }

    #[test]
    fn a_sheet_can_be_met_until_the_councils_review_and_the_rest_until_the_end() {
        use PeriodStatus::{Announced, Appraisal, Cancelled, Closed, CouncilReview, Draft, Finalized, SelfAssessment};
        for (period, sheet, rest) in [
            (Draft, false, false),
            (SelfAssessment, true, true),
            (Appraisal, true, true),
            (CouncilReview, false, true),
            (Finalized, false, true),
            (Announced, false, true),
            (Closed, false, false),
            (Cancelled, false, false),
        ] {
            let live = |kind| Deadline::is_live(kind, period);
            assert_eq!((live(DeadlineKind::SelfAssessment), live(DeadlineKind::Dossier)), (sheet, rest), "{period:?}");
        }
    }

    #[test]
    fn a_later_schedule_never_shortens_an_extension() {
        let extended = due("2023-11-10").extended(on("2023-11-15"), DateTime::UNIX_EPOCH);
        assert_eq!(extended.clone().extended(on("2023-11-12"), DateTime::UNIX_EPOCH).due_on(), Some(on("2023-11-15")));
        for (schedule, due_on) in [("2023-11-12", "2023-11-15"), ("2023-11-20", "2023-11-20")] {
            let moved = extended.clone().scheduled(Some(on(schedule)), None, DateTime::UNIX_EPOCH);
            assert_eq!(moved.due_on(), Some(on(due_on)));
        }
        assert_eq!(
            check_extension(on("2023-11-15"), on("2023-11-12"), extended.due_on()),
            Err(Code::DeadlineShortened)
        );
        assert_eq!(check_extension(on("2023-11-11"), on("2023-11-12"), None), Err(Code::DateInPast));
        assert_eq!(check_extension(on("2023-11-16"), on("2023-11-12"), extended.due_on()), Ok(()));
        assert_eq!(check_extension(on("2032-11-16"), on("2023-11-12"), None), Err(Code::DateOutOfRange));
    }

    proptest! {
        /// Whenever checks run, each reminder is sent at most once, in order, and the last one always.
        #[test]
        fn each_reminder_is_sent_at_most_once(looks in proptest::collection::vec(0_u64..40, 1..60)) {
            let reminders = Reminders::default();
            let mut deadline = due("2023-11-20");
            let mut sent = Vec::new();
            for days in looks.iter().copied().chain([40]) {
                if let Some(now) = deadline.due_reminder(on("2023-11-01") + Days::new(days), &reminders) {
                    sent.push(now);
                    deadline.last_reminder = Some(now);
                }
            }
            prop_assert!(sent.is_sorted_by(|a, b| a > b), "{sent:?}");
            prop_assert_eq!(sent.last(), Some(&OVERDUE));
        }

        /// Nothing changes before the next check.
        #[test]
        fn nothing_changes_before_the_next_check(start in 0_u64..40) {
            let reminders = Reminders::default();
            let today = on("2023-11-01") + Days::new(start);
            let seen = |day| {
                let deadline = due("2023-11-20");
                (deadline.status(day, &reminders), deadline.due_reminder(day, &reminders))
            };
            let next = due("2023-11-20").next_check_on(today, &reminders);
            let last = next.unwrap_or(today + Days::new(100));
            let mut day = today + Days::new(1);
            while day < last {
                prop_assert_eq!(seen(day), seen(today));
                day = day + Days::new(1);
            }
            prop_assert!(next.is_none_or(|next| seen(next) != seen(today)));
        }
    }
}
