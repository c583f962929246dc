//! The office layout: the columns of the printed table, with parts A and B, Roman sections, numbered items, and a blank
//! cell where items share points.
//!
//! Read in stages: what the columns mean (`columns`), what each row is (`marks`, `lines`), the tree, and rules told from
//! phrases (`phrases`). Whatever is no criterion is named in `skipped` with its reason, and whatever was a judgement is a warning.

mod columns;
mod lines;
mod marks;
mod phrases;

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Cell, Grid, Heading, MAX_FAULTS, Places, Row, Shape, SkipReason, Skipped, Table};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::{CriteriaContent, Node, Part, PartKind};
use crate::domain::criteria::grid::{at_cell, column_letters, figure, in_short};
use crate::domain::criteria::rules::{Choice, DeductionPerCaseRule, LevelsRule, MAX_ROWS, ManualRule, Rule};
use crate::domain::points::Decimal;
use crate::domain::text::TITLE_CHARS;
use crate::error::{Code, Fault};
pub use columns::Columns;
use columns::plain;
use lines::{Ending, ending, is_sum, is_total};
use marks::{Mark, in_roman, mark, roman};
use phrases::Phrase;

/// The headings as they are written.
const HEADINGS: [&str; 5] = ["STT", "NỘI DUNG", "ĐIỂM", "MINH CHỨNG", "GHI CHÚ"];
const LEGAL_BASIS: &str = "(Kèm theo ";

/// A line below an item that has points and no number: a level of it, or a part of it.
struct Line {
    row: u32,
    title: String,
    points: Points,
}

/// A part, a section or an item before it is added to the tree.
struct Item {
    row: u32,
    mark: Mark,
    code: String,
    title: String,
    points: Option<Points>,
    evidence: bool,
    notes: Vec<String>,
    /// How to score it, from a column of its own.
    rule: Option<String>,
    children: Vec<usize>,
    lines: Vec<Line>,
}

