//! The sheet of a unit as a form to fill in: its columns, and reading them back.
//!
//! Columns are found by their headings and rows by the code of their criterion, so that neither depends on where somebody has
//! moved it.

use crate::domain::Id;
use crate::domain::assessment::score_batch::ScoredStage;
use crate::domain::criteria::grid::{Cell, Grid, Row};
use crate::domain::wording::Language;

/// A column of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Number of the row, as printed.
    Number,
    /// Text of the criterion.
    Title,
    /// Maximum points.
    Max,
    /// Points at a stage.
    Points(ScoredStage),
    /// A remark: the unit's note, or a reviewer's reason.
    Remark,
    /// Code of the criterion.
    Code,
    /// The answer at a stage, for rules that compute points from one.
    Answer(ScoredStage),
}

/// The columns that are printed.
pub const PRINTED: [Column; 7] = [
    Column::Number,
    Column::Title,
    Column::Max,
    Column::Points(ScoredStage::SelfAssessment),
    Column::Points(ScoredStage::Appraisal),
    Column::Points(ScoredStage::Council),
    Column::Remark,
];

/// The columns beside them, by which the form is read back.
pub const BESIDE: [Column; 4] = [
    Column::Code,
    Column::Answer(ScoredStage::SelfAssessment),
    Column::Answer(ScoredStage::Appraisal),
    Column::Answer(ScoredStage::Council),
];

impl Column {
    /// Returns its heading.
    pub const fn heading(self, language: Language) -> &'static str {
        use ScoredStage::{Appraisal, Council, SelfAssessment};
        match (language, self) {
            (Language::Vi, Column::Number) => "STT",
            (Language::En, Column::Number) => "No.",
            (Language::Vi, Column::Title) => "Nội dung",
            (Language::En, Column::Title) => "Criterion",
            (Language::Vi, Column::Max) => "Điểm tối đa",
            (Language::En, Column::Max) => "Maximum",
            (Language::Vi, Column::Points(SelfAssessment)) => "Tự chấm",
            (Language::En, Column::Points(SelfAssessment)) => "Self",
            (Language::Vi, Column::Points(Appraisal)) => "Thẩm định",
            (Language::En, Column::Points(Appraisal)) => "Appraisal",
            (Language::Vi, Column::Points(Council)) => "Hội đồng",
            (Language::En, Column::Points(Council)) => "Council",
            (Language::Vi, Column::Remark) => "Ghi chú",
            (Language::En, Column::Remark) => "Remarks",
            (Language::Vi, Column::Code) => "Mã tiêu chí",
            (Language::En, Column::Code) => "Criterion code",
            (Language::Vi, Column::Answer(SelfAssessment)) => "Trả lời – tự chấm",
            (Language::En, Column::Answer(SelfAssessment)) => "Answer – self",
            (Language::Vi, Column::Answer(Appraisal)) => "Trả lời – thẩm định",
            (Language::En, Column::Answer(Appraisal)) => "Answer – appraisal",
            (Language::Vi, Column::Answer(Council)) => "Trả lời – Hội đồng",
            (Language::En, Column::Answer(Council)) => "Answer – council",
        }
    }

    /// Whether a cell is its heading, in either language.
    fn is_headed(self, cell: &Cell) -> bool {
        let text = cell.shown().split_whitespace().collect::<Vec<_>>().join(" ");
        [Language::Vi, Language::En].iter().any(|language| text == self.heading(*language))
    }
}

/// What stands before the id of the submission and before its tag, beside the head of the form.
pub const MARKS: [&str; 2] = ["submission_id", "if_version"];

/// A filled form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreSheet {
    /// Name of the sheet.
    pub name: String,
    /// The row of the headings.
    pub heading_row: u32,
    /// The submission; `None` where the mark is missing or spoiled.
    pub submission_id: Option<Id>,
    /// The state of the submission that the form was written from.
    pub if_version: Option<String>,
    /// The columns, with their places.
    columns: Vec<(Column, usize)>,
    /// The rows with the code of something.
    pub rows: Vec<FilledRow>,
}

/// A row of a filled form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledRow {
    /// Number of the row, from 1.
    pub number: u32,
    /// Code of the criterion.
    pub code: String,
    cells: Vec<Cell>,
}

