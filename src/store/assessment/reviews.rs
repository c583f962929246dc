//! The reviews' heads. Their lines are in `scores`.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::domain::access::action::Stage;
use crate::domain::assessment::review::{Review, ReviewStatus};
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::domain::{Id, Points};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::error::{one_row, unique};
use crate::store::schema::reviews::{self, dsl};
use crate::store::schema::submissions;
use crate::store::types::{from_json, from_word, id, json, naive, naive_option, utc, utc_option, word};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = reviews, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    submission_id: String,
    stage: String,
    reviewer_id: String,
    status: String,
    submitted_at: Option<NaiveDateTime>,
    base: i64,
    bonus: i64,
    breakdown: String,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<Row> for Review {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Review {
            id: id(row.id),
            organization_id: id(row.organization_id),
            submission_id: id(row.submission_id),
            stage: from_word(&row.stage)?,
            reviewer_id: id(row.reviewer_id),
            status: from_word(&row.status)?,
            submitted_at: utc_option(row.submitted_at),
            totals: Totals::new(Points::from_hundredths(row.base), Points::from_hundredths(row.bonus)),
            breakdown: from_json(&row.breakdown)?,
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl TryFrom<&Review> for Row {
    type Error = Error;
    fn try_from(review: &Review) -> Result<Self, Error> {
        Ok(Row {
            id: review.id.to_string(),
            organization_id: review.organization_id.to_string(),
            submission_id: review.submission_id.to_string(),
            stage: word(review.stage),
            reviewer_id: review.reviewer_id.to_string(),
            status: word(review.status),
            submitted_at: naive_option(review.submitted_at),
            base: review.totals.base.hundredths(),
            bonus: review.totals.bonus.hundredths(),
            breakdown: json(&review.breakdown)?,
            version: review.version,
            created_at: naive(review.created_at),
            updated_at: naive(review.updated_at),
        })
    }
}

/// One review.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Review>, Error> {
    let row: Option<Row> = dsl::reviews.find(id.as_str()).get_result(conn).optional()?;
    row.map(Review::try_from).transpose()
}

/// Which sheet a review is of.
pub fn submission_of(conn: &mut Conn, id: &Id) -> Result<Option<Id>, Error> {
    let submission: Option<String> =
        dsl::reviews.find(id.as_str()).select(dsl::submission_id).get_result(conn).optional()?;
    Ok(submission.map(Id::from_uuid_text))
}

/// The reviews of a sheet, the appraisal before the council's.
pub fn of_submission(conn: &mut Conn, submission_id: &Id) -> Result<Vec<Review>, Error> {
    let rows: Vec<Row> =
        dsl::reviews.filter(dsl::submission_id.eq(submission_id.as_str())).order(dsl::stage).load(conn)?;
    rows.into_iter().map(Review::try_from).collect()
}

/// The reviews of an organisation that are being written, by sheet and stage.
pub fn drafts(conn: &mut Conn, organization_id: &Id) -> Result<HashMap<(Id, Stage), Id>, Error> {
    let drafts = dsl::reviews
        .filter(dsl::organization_id.eq(organization_id.as_str()))
        .filter(dsl::status.eq(word(ReviewStatus::Draft)))
        .select((dsl::submission_id, dsl::stage, dsl::id));
    let rows: Vec<(String, String, String)> = drafts.load(conn)?;
    rows.into_iter().map(|(sheet, stage, review)| Ok(((id(sheet), from_word(&stage)?), id(review)))).collect()
}

/// What a submitted review adds up to.
#[derive(Debug, Clone)]
pub struct StageTotals {
    /// Of which sheet.
    pub submission_id: Id,
    /// Whose column.
    pub stage: Stage,
    /// The sums.
    pub totals: Totals,
    /// What the tie-break chain may ask beyond them.
    pub breakdown: Breakdown,
}

/// The submitted totals of a period's sheets: the ranking reads these rows, not the lines.
/// The breakdown is read only where the chain asks for it.
pub fn submitted_of_period(conn: &mut Conn, period_id: &Id, with_breakdown: bool) -> Result<Vec<StageTotals>, Error> {
    let rows: Vec<(String, String, i64, i64, String)> = reviews::table
        .inner_join(submissions::table.on(submissions::id.eq(reviews::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(reviews::status.eq("submitted"))
        .select((reviews::submission_id, reviews::stage, reviews::base, reviews::bonus, reviews::breakdown))
        .load(conn)?;
    rows.into_iter()
        .map(|(submission_id, stage, base, bonus, breakdown)| {
            Ok(StageTotals {
                submission_id: id(submission_id),
                stage: from_word(&stage)?,
                totals: Totals::new(Points::from_hundredths(base), Points::from_hundredths(bonus)),
                breakdown: if with_breakdown { from_json(&breakdown)? } else { Breakdown::default() },
            })
        })
        .collect()
}

/// Adds a review.
pub fn insert(conn: &mut Conn, review: &Review) -> Result<(), Error> {
    let inserted = diesel::insert_into(reviews::table).values(Row::try_from(review)?).execute(conn);
    unique(inserted, Code::AlreadyExists).map(|_| ())
}

/// Saves a change of the version that was read.
pub fn update(conn: &mut Conn, review: Review) -> Result<Review, Error> {
    let after = Review { version: review.version + 1, ..review };
    let seen = dsl::reviews.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    one_row(diesel::update(seen).set(Row::try_from(&after)?).execute(conn)?).map(|()| after)
}

/// Drops a draft whose lines are gone already.
pub fn delete(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    diesel::delete(dsl::reviews.find(id.as_str())).execute(conn)?;
    Ok(())
}
