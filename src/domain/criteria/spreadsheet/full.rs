//! The full layout: a row for the criteria set, for each part, section and criterion, for each level, band, step, option or
//! case of a rule, and for each limit.

use super::{Cell, Grid, Heading, MAX_FAULTS, Places, Row, Shape, Table};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::{
    Combine, CriteriaContent, Limit, MAX_DEPTH, Node, NotApplicable, Part, PartKind, ScoredBy,
};
use crate::domain::criteria::rules::Rule;
use crate::domain::criteria::sheet_row::{About, Columns, HEADINGS, Line, Written};
use crate::error::{Code, Fault};

/// The words for what a row describes. A criterion is recognised by its rule; `section` and `criterion` only help the
/// reader.
const ABOUT: [(&str, About); 12] = [
    ("set", About::Set),
    ("part", About::Part),
    ("section", About::Node),
    ("criterion", About::Node),
    ("level", About::Level),
    ("band", About::Band),
    ("step", About::Step),
    ("option", About::Option),
    ("ratio", About::Ratio),
    ("over", About::Over),
    ("case", About::Case),
    ("limit", About::Limit),
];

const KINDS: [(&str, PartKind); 3] =
    [("base", PartKind::Base), ("bonus", PartKind::Bonus), ("penalty", PartKind::Penalty)];
const COMBINES: [(&str, Combine); 3] =
    [("sum", Combine::Sum), ("capped_sum", Combine::CappedSum), ("highest", Combine::Highest)];
const SCORERS: [(&str, ScoredBy); 2] = [("unit", ScoredBy::Unit), ("standing_body", ScoredBy::StandingBody)];
/// The word for no floor.
const NO_FLOOR: &str = "none";
const POLICIES: [(&str, NotApplicable); 5] = [
    ("refused", NotApplicable::Refused),
    ("excluded", NotApplicable::Excluded),
    ("rescaled", NotApplicable::Rescaled),
    ("rescaled_total", NotApplicable::RescaledTotal),
    ("full_points", NotApplicable::FullPoints),
];
/// A criteria set while it is read.
struct Reader {
    heading: Heading,
    total_points: Option<Points>,
    parts: Vec<Part>,
    limits: Vec<Limit>,
    /// Indices of the node read last, below its part: one for each depth.
    path: Vec<usize>,
    places: Places,
    faults: Vec<Fault>,
}

/// Reads the rows below the headings.
pub fn read(grid: &Grid, headings: usize, columns: &Columns) -> Result<Table, Vec<Fault>> {
    let mut reader = Reader {
        heading: Heading::default(),
        total_points: None,
        parts: Vec::new(),
        limits: Vec::new(),
        path: Vec::new(),
        places: Places { sheet: grid.sheet.clone(), ..Places::default() },
        faults: Vec::new(),
    };
    for row in grid.rows.iter().skip(headings + 1) {
        if reader.faults.len() >= MAX_FAULTS {
            break;
        }
        reader.row(grid, columns, row);
    }
    let Reader { heading, total_points, parts, limits, places, faults, .. } = reader;
    if !faults.is_empty() {
        return Err(faults.into_iter().take(MAX_FAULTS).collect());
    }
    let total_points = total_points.unwrap_or_else(|| parts.iter().map(|part| part.max_points).sum());
    Ok(Table {
        shape: Shape::Full,
        heading,
        total_points,
        parts,
        limits,
        skipped: Vec::new(),
        warnings: Vec::new(),
        places,
    })
}

impl Reader {
    fn row(&mut self, grid: &Grid, columns: &Columns, row: &Row) {
        let mut faults = std::mem::take(&mut self.faults);
        let mut line = Line::new(grid, columns, row, &mut faults);
        let about = line.word("row", &ABOUT);
        match about {
            Some(About::Set) => self.set(&mut line),
            Some(About::Part) => self.part(&mut line),
            Some(About::Node) => self.node(&mut line),
            Some(About::Limit) => self.limit(&mut line),
            Some(about) => self.choice(&mut line, about),
            None => {
                line.need::<String>("row", None);
                // The cells of an unknown kind of row cannot be interpreted.
                line.take_all();
            }
        }
        line.close();
        self.faults = faults;
    }

    fn set(&mut self, line: &mut Line) {
        if self.heading.code.is_some() || !self.parts.is_empty() {
            line.take_all();
            return line.fault("row", Code::RowOutOfPlace, &[]);
        }
        let year = line.number("year", |year| {
            year.scaled(0, 9_999).ok().and_then(|year| i32::try_from(year).ok()).ok_or(Code::NumberOutOfRange)
        });
        self.heading = Heading {
            code: line.text("code"),
            title: line.text("title"),
            year,
            legal_basis: line.text("note"),
            not_applicable: line.word("not_applicable", &POLICIES).unwrap_or_default(),
            minimum_total: line.points("min_points").unwrap_or_default(),
        };
        self.total_points = line.points("max_points");
        for pointer in ["/code", "/title", "/year", "/legal_basis", "/total_points"] {
            self.places.note(pointer, line.row_number());
        }
    }

