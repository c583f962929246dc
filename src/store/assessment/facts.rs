//! What is known of a unit in a period beyond its score.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::assessment::facts::UnitFacts;
use crate::error::Error;
use crate::store::Conn;
use crate::store::error::one_row;
use crate::store::schema::facts::{self, dsl};
use crate::store::types::{from_word, id, naive, utc, word};

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

/// The facts as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFacts {
    /// Which unit's.
    pub unit_id: Id,
    /// The facts.
    pub facts: UnitFacts,
    /// Counts changes; 0 before the first.
    pub version: i64,
    /// When they were first recorded.
    pub created_at: DateTime<Utc>,
    /// When they last changed.
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for RecordedFacts {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(RecordedFacts {
            unit_id: id(row.unit_id),
            facts: UnitFacts {
                anybody_disciplined: row.anybody_disciplined,
                party_cell_rating: from_word(&row.party_cell_rating)?,
                under_inspection: row.under_inspection,
                source_document: row.source_document,
            },
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

/// One unit's facts.
pub fn find(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<Option<RecordedFacts>, Error> {
    let row: Option<Row> = dsl::facts.find((period_id.as_str(), unit_id.as_str())).get_result(conn).optional()?;
    row.map(RecordedFacts::try_from).transpose()
}

/// The facts of every unit of a period.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<RecordedFacts>, Error> {
    let rows: Vec<Row> = dsl::facts.filter(dsl::period_id.eq(period_id.as_str())).order(dsl::unit_id).load(conn)?;
    rows.into_iter().map(RecordedFacts::try_from).collect()
}

/// Records facts for the first time, or in place of the version that was read.
pub fn save(conn: &mut Conn, period_id: &Id, recorded: RecordedFacts) -> Result<RecordedFacts, Error> {
    let after = RecordedFacts { version: recorded.version + 1, ..recorded };
    let row = Row {
        period_id: period_id.to_string(),
        unit_id: after.unit_id.to_string(),
        anybody_disciplined: after.facts.anybody_disciplined,
        party_cell_rating: word(after.facts.party_cell_rating),
        under_inspection: after.facts.under_inspection,
        source_document: after.facts.source_document.clone(),
        version: after.version,
        created_at: naive(after.created_at),
        updated_at: naive(after.updated_at),
    };
    if after.version == 1 {
        let inserted = diesel::insert_into(facts::table).values(row).execute(conn);
        crate::store::error::unique(inserted, crate::error::Code::VersionMismatch)?;
        return Ok(after);
    }
    let seen = dsl::facts.find((period_id.as_str(), after.unit_id.as_str())).filter(dsl::version.eq(after.version - 1));
    one_row(diesel::update(seen).set(row).execute(conn)?).map(|()| after)
}
