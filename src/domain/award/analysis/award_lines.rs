//! The lines between those who take an award and those who do not: how narrow they are, and what would cross them.

use std::cmp::Reverse;

use serde::Serialize;
use utoipa::ToSchema;

use super::criteria::CriterionAnalysis;
use super::{Material, UnitSheets};
use crate::domain::award::ranking::{Inputs, RankingRow};
use crate::domain::criteria::scoring::{ScoringTable, Sheet};
use crate::domain::{Id, Points};

/// The smallest difference of two totals.
const STEP: Points = Points::from_hundredths(1);

/// The line below the last place of an award.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AwardLine {
    /// Code of the group whose award it is; null where the period has no groups.
    pub group_code: Option<String>,
    /// Code of the award.
    #[schema(example = "emulation_flag")]
    pub award_code: String,
    /// The unit in the last place of the award.
    pub upper: UnitAtLine,
    /// The next unit that may take an award.
    pub lower: UnitAtLine,
    /// The total of `upper` less the total of `lower`.
    pub margin: Points,
    /// Whether both have the same rank, so that the council has to decide.
    pub tied: bool,
    /// What ranks one before the other: `total`, the tie-break rule, or `council_decision`; null while they are tied.
    pub separated_by: Option<String>,
    /// The smallest change of a total by which `lower` would have more than `upper`: `margin` + 0.01.
    pub needed: Points,
    /// The smallest rise of lines of `lower` that would cross the line; null if the caller may not see its scores.
    pub rise: Option<SmallestChange>,
    /// The smallest fall of lines of `upper` that would cross the line; null if the caller may not see its scores.
    pub fall: Option<SmallestChange>,
}

/// A unit beside an award line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitAtLine {
    /// Id of the unit.
    pub unit_id: Id,
    /// Code of the unit.
    pub unit_code: String,
    /// Rank of the unit.
    pub rank: Option<i32>,
    /// Total of the unit.
    pub total: Points,
    /// Whether it may receive an award; null if its facts are not recorded.
    pub eligible: Option<bool>,
}

/// The fewest lines whose change would cross an award line.
///
/// Lines are taken in order of what each alone would do to the total if it were changed as far as it can be, the most
/// first, in the order of the table among equals, until the line is crossed; then those are dropped, the last first,
/// without which it is crossed still. Points are counted, whatever answers would give them. Caps on deductions, shared
/// points and rescaling are worked out, not estimated. No line of the result can be left out, and where lines add up
/// without caps, no other lines are fewer. The smallest sum is `needed` of the award line: of the last of the lines less
/// than its whole change may be enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SmallestChange {
    /// Whether any change of these lines would cross the award line.
    pub possible: bool,
    /// The lines, in the order in which they are taken; empty if no change is enough.
    pub lines: Vec<LineChange>,
}

/// A line that could change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineChange {
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    pub criterion_code: String,
    /// Its points in the latest stage.
    pub points: Points,
    /// The most points that it could have, or the fewest.
    pub limit: Points,
    /// What the total would change by if it alone were changed to `limit`.
    pub effect: Points,
}

/// An award line to discuss first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToDiscuss {
    /// Code of the group whose award it is; null where the period has no groups.
    pub group_code: Option<String>,
    /// Code of the award.
    pub award_code: String,
    /// Margin of the award line.
    pub margin: Points,
    /// The greatest tolerance of a criterion.
    pub tolerance: Points,
    /// The criteria whose tolerance is not less than the margin, in the order of the table.
    pub criterion_codes: Vec<String>,
}

/// Returns the award lines in order of precedence. An award that is not used up, or below which nobody may take one, has
/// none.
pub(super) fn of(inputs: &Inputs, material: &Material) -> Vec<AwardLine> {
    let ranked = material.ranking.rows.iter().filter(|row| row.rank.is_some());
    let queue: Vec<&RankingRow> = ranked.filter(|row| inputs.takes_place(row)).collect();
    let mut places = 0;
    let mut lines = Vec::new();
    for award in &inputs.awards {
        places += usize::try_from(award.quota).unwrap_or(0);
        let upper = places.checked_sub(1).and_then(|last| queue.get(last));
        let lower = queue.iter().skip(places).find(|row| row.eligible != Some(false));
        if let Some((upper, lower)) = upper.zip(lower) {
            lines.push(line(inputs, material, &award.code, (upper, lower)));
        }
    }
    lines
}

fn line(
    inputs: &Inputs,
    material: &Material,
    award_code: &str,
    (upper, lower): (&RankingRow, &RankingRow),
) -> AwardLine {
    let total = |row: &RankingRow| row.total.unwrap_or_default();
    let margin = total(upper) - total(lower);
    let needed = margin + STEP;
    let tied = upper.rank == lower.rank;
    let contender = |row: &RankingRow| inputs.contenders.iter().find(|contender| contender.unit_id == row.unit_id);
    let separated_by = contender(upper)
        .zip(contender(lower))
        .map(|(upper, lower)| inputs.separated_by(upper, lower).unwrap_or("council_decision").to_owned());
    let change = |row: &RankingRow, direction| {
        material.sheet_of(&row.unit_id).map(|sheets| smallest_change(sheets, needed, direction))
    };
    AwardLine {
        group_code: upper.group_code.clone(),
        award_code: award_code.to_owned(),
        upper: UnitAtLine::of(upper),
        lower: UnitAtLine::of(lower),
        margin,
        tied,
        separated_by: separated_by.filter(|_| !tied),
        needed,
        rise: change(lower, Direction::Up),
        fall: change(upper, Direction::Down),
    }
}

