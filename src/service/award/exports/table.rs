//! The export as rows of cells: the table of scores in the guideline's order, and the ranking.

use super::words::Words;
use super::{ExportedSheet, PeriodExport};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::Entry;
use crate::domain::criteria::grid::Cell;
use crate::domain::criteria::scoring::{Sheet, Tally};
use crate::error::Error;
use crate::service::criteria::transfer::csv;

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The cells.
    pub cells: Vec<Cell>,
    /// Whether it is a heading, a part or a sum.
    pub bold: bool,
}

fn cell(points: Option<Points>) -> Cell {
    points.map_or(Cell::Empty, Cell::from)
}

/// Returns the number of an entry, as printed: the last part of its code.
pub fn number(entry: &Entry) -> &str {
    entry.code.rsplit('.').next().unwrap_or_default()
}

/// Returns the sums of a sheet at each stage.
pub fn tallies(sheet: &ExportedSheet) -> [Option<Tally>; 3] {
    sheet.stages().map(|stage: Option<&Sheet>| stage.map(|stage| sheet.table.tally(stage)))
}

/// Returns the points of an entry, by its place in the order of the table.
pub fn points_at(tally: Option<&Tally>, at: usize) -> Option<Points> {
    tally?.nodes.get(at)?.points
}

/// Returns the table of scores of a group: a row for each part, section and criterion, and a column for each unit and stage.
pub fn scores(export: &PeriodExport, group_code: Option<&str>, words: &Words) -> Vec<TableRow> {
    let (content, sheets) = (export.content_of(group_code), export.sheets_of(group_code));
    let tallies: Vec<[Option<Tally>; 3]> = sheets.iter().copied().map(tallies).collect();
    let stages = || tallies.iter().flatten().map(Option::as_ref);
    let headed =
        |sheet: &ExportedSheet| words.stages.map(|stage| Cell::text(format!("{} – {stage}", sheet.case.unit.code)));
    let headings = words.summary.map(Cell::text);
    let headings = headings.into_iter().chain(sheets.iter().copied().flat_map(headed)).collect();
    let entry = |(at, entry): (usize, Entry)| {
        let fixed =
            [Cell::text(&entry.code), Cell::text(number(&entry)), Cell::text(&entry.title), cell(entry.max_points)];
        let points = stages().map(|tally| cell(points_at(tally, at)));
        TableRow { cells: fixed.into_iter().chain(points).collect(), bold: entry.rule.is_none() }
    };
    let total = [Cell::Empty, Cell::Empty, Cell::text(words.total), Cell::from(content.total_points)];
    let totals = stages().map(|tally| cell(tally.and_then(|tally| tally.totals).map(|totals| totals.total)));
    std::iter::once(TableRow { cells: headings, bold: true })
        .chain(content.entries().into_iter().enumerate().map(entry))
        .chain(std::iter::once(TableRow { cells: total.into_iter().chain(totals).collect(), bold: true }))
        .collect()
}

/// Which of the columns of the ranking has the penalty points.
const PENALTY_COLUMN: usize = 5;

/// Returns the ranking. Where the period has groups, the first column names the unit's group.
pub fn ranking(export: &PeriodExport, words: &Words) -> Vec<TableRow> {
    let rules = &export.period.rules;
    let title = |group_code: Option<&str>, code: &str| rules.award_title(group_code, code).to_owned();
    let group = |code: Option<&str>| {
        let group = code.and_then(|code| rules.group(code));
        Cell::text(group.map_or_else(String::new, |group| group.title.clone()))
    };
    let ranked = &export.ranking.ranking.rows;
    let with_penalties = ranked.iter().any(|row| row.penalty != Points::ZERO);
    // Only a year with groups has a column for them, and only one with penalties has one for these.
    let in_use = |first: Cell, others: Vec<Cell>| {
        let first = (!rules.groups.is_empty()).then_some(first);
        let others = others.into_iter().enumerate().filter(|(at, _)| with_penalties || *at != PENALTY_COLUMN);
        first.into_iter().chain(others.map(|(_, cell)| cell)).collect::<Vec<_>>()
    };
    let rows = ranked.iter().map(|row| TableRow {
        cells: in_use(
            group(row.group_code.as_deref()),
            vec![
                row.rank.map_or(Cell::Empty, |rank| Cell::Number(rank.to_string())),
                Cell::text(&row.unit_code),
                Cell::text(&row.unit_name),
                cell(row.base),
                cell(row.bonus),
                cell(Some(row.penalty)),
                cell(row.total),
                row.award_code.as_ref().map_or(Cell::Empty, |code| Cell::text(title(row.group_code.as_deref(), code))),
            ],
        ),
        bold: false,
    });
    let headings = in_use(Cell::text(words.group), words.ranking.map(Cell::text).to_vec());
    std::iter::once(TableRow { cells: headings, bold: true }).chain(rows).collect()
}

/// Writes the export as a file of one table: the scores, those of each group below its title, a blank row, and the ranking.
///
/// # Errors
/// `internal`, which cannot happen when writing to memory.
pub fn csv(export: &PeriodExport, words: &Words) -> Result<Vec<u8>, Error> {
    let blank = TableRow { cells: vec![Cell::Empty], bold: false };
    let of_group = |group: Option<(&str, &str)>| {
        let title = group.map(|(_, title)| TableRow { cells: vec![Cell::text(title)], bold: true });
        let scores = scores(export, group.map(|(code, _)| code), words);
        title.into_iter().chain(scores).chain([blank.clone()]).collect::<Vec<_>>()
    };
    let rows = export.groups().into_iter().flat_map(of_group).chain(ranking(export, words));
    csv::write(&rows.map(|row| row.cells).collect::<Vec<_>>())
}
