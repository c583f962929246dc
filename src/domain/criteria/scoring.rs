//! A scored sheet against its table: which lines there are, what they add up to, what is refused.

mod tally;

use std::collections::{HashMap, HashSet};

pub use tally::{Breakdown, Tally, Totals};

use crate::domain::criteria::criteria_set::{CriteriaContent, Node, NotApplicable, Part, PartKind};
use crate::domain::criteria::rules::{Answer, AnswerInput, Rule};
use crate::domain::text::{Check, NOTE_CHARS};
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// A published table made ready for scoring: its nodes and its criteria in the table's order.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoringTable {
    /// Parts, sections and criteria.
    pub nodes: Vec<TableNode>,
    /// The lines of a sheet.
    pub criteria: Vec<Criterion>,
    /// Criteria without points of their own that share what is left of a section.
    shares: Vec<Share>,
    by_code: HashMap<String, usize>,
    /// What becomes of what does not apply to a unit.
    not_applicable: NotApplicable,
}

/// A part, a section or a criterion.
#[derive(Debug, Clone, PartialEq)]
pub struct TableNode {
    /// Its key.
    pub code: String,
    /// The most that it gives; null for a criterion that shares.
    pub max_points: Option<Points>,
    /// The most that a part loses by deductions.
    max_deduction: Option<Points>,
    /// Of the part that it belongs to.
    kind: PartKind,
    /// The place of what it stands under; none for a part.
    parent: Option<usize>,
}

/// A line of the sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Its key.
    pub code: String,
    /// Its text.
    pub title: String,
    /// The most that it gives; null where it shares.
    pub max_points: Option<Points>,
    /// The most that this line alone can have: its maximum, or all that is shared.
    pub ceiling: Points,
    /// How its answer becomes points.
    pub rule: Rule,
    /// Whether it needs a piece of evidence.
    pub evidence_required: bool,
    /// Its place among the nodes.
    node: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Share {
    ceiling: Points,
    lines: Vec<usize>,
    /// The place of the section among the nodes.
    parent: usize,
}

/// One line of a sheet. Points null: not scored, which is not zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The answer and what it earned.
    pub scored: Option<(Answer, Points)>,
    /// A remark of whoever scored.
    pub note: Option<String>,
    /// Why a review departs from the stage before.
    pub reason: Option<String>,
}

impl Line {
    /// The answer, if it is scored.
    pub fn answer(&self) -> Option<&Answer> {
        self.scored.as_ref().map(|(answer, _)| answer)
    }

    /// The points, if it is scored. What does not apply has none.
    pub fn points(&self) -> Option<Points> {
        self.scored.as_ref().filter(|(answer, _)| !answer.is_not_applicable()).map(|(_, points)| *points)
    }

    /// Whether it was decided that the criterion does not apply to the unit.
    pub fn is_not_applicable(&self) -> bool {
        self.answer().is_some_and(Answer::is_not_applicable)
    }
}

/// The lines of one stage, one for each criterion, in the table's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet(pub Vec<Line>);

/// A line as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineInput {
    /// Which criterion.
    pub criterion_code: String,
    /// The answer; none clears the line.
    pub answer: Option<AnswerInput>,
    /// A remark.
    pub note: Option<String>,
    /// Why a review departs from the stage before.
    pub reason: Option<String>,
}

/// Who writes the lines of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scorer {
    /// The unit's, its own.
    Unit,
    /// A reviewer's, which may say what does not apply.
    Reviewer,
}

/// Whether the lines sent are the sheet or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Absent lines become null.
    Replace,
    /// Absent lines stay.
    Update,
}

impl ScoringTable {
    /// Makes a table that has no errors ready for scoring.
    pub fn of(content: &CriteriaContent) -> Self {
        let mut table = ScoringTable {
            nodes: Vec::new(),
            criteria: Vec::new(),
            shares: Vec::new(),
            by_code: HashMap::new(),
            not_applicable: content.not_applicable,
        };
        for Part { code, kind, max_points, max_deduction, children, .. } in &content.parts {
            let at = table.nodes.len();
            table.nodes.push(TableNode {
                code: code.clone(),
                max_points: Some(*max_points),
                max_deduction: *max_deduction,
                kind: *kind,
                parent: None,
            });
            table.add_family(*kind, *max_points, children, at);
        }
        table
    }

