//! What the columns of a printed table mean, told from their headings: by meaning, not by spelling.

use crate::domain::criteria::grid::{Grid, Row, at_cell, in_short};
use crate::error::{Code, Fault};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Number,
    Text,
    Points {
        certain: bool,
    },
    Evidence,
    Note,
    Rule,
    /// For the unit, the appraiser or the council to fill in, or of another year.
    Other,
}

/// The columns of a printed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    pub number: usize,
    pub text: usize,
    pub points: usize,
    /// Columns of evidence, of notes and of how to score, whose texts become notes.
    pub evidence: Vec<usize>,
    pub notes: Vec<usize>,
    pub rules: Vec<usize>,
    /// Columns that are left out, with their headings.
    pub others: Vec<(usize, String)>,
    /// Index of the first column after the last heading.
    pub end: usize,
    /// How many rows the headings take.
    pub rows: usize,
}

/// Returns a text as it is compared: in lower case, with single spaces and one letter Đ.
pub fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace('\u{f0}', "đ").replace('\u{a0}', " ");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn contains(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Words for what somebody fills in later, or what was true of another year.
const FILLED_IN: [&str; 14] = [
    "tự chấm",
    "tự đánh giá",
    "tự cho",
    "thẩm định",
    "hội đồng",
    "chấm lại",
    "đạt được",
    "điểm đạt",
    "kết quả",
    "năm trước",
    "năm 20",
    "điểm chấm",
    "đề nghị",
    "cấp trên",
];
/// Words for the points that can be won.
const MAXIMUM: [&str; 8] = ["tối đa", "chuẩn", "khung", "thang", "mức điểm", "quy định", "điểm số", "tổng điểm"];

impl Meaning {
    fn of(heading: &str) -> Option<Self> {
        let heading = heading.trim_end_matches(['.', ':']).trim();
        if heading.is_empty() {
            return None;
        }
        let numbers = ["stt", "tt", "số tt", "số thứ tự", "mục", "thứ tự", "số"];
        Some(if numbers.contains(&heading) {
            Meaning::Number
        } else if contains(heading, &["minh chứng", "kiểm chứng", "chứng minh", "hồ sơ, tài liệu"]) {
            Meaning::Evidence
        } else if contains(heading, &["cách tính", "cách chấm", "phương pháp", "hướng dẫn", "cách đánh giá"])
        {
            Meaning::Rule
        } else if contains(heading, &["ghi chú", "lưu ý", "diễn giải"]) {
            Meaning::Note
        } else if contains(heading, &FILLED_IN) {
            Meaning::Other
        } else if contains(heading, &["điểm", "tối đa"]) && !contains(heading, &["nội dung", "tiêu chí"]) {
            Meaning::Points { certain: contains(heading, &MAXIMUM) }
        } else if contains(heading, &["nội dung", "tiêu chí", "chỉ tiêu", "tiêu chuẩn", "nhiệm vụ"]) {
            Meaning::Text
        } else {
            Meaning::Other
        })
    }
}

/// Returns the headings of a row, together with those below where a second row divides them.
fn headings(row: &Row, below: Option<&Row>) -> (Vec<String>, usize) {
    let shown = |row: &Row| row.cells.iter().map(|cell| plain(cell.shown())).collect::<Vec<_>>();
    let top = shown(row);
    let Some(below) = below.filter(|below| below.number == row.number + 1) else {
        return (top, 1);
    };
    let second = shown(below);
    let is_number = |text: &String| text.chars().any(|c| c.is_ascii_digit());
    let first_two_blank = second.iter().take(2).all(String::is_empty);
    if !first_two_blank || second.iter().all(String::is_empty) || second.iter().any(is_number) {
        return (top, 1);
    }
    let mut above = String::new();
    let width = top.len().max(second.len());
    let text_at = |texts: &[String], at: usize| texts.get(at).cloned().unwrap_or_default();
    let joined = (0..width).map(|at| {
        let (own, sub) = (text_at(&top, at), text_at(&second, at));
        if !own.is_empty() {
            above.clone_from(&own);
        }
        match (own.is_empty(), sub.is_empty()) {
            (_, true) => own,
            (_, false) => format!("{above} {sub}"),
        }
    });
    (joined.collect(), 2)
}

/// Returns which column has the points, or those between which nobody can choose.
fn points(meanings: &[Option<Meaning>], asked: Option<usize>) -> Result<Option<usize>, Vec<usize>> {
    if asked.is_some() {
        return Ok(asked);
    }
    let with = |certain: bool| -> Vec<usize> {
        let found = meanings.iter().enumerate();
        found.filter(|(_, meaning)| **meaning == Some(Meaning::Points { certain })).map(|(at, _)| at).collect()
    };
    let (certain, likely) = (with(true), with(false));
    match (certain.as_slice(), likely.as_slice()) {
        ([], []) => Ok(None),
        ([only], _) | ([], [only]) => Ok(Some(*only)),
        ([], _) => Err(likely),
        (several, _) => Err(several.to_vec()),
    }
}

impl Columns {
    /// Returns the columns of a row of headings, or `None` if it is not one.
    ///
    /// # Errors
    /// `heading_missing` for a row of headings without one for the points; `columns_ambiguous` where two columns could have
    /// them.
    pub fn of(grid: &Grid, at: usize, asked: Option<usize>) -> Result<Option<Self>, Fault> {
        let Some(row) = grid.rows.get(at) else {
            return Ok(None);
        };
        let (headings, rows) = headings(row, grid.rows.get(at + 1));
        let meaning = |(at, heading): (usize, &String)| match grid.hidden_columns.contains(&at) {
            // What nobody sees on paper is none of the table.
            true => Meaning::of(heading).map(|_| Meaning::Other),
            false => Meaning::of(heading),
        };
        let meanings: Vec<Option<Meaning>> = headings.iter().enumerate().map(meaning).collect();
        let all = |sought: Meaning| -> Vec<usize> {
            meanings.iter().enumerate().filter(|(_, meaning)| **meaning == Some(sought)).map(|(at, _)| at).collect()
        };
        let (Some(number), Some(text)) = (all(Meaning::Number).first().copied(), all(Meaning::Text).first().copied())
        else {
            return Ok(None);
        };
        let column = match points(&meanings, asked) {
            Ok(Some(column)) => column,
            Ok(None) => {
                let found: Vec<String> =
                    row.cells.iter().map(|cell| in_short(cell.shown())).filter(|text| !text.is_empty()).collect();
                let fault = Fault::at("/file", Code::HeadingMissing).with("sheet", grid.sheet.as_str());
                return Err(fault.with("row", row.number).with("missing", "ĐIỂM").with("found", found.join(", ")));
            }
            Err(several) => {
                let fault =
                    at_cell(grid, row.number, several.first().copied().unwrap_or_default(), Code::ColumnsAmbiguous);
                let names = several.into_iter().map(crate::domain::criteria::grid::column_letters).collect::<Vec<_>>();
                return Err(fault.with("found", names.join(", ")));
            }
        };
        let is_other = |at: &usize| {
            let known = [number, text, column].contains(at);
            !known
                && matches!(
                    meanings.get(*at),
                    Some(Some(Meaning::Other | Meaning::Points { .. } | Meaning::Number | Meaning::Text))
                )
        };
        let shown = |at: usize| (at, in_short(row.cells.get(at).map_or("", |cell| cell.shown())));
        Ok(Some(Columns {
            number,
            text,
            points: column,
            evidence: all(Meaning::Evidence),
            notes: all(Meaning::Note),
            rules: all(Meaning::Rule),
            others: (0..meanings.len()).filter(is_other).map(shown).collect(),
            end: headings.iter().rposition(|heading| !heading.is_empty()).map_or(0, |last| last + 1),
            rows,
        }))
    }

    /// Whether a row repeats the headings, as at the top of every printed page.
    pub fn is_repeated_in(&self, row: &Row) -> bool {
        let of = |at: usize| row.cells.get(at).and_then(|cell| Meaning::of(&plain(cell.shown())));
        of(self.number) == Some(Meaning::Number) && of(self.text) == Some(Meaning::Text)
    }
}
