//! The list of deadlines: filters, order, and the status as SQL.

use std::iter::once;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Text};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::Row;
use crate::domain::Id;
use crate::domain::access::{UnitVisibility, Units};
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::schedule::deadline::{Deadline, DeadlineKind, DeadlineStatus};
use crate::domain::schedule::reminders::Reminders;
use crate::domain::time::deserialize_day;
use crate::error::Error;
use crate::store::Conn;
use crate::store::page::{Key, Page, Place, SortKey, paged};
use crate::store::range::{Condition, Ranges, within};
use crate::store::schema::deadlines::dsl;
use crate::store::types::{enum_text, id_texts};

/// The day that stands for no due date in the order by due date.
const NO_DUE_ON: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// The filters of a list of deadlines.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only these states.
    pub statuses: Option<Vec<DeadlineStatus>>,
    /// Only these kinds.
    pub kinds: Option<Vec<DeadlineKind>>,
    /// Only these periods.
    pub period_ids: Option<Vec<Id>>,
    /// Only these units.
    pub unit_ids: Option<Vec<Id>>,
    /// Only those due on this day or later.
    pub due_from: Option<NaiveDate>,
    /// Only those due before this day.
    pub due_before: Option<NaiveDate>,
    /// Only those overdue by at least this number of days.
    pub overdue_days_gte: Option<i64>,
}

/// What deadlines can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SortBy {
    /// In order of creation.
    Id,
    /// By due date; what has none comes after everything that has one.
    DueOn,
}

impl SortKey for SortBy {
    type Position = Position;
    const UNIQUE: Self = SortBy::Id;
}

/// Where a deadline stands in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Position {
    id: Id,
    // No day that PostgreSQL cannot hold.
    #[serde(deserialize_with = "deserialize_day")]
    due_on: NaiveDate,
}

impl From<&Deadline> for Position {
    fn from(deadline: &Deadline) -> Self {
        Position { id: deadline.id, due_on: deadline.due_on().unwrap_or(NO_DUE_ON) }
    }
}

/// Returns [`Deadline::status`] as a SQL expression. A test compares the two.
fn status_sql(met_on: &str, today: NaiveDate, reminders: &Reminders) -> String {
    let soon = today + chrono::TimeDelta::days(i64::from(reminders.first()));
    format!(
        "CASE WHEN waived_at IS NOT NULL THEN 'waived' WHEN {met_on} > due_on THEN 'met_late' WHEN {met_on} IS NOT NULL THEN 'met' \
         WHEN due_on IS NULL AND opens_on IS NULL THEN 'pending_anchor' WHEN due_on < '{today}' THEN 'overdue' \
         WHEN due_on <= '{soon}' THEN 'due_soon' ELSE 'scheduled' END"
    )
}

/// Returns `met_on` as the caller sees it, as a SQL expression: [`Deadline::for_outsiders`], unless the caller sees when a
/// stage is complete.
pub fn met_on_sql(sees_stages: bool) -> String {
    if sees_stages {
        return "met_on".to_owned();
    }
    let hidden: Vec<String> = stages()
        .map(|kind| {
            let periods = PeriodStatus::VARIANTS.iter().filter(|status| kind.hides_met(**status));
            let periods: Vec<String> = periods.map(|status| format!("'{}'", enum_text(*status))).collect();
            format!("kind = '{}' AND periods.status IN ({})", enum_text(kind), periods.join(", "))
        })
        .collect();
    format!(
        "(CASE WHEN unit_id IS NULL AND EXISTS (SELECT 1 FROM periods WHERE periods.id = deadlines.period_id AND ({})) \
         THEN NULL ELSE met_on END)",
        hidden.join(" OR ")
    )
}

/// Returns the kinds of deadlines that are stages.
pub fn stages() -> impl Iterator<Item = DeadlineKind> {
    DeadlineKind::VARIANTS.iter().copied().filter(|kind| kind.is_stage())
}