    fn add_family(&mut self, kind: PartKind, max: Points, children: &[Node], parent: usize) {
        let own: Points = children.iter().filter_map(|child| child.max_points).sum();
        let left = max - own;
        let mut sharing = Vec::new();
        for child in children {
            let node = self.nodes.len();
            self.nodes.push(TableNode {
                code: child.code.clone(),
                max_points: child.max_points,
                max_deduction: None,
                kind,
                parent: Some(parent),
            });
            match &child.rule {
                Some(rule) => {
                    let line = self.criteria.len();
                    if child.max_points.is_none() {
                        sharing.push(line);
                    }
                    self.by_code.insert(child.code.clone(), line);
                    self.criteria.push(Criterion {
                        code: child.code.clone(),
                        title: child.title.clone(),
                        max_points: child.max_points,
                        ceiling: child.max_points.unwrap_or(left),
                        rule: rule.clone(),
                        evidence_required: child.evidence_required,
                        node,
                    });
                }
                None => self.add_family(kind, child.max_points.unwrap_or(left), &child.children, node),
            }
        }
        if !sharing.is_empty() {
            self.shares.push(Share { ceiling: left, lines: sharing, parent });
        }
    }

    /// An empty sheet of this table.
    pub fn blank(&self) -> Sheet {
        Sheet(vec![Line::default(); self.criteria.len()])
    }

    /// The place of a criterion among the lines.
    pub fn position(&self, code: &str) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    /// Whether a criterion is scored against a target that the table leaves open; none where it has no such criterion.
    pub fn asks_for_target(&self, code: &str) -> Option<bool> {
        let criterion = self.criteria.get(self.position(code)?)?;
        Some(criterion.asks_for_target())
    }

    /// Whether any criterion does.
    pub fn asks_for_targets(&self) -> bool {
        self.criteria.iter().any(Criterion::asks_for_target)
    }

    /// The table as it is for a unit with these targets, by criterion.
    #[must_use]
    pub fn with_targets<'a>(mut self, targets: impl Iterator<Item = (&'a str, Quantity)>) -> Self {
        for (code, target) in targets {
            let found = self.position(code).and_then(|at| self.criteria.get_mut(at));
            if let Some(criterion) = found.filter(|criterion| criterion.asks_for_target()) {
                criterion.rule.set_target(target);
            }
        }
        self
    }

    /// The section codes that a tie-break may name.
    pub fn has_node(&self, code: &str) -> bool {
        self.nodes.iter().any(|node| node.code == code)
    }

    /// The sheet after `lines` were written onto `before`.
    ///
    /// # Errors
    /// Every fault at once: unknown or repeated criteria, answers that their rules refuse, texts,
    /// and `shared_points_exceeded` where lines together take more than their section leaves them.
    pub fn write(
        &self,
        before: &Sheet,
        lines: &[LineInput],
        mode: WriteMode,
        scorer: Scorer,
    ) -> Result<Sheet, Vec<Fault>> {
        let may_leave_out = scorer == Scorer::Reviewer && self.not_applicable != NotApplicable::Refused;
        let mut check = Check::default();
        let mut after = match mode {
            WriteMode::Replace => self.blank(),
            WriteMode::Update => before.clone(),
        };
        let mut seen = HashSet::new();
        for (at, input) in lines.iter().enumerate() {
            let pointer = format!("/scores/{at}");
            let code = input.criterion_code.as_str();
            let found = self.position(code).and_then(|line| Some((self.criteria.get(line)?, after.0.get_mut(line)?)));
            let Some((criterion, line)) = found else {
                let fault = Fault::at(format!("{pointer}/criterion_code"), Code::UnknownCriterion);
                check.faults.push(fault.with("criterion", code));
                continue;
            };
            if !seen.insert(code) {
                let fault = Fault::at(format!("{pointer}/criterion_code"), Code::DuplicateCriterion);
                check.faults.push(fault.with("criterion", code));
                continue;
            }
            *line = criterion.read(input, may_leave_out, &pointer, &mut check);
        }
        self.check_shares(&after, &mut check);
        if check.faults.is_empty() { Ok(after) } else { Err(check.faults) }
    }

    fn check_shares(&self, sheet: &Sheet, check: &mut Check) {
        for share in &self.shares {
            let taken: Points = share.lines.iter().filter_map(|line| sheet.points(*line)).sum();
            if taken > share.ceiling {
                let codes: Vec<&str> =
                    share.lines.iter().filter_map(|line| Some(self.criteria.get(*line)?.code.as_str())).collect();
                check.faults.push(
                    Fault::at("/scores", Code::SharedPointsExceeded)
                        .with("criteria", codes.join(", "))
                        .with("max", share.ceiling)
                        .with("got", taken),
                );
            }
        }
    }

    /// What keeps the sheet from being submitted: `missing_score`, `evidence_required`.
    /// `evidence_for` says which criteria have a piece of evidence; a line that claims no points needs none.
    pub fn missing(&self, sheet: &Sheet, evidence_for: impl Fn(&str) -> bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (at, (criterion, line)) in self.criteria.iter().zip(&sheet.0).enumerate() {
            let fault = |code| Fault::at(format!("/scores/{at}"), code).with("criterion", criterion.code.as_str());
            if line.scored.is_none() {
                faults.push(fault(Code::MissingScore));
            }
            let claims = line.points() != Some(Points::ZERO);
            if criterion.evidence_required && claims && !evidence_for(&criterion.code) {
                faults.push(fault(Code::EvidenceRequired));
            }
        }
        faults
    }

    /// The lines of `review` that depart from the stage before without saying why.
    pub fn unexplained(&self, before: &Sheet, review: &Sheet) -> Vec<Fault> {
        let lines = self.criteria.iter().zip(before.0.iter().zip(&review.0)).enumerate();
        lines
            .filter(|(_, (_, (before, after)))| before.scored != after.scored && after.reason.is_none())
            .map(|(at, (criterion, _))| {
                let pointer = format!("/scores/{at}/reason");
                Fault::at(pointer, Code::ReasonRequired).with("criterion", criterion.code.as_str())
            })
            .collect()
    }
}

