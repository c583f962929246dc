//! `case_list`: initial points and a list of cases, each of its own size.

use std::collections::BTreeMap;
use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed as _, ToPrimitive as _};
use serde::de::{Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{AnswerInput, CountsAnswer, Question};
use super::explanation::Account;
use super::figures::{Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::domain::points::Decimal;
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// Initial points and what each case adds or takes, within bounds. Computed in exact fractions and rounded once, half up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaseListRule {
    /// Points without any case.
    pub start: CaseStart,
    /// The cases.
    pub cases: Vec<Case>,
    /// Minimum points; null for the minimum of the criterion.
    #[serde(default)]
    pub min: Option<Points>,
    /// Maximum points; null for the maximum of the criterion with the bonus beyond it.
    #[serde(default)]
    pub max: Option<Points>,
}

/// The points without any case: `max`, `zero` or a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseStart {
    /// The maximum of the criterion.
    Max,
    /// Nothing.
    Zero,
    /// So many points.
    Points(Points),
}

/// The words and the figure, as JSON has them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the JSON of `CaseStart`")]
#[serde(untagged)]
enum StartSchema {
    /// `max` or `zero`.
    Word(StartWord),
    /// So many points.
    Points(StartPoints),
}

/// So many points without any case.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the JSON of `CaseStart`")]
#[schema(as = CaseStartPoints, value_type = f64, example = 20)]
struct StartPoints(Points);

/// A word for the points without any case.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the JSON of `CaseStart`")]
#[schema(as = CaseStartWord)]
#[serde(rename_all = "snake_case")]
enum StartWord {
    /// The maximum of the criterion.
    Max,
    /// Nothing.
    Zero,
}

impl utoipa::PartialSchema for CaseStart {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        StartSchema::schema()
    }
}

impl ToSchema for CaseStart {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        StartSchema::schemas(schemas);
    }
}

impl CaseStart {
    /// Returns the figure of a rule that takes no word.
    pub fn figure<E: serde::de::Error>(self) -> Result<Points, E> {
        match self {
            CaseStart::Points(points) => Ok(points),
            CaseStart::Max | CaseStart::Zero => Err(E::custom("a number is expected")),
        }
    }

    fn points(self, bounds: Bounds) -> Points {
        match self {
            CaseStart::Max => bounds.max,
            CaseStart::Zero => Points::ZERO,
            CaseStart::Points(points) => points,
        }
    }
}

impl Serialize for CaseStart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            CaseStart::Max => serializer.serialize_str("max"),
            CaseStart::Zero => serializer.serialize_str("zero"),
            CaseStart::Points(points) => points.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for CaseStart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Start;
        fn figure<E: serde::de::Error>(digits: &str) -> Result<CaseStart, E> {
            let points = digits.parse::<Decimal>().and_then(|decimal| decimal.points());
            points.map(CaseStart::Points).map_err(|code| E::custom(code.row().code))
        }
        impl Visitor<'_> for Start {
            type Value = CaseStart;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("max, zero or a number")
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<CaseStart, E> {
                match word {
                    "max" => Ok(CaseStart::Max),
                    "zero" => Ok(CaseStart::Zero),
                    _ => Err(E::unknown_variant(word, &["max", "zero"])),
                }
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<CaseStart, E> {
                figure(&number.to_string())
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<CaseStart, E> {
                figure(&number.to_string())
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<CaseStart, E> {
                figure(&number.to_string())
            }
        }
        deserializer.deserialize_any(Start)
    }
}

/// A case of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleCase)]
pub struct Case {
    /// Code, unique within the rule.
    #[schema(example = "late_report")]
    pub code: String,
    /// Text of the case.
    #[schema(example = "Gửi báo cáo chậm")]
    pub title: String,
    /// What one case adds; below zero for what it takes.
    #[schema(example = -2)]
    pub points: Points,
    /// How many make one case; null where each counts.
    #[serde(default)]
    pub per: Option<Per>,
    /// Whether it counts once, however often it occurs.
    #[serde(default)]
    pub once: bool,
    /// The most that this case adds or takes, more than 0; null without a limit.
    #[serde(default)]
    pub limit: Option<Points>,
}

/// How many make one case: "trừ 5 điểm/10 văn bản".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CasesPer)]
pub struct Per {
    /// How many make one case.
    #[schema(example = 10)]
    pub count: u32,
    /// How a count that is no multiple counts; defaults to `full`.
    #[serde(default)]
    pub counting: Counting,
}

/// How a count that is no multiple counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Only what is complete counts.
    #[default]
    Full,
    /// What is begun counts as complete.
    Started,
    /// It counts in proportion.
    ProRata,
}

