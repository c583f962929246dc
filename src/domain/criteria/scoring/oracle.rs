//! What the sums of a submission are, written down a second time, from the rules of the office and apart from the code: recursive,
//! and in exact fractions.

use std::collections::{HashMap, HashSet};

use num_rational::Ratio;
use proptest::prelude::*;

use super::{LineInput, Scorer, ScoringTable, Totals, WriteMode};
use crate::domain::Points;
use crate::domain::criteria::criteria_set::{Combine, CriteriaContent, Limit, Node, NotApplicable, Part, PartKind};
use crate::domain::criteria::rules::{BonusPenaltyRule, DeductionPerCaseRule, ManualRule, Rule};

type Fraction = Ratio<i128>;

/// An answer of the generated tables.
#[derive(Debug, Clone, Copy)]
enum Given {
    NotApplicable,
    Points(i64),
    Cases(u32),
    Both(u32, u32),
}

fn f(points: Points) -> Fraction {
    Fraction::from_integer(points.hundredths().into())
}

fn zero() -> Fraction {
    Fraction::from_integer(0)
}

/// ⌊x + ½⌋ of hundredths, below zero too.
fn half_up(x: Fraction) -> Fraction {
    (x + Fraction::new(1, 2)).floor()
}

/// A criterion with everything above it.
struct Leaf<'a> {
    node: &'a Node,
    kind: PartKind,
    form: NotApplicable,
    ceiling: Points,
    /// The codes of what it is below, its part first.
    above: Vec<&'a str>,
}

/// What is left of a criterion's points, deduction and award.
#[derive(Clone, Copy)]
struct Line {
    points: Option<Fraction>,
    deduction: Fraction,
    award: Fraction,
    applies: bool,
}

struct Oracle<'a> {
    content: &'a CriteriaContent,
    answers: &'a HashMap<String, Given>,
}

/// A node once it is settled.
struct Settled {
    points: Option<Fraction>,
    bonus: Fraction,
    applies: bool,
    /// What its parent makes up for, and what the whole table does.
    gone: (Fraction, Fraction),
}

