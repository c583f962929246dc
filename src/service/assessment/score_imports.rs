//! Scores from a workbook that was exported and filled in.
//!
//! The form is compared with what the caller would export now: what somebody has filled in or changed becomes an item of a
//! batch, and everything else is left alone.

use std::collections::{HashMap, HashSet};

use crate::domain::assessment::period::Period;
use crate::domain::assessment::score_batch::{BatchItem, BatchMode, ItemOutcome, Kept, ScoredStage, require_all};
use crate::domain::assessment::score_sheet::{Column, FilledRow, ScoreSheet};
use crate::domain::criteria::criteria_set::Entry;
use crate::domain::criteria::grid::{Cell, column_letters, decimal, in_short};
use crate::domain::criteria::rules::AnswerInput;
use crate::domain::criteria::scoring::{Criterion, Line, LineInput};
use crate::domain::wording::Language;
use crate::domain::{Id, Points};
use crate::error::{Code, Error, Fault};
use crate::service::assessment::score_batches::{Asked, ItemResult, enter};
use crate::service::award::exports::{self, ExportedSheet, workbook};
use crate::service::criteria::transfer::xlsx;
use crate::service::{Context, Input, Result};
use crate::store::{self, Conn};

/// Largest number of sheets of a workbook.
const MAX_SHEETS: usize = 256;
/// Largest number of lines that one workbook may change.
const MAX_LINES: usize = 5_000;

/// A filled workbook.
#[derive(Debug, Clone)]
pub struct Import {
    /// The stage whose columns are read.
    pub stage: ScoredStage,
    /// What becomes of it where a line is refused.
    pub mode: BatchMode,
    /// Whether only to say what it would do.
    pub dry_run: bool,
    /// The forms.
    pub forms: Vec<ScoreSheet>,
    /// The names of the sheets that are no forms.
    pub other_sheets: Vec<String>,
}

/// The place of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the sheet.
    pub sheet: String,
    /// The row, from 1.
    pub row: u32,
    /// The column, in letters.
    pub column: String,
}

/// What has become of a line that was filled in or changed.
#[derive(Debug, Clone)]
pub struct ImportedLine {
    /// Where it is.
    pub place: Place,
    /// The submission; `None` where the form does not say.
    pub submission_id: Option<Id>,
    /// The criterion; `None` for a fault of the whole form.
    pub criterion_code: Option<String>,
    /// The result.
    pub result: ItemResult,
}

/// The result of an import.
#[derive(Debug)]
pub struct ImportReport {
    /// The lines that were filled in or changed, in the order of the workbook.
    pub lines: Vec<ImportedLine>,
    /// Number of lines that are as they were exported.
    pub untouched: usize,
}

