//! Scoring a submission by a criteria set: its lines, their sums, and what is rejected.

mod each;
mod mean;
#[cfg(test)]
mod oracle;
mod room;
#[cfg(test)]
mod structures;
mod tally;
mod totals;

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::value::RawValue;

pub use mean::Spread;
pub use tally::{Breakdown, LimitSum, Tally};
pub use totals::Totals;

use crate::domain::criteria::criteria_set::{
    Combine, CriteriaContent, Limit, Node, NotApplicable, PartKind, ScoredBy, floor,
};
use crate::domain::criteria::rules::{Answer, AnswerInput, Bounds, Rule};
use crate::domain::text::{Check, NOTE_CHARS};
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// A published criteria set prepared for scoring.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoringTable {
    /// Parts, sections and criteria, in order.
    pub nodes: Vec<TableNode>,
    /// The criteria, one for each line of a submission, in order.
    pub criteria: Vec<Criterion>,
    /// What holds criteria together that do not share a parent.
    pub limits: Vec<TableLimit>,
    /// Criteria without their own maximum that share the points that a section has left.
    shares: Vec<Share>,
    by_code: HashMap<String, usize>,
    /// The fewest points in total.
    minimum_total: Points,
}

/// A part, section or criterion.
#[derive(Debug, Clone, PartialEq)]
pub struct TableNode {
    /// Code of the part, section or criterion.
    pub code: String,
    /// Maximum points; `None` for a criterion that shares.
    pub max_points: Option<Points>,
    /// The fewest points; `None` for no floor.
    min_points: Option<Points>,
    /// How its children make its points.
    combine: Combine,
    /// The most that the deductions below it take.
    max_deduction: Option<Points>,
    /// How what does not apply is handled.
    not_applicable: NotApplicable,
    /// Kind of points of its part.
    kind: PartKind,
    /// Index of the parent; `None` for a part.
    parent: Option<usize>,
    /// Index after the last node below it.
    end: usize,
}

/// What holds criteria together that do not share a parent.
#[derive(Debug, Clone, PartialEq)]
pub struct TableLimit {
    /// Code of the limit.
    pub code: String,
    /// Indices of its criteria.
    lines: Vec<usize>,
    /// The most that their deductions take together.
    max_deduction: Option<Points>,
    /// The most that they award together.
    max_award: Option<Points>,
}

/// A text that is kept as JSON: a table's long titles are escaped once, not in each answer.
#[derive(Debug, Clone, Serialize)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    fn new(text: &str) -> Self {
        JsonText(serde_json::value::to_raw_value(text).unwrap_or_default())
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// A criterion.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Code of the criterion.
    pub code: String,
    /// Text of the criterion, as JSON.
    pub title: JsonText,
    /// Maximum points; `None` for a criterion that shares.
    pub max_points: Option<Points>,
    /// What its points lie between. A criterion that shares may have all that is shared.
    pub bounds: Bounds,
    /// How an answer is converted to points.
    pub rule: Rule,
    /// Whether it requires evidence.
    pub evidence_required: bool,
    /// Who scores it in the self-assessment.
    pub scored_by: ScoredBy,
    /// How it is handled where it does not apply.
    not_applicable: NotApplicable,
    /// Index among the nodes.
    node: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Share {
    ceiling: Points,
    lines: Vec<usize>,
    /// Index of the section among the nodes.
    parent: usize,
}

/// A line of a submission. A line that is not scored has no points, which is not the same as zero points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The answer and the points that it earned.
    pub scored: Option<(Answer, Points)>,
    /// A remark of the person who scored the line.
    pub note: Option<String>,
    /// Why a review differs from the previous stage.
    pub reason: Option<String>,
}

impl Line {
    /// Returns the answer, if the line is scored.
    pub fn answer(&self) -> Option<&Answer> {
        self.scored.as_ref().map(|(answer, _)| answer)
    }

    /// Returns the answer that somebody gave; what several reviewers made together is none.
    pub fn given(&self) -> Option<&Answer> {
        self.answer().filter(|answer| answer.mean().is_none())
    }

    /// Returns how far apart the reviewers were who made it together.
    pub fn spread(&self) -> Option<Spread> {
        self.answer()?.mean().map(Spread::of)
    }

    /// Returns the points, if the line is scored and applies.
    pub fn points(&self) -> Option<Points> {
        self.scored.as_ref().filter(|(answer, _)| !answer.is_not_applicable()).map(|(_, points)| *points)
    }

    /// Whether the criterion was declared not applicable.
    pub fn is_not_applicable(&self) -> bool {
        self.answer().is_some_and(Answer::is_not_applicable)
    }
}

/// The lines of a stage, one for each criterion, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet(pub Vec<Line>);

/// A line as submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineInput {
    /// Code of the criterion.
    pub criterion_code: String,
    /// The answer; `None` clears the line.
    pub answer: Option<AnswerInput>,
    /// A remark.
    pub note: Option<String>,
    /// Why a review differs from the previous stage.
    pub reason: Option<String>,
}

