//! Validation of a criteria set before publishing.

use std::collections::HashSet;

use crate::domain::Points;
use crate::domain::criteria::criteria_set::{Combine, CriteriaContent, Limit, Node, Part, PartKind, floor};
use crate::domain::criteria::rules::Bounds;
use crate::error::{Code, Fault};

/// The result of validating a criteria set.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Findings {
    /// Errors, which prevent publishing.
    pub errors: Vec<Fault>,
    /// Warnings, which do not.
    pub warnings: Vec<Fault>,
}

impl CriteriaContent {
    /// Validates the tree.
    ///
    /// Criteria without a maximum are common in offices' tables (A.I.1 and A.I.2 share 150), so sharing points is only
    /// a warning.
    pub fn findings(&self) -> Findings {
        let mut found = Findings::default();
        let sum: Points = self.parts.iter().map(|part| part.max_points).sum();
        if self.parts.is_empty() {
            found.errors.push(Fault::at("/parts", Code::NoCriteria));
        } else if sum != self.total_points {
            found.errors.push(
                Fault::at("/total_points", Code::PartSumMismatch).with("declared", self.total_points).with("sum", sum),
            );
        }
        if self.minimum_total > self.total_points {
            let fault = Fault::at("/minimum_total", Code::BoundsInvalid).with("criterion", self.code.as_str());
            found.errors.push(fault.with("min", self.minimum_total).with("max", self.total_points));
        }
        let mut codes = HashSet::new();
        for (at, part) in self.parts.iter().enumerate() {
            found.part(&mut codes, &format!("/parts/{at}"), part);
        }
        found.limits(self);
        found
    }
}

/// A part or section whose children are checked.
#[derive(Clone, Copy)]
struct Family<'a> {
    kind: PartKind,
    pointer: &'a str,
    code: &'a str,
    max: Points,
    combine: Combine,
}