impl<'a> Oracle<'a> {
    fn leaves(&self) -> Vec<Leaf<'a>> {
        fn walk<'a>(
            nodes: &'a [Node],
            max: Points,
            outer: (PartKind, NotApplicable),
            above: &[&'a str],
            into: &mut Vec<Leaf<'a>>,
        ) {
            let left = max - nodes.iter().filter_map(|node| node.max_points).sum();
            for node in nodes {
                let form = node.not_applicable.unwrap_or(outer.1);
                let ceiling = node.max_points.unwrap_or(left);
                if node.children.is_empty() {
                    into.push(Leaf { node, kind: outer.0, form, ceiling, above: above.to_vec() });
                }
                let below: Vec<&str> = above.iter().copied().chain([node.code.as_str()]).collect();
                walk(&node.children, ceiling, (outer.0, form), &below, into);
            }
        }
        let mut leaves = Vec::new();
        for part in &self.content.parts {
            let form = part.not_applicable.unwrap_or(self.content.not_applicable);
            walk(&part.children, part.max_points, (part.kind, form), &[part.code.as_str()], &mut leaves);
        }
        leaves
    }

    fn line(&self, leaf: &Leaf) -> Line {
        let (ceiling, none) = (f(leaf.ceiling), Line { points: None, deduction: zero(), award: zero(), applies: true });
        let most = ceiling + f(leaf.node.bonus_max_points.unwrap_or_default());
        let (points, start) = match (self.answers[&leaf.node.code], leaf.node.rule.as_ref().unwrap()) {
            (Given::NotApplicable, _) => {
                let full = leaf.form == NotApplicable::FullPoints
                    && leaf.kind == PartKind::Base
                    && leaf.node.max_points.is_some_and(|max| max > Points::ZERO);
                return Line { points: full.then_some(ceiling), applies: full, ..none };
            }
            (Given::Points(points), _) => (Fraction::from_integer(points.into()), None),
            (Given::Cases(cases), Rule::DeductionPerCase(rule)) => {
                let left = ceiling - f(rule.points_per_case) * Fraction::from_integer(cases.into());
                (left.max(f(rule.floor.unwrap())), Some(ceiling))
            }
            (Given::Both(good, bad), Rule::BonusPenalty(rule)) => {
                let times = |points, count: u32| f(points) * Fraction::from_integer(count.into());
                let sum = f(rule.start) + times(rule.bonus_per_case, good) - times(rule.penalty_per_case, bad);
                (sum.min(most).max(f(rule.min)), Some(f(rule.start)))
            }
            other => panic!("{other:?}"),
        };
        let deduction =
            if leaf.ceiling == Points::ZERO { -points } else { start.map_or(zero(), |start| start - points) };
        let award = points - start.unwrap_or(zero());
        Line { points: Some(points), deduction: deduction.max(zero()), award: award.max(zero()), applies: true }
    }

    /// Counts deductions and awards of the criteria below `root`, or of all of them, and returns the points of each.
    fn counted(&self, without: &HashSet<&str>, root: Option<&str>) -> HashMap<&'a str, (Line, Option<Fraction>)> {
        let mut caps: HashMap<&str, Fraction> = HashMap::new();
        fn note<'a>(nodes: &'a [Node], caps: &mut HashMap<&'a str, Fraction>) {
            for node in nodes {
                caps.extend(node.max_deduction.map(|cap| (node.code.as_str(), f(cap))));
                note(&node.children, caps);
            }
        }
        for part in &self.content.parts {
            caps.extend(part.max_deduction.map(|cap| (part.code.as_str(), f(cap))));
            note(&part.children, &mut caps);
        }
        let limits: &[Limit] = if root.is_none() { &self.content.limits } else { &[] };
        let mut taken: Vec<(Fraction, Fraction)> = vec![(zero(), zero()); limits.len()];
        let mut counted = HashMap::new();
        for leaf in self.leaves() {
            let code = leaf.node.code.as_str();
            let is_below = root.is_none_or(|root| root == code || leaf.above.contains(&root));
            if !is_below || without.contains(code) || leaf.above.iter().any(|above| without.contains(above)) {
                continue;
            }
            let line = self.line(&leaf);
            let scope = leaf.above.iter().skip_while(|above| root.is_some_and(|root| root != **above));
            let scope: Vec<&str> = if root == Some(code) { Vec::new() } else { scope.copied().collect() };
            let naming =
                || limits.iter().enumerate().filter(|(_, limit)| limit.criteria.iter().any(|named| named == code));
            let mut deduction = line.deduction;
            for above in &scope {
                deduction = caps.get(above).map_or(deduction, |room| deduction.min(*room));
            }
            let mut award = line.award;
            for (at, limit) in naming() {
                deduction = limit.max_deduction.map_or(deduction, |most| deduction.min(f(most) - taken[at].0));
                award = limit.max_award.map_or(award, |most| award.min(f(most) - taken[at].1));
            }
            for above in &scope {
                if let Some(room) = caps.get_mut(above) {
                    *room -= deduction;
                }
            }
            let named: Vec<usize> = naming().map(|(at, _)| at).collect();
            for at in named {
                taken[at].0 += deduction;
                taken[at].1 += award;
            }
            let points = line.points.map(|points| points + (line.deduction - deduction) - (line.award - award));
            counted.insert(code, (line, points));
        }
        counted
    }

    fn settle(
        &self,
        node: &Node,
        (kind, form, ceiling): (PartKind, NotApplicable, Points),
        counted: &HashMap<&str, (Line, Option<Fraction>)>,
    ) -> Option<Settled> {
        let form = node.not_applicable.unwrap_or(form);
        let (max, base) = (f(node.max_points.unwrap_or_default()), kind == PartKind::Base);
        let gone = |applies: bool, below: Fraction| {
            let lost = |of| base && !applies && form == of;
            let of_section = if lost(NotApplicable::Rescaled) { max } else { zero() };
            (of_section, if lost(NotApplicable::RescaledTotal) { max } else { below })
        };
        if node.children.is_empty() {
            let (line, points) = counted.get(node.code.as_str())?;
            // An award that a limit cuts is cut from the bonus first.
            let own = points.map(|points| points.min(f(ceiling)));
            let bonus = points.zip(own).map_or(zero(), |(points, own)| points - own);
            return Some(Settled { points: own, bonus, applies: line.applies, gone: gone(line.applies, zero()) });
        }
        let settled = self.family(&node.children, (kind, form, node.max_points.unwrap()), node.combine, counted)?;
        let floor = crate::domain::criteria::criteria_set::floor(kind, node.min_points).map(f);
        let points = settled.points.map(|points| floor.map_or(points.min(max), |floor| points.min(max).max(floor)));
        Some(Settled { points, gone: gone(settled.applies, settled.gone.1), ..settled })
    }

    /// Combines and rescales the children of a node with `max` points.
    fn family(
        &self,
        children: &[Node],
        (kind, form, max): (PartKind, NotApplicable, Points),
        combine: Combine,
        counted: &HashMap<&str, (Line, Option<Fraction>)>,
    ) -> Option<Settled> {
        let left = max - children.iter().filter_map(|child| child.max_points).sum();
        let of = |child: &Node| self.settle(child, (kind, form, child.max_points.unwrap_or(left)), counted);
        let below: Vec<(&Node, Settled)> = children.iter().filter_map(|child| Some((child, of(child)?))).collect();
        if below.is_empty() {
            return None;
        }
        let scored: Vec<Fraction> = below.iter().filter_map(|(_, settled)| settled.points).collect();
        let mut points = (!scored.is_empty()).then(|| scored.into_iter().sum::<Fraction>());
        let mut applies = below.iter().any(|(_, settled)| settled.applies);
        let mut gone: Fraction = below.iter().map(|(_, settled)| settled.gone.0).sum();
        let mut gone_total: Fraction = below.iter().map(|(_, settled)| settled.gone.1).sum();
        let sharers: Vec<&(&Node, Settled)> = below.iter().filter(|(child, _)| child.max_points.is_none()).collect();
        if kind == PartKind::Base
            && let Some((first, _)) = sharers.first()
            && sharers.iter().all(|(child, _)| matches!(self.answers[&child.code], Given::NotApplicable))
        {
            match first.not_applicable.unwrap_or(form) {
                NotApplicable::Rescaled => gone += f(left),
                NotApplicable::RescaledTotal => gone_total += f(left),
                NotApplicable::FullPoints => {
                    points = Some(points.unwrap_or(zero()) + f(left));
                    applies = true;
                }
                NotApplicable::Refused | NotApplicable::Excluded => {}
            }
        }
        let max = f(max);
        let maxima: Fraction = below.iter().map(|(child, _)| f(child.max_points.unwrap_or_default())).sum();
        if combine == Combine::CappedSum {
            points = points.map(|points| points.min(max));
        }
        let reachable = match combine {
            Combine::Sum => max - gone,
            Combine::CappedSum => max.min(maxima - gone),
            Combine::Highest => max,
        };
        if applies && gone > zero() && reachable > zero() && reachable < max {
            points = points.map(|points| half_up(points * max / reachable));
        }
        gone_total = match combine {
            Combine::Sum => gone_total,
            Combine::CappedSum => max.min(maxima) - max.min(maxima - gone_total),
            Combine::Highest => zero(),
        };
        let bonus = below.iter().map(|(_, settled)| settled.bonus).sum();
        Some(Settled { points, bonus, applies, gone: (zero(), gone_total) })
    }

    /// Leaves out everything beside the best where only the best counts, inner choices first.
    fn choose(
        &self,
        nodes: &'a [Node],
        (kind, form, combine, takes): (PartKind, NotApplicable, Combine, bool),
        without: &mut HashSet<&'a str>,
    ) {
        for node in nodes {
            let form = node.not_applicable.unwrap_or(form);
            let takes = node.max_points == Some(Points::ZERO);
            self.choose(&node.children, (kind, form, node.combine, takes), without);
        }
        if combine != Combine::Highest {
            return;
        }
        let mut best: Option<(&str, Fraction)> = None;
        for child in nodes {
            let counted = self.counted(without, Some(child.code.as_str()));
            let settled = self.settle(child, (kind, form, child.max_points.unwrap()), &counted);
            let Some(settled) = settled.filter(|settled| settled.applies) else { continue };
            let Some(value) = settled.points.map(|points| points + settled.bonus) else { continue };
            if best.is_none_or(|(_, than)| if takes { value < than } else { value > than }) {
                best = Some((&child.code, value));
            }
        }
        if let Some((best, _)) = best {
            without.extend(nodes.iter().map(|node| node.code.as_str()).filter(|code| *code != best));
        }
    }

    fn totals(&self) -> [i128; 4] {
        let mut without = HashSet::new();
        for part in &self.content.parts {
            let form = part.not_applicable.unwrap_or(self.content.not_applicable);
            let takes = part.max_points == Points::ZERO;
            self.choose(&part.children, (part.kind, form, part.combine, takes), &mut without);
        }
        let counted = self.counted(&without, None);
        let (mut sums, mut gone, mut maxima) = ([zero(); 3], zero(), zero());
        for part in &self.content.parts {
            let form = part.not_applicable.unwrap_or(self.content.not_applicable);
            let outer = (part.kind, form, part.max_points);
            let settled = self.family(&part.children, outer, part.combine, &counted).unwrap();
            let floor = crate::domain::criteria::criteria_set::floor(part.kind, part.min_points).map(f);
            let held = |points: Fraction| {
                let points = points.min(f(part.max_points));
                floor.map_or(points, |floor| points.max(floor))
            };
            let points = settled.points.map_or(zero(), held);
            match part.kind {
                PartKind::Base => {
                    let all = !settled.applies && form == NotApplicable::RescaledTotal;
                    gone += if all { f(part.max_points) } else { settled.gone.1 };
                    maxima += f(part.max_points);
                    sums[0] += points;
                    sums[1] += settled.bonus;
                }
                PartKind::Bonus => sums[1] += points,
                PartKind::Penalty => sums[2] += points,
            }
        }
        if gone > zero() && gone < maxima {
            sums[0] = half_up(sums[0] * maxima / (maxima - gone));
        }
        let total = sums.iter().sum::<Fraction>().max(f(self.content.minimum_total));
        [sums[0], sums[1], sums[2], total].map(|sum| sum.to_integer())
    }
}

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % most
    }

    fn percent(&mut self, share: i64) -> bool {
        self.below(100) < share
    }

    fn form(&mut self, share: i64) -> Option<NotApplicable> {
        let forms = [
            NotApplicable::Refused,
            NotApplicable::Excluded,
            NotApplicable::Rescaled,
            NotApplicable::RescaledTotal,
            NotApplicable::FullPoints,
        ];
        let form = forms[usize::try_from(self.below(5)).unwrap()];
        self.percent(share).then_some(form)
    }
}

