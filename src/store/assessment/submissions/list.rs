//! The list of submissions: filters, what a caller sees, and the ranges of indexes that hold its pages.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use strum::VariantArray;

use super::{Row, columns, of_its_unit};
use crate::domain::Id;
use crate::domain::access::SubmissionVisibility;
use crate::domain::assessment::submission::{Submission, SubmissionStatus};
use crate::error::Error;
use crate::store::Conn;
use crate::store::page::{ById, Key, Page, Place, paged};
use crate::store::range::{Condition, Ranges, within};
use crate::store::schema::submissions::{self, dsl};
use crate::store::schema::{assignments, period_units, units};
use crate::store::types::{enum_text, id_texts, utc_option};

/// More pairs of a period and a status than this are read as whole periods.
const MOST_PAIRS: usize = 32;

/// The filters of a list of submissions.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only these periods.
    pub period_ids: Option<Vec<Id>>,
    /// Only these units.
    pub unit_ids: Option<Vec<Id>>,
    /// Only these states.
    pub statuses: Option<Vec<SubmissionStatus>>,
    /// Only those that somebody is to review, at any stage.
    pub assignee_id: Option<Id>,
}

/// A submission in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The submission.
    pub submission: Submission,
    /// The code of its unit.
    pub unit_code: String,
    /// When its unit was set aside; `None` while the unit takes part.
    pub set_aside_at: Option<DateTime<Utc>>,
}

/// Returns the states in which a caller sees the submissions of others.
fn seen_of_others(visibility: &SubmissionVisibility) -> impl Iterator<Item = SubmissionStatus> {
    let reached = |status: &SubmissionStatus| visibility.others_from.is_some_and(|from| status.has_reached(from));
    SubmissionStatus::VARIANTS.iter().copied().filter(move |status| visibility.all || reached(status))
}

/// Returns the ranges that together hold all that the caller may see, by the columns that the filter names.
fn ranges(visibility: &SubmissionVisibility, filter: &Filter) -> Ranges {
    let of_unit = |id: &Id| Condition::new(submissions::unit_id.eq(id.to_string()));
    let of_period = |id: &Id| Condition::new(submissions::period_id.eq(id.to_string()));
    let with_status = |status: &SubmissionStatus| Condition::new(submissions::status.eq(enum_text(*status)));
    if let Some(assignee_id) = &filter.assignee_id {
        return Ranges::Of(vec![assigned_to(assignee_id)]);
    }
    if let Some(ids) = filter.unit_ids.as_ref().or(visibility.only.as_ref()) {
        return Ranges::Of(ids.iter().map(of_unit).collect());
    }
    let sought = |status: &SubmissionStatus| filter.statuses.as_ref().is_none_or(|sought| sought.contains(status));
    let statuses: Vec<SubmissionStatus> = seen_of_others(visibility).filter(sought).collect();
    let every = statuses.len() == SubmissionStatus::VARIANTS.len();
    let of_others: Vec<Condition> = match &filter.period_ids {
        None if every => return Ranges::Whole,
        None => statuses.iter().map(with_status).collect(),
        _ if statuses.is_empty() => Vec::new(),
        Some(ids) if every || ids.len() * statuses.len() > MOST_PAIRS => ids.iter().map(of_period).collect(),
        Some(ids) => {
            let in_period = |id| statuses.iter().map(move |status| of_period(id).and(with_status(status)));
            ids.iter().flat_map(in_period).collect()
        }
    };
    let own = visibility.own.iter().chain(&visibility.scoped).map(of_unit);
    Ranges::Of(own.chain(of_others).collect())
}

/// Returns the condition that somebody is to review a submission.
fn assigned_to(member_id: &Id) -> Condition {
    let assigned = assignments::table.filter(assignments::member_id.eq(member_id.to_string()));
    Condition::new(submissions::id.eq_any(assigned.select(assignments::submission_id)))
}

/// Returns the condition that a caller sees a submission that the filter names.
fn visible(visibility: &SubmissionVisibility, filter: &Filter) -> Condition {
    let mut condition = Condition::default();
    if !visibility.all || visibility.except.is_some() || !visibility.except_submissions.is_empty() {
        let own = visibility.own.as_ref().map(ToString::to_string).unwrap_or_default();
        let except = visibility.except.as_ref().map(ToString::to_string).unwrap_or_default();
        let others: Vec<String> = seen_of_others(visibility).map(enum_text).collect();
        condition = condition.and(
            submissions::unit_id.eq(own).or(submissions::unit_id
                .eq_any(id_texts(&visibility.scoped))
                .or(submissions::status.eq_any(others).and(submissions::unit_id.ne(except)))
                .and(submissions::id.ne_all(id_texts(&visibility.except_submissions)))),
        );
    }
    if let Some(ids) = &visibility.only {
        condition = condition.and(submissions::unit_id.eq_any(id_texts(ids)));
    }
    if let Some(ids) = &filter.period_ids {
        condition = condition.and(submissions::period_id.eq_any(id_texts(ids)));
    }
    if let Some(assignee_id) = &filter.assignee_id {
        condition = condition.and(assigned_to(assignee_id));
    }
    if let Some(ids) = &filter.unit_ids {
        condition = condition.and(submissions::unit_id.eq_any(id_texts(ids)));
    }
    if let Some(statuses) = &filter.statuses {
        let sought: Vec<String> = statuses.iter().map(enum_text).collect();
        condition = condition.and(submissions::status.eq_any(sought));
    }
    condition
}

fn key(ById::Id: ById, place: Place<'_, Id>) -> Key {
    place.by(submissions::id, Id::to_string)
}

