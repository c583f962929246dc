//! A table of criteria as rows of cells: what a spreadsheet holds, whatever file it came in.
//!
//! Two shapes are read and written. The office's has the columns of the printed table: number, text, points. The full one has
//! a row for everything that a table says, rules included, so that what is written is read back as it was.

pub(in crate::domain::criteria) mod full;
mod office;

use std::collections::HashMap;

use crate::domain::Points;
use crate::domain::criteria::criteria_set::{CriteriaContent, NotApplicable, Part};
use crate::domain::criteria::grid::MAX_FAULTS;
pub use crate::domain::criteria::grid::{Cell, Grid, Row};
use crate::domain::criteria::sheet_row;
use crate::error::{Code, Fault};

/// Where the headings are looked for.
const HEADING_ROWS: usize = 40;

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

/// Reads a table from a sheet, in whichever shape it lies there.
///
/// # Errors
/// Every cell that cannot be read; `heading_not_found` where the sheet has neither shape.
pub fn read(grid: &Grid) -> Result<Table, Vec<Fault>> {
    let candidates = grid.rows.iter().take(HEADING_ROWS).enumerate();
    for (at, row) in candidates {
        if let Some(columns) = sheet_row::Columns::of(row) {
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
    let is_heading = |row: &Row| sheet_row::Columns::of(row).is_some() || office::Columns::of(row).is_some();
    grid.rows.iter().take(HEADING_ROWS).any(is_heading)
}

/// Writes a table as rows. The office's shape leaves out what the printed table has no column for.
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
