//! Sums of a submission: lines into sections, sections into parts, parts into totals.
//!
//! In this order: where only the best of some counts, it is chosen; then deductions and awards count, line by line, as far as
//! the caps above them and the limits that name them have room; then each node combines its children, makes up for what does
//! not apply, and is held to its bounds; then come the totals, and the fewest points last. So caps and limits need no order
//! among themselves.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Criterion, Line, ScoringTable, Sheet, TableNode, Totals};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::{Combine, NotApplicable, PartKind};

/// Figures beyond the totals that tie-break rules may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// Points lost by deductions, as far as caps and limits let them count.
    pub deducted: Points,
    /// Points of every part and section, by code.
    pub nodes: BTreeMap<String, Points>,
}

/// The sum of a part, section or criterion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSum {
    /// The resulting points; `None` if no line is scored.
    pub points: Option<Points>,
    /// Points beyond the maxima of the criteria below, which count as bonus.
    pub bonus: Points,
    /// Arithmetic beyond a plain sum, line by line.
    pub steps: Vec<String>,
    /// Points lost by deductions, before the cap of the node itself.
    lost: Points,
    /// As far as they count.
    counted: Points,
    /// Maxima of what does not apply and is made up for here.
    left_out: Points,
    /// Points of the base that nobody can reach because criteria do not apply, to be made up for in the total.
    unreachable: Points,
    /// Maxima of the children together.
    maxima: Points,
    /// Points that criteria have beyond those that they share, and those that they share; only means have any.
    over: Option<(Points, Points)>,
    /// Whether any criterion applies.
    applies: bool,
}

/// What a limit on criteria that do not share a parent makes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSum {
    /// Deductions as far as they count.
    pub deducted: Points,
    /// Awards as far as they count.
    pub awarded: Points,
    /// What was limited, line by line.
    pub steps: Vec<String>,
}

/// The sums of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The sum of each node, in order.
    pub nodes: Vec<NodeSum>,
    /// What each limit makes of its criteria, in order.
    pub limits: Vec<LimitSum>,
    /// Totals; `None` if no line is scored.
    pub totals: Option<Totals>,
    /// Arithmetic of the totals beyond a plain sum, line by line.
    pub steps: Vec<String>,
    /// Points lost by deductions, as far as they count.
    deducted: Points,
}

/// What a line brings before caps and limits.
#[derive(Debug, Clone, Copy, Default)]
struct Brought {
    /// Points, what counts as bonus included; `None` for a line that is not scored or does not apply.
    points: Option<Points>,
    /// What it has less than without a case.
    deduction: Points,
    /// What it has more than without a case.
    award: Points,
    /// Whether the criterion applies.
    applies: bool,
}

/// What a line counts for after caps and limits.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    deduction: Points,
    award: Points,
}

impl Counted {
    fn add(&mut self, other: Counted) {
        self.deduction += other.deduction;
        self.award += other.award;
    }
}

impl LimitSum {
    fn of(all: Counted, held: Counted) -> Self {
        let pairs = [(all.deduction, held.deduction), (all.award, held.award)];
        let cut = pairs.into_iter().filter(|(all, held)| all > held);
        let steps = cut.map(|(all, held)| format!("min({all}, {held}) = {held}")).collect();
        LimitSum { deducted: held.deduction, awarded: held.award, steps }
    }
}

impl Brought {
    fn of(criterion: &Criterion, line: &Line, kind: PartKind) -> Self {
        let Criterion { bounds, max_points, rule, not_applicable, .. } = criterion;
        if line.is_not_applicable() {
            // What shares points is full only where none of those that share applies.
            let is_full = *not_applicable == NotApplicable::FullPoints && kind == PartKind::Base;
            let points = max_points.filter(|max| is_full && *max > Points::ZERO);
            return Brought { points, applies: points.is_some(), ..Brought::default() };
        }
        let Some(points) = line.points() else {
            return Brought { applies: true, ..Brought::default() };
        };
        let start = rule.start(*bounds);
        let deduction = match start {
            _ if bounds.max == Points::ZERO => Points::ZERO - points,
            Some(start) => start - points,
            None => Points::ZERO,
        };
        // Rules that only deduct start at the maximum and award nothing.
        let award = points - start.unwrap_or_default();
        let at_least_none = |points: Points| points.max(Points::ZERO);
        Brought {
            points: Some(points),
            deduction: at_least_none(deduction),
            award: at_least_none(award),
            applies: true,
        }
    }
}

