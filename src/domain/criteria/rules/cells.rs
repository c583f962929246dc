//! Answers in the cells of a spreadsheet: `2`, `có`, `good`, `a; c`, `actual=95; target=100`.

use serde_json::{Map, Value};

use super::{Answer, AnswerInput, Bounds, Rule};
use crate::domain::Points;
use crate::domain::criteria::grid::{Cell, decimal};
use crate::domain::wording::Language;
use crate::error::{Code, Error};

/// What stands for a criterion that does not apply, in each language that a file may be in.
const NOT_APPLICABLE: [&str; 3] = ["không áp dụng", "not applicable", "n/a"];
/// What stands for yes and for no.
const YES: [&str; 6] = ["có", "yes", "true", "đạt", "x", "1"];
const NO: [&str; 5] = ["không", "no", "false", "không đạt", "0"];

impl Answer {
    /// Returns the answer as a cell shows it; nothing for points entered directly, which have a column of their own, and for a
    /// mean.
    pub fn in_cell(&self, language: Language) -> Cell {
        let [not_applicable, yes, no] = match language {
            Language::Vi => ["không áp dụng", "có", "không"],
            Language::En => ["not applicable", "yes", "no"],
        };
        if self.mean().is_some() || matches!(self, Answer::Points(_)) {
            return Cell::Empty;
        }
        if self.is_not_applicable() {
            return Cell::text(not_applicable);
        }
        let Ok(Value::Object(fields)) = serde_json::to_value(self) else {
            return Cell::Empty;
        };
        let fields: Vec<_> = fields.into_iter().filter(|(name, value)| name != "type" && !value.is_null()).collect();
        if let Answer::Counts(answer) = self {
            let counts = answer.counts.iter().map(|(code, count)| format!("{code}={count}"));
            let counts = counts.collect::<Vec<_>>().join("; ");
            return Cell::text(if counts.is_empty() { NONE.to_owned() } else { counts });
        }
        let shown = |value: &Value| match value {
            Value::Bool(flag) => if *flag { yes } else { no }.to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(items) if items.is_empty() => NONE.to_owned(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
            Value::Null | Value::Number(_) | Value::Object(_) => value.to_string(),
        };
        match fields.as_slice() {
            [(_, value @ Value::Number(_))] => Cell::Number(value.to_string()),
            [(_, value)] => Cell::text(shown(value)),
            fields => Cell::text(
                fields.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect::<Vec<_>>().join("; "),
            ),
        }
    }

    /// Returns the answer as somebody would submit it.
    ///
    /// # Errors
    /// `internal`, which no answer that somebody gave causes.
    pub fn as_input(&self) -> Result<AnswerInput, Error> {
        let text = serde_json::to_string(self).map_err(Error::internal)?;
        serde_json::from_str(&text).map_err(Error::internal)
    }
}

/// What stands for a list of no options.
const NONE: &str = "-";

impl Rule {
    /// Returns the names of the fields of its answer.
    pub fn answer_fields(&self) -> &'static [&'static str] {
        self.fields()
    }

    /// Reads the answer in a cell: the only field's value, or `name=value` for each, set apart by `;`.
    ///
    /// # Errors
    /// `answer_unreadable`.
    pub fn read_cell(&self, cell: &Cell) -> Result<AnswerInput, Code> {
        let text = cell.shown().trim();
        if NOT_APPLICABLE.contains(&text.to_lowercase().as_str()) {
            return Ok(AnswerInput { not_applicable: Some(true), ..AnswerInput::default() });
        }
        let mut fields = Map::new();
        if self.fields() == ["counts"] {
            fields.insert("counts".to_owned(), Value::Object(counts(text)?));
        } else if text.contains('=') {
            for pair in text.split(';') {
                let (name, value) = pair.split_once('=').ok_or(Code::AnswerUnreadable)?;
                let (name, value) = (name.trim(), Cell::text(value));
                let is_new = fields.insert(name.to_owned(), field(name, &value)?).is_none();
                if !is_new || !self.fields().contains(&name) {
                    return Err(Code::AnswerUnreadable);
                }
            }
        } else {
            let [name] = self.fields() else {
                return Err(Code::AnswerUnreadable);
            };
            fields.insert((*name).to_owned(), field(name, cell)?);
        }
        let text = Value::Object(fields).to_string();
        serde_json::from_str(&text).map_err(|_| Code::AnswerUnreadable)
    }

    /// Returns the answer that points entered in place of one can only mean: the points themselves, or all or nothing.
    pub fn answer_of_points(&self, points: Points, bounds: impl Into<Bounds>) -> Option<AnswerInput> {
        let max = bounds.into().max;
        match self.fields() {
            ["points"] => Some(AnswerInput { points: Some(points.into()), ..AnswerInput::default() }),
            ["achieved"] if points == max || points == Points::ZERO => {
                Some(AnswerInput { achieved: Some(points == max), ..AnswerInput::default() })
            }
            _ => None,
        }
    }
}

/// Reads how often each case occurred: `late_report=2; initiative=1`, or `-` for none.
fn counts(text: &str) -> Result<Map<String, Value>, Code> {
    let mut counts = Map::new();
    for pair in text.split(';').filter(|_| text != NONE) {
        let (code, count) = pair.split_once('=').ok_or(Code::AnswerUnreadable)?;
        let count = field("counts", &Cell::text(count))?;
        if counts.insert(code.trim().to_owned(), count).is_some() {
            return Err(Code::AnswerUnreadable);
        }
    }
    Ok(counts)
}