fn p(points: i64) -> Points {
    Points::from_hundredths(points * 100)
}

/// A criterion, and its answer. `max` of `None` shares.
fn leaf(dice: &mut Dice, code: String, max: Option<i64>, kind: PartKind, given: &mut HashMap<String, Given>) -> Node {
    let takes = max == Some(0);
    let bonus = (kind == PartKind::Base && !takes && max.is_some() && dice.percent(25)).then(|| 1 + dice.below(5));
    let (top, least) = (max.unwrap_or(4), if takes { -1 - dice.below(12) } else { 0 });
    let reach = top + bonus.unwrap_or(0);
    let (rule, answer) = match dice.below(3) {
        0 => {
            let rule = ManualRule { step: None };
            (Rule::Manual(rule), Given::Points(least * 100 + dice.below((reach - least) * 100 + 1)))
        }
        1 if max.is_some() => {
            let rule = DeductionPerCaseRule { points_per_case: p(1 + dice.below(6)), floor: Some(p(least)) };
            (Rule::DeductionPerCase(rule), Given::Cases(u32::try_from(dice.below(4)).unwrap()))
        }
        _ if max.is_some() => {
            let start = if takes { 0 } else { dice.below(top + 1) };
            let rule = BonusPenaltyRule {
                start: p(start),
                bonus_per_case: p(i64::from(!takes)),
                penalty_per_case: p(1 + dice.below(3)),
                min: p(least),
            };
            let times = |dice: &mut Dice| u32::try_from(dice.below(5)).unwrap();
            (Rule::BonusPenalty(rule), Given::Both(times(dice), times(dice)))
        }
        _ => (Rule::Manual(ManualRule { step: None }), Given::Points(dice.below(reach * 100 + 1))),
    };
    let not_applicable = dice.form(30);
    given.insert(code.clone(), answer);
    let min_points = takes.then(|| Some(p(least)));
    Node {
        title: code.clone(),
        code,
        max_points: max.map(p),
        min_points,
        bonus_max_points: bonus.map(p),
        not_applicable,
        rule: Some(rule),
        ..Node::default()
    }
}

