//! A row of the full layout while it is read or written.

use serde_json::Value;

use crate::domain::criteria::grid::{Cell, Grid, Row, at_cell, decimal, in_short};
use crate::domain::points::Decimal;
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// The headings, in the order in which they are written. Parameters of rules have their JSON names.
pub const HEADINGS: [&str; 38] = [
    "row",
    "depth",
    "code",
    "title",
    "kind",
    "max_points",
    "max_deduction",
    "note",
    "evidence_required",
    "rule",
    "step",
    "points_per_case",
    "floor",
    "deduction",
    "start",
    "bonus_per_case",
    "penalty_per_case",
    "min",
    "target",
    "from",
    "to",
    "cases",
    "points",
    "year",
    "not_applicable",
    "min_points",
    "bonus_max_points",
    "combine",
    "scored_by",
    "max",
    "from_percent",
    "points_per_percent",
    "over_max",
    "per_count",
    "counting",
    "once",
    "limit",
    "criteria",
];

/// The words for yes and no.
const FLAGS: [(&str, bool); 6] =
    [("true", true), ("false", false), ("1", true), ("0", false), ("x", true), ("có", true)];

/// The headings that identify the layout.
const NEEDED: [&str; 4] = ["row", "code", "title", "max_points"];

/// The column of each heading.
pub struct Columns(Vec<(&'static str, usize)>);

impl Columns {
    /// Returns the columns of a row of headings, or `None` if it is not one.
    pub fn of(row: &Row) -> Option<Self> {
        let known = |(at, cell): (usize, &Cell)| {
            let shown = cell.shown().to_lowercase();
            HEADINGS.iter().find(|heading| **heading == shown).map(|heading| (*heading, at))
        };
        let columns: Vec<_> = row.cells.iter().enumerate().filter_map(known).collect();
        let has = |heading: &&str| columns.iter().any(|(known, _)| known == heading);
        NEEDED.iter().all(has).then_some(Columns(columns))
    }

    pub fn place(&self, heading: &str) -> Option<usize> {
        self.0.iter().find(|(known, _)| *known == heading).map(|(_, at)| *at)
    }
}

/// A row while it is read: the cells taken so far, and the faults.
pub struct Line<'a> {
    grid: &'a Grid,
    columns: &'a Columns,
    row: &'a Row,
    taken: Vec<&'static str>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Line<'a> {
    /// Starts reading a row.
    pub fn new(grid: &'a Grid, columns: &'a Columns, row: &'a Row, faults: &'a mut Vec<Fault>) -> Self {
        Line { grid, columns, row, taken: Vec::new(), faults }
    }

    /// Returns the number of the row in the sheet, from 1.
    pub fn row_number(&self) -> u32 {
        self.row.number
    }

    /// Marks every cell as taken.
    pub fn take_all(&mut self) {
        self.taken.extend(HEADINGS);
    }

    pub fn cell(&mut self, heading: &'static str) -> &'a Cell {
        self.taken.push(heading);
        let place = self.columns.place(heading);
        place.and_then(|at| self.row.cells.get(at)).unwrap_or(&Cell::Empty)
    }

    pub fn fault(&mut self, heading: &'static str, code: Code, figures: &[(&str, Value)]) {
        let column = self.columns.place(heading).unwrap_or_default();
        let fault = at_cell(self.grid, self.row.number, column, code).with("heading", heading);
        self.faults.push(figures.iter().fold(fault, |fault, (name, figure)| fault.with(name, figure.clone())));
    }

    pub fn text(&mut self, heading: &'static str) -> Option<String> {
        let shown = self.cell(heading).shown();
        (!shown.is_empty()).then(|| shown.to_owned())
    }

    /// Takes a number. A number that cannot be read is a fault.
    pub fn number<T>(&mut self, heading: &'static str, read: impl Fn(&Decimal) -> Result<T, Code>) -> Option<T> {
        let cell = self.cell(heading);
        match decimal(cell, false).and_then(|number| number.as_ref().map(&read).transpose()) {
            Ok(number) => number,
            Err(code) => {
                self.fault(heading, code, &[("got", in_short(cell.shown()).into())]);
                None
            }
        }
    }

    /// Takes points.
    pub fn points(&mut self, heading: &'static str) -> Option<Points> {
        self.number(heading, Decimal::points)
    }

    pub fn count(&mut self, heading: &'static str) -> Option<u32> {
        self.number(heading, |number| {
            number
                .scaled(0, i64::from(u32::MAX))
                .ok()
                .and_then(|count| u32::try_from(count).ok())
                .ok_or(Code::NumberOutOfRange)
        })
    }

    /// Requires a value. If it is missing, records a fault and returns a default.
    pub fn need<T: Default>(&mut self, heading: &'static str, value: Option<T>) -> T {
        let is_empty =
            self.columns.place(heading).and_then(|at| self.row.cells.get(at)).is_none_or(|cell| *cell == Cell::Empty);
        if is_empty {
            self.fault(heading, Code::Required, &[]);
        }
        value.unwrap_or_default()
    }

    /// Takes a required text.
    pub fn needed_text(&mut self, heading: &'static str) -> String {
        let text = self.text(heading);
        self.need(heading, text)
    }

    /// Takes required points.
    pub fn needed_points(&mut self, heading: &'static str) -> Points {
        let points = self.points(heading);
        self.need(heading, points)
    }

    /// Takes a required count.
    pub fn needed_count(&mut self, heading: &'static str) -> u32 {
        let count = self.count(heading);
        self.need(heading, count)
    }

    /// Takes one of a few known words.
    pub fn word<T: Copy>(&mut self, heading: &'static str, known: &[(&str, T)]) -> Option<T> {
        let shown = self.cell(heading).shown().to_lowercase();
        let found = known.iter().find(|(word, _)| *word == shown).map(|(_, value)| *value);
        if found.is_none() && !shown.is_empty() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            self.fault(
                heading,
                Code::UnknownWord,
                &[("got", in_short(&shown).into()), ("known", words.join(", ").into())],
            );
        }
        found
    }

    /// Takes a yes or no; an empty cell is a no.
    pub fn flag(&mut self, heading: &'static str) -> bool {
        self.word(heading, &FLAGS).unwrap_or_default()
    }

    /// Records a fault for every cell with content that was not taken.
    pub fn close(mut self) {
        let columns = &self.columns.0;
        let unasked: Vec<&'static str> = columns
            .iter()
            .filter(|(heading, at)| {
                !self.taken.contains(heading) && self.row.cells.get(*at).is_some_and(|cell| *cell != Cell::Empty)
            })
            .map(|(heading, _)| *heading)
            .collect();
        for heading in unasked {
            self.fault(heading, Code::CellNotAsked, &[]);
        }
    }
}

/// What a row describes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The criteria set.
    Set,
    /// A part.
    Part,
    /// A section or a criterion.
    Node,
    /// A level of a rule.
    Level,
    /// A rank band of a rule.
    Band,
    /// A deduction step of a rule.
    Step,
    /// An option of a rule.
    Option,
    /// A band of shares of a target.
    Ratio,
    /// A step beyond a target.
    Over,
    /// A case of a rule.
    Case,
    /// A limit on criteria that do not share a parent.
    Limit,
}

/// A row while it is written.
pub struct Written(Vec<Cell>);

impl Written {
    /// Returns the cells, in the order of the headings.
    pub fn cells(self) -> Vec<Cell> {
        self.0
    }

    /// Starts a row that describes one thing.
    pub fn new(about: &str) -> Self {
        Written(vec![Cell::Empty; HEADINGS.len()]).with("row", Cell::text(about))
    }

    /// The cell that says yes.
    pub fn yes() -> Cell {
        Cell::text("true")
    }

    /// Sets a cell.
    pub fn with(mut self, heading: &str, cell: impl Into<Cell>) -> Self {
        let place = HEADINGS.iter().position(|known| *known == heading);
        if let Some(found) = place.and_then(|at| self.0.get_mut(at)) {
            *found = cell.into();
        }
        self
    }

    /// Sets a cell to text.
    pub fn text(self, heading: &str, text: &str) -> Self {
        self.with(heading, Cell::text(text))
    }

    /// Sets a cell if there is a value.
    pub fn optional<T: Into<Cell>>(self, heading: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(heading, value),
            None => self,
        }
    }
}

impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Cell::Number(count.to_string())
    }
}

impl From<Quantity> for Cell {
    fn from(quantity: Quantity) -> Self {
        Cell::Number(quantity.to_string())
    }
}