/// Who scores a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scorer {
    /// The unit itself.
    Unit,
    /// A reviewer, who may declare criteria not applicable.
    Reviewer,
}

/// How submitted lines are combined with the existing ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Omitted lines are cleared.
    Replace,
    /// Omitted lines remain unchanged.
    Update,
}

impl ScoringTable {
    /// Prepares a criteria set without errors for scoring.
    pub fn of(content: &CriteriaContent) -> Self {
        let mut table = ScoringTable {
            nodes: Vec::new(),
            criteria: Vec::new(),
            limits: Vec::new(),
            shares: Vec::new(),
            by_code: HashMap::new(),
            minimum_total: content.minimum_total,
        };
        for part in &content.parts {
            let at = table.nodes.len();
            let not_applicable = part.not_applicable.unwrap_or(content.not_applicable);
            table.nodes.push(TableNode {
                code: part.code.clone(),
                max_points: Some(part.max_points),
                min_points: floor(part.kind, part.min_points),
                combine: part.combine,
                max_deduction: part.max_deduction,
                not_applicable,
                kind: part.kind,
                parent: None,
                end: at,
            });
            table.add_family(part.max_points, &part.children, at);
        }
        let lines = |limit: &Limit| limit.criteria.iter().filter_map(|code| table.position(code)).collect();
        let limits = content.limits.iter().map(|limit| TableLimit {
            code: limit.code.clone(),
            lines: lines(limit),
            max_deduction: limit.max_deduction,
            max_award: limit.max_award,
        });
        table.limits = limits.collect();
        table
    }

