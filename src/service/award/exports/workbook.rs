//! The export as a workbook: a summary, the ranking, and a sheet for each unit, ready to be printed and signed.

use std::collections::HashSet;

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::table::{self, TableRow, points_at, tallies};
use super::words::Words;
use super::{ExportedSheet, PeriodExport, UnitForm};
use crate::domain::assessment::period::Period;
use crate::domain::assessment::score_sheet::{BESIDE, MARKS, PRINTED};
use crate::domain::criteria::criteria_set::CriteriaContent;
use crate::domain::criteria::grid::Cell;
use crate::domain::criteria::scoring::{Line, Sheet};
use crate::domain::office::organization::Organization;
use crate::domain::wording::Language;
use crate::error::Error;

/// Longest name of a sheet, in characters.
const NAME_CHARS: usize = 31;
/// Number of A4 in the format's list of paper sizes.
const A4: u8 = 9;
const FONT: &str = "Times New Roman";
/// Widths of the columns of a unit's sheet, in characters.
const WIDTHS: [u16; 7] = [6, 46, 8, 8, 8, 8, 14];
/// Widths of the columns with the criteria and with the remarks.
const WIDE: (u16, u16) = (46, 14);
/// The row of the headings of a unit's sheet, from 0.
const HEADINGS: u32 = 6;
/// The first column beside what is printed of a unit's sheet.
const BESIDE_FROM: u16 = 7;
/// Height of a line of text, in points.
const LINE_HEIGHT: u32 = 16;

/// Writes the workbook.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn write(export: &PeriodExport, language: Language) -> Result<Vec<u8>, Error> {
    workbook(export, language).map_err(Error::internal)
}

fn workbook(export: &PeriodExport, language: Language) -> Result<Vec<u8>, XlsxError> {
    let words = Words::of(language);
    let [name_of_summary, name_of_ranking] = words.sheets;
    let mut workbook = new_workbook()?;
    let mut taken: HashSet<String> = HashSet::new();
    for group in export.groups() {
        let name = group.map_or_else(|| name_of_summary.to_owned(), |(code, _)| format!("{name_of_summary} {code}"));
        let summary = add(&mut workbook, &mut taken, &name)?;
        let scores = table::scores(export, group.map(|(code, _)| code), words);
        fill(summary, &scores, &[(0, 8), (1, 5), (2, 46), (3, 8)])?;
        summary.set_freeze_panes(1, 4)?;
        // Too wide for one page: the pages to the right repeat what their figures are about.
        summary.set_repeat_columns(0, 3)?;
        summary.set_landscape().set_print_scale(70);
    }
    let ranking = add(&mut workbook, &mut taken, name_of_ranking)?;
    let widths = [10, 12, 40, 12, 12, 12, 28];
    let group = (!export.period.rules.groups.is_empty()).then_some(24);
    let widths: Vec<(u16, u16)> = (0..).zip(group.into_iter().chain(widths)).collect();
    fill(ranking, &table::ranking(export, words), &widths)?;
    for sheet in &export.sheets {
        let page = add(&mut workbook, &mut taken, &sheet.case.unit.code)?;
        let content = content(export, sheet);
        let head = Head { organization: &export.organization, period: &export.period, content };
        unit_page(page, head, sheet, language)?;
    }
    workbook.save_to_buffer()
}

/// Writes a workbook with the sheet of one unit.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn write_form(form: &UnitForm, language: Language) -> Result<Vec<u8>, Error> {
    let write = || {
        let mut workbook = new_workbook()?;
        let page = add(&mut workbook, &mut HashSet::new(), &form.sheet.case.unit.code)?;
        let head = Head { organization: &form.organization, period: &form.period, content: &form.content };
        unit_page(page, head, &form.sheet, language)?;
        workbook.save_to_buffer()
    };
    write().map_err(Error::internal)
}

/// Returns an empty workbook with a fixed creation date, so that the same data always give the same bytes.
fn new_workbook() -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2023, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    Ok(workbook)
}

/// What the sheets of all units are headed with.
#[derive(Clone, Copy)]
struct Head<'a> {
    organization: &'a Organization,
    period: &'a Period,
    content: &'a CriteriaContent,
}