impl Criterion {
    fn asks_for_target(&self) -> bool {
        self.rule.asks_for_target()
    }

    fn read(&self, input: &LineInput, may_leave_out: bool, pointer: &str, check: &mut Check) -> Line {
        let answer = input.answer.as_ref().map(|answer| {
            let pointer = format!("{pointer}/answer");
            match answer.is_not_applicable() {
                true if may_leave_out => Ok(Answer::NOT_APPLICABLE),
                true => Err(Fault::at(pointer, Code::NotApplicableRefused).with("criterion", self.code.as_str())),
                false => self.rule.read(answer, &self.code, self.ceiling, &pointer),
            }
        });
        let scored = match answer {
            Some(Ok(answer)) => {
                let points = self.rule.points(&answer, self.ceiling);
                Some((answer, points))
            }
            Some(Err(fault)) => {
                check.faults.push(fault);
                None
            }
            None => None,
        };
        Line {
            scored,
            note: check.optional(&format!("{pointer}/note"), input.note.as_deref(), NOTE_CHARS),
            reason: check.optional(&format!("{pointer}/reason"), input.reason.as_deref(), NOTE_CHARS),
        }
    }
}

impl Sheet {
    /// The points of a line, if it is scored.
    pub fn points(&self, line: usize) -> Option<Points> {
        self.0.get(line)?.points()
    }