impl ScoringTable {
    /// Computes the sums of a submission.
    pub fn tally(&self, sheet: &Sheet) -> Tally {
        let kind = |criterion: &Criterion| self.nodes.get(criterion.node).map_or(PartKind::Base, |node| node.kind);
        let lines = self.criteria.iter().zip(&sheet.0);
        let lines: Vec<Brought> =
            lines.map(|(criterion, line)| Brought::of(criterion, line, kind(criterion))).collect();
        let counts = self.choose(sheet, &lines);
        let whole = Scope { nodes: 0..self.nodes.len(), with_limits: true };
        let counting = Counting { table: self, sheet, lines: &lines, counts: &counts, scope: whole };
        let (counted, limits) = counting.count();
        let nodes = counting.settle(&counted);
        let deducted = counted.iter().map(|counted| counted.deduction).sum();
        let (totals, steps) = self.totals(&nodes);
        let any = sheet.0.iter().any(|line| line.scored.is_some());
        Tally { nodes, limits, totals: any.then_some(totals), steps, deducted }
    }

    /// Returns which nodes count: all but those beside the best where only the best counts.
    fn choose(&self, sheet: &Sheet, lines: &[Brought]) -> Vec<bool> {
        let mut counts = vec![true; self.nodes.len()];
        // A node precedes what is below it, so in reverse order the choices below are made before those above.
        for (at, node) in self.nodes.iter().enumerate().rev().filter(|(_, node)| node.combine == Combine::Highest) {
            let takes = node.max_points == Some(Points::ZERO);
            let mut best: Option<(usize, Points)> = None;
            for (child, _) in self.children(at) {
                let Some(value) = self.own_value(child, sheet, lines, &counts) else {
                    continue;
                };
                let is_better = |(_, than): (usize, Points)| if takes { value < than } else { value > than };
                if best.is_none_or(is_better) {
                    best = Some((child, value));
                }
            }
            for (child, below) in self.children(at) {
                if best.is_some_and(|(best, _)| best != child) {
                    counts.get_mut(child..below.end).into_iter().flatten().for_each(|counts| *counts = false);
                }
            }
        }
        counts
    }

    /// Returns the settled value of a node by itself, bonus included; `None` where it does not apply or is not scored.
    fn own_value(&self, at: usize, sheet: &Sheet, lines: &[Brought], counts: &[bool]) -> Option<Points> {
        let end = self.nodes.get(at)?.end;
        let scope = Scope { nodes: at..end, with_limits: false };
        let counting = Counting { table: self, sheet, lines, counts, scope };
        let (counted, _) = counting.count();
        let nodes = counting.settle(&counted);
        let sum = nodes.get(at).filter(|sum| sum.applies)?;
        Some(sum.points? + sum.bonus)
    }

    fn children(&self, at: usize) -> impl Iterator<Item = (usize, &TableNode)> {
        self.nodes.iter().enumerate().filter(move |(_, node)| node.parent == Some(at))
    }

    /// Returns the totals of settled nodes, and their arithmetic beyond a plain sum.
    fn totals(&self, nodes: &[NodeSum]) -> (Totals, Vec<String>) {
        let mut steps = Vec::new();
        let parts = |kind| {
            let parts = self.nodes.iter().zip(nodes);
            parts.filter(move |(node, _)| node.parent.is_none() && node.kind == kind)
        };
        let of = |kind| -> Points { parts(kind).filter_map(|(_, sum)| sum.points).sum() };
        let mut base = of(PartKind::Base);
        let maxima: Points = parts(PartKind::Base).filter_map(|(node, _)| node.max_points).sum();
        let unreachable: Points = parts(PartKind::Base).map(|(_, sum)| sum.unreachable).sum();
        if unreachable > Points::ZERO && unreachable < maxima {
            let scaled = base.scaled(maxima, maxima - unreachable);
            steps.push(format!("{base} × {maxima} / ({maxima} - {unreachable}) = {scaled}"));
            base = scaled;
        }
        let beyond: Points = parts(PartKind::Base).map(|(_, sum)| sum.bonus).sum();
        let totals = Totals::new(base, of(PartKind::Bonus) + beyond, of(PartKind::Penalty), self.minimum_total);
        if totals.raised() > Points::ZERO {
            steps.push(format!("max({}, {}) = {}", totals.sum(), self.minimum_total, totals.total));
        }
        (totals, steps)
    }

