//! The facts about a unit in a period that decide its eligibility.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::assessment::facts::UnitFacts;
use crate::error::Error;
use crate::store::Conn;
use crate::store::error::ensure_one_row;
use crate::store::schema::facts::{self, dsl};
use crate::store::types::{enum_text, id, naive, parse_enum, utc};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = facts, treat_none_as_null = true)]
struct Row {
    period_id: String,
    unit_id: String,
    anybody_disciplined: bool,
    party_cell_rating: String,
    under_inspection: bool,
    source_document: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

/// The recorded facts of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFacts {
    /// The unit.
    pub unit_id: Id,
    /// The facts.
    pub facts: UnitFacts,
    /// The version, which every change increments; 0 for facts that are not saved yet.
    pub version: i64,
    /// The time at which they were first recorded.
    pub created_at: DateTime<Utc>,
    /// The time of the last change.
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for RecordedFacts {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(RecordedFacts {
            unit_id: id(row.unit_id),
            facts: UnitFacts {
                anybody_disciplined: row.anybody_disciplined,
                party_cell_rating: parse_enum(&row.party_cell_rating)?,
                under_inspection: row.under_inspection,
                source_document: row.source_document,
            },
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

/// Returns the facts of a unit in a period.
pub fn find(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<Option<RecordedFacts>, Error> {
    let row: Option<Row> = dsl::facts.find((period_id.as_str(), unit_id.as_str())).get_result(conn).optional()?;
    row.map(RecordedFacts::try_from).transpose()
}

/// Returns the recorded facts of a period, in order of unit.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<RecordedFacts>, Error> {
    let rows: Vec<Row> = dsl::facts.filter(dsl::period_id.eq(period_id.as_str())).order(dsl::unit_id).load(conn)?;
    rows.into_iter().map(RecordedFacts::try_from).collect()
}

/// Adds facts, or saves a change to them where their version is not 0.
///
/// # Errors
/// `version_mismatch` where they have been added or changed meanwhile.
pub fn save(conn: &mut Conn, period_id: &Id, recorded: RecordedFacts) -> Result<RecordedFacts, Error> {
    let after = RecordedFacts { version: recorded.version + 1, ..recorded };
    let row = Row {
        period_id: period_id.to_string(),
        unit_id: after.unit_id.to_string(),
        anybody_disciplined: after.facts.anybody_disciplined,
        party_cell_rating: enum_text(after.facts.party_cell_rating),
        under_inspection: after.facts.under_inspection,
        source_document: after.facts.source_document.clone(),
        version: after.version,
        created_at: naive(after.created_at),
        updated_at: naive(after.updated_at),
    };
    if after.version == 1 {
        let inserted = diesel::insert_into(facts::table).values(row).execute(conn);
        crate::store::error::map_unique_violation(inserted, crate::error::Code::VersionMismatch)?;
        return Ok(after);
    }
    let expected =
        dsl::facts.find((period_id.as_str(), after.unit_id.as_str())).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(row).execute(conn)?).map(|()| after)
}
