//! The cells of a sheet, and how text, numbers and faults in them are read.

use unicode_normalization::UnicodeNormalization;

use crate::domain::Points;
use crate::domain::points::Decimal;
use crate::error::{Code, Fault};

/// The most faults of one sheet that are told: who has mended these may ask again.
pub const MAX_FAULTS: usize = 200;
/// How much of a cell is told, in characters.
const TOLD_CHARS: usize = 100;

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

/// The letters of a column, from 0.
pub fn column_letters(mut column: usize) -> String {
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
pub fn in_short(shown: &str) -> String {
    match shown.char_indices().nth(TOLD_CHARS) {
        Some((at, _)) => format!("{}…", shown.get(..at).unwrap_or_default()),
        None => shown.to_owned(),
    }
}

/// A fault in a cell.
pub fn at_cell(grid: &Grid, row: u32, column: usize, code: Code) -> Fault {
    let fault = Fault::at("/file", code).with("sheet", grid.sheet.as_str());
    fault.with("row", row).with("column", column_letters(column))
}

/// Points as an office writes them within a text.
pub fn office_points(number: &str) -> Option<Points> {
    decimal(&Cell::text(number), true).ok()??.points().ok()
}

/// The number in a cell, however it is written: `27.5`, `27,5`, and in an office's own writing `1.000`.
pub fn decimal(cell: &Cell, thousands: bool) -> Result<Option<Decimal>, Code> {
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
