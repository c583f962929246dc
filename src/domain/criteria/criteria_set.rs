//! Criteria sets: the tree of criteria, and its validation before publishing.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::criteria::rules::Rule;
use crate::domain::text::{Check, NOTE_CHARS, TITLE_CHARS};
use crate::domain::{Id, Points};
use crate::error::{Code, Fault};

/// Deepest nesting below a part.
pub const MAX_DEPTH: usize = 6;
/// Maximum number of parts, sections and criteria.
const MAX_NODES: usize = 5_000;

/// Kind of points of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Base points (điểm chuẩn).
    Base,
    /// Bonus points (điểm thưởng).
    Bonus,
}

/// A part of a criteria set: A. Điểm chuẩn, B. Điểm thưởng.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Code of the part, unique within the criteria set.
    #[schema(example = "A")]
    pub code: String,
    /// Title of the part.
    #[schema(example = "ĐIỂM CHUẨN")]
    pub title: String,
    /// Kind of points.
    pub kind: PartKind,
    /// Maximum points of the part.
    pub max_points: Points,
    /// Cap on all deductions in the part together, applied before any rescaling; null for no cap.
    #[serde(default)]
    #[schema(example = 30)]
    pub max_deduction: Option<Points>,
    /// A remark; null if there is none.
    #[serde(default)]
    pub note: Option<String>,
    /// Sections and criteria, in order.
    pub children: Vec<Node>,
}

/// A section, which has children, or a criterion, which has a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Code, unique within the criteria set.
    #[schema(example = "A.II.1")]
    pub code: String,
    /// Text of the section or criterion.
    pub title: String,
    /// Maximum points; null for a criterion that shares the points that its section has left with the other criteria
    /// without a maximum.
    pub max_points: Option<Points>,
    /// A remark; null if there is none.
    #[serde(default)]
    pub note: Option<String>,
    /// Whether points claimed for the criterion require evidence before the submission can be submitted.
    #[serde(default)]
    pub evidence_required: bool,
    /// Sections and criteria below; empty for a criterion.
    #[serde(default)]
    #[schema(no_recursion)]
    pub children: Vec<Node>,
    /// How an answer is converted to points; null for a section.
    #[serde(default)]
    pub rule: Option<Rule>,
}

/// How a criterion that a review declares not applicable to a unit is handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotApplicable {
    /// Not possible: every criterion applies to every unit.
    #[default]
    Refused,
    /// It earns no points, which lowers the maximum that the unit can reach.
    Excluded,
    /// The points earned in the rest of its section are rescaled to the maximum of the section.
    Rescaled,
}

/// State of a criteria set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum CriteriaSetStatus {
    /// Being edited.
    Draft,
    /// In use; it can no longer change.
    Published,
    /// Not available for new periods.
    Retired,
}

/// The content of a criteria set, as its author writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CriteriaContent {
    /// Code, unique within the organisation.
    pub code: String,
    /// Title of the criteria set.
    pub title: String,
    /// Year that the criteria set is for.
    pub year: i32,
    /// Document that establishes the criteria set.
    #[serde(default)]
    pub legal_basis: Option<String>,
    /// Sum of the points of all parts.
    pub total_points: Points,
    /// How criteria that do not apply to a unit are handled; defaults to `refused`.
    #[serde(default)]
    pub not_applicable: NotApplicable,
    /// The tree of parts, sections and criteria.
    pub parts: Vec<Part>,
}

/// A criteria set.
#[derive(Debug, Clone, PartialEq)]
pub struct CriteriaSet {
    /// Id of the criteria set.
    pub id: Id,
    /// The organisation that the criteria set belongs to.
    pub organization_id: Id,
    /// The content.
    pub content: CriteriaContent,
    /// State of the criteria set.
    pub status: CriteriaSetStatus,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// The criteria set that it was copied from.
    pub copied_from_id: Option<Id>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the criteria set was created.
    pub created_at: DateTime<Utc>,
    /// When the criteria set was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The result of validating a criteria set.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Findings {
    /// Errors, which prevent publishing.
    pub errors: Vec<Fault>,
    /// Warnings, which do not.
    pub warnings: Vec<Fault>,
}

