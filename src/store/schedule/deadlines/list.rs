//! The list of deadlines: filters, order, and the status as SQL.

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

/// Returns a page of an organisation's deadlines that the caller may see.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    (visibility, sees_stages): (&UnitVisibility, bool),
    filter: &Filter,
    (today, reminders): (NaiveDate, &Reminders),
    page: &Page<SortBy>,
) -> Result<Vec<Deadline>, Error> {
    let mut query = dsl::deadlines.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    match &visibility.sees {
        Units::All => {}
        Units::AllBut(own) => {
            query = query.filter(dsl::unit_id.is_null().or(dsl::unit_id.ne(own.to_string()).assume_not_null()));
        }
        Units::Among(ids) => {
            query = query.filter(dsl::unit_id.is_null().or(dsl::unit_id.eq_any(id_texts(ids)).assume_not_null()));
        }
    }
    for (period_id, unit_id) in &visibility.except {
        let elsewhere = dsl::unit_id.is_null().or(dsl::unit_id.ne(unit_id.to_string()).assume_not_null());
        query = query.filter(elsewhere.or(dsl::period_id.ne(period_id.to_string())));
    }
    if let Some(only) = &visibility.only {
        query = query.filter(dsl::unit_id.is_null().or(dsl::unit_id.eq_any(id_texts(only)).assume_not_null()));
    }
    let met_on = met_on_sql(sees_stages);
    if let Some(statuses) = &filter.statuses {
        let words: Vec<String> = statuses.iter().map(enum_text).collect();
        query = query.filter(sql::<Text>(&status_sql(&met_on, today, reminders)).eq_any(words));
    }
    if let Some(kinds) = &filter.kinds {
        query = query.filter(dsl::kind.eq_any(kinds.iter().map(enum_text).collect::<Vec<_>>()));
    }
    if let Some(ids) = &filter.period_ids {
        query = query.filter(dsl::period_id.eq_any(id_texts(ids)));
    }
    if let Some(ids) = &filter.unit_ids {
        query = query.filter(dsl::unit_id.eq_any(id_texts(ids)));
    }
    if let Some(from) = filter.due_from {
        query = query.filter(dsl::due_on.ge(from));
    }
    if let Some(before) = filter.due_before {
        query = query.filter(dsl::due_on.lt(before));
    }
    if let Some(days) = filter.overdue_days_gte {
        let late = today - chrono::TimeDelta::days(days.max(1));
        query = query
            .filter(dsl::due_on.le(late))
            .filter(sql::<Bool>(&format!("{met_on} IS NULL")))
            .filter(dsl::waived_at.is_null());
    }
    let rows: Vec<Row> = paged(query, page, key).load(conn)?;
    rows.into_iter().map(Deadline::try_from).collect()
}

fn key(key: SortBy, place: Place<'_, Position>) -> Key {
    match key {
        SortBy::Id => place.by(dsl::id, |after| after.id.to_string()),
        SortBy::DueOn => place.by(sql::<Date>("COALESCE(due_on, '9999-12-31')"), |after| after.due_on),
    }
}