/// A sum that is printed below the items of a section.
struct Sum {
    row: u32,
    text: String,
    points: Option<Points>,
    /// The items that were open when it was read, outermost first.
    open: Vec<usize>,
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
    sums: Vec<Sum>,
    total: Option<(Points, u32)>,
    /// What the rows are once the table has ended.
    ended: Option<SkipReason>,
    skipped: Vec<Skipped>,
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
        sums: Vec::new(),
        total: None,
        ended: None,
        skipped: Vec::new(),
        faults: Vec::new(),
        warnings: Vec::new(),
    };
    for (column, heading) in &columns.others {
        let reason = match grid.hidden_columns.contains(column) {
            true => SkipReason::Hidden,
            false => SkipReason::OtherColumn,
        };
        reader.skip_column(*column, reason, heading);
    }
    for row in grid.rows.iter().skip(headings + columns.rows) {
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
        let lower = plain(shown);
        if heading.title.is_none() && ["bảng", "tiêu chí", "thang", "biểu"].iter().any(|start| lower.starts_with(start))
        {
            heading.title = Some(shown.to_owned());
        }
        if lower.starts_with(&plain(LEGAL_BASIS)) {
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

    /// Names a row that is left out, with its words.
    fn skip(&mut self, row: &Row, reason: SkipReason) {
        let text = row.cells.iter().map(Cell::shown).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" | ");
        self.skipped.push(Skipped {
            sheet: self.grid.sheet.clone(),
            row: Some(row.number),
            column: None,
            reason,
            text: in_short(&text),
        });
    }

    fn skip_column(&mut self, column: usize, reason: SkipReason, heading: &str) {
        self.skipped.push(Skipped {
            sheet: self.grid.sheet.clone(),
            row: None,
            column: Some(column_letters(column)),
            reason,
            text: heading.to_owned(),
        });
    }

    fn points(&mut self, row: &Row) -> Option<Points> {
        let column = self.columns.points;
        // One cell beside several items is what they share; their section has it.
        let shared = |(at, first, last): &(usize, u32, u32)| *at == column && (*first..=*last).contains(&row.number);
        if self.grid.merged_down.iter().any(shared) {
            self.warn(row.number, Code::PointsMerged);
            return None;
        }
        let read = figure(cell(row, column));
        match read.and_then(|number| number.as_ref().map(Decimal::points).transpose()) {
            Ok(points) => points,
            Err(code) => {
                self.fault(row, column, code);
                None
            }
        }
    }

    /// Refuses cells beyond the headings: the separator of a file may have cut a number in two.
    fn check_width(&mut self, row: &Row) {
        let beyond = row.cells.iter().enumerate().skip(self.columns.end).filter(|(_, cell)| **cell != Cell::Empty);
        for column in beyond.map(|(column, _)| column).collect::<Vec<_>>() {
            self.fault(row, column, Code::CellBeyondHeadings);
        }
    }

    fn row(&mut self, row: &Row) {
        let (number, text) = (cell(row, self.columns.number), cell(row, self.columns.text));
        if row.hidden {
            return self.skip(row, SkipReason::Hidden);
        }
        if row.struck {
            return self.skip(row, SkipReason::StruckOut);
        }
        if self.columns.is_repeated_in(row) {
            if self.total.is_some() || self.ended.is_some() {
                let fault = at_cell(self.grid, row.number, self.columns.number, Code::SecondTable);
                self.faults.push(fault);
                self.ended = Some(SkipReason::OtherTable);
            }
            return self.skip(row, SkipReason::RepeatedHeading);
        }
        if let Some(reason) = self.ended {
            let said = if text.shown().is_empty() { number.shown() } else { text.shown() };
            let reason = match ending(said) {
                Some(Ending::Signatures) if reason == SkipReason::NoteBelow => SkipReason::Signature,
                _ => reason,
            };
            self.ended = Some(reason);
            return self.skip(row, reason);
        }
        let has_points = *cell(row, self.columns.points) != Cell::Empty;
        let title = bare(text.shown());
        let mark = mark(number.shown());
        if mark.is_none() {
            // What is merged over number and text stands in the first of the two.
            let said = if title.is_empty() { number.shown().to_owned() } else { title.clone() };
            if is_sum(&said) || (number.shown() != "" && is_sum(number.shown())) {
                return self.sum(row, &said);
            }
            let ends = ending(&said).filter(|_| !has_points);
            if ends.is_some() || self.total.is_some() {
                let reason = match ends {
                    Some(Ending::Signatures) => SkipReason::Signature,
                    Some(Ending::Notes) | None => SkipReason::NoteBelow,
                };
                self.ended = Some(reason);
                return self.skip(row, reason);
            }
        }
        if *number == Cell::Empty && *text == Cell::Empty && !has_points {
            if row.cells.iter().any(|cell| *cell != Cell::Empty) {
                self.skip(row, SkipReason::NoText);
            }
            return;
        }
        self.check_width(row);
        // The previous total was that of a part.
        if let Some((_, total_row)) = self.total.take() {
            self.warn(total_row, Code::SubtotalLeftOut);
        }
        if text.shown().chars().count() > TITLE_CHARS {
            self.faults
                .push(at_cell(self.grid, row.number, self.columns.text, Code::TextTooLong).with("max", TITLE_CHARS));
        }
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
            None if has_points => self.line(row, title),
            None => self.join(row, &title),
        }
    }

    /// Reads a sum: that of the table, or of a section.
    fn sum(&mut self, row: &Row, text: &str) {
        let points = self.points(row);
        if is_total(text)
            && let Some(points) = points
        {
            if let Some((_, before)) = self.total.replace((points, row.number)) {
                self.warn(before, Code::SubtotalLeftOut);
            }
            self.skip(row, SkipReason::Total);
            return;
        }
        self.sums.push(Sum { row: row.number, text: text.to_owned(), points, open: self.open.clone() });
        self.skip(row, SkipReason::Subtotal);
    }

    /// Decides whether a letter that is also a Roman numeral is a part or a section: a part if it is the next part,
    /// unless it is the next section as well. A single i below a number is a small numeral.
    fn resolved(&self, mark: Mark) -> Mark {
        let follows_h = |open: &usize| self.items.get(*open).is_some_and(|item| item.mark == Mark::Small('h'));
        if mark == Mark::Small('i') && !self.open.iter().any(follows_h) {
            return Mark::SmallRoman(1);
        }
        if let (Mark::Bracketed(number), Some(last)) = (&mark, self.open.last().and_then(|open| self.items.get(*open)))
            && !matches!(last.mark, Mark::Small(_) | Mark::SmallRoman(_) | Mark::Bracketed(_))
        {
            return Mark::Number(vec![*number]);
        }
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
        let (mut evidence, mut notes) = (false, Vec::new());
        for column in &self.columns.evidence {
            let shown = cell(row, *column).shown();
            let is_mark = matches!(plain(shown).as_str(), "x" | "có" | "true" | "1");
            evidence |= is_mark;
            notes.extend((!shown.is_empty() && !is_mark).then(|| shown.to_owned()));
        }
        let texts = |columns: &[usize]| {
            columns.iter().map(|column| cell(row, *column).shown().to_owned()).filter(|text| !text.is_empty()).collect()
        };
        let rules: Vec<String> = texts(&self.columns.rules);
        notes.extend(rules.iter().cloned());
        notes.extend::<Vec<String>>(texts(&self.columns.notes));
        let rule = (!rules.is_empty()).then(|| rules.join("; "));
        let at = self.items.len();
        let (children, lines) = (Vec::new(), Vec::new());
        self.items.push(Item { row: row.number, mark, code, title, points, evidence, notes, rule, children, lines });
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
            notes: Vec::new(),
            rule: None,
            children: Vec::new(),
            lines: Vec::new(),
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
            Mark::Roman(value) | Mark::SmallRoman(value) | Mark::Bracketed(value) | Mark::Clause(value) => {
                *value == expected
            }
            Mark::Number(numbers) => numbers.last() == Some(&expected),
            // Vietnamese lists are lettered a, b, c, d, đ, e.
            Mark::Small(_) => true,
        };
        // A row that was hidden or struck out leaves a gap that is known.
        if !is_next && !self.skipped.iter().any(|skipped| skipped.reason.leaves_gap()) {
            let column = self.columns.number;
            let got = in_short(cell(row, column).shown());
            let fault = at_cell(self.grid, row.number, column, Code::NumberingGap);
            self.warnings.push(fault.with("got", got).with("expected", expected));
        }
    }

    /// Reads a line without a number but with points, which belongs to the item above.
    fn line(&mut self, row: &Row, title: String) {
        let points = self.points(row);
        let takes = |last: &&mut Item| last.mark.rank() > 0 && last.lines.len() < MAX_ROWS;
        let last = self.items.last_mut().filter(takes);
        match (last, points) {
            (Some(last), Some(points)) => last.lines.push(Line { row: row.number, title, points }),
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
        } else {
            self.skip(row, SkipReason::NoText);
        }
    }

    /// Makes the lines below an item its parts where they add up to its points, and leaves them as its levels where the best of them
    /// has its points. Nobody can know what others are.
    fn settle_lines(&mut self) {
        for at in 0..self.items.len() {
            let Some(item) = self.items.get_mut(at).filter(|item| !item.lines.is_empty() && item.children.is_empty())
            else {
                continue;
            };
            let sum: Points = item.lines.iter().map(|line| line.points).sum();
            let best = item.lines.iter().map(|line| line.points).max();
            let own = item.points;
            if own.is_none() || own == best {
                continue;
            }
            if own != Some(sum) {
                let rows: Vec<u32> = item.lines.iter().map(|line| line.row).collect();
                for row in rows {
                    let fault = at_cell(self.grid, row, self.columns.text, Code::LinesUnclear);
                    self.faults.push(fault.with("max", own).with("sum", sum));
                }
                continue;
            }
            let (lines, code, row) = (std::mem::take(&mut item.lines), item.code.clone(), item.row);
            for (number, line) in (1_u32..).zip(lines) {
                let child = self.items.len();
                self.items.push(Item {
                    row: line.row,
                    mark: Mark::Bracketed(number),
                    code: format!("{code}.{number}"),
                    title: line.title,
                    points: Some(line.points),
                    evidence: false,
                    notes: Vec::new(),
                    rule: None,
                    children: Vec::new(),
                    lines: Vec::new(),
                });
                if let Some(parent) = self.items.get_mut(at) {
                    parent.children.push(child);
                }
            }
            self.warn(row, Code::LinesAddedUp);
        }
    }

    /// Returns the points of a section: its own, or the sum of what is below it.
    fn points_of(&self, at: usize) -> Option<Points> {
        let item = self.items.get(at)?;
        let below = || item.children.iter().map(|child| self.points_of(*child)).sum::<Option<Points>>();
        item.points.or_else(|| below().filter(|_| !item.children.is_empty()))
    }

    /// Compares each printed sum with the sections that were open above it.
    fn check_sums(&mut self) {
        for Sum { row, text, points, open } in std::mem::take(&mut self.sums) {
            let sums: Vec<Points> = open.iter().filter_map(|at| self.points_of(*at)).collect();
            if points.is_none_or(|points| sums.contains(&points)) {
                continue;
            }
            let sum = sums.get(1).or(sums.first()).copied().unwrap_or_default();
            let fault = at_cell(self.grid, row, self.columns.points, Code::SubtotalMismatch);
            self.warnings.push(fault.with("got", in_short(&text)).with("declared", points).with("sum", sum));
        }
    }

    /// Whether a part or section takes points, as its words say.
    fn kind(title: &str) -> PartKind {
        let title = plain(title);
        let has = |words: &[&str]| words.iter().any(|word| title.contains(word));
        if has(&["điểm trừ", "bị trừ", "trừ điểm", "điểm phạt"]) {
            PartKind::Penalty
        } else if has(&["điểm thưởng", "điểm cộng", "cộng điểm", "thưởng điểm"]) {
            PartKind::Bonus
        } else {
            PartKind::Base
        }
    }

    /// Takes the sections of deductions and bonuses out of a part that was only implied: they are parts of their own.
    fn part_sections(&mut self) {
        let implied = self.warnings.iter().any(|warning| warning.code == Code::PartImplied);
        let Some(root) = self.roots.first().copied().filter(|_| implied && self.roots.len() == 1) else {
            return;
        };
        let sections = self.items.get(root).map(|item| item.children.clone()).unwrap_or_default();
        let apart = |at: &usize| self.items.get(*at).is_some_and(|item| Self::kind(&item.title) != PartKind::Base);
        let (apart, rest): (Vec<usize>, Vec<usize>) = sections.into_iter().partition(apart);
        if rest.is_empty() {
            return;
        }
        if let Some(part) = self.items.get_mut(root) {
            part.children = rest;
        }
        for (letter, at) in ('B'..='Z').zip(apart) {
            self.rename(at, &letter.to_string());
            self.roots.push(at);
            if let Some(row) = self.items.get(at).map(|item| item.row) {
                self.warn(row, Code::SectionMadePart);
            }
        }
    }

    /// Gives an item another code, and those below it the codes that follow from it.
    fn rename(&mut self, at: usize, code: &str) {
        let Some(item) = self.items.get_mut(at) else {
            return;
        };
        let before = std::mem::replace(&mut item.code, code.to_owned());
        for child in item.children.clone() {
            let own =
                self.items.get(child).map(|child| child.code.strip_prefix(&before).unwrap_or_default().to_owned());
            self.rename(child, &format!("{code}{}", own.unwrap_or_default()));
        }
    }

    fn table(mut self, heading: Heading) -> Result<Table, Vec<Fault>> {
        self.settle_lines();
        self.check_sums();
        self.part_sections();
        let mut places = Places { sheet: self.grid.sheet.clone(), ..Places::default() };
        let mut parts = Vec::new();
        for (at, root) in self.roots.clone().into_iter().enumerate() {
            let pointer = format!("/parts/{at}");
            let kind = self.items.get(root).map_or(PartKind::Base, |item| Self::kind(&item.title));
            let children = self.children(root, kind, &pointer, &mut places);
            let points = self.points_of(root);
            let Some(item) = self.items.get(root) else {
                continue;
            };
            places.note(pointer, item.row);
            let (row, own) = (item.row, item.points);
            let takes = kind == PartKind::Penalty;
            parts.push(Part {
                code: item.code.clone(),
                title: item.title.clone(),
                kind,
                max_points: points.filter(|_| !takes).unwrap_or_default(),
                min_points: own.filter(|_| takes).map(|points| Some(below_zero(points))),
                note: note(&item.notes),
                children,
                ..Part::default()
            });
            if takes {
                self.warn(row, Code::PenaltyRecognised);
            } else if points.is_none() {
                self.faults.push(at_cell(self.grid, row, self.columns.points, Code::Required));
            }
        }
        if parts.is_empty() && self.faults.is_empty() {
            self.faults.push(Fault::at("/file", Code::NoCriteria).with("sheet", self.grid.sheet.as_str()));
        }
        if !self.faults.is_empty() {
            self.faults.sort_by_key(|fault| fault.params.get("row").and_then(serde_json::Value::as_u64));
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
            skipped: self.skipped,
            warnings: self.warnings,
            places,
        })
    }

    fn children(&mut self, of: usize, kind: PartKind, pointer: &str, places: &mut Places) -> Vec<Node> {
        let children = self.items.get(of).map(|item| item.children.clone()).unwrap_or_default();
        let mut nodes = Vec::with_capacity(children.len());
        for (at, child) in children.into_iter().enumerate() {
            let pointer = format!("{pointer}/children/{at}");
            let below = self.children(child, kind, &pointer, places);
            let points = self.points_of(child);
            let Some(item) = self.items.get_mut(child) else {
                continue;
            };
            places.note(pointer, item.row);
            let (row, lines) = (item.row, std::mem::take(&mut item.lines));
            let is_criterion = below.is_empty();
            if !is_criterion && !lines.is_empty() {
                let fault = at_cell(self.grid, row, self.columns.text, Code::RowOutOfPlace);
                self.faults.push(fault);
                continue;
            }
            let mut levels: Vec<Choice> = Vec::new();
            for Line { title, points, .. } in lines {
                levels.push(Choice { code: slug(&title, &levels), title, points });
            }
            let max_points = points.or(levels.iter().map(|level| level.points).max());
            let told = match (&item.rule, max_points) {
                _ if !levels.is_empty() => Phrase::Rule(LevelsRule { levels }.into()),
                (Some(rule), max) => match phrases::read(rule, max) {
                    Phrase::None => Phrase::Unsure,
                    told @ (Phrase::Rule(_) | Phrase::Unsure) => told,
                },
                // Points that are shared are no maximum to reckon from.
                (None, None) => Phrase::None,
                (None, max) => phrases::read(&item.title, max),
            };
            let takes = kind == PartKind::Penalty;
            let least = max_points.map(below_zero);
            let rule = match told.clone() {
                Phrase::Rule(Rule::DeductionPerCase(rule)) if takes => {
                    Rule::DeductionPerCase(DeductionPerCaseRule { floor: least, ..rule })
                }
                // In a part of deductions other rules would have to be turned round.
                Phrase::Rule(rule) if !takes => rule,
                Phrase::Rule(_) | Phrase::Unsure | Phrase::None => ManualRule::default().into(),
            };
            let name = rule.name();
            let unsure = is_criterion && (matches!(told, Phrase::Unsure) || takes && name == "manual");
            let cap_told = matches!(told, Phrase::Unsure | Phrase::Rule(_));
            let own = item.points;
            nodes.push(Node {
                code: item.code.clone(),
                title: item.title.clone(),
                max_points: if takes { Some(Points::ZERO) } else { max_points },
                min_points: least.filter(|_| takes).map(Some),
                note: note(&item.notes),
                evidence_required: item.evidence,
                children: below,
                rule: is_criterion.then_some(rule),
                ..Node::default()
            });
            if !is_criterion && own.is_none() && max_points.is_some() {
                self.warn(row, Code::PointsSummed);
            }
            if unsure || !is_criterion && cap_told {
                self.warn(row, Code::RuleUnsure);
            } else if is_criterion && matches!(told, Phrase::Rule(_)) {
                let at = self.warn(row, Code::RuleGuessed);
                if let Some(warning) = self.warnings.get_mut(at) {
                    warning.params.insert("rule".into(), name.into());
                }
            }
        }
        nodes
    }
}