    /// Returns the figures that tie-break rules may use.
    pub fn breakdown(&self, tally: &Tally) -> Breakdown {
        let nodes = self.nodes.iter().zip(&tally.nodes);
        Breakdown {
            deducted: tally.deducted,
            nodes: nodes.filter_map(|(node, sum)| Some((node.code.clone(), sum.points?))).collect(),
        }
    }
}

/// The nodes that are summed, and whether the limits across them hold.
struct Scope {
    nodes: Range<usize>,
    with_limits: bool,
}

/// The lines that are summed.
struct Counting<'a> {
    table: &'a ScoringTable,
    sheet: &'a Sheet,
    lines: &'a [Brought],
    counts: &'a [bool],
    scope: Scope,
}

impl Counting<'_> {
    fn holds(&self, node: usize) -> bool {
        self.scope.nodes.contains(&node) && self.counts.get(node).copied().unwrap_or_default()
    }

    /// Counts deductions and awards in table order, each as far as the caps above it and the limits that name it have room.
    fn count(&self) -> (Vec<Counted>, Vec<LimitSum>) {
        let table = self.table;
        let mut caps: Vec<Option<Points>> = table.nodes.iter().map(|node| node.max_deduction).collect();
        let limits = if self.scope.with_limits { table.limits.as_slice() } else { &[] };
        let mut deductible: Vec<Option<Points>> = limits.iter().map(|limit| limit.max_deduction).collect();
        let mut awardable: Vec<Option<Points>> = limits.iter().map(|limit| limit.max_award).collect();
        let mut sums = vec![(Counted::default(), Counted::default()); limits.len()];
        let mut counted = vec![Counted::default(); self.lines.len()];
        let naming = |line: usize| {
            limits.iter().enumerate().filter(move |(_, limit)| limit.lines.contains(&line)).map(|(at, _)| at)
        };
        let lines = table.criteria.iter().zip(self.lines).enumerate();
        for (line, (criterion, brought)) in lines.filter(|(_, (criterion, _))| self.holds(criterion.node)) {
            let Some(counted) = counted.get_mut(line) else {
                continue;
            };
            if brought.deduction > Points::ZERO {
                let mut room = brought.deduction;
                self.above(criterion.node, |node| room = room.min(room_in(&caps, node)));
                naming(line).for_each(|limit| room = room.min(room_in(&deductible, limit)));
                self.above(criterion.node, |node| take(&mut caps, node, room));
                naming(line).for_each(|limit| take(&mut deductible, limit, room));
                counted.deduction = room;
            }
            if brought.award > Points::ZERO {
                let room = naming(line).fold(brought.award, |room, limit| room.min(room_in(&awardable, limit)));
                naming(line).for_each(|limit| take(&mut awardable, limit, room));
                counted.award = room;
            }
            for limit in naming(line) {
                if let Some((all, held)) = sums.get_mut(limit) {
                    all.add(Counted { deduction: brought.deduction, award: brought.award });
                    held.add(*counted);
                }
            }
        }
        (counted, sums.into_iter().map(|(all, held)| LimitSum::of(all, held)).collect())
    }

    /// Visits the nodes of the scope above a node, from the nearest.
    fn above(&self, node: usize, mut visit: impl FnMut(usize)) {
        let mut at = self.table.nodes.get(node).and_then(|node| node.parent);
        while let Some(parent) = at.filter(|parent| self.scope.nodes.contains(parent)) {
            visit(parent);
            at = self.table.nodes.get(parent).and_then(|node| node.parent);
        }
    }

    /// Settles every node of the scope, inside out.
    fn settle(&self, counted: &[Counted]) -> Vec<NodeSum> {
        let table = self.table;
        let mut nodes = self.leaves(counted);
        // A node precedes its children, so in reverse order each is complete before it is added to its parent.
        for (at, node) in table.nodes.iter().enumerate().rev().filter(|(at, _)| self.holds(*at)) {
            let Some(sum) = nodes.get_mut(at) else {
                continue;
            };
            if node.end > at + 1 {
                sum.settle(node);
            }
            let made_up = node.kind == PartKind::Base && !sum.applies;
            let max = node.max_points.unwrap_or_default();
            let left_out = if made_up && node.not_applicable == NotApplicable::Rescaled { max } else { Points::ZERO };
            let sums_up = made_up && node.not_applicable == NotApplicable::RescaledTotal;
            let unreachable = if sums_up { max } else { sum.unreachable };
            sum.unreachable = unreachable;
            let NodeSum { points, bonus, lost, counted, applies, .. } = *sum;
            let Some(parent) = node.parent.filter(|at| self.scope.nodes.contains(at)) else {
                continue;
            };
            if let Some(parent) = nodes.get_mut(parent) {
                parent.points =
                    parent.points.zip(points).map(|(sum, points)| sum + points).or(parent.points).or(points);
                parent.bonus += bonus;
                parent.lost += lost;
                parent.counted += counted;
                parent.left_out += left_out;
                parent.unreachable += unreachable;
                parent.maxima += max;
                parent.applies |= applies;
            }
        }
        nodes
    }

    /// Returns the sums of the criteria, and the shared points of criteria none of which apply.
    fn leaves(&self, counted: &[Counted]) -> Vec<NodeSum> {
        let table = self.table;
        let mut nodes = vec![NodeSum::default(); table.nodes.len()];
        for ((criterion, brought), counted) in table.criteria.iter().zip(self.lines).zip(counted) {
            if let Some(sum) = nodes.get_mut(criterion.node).filter(|_| self.holds(criterion.node)) {
                sum.count_line(criterion, *brought, *counted);
            }
        }
        for share in table.shares.iter().filter(|share| self.holds(share.parent)) {
            let not_applicable = |line: &usize| self.sheet.0.get(*line).is_some_and(Line::is_not_applicable);
            let taken: Points = share.lines.iter().filter_map(|line| self.sheet.points(*line)).sum();
            let form = share.lines.first().and_then(|line| table.criteria.get(*line));
            let kind = table.nodes.get(share.parent).map(|node| node.kind);
            let Some(sum) = nodes.get_mut(share.parent) else {
                continue;
            };
            if kind == Some(PartKind::Base) && share.lines.iter().all(not_applicable) {
                match form.map(|criterion| criterion.not_applicable) {
                    Some(NotApplicable::Rescaled) => sum.left_out += share.ceiling,
                    Some(NotApplicable::RescaledTotal) => sum.unreachable += share.ceiling,
                    Some(NotApplicable::FullPoints) => {
                        sum.points = Some(share.ceiling);
                        sum.applies = true;
                    }
                    Some(NotApplicable::Refused | NotApplicable::Excluded) | None => {}
                }
            }
            if taken > share.ceiling {
                sum.over = Some((taken, share.ceiling));
            }
        }
        nodes
    }
}

