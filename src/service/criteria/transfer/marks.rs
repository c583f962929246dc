//! What a workbook says of its cells beside their values: hidden rows and columns, merged cells, percentages, struck-out text,
//! and formulas that were never worked out.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::domain::criteria::grid::Cell;
use crate::domain::criteria::spreadsheet::Grid;
use crate::error::Code;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// What a style says of a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Style {
    percent: bool,
    struck: bool,
}

/// Notes on the sheets of a workbook what it says of their cells. Returns `None` for a workbook that cannot be read.
pub fn note(bytes: &[u8], grids: &mut [Grid]) -> Option<()> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let targets = relations(&text(&mut archive, "xl/_rels/workbook.xml.rels").unwrap_or_default());
    let sheets = sheet_files(&text(&mut archive, "xl/workbook.xml").unwrap_or_default(), &targets);
    let styles = styles(&text(&mut archive, "xl/styles.xml").unwrap_or_default());
    for grid in grids {
        if let Some(sheet) = sheets.get(&grid.sheet).and_then(|file| text(&mut archive, file)) {
            note_sheet(&sheet, &styles, grid);
        }
    }
    Some(())
}

fn text(archive: &mut Archive, name: &str) -> Option<String> {
    let mut text = String::new();
    archive.by_name(name).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    let attributes = element.attributes().flatten();
    let mut found = attributes.filter(|attribute| attribute.key.local_name().as_ref() == name);
    let value = found.next()?.value.into_owned();
    Some(quick_xml::escape::unescape(&value).map(std::borrow::Cow::into_owned).unwrap_or(value))
}

/// Whether an attribute says yes.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "true")
}

/// Visits the elements of a document.
fn elements(xml: &str, mut visit: impl FnMut(&str, &BytesStart)) {
    let mut reader = Reader::from_str(xml);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.local_name().as_ref().to_owned();
                visit(&name, &element);
            }
            Event::Eof => return,
            Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

/// Returns the files that the relations of a workbook point at, by id.
fn relations(xml: &str) -> HashMap<String, String> {
    let mut targets = HashMap::new();
    elements(xml, |name, element| {
        if name == "Relationship"
            && let Some((id, target)) = attribute(element, "Id").zip(attribute(element, "Target"))
        {
            let file = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            targets.insert(id, file);
        }
    });
    targets
}

/// Returns the file of each sheet, by its name.
fn sheet_files(xml: &str, targets: &HashMap<String, String>) -> HashMap<String, String> {
    let mut files = HashMap::new();
    elements(xml, |name, element| {
        if name == "sheet"
            && let Some((sheet, id)) = attribute(element, "name").zip(attribute(element, "id"))
            && let Some(file) = targets.get(&id)
        {
            files.insert(sheet, file.clone());
        }
    });
    files
}

/// Returns what each style of cells says.
fn styles(xml: &str) -> Vec<Style> {
    let (mut percents, mut struck_fonts, mut styles) = (vec![9, 10], Vec::new(), Vec::new());
    let (mut font, mut in_cells) = (None::<usize>, false);
    elements(xml, |name, element| match name {
        "numFmt" => {
            let is_percent = attribute(element, "formatCode").is_some_and(|code| code.contains('%'));
            let id = attribute(element, "numFmtId").and_then(|id| id.parse::<u32>().ok());
            percents.extend(id.filter(|_| is_percent));
        }
        "font" => font = Some(font.map_or(0, |font| font + 1)),
        "strike" => struck_fonts.extend(font.filter(|_| attribute(element, "val").is_none_or(|val| is_true(&val)))),
        "cellXfs" => in_cells = true,
        "cellStyles" | "dxfs" => in_cells = false,
        "xf" if in_cells => {
            let number = |name: &str| attribute(element, name).and_then(|number| number.parse::<u32>().ok());
            let font = number("fontId").and_then(|font| usize::try_from(font).ok());
            styles.push(Style {
                percent: number("numFmtId").is_some_and(|id| percents.contains(&id)),
                struck: font.is_some_and(|font| struck_fonts.contains(&font)),
            });
        }
        _ => {}
    });
    styles
}