/// Children of a node, and the maximum that they make.
fn children(
    dice: &mut Dice,
    prefix: &str,
    kind: PartKind,
    depth: i64,
    given: &mut HashMap<String, Given>,
) -> (Vec<Node>, i64, Combine) {
    let combine = match dice.below(4) {
        0 => Combine::CappedSum,
        1 if depth > 0 => Combine::Highest,
        _ => Combine::Sum,
    };
    let mut nodes = Vec::new();
    for at in 1..=1 + dice.below(4) {
        let code = format!("{prefix}.{at}");
        if depth > 0 && dice.percent(40) {
            let (below, max, combine) = children(dice, &code, kind, depth - 1, given);
            let cap = dice.percent(30).then(|| p(1 + dice.below(max.max(6))));
            let deepest = (kind == PartKind::Penalty && dice.percent(40)).then(|| Some(p(-1 - dice.below(8))));
            let not_applicable = dice.form(25);
            nodes.push(Node {
                title: code.clone(),
                code,
                max_points: Some(p(max)),
                min_points: deepest,
                combine,
                max_deduction: cap.filter(|cap| max == 0 || *cap <= p(max)),
                not_applicable,
                children: below,
                ..Node::default()
            });
        } else {
            let max = if kind == PartKind::Penalty || kind == PartKind::Base && dice.percent(12) {
                0
            } else {
                1 + dice.below(20)
            };
            nodes.push(leaf(dice, code, Some(max), kind, given));
        }
    }
    let sum: i64 = nodes.iter().filter_map(|node| node.max_points).map(|max| max.hundredths() / 100).sum();
    let best = nodes.iter().filter_map(|node| node.max_points).map(|max| max.hundredths() / 100).max().unwrap_or(0);
    let shared = combine == Combine::Sum && kind == PartKind::Base && dice.percent(20);
    if shared {
        for at in ["x", "y"] {
            nodes.push(leaf(dice, format!("{prefix}.{at}"), None, kind, given));
        }
    }
    let max = match combine {
        Combine::Sum if shared => sum + 8,
        Combine::Sum => sum + if kind == PartKind::Penalty { 0 } else { dice.below(2) },
        Combine::CappedSum if sum > 1 => 1 + dice.below(sum),
        Combine::CappedSum => sum,
        Combine::Highest => best,
    };
    // A base node that has nothing to win would stop at zero.
    let max = if kind == PartKind::Penalty { 0 } else { max };
    (nodes, max, combine)
}

