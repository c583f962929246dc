//! Criteria sets as spreadsheets, in any file format.
//!
//! Two layouts are read and written. The office layout has the columns of the printed table: number, text, points. The
//! full layout has a row for everything in a criteria set, including rules, so that it can be read back without loss.

pub(in crate::domain::criteria) mod full;
mod office;

use std::collections::HashMap;

use crate::domain::Points;
use crate::domain::criteria::criteria_set::{CriteriaContent, Limit, NotApplicable, Part};
use crate::domain::criteria::grid::MAX_FAULTS;
pub use crate::domain::criteria::grid::{Cell, Grid, Row};
use crate::domain::criteria::sheet_row;
use crate::error::{Code, Fault};

/// Number of rows in which the headings are searched for.
const HEADING_ROWS: usize = 40;

/// Layout of a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The columns of the printed table: number, text, points.
    Office,
    /// A row for everything in a criteria set, including rules.
    Full,
}

/// What a sheet says about a criteria set besides the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heading {
    /// Code of the criteria set.
    pub code: Option<String>,
    /// Title of the criteria set.
    pub title: Option<String>,
    /// Year that the criteria set is for.
    pub year: Option<i32>,
    /// Document that establishes the criteria set.
    pub legal_basis: Option<String>,
    /// How criteria that do not apply to a unit are handled.
    pub not_applicable: NotApplicable,
    /// The fewest points that a submission has in total.
    pub minimum_total: Points,
}

/// A criteria set as read from a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Layout of the sheet.
    pub shape: Shape,
    /// What the sheet says besides the tree.
    pub heading: Heading,
    /// Sum of the points of all parts.
    pub total_points: Points,
    /// The tree.
    pub parts: Vec<Part>,
    /// What holds criteria together that do not share a parent.
    pub limits: Vec<Limit>,
    /// What of the file is no part of the tree, each with its reason.
    pub skipped: Vec<Skipped>,
    /// What was inferred from the sheet.
    pub warnings: Vec<Fault>,
    places: Places,
}

/// Why something of a file is no part of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The printed sum of a section.
    Subtotal,
    /// The printed sum of the table.
    Total,
    /// A note below the table.
    NoteBelow,
    /// Who signs, and who receives it.
    Signature,
    /// Hidden in the file.
    Hidden,
    /// Struck out.
    StruckOut,
    /// The headings, repeated.
    RepeatedHeading,
    /// A column to be filled in later, or of another year.
    OtherColumn,
    /// A sheet beside the one that was read.
    OtherSheet,
    /// Another table below the one that was read.
    OtherTable,
    /// A row without a text.
    NoText,
}

impl SkipReason {
    /// Whether a number is missing from the numbering because of it.
    pub const fn leaves_gap(self) -> bool {
        matches!(self, SkipReason::Hidden | SkipReason::StruckOut)
    }
}

/// Something of a file that is no part of the tree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = SkippedPart)]
pub struct Skipped {
    /// Name of the sheet.
    #[schema(example = "Bảng điểm")]
    pub sheet: String,
    /// Number of the row, from 1; null for a column or a sheet.
    pub row: Option<u32>,
    /// Letters of the column; null for a row or a sheet.
    #[schema(example = "D")]
    pub column: Option<String>,
    /// Why it is left out.
    pub reason: SkipReason,
    /// Its words, as far as they go.
    pub text: String,
}

/// How a table is to be read, where it does not say so itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Name of the sheet with the table.
    pub sheet: Option<String>,
    /// Index of the column with the points.
    pub points: Option<usize>,
}

/// Rows of the sheet for each part of the tree, by JSON pointer.
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
    /// Adds the row of the sheet to faults about the tree.
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

/// Returns a pointer and all of its ancestors.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |pointer| pointer.rsplit_once('/').map(|(above, _)| above))
}

/// Reads a criteria set from a sheet in either layout.
///
/// # Errors
/// Every cell that cannot be read; `heading_not_found` for a sheet in neither layout, `heading_missing` and `columns_ambiguous` for
/// headings that leave the points open.
pub fn read(grid: &Grid, reading: &Reading) -> Result<Table, Vec<Fault>> {
    for (at, row) in grid.rows.iter().take(HEADING_ROWS).enumerate() {
        if let Some(columns) = sheet_row::Columns::of(row) {
            return full::read(grid, at, &columns);
        }
        match office::Columns::of(grid, at, reading.points) {
            Ok(Some(columns)) => return office::read(grid, at, &columns),
            Ok(None) => {}
            Err(fault) => return Err(vec![fault]),
        }
    }
    Err(vec![Fault::at("/file", Code::HeadingNotFound).with("sheet", grid.sheet.as_str())])
}

/// Whether a sheet has the headings of either layout.
pub fn has_headings(grid: &Grid) -> bool {
    let is_heading = |(at, row): (usize, &Row)| {
        sheet_row::Columns::of(row).is_some() || !matches!(office::Columns::of(grid, at, None), Ok(None))
    };
    grid.rows.iter().take(HEADING_ROWS).enumerate().any(is_heading)
}

/// Returns the columns of the full layout that take one of a few words, with the words.
pub fn word_lists() -> [(&'static str, Vec<&'static str>); 6] {
    full::word_lists()
}

/// Writes a criteria set as rows. The office layout omits what the printed table has no column for.
pub fn write(content: &CriteriaContent, shape: Shape) -> Vec<Vec<Cell>> {
    match shape {
        Shape::Office => office::write(content),
        Shape::Full => full::write(content),
    }
}

#[cfg(test)]
pub mod tests {
    pub use super::full::tests::any_content;
    use super::*;
    use crate::domain::criteria::grid::{column_letters, decimal};

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