/// Reads the forms of a workbook, and the names of its other sheets.
///
/// # Errors
/// `spreadsheet_unreadable`, `spreadsheet_too_large`; `form_not_found` without any form.
pub fn read(bytes: &[u8], stage: ScoredStage) -> Result<(Vec<ScoreSheet>, Vec<String>), Error> {
    let grids = xlsx::read_first(bytes, MAX_SHEETS + 1)?;
    if grids.len() > MAX_SHEETS {
        let fault = Fault::at("/file", Code::SpreadsheetTooLarge).with("limit", "sheets").with("max", MAX_SHEETS);
        return Err(Error::of_fault(fault));
    }
    let (mut forms, mut others, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    let needed = needed(stage);
    for grid in &grids {
        let Some(form) = ScoreSheet::of(grid) else {
            others.push(grid.sheet.clone());
            continue;
        };
        if let Some(column) = form.lacks(&needed) {
            let fault = Fault::at("/file", Code::FormNotFound).with("sheet", form.name.as_str());
            faults.push(fault.with("heading", column.heading(Language::Vi)));
        }
        forms.push(form);
    }
    if forms.is_empty() {
        let headings = needed.map(|column| column.heading(Language::Vi)).join(", ");
        faults.push(Fault::at("/file", Code::FormNotFound).with("heading", headings));
    }
    Error::unless_valid(faults)?;
    Ok((forms, others))
}

/// The columns that reading a stage takes.
const fn needed(stage: ScoredStage) -> [Column; 6] {
    [Column::Code, Column::Title, Column::Max, Column::Points(stage), Column::Answer(stage), Column::Remark]
}

/// Writes what a workbook changes, or only judges it.
pub fn write(conn: &mut Conn, context: &Context, period_id: &Id, input: &Input<Import>) -> Result<ImportReport> {
    let (period, import) = enter(conn, context, period_id, input, |import| import.stage)?;
    let Import { stage, mode, dry_run, forms, .. } = import;
    let filled = filled(conn, context, (&period, *stage), forms)?;
    if filled.lines.len() > MAX_LINES {
        let fault = Fault::at("/file", Code::TooManyItems).with("max", MAX_LINES);
        return Err(Error::of_fault(fault).into());
    }
    let items: Vec<BatchItem> = filled.lines.iter().filter_map(|line| line.item.as_ref().ok().cloned()).collect();
    let mut judged = Asked { period: &period, stage: *stage, dry_run: *dry_run }.judge(conn, context, &items)?;
    let of_items = filled.lines.iter().filter(|line| line.item.is_ok());
    for (line, faults) in of_items.zip(&mut judged.faults) {
        for fault in faults {
            *fault = line.placed(std::mem::replace(fault, Fault::at("", Code::NotFound)));
        }
    }
    if *mode == BatchMode::Atomic {
        let unread = filled.lines.iter().filter_map(|line| line.item.as_ref().err());
        require_all(unread.chain(judged.faults.iter().flatten()).cloned().collect())?;
    }
    let mut results = judged.finish(conn, context, (&items, *dry_run))?.into_iter();
    let lines = filled.lines.into_iter().filter_map(|line| {
        let result = match line.item {
            Ok(_) => results.next()?,
            Err(fault) => ItemResult { outcome: ItemOutcome::Refused(vec![fault]), review_id: None, etag: None },
        };
        let (submission_id, criterion_code) = (line.submission_id, line.criterion_code);
        Some(ImportedLine { place: line.place, submission_id, criterion_code, result })
    });
    Ok(ImportReport { lines: lines.collect(), untouched: filled.untouched })
}

/// The lines of a workbook that differ from what was exported.
#[derive(Default)]
struct Filled {
    lines: Vec<FilledLine>,
    untouched: usize,
}

/// A line that was filled in or changed: an item of a batch, or why it cannot be read.
struct FilledLine {
    place: Place,
    submission_id: Option<Id>,
    criterion_code: Option<String>,
    /// The column of the remarks.
    remark: String,
    item: Result<BatchItem, Fault>,
}

impl FilledLine {
    /// Returns a fault of its item with the place in the workbook instead of that in a batch.
    fn placed(&self, fault: Fault) -> Fault {
        let of_remark = fault.pointer.ends_with("/note") || fault.pointer.ends_with("/reason");
        let column = if of_remark { &self.remark } else { &self.place.column };
        let fault = Fault { pointer: "/file".to_owned(), ..fault };
        fault.with("sheet", self.place.sheet.as_str()).with("row", self.place.row).with("column", column.as_str())
    }
}

/// Compares the forms with what the caller would export now.
fn filled(
    conn: &mut Conn,
    context: &Context,
    (period, stage): (&Period, ScoredStage),
    forms: &[ScoreSheet],
) -> Result<Filled> {
    let organization = store::organizations::find(conn, &period.organization_id)?.ok_or(Code::NotFound)?;
    let tables = entries(conn, period)?;
    let units = exports::units(conn, &period.id)?;
    let sheets = exports::sheets(conn, context, (&organization, period), &units)?;
    let sheets: HashMap<Id, ExportedSheet> =
        sheets.into_iter().map(|sheet| (sheet.case.submission.id, sheet)).collect();
    let mut filled = Filled::default();
    for form in forms {
        let known = form.submission_id.and_then(|id| sheets.get(&id));
        let known = known.and_then(|sheet| Some((sheet, tables.get(&sheet.case.criteria_set_id)?)));
        let reader = FormReader { form, stage };
        match known {
            Some(known) => form.rows.iter().for_each(|row| reader.take(known, row, &mut filled)),
            None => filled.lines.push(reader.unknown()),
        }
    }
    Ok(filled)
}

/// The parts, sections and criteria of a table, by code.
type Entries = HashMap<String, Entry>;

/// Returns the tables that the units of a period are scored by.
fn entries(conn: &mut Conn, period: &Period) -> Result<HashMap<Id, Entries>> {
    let ids = period.rules.groups.iter().filter_map(|group| group.criteria_set_id);
    let ids: HashSet<Id> = ids.chain([period.rules.criteria_set_id]).collect();
    let mut tables = HashMap::new();
    for id in ids {
        let set = store::criteria_sets::find(conn, &id)?.ok_or(Code::NotFound)?;
        let entries = set.content.entries().into_iter().map(|entry| (entry.code.clone(), entry));
        tables.insert(id, entries.collect());
    }
    Ok(tables)
}

/// Reads one form.
struct FormReader<'a> {
    form: &'a ScoreSheet,
    stage: ScoredStage,
}

