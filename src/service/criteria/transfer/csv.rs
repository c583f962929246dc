//! Cells as comma-separated values and the dialects that spreadsheet programs write under that name.

use super::{RowBuffer, unreadable};
use crate::domain::criteria::spreadsheet::{Cell, Grid, has_headings};
use crate::error::Error;

/// Characters that make a spreadsheet program read a text as a formula; a leading apostrophe prevents that.
/// Some read the full-width forms like the others.
const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
/// Cell separators; with a Vietnamese locale, spreadsheet programs write semicolons.
const SEPARATORS: [u8; 3] = *b",;\t";

/// Reads UTF-8, or UTF-16 with a byte order mark.
///
/// # Errors
/// `spreadsheet_unreadable`, `spreadsheet_too_large`.
pub fn read(bytes: &[u8]) -> Result<Vec<Grid>, Error> {
    // Line endings are unified, and the last line gets one, so that lines can be counted.
    let text = decoded(bytes).ok_or_else(unreadable)?.replace("\r\n", "\n").replace('\r', "\n") + "\n";
    let mut first = None;
    for separator in SEPARATORS {
        let grid = rows(&text, separator)?;
        if has_headings(&grid) {
            return Ok(vec![grid]);
        }
        first = first.or(Some(grid));
    }
    Ok(first.into_iter().collect())
}

fn decoded(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], join: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().copied().map(join).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
    .filter(|text| !text.contains('\0'))
}

fn rows(text: &str, separator: u8) -> Result<Grid, Error> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let (mut rows, mut record) = (RowBuffer::new(), csv::StringRecord::new());
    let (mut inner_lines, mut before) = (0_usize, 0_u32);
    while reader.read_record(&mut record).map_err(|_| unreadable())? {
        // A spreadsheet counts a row once, however many lines its cells contain. The reader's position is after the row, and
        // blank lines before it are skipped silently.
        inner_lines += record.iter().map(|text| text.matches('\n').count()).sum::<usize>();
        let position = usize::try_from(reader.position().line()).map_err(|_| unreadable())?;
        let number = u32::try_from(position.saturating_sub(1 + inner_lines)).map_err(|_| unreadable())?;
        // An unterminated quote swallows all remaining lines, which leaves the record without a line number of its own.
        if number <= before {
            return Err(unreadable());
        }
        before = number;
        for (column, text) in record.iter().enumerate() {
            rows.add(number, column, Cell::text(unescaped(text)))?;
        }
    }
    Ok(rows.finish_sheet("CSV"))
}

/// Removes the apostrophe that keeps a text from being read as a formula.
fn unescaped(text: &str) -> &str {
    let rest = text.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA_STARTS) || rest.starts_with('\''));
    rest.unwrap_or(text)
}

/// Writes UTF-8 with a byte order mark, without which some spreadsheet programs assume a legacy encoding.
///
/// # Errors
/// `internal`, which cannot happen when writing to memory.
pub fn write(rows: &[Vec<Cell>]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(b"\xef\xbb\xbf".to_vec());
    for row in rows {
        writer.write_record(row.iter().map(escaped)).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.to_string()))
}

fn escaped(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(FORMULA_STARTS) || text.starts_with('\'') => format!("'{text}"),
        Cell::Empty | Cell::Text(_) | Cell::Number(_) | Cell::Other(..) => cell.shown().to_owned(),
    }
}
