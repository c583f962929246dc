//! The list of deadlines: filters, order, and the status as SQL.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::Row;
use crate::domain::Id;
use crate::domain::access::{UnitVisibility, Units};
use crate::domain::schedule::deadline::{Deadline, DeadlineKind, DeadlineStatus, Reminders};
use crate::error::Error;
use crate::store::Conn;
use crate::store::page::{Page, paged};
use crate::store::schema::deadlines::dsl;
use crate::store::types::{enum_text, id_texts};

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

/// Returns [`Deadline::status`] as a SQL expression. A test compares the two.
fn status_sql(today: NaiveDate, reminders: &Reminders) -> String {
    let soon = today + chrono::TimeDelta::days(i64::from(reminders.first()));
    format!(
        "CASE WHEN waived_at IS NOT NULL THEN 'waived' WHEN met_on > due_on THEN 'met_late' WHEN met_on IS NOT NULL THEN 'met' \
         WHEN due_on IS NULL AND opens_on IS NULL THEN 'pending_anchor' WHEN due_on < '{today}' THEN 'overdue' \
         WHEN due_on <= '{soon}' THEN 'due_soon' ELSE 'scheduled' END"
    )
}

/// Returns a page of an organisation's deadlines that the caller may see, in order of due date or of id.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    visibility: &UnitVisibility,
    filter: &Filter,
    (today, reminders): (NaiveDate, &Reminders),
    (by_due, page): (bool, &Page),
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
    if let Some(only) = &visibility.only {
        query = query.filter(dsl::unit_id.is_null().or(dsl::unit_id.eq_any(id_texts(only)).assume_not_null()));
    }
    if let Some(statuses) = &filter.statuses {
        let words: Vec<String> = statuses.iter().map(enum_text).collect();
        query = query.filter(sql::<Text>(&status_sql(today, reminders)).eq_any(words));
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
        query = query.filter(dsl::due_on.le(late)).filter(dsl::met_on.is_null()).filter(dsl::waived_at.is_null());
    }
    let rows: Vec<Row> = match by_due {
        true => paged!(query, sql::<Text>(BY_DUE), page).load(conn)?,
        false => paged!(query, dsl::id, page).load(conn)?,
    };
    rows.into_iter().map(Deadline::try_from).collect()
}

/// The key of the order by due date as a SQL expression: the due date, or the last date where there is none, followed
/// by the id.
const BY_DUE: &str = "COALESCE(CAST(due_on AS TEXT), '9999-12-31') || id";

/// Returns the key of a deadline in the order by due date, as in the SQL expression.
pub fn due_key(deadline: &Deadline) -> String {
    let day = deadline.due_on().map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string());
    format!("{day}{}", deadline.id)
}
