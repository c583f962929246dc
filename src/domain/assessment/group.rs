//! Groups of like units (khối thi đua) within a period: each has its own ranking and awards, and may have its own table.
//!
//! A period without groups ranks all its units together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::assessment::period::{Period, PeriodRules, check_awards, unique};
use crate::domain::award::award::Award;
use crate::domain::award::ranking::RankedGroup;
use crate::domain::award::tie_break::TieBreak;
use crate::domain::criteria::scoring::ScoringTable;
use crate::domain::text::{Check, TITLE_CHARS};
use crate::error::{Code, Fault};

/// A group of like units that are ranked with each other and with nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UnitGroup)]
pub struct Group {
    /// Code of the group, unique within the period.
    #[schema(example = "tham_muu")]
    pub code: String,
    /// Title of the group.
    #[schema(example = "Khối tham mưu")]
    pub title: String,
    /// Ids of its units, each of which takes part in the period and is in no other group.
    pub unit_ids: Vec<Id>,
    /// The criteria set that its units are scored by; null for that of the period.
    #[serde(default)]
    pub criteria_set_id: Option<Id>,
    /// Its awards, in order of precedence; null for those of the period, which each group then gives in full.
    #[serde(default)]
    pub awards: Option<Vec<Award>>,
}

/// The scoring tables of a period, by criteria set.
#[derive(Debug, Clone, Default)]
pub struct PeriodTables(pub HashMap<Id, Arc<ScoringTable>>);

impl PeriodTables {
    /// Returns the table that a unit of a period is scored by.
    pub fn of_unit(&self, period: &Period, unit_id: &Id) -> Option<&Arc<ScoringTable>> {
        self.0.get(&period.criteria_set_of(unit_id))
    }
}

impl PeriodRules {
    /// Returns the group that a unit takes part in.
    pub fn group_of(&self, unit_id: &Id) -> Option<&Group> {
        self.groups.iter().find(|group| group.unit_ids.contains(unit_id))
    }

