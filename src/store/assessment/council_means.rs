//! The mean of the reviews that members of the council submitted alone, one a submission.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::schema::council_means::{self, dsl};
use crate::store::schema::submissions;
use crate::store::types::{from_json, id, json, naive, totals_columns, totals_of};

#[derive(Queryable, Insertable)]
#[diesel(table_name = council_means)]
struct Row {
    submission_id: String,
    reviews: i32,
    base: i64,
    bonus: i64,
    breakdown: String,
    updated_at: NaiveDateTime,
    penalty: i64,
    raised: i64,
}

/// What the reviews of a submission make together.
#[derive(Debug, Clone)]
pub struct CouncilMean {
    /// How many reviews it is made of.
    pub reviews: i32,
    /// The totals.
    pub totals: Totals,
    /// The partial sums that tie-breaks may compare.
    pub breakdown: Breakdown,
}

impl TryFrom<Row> for CouncilMean {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(CouncilMean {
            reviews: row.reviews,
            totals: totals_of((row.base, row.bonus, row.penalty, row.raised)),
            breakdown: from_json(&row.breakdown)?,
        })
    }
}

/// Returns the mean of a submission.
pub fn find(conn: &mut Conn, submission_id: &Id) -> Result<Option<CouncilMean>, Error> {
    let row: Option<Row> = dsl::council_means.find(submission_id.as_str()).get_result(conn).optional()?;
    row.map(CouncilMean::try_from).transpose()
}

/// Returns the means of a period, by submission.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<HashMap<Id, CouncilMean>, Error> {
    let of_period = submissions::table.filter(submissions::period_id.eq(period_id.as_str())).select(submissions::id);
    let rows: Vec<Row> = dsl::council_means.filter(dsl::submission_id.eq_any(of_period)).load(conn)?;
    rows.into_iter().map(|row| Ok((id(row.submission_id.clone()), CouncilMean::try_from(row)?))).collect()
}

/// Keeps the mean of a submission in place of the one before.
pub fn save(conn: &mut Conn, submission_id: &Id, mean: &CouncilMean, now: DateTime<Utc>) -> Result<(), Error> {
    delete(conn, submission_id)?;
    let (base, bonus, penalty, raised) = totals_columns(&mean.totals);
    let row = Row {
        submission_id: submission_id.to_string(),
        reviews: mean.reviews,
        base,
        bonus,
        breakdown: json(&mean.breakdown)?,
        updated_at: naive(now),
        penalty,
        raised,
    };
    dispatch!(conn, c => diesel::insert_into(council_means::table).values(&row).execute(c))?;
    Ok(())
}

/// Removes the mean of a submission without a review that counts.
pub fn delete(conn: &mut Conn, submission_id: &Id) -> Result<(), Error> {
    diesel::delete(dsl::council_means.find(submission_id.as_str())).execute(conn)?;
    Ok(())
}

/// Removes the means of a period.
pub fn delete_of_period(conn: &mut Conn, period_id: &Id) -> Result<(), Error> {
    let of_period = submissions::table.filter(submissions::period_id.eq(period_id.as_str())).select(submissions::id);
    diesel::delete(dsl::council_means.filter(dsl::submission_id.eq_any(of_period))).execute(conn)?;
    Ok(())
}