/// The words for how a count that is no multiple counts.
const COUNTINGS: [(&str, Counting); 3] =
    [("full", Counting::Full), ("started", Counting::Started), ("pro_rata", Counting::ProRata)];

/// What a case makes of its count.
struct Amount<'a> {
    case: &'a Case,
    count: Quantity,
    /// Before the limit, in hundredths.
    earned: BigRational,
    /// After it.
    held: BigRational,
}

fn fraction(points: Points) -> BigRational {
    BigRational::from_integer(points.hundredths().into())
}

/// Returns hundredths as points, half up.
fn rounded(hundredths: &BigRational) -> Points {
    let half = BigRational::new(BigInt::from(1), BigInt::from(2));
    let whole = (hundredths + half).floor().to_integer();
    let most = Points::MAX.hundredths();
    let fallback = if whole.is_negative() { -most } else { most };
    Points::from_hundredths(whole.to_i64().unwrap_or(fallback).clamp(-most, most))
}

/// Returns hundredths as exact points: `-12.5`, or `-25/3` where decimals do not reach.
fn exact(hundredths: &BigRational) -> String {
    match hundredths.is_integer() {
        true => rounded(hundredths).to_string(),
        false => (hundredths / BigInt::from(100)).to_string(),
    }
}

impl Case {
    /// Returns whether a count in proportion is possible.
    fn is_pro_rata(&self) -> bool {
        self.per.is_some_and(|per| per.counting == Counting::ProRata)
    }

    /// Returns what a count makes.
    fn amount(&self, count: Quantity) -> Amount<'_> {
        let count_of = BigRational::new(count.units().into(), Quantity::ONE.units().into());
        let times = match self.per.filter(|per| per.count > 0) {
            _ if self.once => BigRational::from_integer(i64::from(count > Quantity::ZERO).into()),
            None => count_of,
            Some(per) => {
                let cases = count_of / BigInt::from(per.count);
                match per.counting {
                    Counting::Full => cases.floor(),
                    Counting::Started => cases.ceil(),
                    Counting::ProRata => cases,
                }
            }
        };
        let earned = times * fraction(self.points);
        let held = match self.limit.map(fraction) {
            Some(limit) if earned.abs() > limit => {
                if earned.is_negative() {
                    -limit
                } else {
                    limit
                }
            }
            _ => earned.clone(),
        };
        Amount { case: self, count, earned, held }
    }

    /// Reads a case from its row.
    fn from_row(line: &mut Line) -> Self {
        let count = line.count("per_count");
        let counting = line.word("counting", &COUNTINGS).unwrap_or_default();
        Case {
            code: line.needed_text("code"),
            title: line.needed_text("title"),
            points: line.needed_points("points"),
            per: count.map(|count| Per { count, counting }),
            once: line.flag("once"),
            limit: line.points("limit"),
        }
    }

    /// Returns its row.
    fn row(&self) -> Written {
        let row = Written::new("case").text("code", &self.code).text("title", &self.title).with("points", self.points);
        let row = row.optional("limit", self.limit).optional("once", self.once.then(Written::yes));
        match self.per {
            Some(per) => {
                let counting =
                    COUNTINGS.iter().find(|(_, counting)| *counting == per.counting).map_or("", |known| known.0);
                row.with("per_count", per.count).text("counting", counting)
            }
            None => row,
        }
    }
}