    /// Returns a group by its code.
    pub fn group(&self, code: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.code == code)
    }

    /// Returns the awards of a group, or those of the period where there are no groups.
    pub fn awards_of(&self, group_code: Option<&str>) -> &[Award] {
        let group = group_code.and_then(|code| self.group(code));
        group.and_then(|group| group.awards.as_ref()).unwrap_or(&self.awards)
    }

    /// Returns every award with the group that gives it: those of the period itself where there are no groups.
    pub fn awards_by_group(&self) -> Vec<(Option<&str>, &Award)> {
        if self.groups.is_empty() {
            return self.awards.iter().map(|award| (None, award)).collect();
        }
        let codes = self.groups.iter().map(|group| Some(group.code.as_str()));
        codes.flat_map(|code| self.awards_of(code).iter().map(move |award| (code, award))).collect()
    }

    /// Returns the title of an award of a group, or its code where the period does not have it.
    pub fn award_title<'a>(&'a self, group_code: Option<&str>, award_code: &'a str) -> &'a str {
        let award = self.awards_of(group_code).iter().find(|award| award.code == award_code);
        award.map_or(award_code, |award| &award.title)
    }

    /// Returns the groups as a ranking needs them.
    pub fn ranked_groups(&self) -> Vec<RankedGroup> {
        let of_group = |group: &Group| RankedGroup {
            code: group.code.clone(),
            awards: self.awards_of(Some(&group.code)).to_vec(),
        };
        self.groups.iter().map(of_group).collect()
    }

    /// Returns every criteria set that it names, each with the pointer to it: that of the period first.
    pub fn criteria_sets(&self) -> Vec<(String, Id)> {
        let of_groups = self.groups.iter().enumerate().filter_map(|(at, group)| {
            let criteria_set_id = group.criteria_set_id?;
            Some((format!("/groups/{at}/criteria_set_id"), criteria_set_id))
        });
        std::iter::once(("/criteria_set_id".to_owned(), self.criteria_set_id)).chain(of_groups).collect()
    }

    /// Returns the criteria sets that units are scored by, each with its group: one without a group where there are none.
    fn scored_by(&self) -> Vec<(Option<&Group>, Id)> {
        if self.groups.is_empty() {
            return vec![(None, self.criteria_set_id)];
        }
        let of_group = |group: &Group| group.criteria_set_id.unwrap_or(self.criteria_set_id);
        self.groups.iter().map(|group| (Some(group), of_group(group))).collect()
    }

    /// Records tie-break rules that name a section that the table of a group does not have. Tables that are missing are
    /// faults of their own.
    pub fn check_sections(&self, tables: &PeriodTables, check: &mut Check) {
        for (at, step) in self.tie_break.iter().enumerate() {
            let Some(TieBreak::Section(code)) = TieBreak::parse(step) else {
                continue;
            };
            for (group, set_id) in self.scored_by() {
                if tables.0.get(&set_id).is_none_or(|table| table.has_node(code)) {
                    continue;
                }
                let fault = Fault::at(format!("/tie_break/{at}"), Code::UnknownReference);
                check.faults.push(match group {
                    Some(group) => fault.with("group_code", group.code.as_str()),
                    None => fault,
                });
            }
        }
    }

    /// Normalises the groups and records what cannot be kept: codes that are not unique, units in two groups, units that do
    /// not take part, and faults of their awards. What a draft may still lack is checked when the period opens.
    pub fn clean_groups(&mut self, check: &mut Check) {
        let mut seen = HashSet::new();
        for (at, group) in self.groups.iter_mut().enumerate() {
            let pointer = format!("/groups/{at}");
            group.code = check.code(&format!("{pointer}/code"), &group.code);
            group.title = check.text(&format!("{pointer}/title"), &group.title, TITLE_CHARS);
            for (unit, unit_id) in group.unit_ids.iter().enumerate() {
                let pointer = format!("{pointer}/unit_ids/{unit}");
                if !seen.insert(*unit_id) {
                    check.faults.push(Fault::at(pointer, Code::Duplicate).with("value", unit_id.as_str()));
                } else if !self.unit_ids.contains(unit_id) {
                    check.fault(pointer, Code::UnitNotInPeriod);
                }
            }
            check_awards(group.awards.as_deref_mut().unwrap_or_default(), &format!("{pointer}/awards"), check);
        }
        unique(check, "/groups", self.groups.iter().map(|group| group.code.as_str()));
    }

    /// Records units in no group, and groups without a unit. Where there are no groups, every unit is ranked with all others.
    pub fn check_groups(&self, check: &mut Check) {
        if self.groups.is_empty() {
            return;
        }
        for (at, unit_id) in self.unit_ids.iter().enumerate() {
            check.ensure(self.group_of(unit_id).is_some(), &format!("/unit_ids/{at}"), Code::GroupRequired);
        }
        for (at, group) in self.groups.iter().enumerate() {
            if group.unit_ids.is_empty() {
                let fault = Fault::at(format!("/groups/{at}/unit_ids"), Code::GroupEmpty);
                check.faults.push(fault.with("group_code", group.code.as_str()));
            }
        }
    }

    /// Takes units that no longer take part out of their groups.
    pub fn leave_groups(&mut self) {
        for group in &mut self.groups {
            group.unit_ids.retain(|unit_id| self.unit_ids.contains(unit_id));
        }
    }

    /// Takes units out that `keeps` does not keep, out of their groups too.
    pub fn retain_units(&mut self, keeps: impl Fn(&Id) -> bool) {
        self.unit_ids.retain(keeps);
        self.leave_groups();
    }
}

impl Period {
    /// Returns the code of a unit's group, also of a unit that was set aside; `None` where there are no groups.
    pub fn group_code_of(&self, unit_id: &Id) -> Option<&str> {
        let of_aside = || self.set_aside_of(unit_id).and_then(|aside| aside.group_code.as_deref());
        self.rules.group_of(unit_id).map(|group| group.code.as_str()).or_else(of_aside)
    }