impl CriteriaContent {
    /// Normalises the texts, checks the size, and records every fault.
    pub fn clean(&mut self, check: &mut Check) {
        self.code = check.code("/code", &self.code);
        self.title = check.text("/title", &self.title, TITLE_CHARS);
        self.legal_basis = check.optional("/legal_basis", self.legal_basis.as_deref(), TITLE_CHARS);
        check.ensure((2000..=2100).contains(&self.year), "/year", Code::NumberOutOfRange);
        check.ensure(self.total_points > Points::ZERO, "/total_points", Code::PointsOutOfRange);
        let mut nodes = self.parts.len();
        for (at, part) in self.parts.iter_mut().enumerate() {
            let pointer = format!("/parts/{at}");
            clean_texts(check, &pointer, &mut part.code, &mut part.title, &mut part.note);
            clean_nodes(check, &pointer, &mut part.children, 1, &mut nodes);
        }
        check.ensure(nodes <= MAX_NODES, "/parts", Code::NumberOutOfRange);
    }

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
        let mut codes = HashSet::new();
        for (at, part) in self.parts.iter().enumerate() {
            let pointer = format!("/parts/{at}");
            found.unique(&mut codes, &pointer, &part.code);
            if part.max_points <= Points::ZERO {
                found.errors.push(Fault::at(format!("{pointer}/max_points"), Code::PartWithoutPoints));
            }
            if let Some(cap) = part.max_deduction.filter(|cap| *cap <= Points::ZERO || *cap > part.max_points) {
                let fault = Fault::at(format!("{pointer}/max_deduction"), Code::DeductionCapInvalid);
                found.errors.push(fault.with("part", part.code.as_str()).with("got", cap).with("max", part.max_points));
            }
            found.family(&mut codes, &pointer, &part.code, part.max_points, &part.children);
        }
        found
    }
}

/// A part, section or criterion by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Criterion)]
pub struct Entry {
    /// Code, unique within the criteria set.
    #[schema(example = "A.II.1")]
    pub code: String,
    /// Code of the parent; null for a part.
    pub parent_code: Option<String>,
    /// Text of the part, section or criterion.
    pub title: String,
    /// Kind of points of its part.
    pub kind: PartKind,
    /// Maximum points; null for a criterion that shares the points that its section has left.
    pub max_points: Option<Points>,
    /// Cap on all deductions in a part together; null for no cap.
    pub max_deduction: Option<Points>,
    /// A remark; null if there is none.
    pub note: Option<String>,
    /// Whether points claimed for the criterion require evidence before the submission can be submitted.
    pub evidence_required: bool,
    /// How an answer is converted to points; null for a part or a section.
    pub rule: Option<Rule>,
}

/// A difference between two criteria sets, matched by code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CriterionChange)]
pub struct EntryChange {
    /// Code of the part, section or criterion.
    #[schema(example = "A.II.1")]
    pub code: String,
    /// Whether it was added, removed or changed.
    pub change: ChangeKind,
    /// Names of the fields that differ; empty if it was added or removed.
    #[schema(example = json!(["max_points", "rule"]))]
    pub fields: Vec<&'static str>,
    /// The entry before; null if it was added.
    pub before: Option<Entry>,
    /// The entry after; null if it was removed.
    pub after: Option<Entry>,
}

/// Kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only the later criteria set has it.
    Added,
    /// Only the earlier criteria set has it.
    Removed,
    /// Both have it, with different content.
    Changed,
}

impl Entry {
    /// Returns the names of the fields that differ from another entry.
    fn differing(&self, other: &Entry) -> Vec<&'static str> {
        let fields = [
            ("parent_code", self.parent_code != other.parent_code),
            ("title", self.title != other.title),
            ("kind", self.kind != other.kind),
            ("max_points", self.max_points != other.max_points),
            ("max_deduction", self.max_deduction != other.max_deduction),
            ("note", self.note != other.note),
            ("evidence_required", self.evidence_required != other.evidence_required),
            ("rule", self.rule != other.rule),
        ];
        fields.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }
}

impl CriteriaContent {
    /// Returns all parts, sections and criteria, in order.
    pub fn entries(&self) -> Vec<Entry> {
        fn add(list: &mut Vec<Entry>, kind: PartKind, parent: &str, nodes: &[Node]) {
            for node in nodes {
                list.push(Entry {
                    code: node.code.clone(),
                    parent_code: Some(parent.to_owned()),
                    title: node.title.clone(),
                    kind,
                    max_points: node.max_points,
                    max_deduction: None,
                    note: node.note.clone(),
                    evidence_required: node.evidence_required,
                    rule: node.rule.clone(),
                });
                add(list, kind, &node.code, &node.children);
            }
        }
        let mut list = Vec::new();
        for part in &self.parts {
            list.push(Entry {
                code: part.code.clone(),
                parent_code: None,
                title: part.title.clone(),
                kind: part.kind,
                max_points: Some(part.max_points),
                max_deduction: part.max_deduction,
                note: part.note.clone(),
                evidence_required: false,
                rule: None,
            });
            add(&mut list, part.kind, &part.code, &part.children);
        }
        list
    }

