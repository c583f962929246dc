//! Cells as Office Open XML.

use std::io::{Cursor, Read, copy, sink};

use calamine::{DataRef, Reader, SheetVisible, Xlsx};
use rust_xlsxwriter::{DataValidation, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use zip::ZipArchive;

use super::{RowBuffer, marks, too_large, unreadable};
use crate::domain::criteria::sheet_row::HEADINGS;
use crate::domain::criteria::spreadsheet::{Cell, Grid, Shape, word_lists};
use crate::error::{Code, Error};

/// Largest total size after decompression, in bytes.
const MAX_UNPACKED: u64 = 48 * 1024 * 1024;
/// Number of sheets that are read.
const MAX_SHEETS: usize = 16;
/// Significant digits that a spreadsheet program displays.
const DIGITS: usize = 15;
/// Name of the exported sheet.
const SHEET: &str = "Bảng tiêu chí";

/// Largest declared number of shared strings; the reader allocates as many as are declared.
const MAX_SHARED_STRINGS: u64 = 1_000_000;

/// Reads the non-empty sheets.
///
/// # Errors
/// `spreadsheet_unreadable`, `spreadsheet_too_large`.
pub fn read(bytes: &[u8]) -> Result<Vec<Grid>, Error> {
    read_first(bytes, MAX_SHEETS)
}

/// Reads the first `sheets` sheets.
///
/// # Errors
/// Those of [`read`].
pub fn read_first(bytes: &[u8], sheets: usize) -> Result<Vec<Grid>, Error> {
    check_unpacked_size(bytes)?;
    // The reader trusts declared counts and panics when they overflow.
    std::panic::catch_unwind(|| cells(bytes, sheets)).unwrap_or_else(|_| Err(unreadable()))
}

fn cells(bytes: &[u8], sheets: usize) -> Result<Vec<Grid>, Error> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let (mut grids, mut rows) = (Vec::new(), RowBuffer::new());
    for name in workbook.sheet_names().into_iter().take(sheets) {
        let visible = workbook.sheets_metadata().iter().find(|sheet| sheet.name == name);
        let hidden = visible.is_some_and(|sheet| sheet.visible != SheetVisible::Visible);
        // Read cell by cell: a distant cell must not allocate the range between.
        let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| unreadable())?;
        while let Some(cell) = cells.next_cell().map_err(|_| unreadable())? {
            let (row, column) = cell.get_position();
            let column = usize::try_from(column).map_err(|_| unreadable())?;
            rows.add(row.saturating_add(1), column, cell_of(cell.get_value()))?;
        }
        grids.push(Grid { hidden, ..rows.finish_sheet(&name) });
    }
    marks::note(bytes, &mut grids).ok_or_else(unreadable)?;
    Ok(grids)
}

/// Measures the decompressed size, because the size that an archive declares may be false.
pub fn check_unpacked_size(bytes: &[u8]) -> Result<(), Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let mut left = MAX_UNPACKED;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|_| unreadable())?;
        let shares = entry.name().map_err(|_| unreadable())?.to_ascii_lowercase().ends_with("sharedstrings.xml");
        let mut entry = entry.take(left + 1);
        let unpacked = if shares {
            let mut text = Vec::new();
            entry.read_to_end(&mut text).map_err(|_| unreadable())?;
            if declared_counts(&text).any(|count| count > MAX_SHARED_STRINGS) {
                return Err(unreadable());
            }
            u64::try_from(text.len()).map_err(|_| unreadable())?
        } else {
            copy(&mut entry, &mut sink()).map_err(|_| unreadable())?
        };
        left = left.checked_sub(unpacked).ok_or_else(|| too_large("bytes", 48 * 1024 * 1024))?;
    }
    Ok(())
}

/// Values of all attributes whose name ends in `ount`: `count`, `uniqueCount`.
fn declared_counts(xml: &[u8]) -> impl Iterator<Item = u64> {
    let starts = xml.windows(4).enumerate().filter(|(_, word)| *word == b"ount").map(|(at, _)| at + 4);
    starts.filter_map(|at| {
        let rest = xml.get(at..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let digits = rest.strip_prefix(b"\"").or(rest.strip_prefix(b"'"))?.trim_ascii_start();
        let digits: Vec<u8> = digits.iter().copied().take_while(u8::is_ascii_digit).collect();
        Some(std::str::from_utf8(&digits).ok()?.parse().unwrap_or(u64::MAX))
    })
}

pub fn cell_of(value: &DataRef) -> Cell {
    match value {
        DataRef::Int(number) => Cell::Number(number.to_string()),
        DataRef::Float(number) => Cell::Number(digits(*number)),
        DataRef::SharedString(text) => Cell::text(*text),
        DataRef::Bool(flag) => Cell::text(flag.to_string()),
        DataRef::DateTime(date) => Cell::Other(Code::NumberIsADate, day(date.as_f64())),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text.as_str()),
        DataRef::Error(error) => Cell::text(error.to_string()),
        DataRef::Empty => Cell::Empty,
    }
}

