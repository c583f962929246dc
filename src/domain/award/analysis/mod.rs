//! What a council asks before it signs: how narrow the result is, what moved it, and what to discuss first.
//!
//! A pure function of the ranking and of the sheets that a viewer may see, exact to the hundredth. It describes scores and
//! never changes one. Its figures are the service's own definitions, written down with each of them; neither the guideline
//! nor a decree gives any.
//!
//! Where a period has groups, each is analysed alone: its units are compared with each other, by their own table.
//!
//! With u units, c criteria and n parts, sections and criteria, the work is O(u·c·n) for the ranks without a criterion,
//! O(a·c·n) for the lines of a awards, and O(u·n log u) for the rest.

mod award_lines;
mod criteria;
mod losses;
mod movements;
mod without_criterion;
mod years;

use serde::Serialize;
use utoipa::ToSchema;

pub use award_lines::{AwardLine, ToDiscuss};
pub use criteria::CriterionAnalysis;
pub use losses::{ComparedTotals, Loss};
pub use movements::Movement;
pub use without_criterion::WithoutCriteria;
pub use years::{EarlierResult, Year};

use crate::domain::award::ranking::{Inputs, Ranking, RankingRow};
use crate::domain::criteria::scoring::{ScoringTable, Sheet, Tally, Totals};
use crate::domain::{Id, Points};

/// The sheet of a ranked unit, stage by stage.
#[derive(Debug, Clone)]
pub struct UnitSheets<'a> {
    /// Id of the unit.
    pub unit_id: Id,
    /// The table that it is scored by.
    pub table: &'a ScoringTable,
    /// Lines of the self-assessment.
    pub own: &'a Sheet,
    /// Lines of the submitted appraisal.
    pub appraisal: Option<&'a Sheet>,
    /// Lines of the submitted council review.
    pub council: Option<&'a Sheet>,
}

impl<'a> UnitSheets<'a> {
    /// Returns the lines of the latest submitted stage.
    pub fn result(&self) -> &'a Sheet {
        self.council.or(self.appraisal).unwrap_or(self.own)
    }
}

/// What an analysis is made of: no more than its viewer may see.
#[derive(Debug)]
pub struct Material<'a> {
    /// What the ranking is computed from; `None` for those who may not see who is eligible.
    pub inputs: Option<&'a Inputs>,
    /// The ranking.
    pub ranking: &'a Ranking,
    /// The sheets of ranked units that the viewer may see, in order of the unit's code.
    pub sheets: Vec<UnitSheets<'a>>,
    /// Earlier results of these units, the latest first.
    pub earlier: Vec<EarlierResult>,
}

/// The analysis of a result.
#[derive(Debug)]
pub struct Analysis {
    /// Whether it covers the scores of every ranked unit. The parts about all units together need that.
    pub complete: bool,
    /// The lines between those who take an award and those who do not; `None` for those who may not see who is eligible.
    pub award_lines: Option<Vec<AwardLine>>,
    /// The award lines to discuss first; `None` unless the viewer sees all scores.
    pub discuss_first: Option<Vec<ToDiscuss>>,
    /// The ranking without one of the criteria; `None` unless the viewer sees all scores.
    pub without_criterion: Option<WithoutCriteria>,
    /// Every criterion, in the order of the table; `None` unless the viewer sees all scores.
    pub criteria: Option<Vec<CriterionAnalysis>>,
    /// The ranked units whose scores the viewer may see, by code.
    pub units: Vec<UnitAnalysis>,
}

