//! Declared recusals. Those that stand are loaded with the membership of their member, in `members`.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::assessment::recusal::{Recusal, RecusalStatus, Withdrawal};
use crate::domain::office::unit::UnitKey;
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{ById, Page, paged};
use crate::store::schema::recusals::{self, dsl};
use crate::store::schema::units;
use crate::store::types::{enum_text, id, id_texts, naive, parse_enum, utc};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = recusals, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    submission_id: String,
    period_id: String,
    unit_id: String,
    member_id: String,
    ground: String,
    note: Option<String>,
    declared_by: String,
    withdrawn_at: Option<NaiveDateTime>,
    withdrawn_by: Option<String>,
    withdraw_reason: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

fn recusal((row, code): (Row, String)) -> Result<Recusal, Error> {
    let withdrawal = row.withdrawn_at.zip(row.withdrawn_by).zip(row.withdraw_reason);
    Ok(Recusal {
        id: id(row.id),
        organization_id: id(row.organization_id),
        submission_id: id(row.submission_id),
        period_id: id(row.period_id),
        unit: UnitKey { id: id(row.unit_id), code },
        member_id: id(row.member_id),
        ground: parse_enum(&row.ground)?,
        note: row.note,
        declared_by: id(row.declared_by),
        withdrawal: withdrawal.map(|((at, by), reason)| Withdrawal { at: utc(at), by: id(by), reason }),
        version: row.version,
        created_at: utc(row.created_at),
        updated_at: utc(row.updated_at),
    })
}

impl From<&Recusal> for Row {
    fn from(recusal: &Recusal) -> Self {
        let withdrawal = recusal.withdrawal.as_ref();
        Row {
            id: recusal.id.to_string(),
            organization_id: recusal.organization_id.to_string(),
            submission_id: recusal.submission_id.to_string(),
            period_id: recusal.period_id.to_string(),
            unit_id: recusal.unit.id.to_string(),
            member_id: recusal.member_id.to_string(),
            ground: enum_text(recusal.ground),
            note: recusal.note.clone(),
            declared_by: recusal.declared_by.to_string(),
            withdrawn_at: withdrawal.map(|withdrawal| naive(withdrawal.at)),
            withdrawn_by: withdrawal.map(|withdrawal| withdrawal.by.to_string()),
            withdraw_reason: withdrawal.map(|withdrawal| withdrawal.reason.clone()),
            version: recusal.version,
            created_at: naive(recusal.created_at),
            updated_at: naive(recusal.updated_at),
        }
    }
}

/// The filters of a list of recusals.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only of this period.
    pub period_id: Option<Id>,
    /// Only of this submission.
    pub submission_id: Option<Id>,
    /// Only of this member.
    pub member_id: Option<Id>,
    /// Only in this state.
    pub status: Option<RecusalStatus>,
    /// Only of this member, whom the caller is.
    pub own_member_id: Option<Id>,
    /// Only of these units, where the token names any.
    pub only: Option<Vec<Id>>,
}

/// Returns a recusal.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Recusal>, Error> {
    let found = dsl::recusals
        .inner_join(units::table.on(units::id.eq(dsl::unit_id)))
        .filter(dsl::id.eq(id.as_str()))
        .select((recusals::all_columns, units::code));
    let row: Option<(Row, String)> = dispatch!(conn, c => found.get_result(c)).optional()?;
    row.map(recusal).transpose()
}

/// Returns a page of an organisation's recusals.
pub fn list(conn: &mut Conn, organization_id: &Id, filter: &Filter, page: &Page) -> Result<Vec<Recusal>, Error> {
    let mut query = dsl::recusals
        .inner_join(units::table.on(units::id.eq(dsl::unit_id)))
        .filter(dsl::organization_id.eq(organization_id.to_string()))
        .select((recusals::all_columns, units::code))
        .into_boxed();
    if let Some(period_id) = &filter.period_id {
        query = query.filter(dsl::period_id.eq(period_id.to_string()));
    }
    if let Some(submission_id) = &filter.submission_id {
        query = query.filter(dsl::submission_id.eq(submission_id.to_string()));
    }
    for member_id in [&filter.member_id, &filter.own_member_id].into_iter().flatten() {
        query = query.filter(dsl::member_id.eq(member_id.to_string()));
    }
    if let Some(units) = &filter.only {
        query = query.filter(dsl::unit_id.eq_any(id_texts(units)));
    }
    match filter.status {
        Some(RecusalStatus::Active) => query = query.filter(dsl::withdrawn_at.is_null()),
        Some(RecusalStatus::Withdrawn) => query = query.filter(dsl::withdrawn_at.is_not_null()),
        None => {}
    }
    let rows: Vec<(Row, String)> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    rows.into_iter().map(recusal).collect()
}

/// Returns the members and units of the recusals of a period that stand.
pub fn standing_of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<(Id, Id)>, Error> {
    let standing = dsl::recusals.filter(dsl::period_id.eq(period_id.as_str())).filter(dsl::withdrawn_at.is_null());
    let rows: Vec<(String, String)> = standing.select((dsl::member_id, dsl::unit_id)).load(conn)?;
    Ok(rows.into_iter().map(|(member_id, unit_id)| (id(member_id), id(unit_id))).collect())
}

/// Adds a recusal.
///
/// # Errors
/// `already_exists` where one of the member stands for the submission.
pub fn insert(conn: &mut Conn, recusal: &Recusal) -> Result<(), Error> {
    let inserted = diesel::insert_into(recusals::table).values(Row::from(recusal)).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Saves a change to a recusal.
///
/// # Errors
/// `version_mismatch` where it has changed since it was read.
pub fn update(conn: &mut Conn, recusal: Recusal) -> Result<Recusal, Error> {
    let after = Recusal { version: recusal.version + 1, ..recusal };
    let expected = dsl::recusals.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::from(&after)).execute(conn)?)?;
    Ok(after)
}