fn room_in(room: &[Option<Points>], at: usize) -> Points {
    room.get(at).copied().flatten().unwrap_or(Points::MAX)
}

fn take(room: &mut [Option<Points>], at: usize, points: Points) {
    if let Some(Some(room)) = room.get_mut(at) {
        *room = *room - points;
    }
}

impl NodeSum {
    /// Sums up a line: what its deductions and awards count for, and what counts as bonus.
    fn count_line(&mut self, criterion: &Criterion, brought: Brought, counted: Counted) {
        self.applies = brought.applies;
        let Some(points) = brought.points else {
            return;
        };
        let (lost, spared) = (brought.deduction, brought.deduction - counted.deduction);
        let (own, bonus) = criterion.bounds.split(points + spared);
        (self.points, self.bonus, self.lost, self.counted) = (Some(own), bonus, lost, counted.deduction);
        if spared > Points::ZERO {
            self.steps.push(format!("{points} + ({lost} - {}) = {}", counted.deduction, points + spared));
        }
        let cut = brought.award - counted.award;
        if cut > Points::ZERO {
            let from_bonus = cut.min(bonus);
            let kept = own - (cut - from_bonus);
            (self.points, self.bonus) = (Some(kept), bonus - from_bonus);
            self.steps.push(format!("{points} - ({} - {}) = {}", brought.award, counted.award, points - cut));
        }
    }