/// Adds a sheet under a name that no other sheet has, whatever the case.
fn add<'a>(
    workbook: &'a mut Workbook,
    taken: &mut HashSet<String>,
    name: &str,
) -> Result<&'a mut Worksheet, XlsxError> {
    let short = |name: &str, room: usize| name.chars().take(NAME_CHARS - room).collect::<String>();
    let mut unique = short(name, 0);
    let mut number = 2;
    while !taken.insert(unique.to_lowercase()) {
        unique = format!("{} ({number})", short(name, 6));
        number += 1;
    }
    let sheet = workbook.add_worksheet();
    sheet.set_name(&unique)?;
    sheet.set_paper_size(A4);
    sheet.set_margins(0.8, 0.6, 0.8, 0.8, 0.4, 0.4);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_footer("&C&P/&N");
    Ok(sheet)
}

fn plain() -> Format {
    Format::new().set_font_name(FONT).set_font_size(12)
}

fn bordered(bold: bool) -> Format {
    let format = plain().set_border(FormatBorder::Thin).set_text_wrap().set_align(FormatAlign::VerticalCenter);
    if bold { format.set_bold() } else { format }
}

fn centred(format: Format) -> Format {
    format.set_align(FormatAlign::Center)
}

/// Writes a cell. A text is always written as text, so that it is never evaluated as a formula.
fn put(sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell, format: &Format) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => sheet.write_blank(row, column, format)?,
        Cell::Text(text) | Cell::Other(_, text) => sheet.write_string_with_format(row, column, text, format)?,
        Cell::Number(digits) => {
            let number: f64 = digits.parse().unwrap_or_default();
            sheet.write_number_with_format(row, column, number, format)?
        }
    };
    Ok(())
}

/// Returns the height that texts need in columns of these widths. Not every program measures it by itself.
fn height<'a>(cells: impl Iterator<Item = (&'a str, u16)>) -> u32 {
    let lines = cells.map(|(text, width)| {
        let room = usize::from(width) * 11 / 10;
        text.lines().map(|line| line.chars().count().div_ceil(room.max(1)).max(1)).sum()
    });
    u32::try_from(lines.max().unwrap_or(1)).unwrap_or(1).clamp(1, 25) * LINE_HEIGHT
}

fn fill(sheet: &mut Worksheet, rows: &[TableRow], widths: &[(u16, u16)]) -> Result<(), XlsxError> {
    for (at, row) in (0_u32..).zip(rows) {
        let width = |column: u16| widths.iter().find(|(known, _)| *known == column).map_or(8, |(_, width)| *width);
        let cells = (0_u16..).zip(&row.cells).map(|(column, cell)| (cell.shown(), width(column)));
        sheet.set_row_height(at, height(cells))?;
        for (column, cell) in (0_u16..).zip(&row.cells) {
            put(sheet, (at, column), cell, &bordered(row.bold))?;
        }
    }
    for (column, width) in widths {
        sheet.set_column_width(*column, *width)?;
    }
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

/// Returns the table that a unit is scored by.
fn content<'a>(export: &'a PeriodExport, sheet: &ExportedSheet) -> &'a CriteriaContent {
    export.content_of(export.period.group_code_of(&sheet.case.unit.id))
}

