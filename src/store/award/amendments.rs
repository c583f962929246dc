//! Amendments of final results.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::{UnitVisibility, Units};
use crate::domain::award::amendment::{Amendment, AmendmentDecision, AmendmentStatus};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{ById, Page, paged};
use crate::store::schema::amendments::{self, dsl};
use crate::store::types::{enum_text, from_json, id, id_texts, json, naive, naive_option, parse_enum, utc, utc_option};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = amendments, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    period_id: String,
    submission_id: String,
    unit_id: String,
    status: String,
    reason: String,
    legal_basis: String,
    scores: String,
    facts: Option<String>,
    asked_by: String,
    decided_by: Option<String>,
    decided_at: Option<NaiveDateTime>,
    decision_reason: Option<String>,
    ranking_version: Option<i64>,
    published_at: Option<NaiveDateTime>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<Row> for Amendment {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let reason = row.decision_reason;
        let decision = row.decided_by.zip(row.decided_at);
        Ok(Amendment {
            id: id(row.id),
            organization_id: id(row.organization_id),
            period_id: id(row.period_id),
            submission_id: id(row.submission_id),
            unit_id: id(row.unit_id),
            status: parse_enum(&row.status)?,
            reason: row.reason,
            legal_basis: row.legal_basis,
            scores: from_json(&row.scores)?,
            facts: row.facts.as_deref().map(from_json).transpose()?,
            asked_by: id(row.asked_by),
            decision: decision.map(|(by, at)| AmendmentDecision { by: id(by), at: utc(at), reason }),
            ranking_version: row.ranking_version,
            published_at: utc_option(row.published_at),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl TryFrom<&Amendment> for Row {
    type Error = Error;
    fn try_from(amendment: &Amendment) -> Result<Self, Error> {
        let decision = amendment.decision.as_ref();
        Ok(Row {
            id: amendment.id.to_string(),
            organization_id: amendment.organization_id.to_string(),
            period_id: amendment.period_id.to_string(),
            submission_id: amendment.submission_id.to_string(),
            unit_id: amendment.unit_id.to_string(),
            status: enum_text(amendment.status),
            reason: amendment.reason.clone(),
            legal_basis: amendment.legal_basis.clone(),
            scores: json(&amendment.scores)?,
            facts: amendment.facts.as_ref().map(json).transpose()?,
            asked_by: amendment.asked_by.to_string(),
            decided_by: decision.map(|decision| decision.by.to_string()),
            decided_at: naive_option(decision.map(|decision| decision.at)),
            decision_reason: decision.and_then(|decision| decision.reason.clone()),
            ranking_version: amendment.ranking_version,
            published_at: naive_option(amendment.published_at),
            version: amendment.version,
            created_at: naive(amendment.created_at),
            updated_at: naive(amendment.updated_at),
        })
    }
}

/// The filters of a list of amendments.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only of this period.
    pub period_id: Option<Id>,
    /// Only of this submission.
    pub submission_id: Option<Id>,
    /// Only in these states.
    pub statuses: Option<Vec<AmendmentStatus>>,
}

/// Returns an amendment.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Amendment>, Error> {
    let row: Option<Row> = dsl::amendments.find(id.as_str()).get_result(conn).optional()?;
    row.map(Amendment::try_from).transpose()
}

/// Returns a page of an organisation's amendments that a caller may see.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    visibility: &UnitVisibility,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Amendment>, Error> {
    let mut query = dsl::amendments.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(id) = &filter.period_id {
        query = query.filter(dsl::period_id.eq(id.to_string()));
    }
    if let Some(id) = &filter.submission_id {
        query = query.filter(dsl::submission_id.eq(id.to_string()));
    }
    if let Some(statuses) = &filter.statuses {
        query = query.filter(dsl::status.eq_any(statuses.iter().map(enum_text).collect::<Vec<_>>()));
    }
    match &visibility.sees {
        Units::All => {}
        Units::AllBut(own) => query = query.filter(dsl::unit_id.ne(own.to_string())),
        Units::Among(ids) => query = query.filter(dsl::unit_id.eq_any(id_texts(ids))),
    }
    for (period_id, unit_id) in &visibility.except {
        query = query.filter(dsl::unit_id.ne(unit_id.to_string()).or(dsl::period_id.ne(period_id.to_string())));
    }
    if let Some(only) = &visibility.only {
        query = query.filter(dsl::unit_id.eq_any(id_texts(only)));
    }
    let rows: Vec<Row> = paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).load(conn)?;
    rows.into_iter().map(Amendment::try_from).collect()
}

/// Returns the approved amendments of a period, in the order in which they were asked for.
pub fn approved(conn: &mut Conn, period_id: &Id) -> Result<Vec<Amendment>, Error> {
    let rows: Vec<Row> = dsl::amendments
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::status.eq(enum_text(AmendmentStatus::Approved)))
        .order(dsl::id)
        .load(conn)?;
    rows.into_iter().map(Amendment::try_from).collect()
}

/// Returns those of them that are not published.
pub fn unpublished(conn: &mut Conn, period_id: &Id) -> Result<Vec<Amendment>, Error> {
    let mut amendments = approved(conn, period_id)?;
    amendments.retain(|amendment| amendment.published_at.is_none());
    Ok(amendments)
}

/// Adds an amendment.
///
/// # Errors
/// `already_exists` where another one of the submission is pending, or approved and not published.
pub fn insert(conn: &mut Conn, amendment: &Amendment) -> Result<(), Error> {
    let inserted = diesel::insert_into(amendments::table).values(Row::try_from(amendment)?).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Saves a change to an amendment.
///
/// # Errors
/// `version_mismatch` where it has changed since it was read.
pub fn update(conn: &mut Conn, amendment: Amendment) -> Result<Amendment, Error> {
    let after = Amendment { version: amendment.version + 1, ..amendment };
    let expected = dsl::amendments.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::try_from(&after)?).execute(conn)?).map(|()| after)
}