/// Returns the ranges that together hold what the filter names and the caller may see.
fn ranges((visibility, sees_stages): (&UnitVisibility, bool), filter: &Filter, due: &Due) -> Ranges {
    let of_unit = |id: &Id| Condition::new(dsl::unit_id.eq(id.to_string()));
    let of_period = |id: &Id| Condition::new(dsl::period_id.eq(id.to_string()));
    let of_no_unit = || Condition::new(dsl::unit_id.is_null());
    if let Some(ids) = &filter.unit_ids {
        return Ranges::Of(ids.iter().map(of_unit).collect());
    }
    let among = match &visibility.sees {
        Units::All | Units::AllBut(_) => visibility.only.as_ref(),
        Units::Among(ids) => Some(ids),
    };
    if let Some(ids) = among {
        return Ranges::Of(ids.iter().map(of_unit).chain([of_no_unit()]).collect());
    }
    if let Some(ids) = &filter.period_ids {
        return Ranges::Of(ids.iter().map(of_period).collect());
    }
    // Stages whose completion is hidden from the caller are open to the caller alone.
    let hidden = (!sees_stages).then(of_no_unit);
    if let Some(days) = filter.overdue_days_gte {
        return Ranges::Of(once(Due::open().and(dsl::due_on.le(due.late_by(days)))).chain(hidden).collect());
    }
    if let Some(statuses) = &filter.statuses {
        return Ranges::Of(statuses.iter().map(|status| due.with_status(*status)).chain(hidden).collect());
    }
    match &filter.kinds {
        Some(kinds) => Ranges::Of(kinds.iter().map(|kind| Condition::new(dsl::kind.eq(enum_text(*kind)))).collect()),
        None => Ranges::Whole,
    }
}

/// The days that the status of a deadline depends on.
struct Due {
    today: NaiveDate,
    /// The last day that is soon.
    soon: NaiveDate,
}

impl Due {
    fn new(today: NaiveDate, reminders: &Reminders) -> Self {
        Due { today, soon: today + chrono::TimeDelta::days(i64::from(reminders.first())) }
    }

    /// The latest due date of a deadline that is overdue by this number of days.
    fn late_by(&self, days: i64) -> NaiveDate {
        self.today - chrono::TimeDelta::days(days.max(1))
    }

    fn open() -> Condition {
        Condition::new(dsl::met_on.is_null()).and(dsl::waived_at.is_null())
    }

    /// Returns a range that holds every deadline with this status, as far as its completion is not hidden.
    fn with_status(&self, status: DeadlineStatus) -> Condition {
        match status {
            DeadlineStatus::Overdue => Due::open().and(dsl::due_on.lt(self.today)),
            DeadlineStatus::DueSoon => Due::open().and(dsl::due_on.between(self.today, self.soon)),
            DeadlineStatus::PendingAnchor => Due::open().and(dsl::due_on.is_null()),
            // One that waits to open may have no due date.
            DeadlineStatus::Scheduled => Due::open().and(dsl::due_on.gt(self.soon).or(dsl::due_on.is_null())),
            DeadlineStatus::Met | DeadlineStatus::MetLate => Condition::new(dsl::met_on.is_not_null()),
            DeadlineStatus::Waived => Condition::new(dsl::waived_at.is_not_null()),
        }
    }
}