/// Writes the sheet of a unit: heading, lines stage by stage, total, signatures.
fn unit_page(page: &mut Worksheet, head: Head, sheet: &ExportedSheet, language: Language) -> Result<(), XlsxError> {
    let Head { organization, period, content } = head;
    let words = Words::of(language);
    let (middle, strong) = (centred(plain()), centred(plain().set_bold()));
    page.merge_range(0, 0, 0, 1, &organization.name.to_uppercase(), &middle.clone().set_text_wrap())?;
    page.merge_range(0, 2, 0, 6, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", &strong)?;
    page.merge_range(1, 0, 1, 1, &sheet.unit_name.to_uppercase(), &strong)?;
    page.merge_range(1, 2, 1, 6, "Độc lập - Tự do - Hạnh phúc", &strong)?;
    let title = format!("{} {}", words.title, period.rules.year);
    page.merge_range(3, 0, 3, 6, &title, &strong.clone().set_font_size(14))?;
    page.merge_range(4, 0, 4, 6, &content.title, &middle.clone().set_text_wrap())?;
    page.set_row_height(4, 34)?;
    for (column, (heading, width)) in (0_u16..).zip(PRINTED.into_iter().zip(WIDTHS)) {
        page.set_column_width(column, width)?;
        put(page, (HEADINGS, column), &Cell::text(heading.heading(language)), &centred(bordered(true)))?;
    }
    beside(page, sheet, language)?;
    page.set_row_height(HEADINGS, 2 * LINE_HEIGHT)?;
    page.set_repeat_rows(HEADINGS, HEADINGS)?;
    let last = lines(page, content, sheet, language)?;
    for ((from, to), title) in [(0, 1), (2, 4), (5, 6)].into_iter().zip(words.signers) {
        page.merge_range(last + 3, from, last + 3, to, title, &strong)?;
        page.merge_range(last + 4, from, last + 4, to, words.sign_here, &centred(plain().set_italic()))?;
    }
    let date = centred(plain().set_italic());
    page.merge_range(last + 2, 2, last + 2, 6, &Words::place_and_date(language, period.rules.year), &date)?;
    page.set_print_area(0, 0, last + 4, 6)?;
    Ok(())
}

/// Writes what a filled form is read back by, beside what is printed: headings, and the submission with its state.
fn beside(page: &mut Worksheet, sheet: &ExportedSheet, language: Language) -> Result<(), XlsxError> {
    for (column, heading) in (BESIDE_FROM..).zip(BESIDE) {
        page.set_column_width(column, 16)?;
        put(page, (HEADINGS, column), &Cell::text(heading.heading(language)), &centred(bordered(true)))?;
    }
    let values = [sheet.case.submission.id.to_string(), sheet.state.clone()];
    for (row, (mark, value)) in (0_u32..).zip(MARKS.into_iter().zip(values)) {
        put(page, (row, BESIDE_FROM), &Cell::text(mark), &plain())?;
        put(page, (row, BESIDE_FROM + 1), &Cell::text(value), &plain())?;
    }
    Ok(())
}

/// Returns the cells beside the line of a criterion: its code, and the answer at each stage.
fn answers(sheet: &ExportedSheet, code: &str, language: Language) -> [Cell; 4] {
    let at = sheet.table.position(code);
    let answer = |stage: Option<&Sheet>| {
        let line = at.and_then(|at| stage?.0.get(at));
        line.and_then(Line::answer).map_or(Cell::Empty, |answer| answer.in_cell(language))
    };
    let [own, appraisal, council] = sheet.stages().map(answer);
    [Cell::text(code), own, appraisal, council]
}

/// Writes the lines and the total, and returns the row of the total.
fn lines(
    page: &mut Worksheet,
    content: &CriteriaContent,
    sheet: &ExportedSheet,
    language: Language,
) -> Result<u32, XlsxError> {
    let words = Words::of(language);
    let stages = tallies(sheet);
    let mut row = HEADINGS + 1;
    for (at, entry) in content.entries().into_iter().enumerate() {
        let bold = entry.rule.is_none();
        let max = entry.max_points.map_or(Cell::Empty, Cell::from);
        let points = stages.iter().map(|tally| points_at(tally.as_ref(), at).map_or(Cell::Empty, Cell::from));
        let cells = [Cell::text(table::number(&entry)), Cell::text(&entry.title), max].into_iter().chain(points);
        let remark = remark(sheet, &entry.code);
        page.set_row_height(row, height([(entry.title.as_str(), WIDE.0), (&remark, WIDE.1)].into_iter()))?;
        for (column, cell) in (0_u16..).zip(cells.chain([Cell::text(remark)])) {
            let format = bordered(bold);
            let format = if matches!(column, 1 | 6) { format } else { centred(format) };
            put(page, (row, column), &cell, &format)?;
        }
        for (column, cell) in (BESIDE_FROM..).zip(answers(sheet, &entry.code, language)) {
            put(page, (row, column), &cell, &bordered(bold))?;
        }
        row += 1;
    }
    let totals = stages.iter().map(|tally| tally.as_ref().and_then(|tally| tally.totals));
    let totals = totals.map(|totals| totals.map_or(Cell::Empty, |totals| Cell::from(totals.total)));
    let cells = [Cell::Empty, Cell::text(words.total), Cell::from(content.total_points)];
    for (column, cell) in (0_u16..).zip(cells.into_iter().chain(totals).chain([Cell::Empty])) {
        let format = if column == 1 { bordered(true) } else { centred(bordered(true)) };
        put(page, (row, column), &cell, &format)?;
    }
    Ok(row)
}

/// Returns what was remarked on a line: the reason of the furthest stage that gave one, or the unit's note.
pub fn remark(sheet: &ExportedSheet, code: &str) -> String {
    let line = |stage: usize| sheet.stages().get(stage).copied().flatten()?.0.get(sheet.table.position(code)?);
    let said = |stage: usize| line(stage).and_then(|line| line.reason.clone().or_else(|| line.note.clone()));
    said(2).or_else(|| said(1)).or_else(|| said(0)).unwrap_or_default()
}