    /// Returns the criteria set that a unit is scored by, also a unit that was set aside.
    pub fn criteria_set_of(&self, unit_id: &Id) -> Id {
        let group = self.group_code_of(unit_id).and_then(|code| self.rules.group(code));
        group.and_then(|group| group.criteria_set_id).unwrap_or(self.rules.criteria_set_id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::assessment::period_unit::SetAside;
    use crate::domain::criteria::criteria_set::CriteriaContent;

    fn id(last: u8) -> Id {
        Id::from_uuid_text(format!("018b88d6-5f80-7000-8000-0000000000{last:02x}"))
    }

    fn rules(groups: &serde_json::Value) -> PeriodRules {
        serde_json::from_value(json!({
            "code": "2024", "title": "2024", "year": 2024, "criteria_set_id": id(1), "unit_ids": [id(10), id(11), id(12)],
            "schedule": {"self_assessment_due_on": "2024-11-10", "appraisal_due_on": "2024-11-20",
                "council_review_from_on": "2024-11-21", "council_review_to_on": "2024-11-30",
                "result_notice_due_on": "2024-12-05"},
            "tie_break": ["section:A.I"], "awards": [{"code": "flag", "title": "Cờ", "quota": 1}], "groups": groups,
        }))
        .unwrap()
    }

    fn two(first: &[u8], second: &[u8]) -> serde_json::Value {
        let ids = |units: &[u8]| units.iter().map(|unit| id(*unit)).collect::<Vec<_>>();
        json!([
            {"code": "K1", "title": "Khối 1", "unit_ids": ids(first)},
            {"code": "K2", "title": "Khối 2", "unit_ids": ids(second), "criteria_set_id": id(2),
                "awards": [{"code": "merit", "title": "Bằng khen", "quota": 2}]},
        ])
    }

    fn found(check: Check) -> Vec<(String, Code)> {
        check.faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    fn expected(faults: &[(&str, Code)]) -> Vec<(String, Code)> {
        faults.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect()
    }

    #[test]
    fn a_draft_keeps_a_unit_in_one_group_at_most() {
        let award = |code: &str| json!({"code": code, "title": "x", "quota": 1});
        let table: [(serde_json::Value, &[(&str, Code)]); 5] = [
            (two(&[10], &[11]), &[]),
            (two(&[10, 10], &[11]), &[("/groups/0/unit_ids/1", Code::Duplicate)]),
            (two(&[10], &[11, 10]), &[("/groups/1/unit_ids/1", Code::Duplicate)]),
            (two(&[10], &[13]), &[("/groups/1/unit_ids/0", Code::UnitNotInPeriod)]),
            (
                json!([
                    {"code": "K", "title": " ", "unit_ids": [], "awards": [award("a"), award("a")]},
                    {"code": "K", "title": "x", "unit_ids": [], "awards": [{"code": "a", "title": "x", "quota": 0}]},
                    {"code": "a b", "title": "x", "unit_ids": []},
                ]),
                &[
                    ("/groups/0/title", Code::TextEmpty),
                    ("/groups/0/awards/1", Code::Duplicate),
                    ("/groups/1/awards/0/quota", Code::NumberOutOfRange),
                    ("/groups/2/code", Code::InvalidCode),
                    ("/groups/1", Code::Duplicate),
                ],
            ),
        ];
        for (groups, faults) in table {
            let mut check = Check::default();
            rules(&groups).clean_groups(&mut check);
            assert_eq!(found(check), expected(faults), "{groups}");
        }
    }

    #[test]
    fn an_open_period_has_each_unit_in_a_group_and_no_empty_group() {
        let table: [(serde_json::Value, &[(&str, Code)]); 4] = [
            (json!([]), &[]),
            (two(&[10, 12], &[11]), &[]),
            (two(&[10], &[11]), &[("/unit_ids/2", Code::GroupRequired)]),
            (two(&[10, 11, 12], &[]), &[("/groups/1/unit_ids", Code::GroupEmpty)]),
        ];
        for (groups, faults) in table {
            let mut check = Check::default();
            rules(&groups).check_groups(&mut check);
            assert_eq!(found(check), expected(faults), "{groups}");
        }
    }

    #[test]
    fn a_unit_has_the_table_and_the_awards_of_its_group() {
        let rules = rules(&two(&[10, 12], &[11]));
        let codes =
            |group: Option<&str>| rules.awards_of(group).iter().map(|award| award.code.as_str()).collect::<Vec<_>>();
        assert_eq!((codes(None), codes(Some("K1")), codes(Some("K2"))), (vec!["flag"], vec!["flag"], vec!["merit"]));
        assert_eq!(
            (rules.award_title(Some("K2"), "merit"), rules.award_title(Some("K1"), "merit")),
            ("Bằng khen", "merit")
        );
        let period = Period::draft(id(3), id(4), rules, chrono::DateTime::UNIX_EPOCH);
        assert_eq!([10, 11, 12].map(|unit| period.criteria_set_of(&id(unit))), [id(1), id(2), id(1)]);
        assert_eq!([10, 11, 13].map(|unit| period.group_code_of(&id(unit))), [Some("K1"), Some("K2"), None]);
    }

    #[test]
    fn a_unit_joins_one_group_and_comes_back_to_its_own() {
        let now = chrono::DateTime::UNIX_EPOCH;
        let period = Period::draft(id(3), id(4), rules(&two(&[10, 12], &[11])), now);
        let aside =
            SetAside { unit_id: id(11), reason: "x".into(), set_aside_at: now, merged_into: None, group_code: None };
        let without = period.set_aside(aside, now).unwrap().after;
        assert_eq!((without.group_code_of(&id(11)), without.criteria_set_of(&id(11))), (Some("K2"), id(2)));
        let table: [(u8, Option<&str>, Result<&str, Code>); 8] = [
            (13, Some("K1"), Ok("K1")),
            (13, Some("K2"), Ok("K2")),
            (13, None, Err(Code::GroupRequired)),
            (13, Some("K3"), Err(Code::UnknownReference)),
            (11, None, Ok("K2")),
            (11, Some("K2"), Ok("K2")),
            (11, Some("K1"), Err(Code::GroupFixed)),
            (10, Some("K1"), Err(Code::AlreadyExists)),
        ];
        for (unit, group_code, expected) in table {
            let joined = without.join(id(unit), group_code, now);
            let found = joined.map(|change| change.after.group_code_of(&id(unit)).unwrap().to_owned());
            let code = |error: crate::error::Error| error.faults.first().map_or(error.code, |fault| fault.code);
            assert_eq!(found.map_err(code), expected.map(str::to_owned), "{unit} {group_code:?}");
        }
        let plain = Period::draft(id(3), id(4), rules(&json!([])), now);
        assert!(plain.join(id(13), Some("K1"), now).is_err());
        assert_eq!(plain.join(id(13), None, now).unwrap().after.group_code_of(&id(13)), None);
    }

    #[test]
    fn a_section_of_the_tie_break_is_in_the_table_of_each_group() {
        let content = |section: &str| -> CriteriaContent {
            serde_json::from_value(json!({
                "code": "T", "title": "T", "year": 2024, "legal_basis": null, "total_points": 10,
                "parts": [{"code": "A", "kind": "base", "title": "A", "max_points": 10, "children": [
                    {"code": section, "title": "x", "max_points": 10, "rule": {"type": "manual"}}]}],
            }))
            .unwrap()
        };
        let table = |section: &str| Arc::new(ScoringTable::of(&content(section)));
        let tables = PeriodTables(HashMap::from([(id(1), table("A.I")), (id(2), table("A.II"))]));
        let faults = |groups: &serde_json::Value| {
            let mut check = Check::default();
            rules(groups).check_sections(&tables, &mut check);
            check.faults.iter().map(|fault| fault.params.get("group_code").cloned()).collect::<Vec<_>>()
        };
        assert_eq!(faults(&json!([])), []);
        assert_eq!(faults(&two(&[10, 12], &[11])), [Some(json!("K2"))]);
    }
}