/// Returns the condition that a caller sees a deadline that the filter names.
fn visible(
    (visibility, sees_stages): (&UnitVisibility, bool),
    filter: &Filter,
    (today, reminders): (NaiveDate, &Reminders),
) -> Condition {
    let mut condition = Condition::default();
    match &visibility.sees {
        Units::All => {}
        Units::AllBut(own) => {
            condition = condition.and(dsl::unit_id.is_null().or(dsl::unit_id.ne(own.to_string()).assume_not_null()));
        }
        Units::Among(ids) => {
            condition = condition.and(dsl::unit_id.is_null().or(dsl::unit_id.eq_any(id_texts(ids)).assume_not_null()));
        }
    }
    for (period_id, unit_id) in &visibility.except {
        let elsewhere = dsl::unit_id.is_null().or(dsl::unit_id.ne(unit_id.to_string()).assume_not_null());
        condition = condition.and(elsewhere.or(dsl::period_id.ne(period_id.to_string())));
    }
    if let Some(only) = &visibility.only {
        condition = condition.and(dsl::unit_id.is_null().or(dsl::unit_id.eq_any(id_texts(only)).assume_not_null()));
    }
    let met_on = met_on_sql(sees_stages);
    if let Some(statuses) = &filter.statuses {
        let words: Vec<String> = statuses.iter().map(enum_text).collect();
        condition = condition.and(sql::<Text>(&status_sql(&met_on, today, reminders)).eq_any(words));
    }
    if let Some(kinds) = &filter.kinds {
        condition = condition.and(dsl::kind.eq_any(kinds.iter().map(enum_text).collect::<Vec<_>>()));
    }
    if let Some(ids) = &filter.period_ids {
        condition = condition.and(dsl::period_id.eq_any(id_texts(ids)));
    }
    if let Some(ids) = &filter.unit_ids {
        condition = condition.and(dsl::unit_id.eq_any(id_texts(ids)));
    }
    if let Some(from) = filter.due_from {
        condition = condition.and(dsl::due_on.ge(from));
    }
    if let Some(before) = filter.due_before {
        condition = condition.and(dsl::due_on.lt(before));
    }
    if let Some(days) = filter.overdue_days_gte {
        condition = condition
            .and(dsl::due_on.le(Due::new(today, reminders).late_by(days)))
            .and(sql::<Bool>(&format!("{met_on} IS NULL")))
            .and(dsl::waived_at.is_null());
    }
    condition
}

/// Returns a page of an organisation's deadlines that the caller may see.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    (visibility, sees_stages): (&UnitVisibility, bool),
    filter: &Filter,
    (today, reminders): (NaiveDate, &Reminders),
    page: &Page<SortBy>,
) -> Result<Vec<Deadline>, Error> {
    let ranges = ranges((visibility, sees_stages), filter, &Due::new(today, reminders));
    list_of(conn, ranges, organization_id, (visibility, sees_stages), filter, (today, reminders), page)
}

fn list_of(
    conn: &mut Conn,
    ranges: Ranges,
    organization_id: &Id,
    (visibility, sees_stages): (&UnitVisibility, bool),
    filter: &Filter,
    (today, reminders): (NaiveDate, &Reminders),
    page: &Page<SortBy>,
) -> Result<Vec<Deadline>, Error> {
    let seen = || visible((visibility, sees_stages), filter, (today, reminders));
    let all = || seen().and(dsl::organization_id.eq(organization_id.to_string()));
    let page_of = |seen: Condition| paged(dsl::deadlines.filter(seen).select(dsl::id).into_boxed(), page, key);
    let on_page = within(ranges, all, dsl::id, page_of);
    let rows: Vec<Row> = paged(dsl::deadlines.filter(on_page).into_boxed(), page, key).load(conn)?;
    rows.into_iter().map(Deadline::try_from).collect()
}

