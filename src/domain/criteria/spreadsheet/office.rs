//! The office layout: the columns of the printed table, with parts A and B, Roman sections, numbered items, and a blank
//! cell where items share points.
//!
//! The printed table has no column for rules. Two phrases of the guideline are recognised (III.1 "không thực hiện không
//! tính điểm", IV.4 "trừ 10 điểm/01 trường hợp"), unnumbered lines with points below an item are its levels, and
//! everything else is `manual`. Everything that is inferred is reported as a warning.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Cell, Grid, Heading, MAX_FAULTS, Places, Row, Shape, Table};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::{CriteriaContent, Node, Part, PartKind};
use crate::domain::criteria::grid::{at_cell, decimal, in_short};
use crate::domain::criteria::rules::{Choice, LevelsRule, MAX_ROWS, ManualRule, Rule};
use crate::domain::points::Decimal;
use crate::error::{Code, Fault};

/// How the heading of each column may begin, in lower case.
const NUMBER: [&str; 4] = ["stt", "tt", "số tt", "số thứ tự"];
const TEXT: [&str; 3] = ["nội dung", "tiêu chí", "chỉ tiêu"];
const POINTS: [&str; 4] = ["điểm", "số điểm", "thang điểm", "mức điểm"];
const EVIDENCE: [&str; 1] = ["minh chứng"];
const NOTE: [&str; 1] = ["ghi chú"];

/// The headings as they are written.
const HEADINGS: [&str; 5] = ["STT", "NỘI DUNG", "ĐIỂM", "MINH CHỨNG", "GHI CHÚ"];
/// How the last row begins, which contains the total of the table.
const TOTAL: [&str; 2] = ["tổng điểm", "tổng cộng"];
/// Maximum number of levels in a number: 1.1.1.
const MAX_NUMBERS: usize = 3;
const LEGAL_BASIS: &str = "(Kèm theo ";

/// The column of each heading.
pub struct Columns {
    number: usize,
    text: usize,
    points: usize,
    evidence: Option<usize>,
    note: Option<usize>,
}

impl Columns {
    /// Returns the columns of a row of headings, or `None` if it is not one.
    pub fn of(row: &Row) -> Option<Self> {
        let shown: Vec<String> = row.cells.iter().map(|cell| cell.shown().to_lowercase()).collect();
        let begins =
            |starts: &[&str]| shown.iter().position(|heading| starts.iter().any(|start| heading.starts_with(start)));
        let number = shown.iter().position(|heading| NUMBER.contains(&heading.trim_end_matches('.')))?;
        let (text, points) = (begins(&TEXT)?, begins(&POINTS)?);
        Some(Columns { number, text, points, evidence: begins(&EVIDENCE), note: begins(&NOTE) })
    }
}

/// The content of the number column.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    /// A part: A, B.
    Letter(char),
    /// A section: I, II. A letter that could be either is decided by its predecessors.
    Roman(u32),
    /// An item, including the numbers of its parents if given: 1, or 1.2.
    Number(Vec<u32>),
    /// A subitem: a, b.
    Small(char),
}

impl Mark {
    /// Returns the depth: 0 for a part.
    fn rank(&self) -> usize {
        match self {
            Mark::Letter(_) => 0,
            Mark::Roman(_) => 1,
            Mark::Number(numbers) => 1 + numbers.len(),
            Mark::Small(_) => 9,
        }
    }
}

/// Parses a number. A letter that is also a Roman numeral is returned as a letter.
fn mark(shown: &str) -> Option<Mark> {
    let bare = shown.trim().trim_start_matches('(').trim_end_matches([')', '.', ':', '/', ' ']);
    let last_words: Vec<&str> = bare.split('.').map(str::trim).collect();
    let numbers: Vec<u32> = last_words.iter().rev().map_while(|word| word.parse().ok()).collect();
    if numbers.len() > MAX_NUMBERS {
        return None;
    }
    if !numbers.is_empty() {
        return Some(Mark::Number(numbers.into_iter().rev().collect()));
    }
    let word = *last_words.last()?;
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_uppercase() => Some(Mark::Letter(letter)),
        (Some(letter), None) if letter.is_lowercase() => Some(Mark::Small(letter)),
        _ => roman(word).map(Mark::Roman),
    }
}