/// Formats the day of a serial number, as a spreadsheet counts them from 30 December 1899.
fn day(serial: f64) -> String {
    let days = digits(serial).split('.').next().and_then(|days| days.parse::<u64>().ok());
    let start = chrono::NaiveDate::from_ymd_opt(1899, 12, 30);
    let date = start.zip(days).and_then(|(start, days)| start.checked_add_days(chrono::Days::new(days)));
    date.map_or_else(|| digits(serial), |date| date.format("%d/%m/%Y").to_string())
}

/// Returns what kind of file an archive is, if it is not a workbook.
pub fn foreign_kind(bytes: &[u8]) -> Option<&'static str> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let has = |archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str| archive.by_name(name).is_ok();
    has(&mut archive, "word/document.xml").then_some("Word (.docx)")
}

/// Formats a number with the digits that a spreadsheet program displays, dropping rounding noise of formulas.
fn digits(number: f64) -> String {
    let shortest = number.to_string();
    let (integer, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    let integer_digits = integer.trim_start_matches('-').len();
    if integer_digits + fraction.len() <= DIGITS {
        return shortest;
    }
    let places = DIGITS.saturating_sub(integer_digits);
    let rounded = format!("{number:.places$}");
    match rounded.contains('.') {
        true => rounded.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => rounded,
    }
}

/// Writes a workbook with one sheet.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn write(rows: &[Vec<Cell>], shape: Shape) -> Result<Vec<u8>, Error> {
    workbook(rows, shape).map_err(Error::internal)
}

fn workbook(rows: &[Vec<Cell>], shape: Shape) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // A fixed creation date, so that the same table always gives the same bytes.
    let made = ExcelDateTime::from_ymd(2023, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = workbook.add_worksheet();
    sheet.set_name(SHEET)?;
    let is_heading = |row: &Vec<Cell>| row.first().is_some_and(|cell| matches!(cell.shown(), "STT" | "row"));
    let headings = rows.iter().position(is_heading).unwrap_or(0);
    for (number, row) in (0_u32..).zip(rows) {
        let bold = usize::try_from(number) == Ok(headings) || is_bold(row, shape);
        for (column, cell) in (0_u16..).zip(row) {
            write_cell(sheet, (number, column), cell, bold)?;
        }
    }
    format_sheet(sheet, u32::try_from(headings).unwrap_or(0), shape)?;
    workbook.save_to_buffer()
}

/// Whether a row is a part or the total.
fn is_bold(row: &[Cell], shape: Shape) -> bool {
    let first = row.first().map_or("", Cell::shown);
    match shape {
        Shape::Office => first.is_empty() || first.len() == 1 && first.chars().all(|c| matches!(c, 'A'..='H')),
        Shape::Full => matches!(first, "set" | "part"),
    }
}

fn write_cell(sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell, bold: bool) -> Result<(), XlsxError> {
    let format = Format::new().set_text_wrap().set_align(rust_xlsxwriter::FormatAlign::Top);
    let format = if bold { format.set_bold() } else { format };
    match cell {
        Cell::Empty => {}
        // Always written as text, so that it is never evaluated as a formula.
        Cell::Text(text) | Cell::Other(_, text) => {
            sheet.write_string_with_format(row, column, text, &format)?;
        }
        Cell::Number(digits) => {
            let number: f64 = digits.parse().unwrap_or_default();
            sheet.write_number_with_format(row, column, number, &format)?;
        }
    }
    Ok(())
}

/// Sets column widths, frozen headings and drop-down lists.
fn format_sheet(sheet: &mut Worksheet, headings: u32, shape: Shape) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(headings + 1, 0)?;
    match shape {
        Shape::Office => {
            for (column, width) in [(0_u16, 8), (1, 90), (2, 10), (3, 14), (4, 40)] {
                sheet.set_column_width(column, width)?;
            }
        }
        Shape::Full => {
            sheet.set_column_width(3, 80)?;
            sheet.set_column_width(7, 40)?;
            sheet.set_column_width(9, 20)?;
            let last = headings + 5_000;
            let choices = |words: &[&str]| DataValidation::new().allow_list_strings(words);
            for (heading, words) in word_lists() {
                let column = HEADINGS.iter().position(|known| *known == heading).and_then(|at| u16::try_from(at).ok());
                if let Some(column) = column {
                    sheet.add_data_validation(headings + 1, column, last, column, &choices(&words)?)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_formatted_as_spreadsheet_programs_display_them() {
        for (number, shown) in [
            (30.0, "30"),
            (27.5, "27.5"),
            (0.1 + 0.2, "0.3"),
            (1000.0, "1000"),
            (33.33, "33.33"),
            (100.0 / 3.0, "33.3333333333333"),
            (-10.0, "-10"),
            (1e15, "1000000000000000"),
            (1e21, "1000000000000000000000"),
        ] {
            assert_eq!(digits(number), shown);
        }
    }
}