/// Returns what a figure of deductions takes at most: it is printed with a minus or without.
fn below_zero(points: Points) -> Points {
    points.min(-points)
}

fn note(notes: &[String]) -> Option<String> {
    (!notes.is_empty()).then(|| notes.join("\n"))
}

/// Removes the dash that precedes a list item.
fn bare(shown: &str) -> String {
    // No-break spaces and the letter that looks like Đ are what old keyboards typed.
    let shown = &shown.replace('\u{a0}', " ").replace('\u{d0}', "Đ").replace('\u{f0}', "đ");
    let rest = shown.strip_prefix(['-', '–', '+', '•']).filter(|rest| rest.starts_with(char::is_whitespace));
    rest.unwrap_or(shown).trim().to_owned()
}

/// Returns what a number adds to the code of its parent.
fn word(mark: &Mark, above: Option<&Mark>) -> String {
    match mark {
        Mark::Letter(letter) | Mark::Small(letter) => letter.to_string(),
        Mark::Roman(value) => in_roman(*value),
        Mark::SmallRoman(value) => in_roman(*value).to_lowercase(),
        Mark::Bracketed(number) | Mark::Clause(number) => number.to_string(),
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
        let points = printed(Some(part.max_points), part.min_points);
        rows.push(row(&part.code, &part.title, points, false, part.note.as_deref()));
        write_nodes(&part.children, &mut rows);
    }
    rows.push(row("", "TỔNG ĐIỂM", Some(content.total_points), false, None));
    rows
}

/// Returns the figure that is printed: what a part or criterion of deductions takes at most, where it has nothing to win.
fn printed(max: Option<Points>, min: Option<Option<Points>>) -> Option<Points> {
    if max == Some(Points::ZERO) { min.flatten() } else { max }
}

fn row(number: &str, title: &str, points: Option<Points>, evidence: bool, note: Option<&str>) -> Vec<Cell> {
    let points = points.map_or(Cell::Empty, Cell::from);
    let evidence = if evidence { Cell::text("x") } else { Cell::Empty };
    vec![Cell::text(number), Cell::text(title), points, evidence, note.map_or(Cell::Empty, Cell::text)]
}

fn write_nodes(nodes: &[Node], rows: &mut Vec<Vec<Cell>>) {
    for node in nodes {
        let number = node.code.rsplit('.').next().unwrap_or_default();
        let points = printed(node.max_points, node.min_points);
        rows.push(row(number, &node.title, points, node.evidence_required, node.note.as_deref()));
        if let Some(Rule::Levels(LevelsRule { levels })) = &node.rule {
            rows.extend(levels.iter().map(|level| row("", &level.title, Some(level.points), false, None)));
        }
        write_nodes(&node.children, rows);
    }
}

#[cfg(test)]
mod tests;