/// A table with answers to all of its criteria.
fn table(seed: u64) -> (CriteriaContent, HashMap<String, Given>) {
    let (mut dice, mut given, mut parts) = (Dice(seed), HashMap::new(), Vec::new());
    let kinds = [PartKind::Base, PartKind::Base, PartKind::Bonus, PartKind::Penalty];
    for (code, kind) in ["A", "B", "C", "D"].into_iter().zip(kinds) {
        if code != "A" && dice.percent(30) {
            continue;
        }
        let (children, max, combine) = children(&mut dice, code, kind, 2, &mut given);
        if max == 0 && kind != PartKind::Penalty {
            continue;
        }
        let cap = dice.percent(40).then(|| p(1 + dice.below(max.max(8))));
        let not_applicable = dice.form(20);
        parts.push(Part {
            code: code.into(),
            title: code.into(),
            kind,
            max_points: p(max),
            min_points: (kind == PartKind::Penalty && dice.percent(50)).then(|| Some(p(-10))),
            combine,
            max_deduction: cap,
            not_applicable,
            children,
            ..Part::default()
        });
    }
    let mut codes: Vec<String> = given.keys().cloned().collect();
    codes.sort();
    let limits = (0..dice.below(3)).map(|at| {
        let criteria = codes.iter().filter(|_| dice.percent(30)).cloned().collect();
        let (max_deduction, max_award) =
            (dice.percent(70).then(|| p(1 + dice.below(8))), dice.percent(50).then(|| p(1 + dice.below(20))));
        Limit { code: format!("l{at}"), title: "x".into(), criteria, max_deduction, max_award }
    });
    let limits = limits.collect();
    let not_applicable = dice.form(100).unwrap_or_default();
    let content = CriteriaContent {
        code: "T".into(),
        title: "T".into(),
        year: 2024,
        total_points: parts.iter().map(|part| part.max_points).sum(),
        minimum_total: p(dice.below(3) * 10 - 10),
        not_applicable,
        limits,
        parts,
        ..CriteriaContent::default()
    };
    let oracle = Oracle { content: &content, answers: &given };
    let out: Vec<String> = oracle
        .leaves()
        .iter()
        .filter(|leaf| leaf.form != NotApplicable::Refused && dice.percent(25))
        .map(|leaf| leaf.node.code.clone())
        .collect();
    given.extend(out.into_iter().map(|code| (code, Given::NotApplicable)));
    (content, given)
}