    /// Combines the children, makes up for what does not apply, and holds the sum to its bounds.
    fn settle(&mut self, node: &TableNode) {
        let max = node.max_points.unwrap_or_default();
        self.unreachable = match node.combine {
            Combine::Sum => self.unreachable,
            Combine::CappedSum => max.min(self.maxima) - max.min(self.maxima - self.unreachable),
            // One of those that apply can still be the best.
            Combine::Highest => Points::ZERO,
        };
        let Some(points) = self.points else {
            return;
        };
        if let Some((taken, shared)) = self.over {
            self.count(points - (taken - shared), &format!("{points} - ({taken} - {shared})"));
        }
        if let Some(cap) = node.max_deduction.filter(|cap| self.lost > *cap && self.counted == *cap) {
            self.steps.push(format!("min({}, {cap}) = {cap}", self.lost));
        }
        if node.combine == Combine::CappedSum {
            self.at_most(max);
        }
        let reachable = match node.combine {
            Combine::Sum => max - self.left_out,
            Combine::CappedSum => max.min(self.maxima - self.left_out),
            Combine::Highest => max,
        };
        let points = self.points.unwrap_or(points);
        if self.applies && self.left_out > Points::ZERO && reachable > Points::ZERO && reachable < max {
            let how = match node.combine {
                Combine::CappedSum => format!("{points} × {max} / {reachable}"),
                Combine::Sum | Combine::Highest => format!("{points} × {max} / ({max} - {})", self.left_out),
            };
            self.count(points.scaled(max, reachable), &how);
        }
        self.at_most(max);
        if let Some((points, min)) = self.points.zip(node.min_points).filter(|(points, min)| points < min) {
            self.count(min, &format!("max({points}, {min})"));
        }
    }

    fn at_most(&mut self, max: Points) {
        if let Some(points) = self.points.filter(|points| *points > max) {
            self.count(max, &format!("min({points}, {max})"));
        }
    }