/// Returns the value of a Roman numeral in capitals, or `None` if it is not well-formed.
fn roman(word: &str) -> Option<u32> {
    let may_be = word.len() <= 12 && word.bytes().all(|letter| b"IVXLC".contains(&letter));
    (1..=399).filter(|_| may_be).find(|number| in_roman(*number) == word)
}

fn in_roman(mut number: u32) -> String {
    let steps = [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
    let mut word = String::new();
    for (value, letters) in steps {
        while number >= value {
            word.push_str(letters);
            number -= value;
        }
    }
    word
}

/// A part, a section or an item before it is added to the tree.
struct Item {
    row: u32,
    mark: Mark,
    code: String,
    title: String,
    points: Option<Points>,
    evidence: bool,
    note: Option<String>,
    children: Vec<usize>,
    levels: Vec<Choice>,
}

fn cell(row: &Row, column: usize) -> &Cell {
    row.cells.get(column).unwrap_or(&Cell::Empty)
}

struct Reader<'a> {
    grid: &'a Grid,
    columns: &'a Columns,
    items: Vec<Item>,
    roots: Vec<usize>,
    /// The possible parents of the next item, outermost first.
    open: Vec<usize>,
    total: Option<(Points, u32)>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

/// Reads the rows below the headings. Those above may contain the title.
pub fn read(grid: &Grid, headings: usize, columns: &Columns) -> Result<Table, Vec<Fault>> {
    let mut reader = Reader {
        grid,
        columns,
        items: Vec::new(),
        roots: Vec::new(),
        open: Vec::new(),
        total: None,
        faults: Vec::new(),
        warnings: Vec::new(),
    };
    for row in grid.rows.iter().skip(headings + 1) {
        if reader.faults.len() >= MAX_FAULTS {
            break;
        }
        reader.row(row);
    }
    reader.table(heading(grid.rows.iter().take(headings)))
}

/// Reads the rows above the headings: the title with its year, and the legal basis.
fn heading<'a>(rows: impl Iterator<Item = &'a Row>) -> Heading {
    let mut heading = Heading::default();
    for cell in rows.flat_map(|row| &row.cells) {
        let shown = cell.shown();
        let lower = shown.to_lowercase();
        if heading.title.is_none() && ["bảng", "tiêu chí", "thang", "biểu"].iter().any(|start| lower.starts_with(start))
        {
            heading.title = Some(shown.to_owned());
        }
        if lower.starts_with(&LEGAL_BASIS.to_lowercase()) {
            let basis = shown.chars().skip(LEGAL_BASIS.chars().count()).collect::<String>();
            heading.legal_basis = Some(basis.trim_end_matches(')').to_owned());
        }
    }
    let words = heading.title.iter().flat_map(|title| title.split(|c: char| !c.is_ascii_digit()));
    heading.year = words
        .filter(|word| word.len() == 4)
        .find_map(|word| word.parse().ok().filter(|year| (2000..=2100).contains(year)));
    heading
}