    fn add_family(&mut self, max: Points, children: &[Node], parent: usize) {
        let own: Points = children.iter().filter_map(|child| child.max_points).sum();
        let left = max - own;
        let mut sharing = Vec::new();
        for child in children {
            let at = self.nodes.len();
            let Some(above) = self.nodes.get(parent) else {
                return;
            };
            let (kind, not_applicable) = (above.kind, child.not_applicable.unwrap_or(above.not_applicable));
            let min_points = floor(kind, child.min_points);
            self.nodes.push(TableNode {
                code: child.code.clone(),
                max_points: child.max_points,
                min_points,
                combine: child.combine,
                max_deduction: child.max_deduction,
                not_applicable,
                kind,
                parent: Some(parent),
                end: at,
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
                        title: JsonText::new(&child.title),
                        max_points: child.max_points,
                        bounds: Bounds {
                            min: min_points,
                            max: child.max_points.unwrap_or(left),
                            bonus: child.bonus_max_points.unwrap_or_default(),
                        },
                        rule: rule.clone(),
                        evidence_required: child.evidence_required,
                        scored_by: child.scored_by,
                        not_applicable,
                        node: at,
                    });
                }
                None => self.add_family(child.max_points.unwrap_or(left), &child.children, at),
            }
            self.close(at);
        }
        if !sharing.is_empty() {
            self.shares.push(Share { ceiling: left, lines: sharing, parent });
        }
        self.close(parent);
    }

    /// Notes that everything so far from a node on is below it.
    fn close(&mut self, at: usize) {
        let end = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(at) {
            node.end = end;
        }
    }

    /// Returns an empty sheet.
    pub fn blank(&self) -> Sheet {
        Sheet(vec![Line::default(); self.criteria.len()])
    }

    /// Returns the index of a criterion among the lines.
    pub fn position(&self, code: &str) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    /// Whether a criterion needs a target from the period; `None` if there is no such criterion.
    pub fn asks_for_target(&self, code: &str) -> Option<bool> {
        let criterion = self.criteria.get(self.position(code)?)?;
        Some(criterion.asks_for_target())
    }

    /// Whether any criterion needs a target from the period.
    pub fn asks_for_targets(&self) -> bool {
        self.criteria.iter().any(Criterion::asks_for_target)
    }

    /// Returns the table for a unit with these targets by criterion.
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

    /// Whether there is a part, section or criterion with this code.
    pub fn has_node(&self, code: &str) -> bool {
        self.nodes.iter().any(|node| node.code == code)
    }

    /// Applies `lines` to `before`.
    ///
    /// # Errors
    /// All faults together: unknown or repeated criteria, answers that their rules reject, texts, and
    /// `shared_points_exceeded` for lines that together exceed the points they share.
    pub fn write(
        &self,
        before: &Sheet,
        lines: &[LineInput],
        mode: WriteMode,
        scorer: Scorer,
    ) -> Result<Sheet, Vec<Fault>> {
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
            *line = criterion.read(input, scorer, &pointer, &mut check);
        }
        self.check_shares((before, &after), &mut check);
        if check.faults.is_empty() { Ok(after) } else { Err(check.faults) }
    }

    /// Shared points that nobody changes are not refused: means may exceed what is shared, and count no further.
    fn check_shares(&self, sheets: (&Sheet, &Sheet), check: &mut Check) {
        check.faults.extend(self.shares.iter().filter_map(|share| self.shared_fault(share, sheets)));
    }

    /// Returns what prevents submission: `missing_score`, `evidence_required`. `evidence_for` tells which criteria have
    /// evidence; a line that claims no points needs none. A unit leaves out what the standing body scores.
    pub fn missing(&self, sheet: &Sheet, scorer: Scorer, evidence_for: impl Fn(&str) -> bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (at, (criterion, line)) in self.criteria.iter().zip(&sheet.0).enumerate() {
            if scorer == Scorer::Unit && criterion.scored_by == ScoredBy::StandingBody {
                continue;
            }
            let fault = |code| Fault::at(format!("/scores/{at}"), code).with("criterion", criterion.code.as_str());
            if line.scored.is_none() {
                faults.push(fault(Code::MissingScore));
            }
            let claims = match line.points() {
                Some(points) => points > Points::ZERO,
                None => !criterion.bounds.only_takes(),
            };
            if criterion.evidence_required && claims && !evidence_for(&criterion.code) {
                faults.push(fault(Code::EvidenceRequired));
            }
        }
        faults
    }

    /// Returns a fault for each line of `review` that differs from the previous stage without a reason. What nobody had scored
    /// before differs from nothing.
    pub fn unexplained(&self, before: &Sheet, review: &Sheet) -> Vec<Fault> {
        let lines = self.criteria.iter().zip(before.0.iter().zip(&review.0)).enumerate();
        let first_scored = |criterion: &Criterion, before: &Line| {
            criterion.scored_by == ScoredBy::StandingBody && before.scored.is_none()
        };
        lines
            .filter(|(_, (criterion, (before, after)))| {
                before.scored != after.scored && after.reason.is_none() && !first_scored(criterion, before)
            })
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

    /// The most that this line alone counts: its maximum, or all points that are shared.
    pub const fn ceiling(&self) -> Points {
        self.bounds.max
    }

    /// Returns the points of a line that count for the criterion itself, and those beyond its maximum, which count as bonus;
    /// none if it is not scored or does not apply.
    pub fn split(&self, line: &Line) -> (Option<Points>, Option<Points>) {
        line.points().map(|points| self.bounds.split(points)).unzip()
    }

    fn read(&self, input: &LineInput, by: Scorer, pointer: &str, check: &mut Check) -> Line {
        let may_leave_out = by == Scorer::Reviewer && self.not_applicable != NotApplicable::Refused;
        let answer = input.answer.as_ref().map(|answer| {
            let pointer = format!("{pointer}/answer");
            let fault = |code| Fault::at(pointer.as_str(), code).with("criterion", self.code.as_str());
            match answer.is_not_applicable() {
                _ if by == Scorer::Unit && self.scored_by == ScoredBy::StandingBody => {
                    Err(fault(Code::NotScoredByUnit))
                }
                true if may_leave_out => Ok(Answer::NOT_APPLICABLE),
                true => Err(fault(Code::NotApplicableRefused)),
                false => self.rule.read(answer, &self.code, self.bounds, &pointer),
            }
        });
        let scored = match answer {
            Some(Ok(answer)) => {
                let points = self.rule.points(&answer, self.bounds);
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
    /// Returns the points of a line, if it is scored.
    pub fn points(&self, line: usize) -> Option<Points> {
        self.0.get(line)?.points()
    }

    /// Returns a copy without the lines that another sheet leaves out.
    #[must_use]
    pub fn as_far_as(&self, other: &Sheet) -> Sheet {
        let lines = self.0.iter().zip(&other.0);
        Sheet(lines.map(|(line, other)| if other.scored.is_some() { line.clone() } else { Line::default() }).collect())
    }

    /// Returns a copy for the next stage: the answers, without remarks and reasons.
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

    /// Every criterion at its maximum; A.I.1 takes 100 of the shared 150.
    fn full(table: &ScoringTable) -> Vec<LineInput> {
        let answer = |criterion: &Criterion| match (&criterion.rule, criterion.code.as_str()) {
            (_, "A.I.1") => r#"{"points":100}"#.to_owned(),
            (_, "A.I.2") => r#"{"points":50}"#.to_owned(),
            (Rule::AllOrNothing(_), _) => r#"{"achieved":true}"#.to_owned(),
            (Rule::DeductionPerCase(_), _) => r#"{"cases":0}"#.to_owned(),
            _ => format!("{{\"points\":{}}}", criterion.ceiling()),
        };
        table.criteria.iter().map(|criterion| line(&criterion.code, &answer(criterion))).collect()
    }

    #[test]
    fn the_guideline_has_28_lines_and_adds_up_to_900_and_100() {
        let table = ScoringTable::of(&guideline());
        assert_eq!(table.criteria.len(), 28);
        let sheet = table.write(&table.blank(), &full(&table), WriteMode::Replace, Scorer::Unit).unwrap();
        assert_eq!(table.tally(&sheet).totals, Some(Totals::new(p(90_000), p(10_000), p(0), p(0))));
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
        // Existing lines count as well.
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
        assert_eq!(table.tally(&zero).totals, Some(Totals::new(p(0), p(0), p(0), p(0))));
        assert_eq!(table.missing(&zero, Scorer::Unit, |_| false).len(), 27);
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
                let points = p(criterion.ceiling().hundredths() * share / 100);
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