    fn part(&mut self, line: &mut Line) {
        line.cell("depth");
        let kind = line.word("kind", &KINDS);
        if kind.is_none() {
            line.need::<String>("kind", None);
        }
        let part = Part {
            code: line.needed_text("code"),
            title: line.needed_text("title"),
            kind: kind.unwrap_or(PartKind::Base),
            max_points: line.needed_points("max_points"),
            min_points: min_points(line),
            combine: line.word("combine", &COMBINES).unwrap_or_default(),
            max_deduction: line.points("max_deduction"),
            not_applicable: line.word("not_applicable", &POLICIES),
            note: line.text("note"),
            children: Vec::new(),
        };
        self.places.note(format!("/parts/{}", self.parts.len()), line.row_number());
        self.parts.push(part);
        self.path.clear();
    }

    fn node(&mut self, line: &mut Line) {
        let depth = line.count("depth");
        line.need("depth", depth);
        let node = Node {
            code: line.needed_text("code"),
            title: line.needed_text("title"),
            max_points: line.points("max_points"),
            min_points: min_points(line),
            bonus_max_points: line.points("bonus_max_points"),
            combine: line.word("combine", &COMBINES).unwrap_or_default(),
            max_deduction: line.points("max_deduction"),
            scored_by: line.word("scored_by", &SCORERS).unwrap_or_default(),
            not_applicable: line.word("not_applicable", &POLICIES),
            note: line.text("note"),
            evidence_required: line.flag("evidence_required"),
            children: Vec::new(),
            rule: rule(line),
        };
        let Some(depth) = depth.and_then(|depth| usize::try_from(depth).ok()) else {
            return;
        };
        if self.parts.is_empty() || depth == 0 || depth > MAX_DEPTH.min(self.path.len() + 1) {
            let deepest = if self.parts.is_empty() { 0 } else { MAX_DEPTH.min(self.path.len() + 1) };
            line.fault("depth", Code::DepthInvalid, &[("got", depth.into()), ("max", deepest.into())]);
            return;
        }
        self.path.truncate(depth - 1);
        let Some(siblings) = self.children() else {
            return;
        };
        let at = siblings.len();
        siblings.push(node);
        self.path.push(at);
        let pointer = self.path.iter().map(|at| format!("/children/{at}"));
        let pointer = format!("/parts/{}{}", self.parts.len() - 1, pointer.collect::<String>());
        self.places.note(pointer, line.row_number());
    }

    /// Returns the children of the current node.
    fn children(&mut self) -> Option<&mut Vec<Node>> {
        let mut children = &mut self.parts.last_mut()?.children;
        for at in &self.path {
            children = &mut children.get_mut(*at)?.children;
        }
        Some(children)
    }

    fn limit(&mut self, line: &mut Line) {
        let criteria = line.needed_text("criteria");
        let limit = Limit {
            code: line.needed_text("code"),
            title: line.needed_text("title"),
            criteria: criteria.split(';').map(|code| code.trim().to_owned()).collect(),
            max_deduction: line.points("max_deduction"),
            max_award: line.points("max_points"),
        };
        self.places.note(format!("/limits/{}", self.limits.len()), line.row_number());
        self.limits.push(limit);
        self.path.clear();
    }

    /// Reads a row of the list of the rule above.
    fn choice(&mut self, line: &mut Line, about: About) {
        let last = self.path.last().copied();
        let above: Vec<usize> = self.path.iter().copied().take(self.path.len().saturating_sub(1)).collect();
        let path = std::mem::replace(&mut self.path, above);
        let rule = last.and_then(|last| self.children()?.get_mut(last)?.rule.as_mut());
        if !rule.is_some_and(|rule| rule.take_row(about, line)) {
            line.take_all();
            line.fault("row", Code::RowOutOfPlace, &[]);
        }
        self.path = path;
    }
}

/// Reads the fewest points of a row.
fn min_points(line: &mut Line) -> Option<Option<Points>> {
    if line.cell("min_points").shown().eq_ignore_ascii_case(NO_FLOOR) {
        return Some(None);
    }
    line.points("min_points").map(Some)
}