impl Reader<'_> {
    fn fault(&mut self, row: &Row, column: usize, code: Code) {
        let got = in_short(cell(row, column).shown());
        self.faults.push(at_cell(self.grid, row.number, column, code).with("got", got));
    }

    fn warn(&mut self, row: u32, code: Code) -> usize {
        self.warnings.push(at_cell(self.grid, row, self.columns.text, code));
        self.warnings.len() - 1
    }

    fn points(&mut self, row: &Row) -> Option<Points> {
        let column = self.columns.points;
        let read = decimal(cell(row, column), true);
        match read.and_then(|number| number.as_ref().map(Decimal::points).transpose()) {
            Ok(points) => points,
            Err(code) => {
                self.fault(row, column, code);
                None
            }
        }
    }

    fn row(&mut self, row: &Row) {
        let (number, text) = (cell(row, self.columns.number), cell(row, self.columns.text));
        let has_points = *cell(row, self.columns.points) != Cell::Empty;
        // The headings are repeated on every printed page.
        if Columns::of(row).is_some() || (*number == Cell::Empty && *text == Cell::Empty && !has_points) {
            return;
        }
        let title = bare(text.shown());
        let begins_total = |shown: &str| TOTAL.iter().any(|start| shown.to_lowercase().starts_with(start));
        let mark = mark(number.shown());
        if mark.is_none() && (begins_total(&title) || begins_total(number.shown())) {
            self.total = self.points(row).map(|points| (points, row.number));
            return;
        }
        if self.total.is_some() && mark.is_none() {
            // Signatures follow the total.
            return;
        }
        // The previous total was that of a part.
        self.total = None;
        match mark {
            Some(_) if title.is_empty() => self.fault(row, self.columns.text, Code::Required),
            Some(mark) => {
                let mark = self.resolved(mark);
                self.item(row, mark, title);
            }
            None if !matches!(number.shown(), "" | "-" | "–" | "+" | "*") => {
                self.fault(row, self.columns.number, Code::RowNumberUnreadable);
            }
            None if title.is_empty() => self.fault(row, self.columns.text, Code::Required),
            None if has_points => self.level(row, title),
            None => self.join(row, &title),
        }
    }

    /// Decides whether a letter that is also a Roman numeral is a part or a section: a part if it is the next part,
    /// unless it is the next section as well.
    fn resolved(&self, mark: Mark) -> Mark {
        let Mark::Letter(letter) = mark else {
            return mark;
        };
        let Some(value) = roman(&letter.to_string()) else {
            return mark;
        };
        let next_part = u32::try_from(self.roots.len()).ok().and_then(|parts| char::from_u32(u32::from('A') + parts));
        let part = self.open.first().and_then(|part| self.items.get(*part));
        let sections = part.map_or(0, |part| part.children.len());
        let is_next_section = usize::try_from(value) == Ok(sections + 1);
        if next_part == Some(letter) && !is_next_section { Mark::Letter(letter) } else { Mark::Roman(value) }
    }

    fn item(&mut self, row: &Row, mark: Mark, title: String) {
        if self.roots.is_empty() && mark.rank() > 0 {
            self.implied_part(row.number);
        }
        let rank = mark.rank();
        while self.open.last().and_then(|open| self.items.get(*open)).is_some_and(|open| open.mark.rank() >= rank) {
            self.open.pop();
        }
        let parent = self.open.last().copied();
        let above = parent.and_then(|parent| self.items.get(parent));
        let (prefix, word) = (above.map_or("", |above| &above.code), word(&mark, above.map(|above| &above.mark)));
        let code = if prefix.is_empty() { word } else { format!("{prefix}.{word}") };
        self.check_order(row, &mark, parent);
        let points = self.points(row);
        let evidence = self.columns.evidence.map(|column| cell(row, column).shown().to_lowercase());
        let note = self.columns.note.map(|column| cell(row, column).shown().to_owned());
        let at = self.items.len();
        self.items.push(Item {
            row: row.number,
            mark,
            code,
            title,
            points,
            evidence: evidence.is_some_and(|shown| matches!(shown.as_str(), "x" | "có" | "true" | "1")),
            note: note.filter(|note| !note.is_empty()),
            children: Vec::new(),
            levels: Vec::new(),
        });
        match parent.and_then(|parent| self.items.get_mut(parent)) {
            Some(parent) => parent.children.push(at),
            None => self.roots.push(at),
        }
        self.open.push(at);
    }

    /// Adds a part of base points to a table without parts.
    fn implied_part(&mut self, row: u32) {
        self.warn(row, Code::PartImplied);
        self.roots.push(self.items.len());
        self.open = vec![self.items.len()];
        self.items.push(Item {
            row,
            mark: Mark::Letter('A'),
            code: "A".to_owned(),
            title: "ĐIỂM CHUẨN".to_owned(),
            points: None,
            evidence: false,
            note: None,
            children: Vec::new(),
            levels: Vec::new(),
        });
    }

    /// Warns about a number that does not follow its predecessor: a row may be missing.
    fn check_order(&mut self, row: &Row, mark: &Mark, parent: Option<usize>) {
        let siblings = match parent.and_then(|parent| self.items.get(parent)) {
            Some(parent) => parent.children.len(),
            None => self.roots.len(),
        };
        let expected = u32::try_from(siblings).unwrap_or(u32::MAX).saturating_add(1);
        let is_next = match mark {
            Mark::Letter(letter) => char::from_u32(u32::from('A') + expected - 1) == Some(*letter),
            Mark::Roman(value) => *value == expected,
            Mark::Number(numbers) => numbers.last() == Some(&expected),
            // Vietnamese lists are lettered a, b, c, d, đ, e.
            Mark::Small(_) => true,
        };
        if !is_next {
            let column = self.columns.number;
            let got = in_short(cell(row, column).shown());
            let fault = at_cell(self.grid, row.number, column, Code::NumberingGap);
            self.warnings.push(fault.with("got", got).with("expected", expected));
        }
    }

    /// Reads a line without a number but with points: a level of the item above.
    fn level(&mut self, row: &Row, title: String) {
        let points = self.points(row);
        let takes = |last: &&mut Item| last.mark.rank() > 0 && last.levels.len() < MAX_ROWS;
        let last = self.items.last_mut().filter(takes);
        match (last, points) {
            (Some(last), Some(points)) => {
                let code = slug(&title, &last.levels);
                last.levels.push(Choice { code, title, points });
            }
            (None, _) => self.fault(row, self.columns.number, Code::RowOutOfPlace),
            (Some(_), None) => {}
        }
    }

    /// Appends a line without a number and without points to the text above.
    fn join(&mut self, row: &Row, title: &str) {
        if let Some(last) = self.items.last_mut() {
            last.title.push(' ');
            last.title.push_str(title);
            self.warn(row.number, Code::RowJoined);
        }
    }

    fn table(mut self, heading: Heading) -> Result<Table, Vec<Fault>> {
        let mut places = Places { sheet: self.grid.sheet.clone(), ..Places::default() };
        let mut parts = Vec::new();
        for (at, root) in self.roots.clone().into_iter().enumerate() {
            let pointer = format!("/parts/{at}");
            let children = self.children(root, &pointer, &mut places);
            let Some(item) = self.items.get(root) else {
                continue;
            };
            places.note(pointer, item.row);
            let lower = item.title.to_lowercase();
            let is_bonus = ["điểm thưởng", "điểm cộng"].iter().any(|word| lower.contains(word));
            let sum = children.iter().map(|child| child.max_points).sum::<Option<Points>>();
            let max_points = item.points.or(sum);
            if max_points.is_none() {
                let fault = at_cell(self.grid, item.row, self.columns.points, Code::Required);
                self.faults.push(fault);
            }
            parts.push(Part {
                code: item.code.clone(),
                title: item.title.clone(),
                kind: if is_bonus { PartKind::Bonus } else { PartKind::Base },
                max_points: max_points.unwrap_or_default(),
                note: item.note.clone(),
                children,
                ..Part::default()
            });
        }
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        if let Some((_, row)) = self.total {
            places.note("/total_points", row);
        }
        let sum = parts.iter().map(|part| part.max_points).sum();
        let total_points = self.total.map_or(sum, |(total, _)| total);
        self.warnings.sort_by_key(|warning| warning.params.get("row").and_then(serde_json::Value::as_u64));
        Ok(Table {
            shape: Shape::Office,
            heading,
            total_points,
            parts,
            limits: Vec::new(),
            warnings: self.warnings,
            places,
        })
    }

    fn children(&mut self, of: usize, pointer: &str, places: &mut Places) -> Vec<Node> {
        let children = self.items.get(of).map(|item| item.children.clone()).unwrap_or_default();
        let mut nodes = Vec::with_capacity(children.len());
        for (at, child) in children.into_iter().enumerate() {
            let pointer = format!("{pointer}/children/{at}");
            let below = self.children(child, &pointer, places);
            let Some(item) = self.items.get_mut(child) else {
                continue;
            };
            places.note(pointer, item.row);
            let levels = std::mem::take(&mut item.levels);
            let best = levels.iter().map(|level| level.points).max();
            let max_points = item.points.or(best);
            let guessed = if levels.is_empty() {
                max_points.and_then(|_| Rule::from_phrase(&item.title))
            } else {
                Some(LevelsRule { levels }.into())
            };
            let is_criterion = below.is_empty();
            if !is_criterion && matches!(guessed, Some(Rule::Levels(_))) {
                let fault = at_cell(self.grid, item.row, self.columns.text, Code::RowOutOfPlace);
                self.faults.push(fault);
                continue;
            }
            nodes.push(Node {
                code: item.code.clone(),
                title: item.title.clone(),
                max_points,
                note: item.note.clone(),
                evidence_required: item.evidence,
                children: below,
                rule: is_criterion.then(|| guessed.clone().unwrap_or(ManualRule::default().into())),
                ..Node::default()
            });
            let row = item.row;
            if let Some(rule) = guessed.filter(|_| is_criterion) {
                let at = self.warn(row, Code::RuleGuessed);
                if let Some(warning) = self.warnings.get_mut(at) {
                    warning.params.insert("rule".into(), rule.name().into());
                }
            }
        }
        nodes
    }
}