impl UnitAtLine {
    fn of(row: &RankingRow) -> Self {
        UnitAtLine {
            unit_id: row.unit_id,
            unit_code: row.unit_code.clone(),
            rank: row.rank,
            total: row.total.unwrap_or_default(),
            eligible: row.eligible,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Direction {
    /// Returns how far a line can go.
    fn limit(self, table: &ScoringTable, sheet: &Sheet, line: usize) -> Option<Points> {
        match self {
            Direction::Up => table.highest(sheet, line),
            Direction::Down => table.lowest(sheet, line),
        }
    }

    /// Returns how far a total has gone.
    fn gone(self, from: Points, to: Points) -> Points {
        match self {
            Direction::Up => to - from,
            Direction::Down => from - to,
        }
    }
}

/// A line that can change, by its place in the table.
struct Candidate {
    line: usize,
    limit: Points,
    /// What it alone does to the total, in the direction asked for.
    gain: Points,
    /// By how much its own points change.
    room: Points,
}

pub(super) fn smallest_change(sheets: &UnitSheets, needed: Points, direction: Direction) -> SmallestChange {
    let (table, sheet) = (sheets.table, sheets.result());
    let total = table.total(sheet);
    let mut candidates: Vec<Candidate> = (0..sheet.0.len())
        .filter_map(|line| {
            let (points, limit) = (sheet.points(line)?, direction.limit(table, sheet, line)?);
            let changed = changed(table, sheet, &[line], direction);
            let gain = direction.gone(total, table.total(&changed));
            (points != limit).then(|| Candidate { line, limit, gain, room: direction.gone(points, limit) })
        })
        .collect();
    candidates.sort_by_key(|candidate| (Reverse(candidate.gain), Reverse(candidate.room), candidate.line));
    let crosses =
        |lines: &[usize]| direction.gone(total, table.total(&changed(table, sheet, lines, direction))) >= needed;
    let order: Vec<usize> = candidates.iter().map(|candidate| candidate.line).collect();
    let enough = (1..=order.len()).find(|count| crosses(order.get(..*count).unwrap_or_default()));
    let Some(enough) = enough else {
        return SmallestChange { possible: false, lines: Vec::new() };
    };
    let mut chosen: Vec<usize> = order.into_iter().take(enough).collect();
    for line in chosen.clone().into_iter().rev() {
        let rest: Vec<usize> = chosen.iter().copied().filter(|other| *other != line).collect();
        if crosses(&rest) {
            chosen = rest;
        }
    }
    let of_chosen = candidates.iter().filter(|candidate| chosen.contains(&candidate.line));
    let lines = of_chosen.filter_map(|candidate| {
        let effect = match direction {
            Direction::Up => candidate.gain,
            Direction::Down => Points::ZERO - candidate.gain,
        };
        Some(LineChange {
            criterion_code: table.criteria.get(candidate.line)?.code.clone(),
            points: sheet.points(candidate.line)?,
            limit: candidate.limit,
            effect,
        })
    });
    SmallestChange { possible: true, lines: lines.collect() }
}

/// Returns a sheet in which some lines are changed as far as they can be, one after the other.
fn changed(table: &ScoringTable, sheet: &Sheet, lines: &[usize], direction: Direction) -> Sheet {
    let mut changed = sheet.clone();
    for line in lines {
        if let Some(limit) = direction.limit(table, &changed, *line) {
            changed.set_points(*line, limit);
        }
    }
    changed
}

/// Returns the award lines whose margin is within the greatest tolerance of a criterion: the narrowest first, in order of
/// precedence among equals. The greatest is taken and not the sum, because a line is in doubt when a single criterion, read
/// as differently as it has been read, could cross it.
pub(super) fn to_discuss_first(lines: &[AwardLine], criteria: &[CriterionAnalysis]) -> Vec<ToDiscuss> {
    let tolerance = criteria.iter().map(|criterion| criterion.tolerance).max().unwrap_or_default();
    let mut narrow: Vec<ToDiscuss> = lines
        .iter()
        .filter(|line| line.margin <= tolerance)
        .map(|line| {
            let reaches = |criterion: &&CriterionAnalysis| {
                criterion.tolerance > Points::ZERO && criterion.tolerance >= line.margin
            };
            let codes = criteria.iter().filter(reaches).map(|criterion| criterion.criterion_code.clone());
            ToDiscuss {
                group_code: line.group_code.clone(),
                award_code: line.award_code.clone(),
                margin: line.margin,
                tolerance,
                criterion_codes: codes.collect(),
            }
        })
        .collect();
    narrow.sort_by_key(|line| line.margin);
    narrow
}