fn key(key: SortBy, place: Place<'_, Position>) -> Key {
    match key {
        SortBy::Id => place.by(dsl::id, |after| after.id.to_string()),
        SortBy::DueOn => place.by(sql::<Date>("COALESCE(due_on, '9999-12-31')"), |after| after.due_on),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use diesel::connection::SimpleConnection;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::domain::page::Order;
    use crate::store::range::tests::{database, number};

    fn unit() -> impl Strategy<Value = Id> {
        (0..3_u64).prop_map(|at| number(2, at))
    }

    fn day() -> impl Strategy<Value = NaiveDate> {
        (1..30_u32).prop_map(|day| NaiveDate::from_ymd_opt(2023, 11, day).unwrap())
    }

    fn any_visibility() -> impl Strategy<Value = UnitVisibility> {
        let units = || prop::collection::vec(unit(), 0..3);
        let sees = prop_oneof![Just(Units::All), unit().prop_map(Units::AllBut), units().prop_map(Units::Among)];
        let except = prop::collection::vec(((0..3_u64).prop_map(|at| number(3, at)), unit()), 0..2);
        (sees, except, prop::option::weighted(0.2, units())).prop_map(|(sees, except, only)| UnitVisibility {
            sees,
            except,
            only,
        })
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let periods = prop::collection::vec((0..3_u64).prop_map(|at| number(3, at)), 0..3);
        let statuses = subsequence(DeadlineStatus::VARIANTS.to_vec(), 0..4);
        let kinds = subsequence(DeadlineKind::VARIANTS.to_vec(), 0..3);
        let units = prop::collection::vec(unit(), 0..3);
        let (o, days) = (prop::option::weighted(0.3, day()), prop::option::weighted(0.2, 1..9_i64));
        let one = (prop::option::weighted(0.4, statuses), prop::option::weighted(0.3, kinds), o, days);
        (one, prop::option::weighted(0.15, periods), prop::option::weighted(0.15, units)).prop_map(
            |((statuses, kinds, due_before, overdue_days_gte), period_ids, unit_ids)| Filter {
                statuses,
                kinds,
                period_ids,
                unit_ids,
                due_before,
                overdue_days_gte,
                ..Filter::default()
            },
        )
    }

    #[test]
    fn ranges_hold_all_that_a_caller_sees() {
        let mut conn = database();
        let (organization_id, reminders) = (number(1, 0), Reminders::default());
        conn.batch_execute("CREATE TABLE any_number AS SELECT * FROM deadlines; DROP TABLE deadlines; ALTER TABLE any_number RENAME TO deadlines").unwrap();
        for (at, status) in
            [PeriodStatus::Appraisal, PeriodStatus::CouncilReview, PeriodStatus::Announced].iter().enumerate()
        {
            let (period, status) = (number(3, u64::try_from(at).unwrap()), enum_text(*status));
            let columns = "CREATE TABLE IF NOT EXISTS states (id TEXT, status TEXT)";
            conn.batch_execute(&format!("{columns}; INSERT INTO states VALUES ('{period}', '{status}')")).unwrap();
        }
        conn.batch_execute("DROP TABLE periods; ALTER TABLE states RENAME TO periods").unwrap();
        let o = || prop::option::of(day());
        let of = (prop::option::of(unit()), (0..3_u64).prop_map(|at| number(3, at)), select(DeadlineKind::VARIANTS));
        let rows = prop::collection::vec((of, o(), o(), o(), prop::option::weighted(0.2, day())), 0..20);
        let order = prop_oneof![Just(SortBy::Id), Just(SortBy::DueOn)];
        let case = ((rows, any_visibility(), any::<bool>(), any_filter()), (day(), order, 1..6_i64));
        let conn = RefCell::new(conn);
        let mut runner = proptest::test_runner::TestRunner::default();
        runner
            .run(&case, |((rows, visibility, sees_stages, filter), (today, by, limit))| {
                let conn = &mut *conn.borrow_mut();
                diesel::delete(dsl::deadlines).execute(conn).unwrap();
                for (at, ((unit_id, period_id, kind), due_on, opens_on, met_on, waived_on)) in (0..).zip(rows) {
                    let midnight = |day: NaiveDate| day.and_hms_opt(0, 0, 0).unwrap();
                    let row = (
                        dsl::id.eq(number(4, at).to_string()),
                        dsl::organization_id.eq(organization_id.to_string()),
                        dsl::period_id.eq(period_id.to_string()),
                        dsl::kind.eq(enum_text(kind)),
                        dsl::unit_id.eq(unit_id.map(|id| id.to_string())),
                        dsl::scheduled_on.eq(due_on),
                        dsl::due_on.eq(due_on),
                        dsl::opens_on.eq(opens_on),
                        dsl::met_on.eq(met_on),
                        dsl::waived_at.eq(waived_on.map(midnight)),
                        dsl::waive_reason.eq(waived_on.map(|_| "x")),
                        dsl::version.eq(1),
                        dsl::created_at.eq(midnight(today)),
                        dsl::updated_at.eq(midnight(today)),
                    );
                    diesel::insert_into(dsl::deadlines).values(row).execute(conn).unwrap();
                }
                let (who, when) = ((&visibility, sees_stages), (today, &reminders));
                let mut page = Page::first(Order::by([(by, crate::store::page::Direction::Ascending)]), limit);
                loop {
                    let whole = list_of(conn, Ranges::Whole, &organization_id, who, &filter, when, &page).unwrap();
                    let merged = list(conn, &organization_id, who, &filter, when, &page).unwrap();
                    prop_assert_eq!(&merged, &whole);
                    match whole.last() {
                        Some(last) => page.after = Some(last.into()),
                        None => return Ok(()),
                    }
                }
            })
            .unwrap();
    }
}