impl RuleType for CaseListRule {
    type Answer = CountsAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        Ok(CaseListRule {
            start: need(&mut figures.start, "start")?,
            cases: need(&mut figures.cases, "cases")?,
            min: figures.min.take(),
            max: figures.max.take(),
        })
    }

    fn check(&self, found: &mut RuleFindings) {
        if let CaseStart::Points(start) = self.start {
            found.payable("start", start);
        }
        for (place, bound) in [("min", self.min), ("max", self.max)] {
            if let Some(bound) = bound {
                found.payable(place, bound);
            }
        }
        if self.min.zip(self.max).is_some_and(|(min, max)| min > max) {
            found.error("min", Code::RuleFigureInvalid);
        }
        if !found.has_rows("cases", self.cases.len()) {
            return;
        }
        for (at, case) in self.cases.iter().enumerate() {
            let place = format!("cases/{at}");
            if case.points == Points::ZERO {
                found.error(&format!("{place}/points"), Code::RuleFigureInvalid);
            }
            if case.per.is_some_and(|per| per.count == 0) {
                found.error(&format!("{place}/per/count"), Code::RuleFigureInvalid);
            }
            if case.once && case.per.is_some() {
                found.error(&format!("{place}/once"), Code::RuleFigureInvalid);
            }
            if let Some(limit) = case.limit {
                found.positive(&format!("{place}/limit"), limit);
            }
            if self.cases.iter().take(at).any(|before| before.code == case.code) {
                let fault = found.fault(&format!("{place}/code"), Code::DuplicateChoice);
                found.errors.push(fault.with("choice", case.code.as_str()));
            }
        }
    }

    fn start(&self, bounds: Bounds) -> Option<Points> {
        Some(self.start.points(bounds))
    }

    fn least(&self, bounds: Bounds) -> Points {
        let takes = self.cases.iter().any(|case| case.points < Points::ZERO);
        if takes { self.bounds(bounds).least() } else { self.start.points(bounds) }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["counts"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<CountsAnswer>, Fault> {
        let Some(given) = &input.counts else {
            return Ok(None);
        };
        let mut counts = BTreeMap::new();
        for (code, count) in given {
            let place = format!("counts/{}", code.replace('~', "~0").replace('/', "~1"));
            let Some(case) = self.cases.iter().find(|case| case.code == *code) else {
                let known: Vec<&str> = self.cases.iter().map(|case| case.code.as_str()).collect();
                let fault = question.fault(&place, Code::UnknownCase).with("got", code.as_str());
                return Err(fault.with("known", known.join(", ")));
            };
            let count = question.occurrences(&place, count, case.is_pro_rata())?;
            counts.insert(code.clone(), count);
        }
        Ok(Some(CountsAnswer { counts }))
    }

    fn points(&self, answer: &CountsAnswer, bounds: Bounds) -> Points {
        self.bounds(bounds).hold(rounded(&self.sum(answer, bounds)))
    }

    fn explain(&self, answer: &CountsAnswer, bounds: Bounds, _points: Points, account: &mut Account) {
        let (start, held) = (self.start.points(bounds), self.bounds(bounds));
        account.points("start", start).counts("counts", &answer.counts);
        let mut terms = vec![start.to_string()];
        for Amount { case, count, earned, held } in self.amounts(answer) {
            let Case { code, points, .. } = case;
            let (earned, held) = (exact(&earned), exact(&held));
            match case.per {
                _ if case.once => account.step(format!("{code}: {points}")),
                None => account.step(format!("{code}: {count} × {points} = {earned}")),
                Some(Per { count: per, counting }) => {
                    let whole = match counting {
                        Counting::Full => format!("⌊{count} / {per}⌋"),
                        Counting::Started => format!("⌈{count} / {per}⌉"),
                        Counting::ProRata => format!("{count} / {per}"),
                    };
                    account.step(format!("{code}: {whole} × {points} = {earned}"))
                }
            };
            if held != earned {
                account.step(format!("{code}: {held}"));
            }
            terms.push(if held.starts_with('-') {
                format!("- {}", held.trim_start_matches('-'))
            } else {
                format!("+ {held}")
            });
        }
        let sum = self.sum(answer, bounds);
        if terms.len() > 1 {
            account.step(format!("{} = {}", terms.join(" "), rounded(&sum)));
        }
        account.at_most(rounded(&sum), held.most());
        if let Some(least) = held.min {
            account.at_least("min", rounded(&sum), least);
        }
    }

    fn named_mut(&mut self) -> (&'static str, Vec<(&mut String, &mut String)>) {
        ("cases", self.cases.iter_mut().map(|case| (&mut case.code, &mut case.title)).collect())
    }

    fn from_row(line: &mut Line) -> Self {
        let start = match line.text("start").as_deref().map(str::to_lowercase).as_deref() {
            Some("max") => CaseStart::Max,
            Some("zero") | None => CaseStart::Zero,
            Some(_) => line.points("start").map_or(CaseStart::Zero, CaseStart::Points),
        };
        CaseListRule { start, cases: Vec::new(), min: line.points("min"), max: line.points("max") }
    }

    fn take_row(&mut self, about: About, line: &mut Line) -> bool {
        let is_case = about == About::Case;
        if is_case {
            self.cases.push(Case::from_row(line));
        }
        is_case
    }

    fn row(&self, row: Written) -> Written {
        let row = match self.start {
            CaseStart::Max => row.text("start", "max"),
            CaseStart::Zero => row.text("start", "zero"),
            CaseStart::Points(points) => row.with("start", points),
        };
        row.optional("min", self.min).optional("max", self.max)
    }

    fn rows_below(&self) -> Vec<Written> {
        self.cases.iter().map(Case::row).collect()
    }
}

impl CaseListRule {
    /// Returns the bounds that its own figures and those of the criterion make.
    fn bounds(&self, bounds: Bounds) -> Bounds {
        Bounds { min: self.min.or(bounds.min), max: self.max.unwrap_or(bounds.most()), bonus: Points::ZERO }
    }

    /// Returns what the cases that occurred make, in the order of the list.
    fn amounts<'a>(&'a self, answer: &'a CountsAnswer) -> impl Iterator<Item = Amount<'a>> {
        let occurred = self.cases.iter().filter_map(|case| Some((case, *answer.counts.get(&case.code)?)));
        occurred.filter(|(_, count)| *count > Quantity::ZERO).map(|(case, count)| case.amount(count))
    }

    /// Returns the sum before the bounds apply, in hundredths.
    fn sum(&self, answer: &CountsAnswer, bounds: Bounds) -> BigRational {
        let start = fraction(self.start.points(bounds));
        self.amounts(answer).fold(start, |sum, amount| sum + amount.held)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::tests::{Row, agrees_with, p};
    use crate::domain::criteria::rules::{Answer, Rule};

    const REPORTS: &str = r#"{"type":"case_list","start":"max","cases":[{"code":"late","title":"Chậm","points":-2,"per":null,"once":false,"limit":6},{"code":"none","title":"Không có","points":-20,"per":null,"once":true,"limit":null},{"code":"praise","title":"Được khen","points":1.5,"per":null,"once":false,"limit":null}],"min":null,"max":null}"#;
    const DOCUMENTS: &str = r#"{"type":"case_list","start":20,"cases":[{"code":"full","title":"Trừ 5 điểm/10 văn bản","points":-5,"per":{"count":10,"counting":"full"},"once":false,"limit":null},{"code":"started","title":"x","points":-5,"per":{"count":10,"counting":"started"},"once":false,"limit":null},{"code":"share","title":"x","points":-5,"per":{"count":3,"counting":"pro_rata"},"once":false,"limit":null}],"min":5,"max":18}"#;

    /// "trừ 2 điểm mỗi lần chậm, trừ hẳn nếu không có", "trừ 5 điểm/10 văn bản".
    #[test]
    fn points_are_as_worked_out_by_hand() {
        const BY_HAND: [Row; 9] = [
            (REPORTS, 2000, r#"{"counts":{}}"#, 2000, &[], None),
            (REPORTS, 2000, r#"{"counts":{"late":2}}"#, 1600, &["late: 2 × -2 = -4", "20 - 4 = 16"], None),
            (REPORTS, 2000, r#"{"counts":{"late":5}}"#, 1400, &["late: 5 × -2 = -10", "late: -6", "20 - 6 = 14"], None),
            (REPORTS, 2000, r#"{"counts":{"none":3}}"#, 0, &["none: -20", "20 - 20 = 0"], None),
            (
                REPORTS,
                2000,
                r#"{"counts":{"late":1,"none":1}}"#,
                0,
                &["late: 1 × -2 = -2", "none: -20", "20 - 2 - 20 = -2", "max(-2, 0) = 0"],
                Some("min"),
            ),
            (
                REPORTS,
                2000,
                r#"{"counts":{"praise":1}}"#,
                2000,
                &["praise: 1 × 1.5 = 1.5", "20 + 1.5 = 21.5", "min(21.5, 20) = 20"],
                Some("max"),
            ),
            (DOCUMENTS, 2000, r#"{"counts":{"full":29}}"#, 1000, &["full: ⌊29 / 10⌋ × -5 = -10", "20 - 10 = 10"], None),
            (
                DOCUMENTS,
                2000,
                r#"{"counts":{"started":11}}"#,
                1000,
                &["started: ⌈11 / 10⌉ × -5 = -10", "20 - 10 = 10"],
                None,
            ),
            // 20 - 25/3 = 11.666…
            (
                DOCUMENTS,
                2000,
                r#"{"counts":{"share":5}}"#,
                1167,
                &["share: 5 / 3 × -5 = -25/3", "20 - 25/3 = 11.67"],
                None,
            ),
        ];
        agrees_with(&BY_HAND);
    }

    #[test]
    fn counts_are_whole_unless_they_count_in_proportion() {
        let rule: Rule = serde_json::from_str(DOCUMENTS).unwrap();
        let read = |answer: &str| rule.read(&serde_json::from_str(answer).unwrap(), "A", p(2000), "/a");
        for (answer, code, pointer) in [
            (r#"{"counts":{"full":1.5}}"#, Code::NumberPrecision, "/a/counts/full"),
            (r#"{"counts":{"share":1.00001}}"#, Code::NumberPrecision, "/a/counts/share"),
            (r#"{"counts":{"share":-1}}"#, Code::NumberOutOfRange, "/a/counts/share"),
            (r#"{"counts":{"full":100001}}"#, Code::NumberOutOfRange, "/a/counts/full"),
            (r#"{"counts":{"none":1}}"#, Code::UnknownCase, "/a/counts/none"),
            (r#"{"cases":1}"#, Code::AnswerMismatch, "/a"),
        ] {
            let fault = read(answer).unwrap_err();
            assert_eq!((fault.code, fault.pointer.as_str()), (code, pointer), "{answer}");
        }
        assert_eq!(rule.points(&read(r#"{"counts":{"share":0.0001}}"#).unwrap(), p(2000)), p(1800));
    }

    #[test]
    fn each_mistake_has_its_code_and_place() {
        let with = |case: &str, further: &str| -> Rule {
            let json = format!(r#"{{"type":"case_list","start":"zero","cases":[{case}]{further}}}"#);
            serde_json::from_str(&json).unwrap()
        };
        for (case, further, code, pointer) in [
            (r#"{"code":"a","title":"a","points":0}"#, "", Code::RuleFigureInvalid, "/r/cases/0/points"),
            (
                r#"{"code":"a","title":"a","points":1,"per":{"count":0}}"#,
                "",
                Code::RuleFigureInvalid,
                "/r/cases/0/per/count",
            ),
            (r#"{"code":"a","title":"a","points":1,"limit":-1}"#, "", Code::RuleFigureInvalid, "/r/cases/0/limit"),
            (
                r#"{"code":"a","title":"a","points":1,"once":true,"per":{"count":2}}"#,
                "",
                Code::RuleFigureInvalid,
                "/r/cases/0/once",
            ),
            (r#"{"code":"a","title":"a","points":1}"#, r#","min":-1"#, Code::RuleFigureInvalid, "/r/min"),
            (r#"{"code":"a","title":"a","points":1}"#, r#","max":21"#, Code::RuleExceedsMax, "/r/max"),
            ("", "", Code::RuleEmpty, "/r/cases"),
        ] {
            let errors = with(case, further).check("A.1", p(2000), "/r").errors;
            let found: Vec<_> = errors.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect();
            assert!(found.contains(&(code, pointer)), "{case} {further}: {found:?}");
        }
        let twice = r#"{"code":"a","title":"a","points":1},{"code":"a","title":"b","points":2}"#;
        assert_eq!(with(twice, "").check("A.1", p(2000), "/r").errors[0].code, Code::DuplicateChoice);
        let penalty = Bounds { min: Some(p(-500)), max: p(0), bonus: p(0) };
        assert_eq!(
            with(r#"{"code":"a","title":"a","points":1}"#, "").check("A.1", penalty, "/r").errors[0].code,
            Code::RuleTakesNothing
        );
        assert_eq!(with(r#"{"code":"a","title":"a","points":-1}"#, "").check("A.1", penalty, "/r").errors, []);
    }

    proptest! {
        /// Counted one by one, in hundredths times the counts of a case.
        #[test]
        fn a_list_sums_up_case_by_case(
            cases in proptest::collection::vec((-500_i64..500, 1_u32..12, 0_u8..3, 0_u32..60, proptest::option::of(1_i64..2000)), 1..6),
            start in 0_i64..=2000,
        ) {
            let rule = CaseListRule {
                start: CaseStart::Points(p(start)),
                cases: cases.iter().enumerate().map(|(at, (points, per, counting, _, limit))| Case {
                    code: format!("c{at}"), title: "x".into(), points: p(*points), once: false, limit: limit.map(p),
                    per: Some(Per { count: *per, counting: COUNTINGS[usize::from(*counting)].1 }),
                }).collect(),
                min: None, max: None,
            };
            let counts = cases.iter().enumerate().map(|(at, (.., count, _))| (format!("c{at}"), Quantity::from_units(i64::from(*count) * 10_000)));
            let answer = Answer::Counts(CountsAnswer { counts: counts.collect() });
            // All denominators below 12 divide 27,720.
            let whole = 27_720_i64;
            let mut sum = start * whole;
            for (points, per, counting, count, limit) in &cases {
                let (per, count) = (i64::from(*per), i64::from(*count));
                let parts = match counting { 0 => count / per * whole, 1 => (count + per - 1) / per * whole, _ => count * (whole / per) };
                let earned = points * parts;
                sum += limit.map_or(earned, |limit| earned.clamp(-limit * whole, limit * whole));
            }
            let rounded = (2 * sum + whole).div_euclid(2 * whole).clamp(0, 2000);
            prop_assert_eq!(Rule::CaseList(rule).points(&answer, p(2000)).hundredths(), rounded);
        }
    }
}