    /// Returns the differences between two criteria sets, in the order of `after`, removed entries last.
    pub fn changes(before: &CriteriaContent, after: &CriteriaContent) -> Vec<EntryChange> {
        let were = before.entries();
        let mut by_code: HashMap<&str, &Entry> = were.iter().map(|entry| (entry.code.as_str(), entry)).collect();
        let mut changes = Vec::new();
        for is in after.entries() {
            let was = by_code.remove(is.code.as_str());
            let fields = was.map(|was| is.differing(was)).unwrap_or_default();
            let change = if was.is_some() { ChangeKind::Changed } else { ChangeKind::Added };
            if change == ChangeKind::Added || !fields.is_empty() {
                let code = is.code.clone();
                changes.push(EntryChange { code, change, fields, before: was.cloned(), after: Some(is) });
            }
        }
        for was in were.iter().filter(|was| by_code.contains_key(was.code.as_str())) {
            changes.push(EntryChange {
                code: was.code.clone(),
                change: ChangeKind::Removed,
                fields: Vec::new(),
                before: Some(was.clone()),
                after: None,
            });
        }
        changes
    }
}

fn clean_texts(check: &mut Check, pointer: &str, code: &mut String, title: &mut String, note: &mut Option<String>) {
    *code = check.code(&format!("{pointer}/code"), code);
    *title = check.text(&format!("{pointer}/title"), title, TITLE_CHARS);
    *note = check.optional(&format!("{pointer}/note"), note.as_deref(), NOTE_CHARS);
}

fn clean_nodes(check: &mut Check, parent: &str, nodes: &mut [Node], depth: usize, count: &mut usize) {
    if depth > MAX_DEPTH && !nodes.is_empty() {
        check.faults.push(Fault::at(format!("{parent}/children"), Code::NumberOutOfRange).with("max", MAX_DEPTH));
        return;
    }
    *count += nodes.len();
    for (at, node) in nodes.iter_mut().enumerate() {
        let pointer = format!("{parent}/children/{at}");
        clean_texts(check, &pointer, &mut node.code, &mut node.title, &mut node.note);
        if let Some(rule) = &mut node.rule {
            let (list, choices) = rule.choices_mut();
            for (at, choice) in choices.iter_mut().enumerate() {
                let pointer = format!("{pointer}/rule/{list}/{at}");
                choice.code = check.code(&format!("{pointer}/code"), &choice.code);
                choice.title = check.text(&format!("{pointer}/title"), &choice.title, TITLE_CHARS);
            }
        }
        clean_nodes(check, &pointer, &mut node.children, depth + 1, count);
    }
}