    fn count(&mut self, points: Points, how: &str) {
        self.steps.push(format!("{how} = {points}"));
        self.points = Some(points);
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::domain::criteria::criteria_set::{CriteriaContent, Node, Part};
    use crate::domain::criteria::rules::{Answer, DeductionPerCaseRule, ManualRule, Rule};
    use crate::domain::criteria::scoring::Line;

    fn p(points: i64) -> Points {
        Points::from_hundredths(points * 100)
    }

    fn node(code: &str, max: Option<i64>, rule: Option<Rule>, children: Vec<Node>) -> Node {
        Node { code: code.into(), title: code.into(), max_points: max.map(p), children, rule, ..Node::default() }
    }

    fn manual(code: &str, max: Option<i64>) -> Node {
        node(code, max, Some(Rule::Manual(ManualRule { step: None })), Vec::new())
    }

    fn deducting(code: &str, max: i64) -> Node {
        let rule = Rule::DeductionPerCase(DeductionPerCaseRule { points_per_case: p(5), floor: Some(Points::ZERO) });
        node(code, Some(max), Some(rule), Vec::new())
    }

    /// Part A of 100 points: section I (manual 20, manual 30), II (two of 10 less 5 a case), III (two that share 30).
    fn table(not_applicable: NotApplicable, max_deduction: Option<i64>) -> ScoringTable {
        let children = vec![
            node("I", Some(50), None, vec![manual("I.1", Some(20)), manual("I.2", Some(30))]),
            node("II", Some(20), None, vec![deducting("II.1", 10), deducting("II.2", 10)]),
            node("III", Some(30), None, vec![manual("III.1", None), manual("III.2", None)]),
        ];
        let part = Part {
            code: "A".into(),
            title: "A".into(),
            kind: PartKind::Base,
            max_points: p(100),
            max_deduction: max_deduction.map(p),
            children,
            ..Part::default()
        };
        ScoringTable::of(&CriteriaContent {
            code: "T".into(),
            title: "T".into(),
            year: 2024,
            legal_basis: None,
            total_points: p(100),
            not_applicable,
            parts: vec![part],
            ..CriteriaContent::default()
        })
    }

    /// Points of I.1, I.2, II.1, II.2, III.1, III.2; `None` does not apply.
    fn sheet(points: [Option<i64>; 6]) -> Sheet {
        let line = |points: Option<i64>| {
            let scored = match points {
                Some(points) => (serde_json::from_str(&format!("{{\"points\":{}}}", p(points))).unwrap(), p(points)),
                None => (Answer::NOT_APPLICABLE, Points::ZERO),
            };
            Line { scored: Some(scored), ..Line::default() }
        };
        Sheet(points.into_iter().map(line).collect())
    }

    fn total(table: &ScoringTable, points: [Option<i64>; 6]) -> String {
        table.tally(&sheet(points)).totals.unwrap().total.to_string()
    }

    /// By hand. I: 18 of 20 with 30 left out; II: 5 and 10; III: 20 of the shared 30.
    #[test]
    fn what_does_not_apply_is_left_out_or_made_up_for() {
        let (excluded, rescaled) = (table(NotApplicable::Excluded, None), table(NotApplicable::Rescaled, None));
        let all = [Some(18), Some(24), Some(5), Some(10), Some(12), Some(8)];
        let rows: [([Option<i64>; 6], &str, &str); 5] = [
            (all, "77", "77"),
            // 18 × 50 / 20 = 45, and 15 and 20.
            ([Some(18), None, Some(5), Some(10), Some(12), Some(8)], "53", "80"),
            // One of those that share: the other may have all of it.
            ([Some(18), Some(24), Some(5), Some(10), None, Some(8)], "65", "65"),
            // A whole section: (42 + 15) × 100 / (100 - 30) = 81.428…
            ([Some(18), Some(24), Some(5), Some(10), None, None], "57", "81.43"),
            // Nothing applies: there is nothing to make up from.
            ([None; 6], "0", "0"),
        ];
        for (points, without, with) in rows {
            assert_eq!((total(&excluded, points).as_str(), total(&rescaled, points).as_str()), (without, with));
        }
    }

    #[test]
    fn a_section_that_is_made_up_for_says_how() {
        let table = table(NotApplicable::Rescaled, None);
        let tally = table.tally(&sheet([Some(18), None, Some(5), Some(10), None, None]));
        let steps = |code: &str| &tally.nodes[table.nodes.iter().position(|node| node.code == code).unwrap()].steps;
        assert_eq!(*steps("I"), ["18 × 50 / (50 - 30) = 45"]);
        assert_eq!(*steps("A"), ["60 × 100 / (100 - 30) = 85.71"]);
        assert!(steps("II").is_empty() && steps("I.2").is_empty());
    }

    /// 5 and 10 lost: 15 without a cap, 12 with one of 12, of which II.2 loses the 7 that are left.
    #[test]
    fn a_part_loses_no_more_by_deductions_than_its_cap() {
        let points = [Some(20), Some(30), Some(5), Some(0), Some(15), Some(15)];
        let sums = |cap| {
            let table = table(NotApplicable::Refused, cap);
            let tally = table.tally(&sheet(points));
            let breakdown = table.breakdown(&tally);
            (tally.totals.unwrap().total, breakdown.deducted, breakdown.nodes["II"], tally.nodes[0].steps.clone())
        };
        assert_eq!(sums(None), (p(85), p(15), p(5), Vec::new()));
        assert_eq!(sums(Some(15)), (p(85), p(15), p(5), Vec::new()));
        assert_eq!(sums(Some(12)), (p(88), p(12), p(8), vec!["min(15, 12) = 12".to_owned()]));
    }
}
