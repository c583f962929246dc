//! Sums of a submission: lines into sections, sections into parts, parts into totals.
//!
//! Three things distinguish the result from a plain sum. A part may cap its deductions; criteria that do not apply may be
//! compensated by rescaling the points earned in the rest of their section to its maximum; and means of criteria that
//! share points count as far as these go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ScoringTable, Sheet, TableNode};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::{NotApplicable, PartKind};

/// Totals of a stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Base points (điểm chuẩn).
    pub base: Points,
    /// Bonus points (điểm thưởng).
    pub bonus: Points,
    /// Sum of base and bonus points.
    pub total: Points,
}

impl Totals {
    /// Returns the totals of base and bonus points.
    pub fn new(base: Points, bonus: Points) -> Self {
        Totals { base, bonus, total: base + bonus }
    }
}

/// Figures beyond the totals that tie-break rules may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// Points lost by deducting rules, limited by the caps of the parts.
    pub deducted: Points,
    /// Points of every part and section, by code.
    pub nodes: BTreeMap<String, Points>,
}

/// The sum of a part, section or criterion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSum {
    /// The resulting points; `None` if no line is scored.
    pub points: Option<Points>,
    /// Arithmetic beyond a plain sum, line by line.
    pub steps: Vec<String>,
    /// Points lost by deducting rules.
    lost: Points,
    /// Maxima of the criteria that do not apply.
    left_out: Points,
    /// Points that criteria have beyond those that they share, and those that they share; only means have any.
    over: Option<(Points, Points)>,
    /// Whether any criterion applies.
    applies: bool,
}

/// The sums of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The sum of each node, in order.
    pub nodes: Vec<NodeSum>,
    /// Totals; `None` if no line is scored.
    pub totals: Option<Totals>,
}

impl ScoringTable {
    /// Computes the sums of a submission.
    pub fn tally(&self, sheet: &Sheet) -> Tally {
        let mut nodes = self.lines_by_node(sheet);
        // A node precedes its children, so in reverse order each is complete before it is added to its parent.
        for (at, node) in self.nodes.iter().enumerate().rev() {
            let Some(sum) = nodes.get_mut(at) else {
                continue;
            };
            sum.settle(node, self.not_applicable);
            let (points, lost, applies) = (sum.points, sum.lost, sum.applies);
            let left_out = if applies { Points::ZERO } else { node.max_points.unwrap_or_default() };
            if let Some(parent) = node.parent.and_then(|parent| nodes.get_mut(parent)) {
                parent.points =
                    parent.points.zip(points).map(|(sum, points)| sum + points).or(parent.points).or(points);
                parent.lost += lost;
                parent.left_out += left_out;
                parent.applies |= applies;
            }
        }
        let any = sheet.0.iter().any(|line| line.scored.is_some());
        let of = |kind| self.parts(&nodes, kind).filter_map(|(_, sum)| sum.points).sum();
        let totals = any.then(|| Totals::new(of(PartKind::Base), of(PartKind::Bonus)));
        Tally { nodes, totals }
    }

    /// Returns the sums of the criteria, and the shared points of criteria none of which apply.
    fn lines_by_node(&self, sheet: &Sheet) -> Vec<NodeSum> {
        let mut nodes = vec![NodeSum::default(); self.nodes.len()];
        for (criterion, line) in self.criteria.iter().zip(&sheet.0) {
            if let Some(sum) = nodes.get_mut(criterion.node) {
                sum.points = line.points();
                sum.applies = !line.is_not_applicable();
                let loses = criterion.rule.deducts();
                sum.lost = sum.points.filter(|_| loses).map_or(Points::ZERO, |points| criterion.ceiling - points);
            }
        }
        for share in &self.shares {
            let applies = |line: &usize| sheet.0.get(*line).is_none_or(|line| !line.is_not_applicable());
            if let Some(sum) = nodes.get_mut(share.parent).filter(|_| !share.lines.iter().any(applies)) {
                sum.left_out += share.ceiling;
            }
            let taken: Points = share.lines.iter().filter_map(|line| sheet.points(*line)).sum();
            if let Some(sum) = nodes.get_mut(share.parent).filter(|_| taken > share.ceiling) {
                sum.over = Some((taken, share.ceiling));
            }
        }
        nodes
    }

    fn parts<'a>(&'a self, sums: &'a [NodeSum], kind: PartKind) -> impl Iterator<Item = (&'a TableNode, &'a NodeSum)> {
        self.nodes.iter().zip(sums).filter(move |(node, _)| node.parent.is_none() && node.kind == kind)
    }

    /// Returns the figures that tie-break rules may use.
    pub fn breakdown(&self, tally: &Tally) -> Breakdown {
        let nodes = self.nodes.iter().zip(&tally.nodes);
        let lost = nodes.clone().filter(|(node, _)| node.parent.is_none());
        Breakdown {
            deducted: lost.map(|(part, sum)| part.max_deduction.map_or(sum.lost, |cap| sum.lost.min(cap))).sum(),
            nodes: nodes.filter_map(|(node, sum)| Some((node.code.clone(), sum.points?))).collect(),
        }
    }
}