/// A unit of an analysis.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitAnalysis {
    /// Code of the unit's group; null where the period has no groups.
    pub group_code: Option<String>,
    /// Id of the unit.
    pub unit_id: Id,
    /// Code of the unit.
    pub unit_code: String,
    /// Name of the unit.
    pub unit_name: String,
    /// Totals of each stage.
    pub totals: StageTotals,
    /// How far the total of the self-assessment is above that of the latest stage; negative if it is below.
    pub self_minus_final: Points,
    /// How the appraisal moved the lines of the self-assessment; null without a submitted appraisal.
    pub self_to_appraisal: Option<Movement>,
    /// How the council review moved the lines of the appraisal; null without a submitted council review.
    pub appraisal_to_council: Option<Movement>,
    /// Its totals beside the best and the median of the ranked units of its group.
    pub compared: ComparedTotals,
    /// Parts, sections and criteria in which it has fewer points than possible, in the order of the table.
    pub losses: Vec<Loss>,
    /// Its results in the latest earlier periods, at most five, the latest first.
    pub years: Vec<Year>,
}

/// Totals of a unit at each stage; null for a stage that was not submitted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnalysisTotals)]
pub struct StageTotals {
    /// Totals of the self-assessment.
    #[serde(rename = "self")]
    pub own: Option<Totals>,
    /// Totals of the appraisal.
    pub appraisal: Option<Totals>,
    /// Totals of the council review.
    pub council: Option<Totals>,
}

/// Analyses a result, group by group.
pub fn analyse(material: &Material) -> Analysis {
    let rows = &material.ranking.rows;
    if rows.iter().all(|row| row.group_code.is_none()) {
        return analyse_group(material);
    }
    let groups = rows.chunk_by(|one, other| one.group_code == other.group_code);
    Analysis::of_groups(groups.map(|rows| analyse_group(&material.part(rows).as_material())))
}

/// The part of a group: what is ranked with each other, and its sheets.
struct Part<'a> {
    inputs: Option<Inputs>,
    ranking: Ranking,
    sheets: Vec<UnitSheets<'a>>,
    earlier: Vec<EarlierResult>,
}

impl<'a> Part<'a> {
    fn as_material(&'a self) -> Material<'a> {
        Material {
            inputs: self.inputs.as_ref(),
            ranking: &self.ranking,
            sheets: self.sheets.clone(),
            earlier: self.earlier.clone(),
        }
    }
}

impl<'a> Material<'a> {
    /// Returns the part about one group, or everything where there are no groups.
    fn part(&self, rows: &[RankingRow]) -> Part<'a> {
        let is_here = |unit_id: &Id| rows.iter().any(|row| row.unit_id == *unit_id);
        let group_code = rows.first().and_then(|row| row.group_code.as_ref());
        let inputs = self.inputs.map(|inputs| {
            let group = inputs.groups.iter().find(|group| group_code == Some(&group.code));
            group.map_or_else(|| inputs.clone(), |group| inputs.of_group(group))
        });
        Part {
            inputs,
            ranking: Ranking { rows: rows.to_vec(), ..Ranking::default() },
            sheets: self.sheets.iter().filter(|sheets| is_here(&sheets.unit_id)).cloned().collect(),
            earlier: self.earlier.clone(),
        }
    }
}

impl Analysis {
    /// Puts the analyses of groups together. What needs all scores needs those of every group.
    fn of_groups(groups: impl Iterator<Item = Analysis>) -> Self {
        let mut all = Analysis {
            complete: true,
            award_lines: Some(Vec::new()),
            discuss_first: Some(Vec::new()),
            without_criterion: Some(WithoutCriteria { changes: Vec::new(), unchanged_count: 0 }),
            criteria: Some(Vec::new()),
            units: Vec::new(),
        };
        for group in groups {
            all.complete &= group.complete;
            all.award_lines = joined(all.award_lines, group.award_lines);
            all.discuss_first = joined(all.discuss_first, group.discuss_first);
            all.criteria = joined(all.criteria, group.criteria);
            all.without_criterion = all.without_criterion.zip(group.without_criterion).map(|(all, of_group)| {
                let changes = all.changes.into_iter().chain(of_group.changes).collect();
                WithoutCriteria { changes, unchanged_count: all.unchanged_count + of_group.unchanged_count }
            });
            all.units.extend(group.units);
        }
        if let Some(lines) = &mut all.discuss_first {
            lines.sort_by_key(|line| line.margin);
        }
        all.units.sort_by(|one, other| one.unit_code.cmp(&other.unit_code));
        all
    }
}

