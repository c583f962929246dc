//! The sums of many submissions or reviews, saved in one statement.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};

use crate::domain::Id;
use crate::domain::assessment::review::Review;
use crate::domain::assessment::submission::Submission;
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, dispatch, json_rows};
use crate::store::types::{json, naive, totals_columns};

/// The sums of a record: its id, the version expected, base points, bonus points, breakdown, penalty, and what raises them.
type Sums<'a> = (&'a Id, i64, Option<i64>, Option<i64>, Option<String>, i64, i64);

/// Saves the totals of submissions after a change to their lines, and returns them as saved.
///
/// # Errors
/// `version_mismatch` where one has changed since it was read.
pub fn update_submissions(
    conn: &mut Conn,
    scored: Vec<(Submission, Breakdown)>,
    now: DateTime<Utc>,
) -> Result<Vec<Submission>, Error> {
    let sums = scored.iter().map(|(submission, breakdown)| {
        sums((&submission.id, submission.version), submission.totals.as_ref(), breakdown)
    });
    save(conn, "submissions", &sums.collect::<Result<Vec<_>, _>>()?, now)?;
    let saved = |(submission, _): (Submission, _)| {
        let version = submission.version + 1;
        Submission { version, updated_at: now, ..submission }
    };
    Ok(scored.into_iter().map(saved).collect())
}

/// Saves the totals of draft reviews after a change to their lines, and returns them as saved.
///
/// # Errors
/// `version_mismatch` where one has changed since it was read.
pub fn update_reviews(conn: &mut Conn, reviews: Vec<Review>, now: DateTime<Utc>) -> Result<Vec<Review>, Error> {
    let sums = reviews.iter().map(|review| sums((&review.id, review.version), Some(&review.totals), &review.breakdown));
    save(conn, "reviews", &sums.collect::<Result<Vec<_>, _>>()?, now)?;
    let saved = |review: Review| Review { version: review.version + 1, updated_at: now, ..review };
    Ok(reviews.into_iter().map(saved).collect())
}

fn sums<'a>((id, version): (&'a Id, i64), totals: Option<&Totals>, breakdown: &Breakdown) -> Result<Sums<'a>, Error> {
    let breakdown = totals.map(|_| json(breakdown)).transpose()?;
    let columns = totals.map(totals_columns);
    let (base, bonus) = (columns.map(|(base, ..)| base), columns.map(|(_, bonus, ..)| bonus));
    let (_, _, penalty, raised) = columns.unwrap_or_default();
    Ok((id, version, base, bonus, breakdown, penalty, raised))
}

/// Saves sums in a table of submissions or reviews. They are bound as JSON, so that the statement's text does not depend on their
/// number.
fn save(conn: &mut Conn, table: &str, sums: &[Sums], now: DateTime<Utc>) -> Result<(), Error> {
    if sums.is_empty() {
        return Ok(());
    }
    let (open, close) = json_rows(conn);
    let set = format!(
        "UPDATE {table} SET base = CAST(value ->> 2 AS BIGINT), bonus = CAST(value ->> 3 AS BIGINT), \
         breakdown = value ->> 4, penalty = CAST(value ->> 5 AS BIGINT), raised = CAST(value ->> 6 AS BIGINT), version = version + 1, updated_at = "
    );
    let by_id = format!("{close} WHERE id = value ->> 0 AND version = CAST(value ->> 1 AS BIGINT)");
    let statement = RawSql(set.into())
        .bind::<Timestamp, _>(naive(now), format!(" FROM {open}"))
        .bind::<Text, _>(json(&sums)?, by_id);
    let saved = dispatch!(conn, c => statement.execute(c))?;
    if saved == sums.len() { Ok(()) } else { Err(Error::new(Code::VersionMismatch)) }
}
