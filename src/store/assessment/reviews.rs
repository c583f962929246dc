//! Reviews, without their lines, which are in `scores`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::Id;
use crate::domain::access::action::Stage;
use crate::domain::assessment::review::{Review, ReviewStatus, Supersession};
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::schema::reviews::{self, dsl};
use crate::store::schema::submissions;
use crate::store::types::{
    TotalsColumns, enum_text, from_json, id, id_texts, json, naive, naive_option, parse_enum, totals_columns,
    totals_of, utc, utc_option,
};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = reviews, treat_none_as_null = true, treat_none_as_default_value = false)]
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
    superseded_at: Option<NaiveDateTime>,
    superseded_reason: Option<String>,
    replaces_id: Option<String>,
    amendment_id: Option<String>,
    seat: String,
    penalty: i64,
    raised: i64,
}

impl TryFrom<Row> for Review {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Review {
            id: id(row.id),
            organization_id: id(row.organization_id),
            submission_id: id(row.submission_id),
            stage: parse_enum(&row.stage)?,
            reviewer_id: id(row.reviewer_id),
            status: parse_enum(&row.status)?,
            submitted_at: utc_option(row.submitted_at),
            totals: totals_of((row.base, row.bonus, row.penalty, row.raised)),
            breakdown: from_json(&row.breakdown)?,
            alone: !row.seat.is_empty(),
            superseded: utc_option(row.superseded_at)
                .zip(row.superseded_reason)
                .map(|(at, reason)| Supersession { at, reason }),
            replaces_id: row.replaces_id.map(id),
            amendment_id: row.amendment_id.map(id),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl TryFrom<&Review> for Row {
    type Error = Error;
    fn try_from(review: &Review) -> Result<Self, Error> {
        let (base, bonus, penalty, raised) = totals_columns(&review.totals);
        Ok(Row {
            id: review.id.to_string(),
            organization_id: review.organization_id.to_string(),
            submission_id: review.submission_id.to_string(),
            stage: enum_text(review.stage),
            reviewer_id: review.reviewer_id.to_string(),
            status: enum_text(review.status),
            submitted_at: naive_option(review.submitted_at),
            base,
            bonus,
            breakdown: json(&review.breakdown)?,
            version: review.version,
            created_at: naive(review.created_at),
            updated_at: naive(review.updated_at),
            superseded_at: naive_option(review.superseded.as_ref().map(|superseded| superseded.at)),
            superseded_reason: review.superseded.as_ref().map(|superseded| superseded.reason.clone()),
            replaces_id: review.replaces_id.as_ref().map(ToString::to_string),
            amendment_id: review.amendment_id.as_ref().map(ToString::to_string),
            seat: if review.alone { review.reviewer_id.to_string() } else { String::new() },
            penalty,
            raised,
        })
    }
}

/// Returns a review.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Review>, Error> {
    let row: Option<Row> = dsl::reviews.find(id.as_str()).get_result(conn).optional()?;
    row.map(Review::try_from).transpose()
}

/// Returns the submission that a review belongs to.
pub fn submission_of(conn: &mut Conn, id: &Id) -> Result<Option<Id>, Error> {
    let submission: Option<String> =
        dsl::reviews.find(id.as_str()).select(dsl::submission_id).get_result(conn).optional()?;
    Ok(submission.map(Id::from_uuid_text))
}

/// Returns the reviews of a submission that count, the appraisal before the council review.
pub fn of_submission(conn: &mut Conn, submission_id: &Id) -> Result<Vec<Review>, Error> {
    let counting =
        dsl::reviews.filter(dsl::submission_id.eq(submission_id.as_str())).filter(dsl::superseded_at.is_null());
    let rows: Vec<Row> = counting.order((dsl::stage, dsl::id)).load(conn)?;
    rows.into_iter().map(Review::try_from).collect()
}

/// Returns all reviews of some submissions, by submission; of each the appraisals before the council reviews, each stage in
/// the order of its beginning.
pub fn history(conn: &mut Conn, submission_ids: &[Id]) -> Result<Vec<Review>, Error> {
    let rows: Vec<Row> = dsl::reviews
        .filter(dsl::submission_id.eq_any(id_texts(submission_ids)))
        .order((dsl::submission_id, dsl::stage, dsl::created_at, dsl::id))
        .load(conn)?;
    rows.into_iter().map(Review::try_from).collect()
}

/// Returns all reviews of some submissions, the appraisals before the council reviews, each stage in the order of ids.
pub fn of_submissions(conn: &mut Conn, submission_ids: &[Id]) -> Result<HashMap<Id, Vec<Review>>, Error> {
    let rows: Vec<Row> = dsl::reviews
        .filter(dsl::submission_id.eq_any(id_texts(submission_ids)))
        .order((dsl::submission_id, dsl::stage, dsl::id))
        .load(conn)?;
    let mut reviews: HashMap<Id, Vec<Review>> = HashMap::new();
    for row in rows {
        let review = Review::try_from(row)?;
        reviews.entry(review.submission_id).or_default().push(review);
    }
    Ok(reviews)
}

/// Returns the review that takes the place of a superseded one.
pub fn replacing(conn: &mut Conn, id: &Id) -> Result<Option<Review>, Error> {
    let row: Option<Row> = dsl::reviews.filter(dsl::replaces_id.eq(id.as_str())).get_result(conn).optional()?;
    row.map(Review::try_from).transpose()
}

/// Returns the submitted reviews of a period that count.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<Review>, Error> {
    let of_period = submissions::table.filter(submissions::period_id.eq(period_id.as_str())).select(submissions::id);
    let rows: Vec<Row> = dsl::reviews
        .filter(dsl::submission_id.eq_any(of_period))
        .filter(dsl::status.eq(enum_text(ReviewStatus::Submitted)))
        .filter(dsl::superseded_at.is_null())
        .order(dsl::id)
        .load(conn)?;
    rows.into_iter().map(Review::try_from).collect()
}