fn joined<T>(all: Option<Vec<T>>, more: Option<Vec<T>>) -> Option<Vec<T>> {
    all.zip(more).map(|(all, more)| all.into_iter().chain(more).collect())
}

/// Analyses the result of units that are ranked with each other.
fn analyse_group(material: &Material) -> Analysis {
    let ranked: Vec<&RankingRow> = material.ranking.rows.iter().filter(|row| row.total.is_some()).collect();
    let complete = ranked.iter().all(|row| material.sheet_of(&row.unit_id).is_some());
    let results: Vec<Tally> = material.sheets.iter().map(|sheets| sheets.table.tally(sheets.result())).collect();
    let all = material.inputs.filter(|_| complete);
    let group_code = material.ranking.rows.first().and_then(|row| row.group_code.as_deref());
    let criteria = all.map(|_| criteria::analyse(group_code, &material.sheets));
    let award_lines = material.inputs.map(|inputs| award_lines::of(inputs, material));
    let discuss_first = criteria
        .as_ref()
        .zip(award_lines.as_ref())
        .map(|(criteria, lines)| award_lines::to_discuss_first(lines, criteria));
    let units = material.sheets.iter().zip(&results).filter_map(|(sheets, result)| {
        let row = ranked.iter().find(|row| row.unit_id == sheets.unit_id)?;
        let group = complete.then_some(results.as_slice());
        Some(unit(row, sheets, result, (group, &ranked), &material.earlier))
    });
    Analysis {
        complete,
        units: units.collect(),
        without_criterion: all.map(|inputs| without_criterion::of(inputs, material)),
        award_lines,
        discuss_first,
        criteria,
    }
}

impl Material<'_> {
    fn sheet_of(&self, unit_id: &Id) -> Option<&UnitSheets<'_>> {
        self.sheets.iter().find(|sheets| sheets.unit_id == *unit_id)
    }
}

fn unit(
    row: &RankingRow,
    sheets: &UnitSheets,
    result: &Tally,
    (group, ranked): (Option<&[Tally]>, &[&RankingRow]),
    earlier: &[EarlierResult],
) -> UnitAnalysis {
    let totals = |sheet: Option<&Sheet>| sheets.table.tally(sheet?).totals;
    let own = totals(Some(sheets.own));
    let total = |totals: Option<Totals>| totals.unwrap_or_default().total;
    let steps = movements::of_unit(sheets);
    UnitAnalysis {
        group_code: row.group_code.clone(),
        unit_id: row.unit_id,
        unit_code: row.unit_code.clone(),
        unit_name: row.unit_name.clone(),
        self_minus_final: total(own) - total(result.totals),
        totals: StageTotals { own, appraisal: totals(sheets.appraisal), council: totals(sheets.council) },
        self_to_appraisal: steps.self_to_appraisal,
        appraisal_to_council: steps.appraisal_to_council,
        compared: losses::compare(row, ranked),
        losses: losses::of(sheets.table, result, group),
        years: years::of(&row.unit_id, earlier),
    }
}

/// Returns the middle of some points; of an even number of them the mean of the two in the middle, half up to the
/// hundredth. `None` if there are none.
fn median(mut points: Vec<Points>) -> Option<Points> {
    points.sort_unstable();
    let middle = points.len() / 2;
    let upper = points.get(middle)?;
    if points.len() % 2 == 1 {
        return Some(*upper);
    }
    let lower = points.get(middle.checked_sub(1)?)?;
    Some(Points::from_hundredths((lower.hundredths() + upper.hundredths() + 1).div_euclid(2)))
}

#[cfg(test)]
mod tests;