/// Removes the dash that precedes a list item.
fn bare(shown: &str) -> String {
    let rest = shown.strip_prefix(['-', '–', '+', '•']).filter(|rest| rest.starts_with(char::is_whitespace));
    rest.unwrap_or(shown).trim().to_owned()
}

/// Returns what a number adds to the code of its parent.
fn word(mark: &Mark, above: Option<&Mark>) -> String {
    match mark {
        Mark::Letter(letter) | Mark::Small(letter) => letter.to_string(),
        Mark::Roman(value) => in_roman(*value),
        Mark::Number(numbers) => {
            // 1.2 under 1 adds 2; under a section it adds both.
            let known = match above {
                Some(Mark::Number(above)) if numbers.starts_with(above) => above.len(),
                _ => 0,
            };
            numbers.iter().skip(known).map(ToString::to_string).collect::<Vec<_>>().join(".")
        }
    }
}

/// Returns a code for a level from its text: letters without diacritics, words joined by `_`, unique among the previous
/// ones.
fn slug(title: &str, before: &[Choice]) -> String {
    let plain = title.to_lowercase().replace('đ', "d");
    let plain: String = plain.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let words: Vec<&str> = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let stem: String = words.join("_").chars().take(40).collect();
    let stem = if stem.is_empty() { "muc".to_owned() } else { stem.trim_end_matches('_').to_owned() };
    let taken: HashSet<&str> = before.iter().map(|choice| choice.code.as_str()).collect();
    let numbered = |n: usize| if n == 1 { stem.clone() } else { format!("{stem}_{n}") };
    // One more suffix than there are levels is enough.
    (1..=before.len() + 1).map(numbered).find(|code| !taken.contains(code.as_str())).unwrap_or_default()
}