/// What the oracle expects, what was counted, and of which table and answers.
type Case = ([i128; 4], Totals, CriteriaContent, HashMap<String, Given>);

fn counted(seed: u64) -> Option<Case> {
    let (content, given) = table(seed);
    let table = ScoringTable::of(&content);
    let lines: Vec<LineInput> = table
        .criteria
        .iter()
        .map(|criterion| {
            let answer = match given[&criterion.code] {
                Given::NotApplicable => r#"{"not_applicable":true}"#.to_owned(),
                Given::Points(points) => format!(r#"{{"points":{}}}"#, Points::from_hundredths(points)),
                Given::Cases(cases) => format!(r#"{{"cases":{cases}}}"#),
                Given::Both(good, bad) => format!(r#"{{"bonus_cases":{good},"penalty_cases":{bad}}}"#),
            };
            let answer = serde_json::from_str(&answer).unwrap();
            LineInput { criterion_code: criterion.code.clone(), answer: Some(answer), note: None, reason: None }
        })
        .collect();
    let sheet = table.write(&table.blank(), &lines, WriteMode::Replace, Scorer::Reviewer);
    let sheet = sheet.unwrap_or_else(|faults| panic!("{faults:?}\n{content:?}"));
    let totals = table.tally(&sheet).totals?;
    Some((Oracle { content: &content, answers: &given }.totals(), totals, content, given))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn a_sheet_adds_up_to_what_the_oracle_says(seed in any::<u64>()) {
        if let Some((expected, Totals { base, bonus, penalty, total }, content, given)) = counted(seed) {
            let found = [base, bonus, penalty, total].map(|points| i128::from(points.hundredths()));
            prop_assert_eq!(found, expected, "{:#?}\n{:#?}", content, given);
            prop_assert!(penalty <= Points::ZERO && total >= content.minimum_total);
        }
    }
}