impl Findings {
    fn unique<'a>(&mut self, codes: &mut HashSet<&'a str>, pointer: &str, code: &'a str) {
        if !codes.insert(code) {
            self.errors.push(Fault::at(format!("{pointer}/code"), Code::DuplicateCode).with("criterion", code));
        }
    }

    /// Checks the children of a parent against its maximum, then each child.
    fn family<'a>(
        &mut self,
        codes: &mut HashSet<&'a str>,
        parent: &str,
        code: &str,
        max: Points,
        children: &'a [Node],
    ) {
        if children.is_empty() {
            self.errors.push(Fault::at(parent, Code::RuleMissing).with("criterion", code));
            return;
        }
        let own: Points = children.iter().filter_map(|child| child.max_points).sum();
        let sharing: Vec<&str> =
            children.iter().filter(|child| child.max_points.is_none()).map(|child| child.code.as_str()).collect();
        if own > max {
            self.errors.push(
                Fault::at(parent, Code::ChildrenExceedParent).with("parent", code).with("max", max).with("sum", own),
            );
        } else if own < max && sharing.is_empty() {
            self.warnings
                .push(Fault::at(parent, Code::PointsUnassigned).with("parent", code).with("max", max).with("sum", own));
        } else if own < max {
            self.warnings.push(
                Fault::at(parent, Code::PointsShared).with("criteria", sharing.join(", ")).with("max", max - own),
            );
        }
        for (at, child) in children.iter().enumerate() {
            self.node(codes, &format!("{parent}/children/{at}"), child, max - own);
        }
    }

    /// Checks a section or criterion. `left` is what its siblings with their own maximum leave of the parent.
    fn node<'a>(&mut self, codes: &mut HashSet<&'a str>, pointer: &str, node: &'a Node, left: Points) {
        let fault = |code| Fault::at(pointer, code).with("criterion", node.code.as_str());
        self.unique(codes, pointer, &node.code);
        match (node.max_points, &node.rule) {
            (None, _) if !node.children.is_empty() => {
                self.errors.push(fault(Code::PartWithoutPoints));
            }
            (None, _) if left <= Points::ZERO => self.errors.push(fault(Code::NoPointsLeft)),
            (None, Some(rule)) if rule.needs_max() => {
                self.errors.push(fault(Code::RuleNeedsMaxPoints));
            }
            (Some(max), _) if max <= Points::ZERO => {
                self.errors.push(fault(Code::PartWithoutPoints));
            }
            (max, Some(rule)) => {
                let found = rule.check(&node.code, max.unwrap_or(left), &format!("{pointer}/rule"));
                self.errors.extend(found.errors);
                self.warnings.extend(found.warnings);
            }
            (_, None) => {}
        }
        match (node.children.is_empty(), &node.rule) {
            (true, None) => self.errors.push(fault(Code::RuleMissing)),
            (false, Some(_)) => self.errors.push(fault(Code::RuleOnSection)),
            (false, None) => {
                let max = node.max_points.unwrap_or(Points::ZERO);
                self.family(codes, pointer, &node.code, max, &node.children);
            }
            (true, Some(_)) => {}
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::criteria::rules::{AllOrNothingRule, DeductionPerCaseRule, ManualRule};

    /// Returns the criteria set of the guideline.
    pub fn guideline() -> CriteriaContent {
        serde_json::from_str(include_str!("../../../openapi/examples/criteria-2023.json")).unwrap()
    }

    fn codes(faults: &[Fault]) -> Vec<(Code, &str)> {
        faults.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect()
    }

    #[test]
    fn the_guideline_has_no_error_and_warns_that_a_i_1_and_a_i_2_share_150() {
        let found = guideline().findings();
        assert_eq!(codes(&found.errors), []);
        assert_eq!(codes(&found.warnings), [(Code::PointsShared, "/parts/0/children/0")]);
        assert_eq!(found.warnings[0].params["max"], 150);
        assert_eq!(found.warnings[0].params["criteria"], "A.I.1, A.I.2");
    }

    #[test]
    fn cleaning_leaves_the_guideline_as_it_is() {
        let (mut cleaned, mut check) = (guideline(), Check::default());
        cleaned.clean(&mut check);
        assert_eq!(check.faults, []);
        assert_eq!(cleaned, guideline());
    }

    #[test]
    fn each_mistake_has_its_code_and_place() {
        type Break = fn(&mut CriteriaContent);
        let table: [(Break, Code, &str); 11] = [
            (|set| set.total_points = Points::from_hundredths(99_900), Code::PartSumMismatch, "/total_points"),
            (|set| set.parts.clear(), Code::NoCriteria, "/parts"),
            (|set| set.parts[1].children.clear(), Code::RuleMissing, "/parts/1"),
            (|set| set.parts[1].children[0].rule = None, Code::RuleMissing, "/parts/1/children/0"),
            (|set| set.parts[1].children[0].code = "A".into(), Code::DuplicateCode, "/parts/1/children/0/code"),
            (
                |set| set.parts[1].children[0].max_points = Some(Points::from_hundredths(4100)),
                Code::ChildrenExceedParent,
                "/parts/1",
            ),
            (
                |set| set.parts[1].children[0].max_points = Some(Points::ZERO),
                Code::PartWithoutPoints,
                "/parts/1/children/0",
            ),
            (
                |set| set.parts[0].children[0].children[2].max_points = Some(Points::from_hundredths(25_000)),
                Code::NoPointsLeft,
                "/parts/0/children/0/children/0",
            ),
            (
                |set| set.parts[0].children[0].children[0].rule = Some(Rule::AllOrNothing(AllOrNothingRule {})),
                Code::RuleNeedsMaxPoints,
                "/parts/0/children/0/children/0",
            ),
            (
                |set| set.parts[0].children[0].rule = Some(Rule::Manual(ManualRule { step: None })),
                Code::RuleOnSection,
                "/parts/0/children/0",
            ),
            (
                |set| {
                    set.parts[1].children[0].rule = Some(Rule::DeductionPerCase(DeductionPerCaseRule {
                        points_per_case: Points::from_hundredths(1),
                        floor: Points::from_hundredths(4001),
                    }));
                },
                Code::RuleExceedsMax,
                "/parts/1/children/0/rule/floor",
            ),
        ];
        for (break_it, code, pointer) in table {
            let mut set = guideline();
            break_it(&mut set);
            let found = set.findings();
            assert!(codes(&found.errors).contains(&(code, pointer)), "{code:?}: {:?}", found.errors);
        }
    }

    #[test]
    fn a_table_too_deep_is_refused_before_anybody_walks_it() {
        let mut set = guideline();
        for _ in 0..7 {
            let inner = std::mem::take(&mut set.parts[1].children);
            set.parts[1].children.push(Node {
                code: "X".into(),
                title: "x".into(),
                max_points: None,
                note: None,
                evidence_required: false,
                children: inner,
                rule: None,
            });
        }
        let mut check = Check::default();
        set.clean(&mut check);
        assert_eq!(check.faults.iter().filter(|fault| fault.code == Code::NumberOutOfRange).count(), 1);
    }
}
