//! Frozen rankings, and the council's tie decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

use crate::domain::Id;
use crate::domain::award::tie_decision::TieDecision;
use crate::domain::text::hex;
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::error::map_unique_violation;
use crate::store::schema::{rankings, tie_decisions};
use crate::store::types::{from_json, id, json, naive, utc};

/// The frozen ranking of a finalised period.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = rankings)]
pub struct FrozenRanking {
    /// The period.
    pub period_id: String,
    /// The ranking's number within the period, from 1.
    pub version: i64,
    /// The inputs from which it was computed, in canonical JSON.
    pub inputs: String,
    /// The SHA-256 of the inputs, in hex.
    pub inputs_sha256: String,
    /// The result, in JSON.
    pub result: String,
    /// The time at which it was frozen, in UTC.
    pub frozen_at: NaiveDateTime,
    /// The random text that the commitment hides the inputs with, in hex.
    pub salt: String,
}

impl FrozenRanking {
    /// Returns the SHA-256 of the salt followed by the inputs, in hex: it holds the result to its inputs, and nobody who
    /// lacks the salt can test a guess with it.
    pub fn commitment(&self) -> String {
        hex(&Sha256::digest(format!("{}{}", self.salt, self.inputs)))
    }
}

/// Returns one version of a period's ranking.
pub fn find(conn: &mut Conn, period_id: &Id, version: i64) -> Result<Option<FrozenRanking>, Error> {
    Ok(rankings::table.find((period_id.as_str(), version)).first(conn).optional()?)
}

/// Returns the ranking of a period that was frozen last; `None` before the period is finalised for the first time.
pub fn latest(conn: &mut Conn, period_id: &Id) -> Result<Option<FrozenRanking>, Error> {
    let of_period = rankings::table.filter(rankings::period_id.eq(period_id.as_str()));
    Ok(of_period.order(rankings::version.desc()).first(conn).optional()?)
}

/// Saves a frozen ranking.
///
/// # Errors
/// `already_exists` where the period has a frozen ranking of this version.
pub fn freeze(conn: &mut Conn, ranking: &FrozenRanking) -> Result<(), Error> {
    map_unique_violation(diesel::insert_into(rankings::table).values(ranking).execute(conn), Code::AlreadyExists)
        .map(|_| ())
}

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = tie_decisions, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    period_id: String,
    tied_units: String,
    unit_ids: String,
    reason: String,
    council_session_id: String,
    decided_by: String,
    totals: Option<String>,
    totals_on: Option<NaiveDate>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<Row> for TieDecision {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(TieDecision {
            id: id(row.id),
            organization_id: id(row.organization_id),
            period_id: id(row.period_id),
            unit_ids: from_json(&row.unit_ids)?,
            reason: row.reason,
            council_session_id: id(row.council_session_id),
            decided_by: id(row.decided_by),
            totals: row.totals.as_deref().map(from_json).transpose()?,
            totals_on: row.totals_on,
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

/// Returns the tie decisions of a period, in the order in which they were recorded.
pub fn tie_decisions(conn: &mut Conn, period_id: &Id) -> Result<Vec<TieDecision>, Error> {
    let of_period = tie_decisions::table.filter(tie_decisions::period_id.eq(period_id.as_str()));
    let rows: Vec<Row> = of_period.order(tie_decisions::id).load(conn)?;
    rows.into_iter().map(TieDecision::try_from).collect()
}

/// Saves a tie decision, in place of an earlier one where its version is not 0.
pub fn save_tie_decision(conn: &mut Conn, decision: TieDecision) -> Result<TieDecision, Error> {
    let after = TieDecision { version: decision.version + 1, ..decision };
    let mut group = after.unit_ids.clone();
    group.sort();
    let row = Row {
        id: after.id.to_string(),
        organization_id: after.organization_id.to_string(),
        period_id: after.period_id.to_string(),
        tied_units: json(&group)?,
        unit_ids: json(&after.unit_ids)?,
        reason: after.reason.clone(),
        council_session_id: after.council_session_id.to_string(),
        decided_by: after.decided_by.to_string(),
        totals: after.totals.as_ref().map(json).transpose()?,
        totals_on: after.totals_on,
        version: after.version,
        created_at: naive(after.created_at),
        updated_at: naive(after.updated_at),
    };
    if after.version == 1 {
        diesel::insert_into(tie_decisions::table).values(row).execute(conn)?;
    } else {
        diesel::update(tie_decisions::table.find(after.id.as_str())).set(row).execute(conn)?;
    }
    Ok(after)
}