/// Returns the submissions of an organisation that a member has reviewed alone.
pub fn scored_alone(conn: &mut Conn, organization_id: &Id, member_id: &Id) -> Result<HashSet<Id>, Error> {
    let own = dsl::reviews
        .filter(dsl::organization_id.eq(organization_id.as_str()))
        .filter(dsl::seat.eq(member_id.as_str()))
        .filter(dsl::status.eq(enum_text(ReviewStatus::Submitted)))
        .filter(dsl::superseded_at.is_null());
    let ids: Vec<String> = own.select(dsl::submission_id).load(conn)?;
    Ok(ids.into_iter().map(id).collect())
}

/// Returns the draft reviews of an organisation that count, by submission and stage: of those made alone, a member's own.
pub fn drafts(conn: &mut Conn, organization_id: &Id, member_id: &Id) -> Result<HashMap<(Id, Stage), Id>, Error> {
    let drafts = dsl::reviews
        .filter(dsl::seat.eq_any(["", member_id.as_str()]))
        .filter(dsl::organization_id.eq(organization_id.as_str()))
        .filter(dsl::status.eq(enum_text(ReviewStatus::Draft)))
        .filter(dsl::superseded_at.is_null())
        .select((dsl::submission_id, dsl::stage, dsl::id));
    let rows: Vec<(String, String, String)> = drafts.load(conn)?;
    rows.into_iter().map(|(sheet, stage, review)| Ok(((id(sheet), parse_enum(&stage)?), id(review)))).collect()
}

/// The totals of a submitted review.
#[derive(Debug, Clone)]
pub struct StageTotals {
    /// The submission.
    pub submission_id: Id,
    /// The stage of the review.
    pub stage: Stage,
    /// The totals.
    pub totals: Totals,
    /// The partial sums that tie-breaks may compare.
    pub breakdown: Breakdown,
}

