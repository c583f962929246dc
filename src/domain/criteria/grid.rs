//! Cells of a spreadsheet, and reading text and numbers from them.

use unicode_normalization::UnicodeNormalization;

use crate::domain::Points;
use crate::domain::points::Decimal;
use crate::error::{Code, Fault};

/// Maximum number of faults reported for a sheet.
pub const MAX_FAULTS: usize = 200;
/// How much of a cell is quoted in a fault, in characters.
const QUOTED_CHARS: usize = 100;

/// A cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cell {
    /// An empty cell.
    #[default]
    Empty,
    /// Text, trimmed.
    Text(String),
    /// A number, as the spreadsheet shows it.
    Number(String),
    /// What a spreadsheet shows in place of points that somebody meant, and why it is none.
    Other(Code, String),
}

impl Cell {
    /// Returns a cell with text, or an empty one.
    pub fn text(text: impl Into<String>) -> Self {
        let text: String = text.into();
        match text.trim() {
            "" => Cell::Empty,
            text if text.contains('\r') => Cell::Text(text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect()),
            text => Cell::Text(text.nfc().collect()),
        }
    }

    /// Returns what the cell shows.
    pub fn shown(&self) -> &str {
        match self {
            Cell::Empty => "",
            Cell::Text(text) | Cell::Number(text) | Cell::Other(_, text) => text,
        }
    }
}

impl From<Points> for Cell {
    fn from(points: Points) -> Self {
        Cell::Number(points.to_string())
    }
}

/// A row with content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Number of the row, from 1.
    pub number: u32,
    /// Cells, from the first column.
    pub cells: Vec<Cell>,
    /// Whether it is hidden.
    pub hidden: bool,
    /// Whether its text is struck out.
    pub struck: bool,
}

/// A sheet of a spreadsheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid {
    /// Name of the sheet.
    pub sheet: String,
    /// Rows with content, in order.
    pub rows: Vec<Row>,
    /// Whether it is hidden.
    pub hidden: bool,
    /// Columns that are hidden, counted from 0.
    pub hidden_columns: Vec<usize>,
    /// Cells that are merged downwards: the column, and the first and the last row.
    pub merged_down: Vec<(usize, u32, u32)>,
}

/// Returns the letters of a column, counted from 0.
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

/// Returns the column, counted from 0, of its letters.
pub fn column_of(letters: &str) -> Option<usize> {
    let add = |column: usize, letter: char| {
        let letter = letter.is_ascii_alphabetic().then(|| letter.to_ascii_uppercase())?;
        let value = u32::from(letter) - u32::from('A') + 1;
        column.checked_mul(26)?.checked_add(usize::try_from(value).ok()?)
    };
    let fits = (1..=3).contains(&letters.len());
    letters.chars().try_fold(0, add).filter(|_| fits)?.checked_sub(1)
}

/// Returns what a cell shows, truncated if it is long.
pub fn in_short(shown: &str) -> String {
    match shown.char_indices().nth(QUOTED_CHARS) {
        Some((at, _)) => format!("{}…", shown.get(..at).unwrap_or_default()),
        None => shown.to_owned(),
    }
}

/// Returns a fault in a cell.
pub fn at_cell(grid: &Grid, row: u32, column: usize, code: Code) -> Fault {
    let fault = Fault::at("/file", code).with("sheet", grid.sheet.as_str());
    fault.with("row", row).with("column", column_letters(column))
}

/// Parses points as offices write them in a text.
pub fn office_points(number: &str) -> Option<Points> {
    decimal(&Cell::text(number), true).ok()??.points().ok()
}

/// Parses the number in a cell: `27.5`, `27,5` and, if `thousands` is set, `1.000` as offices write it.
pub fn decimal(cell: &Cell, thousands: bool) -> Result<Option<Decimal>, Code> {
    let text = match cell {
        Cell::Empty => return Ok(None),
        Cell::Other(code, _) => return Err(*code),
        Cell::Number(digits) => digits.clone(),
        Cell::Text(text) => {
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let groups = || text.split(',').next().unwrap_or_default().split('.').enumerate();
            let is_grouped = thousands
                && groups().count() > 1
                && !text.starts_with('0')
                && groups().all(|(at, group)| if at == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 });
            // 1,000 is ambiguous in the full layout: a thousand or one.
            let is_unclear = !thousands && text.split_once(',').is_some_and(|(_, part)| part.len() == 3);
            if is_unclear {
                return Err(Code::NumberUnreadable);
            }
            if is_grouped { text.replace('.', "").replace(',', ".") } else { text.replace(',', ".") }
        }
    };
    text.parse().map(Some)
}

/// Parses points as a printed table shows them: `30`, `7,5`, `1.000`, `+5`, `10đ`, `640,5 điểm`, `Tối đa 100`.
///
/// # Errors
/// `number_unreadable` for what is no figure, `number_unclear` for 1,000, which is one or a thousand, and what the cell itself says.
pub fn figure(cell: &Cell) -> Result<Option<Decimal>, Code> {
    let Cell::Text(text) = cell else {
        return decimal(cell, true);
    };
    let lower = text.to_lowercase().replace('\u{a0}', " ");
    let bare = lower.trim();
    let bare = ["tối đa", "không quá", "đến"].iter().find_map(|word| bare.strip_prefix(word)).unwrap_or(bare).trim();
    let bare = ["điểm", "đ"].iter().find_map(|unit| bare.strip_suffix(unit)).unwrap_or(bare).trim();
    let bare = bare.strip_prefix('+').unwrap_or(bare).trim();
    let digits = bare.strip_prefix(['-', '−']).map_or_else(|| bare.to_owned(), |rest| format!("-{}", rest.trim()));
    let groups: Vec<&str> = digits.trim_start_matches('-').split(',').collect();
    let is_unclear = matches!(groups.as_slice(), [whole, part] if part.len() == 3 && (1..=3).contains(&whole.len())
        // 12,345 is no decimal that points can have, and refused as such.
        && !whole.starts_with('0') && part.ends_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()));
    if is_unclear {
        return Err(Code::NumberUnclear);
    }
    if digits.is_empty() { Err(Code::NumberUnreadable) } else { decimal(&Cell::Text(digits), true) }
}
