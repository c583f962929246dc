//! A table of criteria as rows of cells: what a spreadsheet holds, whatever file it came in.
//!
//! Two shapes are read and written. The office's has the columns of the printed table: number, text, points. The full one has
//! a row for everything that a table says, rules included, so that what is written is read back as it was.

pub(in crate::domain::criteria) mod full;
mod office;

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::domain::Points;
use crate::domain::criteria::criteria_set::{CriteriaContent, NotApplicable, Part};
use crate::domain::points::Decimal;
use crate::error::{Code, Fault};

/// The most faults of one sheet that are told: who has mended these may ask again.
const MAX_FAULTS: usize = 200;
/// How much of a cell is told, in characters.
const TOLD_CHARS: usize = 100;
/// Where the headings are looked for.
const HEADING_ROWS: usize = 40;

/// What stands in a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, trimmed.
    Text(String),
    /// A number, in the digits that the spreadsheet shows.
    Number(String),
}

impl Cell {
    /// Text, or nothing where there is none.
    pub fn text(text: impl Into<String>) -> Self {
        let text: String = text.into();
        match text.trim() {
            "" => Cell::Empty,
            text if text.contains('\r') => Cell::Text(text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect()),
            text => Cell::Text(text.nfc().collect()),
        }
    }

    /// What it shows.
    pub fn shown(&self) -> &str {
        match self {
            Cell::Empty => "",
            Cell::Text(text) | Cell::Number(text) => text,
        }
    }
}

impl From<Points> for Cell {
    fn from(points: Points) -> Self {
        Cell::Number(points.to_string())
    }
}

/// A row that holds anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 1, as the spreadsheet counts.
    pub number: u32,
    /// Its cells from the first column on.
    pub cells: Vec<Cell>,
}

/// A sheet of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Its name.
    pub sheet: String,
    /// The rows that hold anything, from first to last.
    pub rows: Vec<Row>,
}

/// How a table lies on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The columns of the printed table: number, text, points.
    Office,
    /// A row for everything that a table says.
    Full,
}

/// What a sheet says about its table beside the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heading {
    /// Its key.
    pub code: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// The year that it is for.
    pub year: Option<i32>,
    /// The paper that sets it.
    pub legal_basis: Option<String>,
    /// What becomes of a criterion that does not apply to a unit.
    pub not_applicable: NotApplicable,
}

/// A table as it was read from a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// How it lay there.
    pub shape: Shape,
    /// What stands beside the tree.
    pub heading: Heading,
    /// What all parts together give.
    pub total_points: Points,
    /// The tree.
    pub parts: Vec<Part>,
    /// What was made of the sheet by guessing, to be looked at.
    pub warnings: Vec<Fault>,
    places: Places,
}

/// Where on the sheet each part of the tree stood, by its pointer.
#[derive(Debug, Clone, Default, PartialEq)]
struct Places {
    sheet: String,
    rows: HashMap<String, u32>,
}

impl Places {
    fn note(&mut self, pointer: impl Into<String>, row: u32) {
        self.rows.insert(pointer.into(), row);
    }
}

impl Table {
    /// Adds to findings about the tree where on the sheet it stood.
    pub fn placed(&self, faults: Vec<Fault>) -> Vec<Fault> {
        let place = |fault: Fault| {
            let row = ancestors(&fault.pointer).find_map(|pointer| self.places.rows.get(pointer)).copied();
            match row {
                Some(row) => fault.with("sheet", self.places.sheet.as_str()).with("row", row),
                None => fault,
            }
        };
        faults.into_iter().map(place).collect()
    }
}

/// A pointer, and all above it.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |pointer| pointer.rsplit_once('/').map(|(above, _)| above))
}

/// The letters of a column, from 0.
fn column_letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        match column / 26 {
            0 => return letters.into_iter().rev().collect(),
            more => column = more - 1,
        }
    }
}

/// What a cell shows, cut short where it is long.
fn in_short(shown: &str) -> String {
    match shown.char_indices().nth(TOLD_CHARS) {
        Some((at, _)) => format!("{}…", shown.get(..at).unwrap_or_default()),
        None => shown.to_owned(),
    }
}