/// Writes a criteria set, with its title above the headings.
pub fn write(content: &CriteriaContent) -> Vec<Vec<Cell>> {
    let mut rows = vec![vec![Cell::Empty, Cell::text(&content.title)]];
    if let Some(basis) = &content.legal_basis {
        rows.push(vec![Cell::Empty, Cell::text(format!("{LEGAL_BASIS}{basis})"))]);
    }
    rows.push(HEADINGS.map(Cell::text).to_vec());
    for part in &content.parts {
        rows.push(row(&part.code, &part.title, Some(part.max_points), false, part.note.as_deref()));
        write_nodes(&part.children, &mut rows);
    }
    rows.push(row("", "TỔNG ĐIỂM", Some(content.total_points), false, None));
    rows
}

fn row(number: &str, title: &str, points: Option<Points>, evidence: bool, note: Option<&str>) -> Vec<Cell> {
    let points = points.map_or(Cell::Empty, Cell::from);
    let evidence = if evidence { Cell::text("x") } else { Cell::Empty };
    vec![Cell::text(number), Cell::text(title), points, evidence, note.map_or(Cell::Empty, Cell::text)]
}

fn write_nodes(nodes: &[Node], rows: &mut Vec<Vec<Cell>>) {
    for node in nodes {
        let number = node.code.rsplit('.').next().unwrap_or_default();
        rows.push(row(number, &node.title, node.max_points, node.evidence_required, node.note.as_deref()));
        if let Some(Rule::Levels(LevelsRule { levels })) = &node.rule {
            rows.extend(levels.iter().map(|level| row("", &level.title, Some(level.points), false, None)));
        }
        write_nodes(&node.children, rows);
    }
}

#[cfg(test)]
mod tests;