impl NodeSum {
    /// Applies the cap on deductions and the rescaling to a plain sum.
    fn settle(&mut self, node: &TableNode, not_applicable: NotApplicable) {
        let Some(points) = self.points else {
            return;
        };
        if let Some((taken, shared)) = self.over {
            self.count(points - (taken - shared), &format!("{points} - ({taken} - {shared})"));
        }
        let points = self.points.unwrap_or(points);
        if let Some(cap) = node.max_deduction.filter(|cap| self.lost > *cap) {
            self.count(points + (self.lost - cap), &format!("{points} + ({} - {cap})", self.lost));
        }
        let (Some(max), Some(points)) = (node.max_points, self.points) else {
            return;
        };
        let rescales = not_applicable == NotApplicable::Rescaled && self.applies && self.left_out > Points::ZERO;
        if rescales && max > self.left_out {
            let scaled = points.scaled(max, max - self.left_out);
            self.count(scaled, &format!("{points} × {max} / ({max} - {})", self.left_out));
        }
    }

    fn count(&mut self, points: Points, how: &str) {
        self.steps.push(format!("{how} = {points}"));
        self.points = Some(points);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::criteria_set::{CriteriaContent, Node, Part};
    use crate::domain::criteria::rules::{Answer, DeductionPerCaseRule, ManualRule, Rule};
    use crate::domain::criteria::scoring::Line;

    fn p(points: i64) -> Points {
        Points::from_hundredths(points * 100)
    }

    fn node(code: &str, max: Option<i64>, rule: Option<Rule>, children: Vec<Node>) -> Node {
        Node {
            code: code.into(),
            title: code.into(),
            max_points: max.map(p),
            note: None,
            evidence_required: false,
            children,
            rule,
        }
    }

    fn manual(code: &str, max: Option<i64>) -> Node {
        node(code, max, Some(Rule::Manual(ManualRule { step: None })), Vec::new())
    }

    fn deducting(code: &str, max: i64) -> Node {
        let rule = Rule::DeductionPerCase(DeductionPerCaseRule { points_per_case: p(5), floor: Points::ZERO });
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
            note: None,
            children,
        };
        ScoringTable::of(&CriteriaContent {
            code: "T".into(),
            title: "T".into(),
            year: 2024,
            legal_basis: None,
            total_points: p(100),
            not_applicable,
            parts: vec![part],
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

    /// 5 and 10 lost: 15 without a cap, 12 with one of 12; the sections show what was lost.
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
        assert_eq!(sums(Some(12)), (p(88), p(12), p(5), vec!["85 + (15 - 12) = 88".to_owned()]));
    }

    proptest! {
        /// An oracle of its own: sections by hand, in whole thousandths of a hundredth.
        #[test]
        fn a_sheet_adds_up_to_what_an_oracle_says(
            shares in proptest::array::uniform6(proptest::option::weighted(0.7, 0_i64..=100)),
            cap in proptest::option::of(1_i64..=20),
            rescaled in any::<bool>(),
        ) {
            let maxima = [20, 30, 10, 10, 15, 15];
            let mut points = [None; 6];
            for (at, share) in shares.iter().enumerate() {
                // Whole points, and by fives where a case costs five.
                points[at] = share.map(|share| if at == 2 || at == 3 { (share % 3) * 5 } else { maxima[at] * share / 100 });
            }
            let policy = if rescaled { NotApplicable::Rescaled } else { NotApplicable::Excluded };
            let table = table(policy, cap);
            let tally = table.tally(&sheet(points));

            let half_up = |earned: i64, whole: i64, of: i64| (2 * earned * whole + of) / (2 * of);
            let (mut sum, mut part_left_out) = (0_i64, 0_i64);
            for (lines, max, shared) in [([0, 1], 50_i64, false), ([2, 3], 20, false), ([4, 5], 30, true)] {
                let earned: i64 = lines.iter().filter_map(|line| points[*line]).sum::<i64>() * 100;
                let absent: Vec<usize> = lines.into_iter().filter(|line| points[*line].is_none()).collect();
                let left_out: i64 = if shared { 0 } else { absent.iter().map(|line| maxima[*line]).sum() };
                if absent.len() == 2 {
                    part_left_out += max;
                } else if rescaled && left_out > 0 {
                    sum += half_up(earned, max, max - left_out);
                } else {
                    sum += earned;
                }
            }
            let lost: i64 = [2, 3].iter().filter_map(|line| points[*line]).map(|points| (10 - points) * 100).sum();
            sum += cap.map_or(0, |cap| (lost - cap * 100).max(0));
            if rescaled && part_left_out > 0 && part_left_out < 100 {
                sum = half_up(sum, 100, 100 - part_left_out);
            }
            let totals = tally.totals.unwrap();
            prop_assert_eq!(totals.total.hundredths(), sum);
            prop_assert!(totals.total >= Points::ZERO && totals.total <= p(100));
            prop_assert_eq!(table.breakdown(&tally).deducted.hundredths(), cap.map_or(lost, |cap| lost.min(cap * 100)));
        }
    }
}
