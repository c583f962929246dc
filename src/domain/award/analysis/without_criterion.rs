//! What the ranking would be without one of the criteria.

use serde::Serialize;
use utoipa::ToSchema;

use super::Material;
use crate::domain::Id;
use crate::domain::award::ranking::{Contender, Inputs, Ranking};

/// The ranking without one of the criteria, for each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WithoutCriteria {
    /// The criteria without which a rank or an award would change, in the order of the table.
    pub changes: Vec<WithoutCriterion>,
    /// Number of criteria without which nothing would change.
    pub unchanged_count: u32,
}

/// The ranking without a criterion: its lines are left out of every sum, as if no unit had been scored on it, and the units
/// are ranked anew by the same rules. Decisions of the council hold where the same units are tied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WithoutCriterion {
    /// Code of the group whose units are ranked without it; null where the period has no groups.
    pub group_code: Option<String>,
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    pub criterion_code: String,
    /// The units whose rank or award would change, by rank.
    pub units: Vec<UnitWithoutCriterion>,
}

/// A unit whose rank or award would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitWithoutCriterion {
    /// Id of the unit.
    pub unit_id: Id,
    /// Code of the unit.
    pub unit_code: String,
    /// Its rank.
    pub rank: Option<i32>,
    /// Its rank without the criterion.
    pub rank_without: Option<i32>,
    /// Code of the award that it takes; null if it takes none.
    pub award_code: Option<String>,
    /// Code of the award that it would take; null if it would take none, or where the council would have to decide.
    pub award_code_without: Option<String>,
}

/// Ranks the units without each of the criteria. The material has the sheets of all ranked units.
pub(super) fn of(inputs: &Inputs, material: &Material) -> WithoutCriteria {
    let mut found = WithoutCriteria { changes: Vec::new(), unchanged_count: 0 };
    let group_code = material.ranking.rows.first().and_then(|row| row.group_code.clone());
    let criteria = material.sheets.first().map_or(&[][..], |sheets| &sheets.table.criteria);
    for (line, criterion) in criteria.iter().enumerate() {
        let contenders = inputs.contenders.iter().map(|contender| without(contender, material, line));
        let ranking = Inputs { contenders: contenders.collect(), ..inputs.clone() }.rank();
        let units = changed(material.ranking, &ranking);
        if units.is_empty() {
            found.unchanged_count += 1;
        } else {
            let (group_code, criterion_code) = (group_code.clone(), criterion.code.clone());
            found.changes.push(WithoutCriterion { group_code, criterion_code, units });
        }
    }
    found
}

fn without(contender: &Contender, material: &Material, line: usize) -> Contender {
    let Some(sheets) = material.sheet_of(&contender.unit_id).filter(|_| contender.totals.is_some()) else {
        return contender.clone();
    };
    let mut sheet = sheets.result().clone();
    sheet.clear(line);
    let tally = sheets.table.tally(&sheet);
    // A unit whose only line is left out keeps its place in the ranking, with nothing.
    let totals = Some(tally.totals.unwrap_or_default());
    Contender { totals, breakdown: sheets.table.breakdown(&tally), ..contender.clone() }
}

fn changed(ranking: &Ranking, without: &Ranking) -> Vec<UnitWithoutCriterion> {
    let rows = ranking.rows.iter().filter_map(|row| {
        let other = without.rows.iter().find(|other| other.unit_id == row.unit_id)?;
        let same = row.rank == other.rank && row.award_code == other.award_code;
        (!same).then(|| UnitWithoutCriterion {
            unit_id: row.unit_id,
            unit_code: row.unit_code.clone(),
            rank: row.rank,
            rank_without: other.rank,
            award_code: row.award_code.clone(),
            award_code_without: other.award_code.clone(),
        })
    });
    rows.collect()
}
