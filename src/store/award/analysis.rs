//! What an analysis compares a result with: the announced periods before it.

use std::collections::HashMap;

use diesel::prelude::*;
use strum::VariantArray;

use crate::domain::Id;
use crate::domain::assessment::period::{Period, PeriodStatus};
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::criteria::scoring::Totals;
use crate::error::Error;
use crate::store::Conn;
use crate::store::schema::{periods, rankings, submissions};
use crate::store::types::{enum_text, id, id_texts, totals};

/// An earlier period.
#[derive(Debug, Clone)]
pub struct EarlierPeriod {
    /// Id of the period.
    pub id: Id,
    /// Code of the period.
    pub code: String,
    /// Year that it covers.
    pub year: i32,
}

/// Returns the announced periods of an organisation before another one, the latest first.
pub fn periods_before(conn: &mut Conn, period: &Period, most: i64) -> Result<Vec<EarlierPeriod>, Error> {
    let announced = PeriodStatus::VARIANTS.iter().filter(|status| status.is_announced()).map(enum_text);
    // Ids grow with time: they tell which of the periods of a year was first.
    let of_year = periods::year.eq(period.rules.year).and(periods::id.lt(period.id.as_str()));
    let rows: Vec<(String, String, i32)> = periods::table
        .filter(periods::organization_id.eq(period.organization_id.as_str()))
        .filter(periods::status.eq_any(announced.collect::<Vec<_>>()))
        .filter(periods::year.lt(period.rules.year).or(of_year))
        .order((periods::year.desc(), periods::id.desc()))
        .limit(most)
        .select((periods::id, periods::code, periods::year))
        .load(conn)?;
    Ok(rows.into_iter().map(|(of, code, year)| EarlierPeriod { id: id(of), code, year }).collect())
}

/// Returns the frozen results of periods, in JSON; the latest version of each.
pub fn results_of(conn: &mut Conn, period_ids: &[Id]) -> Result<HashMap<Id, String>, Error> {
    let rows: Vec<(String, String)> = rankings::table
        .filter(rankings::period_id.eq_any(id_texts(period_ids)))
        .order(rankings::version)
        .select((rankings::period_id, rankings::result))
        .load(conn)?;
    // A later version replaces an earlier one.
    Ok(rows.into_iter().map(|(of, result)| (id(of), result)).collect())
}

/// Returns the totals of the finalised self-assessments of units in periods, by period and unit.
pub fn self_totals(conn: &mut Conn, period_ids: &[Id], unit_ids: &[Id]) -> Result<HashMap<(Id, Id), Totals>, Error> {
    type Columns = (String, String, (Option<i64>, Option<i64>), (i64, i64));
    let rows: Vec<Columns> = submissions::table
        .filter(submissions::period_id.eq_any(id_texts(period_ids)))
        .filter(submissions::unit_id.eq_any(id_texts(unit_ids)))
        .filter(submissions::status.eq(enum_text(SubmissionStatus::Finalized)))
        .select((
            submissions::period_id,
            submissions::unit_id,
            (submissions::base, submissions::bonus),
            (submissions::penalty, submissions::raised),
        ))
        .load(conn)?;
    let scored = rows
        .into_iter()
        .filter_map(|(period, unit, points, further)| Some(((id(period), id(unit)), totals(points, further)?)));
    Ok(scored.collect())
}