/// What a line shows where it is exported.
struct Shown {
    points: Option<Points>,
    answers: [Cell; 2],
    remark: String,
}

/// The column that was changed, the line, and what of it stays as it is.
type ReadLine = (Column, LineInput, Kept);

impl FormReader<'_> {
    fn place(&self, row: u32, column: Column) -> Place {
        let column = self.form.place(column).map(column_letters).unwrap_or_default();
        Place { sheet: self.form.name.clone(), row, column }
    }

    fn fault(&self, row: u32, column: Column, code: Code) -> Fault {
        let place = self.place(row, column);
        Fault::at("/file", code).with("sheet", place.sheet).with("row", row).with("column", place.column)
    }

    /// Returns the line for a form of which the caller may not know, or that does not say what it is about.
    fn unknown(&self) -> FilledLine {
        let row = self.form.heading_row;
        FilledLine {
            place: self.place(row, Column::Code),
            submission_id: self.form.submission_id,
            criterion_code: None,
            remark: String::new(),
            item: Err(self.fault(row, Column::Code, Code::NotFound)),
        }
    }

    /// Takes a row, if it is that of a criterion.
    fn take(&self, (sheet, entries): (&ExportedSheet, &Entries), row: &FilledRow, filled: &mut Filled) {
        let entry = entries.get(&row.code);
        if entry.is_some_and(|entry| entry.rule.is_none()) {
            // Sums are computed, whatever somebody entered for them.
            return;
        }
        let found = sheet.table.position(&row.code).and_then(|at| Some((at, sheet.table.criteria.get(at)?)));
        let Some((entry, (at, criterion))) = entry.zip(found) else {
            let fault = self.fault(row.number, Column::Code, Code::UnknownCriterion);
            filled.lines.push(self.line(row, Column::Code, Err(fault.with("criterion", row.code.as_str()))));
            return;
        };
        if let Err((column, fault)) = self.check_form(row, entry) {
            filled.lines.push(self.line(row, column, Err(fault)));
            return;
        }
        match self.read(row, criterion, &self.shown(sheet, at, criterion)) {
            Ok(None) => filled.untouched += 1,
            Ok(Some((column, line, kept))) => {
                let item = BatchItem {
                    submission_id: sheet.case.submission.id,
                    line,
                    if_version: self.form.if_version.clone(),
                    kept,
                };
                filled.lines.push(self.line(row, column, Ok(item)));
            }
            Err((column, fault)) => filled.lines.push(self.line(row, column, Err(fault))),
        }
    }

    fn line(&self, row: &FilledRow, column: Column, item: Result<BatchItem, Fault>) -> FilledLine {
        FilledLine {
            place: self.place(row.number, column),
            submission_id: self.form.submission_id,
            criterion_code: Some(row.code.clone()),
            remark: self.place(row.number, Column::Remark).column,
            item,
        }
    }

    /// Requires that the text and the maximum are those of the criterion.
    fn check_form(&self, row: &FilledRow, entry: &Entry) -> Result<(), (Column, Fault)> {
        let changed = |column: Column| {
            let got = in_short(self.form.cell(row, column).shown());
            let fault = self.fault(row.number, column, Code::CellChanged).with("got", got);
            (column, fault.with("criterion", row.code.as_str()))
        };
        if *self.form.cell(row, Column::Title) != Cell::text(entry.title.as_str()) {
            return Err(changed(Column::Title));
        }
        let max = points(self.form.cell(row, Column::Max)).map_err(|_| changed(Column::Max))?;
        if max == entry.max_points { Ok(()) } else { Err(changed(Column::Max)) }
    }

    fn shown(&self, sheet: &ExportedSheet, at: usize, criterion: &Criterion) -> Shown {
        let lines = match self.stage {
            ScoredStage::SelfAssessment => &sheet.own,
            ScoredStage::Appraisal => &sheet.appraisal,
            ScoredStage::Council => &sheet.council,
        };
        let line = lines.as_ref().and_then(|lines| lines.0.get(at));
        let answer = |language| line.and_then(Line::answer).map_or(Cell::Empty, |answer| answer.in_cell(language));
        Shown {
            points: line.and_then(Line::points),
            answers: [answer(Language::Vi), answer(Language::En)],
            remark: workbook::remark(sheet, &criterion.code),
        }
    }

    /// Reads what a row says beyond what it showed; `None` where that is nothing. A fault comes with its column.
    fn read(&self, row: &FilledRow, criterion: &Criterion, shown: &Shown) -> Result<Option<ReadLine>, (Column, Fault)> {
        let (of_points, of_answer) = (Column::Points(self.stage), Column::Answer(self.stage));
        let (answer_cell, remark) = (self.form.cell(row, of_answer), self.form.cell(row, Column::Remark));
        let given = self.points(row)?;
        let same_answer = shown.answers.iter().any(|known| known.shown() == answer_cell.shown());
        let same_points = given == shown.points;
        let same_remark = *remark == Cell::text(shown.remark.as_str());
        let (column, answer) = match (same_answer, same_points) {
            (true, true) if same_remark => return Ok(None),
            (true, true) => (Column::Remark, None),
            (true, false) => (of_points, Some(self.meant_by_points(row, criterion, (given, answer_cell))?)),
            (false, same_points) => {
                let given = given.filter(|_| !same_points);
                (of_answer, Some(self.meant_by_answer(row, criterion, (given, answer_cell))?))
            }
        };
        let text = || Some(remark.shown().to_owned());
        let (mut line, mut kept) = (
            LineInput { criterion_code: row.code.clone(), answer: None, note: None, reason: None },
            Kept { answer: answer.is_none(), note: true, reason: true },
        );
        line.answer = answer.flatten();
        if !same_remark {
            match self.stage {
                ScoredStage::SelfAssessment => (line.note, kept.note) = (text(), false),
                ScoredStage::Appraisal | ScoredStage::Council => (line.reason, kept.reason) = (text(), false),
            }
        }
        Ok(Some((column, line, kept)))
    }

    /// Reads the points that somebody entered; `None` for an empty cell.
    fn points(&self, row: &FilledRow) -> Result<Option<Points>, (Column, Fault)> {
        let column = Column::Points(self.stage);
        let cell = self.form.cell(row, column);
        points(cell).map_err(|code| {
            let fault = self.fault(row.number, column, code).with("got", in_short(cell.shown()));
            (column, fault.with("criterion", row.code.as_str()))
        })
    }

    /// Returns the answer that changed points mean; `None` for cleared ones.
    fn meant_by_points(
        &self,
        row: &FilledRow,
        criterion: &Criterion,
        (given, answer): (Option<Points>, &Cell),
    ) -> Result<Option<AnswerInput>, (Column, Fault)> {
        let Some(points) = given else {
            // Nothing is left of the line, unless the answer still stands beside the empty cell.
            let column = Column::Answer(self.stage);
            let stands = *answer != Cell::Empty;
            return if stands {
                Err((column, self.expecting(row, column, Code::AnswerMissing, criterion)))
            } else {
                Ok(None)
            };
        };
        let column = Column::Points(self.stage);
        match criterion.rule.answer_of_points(points, criterion.bounds) {
            Some(answer) => Ok(Some(answer)),
            None => Err((column, self.expecting(row, column, Code::AnswerMissing, criterion))),
        }
    }

    /// Returns the answer in a changed cell; `None` for a cleared one. Points that were entered beside it must be its points.
    fn meant_by_answer(
        &self,
        row: &FilledRow,
        criterion: &Criterion,
        (given, cell): (Option<Points>, &Cell),
    ) -> Result<Option<AnswerInput>, (Column, Fault)> {
        if *cell == Cell::Empty {
            return self.meant_by_points(row, criterion, (given, cell));
        }
        let column = Column::Answer(self.stage);
        let unreadable =
            |code| (column, self.expecting(row, column, code, criterion).with("got", in_short(cell.shown())));
        let input = criterion.rule.read_cell(cell).map_err(unreadable)?;
        let earned = match criterion.rule.read(&input, &criterion.code, criterion.bounds, "") {
            Ok(answer) => criterion.rule.points(&answer, criterion.bounds),
            // What is wrong with it is said by the batch.
            Err(_) => return Ok(Some(input)),
        };
        match given {
            Some(points) if points != earned => {
                let column = Column::Points(self.stage);
                let fault = self.fault(row.number, column, Code::PointsDisagree).with("got", points);
                Err((column, fault.with("expected", earned).with("criterion", row.code.as_str())))
            }
            Some(_) | None => Ok(Some(input)),
        }
    }

    fn expecting(&self, row: &FilledRow, column: Column, code: Code, criterion: &Criterion) -> Fault {
        let fields = criterion.rule.answer_fields().join(", ");
        self.fault(row.number, column, code).with("criterion", row.code.as_str()).with("expected", fields)
    }
}

/// Reads points from a cell; `None` from an empty one.
fn points(cell: &Cell) -> Result<Option<Points>, Code> {
    decimal(cell, true)?.map(|number| number.points()).transpose()
}