/// Reads the value of a field of an answer.
fn field(name: &str, cell: &Cell) -> Result<Value, Code> {
    let text = cell.shown();
    let word = text.to_lowercase();
    match name {
        "achieved" | "done" if YES.contains(&word.as_str()) => Ok(Value::Bool(true)),
        "achieved" | "done" if NO.contains(&word.as_str()) => Ok(Value::Bool(false)),
        "achieved" | "done" => Err(Code::AnswerUnreadable),
        "level" => Ok(Value::from(text)),
        "options" if text == NONE => Ok(Value::Array(Vec::new())),
        "options" => Ok(text.split([';', ',']).map(|option| Value::from(option.trim())).collect()),
        _ => {
            let digits = decimal(cell, false).map_err(|_| Code::AnswerUnreadable)?.ok_or(Code::AnswerUnreadable)?;
            serde_json::from_str(digits.digits()).map_err(|_| Code::AnswerUnreadable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    /// What is written into a cell is read as the same answer, in either language.
    #[test]
    fn an_answer_is_read_as_it_was_written() {
        for (rule_json, answer, vi, en) in [
            (r#"{"type":"all_or_nothing"}"#, r#"{"achieved":true}"#, "có", "yes"),
            (r#"{"type":"all_or_nothing"}"#, r#"{"achieved":false}"#, "không", "no"),
            (r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#, r#"{"cases":2}"#, "2", "2"),
            (r#"{"type":"rank_bands","bands":[{"from":1,"to":3,"points":20}]}"#, r#"{"rank":3}"#, "3", "3"),
            (
                r#"{"type":"levels","levels":[{"code":"good","title":"Tốt","points":20}]}"#,
                r#"{"level":"good"}"#,
                "good",
                "good",
            ),
            (
                r#"{"type":"bonus_penalty","start":5,"bonus_per_case":1,"penalty_per_case":1,"min":0}"#,
                r#"{"bonus_cases":2,"penalty_cases":1}"#,
                "bonus_cases=2; penalty_cases=1",
                "bonus_cases=2; penalty_cases=1",
            ),
            (
                r#"{"type":"target_ratio"}"#,
                r#"{"actual":95.5,"target":100}"#,
                "actual=95.5; target=100",
                "actual=95.5; target=100",
            ),
            (r#"{"type":"target_ratio","target":100}"#, r#"{"actual":95}"#, "95", "95"),
            (
                r#"{"type":"best_of","options":[{"code":"a","title":"A","points":5},{"code":"c","title":"C","points":9}]}"#,
                r#"{"options":["a","c"]}"#,
                "a; c",
                "a; c",
            ),
            (r#"{"type":"best_of","options":[{"code":"a","title":"A","points":5}]}"#, r#"{"options":[]}"#, "-", "-"),
        ] {
            let rule = rule(rule_json);
            let input: AnswerInput = serde_json::from_str(answer).unwrap();
            let read = rule.read(&input, "A", Points::from_hundredths(2_000), "").unwrap();
            for (language, shown) in [(Language::Vi, vi), (Language::En, en)] {
                let cell = read.in_cell(language);
                assert_eq!(cell.shown(), shown, "{answer}");
                let again = rule.read_cell(&cell).unwrap();
                assert_eq!(rule.read(&again, "A", Points::from_hundredths(2_000), "").unwrap(), read, "{answer}");
            }
        }
        assert_eq!(Answer::NOT_APPLICABLE.in_cell(Language::Vi).shown(), "không áp dụng");
        assert!(rule(r#"{"type":"all_or_nothing"}"#).read_cell(&Cell::text("N/A")).unwrap().is_not_applicable());
    }

    #[test]
    fn what_is_no_answer_to_the_rule_is_refused() {
        for (rule_json, text) in [
            (r#"{"type":"all_or_nothing"}"#, "hai"),
            (r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#, "hai"),
            (r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#, "rank=2"),
            (r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#, "cases=2; cases=3"),
            (r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#, "1.5"),
            (r#"{"type":"target_ratio"}"#, "95"),
            (r#"{"type":"target_ratio"}"#, "actual=95; 100"),
        ] {
            assert_eq!(rule(rule_json).read_cell(&Cell::text(text)), Err(Code::AnswerUnreadable), "{text}");
        }
        // A decimal comma is read as offices write it.
        let read = rule(r#"{"type":"target_ratio","target":100}"#).read_cell(&Cell::text("95,5")).unwrap();
        assert_eq!(read.actual.unwrap().digits(), "95.5");
    }

    #[test]
    fn points_alone_are_an_answer_where_they_can_mean_one_only() {
        let max = Points::from_hundredths(2_000);
        let of = |json: &str, points: i64| rule(json).answer_of_points(Points::from_hundredths(points), max);
        assert_eq!(of(r#"{"type":"manual"}"#, 1_750).unwrap().sent(), ["points"]);
        assert_eq!(of(r#"{"type":"all_or_nothing"}"#, 2_000).unwrap().achieved, Some(true));
        assert_eq!(of(r#"{"type":"all_or_nothing"}"#, 0).unwrap().achieved, Some(false));
        assert_eq!(of(r#"{"type":"all_or_nothing"}"#, 1_000), None);
        assert_eq!(of(r#"{"type":"deduction_per_case","points_per_case":10,"floor":0}"#, 1_000), None);
    }
}
