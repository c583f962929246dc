//! Import and export of criteria tables: conversion between file bytes and rows of cells.

pub(in crate::service) mod csv;
mod marks;
mod others;
pub(in crate::service) mod xlsx;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::criteria::criteria_set::CriteriaContent;
use crate::domain::criteria::spreadsheet::{self, Cell, Grid, Reading, Row, Shape, SkipReason, Skipped, Table};
use crate::error::{Code, Error, Fault};

/// Largest file to import, in bytes.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// How an Excel 97 workbook begins, and every other compound file.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0";
/// Largest number of rows.
const MAX_ROWS: usize = 20_000;
/// Number of columns that are read.
const MAX_COLUMNS: usize = 64;
/// Largest total size of all cells in memory, in bytes: many cells may share one long string.
const MAX_CELL_BYTES: usize = 24 * 1024 * 1024;

/// What kind of file a table is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As the service itself reads and writes it.
    Json,
    /// Comma-separated, or by semicolons or tabs where it is read.
    Csv,
    /// Office Open XML.
    Xlsx,
    /// Excel 97 to 2003, which is only read.
    Xls,
    /// `OpenDocument`, which is only read.
    Ods,
}

impl Format {
    /// Detects the format from the content of a file.
    pub fn of(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Format::Json,
            _ if bytes.starts_with(OLE) => Format::Xls,
            _ if bytes.starts_with(b"PK\x03\x04") && others::is_open_document(bytes) => Format::Ods,
            _ if bytes.starts_with(b"PK\x03\x04") => Format::Xlsx,
            _ => Format::Csv,
        }
    }

    /// Media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Xls => "application/vnd.ms-excel",
            Format::Ods => "application/vnd.oasis.opendocument.spreadsheet",
        }
    }

    /// File name extension.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Xls => "xls",
            Format::Ods => "ods",
        }
    }
}

/// Reads a table from the sheet that is named, or else from the first visible one that has table headings. The others with a
/// table are named as skipped.
///
/// # Errors
/// `format_not_read`, `spreadsheet_unreadable`, `spreadsheet_too_large`, `sheet_not_found`; the fault of every invalid cell, with
/// sheet, row and column.
pub fn read(bytes: &[u8], reading: &Reading) -> Result<(Format, Table), Error> {
    refuse_foreign(bytes)?;
    let format = Format::of(bytes);
    let grids = match format {
        Format::Xlsx => xlsx::read(bytes)?,
        Format::Xls | Format::Ods => others::read(bytes, format)?,
        Format::Csv | Format::Json => csv::read(bytes)?,
    };
    let visible: Vec<&Grid> = grids.iter().filter(|grid| !grid.hidden).collect();
    let named = |name: &String| grids.iter().find(|grid| grid.sheet == *name).ok_or_else(|| no_sheet(name, &grids));
    let grid = if let Some(name) = &reading.sheet {
        named(name)?
    } else {
        let first = visible.iter().find(|grid| spreadsheet::has_headings(grid)).or(visible.first());
        first.copied().or(grids.first()).ok_or_else(unreadable)?
    };
    let mut table = match spreadsheet::read(grid, reading) {
        Ok(table) => table,
        Err(faults) => return Err(Error::unless_valid(faults).err().unwrap_or_else(unreadable)),
    };
    for other in grids.iter().filter(|other| other.sheet != grid.sheet && !other.rows.is_empty()) {
        let reason = if other.hidden { SkipReason::Hidden } else { SkipReason::OtherSheet };
        let sheet = other.sheet.clone();
        table.skipped.push(Skipped { text: sheet.clone(), sheet, row: None, column: None, reason });
        if !other.hidden && reading.sheet.is_none() && spreadsheet::has_headings(other) {
            let fault = Fault::at("/file", Code::SeveralTables).with("sheet", other.sheet.as_str());
            table.warnings.push(fault);
        }
    }
    Ok((format, table))
}

/// Refuses a file of a kind that is not read, by its name.
fn refuse_foreign(bytes: &[u8]) -> Result<(), Error> {
    const FOREIGN: [(&[u8], &str); 6] = [
        (b"%PDF", "PDF"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG", "PNG"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"{\\rtf", "RTF"),
    ];
    let kind = FOREIGN.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind);
    match kind.or_else(|| xlsx::foreign_kind(bytes)) {
        Some(kind) => Err(Error::of_fault(Fault::at("/file", Code::FormatNotRead).with("got", kind))),
        None => Ok(()),
    }
}

fn no_sheet(name: &str, grids: &[Grid]) -> Error {
    let known: Vec<&str> = grids.iter().map(|grid| grid.sheet.as_str()).collect();
    Error::of_fault(Fault::at("/file", Code::SheetNotFound).with("got", name).with("known", known.join(", ")))
}

/// Writes a table to a file.
///
/// # Errors
/// `internal` when it cannot be represented in the format.
pub fn write(content: &CriteriaContent, format: Format, shape: Shape) -> Result<Vec<u8>, Error> {
    match format {
        Format::Json => write_json(content),
        Format::Csv => csv::write(&spreadsheet::write(content, shape)),
        Format::Xlsx | Format::Xls | Format::Ods => xlsx::write(&spreadsheet::write(content, shape), shape),
    }
}

/// Writes the body that `POST /v1/criteria-sets` accepts.
fn write_json(content: &CriteriaContent) -> Result<Vec<u8>, Error> {
    let body = serde_json::to_value(content).map_err(Error::internal)?;
    let mut text = serde_json::to_vec_pretty(&body).map_err(Error::internal)?;
    text.push(b'\n');
    Ok(text)
}

fn unreadable() -> Error {
    Error::of_fault(Fault::at("/file", Code::SpreadsheetUnreadable))
}

fn too_large(limit: &str, max: usize) -> Error {
    Error::of_fault(Fault::at("/file", Code::SpreadsheetTooLarge).with("limit", limit).with("max", max))
}

/// Collects the rows of a sheet, without empty ones.
struct RowBuffer {
    rows: Vec<Row>,
    /// Total size of the cells of all sheets so far.
    cell_bytes: usize,
}

impl RowBuffer {
    fn new() -> Self {
        RowBuffer { rows: Vec::new(), cell_bytes: 0 }
    }

    fn add(&mut self, number: u32, column: usize, cell: Cell) -> Result<(), Error> {
        if column >= MAX_COLUMNS || cell == Cell::Empty {
            return Ok(());
        }
        if self.rows.last().is_none_or(|row| row.number != number) {
            if self.rows.len() >= MAX_ROWS {
                return Err(too_large("rows", MAX_ROWS));
            }
            self.rows.push(Row { number, ..Row::default() });
        }
        if let Some(row) = self.rows.last_mut() {
            let (before, width) = (row.cells.len(), row.cells.len().max(column + 1));
            self.cell_bytes += cell.shown().len() + (width - before) * size_of::<Cell>();
            if self.cell_bytes > MAX_CELL_BYTES {
                return Err(too_large("bytes", MAX_CELL_BYTES));
            }
            row.cells.resize(width, Cell::Empty);
            if let Some(slot) = row.cells.get_mut(column) {
                *slot = cell;
            }
        }
        Ok(())
    }

    /// Returns the finished sheet and starts the next.
    fn finish_sheet(&mut self, sheet: &str) -> Grid {
        Grid { sheet: sheet.to_owned(), rows: std::mem::take(&mut self.rows), ..Grid::default() }
    }
}

#[cfg(test)]
mod tests;