/// Writes the fewest points of a row.
fn with_min_points(row: Written, min_points: Option<Option<Points>>) -> Written {
    match min_points {
        Some(Some(points)) => row.with("min_points", points),
        Some(None) => row.text("min_points", NO_FLOOR),
        None => row,
    }
}

/// Writes a word unless it is the usual one.
fn with_word<T: PartialEq + Default>(row: Written, heading: &str, known: &[(&'static str, T)], value: &T) -> Written {
    if *value == T::default() { row } else { row.text(heading, word_of(known, value)) }
}

/// Reads the rule of a row, without its list.
fn rule(line: &mut Line) -> Option<Rule> {
    let known: Vec<(&str, &str)> = Rule::NAMES.iter().map(|name| (*name, *name)).collect();
    let name = line.word("rule", &known)?;
    Rule::from_row(name, line)
}

fn word_of<T: PartialEq>(known: &[(&'static str, T)], value: &T) -> &'static str {
    known.iter().find(|(_, other)| other == value).map_or("", |(word, _)| word)
}

/// Returns the columns that take one of a few words, with the words.
pub fn word_lists() -> [(&'static str, Vec<&'static str>); 6] {
    fn words<T>(known: &[(&'static str, T)]) -> Vec<&'static str> {
        known.iter().map(|(word, _)| *word).collect()
    }
    [
        ("row", words(&ABOUT)),
        ("kind", words(&KINDS)),
        ("rule", Rule::NAMES.to_vec()),
        ("combine", words(&COMBINES)),
        ("scored_by", words(&SCORERS)),
        ("not_applicable", words(&POLICIES)),
    ]
}

/// Writes a criteria set, headings first.
pub fn write(content: &CriteriaContent) -> Vec<Vec<Cell>> {
    let mut rows = vec![HEADINGS.iter().map(|heading| Cell::text(*heading)).collect()];
    let set = Written::new("set").text("code", &content.code).text("title", &content.title);
    let set = set.with("max_points", content.total_points).with("year", Cell::Number(content.year.to_string()));
    let set = set.optional("note", content.legal_basis.as_deref().map(Cell::text));
    let set = set.optional("min_points", Some(content.minimum_total).filter(|points| *points != Points::ZERO));
    rows.push(set.text("not_applicable", word_of(&POLICIES, &content.not_applicable)).cells());
    for part in &content.parts {
        let row = Written::new("part").with("depth", 0_u32).text("code", &part.code).text("title", &part.title);
        let row = row.text("kind", word_of(&KINDS, &part.kind)).with("max_points", part.max_points);
        let row = with_min_points(row.optional("max_deduction", part.max_deduction), part.min_points);
        let row = with_word(row, "combine", &COMBINES, &part.combine);
        let row = with_form(row, part.not_applicable);
        rows.push(row.optional("note", part.note.as_deref().map(Cell::text)).cells());
        write_nodes(&part.children, 1, &mut rows);
    }
    for limit in &content.limits {
        let row = Written::new("limit").text("code", &limit.code).text("title", &limit.title);
        let row = row.optional("max_deduction", limit.max_deduction).optional("max_points", limit.max_award);
        rows.push(row.text("criteria", &limit.criteria.join("; ")).cells());
    }
    rows
}

fn with_form(row: Written, not_applicable: Option<NotApplicable>) -> Written {
    row.optional("not_applicable", not_applicable.map(|form| Cell::text(word_of(&POLICIES, &form))))
}

fn write_nodes(nodes: &[Node], depth: u32, rows: &mut Vec<Vec<Cell>>) {
    for node in nodes {
        let row = Written::new(if node.rule.is_some() { "criterion" } else { "section" });
        let row = row.with("depth", depth).text("code", &node.code).text("title", &node.title);
        let row = row.optional("max_points", node.max_points).optional("note", node.note.as_deref().map(Cell::text));
        let row = row.optional("evidence_required", node.evidence_required.then(Written::yes));
        let row = row.optional("bonus_max_points", node.bonus_max_points).optional("max_deduction", node.max_deduction);
        let row = with_word(with_min_points(row, node.min_points), "combine", &COMBINES, &node.combine);
        let row = with_form(with_word(row, "scored_by", &SCORERS, &node.scored_by), node.not_applicable);
        match &node.rule {
            Some(rule) => write_rule(rule, row, rows),
            None => rows.push(row.cells()),
        }
        write_nodes(&node.children, depth + 1, rows);
    }
}

fn write_rule(rule: &Rule, row: Written, rows: &mut Vec<Vec<Cell>>) {
    let (row, below) = rule.rows(row.text("rule", rule.name()));
    rows.push(row.cells());
    rows.extend(below.into_iter().map(Written::cells));
}

#[cfg(test)]
pub mod tests;
