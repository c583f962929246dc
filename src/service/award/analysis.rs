//! What an analysis of a result is made of, as far as its caller may see it.

use crate::domain::Id;
use crate::domain::assessment::period::Period;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::award::analysis::{self, Analysis, EarlierResult, Material, UnitSheets};
use crate::domain::award::ranking::{Inputs, Ranking};
use crate::error::{Code, Error};
use crate::service::award::exports::{self, ExportedSheet, ExportedUnit};
use crate::service::award::ranking::{self, RankingDetails, inputs, sees_eligibility};
use crate::service::{Context, Result};
use crate::store::{self, Conn};

/// Number of earlier periods that a result is compared with.
const EARLIER_PERIODS: i64 = 5;

/// A result with everything that its analysis needs. It contains nothing that the caller may not see, so neither does what
/// follows from it.
pub struct AnalysisSource {
    /// The ranking.
    pub ranking: RankingDetails,
    inputs: Option<Inputs>,
    sheets: Vec<ExportedSheet>,
    earlier: Vec<EarlierResult>,
}

impl AnalysisSource {
    /// Analyses the result.
    pub fn analyse(&self) -> Analysis {
        let sheets = self.sheets.iter().filter_map(|sheet| {
            Some(UnitSheets {
                unit_id: sheet.case.unit.id,
                table: &sheet.table,
                own: sheet.own.as_ref()?,
                appraisal: sheet.appraisal.as_ref(),
                council: sheet.council.as_ref(),
            })
        });
        analysis::analyse(&Material {
            inputs: self.inputs.as_ref(),
            ranking: &self.ranking.ranking,
            sheets: sheets.collect(),
            earlier: self.earlier.clone(),
        })
    }
}

/// Collects what a period's analysis is made of. Whoever may not see the ranking sees nothing of it.
pub fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<AnalysisSource> {
    let ranking = ranking::get(conn, context, id)?;
    let period: Period = context.find(conn, id)?;
    let organization = store::organizations::find(conn, &period.organization_id)?.ok_or(Code::NotFound)?;
    let units: Vec<ExportedUnit> = store::periods::units_of(conn, id)?
        .into_iter()
        .map(|unit| ExportedUnit { key: unit.unit, name: unit.name })
        .collect();
    let mut sheets = exports::sheets(conn, context, (&organization, &period), &units)?;
    // A sheet that is with its unit has no result, and a missed one has none but by an amendment.
    sheets.retain(|sheet| {
        let status = sheet.case.submission.status;
        let amended = status == SubmissionStatus::Missed && sheet.council.is_some();
        amended || sheet.sees_result && status.is_sent()
    });
    let inputs = match (sees_eligibility(context, &period), inputs::frozen(conn, &period)?) {
        (false, _) => None,
        (true, Some((frozen, ..))) => Some(frozen),
        (true, None) => Some(inputs::current_as(conn, &period, ranking::seen(context, &period))?),
    };
    let seen: Vec<Id> = sheets.iter().map(|sheet| sheet.case.unit.id).collect();
    Ok(AnalysisSource { earlier: earlier(conn, &period, &seen)?, ranking, inputs, sheets })
}

/// Returns the earlier results of units, the latest first.
fn earlier(conn: &mut Conn, period: &Period, unit_ids: &[Id]) -> Result<Vec<EarlierResult>, Error> {
    let periods = store::analysis::periods_before(conn, period, EARLIER_PERIODS)?;
    if periods.is_empty() || unit_ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = periods.iter().map(|period| period.id).collect();
    let mut results = store::analysis::results_of(conn, &ids)?;
    let own = store::analysis::self_totals(conn, &ids, unit_ids)?;
    let mut earlier = Vec::new();
    for period in periods {
        let Some(result) = results.remove(&period.id) else {
            continue;
        };
        let ranking: Ranking = serde_json::from_str(&result).map_err(Error::internal)?;
        let rows = ranking.rows.iter().filter(|row| unit_ids.contains(&row.unit_id));
        earlier.extend(rows.map(|row| EarlierResult {
            period_id: period.id,
            code: period.code.clone(),
            year: period.year,
            ranked_units: u32::try_from(ranking.ranked_in(row.group_code.as_deref())).unwrap_or(u32::MAX),
            own: own.get(&(period.id, row.unit_id)).copied(),
            row: row.clone(),
        }));
    }
    Ok(earlier)
}