/// A fault in a cell.
fn at_cell(grid: &Grid, row: u32, column: usize, code: Code) -> Fault {
    let fault = Fault::at("/file", code).with("sheet", grid.sheet.as_str());
    fault.with("row", row).with("column", column_letters(column))
}

/// Reads a table from a sheet, in whichever shape it lies there.
///
/// # Errors
/// Every cell that cannot be read; `heading_not_found` where the sheet has neither shape.
pub fn read(grid: &Grid) -> Result<Table, Vec<Fault>> {
    let candidates = grid.rows.iter().take(HEADING_ROWS).enumerate();
    for (at, row) in candidates {
        if let Some(columns) = full::Columns::of(row) {
            return full::read(grid, at, &columns);
        }
        if let Some(columns) = office::Columns::of(row) {
            return office::read(grid, at, &columns);
        }
    }
    Err(vec![Fault::at("/file", Code::HeadingNotFound).with("sheet", grid.sheet.as_str())])
}

/// Whether a sheet has the headings of either shape.
pub fn has_headings(grid: &Grid) -> bool {
    let is_heading = |row: &Row| full::Columns::of(row).is_some() || office::Columns::of(row).is_some();
    grid.rows.iter().take(HEADING_ROWS).any(is_heading)
}

/// Writes a table as rows. The office's shape leaves out what the printed table has no column for.
pub fn write(content: &CriteriaContent, shape: Shape) -> Vec<Vec<Cell>> {
    match shape {
        Shape::Office => office::write(content),
        Shape::Full => full::write(content),
    }
}

/// Points as an office writes them within a text.
pub(in crate::domain::criteria) fn office_points(number: &str) -> Option<Points> {
    decimal(&Cell::text(number), true).ok()??.points().ok()
}

/// The number in a cell, however it is written: `27.5`, `27,5`, and in an office's own writing `1.000`.
fn decimal(cell: &Cell, thousands: bool) -> Result<Option<Decimal>, Code> {
    let text = match cell {
        Cell::Empty => return Ok(None),
        Cell::Number(digits) => digits.clone(),
        Cell::Text(text) => {
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let groups = || text.split(',').next().unwrap_or_default().split('.').enumerate();
            let is_grouped = thousands
                && groups().count() > 1
                && !text.starts_with('0')
                && groups().all(|(at, group)| if at == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 });
            // 1,000 may be a thousand or one: who writes it in the full shape has to say.
            let is_unclear = !thousands && text.split_once(',').is_some_and(|(_, part)| part.len() == 3);
            if is_unclear {
                return Err(Code::NumberUnreadable);
            }
            if is_grouped { text.replace('.', "").replace(',', ".") } else { text.replace(',', ".") }
        }
    };
    text.parse().map(Some)
}

#[cfg(test)]
pub mod tests {
    pub use super::full::tests::any_content;
    use super::*;

    #[test]
    fn numbers_are_read_as_an_office_writes_them() {
        for (text, thousands, read) in [
            ("30", true, Ok("30")),
            ("27,5", true, Ok("27.5")),
            ("27.5", true, Ok("27.5")),
            ("1.000", true, Ok("1000")),
            ("1.000,5", true, Ok("1000.5")),
            ("12.345.678", true, Ok("12345678")),
            ("1 000", true, Ok("1000")),
            ("1.000", false, Ok("1.000")),
            ("0.500", true, Ok("0.500")),
            ("1,000", false, Err(Code::NumberUnreadable)),
            ("1,00", false, Ok("1.00")),
            ("-10", true, Ok("-10")),
            ("10 điểm", true, Err(Code::NumberUnreadable)),
            ("1.0.0", true, Err(Code::NumberUnreadable)),
            (".5", true, Err(Code::NumberUnreadable)),
            ("1e3", true, Err(Code::NumberUnreadable)),
        ] {
            let found = decimal(&Cell::text(text), thousands);
            assert_eq!(found, read.map(|digits| Some(digits.parse().unwrap())), "{text}");
        }
        assert_eq!(decimal(&Cell::Empty, true), Ok(None));
    }

    #[test]
    fn columns_are_named_by_letters() {
        let names: Vec<String> = [0, 25, 26, 51, 52, 701, 702].into_iter().map(column_letters).collect();
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
