//! Working days of Vietnamese public offices.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::text::{Check, TITLE_CHARS};
use crate::error::Code;

/// Maximum number of working days to add.
pub const MAX_DAYS: u32 = 1_000;
/// Maximum number of calendar days of a calculation. [`MAX_DAYS`] working days take fewer than this.
pub const MAX_SPAN_DAYS: u32 = 2 * MAX_DAYS;

/// How a day differs from its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A public holiday.
    Holiday,
    /// A day off in place of a holiday on a weekend, or swapped with a working Saturday.
    SubstituteOff,
    /// A Saturday worked in place of a day off.
    SwapWork,
}

/// Whether a day is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayStatus {
    /// Announced.
    Official,
    /// Expected by law, but not announced yet.
    Provisional,
}

/// A day that differs from its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    /// Id of the day.
    pub id: String,
    /// The organisation that set it; `None` for the national calendar.
    pub organization_id: Option<Id>,
    /// The date.
    pub on: NaiveDate,
    /// How it differs from its weekday.
    pub kind: DayKind,
    /// Name of the day.
    pub name: String,
    /// Whether it is certain.
    pub status: DayStatus,
    /// Document that establishes it.
    pub legal_basis: String,
    /// Version; it increases with every change.
    pub version: i64,
}

impl CalendarDay {
    /// Normalises the texts and records every fault.
    pub fn clean(&mut self, check: &mut Check) {
        self.name = check.text("/name", &self.name, TITLE_CHARS);
        self.legal_basis = check.text("/legal_basis", &self.legal_basis, TITLE_CHARS);
        let weekend = matches!(self.on.weekday(), Weekday::Sat | Weekday::Sun);
        // Only a day off can be swapped for a working day: a weekend, or a day off in the national calendar.
        check.ensure(
            self.kind != DayKind::SwapWork || weekend || self.organization_id.is_some(),
            "/kind",
            Code::NotADayOff,
        );
    }
}

/// Why a day is counted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The day of the event, which is never counted.
    EventDay,
    /// Monday to Friday.
    WorkingDay,
    /// A working Saturday.
    SwapWork,
    /// Saturday or Sunday.
    Weekend,
    /// A public holiday.
    Holiday,
    /// A substitute day off.
    SubstituteOff,
}

impl Why {
    /// Whether the day is a working day and counts.
    pub const fn is_worked(self) -> bool {
        match self {
            Why::WorkingDay | Why::SwapWork => true,
            Why::EventDay | Why::Weekend | Why::Holiday | Why::SubstituteOff => false,
        }
    }
}

/// A day of a calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountedDay {
    /// The date.
    pub on: NaiveDate,
    /// Whether it is counted.
    pub counted: bool,
    /// Number of the day among those counted; null if it is not counted.
    pub number: Option<u32>,
    /// Why it is counted or not.
    pub why: Why,
}

/// A calculation with working days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDayCalculation {
    /// The last day of the calculation.
    pub result_on: NaiveDate,
    /// Number of working days counted.
    pub working_days: u32,
    /// Whether the official calendar is known for every year involved.
    pub calendar_confirmed: bool,
    /// The calculation, day by day.
    pub explanation: Vec<CountedDay>,
}

/// The days that differ from their weekday: the national calendar, overridden by that of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingCalendar {
    days: BTreeMap<NaiveDate, (DayKind, DayStatus)>,
    /// Years for which the national calendar has days.
    known: BTreeSet<i32>,
}

impl FromIterator<(NaiveDate, DayKind, DayStatus)> for WorkingCalendar {
    /// Returns the national calendar.
    fn from_iter<I: IntoIterator<Item = (NaiveDate, DayKind, DayStatus)>>(days: I) -> Self {
        let days: BTreeMap<_, _> = days.into_iter().map(|(on, kind, status)| (on, (kind, status))).collect();
        WorkingCalendar { known: days.keys().map(Datelike::year).collect(), days }
    }
}

impl WorkingCalendar {
    /// Overrides days of the calendar by those of an organisation. These do not make a year a known one.
    #[must_use]
    pub fn overlaid(mut self, days: impl IntoIterator<Item = (NaiveDate, DayKind, DayStatus)>) -> Self {
        self.days.extend(days.into_iter().map(|(on, kind, status)| (on, (kind, status))));
        self
    }

    /// Replaces or removes a single day.
    #[must_use]
    pub fn with(mut self, on: NaiveDate, day: Option<(DayKind, DayStatus)>) -> Self {
        match day {
            Some(day) => self.days.insert(on, day),
            None => self.days.remove(&on),
        };
        self
    }

    /// Returns what a day counts as.
    pub fn why(&self, on: NaiveDate) -> Why {
        match self.days.get(&on).map(|(kind, _)| kind) {
            Some(DayKind::Holiday) => Why::Holiday,
            Some(DayKind::SubstituteOff) => Why::SubstituteOff,
            Some(DayKind::SwapWork) => Why::SwapWork,
            None if matches!(on.weekday(), Weekday::Sat | Weekday::Sun) => Why::Weekend,
            None => Why::WorkingDay,
        }
    }

    /// Whether every year between two days has days, and none of them is provisional.
    fn confirms(&self, from: NaiveDate, to: NaiveDate) -> bool {
        (from.year()..=to.year()).all(|year| {
            let mut days = self.days.iter().filter(|(on, _)| on.year() == year);
            self.known.contains(&year) && days.all(|(_, (_, status))| *status == DayStatus::Official)
        })
    }