/// Returns the totals of the submitted reviews of a period that count, but for those made alone, so that a ranking need not read their lines. Parses the
/// breakdowns only where `with_breakdown` asks for them.
pub fn submitted_of_period(conn: &mut Conn, period_id: &Id, with_breakdown: bool) -> Result<Vec<StageTotals>, Error> {
    let rows: Vec<(String, String, TotalsColumns, String)> = reviews::table
        .inner_join(submissions::table.on(submissions::id.eq(reviews::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(reviews::status.eq("submitted"))
        .filter(reviews::superseded_at.is_null())
        .filter(reviews::seat.eq(""))
        .select((
            reviews::submission_id,
            reviews::stage,
            (reviews::base, reviews::bonus, reviews::penalty, reviews::raised),
            reviews::breakdown,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(submission_id, stage, columns, breakdown)| {
            Ok(StageTotals {
                submission_id: id(submission_id),
                stage: parse_enum(&stage)?,
                totals: totals_of(columns),
                breakdown: if with_breakdown { from_json(&breakdown)? } else { Breakdown::default() },
            })
        })
        .collect()
}

/// Returns the reviews of one stage of a period that count, drafts included.
pub fn of_stage(conn: &mut Conn, period_id: &Id, stage: Stage) -> Result<Vec<Review>, Error> {
    let rows: Vec<Row> = counting_of_stage(period_id, stage).order(dsl::id).load(conn)?;
    rows.into_iter().map(Review::try_from).collect()
}

#[diesel::dsl::auto_type(no_type_alias)]
fn counting_of_stage<'a>(period_id: &'a Id, stage: Stage) -> _ {
    let period: &'a str = period_id.as_str();
    let stage: String = enum_text(stage);
    let of_period = submissions::table.filter(submissions::period_id.eq(period)).select(submissions::id);
    dsl::reviews
        .filter(dsl::submission_id.eq_any(of_period))
        .filter(dsl::stage.eq(stage))
        .filter(dsl::superseded_at.is_null())
}

/// Supersedes the reviews of one stage of a period, drafts included.
pub fn supersede_stage(
    conn: &mut Conn,
    (period_id, stage): (&Id, Stage),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let change = (
        dsl::superseded_at.eq(naive(now)),
        dsl::superseded_reason.eq(reason),
        dsl::version.eq(dsl::version + 1),
        dsl::updated_at.eq(naive(now)),
    );
    diesel::update(counting_of_stage(period_id, stage)).set(change).execute(conn)?;
    Ok(())
}

/// Adds a review.
///
/// # Errors
/// `already_exists` where the submission has a review of this stage that counts, or one of the same member where they score
/// alone.
pub fn insert(conn: &mut Conn, review: &Review) -> Result<(), Error> {
    let inserted = diesel::insert_into(reviews::table).values(Row::try_from(review)?).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Adds several reviews in one statement.
///
/// # Errors
/// Those of [`insert`].
pub fn insert_all(conn: &mut Conn, reviews: &[Review]) -> Result<(), Error> {
    let rows = reviews.iter().map(Row::try_from).collect::<Result<Vec<_>, _>>()?;
    if rows.is_empty() {
        return Ok(());
    }
    let inserted = dispatch!(conn, c => diesel::insert_into(reviews::table).values(&rows).execute(c));
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Saves a change to a review.
///
/// # Errors
/// `version_mismatch` where the review has changed since it was read.
pub fn update(conn: &mut Conn, review: Review) -> Result<Review, Error> {
    let after = Review { version: review.version + 1, ..review };
    let expected = dsl::reviews.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::try_from(&after)?).execute(conn)?).map(|()| after)
}

/// Deletes a draft review, whose lines must have been deleted before.
pub fn delete(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    diesel::delete(dsl::reviews.find(id.as_str())).execute(conn)?;
    Ok(())
}

/// Returns when the latest review of some units' submissions in a period was submitted.
pub fn latest_submitted_at(conn: &mut Conn, period_id: &Id, unit_ids: &[Id]) -> Result<Option<DateTime<Utc>>, Error> {
    let units: Vec<&str> = unit_ids.iter().map(Id::as_str).collect();
    let of_units = reviews::table
        .inner_join(submissions::table.on(submissions::id.eq(reviews::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(submissions::unit_id.eq_any(units));
    let latest: Option<NaiveDateTime> = of_units.select(diesel::dsl::max(reviews::submitted_at)).first(conn)?;
    Ok(utc_option(latest))
}