impl Findings {
    fn unique<'a>(&mut self, codes: &mut HashSet<&'a str>, pointer: &str, code: &'a str) {
        if !codes.insert(code) {
            self.errors.push(Fault::at(format!("{pointer}/code"), Code::DuplicateCode).with("criterion", code));
        }
    }

    fn part<'a>(&mut self, codes: &mut HashSet<&'a str>, pointer: &str, part: &'a Part) {
        let Part { kind, code, max_points, min_points, combine, max_deduction, children, .. } = part;
        let fits = match kind {
            PartKind::Base | PartKind::Bonus => *max_points > Points::ZERO,
            PartKind::Penalty => *max_points == Points::ZERO,
        };
        self.unique(codes, pointer, code);
        if !fits {
            let fault = match kind {
                PartKind::Penalty => Code::PenaltyWithPoints,
                PartKind::Base | PartKind::Bonus => Code::PartWithoutPoints,
            };
            self.errors.push(Fault::at(format!("{pointer}/max_points"), fault).with("criterion", code.as_str()));
        }
        let min = floor(*kind, *min_points);
        if *kind == PartKind::Penalty && min.is_some_and(|min| min >= Points::ZERO) {
            self.errors.push(Fault::at(pointer, Code::RuleTakesNothing).with("criterion", code.as_str()));
        }
        self.bounds(pointer, code, (min, *max_points));
        self.cap(pointer, code, *max_deduction, *max_points);
        let family = Family { kind: *kind, pointer, code, max: *max_points, combine: *combine };
        self.family(codes, family, children);
    }

    /// Checks that a floor lies below the maximum, and that only a maximum of 0 goes without one.
    fn bounds(&mut self, pointer: &str, code: &str, (min, max): (Option<Points>, Points)) {
        let fault = Fault::at(format!("{pointer}/min_points"), Code::BoundsInvalid).with("criterion", code);
        match min {
            None if max != Points::ZERO => self.errors.push(fault.with("min", "null").with("max", max)),
            Some(min) if min > max => self.errors.push(fault.with("min", min).with("max", max)),
            None | Some(_) => {}
        }
    }

    /// Checks the most that deductions take: more than 0, and no more than there is to take, which where nothing can be won is
    /// known of each criterion alone.
    fn cap(&mut self, pointer: &str, code: &str, cap: Option<Points>, max: Points) {
        let beyond = |cap: &Points| *cap <= Points::ZERO || max > Points::ZERO && *cap > max;
        if let Some(cap) = cap.filter(beyond) {
            let fault = Fault::at(format!("{pointer}/max_deduction"), Code::DeductionCapInvalid);
            self.errors.push(fault.with("part", code).with("got", cap).with("max", max));
        }
    }

    /// Checks the children of a parent against its maximum, then each child.
    fn family<'a>(&mut self, codes: &mut HashSet<&'a str>, family: Family, children: &'a [Node]) {
        let Family { pointer, code, max, combine, kind } = family;
        if children.is_empty() {
            self.errors.push(Fault::at(pointer, Code::RuleMissing).with("criterion", code));
            return;
        }
        let own: Points = children.iter().filter_map(|child| child.max_points).sum();
        let sharing: Vec<&str> =
            children.iter().filter(|child| child.max_points.is_none()).map(|child| child.code.as_str()).collect();
        let exceeds = match combine {
            // Each of them is told that it has nothing to win.
            _ if kind == PartKind::Penalty => false,
            Combine::Sum => own > max,
            Combine::CappedSum => false,
            Combine::Highest => children.iter().filter_map(|child| child.max_points).any(|child| child > max),
        };
        let fault = |code: Code| Fault::at(pointer, code);
        if combine != Combine::Sum && !sharing.is_empty() {
            self.errors.push(fault(Code::SharedPointsNotSummed).with("criteria", sharing.join(", ")));
        } else if exceeds {
            self.errors.push(fault(Code::ChildrenExceedParent).with("parent", code).with("max", max).with("sum", own));
        } else if combine == Combine::Sum && own < max && sharing.is_empty() {
            self.warnings.push(fault(Code::PointsUnassigned).with("parent", code).with("max", max).with("sum", own));
        } else if own < max && !sharing.is_empty() {
            self.warnings.push(fault(Code::PointsShared).with("criteria", sharing.join(", ")).with("max", max - own));
        }
        for (at, child) in children.iter().enumerate() {
            self.node(codes, &format!("{pointer}/children/{at}"), (child, family.kind), max - own);
        }
    }

    /// Checks a section or criterion. `left` is what its siblings with their own maximum leave of the parent.
    fn node<'a>(
        &mut self,
        codes: &mut HashSet<&'a str>,
        pointer: &str,
        (node, kind): (&'a Node, PartKind),
        left: Points,
    ) {
        let fault = |code| Fault::at(pointer, code).with("criterion", node.code.as_str());
        let at =
            |field: &str, code| Fault::at(format!("{pointer}/{field}"), code).with("criterion", node.code.as_str());
        self.unique(codes, pointer, &node.code);
        let min = floor(kind, node.min_points);
        // What only takes points may stand among others of a base part, if it can take any.
        let takes_nothing = node.max_points == Some(Points::ZERO) && min.is_some_and(|min| min >= Points::ZERO);
        match (node.max_points, &node.rule) {
            (None, _) if !node.children.is_empty() => {
                self.errors.push(fault(Code::PartWithoutPoints));
            }
            (None, _) if left <= Points::ZERO => self.errors.push(fault(Code::NoPointsLeft)),
            (None, Some(rule)) if rule.needs_max() => {
                self.errors.push(fault(Code::RuleNeedsMaxPoints));
            }
            (Some(max), _) if kind == PartKind::Penalty && max != Points::ZERO => {
                self.errors.push(at("max_points", Code::PenaltyWithPoints));
            }
            (Some(max), _) if max < Points::ZERO => self.errors.push(fault(Code::PartWithoutPoints)),
            (Some(_), _) if takes_nothing => {
                let untold = node.min_points.is_none() && kind != PartKind::Penalty;
                self.errors.push(fault(if untold { Code::PartWithoutPoints } else { Code::RuleTakesNothing }));
            }
            (max, Some(rule)) => {
                let bonus = node.bonus_max_points.unwrap_or_default();
                let bounds = Bounds { min, max: max.unwrap_or(left), bonus };
                let found = rule.check(&node.code, bounds, &format!("{pointer}/rule"));
                self.errors.extend(found.errors);
                self.warnings.extend(found.warnings);
            }
            (_, None) => {}
        }
        self.bounds(pointer, &node.code, (min, node.max_points.unwrap_or(left)));
        if let Some(bonus) = node.bonus_max_points {
            if kind != PartKind::Base || node.rule.is_none() {
                self.errors.push(at("bonus_max_points", Code::BonusMaxMisplaced));
            } else if bonus <= Points::ZERO {
                self.errors.push(at("bonus_max_points", Code::RuleFigureInvalid));
            }
        }
        match (node.children.is_empty(), &node.rule) {
            (true, None) => self.errors.push(fault(Code::RuleMissing)),
            (false, Some(_)) => self.errors.push(fault(Code::RuleOnSection)),
            (false, None) => {
                let max = node.max_points.unwrap_or(Points::ZERO);
                self.cap(pointer, &node.code, node.max_deduction, max);
                let family = Family { kind, pointer, code: &node.code, max, combine: node.combine };
                self.family(codes, family, &node.children);
            }
            (true, Some(_)) => {
                if node.combine != Combine::Sum {
                    self.errors.push(at("combine", Code::CombineOnCriterion));
                }
                if node.max_deduction.is_some() {
                    self.errors.push(at("max_deduction", Code::CombineOnCriterion));
                }
            }
        }
    }

    /// Checks what holds criteria together that do not share a parent.
    fn limits(&mut self, content: &CriteriaContent) {
        let entries = content.entries();
        let mut codes = HashSet::new();
        for (at, limit) in content.limits.iter().enumerate() {
            let Limit { code, criteria, max_deduction, max_award, .. } = limit;
            let pointer = format!("/limits/{at}");
            let fault = |place: &str, of| Fault::at(format!("{pointer}{place}"), of).with("limit_code", code.as_str());
            if !codes.insert(code.as_str()) {
                self.errors.push(fault("/code", Code::DuplicateCode).with("criterion", code.as_str()));
            }
            if criteria.is_empty() || max_deduction.is_none() && max_award.is_none() {
                self.errors.push(fault("", Code::LimitWithoutEffect));
            }
            for (field, figure) in [("/max_deduction", max_deduction), ("/max_award", max_award)] {
                if figure.is_some_and(|figure| figure <= Points::ZERO) {
                    self.errors.push(fault(field, Code::LimitWithoutEffect));
                }
            }
            let mut named = HashSet::new();
            for (of, criterion) in criteria.iter().enumerate() {
                let place = format!("/criteria/{of}");
                let fault = |of| fault(&place, of).with("criterion", criterion.as_str());
                match entries.iter().find(|entry| entry.code == *criterion) {
                    None => self.errors.push(fault(Code::UnknownCriterion)),
                    Some(entry) if entry.rule.is_none() => self.errors.push(fault(Code::LimitOnSection)),
                    Some(_) if !named.insert(criterion) => self.errors.push(fault(Code::DuplicateCriterion)),
                    Some(_) => {}
                }
            }
        }
    }
}
