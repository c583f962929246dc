//! Cells of Excel 97 and `OpenDocument` workbooks, which are read and not written.

use std::io::Cursor;

use calamine::{Data, DataRef, Ods, Reader, SheetVisible, Xls};
use zip::ZipArchive;

use super::{Format, RowBuffer, unreadable, xlsx};
use crate::domain::criteria::spreadsheet::{Cell, Grid};
use crate::error::Error;

/// Whether an archive is an `OpenDocument` one.
pub fn is_open_document(bytes: &[u8]) -> bool {
    let archive = ZipArchive::new(Cursor::new(bytes));
    archive.is_ok_and(|mut archive| archive.by_name("content.xml").is_ok())
}

/// Reads the sheets.
///
/// # Errors
/// `spreadsheet_unreadable`, `spreadsheet_too_large`.
pub fn read(bytes: &[u8], format: Format) -> Result<Vec<Grid>, Error> {
    if format == Format::Ods {
        xlsx::check_unpacked_size(bytes)?;
    }
    // The readers trust what a file declares and panic where it is false.
    let read = || match format {
        Format::Xls => Xls::new(Cursor::new(bytes)).map_err(|_| unreadable()).and_then(sheets),
        Format::Ods | Format::Xlsx | Format::Csv | Format::Json => {
            Ods::new(Cursor::new(bytes)).map_err(|_| unreadable()).and_then(sheets)
        }
    };
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err(unreadable()))
}

fn sheets<'a, R: Reader<Cursor<&'a [u8]>>>(mut workbook: R) -> Result<Vec<Grid>, Error> {
    let hidden: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible != SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    let (mut grids, mut rows) = (Vec::new(), RowBuffer::new());
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(|_| unreadable())?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            let row = u32::try_from(row).map_err(|_| unreadable())?.saturating_add(first_row);
            let column = usize::try_from(first_column).map_err(|_| unreadable())?.saturating_add(column);
            rows.add(row.saturating_add(1), column, cell_of(value))?;
        }
        grids.push(Grid { hidden: hidden.contains(&name), ..rows.finish_sheet(&name) });
    }
    Ok(grids)
}

fn cell_of(value: &Data) -> Cell {
    match value {
        Data::Int(number) => xlsx::cell_of(&DataRef::Int(*number)),
        Data::Float(number) => xlsx::cell_of(&DataRef::Float(*number)),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::text(text.as_str()),
        Data::Bool(flag) => Cell::text(flag.to_string()),
        Data::DateTime(date) => xlsx::cell_of(&DataRef::DateTime(*date)),
        Data::Error(error) => Cell::text(error.to_string()),
        Data::Empty => Cell::Empty,
    }
}
