//! Criteria sets: the tree of criteria, and its validation before publishing.

use std::collections::HashMap;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Base points (điểm chuẩn).
    #[default]
    Base,
    /// Bonus points (điểm thưởng).
    Bonus,
    /// Points that are taken (điểm trừ), at most 0.
    Penalty,
}

/// How the children of a part or section make its points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// Their sum; their maxima together do not exceed the maximum.
    #[default]
    Sum,
    /// Their sum, cut to the maximum, which their maxima together may exceed.
    CappedSum,
    /// Only the best of them counts; where they take points, the heaviest.
    Highest,
}

/// Who scores a criterion in the self-assessment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScoredBy {
    /// The unit.
    #[default]
    Unit,
    /// The standing body, in its appraisal; the unit leaves the line out.
    StandingBody,
}

/// Deserialises a field that may be absent, null or a value.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A part of a criteria set: A. Điểm chuẩn, B. Điểm thưởng.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// Maximum points of the part; 0 for a part that takes points.
    pub max_points: Points,
    /// The fewest points of the part, at most 0; null for no floor, which only a part with a maximum of 0 may have. Absent:
    /// 0, and no floor for a part of kind `penalty`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Points>, example = -20)]
    pub min_points: Option<Option<Points>>,
    /// How its children make its points; defaults to `sum`.
    #[serde(default)]
    pub combine: Combine,
    /// The most that all deductions in the part take together, before any rescaling; null for no limit.
    #[serde(default)]
    #[schema(example = 30)]
    pub max_deduction: Option<Points>,
    /// How criteria of the part that do not apply to a unit are handled; null as the criteria set says.
    #[serde(default)]
    pub not_applicable: Option<NotApplicable>,
    /// A remark; null if there is none.
    #[serde(default)]
    pub note: Option<String>,
    /// Sections and criteria, in order.
    pub children: Vec<Node>,
}

/// A section, which has children, or a criterion, which has a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// The fewest points, at most the maximum; null for no floor, which only a maximum of 0 may have. Absent: 0, and no floor
    /// in a part of kind `penalty`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Points>, example = -5)]
    pub min_points: Option<Option<Points>>,
    /// Points that the rule may pay beyond the maximum, which count as bonus; null for none. For criteria of base parts.
    #[serde(default)]
    pub bonus_max_points: Option<Points>,
    /// How its children make the points of a section; defaults to `sum`.
    #[serde(default)]
    pub combine: Combine,
    /// The most that all deductions in the section take together, before any rescaling; null for no limit.
    #[serde(default)]
    pub max_deduction: Option<Points>,
    /// Who scores the criterion in the self-assessment; defaults to `unit`.
    #[serde(default)]
    pub scored_by: ScoredBy,
    /// How the criterion, or those of the section, are handled where they do not apply to a unit; null as the part or the
    /// criteria set says.
    #[serde(default)]
    pub not_applicable: Option<NotApplicable>,
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
    /// The base points are rescaled, once, to those of the whole table.
    RescaledTotal,
    /// It counts with its maximum.
    FullPoints,
}

/// What holds criteria together that do not share a parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriteriaLimit)]
pub struct Limit {
    /// Code, unique among the limits.
    #[schema(example = "discipline")]
    pub code: String,
    /// Title of the limit.
    #[schema(example = "Kỷ luật, kỷ cương: trừ tối đa 15 điểm")]
    pub title: String,
    /// Codes of the criteria that it holds together.
    #[schema(example = json!(["A.II.1", "A.V.4"]))]
    pub criteria: Vec<String>,
    /// The most that their deductions take together; null for no limit.
    #[serde(default)]
    pub max_deduction: Option<Points>,
    /// The most that they award together; null for no limit.
    #[serde(default)]
    pub max_award: Option<Points>,
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

/// Returns the fewest points of a part, section or criterion in a part of this kind; `None` for no floor.
pub fn floor(kind: PartKind, min_points: Option<Option<Points>>) -> Option<Points> {
    min_points.unwrap_or(match kind {
        PartKind::Base | PartKind::Bonus => Some(Points::ZERO),
        PartKind::Penalty => None,
    })
}

/// The content of a criteria set, as its author writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// The fewest points that a submission has in total; defaults to 0.
    #[serde(default)]
    pub minimum_total: Points,
    /// How criteria that do not apply to a unit are handled; defaults to `refused`.
    #[serde(default)]
    pub not_applicable: NotApplicable,
    /// What holds criteria together that do not share a parent.
    #[serde(default)]
    pub limits: Vec<Limit>,
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
        for (at, limit) in self.limits.iter_mut().enumerate() {
            limit.code = check.code(&format!("/limits/{at}/code"), &limit.code);
            limit.title = check.text(&format!("/limits/{at}/title"), &limit.title, TITLE_CHARS);
            for (of, code) in limit.criteria.iter_mut().enumerate() {
                *code = check.code(&format!("/limits/{at}/criteria/{of}"), code);
            }
        }
        check.ensure(self.limits.len() <= MAX_NODES, "/limits", Code::NumberOutOfRange);
        check.ensure(nodes <= MAX_NODES, "/parts", Code::NumberOutOfRange);
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
    /// The fewest points; null for no floor.
    pub min_points: Option<Points>,
    /// Points that the rule may pay beyond the maximum, which count as bonus; null for none.
    pub bonus_max_points: Option<Points>,
    /// How the children of a part or section make its points.
    pub combine: Combine,
    /// The most that all deductions in a part or section take together; null for no limit.
    pub max_deduction: Option<Points>,
    /// Who scores the criterion in the self-assessment.
    pub scored_by: ScoredBy,
    /// How it is handled where it does not apply to a unit; null as its parent says.
    pub not_applicable: Option<NotApplicable>,
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
            ("min_points", self.min_points != other.min_points),
            ("bonus_max_points", self.bonus_max_points != other.bonus_max_points),
            ("combine", self.combine != other.combine),
            ("max_deduction", self.max_deduction != other.max_deduction),
            ("scored_by", self.scored_by != other.scored_by),
            ("not_applicable", self.not_applicable != other.not_applicable),
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
                    min_points: floor(kind, node.min_points),
                    bonus_max_points: node.bonus_max_points,
                    combine: node.combine,
                    max_deduction: node.max_deduction,
                    scored_by: node.scored_by,
                    not_applicable: node.not_applicable,
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
                min_points: floor(part.kind, part.min_points),
                bonus_max_points: None,
                combine: part.combine,
                max_deduction: part.max_deduction,
                scored_by: ScoredBy::Unit,
                not_applicable: part.not_applicable,
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
            let (list, named) = rule.named_mut();
            for (at, (code, title)) in named.into_iter().enumerate() {
                let pointer = format!("{pointer}/rule/{list}/{at}");
                *code = check.code(&format!("{pointer}/code"), code);
                *title = check.text(&format!("{pointer}/title"), title, TITLE_CHARS);
            }
        }
        clean_nodes(check, &pointer, &mut node.children, depth + 1, count);
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
                        floor: Some(Points::from_hundredths(4001)),
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
                children: inner,
                ..Node::default()
            });
        }
        let mut check = Check::default();
        set.clean(&mut check);
        assert_eq!(check.faults.iter().filter(|fault| fault.code == Code::NumberOutOfRange).count(), 1);
    }
}