    /// Returns the day that is `days` working days after the event on `from`, which is not counted.
    ///
    /// # Errors
    /// `calendar_range` for more than [`MAX_DAYS`] days or beyond the end of the calendar.
    pub fn add(&self, from: NaiveDate, days: u32) -> Result<WorkingDayCalculation, Code> {
        if days > MAX_DAYS {
            return Err(Code::CalendarRange);
        }
        self.walk(from, |counted, _| counted < days)
    }

    /// Counts the working days after `from` up to and including `to`: the inverse of [`Self::add`].
    ///
    /// # Errors
    /// `calendar_range` if `to` is before `from` or more than [`MAX_SPAN_DAYS`] days after it.
    pub fn count(&self, from: NaiveDate, to: NaiveDate) -> Result<WorkingDayCalculation, Code> {
        let span = (to - from).num_days();
        if !(0..=i64::from(MAX_SPAN_DAYS)).contains(&span) {
            return Err(Code::CalendarRange);
        }
        self.walk(from, |_, on| on < to)
    }

    fn walk(&self, from: NaiveDate, goes_on: impl Fn(u32, NaiveDate) -> bool) -> Result<WorkingDayCalculation, Code> {
        let mut explanation = vec![CountedDay { on: from, counted: false, number: None, why: Why::EventDay }];
        let (mut on, mut counted) = (from, 0);
        while goes_on(counted, on) {
            on = on.checked_add_days(Days::new(1)).ok_or(Code::CalendarRange)?;
            let why = self.why(on);
            let counts = why.is_worked();
            counted += u32::from(counts);
            explanation.push(CountedDay { on, counted: counts, number: counts.then_some(counted), why });
        }
        let calendar_confirmed = self.confirms(from, on);
        Ok(WorkingDayCalculation { result_on: on, working_days: counted, calendar_confirmed, explanation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The days around the two examples of the office.
    fn calendar() -> WorkingCalendar {
        use DayKind::{Holiday, SubstituteOff, SwapWork};
        use DayStatus::{Official, Provisional};
        WorkingCalendar::from_iter([
            (on("2023-09-04"), SubstituteOff, Official),
            (on("2026-08-22"), SwapWork, Official),
            (on("2026-08-31"), SubstituteOff, Official),
            (on("2026-11-24"), Holiday, Official),
            (on("2027-01-01"), Holiday, Provisional),
        ])
    }

    #[test]
    fn the_dossier_is_due_five_working_days_after_the_notice() {
        for (notice, due) in [
            ("2023-11-30", "2023-12-07"),
            ("2026-11-23", "2026-12-01"),
            ("2026-08-21", "2026-08-27"),
            ("2026-08-28", "2026-09-07"),
        ] {
            assert_eq!(calendar().add(on(notice), 5).unwrap().result_on, on(due), "{notice}");
        }
    }

    #[test]
    fn each_day_is_explained() {
        let calculation = calendar().add(on("2026-11-23"), 2).unwrap();
        let days: Vec<_> = calculation.explanation.iter().map(|day| (day.number, day.why)).collect();
        assert_eq!(
            days,
            [(None, Why::EventDay), (None, Why::Holiday), (Some(1), Why::WorkingDay), (Some(2), Why::WorkingDay)]
        );
    }

    #[test]
    fn a_year_is_confirmed_when_it_has_days_and_none_is_provisional() {
        for (from, days, confirmed) in
            [("2023-11-30", 5, true), ("2024-11-30", 5, false), ("2026-12-28", 5, false), ("2026-11-23", 5, true)]
        {
            assert_eq!(calendar().add(on(from), days).unwrap().calendar_confirmed, confirmed, "{from}");
        }
    }

    #[test]
    fn an_overlay_alone_makes_no_year_known_and_a_provisional_day_none_confirmed() {
        use DayKind::{Holiday, SwapWork};
        use DayStatus::{Official, Provisional};
        let overlaid = |day| calendar().overlaid([day]);
        let confirmed = |calendar: WorkingCalendar, from| calendar.add(on(from), 1).unwrap().calendar_confirmed;
        assert!(!confirmed(overlaid((on("2024-03-01"), Holiday, Official)), "2024-03-04"));
        assert!(!confirmed(overlaid((on("2026-03-02"), Holiday, Provisional)), "2026-03-04"));
        assert!(confirmed(overlaid((on("2027-01-01"), Holiday, Official)), "2027-03-04"));
        // An office that works on a holiday.
        let worked = overlaid((on("2026-11-24"), SwapWork, Official)).add(on("2026-11-23"), 1).unwrap();
        assert_eq!((worked.result_on, worked.explanation[1].why), (on("2026-11-24"), Why::SwapWork));
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        assert_eq!(calendar().add(on("2023-11-30"), 1001), Err(Code::CalendarRange));
        assert_eq!(calendar().count(on("2023-11-30"), on("2023-11-29")), Err(Code::CalendarRange));
        assert_eq!(calendar().add(NaiveDate::MAX, 1), Err(Code::CalendarRange));
    }

    proptest! {
        #[test]
        fn count_is_the_inverse_of_add_and_never_ends_on_a_day_off(start in 0_u64..2000, days in 1_u32..=MAX_DAYS) {
            let from = on("2023-01-01") + Days::new(start);
            let added = calendar().add(from, days).unwrap();
            let counted = calendar().count(from, added.result_on).unwrap();
            prop_assert_eq!(counted.working_days, days);
            prop_assert!(matches!(calendar().why(added.result_on), Why::WorkingDay | Why::SwapWork));
            prop_assert_eq!(counted.explanation, added.explanation);
        }
    }
}