impl ScoreSheet {
    /// Reads the form in a sheet, or returns `None` for a sheet that is none: without a column of codes.
    pub fn of(grid: &Grid) -> Option<Self> {
        let heads = |row: &&Row| row.cells.iter().any(|cell| Column::Code.is_headed(cell));
        let headings = grid.rows.iter().find(heads)?;
        let all = PRINTED.into_iter().chain(BESIDE);
        let place = |column: Column| Some((column, headings.cells.iter().position(|cell| column.is_headed(cell))?));
        let columns: Vec<(Column, usize)> = all.filter_map(place).collect();
        let [submission_id, if_version] = MARKS.map(|mark| marked(grid, headings.number, mark));
        let mut sheet = ScoreSheet {
            name: grid.sheet.clone(),
            heading_row: headings.number,
            submission_id: submission_id.and_then(|text| Id::parse(&text)),
            if_version,
            columns,
            rows: Vec::new(),
        };
        let code_at = sheet.place(Column::Code)?;
        let filled = grid.rows.iter().filter(|row| row.number > headings.number).filter_map(|row| {
            let code = row.cells.get(code_at).map(Cell::shown).filter(|code| !code.is_empty())?;
            Some(FilledRow { number: row.number, code: code.to_owned(), cells: row.cells.clone() })
        });
        sheet.rows = filled.collect();
        Some(sheet)
    }

    /// Returns the place of a column, from 0.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.columns.iter().find(|(known, _)| *known == column).map(|(_, at)| *at)
    }

    /// Returns the first of some columns that the form does not have.
    pub fn lacks(&self, needed: &[Column]) -> Option<Column> {
        needed.iter().copied().find(|column| self.place(*column).is_none())
    }

    /// Returns a cell of a row; an empty one where the form does not have the column.
    pub fn cell<'a>(&self, row: &'a FilledRow, column: Column) -> &'a Cell {
        self.place(column).and_then(|at| row.cells.get(at)).unwrap_or(&Cell::Empty)
    }
}

/// Returns the text to the right of a mark above the headings.
fn marked(grid: &Grid, headings: u32, mark: &str) -> Option<String> {
    let above = grid.rows.iter().filter(|row| row.number < headings);
    let found = above.flat_map(|row| row.cells.windows(2)).find_map(|pair| match pair {
        [name, value] if name.shown() == mark => Some(value.shown().to_owned()),
        _ => None,
    });
    found.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: &[(u32, &[&str])]) -> Grid {
        let row = |(number, cells): &(u32, &[&str])| Row {
            number: *number,
            cells: cells.iter().map(|text| Cell::text(*text)).collect(),
            ..Row::default()
        };
        Grid { sheet: "TH".to_owned(), rows: rows.iter().map(row).collect(), ..Grid::default() }
    }

    const ID: &str = "018b88d6-5f80-7000-8000-000000000001";

    #[test]
    fn every_heading_is_its_own_in_both_languages() {
        let mut seen = std::collections::HashSet::new();
        for column in PRINTED.into_iter().chain(BESIDE) {
            for language in [Language::Vi, Language::En] {
                assert!(seen.insert(column.heading(language)), "{column:?}");
                assert!(column.is_headed(&Cell::text(column.heading(language))));
            }
        }
    }

    #[test]
    fn a_form_is_read_wherever_its_columns_and_rows_are() {
        let sheet = ScoreSheet::of(&grid(&[
            (1, &["", "if_version", "1f0c", "submission_id", ID]),
            (7, &["Mã  tiêu chí", "Ghi chú", "Tự\nchấm", "Nội dung"]),
            (8, &["", "", "7", "Tổng"]),
            (11, &["A.II.2", "chậm", "2", "Hai"]),
            (9, &["A.II.1", "", "", "Một"]),
        ]))
        .unwrap();
        assert_eq!((sheet.submission_id, sheet.if_version.as_deref()), (Id::parse(ID), Some("1f0c")));
        let rows: Vec<_> = sheet.rows.iter().map(|row| (row.number, row.code.as_str())).collect();
        assert_eq!(rows, [(11, "A.II.2"), (9, "A.II.1")]);
        let own = Column::Points(ScoredStage::SelfAssessment);
        assert_eq!(sheet.cell(&sheet.rows[0], own).shown(), "2");
        assert_eq!(sheet.cell(&sheet.rows[0], Column::Remark).shown(), "chậm");
        assert_eq!(sheet.cell(&sheet.rows[1], own), &Cell::Empty);
        assert_eq!(sheet.lacks(&[Column::Title, Column::Max]), Some(Column::Max));
    }

    #[test]
    fn a_sheet_without_codes_is_no_form() {
        assert_eq!(
            ScoreSheet::of(&grid(&[(1, &["Mã", "STT", "Nội dung", "Điểm tối đa"]), (2, &["A", "A", "Chuẩn", "900"])])),
            None
        );
        let spoiled = ScoreSheet::of(&grid(&[(1, &["submission_id", "TH"]), (2, &["Mã tiêu chí"])])).unwrap();
        assert_eq!((spoiled.submission_id, spoiled.if_version), (None, None));
    }
}
