//! What is due, by whom, and how it stands: told from the calendar and from what was done, never set.

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

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// A unit's sheet (the guideline: 10 November).
    SelfAssessment,
    /// The standing body's appraisal of every sheet.
    Appraisal,
    /// The council's review of every sheet: the last day of its window.
    CouncilReview,
    /// The result notice.
    ResultNotice,
    /// A unit's dossier, five working days after the notice.
    Dossier,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum DeadlineStatus {
    /// Waits for an event: the notice.
    PendingAnchor,
    /// Not near yet.
    Scheduled,
    /// As near as the first reminder.
    DueSoon,
    /// Past, and not done.
    Overdue,
    /// Done in time.
    Met,
    /// Done, but late.
    MetLate,
    /// Asked of nobody any more.
    Waived,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub organization_id: Id,
    /// Of which period.
    pub period_id: Id,
    /// What is due.
    pub kind: DeadlineKind,
    /// Of which unit; none where it is the whole period's.
    pub unit_id: Option<Id>,
    /// As schedule or calendar say; none while what it waits for has not happened, and where the term is a wait.
    pub scheduled_on: Option<NaiveDate>,
    /// As the longest extension says.
    pub extended_on: Option<NaiveDate>,
    /// The first day, where the term is a wait and no limit.
    pub opens_on: Option<NaiveDate>,
    /// When it was done.
    pub met_on: Option<NaiveDate>,
    /// When it was waived, and why.
    pub waived: Option<(DateTime<Utc>, String)>,
    /// The reminder that was last told: its days, or [`OVERDUE`].
    pub last_reminder: Option<i32>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The acts on a deadline, in the order in which they are listed.
pub const ACTIONS: [Action; 2] = [Action::ExtendDeadline, Action::WaiveDeadline];

impl Deadline {
    /// A new one.
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

    /// What is due once a period is open: a sheet of each unit, each stage, the notice, and the dossiers, which wait for it.
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

    /// The dossier of a unit, once the notice has set its term.
    pub fn of_dossier(id: Id, period: &Period, unit_id: &Id, term: &DossierTerm, now: DateTime<Utc>) -> Self {
        let (organization_id, period_id) = (period.organization_id, period.id);
        Deadline {
            unit_id: Some(*unit_id),
            scheduled_on: term.due_on,
            opens_on: term.opens_on,
            ..Deadline::new(id, organization_id, period_id, DeadlineKind::Dossier, now)
        }
    }

    /// The last day: an extension is never shortened by a later change of the schedule.
    pub fn due_on(&self) -> Option<NaiveDate> {
        self.scheduled_on.max(self.extended_on)
    }

    /// The unit that has to act; none where it is the whole office.
    pub fn responsible_unit(&self) -> Option<&Id> {
        self.unit_id.as_ref().filter(|_| self.kind == DeadlineKind::SelfAssessment)
    }

    /// Whether nothing is to be done any more.
    pub const fn is_settled(&self) -> bool {
        self.met_on.is_some() || self.waived.is_some()
    }

    /// How it stands on a day.
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

    /// What is to be told on a day and was not told yet: the days of a reminder, or [`OVERDUE`]. A clock that goes
    /// back tells nothing again.
    pub fn due_reminder(&self, today: NaiveDate, reminders: &Reminders) -> Option<i32> {
        let due_on = self.due_on().filter(|_| !self.is_settled())?;
        let days_left = (due_on - today).num_days();
        let now = if days_left < 0 { OVERDUE } else { reminders.reached(days_left)? };
        self.last_reminder.is_none_or(|last_reminder| now < last_reminder).then_some(now)
    }

    /// The next day after `today` on which the clock alone changes its status, opens it, or tells of it.
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

    /// Whether state and period let the act pass.
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
        use DeadlineStatus::{DueSoon, Overdue, PendingAnchor, Scheduled};
        let status = self.status(today, reminders);
        let (needs, periods): (&[DeadlineStatus], &[PeriodStatus]) = if action == Action::ExtendDeadline {
            self.extensible(period)
        } else if action == Action::WaiveDeadline {
            (&[PendingAnchor, Scheduled, DueSoon, Overdue], &PeriodStatus::OPEN)
        } else {
            (&[], &[])
        };
        if !needs.contains(&status) {
            return Err(wrong_state(status, needs));
        }
        period.must_be(periods)
    }

    /// The states of the deadline and of its period in which it can be extended.
    const fn extensible(&self, period: PeriodStatus) -> (&'static [DeadlineStatus], &'static [PeriodStatus]) {
        use DeadlineStatus::{DueSoon, Met, MetLate, Overdue, Scheduled};
        use PeriodStatus::{Appraisal, SelfAssessment};
        if self.opens_on.is_some() {
            // A term that is a wait has no last day that could be another.
            return (&[], &[]);
        }
        match (self.kind, period) {
            // A sheet that was sent can still be taken back while its gate is open.
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

    /// The same with a due date of its own. It is never shortened.
    #[must_use]
    pub fn extended(self, due_on: NaiveDate, now: DateTime<Utc>) -> Self {
        Deadline { extended_on: self.extended_on.max(Some(due_on)), last_reminder: None, updated_at: now, ..self }
    }

    /// The same as a sheet that was sent back: to be done again, with a day of its own where one was given.
    #[must_use]
    pub fn returned(self, due_on: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        let (on, opens_on) = (due_on.or(self.scheduled_on), self.opens_on);
        self.reopened(on, opens_on, now)
    }

    /// The same once more by another schedule or calendar, whatever was done or waived of it before.
    #[must_use]
    pub fn reopened(self, on: Option<NaiveDate>, opens_on: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        Deadline { met_on: None, waived: None, ..self.scheduled(on, opens_on, now) }
    }

    /// Asked of nobody any more.
    #[must_use]
    pub fn waive(self, reason: String, now: DateTime<Utc>) -> Self {
        Deadline { waived: Some((now, reason)), updated_at: now, ..self }
    }

    /// By how many days it has passed; 0 where it has not.
    pub fn overdue_days(&self, today: NaiveDate) -> i64 {
        let open = self.due_on().filter(|_| !self.is_settled());
        open.map_or(0, |due_on| (today - due_on).num_days().max(0))
    }

    /// The same by another schedule or calendar.
    #[must_use]
    pub fn scheduled(self, on: Option<NaiveDate>, opens_on: Option<NaiveDate>, now: DateTime<Utc>) -> Self {
        let before = self.due_on();
        let after = Deadline { scheduled_on: on, opens_on, updated_at: now, ..self };
        let last_reminder = after.last_reminder.filter(|_| after.due_on() == before);
        Deadline { last_reminder, ..after }
    }

    /// Whether it can still be met where its period is: a sheet that was not sent before the council's review never will be.
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

/// The day that a period's schedule gives a kind; none for the dossier, which waits for the notice.
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

/// Where a due date comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DeadlineRule {
    /// A day of the period's schedule, or the day that a sheet was sent back for.
    FixedDate {
        /// That day, before any extension.
        on: Option<NaiveDate>,
    },
    /// Working days after the result notice, whose own day is not counted.
    WorkingDaysAfterNotice {
        /// The day of the notice; null while there is none.
        notice_on: Option<NaiveDate>,
        /// How many.
        working_days: i32,
        /// Whether the day reached is the last one or the first.
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
    fn the_status_is_told_from_days_alone() {
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
    fn each_reminder_is_told_once_and_the_nearest_alone() {
        let reminders = Reminders::default();
        let reminder = |last_reminder: Option<i32>, today: &str| {
            Deadline { last_reminder, ..due("2023-11-10") }.due_reminder(on(today), &reminders)
        };
        for (before, today, now) in [
            (None, "2023-11-02", None),
            (None, "2023-11-03", Some(7)),
            (Some(7), "2023-11-04", None),
            (Some(7), "2023-11-07", Some(3)),
            // Who looks for the first time two days before tells what is near, and not what was.
            (None, "2023-11-08", Some(3)),
            (Some(3), "2023-11-09", Some(1)),
            (Some(1), "2023-11-10", None),
            (Some(1), "2023-11-11", Some(OVERDUE)),
            (Some(OVERDUE), "2023-12-11", None),
            // A clock that goes back.
            (Some(OVERDUE), "2023-11-09", None),
            (Some(1), "2023-11-03", None),
        ] {
            assert_eq!(reminder(before, today), now, "{before:?} {today}");
        }
    }

    #[test]
    fn nothing_is_told_of_what_is_settled() {
        let reminder = |deadline: Deadline| deadline.due_reminder(on("2023-11-11"), &Reminders::default());
        assert_eq!(reminder(due("2023-11-10")), Some(OVERDUE));
        assert_eq!(reminder(Deadline { met_on: Some(on("2023-11-11")), ..due("2023-11-10") }), None);
        assert_eq!(reminder(due("2023-11-10").waive("x".into(), DateTime::UNIX_EPOCH)), None);
    }

    #[test]
    fn another_day_is_told_anew_and_the_same_is_not() {
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
        /// Whenever the clock is looked at, each reminder is told at most once, in order, and the passing always.
        #[test]
        fn whoever_looks_whenever_tells_everything_once(looks in proptest::collection::vec(0_u64..40, 1..60)) {
            let reminders = Reminders::default();
            let mut deadline = due("2023-11-20");
            let mut told = Vec::new();
            for days in looks.iter().copied().chain([40]) {
                if let Some(now) = deadline.due_reminder(on("2023-11-01") + Days::new(days), &reminders) {
                    told.push(now);
                    deadline.last_reminder = Some(now);
                }
            }
            prop_assert!(told.is_sorted_by(|a, b| a > b), "{told:?}");
            prop_assert_eq!(told.last(), Some(&OVERDUE));
        }

        /// Between two checks that it asks for, nothing changes.
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