/// Returns a page of an organisation's submissions that the caller may see.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    visibility: &SubmissionVisibility,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Listed>, Error> {
    list_of(conn, ranges(visibility, filter), organization_id, visibility, filter, page)
}

fn list_of(
    conn: &mut Conn,
    ranges: Ranges,
    organization_id: &Id,
    visibility: &SubmissionVisibility,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Listed>, Error> {
    let all = || visible(visibility, filter).and(submissions::organization_id.eq(organization_id.to_string()));
    let page_of =
        |seen: Condition| paged(submissions::table.filter(seen).select(submissions::id).into_boxed(), page, key);
    let on_page = within(ranges, all, submissions::id, page_of);
    let query = submissions::table
        .inner_join(units::table.on(units::id.eq(submissions::unit_id)))
        .inner_join(period_units::table.on(of_its_unit!()))
        .filter(on_page)
        .select((columns!(), units::code, period_units::set_aside_at))
        .into_boxed();
    let rows: Vec<(Row, String, Option<NaiveDateTime>)> = paged(query, page, key).load(conn)?;
    rows.into_iter()
        .map(|(row, unit_code, set_aside_at)| {
            Ok(Listed { submission: row.try_into()?, unit_code, set_aside_at: utc_option(set_aside_at) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use chrono::NaiveDate;
    use diesel::connection::SimpleConnection;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::domain::page::Order;
    use crate::store::range::tests::{database, number};

    fn unit() -> impl Strategy<Value = Id> {
        (0..4_u64).prop_map(|at| number(2, at))
    }

    fn any_visibility() -> impl Strategy<Value = SubmissionVisibility> {
        let units = || prop::collection::vec(unit(), 0..3);
        let from = prop::option::of(select(SubmissionStatus::VARIANTS));
        let one = || prop::option::of(unit());
        (one(), units(), from, one(), prop::option::of(0..20_u64), any::<bool>(), prop::option::of(units())).prop_map(
            |(own, scoped, others_from, except, sheet, all, only)| SubmissionVisibility {
                own,
                scoped,
                others_from,
                except,
                except_submissions: sheet.into_iter().map(|sheet| number(4, sheet)).collect(),
                all,
                only,
            },
        )
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let periods = prop::collection::vec((0..3_u64).prop_map(|at| number(3, at)), 0..3);
        let statuses = subsequence(SubmissionStatus::VARIANTS.to_vec(), 0..4);
        let units = prop::collection::vec(unit(), 0..3);
        (prop::option::of(periods), prop::option::of(units), prop::option::of(statuses))
            .prop_map(|(period_ids, unit_ids, statuses)| Filter { period_ids, unit_ids, statuses, assignee_id: None })
    }

    fn ids(listed: &[Listed]) -> Vec<Id> {
        listed.iter().map(|listed| listed.submission.id).collect()
    }

    #[test]
    fn ranges_hold_all_that_a_caller_sees() {
        let mut conn = database();
        let organization_id = number(1, 0);
        let sheets = prop::collection::vec((unit(), 0..3_u64, select(SubmissionStatus::VARIANTS)), 0..20);
        let case = (sheets, any_visibility(), any_filter(), prop::option::of(0..20_u64), 1..6_i64);
        let mut runner = proptest::test_runner::TestRunner::default();
        for at in 0..4 {
            let unit = number(2, at);
            let rows = format!(
                "INSERT INTO units (id, organization_id, code, name, kind, active, predecessor_ids, version, created_at, updated_at) \
                 VALUES ('{unit}', '{organization_id}', 'U{at}', 'U', 'division', 1, '[]', 1, '', '');"
            );
            conn.batch_execute(&rows).unwrap();
            for period in 0..3 {
                let period = number(3, period);
                let rows = format!(
                    "INSERT INTO period_units (period_id, organization_id, unit_id) \
                     VALUES ('{period}', '{organization_id}', '{unit}');"
                );
                conn.batch_execute(&rows).unwrap();
            }
        }
        // Several sheets of one unit in a period are more than there can be.
        conn.batch_execute("CREATE TABLE any_number AS SELECT * FROM submissions; DROP TABLE submissions; ALTER TABLE any_number RENAME TO submissions").unwrap();
        let conn = RefCell::new(conn);
        runner
            .run(&case, |(sheets, visibility, filter, after, limit)| {
                let conn = &mut *conn.borrow_mut();
                diesel::delete(submissions::table).execute(conn).unwrap();
                for (at, (unit_id, period, status)) in (0..).zip(sheets) {
                    let row = (
                        submissions::id.eq(number(4, at).to_string()),
                        submissions::organization_id.eq(organization_id.to_string()),
                        submissions::period_id.eq(number(3, period).to_string()),
                        submissions::unit_id.eq(unit_id.to_string()),
                        submissions::status.eq(enum_text(status)),
                        submissions::revision.eq(0),
                        submissions::late.eq(false),
                        submissions::due_on.eq(NaiveDate::MAX),
                        submissions::penalty.eq(0),
                        submissions::raised.eq(0),
                        submissions::version.eq(1),
                        submissions::created_at.eq(DateTime::UNIX_EPOCH.naive_utc()),
                        submissions::updated_at.eq(DateTime::UNIX_EPOCH.naive_utc()),
                    );
                    diesel::insert_into(submissions::table).values(row).execute(conn).unwrap();
                }
                let mut page = Page::first(Order::default(), limit);
                page.after = after.map(|after| number(4, after));
                let whole = list_of(conn, Ranges::Whole, &organization_id, &visibility, &filter, &page).unwrap();
                let merged = list(conn, &organization_id, &visibility, &filter, &page).unwrap();
                prop_assert_eq!(ids(&merged), ids(&whole));
                Ok(())
            })
            .unwrap();
    }
}