/// Returns the column, counted from 0, and the row of a reference: `C4`.
fn place(reference: &str) -> Option<(usize, u32)> {
    let letters = reference.trim_end_matches(|c: char| c.is_ascii_digit());
    let row = reference.get(letters.len()..)?.parse().ok()?;
    let column = letters.bytes().try_fold(0_usize, |column, letter| {
        let letter = letter.is_ascii_uppercase().then(|| usize::from(letter - b'A') + 1)?;
        column.checked_mul(26)?.checked_add(letter)
    })?;
    Some((column.checked_sub(1)?, row))
}

fn cell_at(grid: &mut Grid, (column, row): (usize, u32)) -> Option<&mut Cell> {
    grid.rows.iter_mut().find(|known| known.number == row)?.cells.get_mut(column)
}

fn note_sheet(xml: &str, styles: &[Style], grid: &mut Grid) {
    let (mut formula, mut has_value, mut in_value) = (false, false, false);
    let mut at = None;
    let mut unworked = Vec::new();
    let (mut struck, mut percents) = (Vec::new(), Vec::new());
    let mut reader = Reader::from_str(xml);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                "row" if attribute(&element, "hidden").is_some_and(|hidden| is_true(&hidden)) => {
                    let number = attribute(&element, "r").and_then(|row| row.parse::<u32>().ok());
                    if let Some(row) = grid.rows.iter_mut().find(|row| Some(row.number) == number) {
                        row.hidden = true;
                    }
                }
                "col" if attribute(&element, "hidden").is_some_and(|hidden| is_true(&hidden)) => {
                    let number = |name: &str| attribute(&element, name).and_then(|at| at.parse::<usize>().ok());
                    if let Some((first, last)) = number("min").zip(number("max")) {
                        grid.hidden_columns.extend((first..=last.min(first + 63)).map(|column| column - 1));
                    }
                }
                "c" => {
                    at = attribute(&element, "r").as_deref().and_then(place);
                    (formula, has_value, in_value) = (false, false, false);
                    let style = attribute(&element, "s").and_then(|style| style.parse::<usize>().ok());
                    let style = style.and_then(|style| styles.get(style)).copied().unwrap_or_default();
                    struck.extend(at.filter(|_| style.struck));
                    percents.extend(at.filter(|_| style.percent));
                }
                "f" => formula = true,
                "v" => in_value = true,
                "mergeCell" => {
                    let range = attribute(&element, "ref").unwrap_or_default();
                    let corners = range.split_once(':').and_then(|(first, last)| place(first).zip(place(last)));
                    if let Some(((column, first), (_, last))) = corners.filter(|((_, first), (_, last))| last > first) {
                        grid.merged_down.push((column, first, last));
                    }
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "c" => {
                unworked.extend(at.filter(|_| formula && !has_value));
            }
            Event::Text(_) if in_value => has_value = true,
            Event::Eof => break,
            Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
    for place in percents {
        if let Some(cell @ Cell::Number(_)) = cell_at(grid, place) {
            *cell = Cell::Other(Code::NumberIsAPercentage, format!("{} × 100 %", cell.shown()));
        }
    }
    for (column, row) in unworked {
        if let Some(row) = grid.rows.iter_mut().find(|known| known.number == row) {
            let width = row.cells.len().max(column + 1);
            row.cells.resize(width, Cell::Empty);
            if let Some(cell) = row.cells.get_mut(column) {
                *cell = Cell::Other(Code::FormulaWithoutValue, "=…".to_owned());
            }
        }
    }
    for row in &mut grid.rows {
        let filled: Vec<usize> = (0..row.cells.len()).filter(|at| row.cells.get(*at) != Some(&Cell::Empty)).collect();
        row.struck = !filled.is_empty() && filled.iter().all(|at| struck.contains(&(*at, row.number)));
    }
}