    /// A copy for the next stage: the answers, without the remarks and reasons of this one.
    pub fn copied(&self) -> Sheet {
        Sheet(self.0.iter().map(|line| Line { scored: line.scored.clone(), ..Line::default() }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::criteria::criteria_set::tests::guideline;
    use proptest::prelude::*;

    fn p(hundredths: i64) -> Points {
        Points::from_hundredths(hundredths)
    }

    fn line(code: &str, answer: &str) -> LineInput {
        LineInput {
            criterion_code: code.into(),
            answer: Some(serde_json::from_str(answer).unwrap()),
            note: None,
            reason: None,
        }
    }

    /// Every criterion at its most; A.I.1 takes 100 of the shared 150.
    fn full(table: &ScoringTable) -> Vec<LineInput> {
        let answer = |criterion: &Criterion| match (&criterion.rule, criterion.code.as_str()) {
            (_, "A.I.1") => r#"{"points":100}"#.to_owned(),
            (_, "A.I.2") => r#"{"points":50}"#.to_owned(),
            (Rule::AllOrNothing(_), _) => r#"{"achieved":true}"#.to_owned(),
            (Rule::DeductionPerCase(_), _) => r#"{"cases":0}"#.to_owned(),
            _ => format!("{{\"points\":{}}}", criterion.ceiling),
        };
        table.criteria.iter().map(|criterion| line(&criterion.code, &answer(criterion))).collect()
    }

    #[test]
    fn the_guideline_has_28_lines_and_adds_up_to_900_and_100() {
        let table = ScoringTable::of(&guideline());
        assert_eq!(table.criteria.len(), 28);
        let sheet = table.write(&table.blank(), &full(&table), WriteMode::Replace, Scorer::Unit).unwrap();
        assert_eq!(table.tally(&sheet).totals, Some(Totals::new(p(90_000), p(10_000))));
        assert_eq!(table.tally(&table.blank()).totals, None);
        let breakdown = table.breakdown(&table.tally(&sheet));
        assert_eq!(
            (breakdown.deducted, breakdown.nodes["A.I"], breakdown.nodes["A.VIII"]),
            (p(0), p(25_000), p(10_000))
        );
    }

    #[test]
    fn a_i_1_and_a_i_2_share_150_between_them() {
        let table = ScoringTable::of(&guideline());
        let both = [line("A.I.1", r#"{"points":100}"#), line("A.I.2", r#"{"points":50.01}"#)];
        let faults = table.write(&table.blank(), &both, WriteMode::Update, Scorer::Unit).unwrap_err();
        assert_eq!(
            faults,
            [Fault::at("/scores", Code::SharedPointsExceeded)
                .with("criteria", "A.I.1, A.I.2")
                .with("max", 150)
                .with("got", 150.01)]
        );
        // What stood before counts as well.
        let first = table.write(&table.blank(), &both[..1], WriteMode::Update, Scorer::Unit).unwrap();
        assert!(table.write(&first, &both[1..], WriteMode::Update, Scorer::Unit).is_err());
        assert!(table.write(&first, &both[1..], WriteMode::Replace, Scorer::Unit).is_ok());
    }

    #[test]
    fn all_faults_come_at_once_and_point_at_their_lines() {
        let table = ScoringTable::of(&guideline());
        let lines = [
            line("A.II.1", r#"{"points":35}"#),
            line("Z.9", r#"{"points":1}"#),
            line("A.II.2", r#"{"points":1}"#),
            line("A.II.2", r#"{"points":2}"#),
            line("A.III.1", r#"{"points":20}"#),
        ];
        let faults = table.write(&table.blank(), &lines, WriteMode::Replace, Scorer::Unit).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(
            found,
            [
                ("/scores/0/answer/points", Code::ScoreOutOfRange),
                ("/scores/1/criterion_code", Code::UnknownCriterion),
                ("/scores/3/criterion_code", Code::DuplicateCriterion),
                ("/scores/4/answer", Code::AnswerMismatch),
            ]
        );
    }

    #[test]
    fn null_is_not_zero() {
        let table = ScoringTable::of(&guideline());
        let zero = table
            .write(&table.blank(), &[line("A.II.1", r#"{"points":0}"#)], WriteMode::Replace, Scorer::Unit)
            .unwrap();
        assert_eq!(table.tally(&zero).totals, Some(Totals::new(p(0), p(0))));
        assert_eq!(table.missing(&zero, |_| false).len(), 27);
        let cleared = LineInput { answer: None, ..line("A.II.1", "{}") };
        let after = table.write(&zero, &[cleared], WriteMode::Update, Scorer::Unit).unwrap();
        assert_eq!(table.tally(&after).totals, None);
    }

    #[test]
    fn a_review_must_say_why_it_departs() {
        let table = ScoringTable::of(&guideline());
        let own = table.write(&table.blank(), &full(&table), WriteMode::Replace, Scorer::Unit).unwrap();
        let mut lower = line("A.II.1", r#"{"points":25}"#);
        let review = table.write(&own.copied(), &[lower.clone()], WriteMode::Update, Scorer::Unit).unwrap();
        let at = table.position("A.II.1").unwrap();
        assert_eq!(table.unexplained(&own, &review)[0].pointer, format!("/scores/{at}/reason"));
        lower.reason = Some("Trình chậm 02 văn bản".into());
        let review = table.write(&own.copied(), &[lower], WriteMode::Update, Scorer::Unit).unwrap();
        assert_eq!(table.unexplained(&own, &review), []);
    }

    proptest! {
        #[test]
        fn no_part_ever_counts_more_than_its_maximum(shares in proptest::collection::vec(0_i64..=100, 28)) {
            let table = ScoringTable::of(&guideline());
            let lines: Vec<LineInput> = table.criteria.iter().zip(&shares).map(|(criterion, share)| {
                let points = p(criterion.ceiling.hundredths() * share / 100);
                let answer = match criterion.rule.name() {
                    "manual" => format!("{{\"points\":{points}}}"),
                    "all_or_nothing" => format!("{{\"achieved\":{}}}", share % 2 == 0),
                    _ => format!("{{\"cases\":{share}}}"),
                };
                line(&criterion.code, &answer)
            }).collect();
            match table.write(&table.blank(), &lines, WriteMode::Replace, Scorer::Unit) {
                Err(faults) => prop_assert!(shares[0] + shares[1] > 100 && faults.len() == 1, "{faults:?}"),
                Ok(sheet) => {
                    for (node, sum) in table.nodes.iter().zip(table.tally(&sheet).nodes) {
                        prop_assert!(sum.points.unwrap() <= node.max_points.unwrap_or(p(15_000)));
                    }
                    let totals = table.tally(&sheet).totals.unwrap();
                    let sum: Points = (0..28).filter_map(|line| sheet.points(line)).sum();
                    prop_assert_eq!(totals.total, sum);
                    prop_assert!(totals.base <= p(90_000) && totals.bonus <= p(10_000));
                }
            }
        }
    }
}
