//! The ranking of the units, the awards that follow from it, and what is still undecided.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::assessment::facts::UnitFacts;
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::eligibility::{Condition, Eligibility};
use crate::domain::award::tie_break::TieBreak;
use crate::domain::criteria::scoring::{Breakdown, Totals};
use crate::domain::{Id, Points};

/// A unit in the ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contender {
    /// Id of the unit.
    pub unit_id: Id,
    /// Code of the unit.
    pub unit_code: String,
    /// Name of the unit.
    pub unit_name: String,
    /// Whether it did not submit in time.
    pub missed: bool,
    /// Totals of the latest submitted stage; `None` if there is none.
    pub totals: Option<Totals>,
    /// Figures that tie-break rules may use.
    pub breakdown: Breakdown,
    /// Facts about the unit, if they are recorded.
    pub facts: Option<UnitFacts>,
    /// Code of its group; `None` where there are no groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_code: Option<String>,
}

/// A group of units that are ranked with each other and with nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankedGroup {
    /// Code of the group.
    pub code: String,
    /// The awards that it gives, in order of precedence.
    pub awards: Vec<Award>,
}

/// Everything that a ranking is computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The units.
    pub contenders: Vec<Contender>,
    /// Tie-break rules, in order.
    pub tie_break: Vec<String>,
    /// Awards in order of precedence.
    pub awards: Vec<Award>,
    /// Conditions that a unit must meet to receive an award.
    pub eligibility: Vec<Condition>,
    /// What happens to an award when the unit next in rank is not eligible.
    pub when_ineligible: WhenIneligible,
    /// The council's decisions on ties: ids of the units, the first one first.
    pub decisions: Vec<Vec<Id>>,
    /// Units whose proposals were withdrawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawals: Vec<Withdrawal>,
    /// The groups, each of which is ranked alone and gives its own awards; none to rank all units together. A hash of inputs
    /// without groups is the same as before there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<RankedGroup>,
}

/// A unit whose proposal was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Id of the unit.
    pub unit_id: Id,
    /// Whether its award passes to the next eligible unit; otherwise it stays vacant.
    pub pass_down: bool,
}

/// A unit in the ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RankingRow {
    /// Code of the unit's group; null where the period has no groups.
    #[serde(default)]
    #[schema(required)]
    pub group_code: Option<String>,
    /// Standard competition rank (1, 2, 2, 4) within the group; null without a result.
    pub rank: Option<i32>,
    /// Id of the unit.
    pub unit_id: Id,
    /// Code of the unit.
    pub unit_code: String,
    /// Name of the unit.
    pub unit_name: String,
    /// Base points (điểm chuẩn); null without a result.
    pub base: Option<Points>,
    /// Bonus points (điểm thưởng); null without a result.
    pub bonus: Option<Points>,
    /// Points that were taken (điểm trừ), at most 0; 0 without a result.
    // Rankings frozen by earlier versions have none.
    #[serde(default)]
    #[schema(required)]
    pub penalty: Points,
    /// Sum of base, bonus and penalty points, or the fewest points of the table; null without a result.
    pub total: Option<Points>,
    /// Whether another unit of the group has the same rank.
    pub tied: bool,
    /// Whether the unit may receive an award; null if its facts are not recorded or not visible to the caller.
    pub eligible: Option<bool>,
    /// Types of the conditions that it does not meet, or `missed`.
    pub ineligible_reasons: Vec<String>,
    /// Code of the award that it receives; null if it receives none.
    pub award_code: Option<String>,
}

/// Units with the same rank at the boundary of an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnresolvedTie {
    /// Code of their group; null where the period has no groups.
    #[serde(default)]
    #[schema(required)]
    pub group_code: Option<String>,
    /// Ids of all units with that rank.
    pub unit_ids: Vec<Id>,
    /// Code of the first award that they compete for.
    pub award_code: String,
}

/// A computed ranking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// Units by group and rank.
    pub rows: Vec<RankingRow>,
    /// Ties that the council still has to decide.
    pub unresolved_ties: Vec<UnresolvedTie>,
    /// Codes of the units whose facts are needed to give the awards.
    pub facts_missing: Vec<String>,
}

impl Inputs {
    /// Computes the ranking, group by group. Ids and the order of the inputs never decide; units with the same rank are listed
    /// by code.
    pub fn rank(&self) -> Ranking {
        if self.groups.is_empty() {
            return self.rank_together();
        }
        let mut ranking = Ranking::default();
        for group in &self.groups {
            let Ranking { rows, unresolved_ties, facts_missing } = self.of_group(group).rank_together();
            ranking.rows.extend(rows);
            ranking.unresolved_ties.extend(unresolved_ties);
            ranking.facts_missing.extend(facts_missing);
        }
        ranking
    }

    /// Returns what the ranking of one group is computed from: its units and its awards alone.
    pub fn of_group(&self, group: &RankedGroup) -> Inputs {
        let own = self.contenders.iter().filter(|contender| contender.group_code.as_ref() == Some(&group.code));
        Inputs {
            contenders: own.cloned().collect(),
            tie_break: self.tie_break.clone(),
            awards: group.awards.clone(),
            eligibility: self.eligibility.clone(),
            when_ineligible: self.when_ineligible,
            decisions: self.decisions.clone(),
            withdrawals: self.withdrawals.clone(),
            groups: Vec::new(),
        }
    }

    /// Computes the ranking of all units with each other.
    fn rank_together(&self) -> Ranking {
        let mut order = self.ties();
        for tie in &mut order {
            self.apply_decision(tie);
        }
        let mut ranking = Ranking::default();
        let mut rank = 1;
        for places in order {
            for place in places {
                let size = i32::try_from(place.len()).unwrap_or(i32::MAX);
                let tied = place.len() > 1;
                ranking.rows.extend(place.iter().map(|contender| self.row(contender, Some(rank), tied)));
                rank += size;
            }
        }
        self.give_awards(&mut ranking);
        let mut rest: Vec<&Contender> = self.contenders.iter().filter(|contender| contender.totals.is_none()).collect();
        rest.sort_by(|a, b| a.missed.cmp(&b.missed).then_with(|| a.unit_code.cmp(&b.unit_code)));
        ranking.rows.extend(rest.into_iter().map(|contender| self.row(contender, None, false)));
        ranking
    }

    /// Returns units with a result from best to worst, together where the tie-break rules cannot separate them. Each tie is
    /// a list of places; there is one until a decision splits it.
    fn ties(&self) -> Vec<Vec<Vec<&Contender>>> {
        let mut ranked: Vec<&Contender> =
            self.contenders.iter().filter(|contender| contender.totals.is_some()).collect();
        ranked.sort_by(|a, b| self.compare(a, b).then_with(|| a.unit_code.cmp(&b.unit_code)));
        let same = |a: &&Contender, b: &&Contender| self.compare(a, b) == Ordering::Equal;
        ranked.chunk_by(same).map(|tie| vec![tie.to_vec()]).collect()
    }

    /// Compares by total and then by the tie-break rules, better units first. Council decisions are applied afterwards,
    /// to whole ties.
    fn compare(&self, a: &Contender, b: &Contender) -> Ordering {
        self.keys(a, b).map(|(_, order)| order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// Returns how two units compare by the total and by each tie-break rule, better units first.
    fn keys<'a>(&'a self, a: &'a Contender, b: &'a Contender) -> impl Iterator<Item = (&'a str, Ordering)> {
        let chain = self.tie_break.iter().filter_map(|step| Some((step.as_str(), TieBreak::parse(step)?)));
        let keys = chain.map(|(name, step)| {
            let order = match step {
                TieBreak::BasePoints => of(b, |totals| totals.base).cmp(&of(a, |totals| totals.base)),
                TieBreak::Section(code) => b.breakdown.nodes.get(code).cmp(&a.breakdown.nodes.get(code)),
                TieBreak::FewerDeductions => a.breakdown.deducted.cmp(&b.breakdown.deducted),
                TieBreak::CouncilDecision => Ordering::Equal,
            };
            (name, order)
        });
        std::iter::once(("total", of(b, |totals| totals.total).cmp(&of(a, |totals| totals.total)))).chain(keys)
    }

    /// Returns what ranks one unit before another: `total`, or the first tie-break rule that separates them; `None` where
    /// nothing but a decision of the council can.
    pub fn separated_by(&self, a: &Contender, b: &Contender) -> Option<&str> {
        self.keys(a, b).find(|(_, order)| order.is_ne()).map(|(name, _)| {
            // The names outlive the two units.
            self.tie_break.iter().map(String::as_str).find(|step| *step == name).unwrap_or("total")
        })
    }

    /// Whether a unit with a rank takes a place among the awards, which stays vacant where it is not eligible and awards are
    /// not passed down.
    pub fn takes_place(&self, row: &RankingRow) -> bool {
        match (self.passes_down(&row.unit_id), self.when_ineligible) {
            (Some(passes_down), _) => !passes_down,
            (None, WhenIneligible::PassDown) => row.eligible != Some(false),
            (None, WhenIneligible::LeaveVacant) => true,
        }
    }

    /// Orders a tied group as the council decided, whatever the tie-break rules name: a tie always has a way out.
    fn apply_decision(&self, places: &mut Vec<Vec<&Contender>>) {
        let Some(group) = places.first().filter(|group| group.len() > 1) else {
            return;
        };
        let tied: BTreeSet<&Id> = group.iter().map(|contender| &contender.unit_id).collect();
        let decision = self.decisions.iter().find(|decision| decision.iter().collect::<BTreeSet<_>>() == tied);
        if let Some(decision) = decision {
            let find = |id: &Id| group.iter().copied().find(|contender| contender.unit_id == *id);
            *places = decision.iter().filter_map(find).map(|contender| vec![contender]).collect();
        }
    }

    /// Returns how a unit meets each condition, or `None` without facts.
    pub fn judge(&self, contender: &Contender) -> Option<Vec<Eligibility>> {
        let facts = contender.facts.as_ref()?;
        Some(self.eligibility.iter().map(|condition| condition.judge(facts)).collect())
    }

    fn row(&self, contender: &Contender, rank: Option<i32>, tied: bool) -> RankingRow {
        let unmet = self.judge(contender).map(|judged| {
            judged.into_iter().filter(|eligibility| !eligibility.met).map(|eligibility| eligibility.kind).collect()
        });
        let unmet: Option<Vec<String>> = if contender.missed { Some(vec!["missed".to_owned()]) } else { unmet };
        RankingRow {
            group_code: contender.group_code.clone(),
            rank,
            unit_id: contender.unit_id,
            unit_code: contender.unit_code.clone(),
            unit_name: contender.unit_name.clone(),
            base: contender.totals.map(|totals| totals.base),
            bonus: contender.totals.map(|totals| totals.bonus),
            penalty: contender.totals.map_or(Points::ZERO, |totals| totals.penalty),
            total: contender.totals.map(|totals| totals.total),
            tied,
            eligible: unmet.as_ref().map(Vec::is_empty),
            ineligible_reasons: unmet.unwrap_or_default(),
            award_code: None,
        }
    }

    /// Whether the proposal of a unit was withdrawn, and if so, whether its award passes down.
    fn passes_down(&self, unit_id: &Id) -> Option<bool> {
        self.withdrawals.iter().find(|withdrawal| withdrawal.unit_id == *unit_id).map(|withdrawal| withdrawal.pass_down)
    }

    /// Gives awards by rank until the quotas are used up. A unit without facts keeps its place in the queue, so that a
    /// tie at a boundary is found early, but receives nothing.
    fn give_awards(&self, ranking: &mut Ranking) {
        let slots: Vec<&str> =
            self.awards.iter().flat_map(|award| (0..award.quota).map(|_| award.code.as_str())).collect();
        let mut next = 0;
        for group in ranking.rows.chunk_by_mut(|a, b| a.rank == b.rank) {
            if next >= slots.len() {
                break;
            }
            let unknown = group
                .iter()
                .filter(|row| row.eligible.is_none() && self.passes_down(&row.unit_id).is_none())
                .map(|row| row.unit_code.clone());
            ranking.facts_missing.extend(unknown);
            let may_take = |row: &RankingRow| row.eligible != Some(false) && self.passes_down(&row.unit_id).is_none();
            let queue = group.iter().filter(|row| self.takes_place(row)).count();
            let offered: Vec<Option<&str>> = (next..next + queue).map(|at| slots.get(at).copied()).collect();
            next += queue;
            let alike = offered.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
            // Among units that take nothing, the order changes nothing.
            let somebody_takes = group.iter().any(may_take);
            if !alike && somebody_takes {
                ranking.unresolved_ties.push(UnresolvedTie {
                    group_code: group.first().and_then(|row| row.group_code.clone()),
                    unit_ids: group.iter().map(|row| row.unit_id).collect(),
                    award_code: offered.iter().flatten().next().copied().unwrap_or_default().to_owned(),
                });
                continue;
            }
            for (row, code) in group.iter_mut().filter(|row| self.takes_place(row)).zip(offered) {
                row.award_code = code.filter(|_| row.eligible == Some(true) && may_take(row)).map(str::to_owned);
            }
        }
    }
}

fn of(contender: &Contender, figure: impl Fn(&Totals) -> Points) -> Option<Points> {
    contender.totals.as_ref().map(figure)
}

impl Inputs {
    /// Whether both inputs are equal. Codes and names of units, and the order of decisions, do not affect the result and are
    /// ignored.
    pub fn agrees_with(&self, other: &Inputs) -> bool {
        let nameless = |inputs: &Inputs| {
            let mut contenders = inputs.contenders.clone();
            for contender in &mut contenders {
                contender.unit_code.clear();
                contender.unit_name.clear();
            }
            contenders.sort_by_key(|a| a.unit_id);
            let (mut decisions, mut withdrawals) = (inputs.decisions.clone(), inputs.withdrawals.clone());
            decisions.sort();
            withdrawals.sort();
            Inputs { contenders, decisions, withdrawals, ..inputs.clone() }
        };
        nameless(self) == nameless(other)
    }
}

impl Ranking {
    /// Returns the units of the same group with the same rank as `unit_id`, including itself; empty if it is not tied.
    pub fn tied_with(&self, unit_id: &Id) -> Vec<&Id> {
        let Some(own) = self.rows.iter().find(|row| row.unit_id == *unit_id && row.tied && row.rank.is_some()) else {
            return Vec::new();
        };
        let alike = self.rows.iter().filter(|row| (row.rank, &row.group_code) == (own.rank, &own.group_code));
        alike.map(|row| &row.unit_id).collect()
    }

    /// Returns how many units of a group have a rank, or of all where there are no groups.
    pub fn ranked_in(&self, group_code: Option<&str>) -> usize {
        let ranked = self.rows.iter().filter(|row| row.rank.is_some());
        ranked.filter(|row| row.group_code.as_deref() == group_code).count()
    }

    /// Returns the part of one group.
    #[must_use]
    pub fn of_group(mut self, group_code: &str) -> Self {
        self.rows.retain(|row| row.group_code.as_deref() == Some(group_code));
        self.unresolved_ties.retain(|tie| tie.group_code.as_deref() == Some(group_code));
        self
    }

    /// Hides the eligibility of every unit except `own`, for callers outside of the council.
    #[must_use]
    pub fn visible_to(mut self, own: Option<&Id>) -> Self {
        for row in self.rows.iter_mut().filter(|row| Some(&row.unit_id) != own) {
            row.eligible = None;
            row.ineligible_reasons.clear();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assessment::facts::PartyCellRating;
    use proptest::prelude::*;

    fn id(code: &str) -> Id {
        Id::from_uuid_text(format!("{code:0>36}"))
    }

    #[expect(clippy::unnecessary_wraps, reason = "a contender may lack them")]
    fn facts(disciplined: bool) -> Option<UnitFacts> {
        Some(UnitFacts {
            anybody_disciplined: disciplined,
            party_cell_rating: PartyCellRating::Good,
            under_inspection: false,
            source_document: None,
        })
    }

    fn contender(code: &str, base: i64, bonus: i64) -> Contender {
        let totals = Totals::new(
            Points::from_hundredths(base * 100),
            Points::from_hundredths(bonus * 100),
            Points::ZERO,
            Points::ZERO,
        );
        Contender {
            unit_id: id(code),
            unit_code: code.into(),
            unit_name: code.into(),
            missed: false,
            totals: Some(totals),
            breakdown: Breakdown::default(),
            facts: facts(false),
            group_code: None,
        }
    }

    fn inputs(contenders: Vec<Contender>) -> Inputs {
        let award = |code: &str, quota| Award { code: code.into(), title: code.into(), quota };
        Inputs {
            contenders,
            tie_break: vec!["base_points".into(), "council_decision".into()],
            awards: vec![award("flag", 1), award("merit", 2)],
            eligibility: vec![
                Condition::NobodyDisciplined {},
                Condition::PartyCellRatingAtLeast { rating: PartyCellRating::Good },
            ],
            when_ineligible: WhenIneligible::PassDown,
            decisions: vec![],
            withdrawals: vec![],
            groups: vec![],
        }
    }

    /// The group K1 gives one flag and two merits like the period, K2 one merit.
    fn in_groups(contenders: Vec<(&str, Contender)>) -> Inputs {
        let of_group = |(code, contender): (&str, Contender)| Contender { group_code: Some(code.into()), ..contender };
        let mut inputs = inputs(contenders.into_iter().map(of_group).collect());
        let merit = Award { code: "merit".into(), title: "merit".into(), quota: 1 };
        inputs.groups = vec![
            RankedGroup { code: "K1".into(), awards: inputs.awards.clone() },
            RankedGroup { code: "K2".into(), awards: vec![merit] },
        ];
        inputs
    }

    fn places(ranking: &Ranking) -> Vec<(&str, Option<i32>, Option<&str>)> {
        ranking.rows.iter().map(|row| (row.unit_code.as_str(), row.rank, row.award_code.as_deref())).collect()
    }

    #[test]
    fn competition_ranking_is_1_2_2_4() {
        let ranking = inputs(vec![
            contender("D", 700, 0),
            contender("B", 800, 50),
            contender("A", 900, 0),
            contender("C", 800, 50),
        ])
        .rank();
        assert_eq!(
            places(&ranking),
            [
                ("A", Some(1), Some("flag")),
                ("B", Some(2), Some("merit")),
                ("C", Some(2), Some("merit")),
                ("D", Some(4), None)
            ]
        );
        assert_eq!(ranking.rows.iter().map(|row| row.tied).collect::<Vec<_>>(), [false, true, true, false]);
        // Two certificates for two tied units: nothing to decide.
        assert_eq!(ranking.unresolved_ties, []);
    }

    /// Two tied at the top of a flag and two certificates, one behind them; every combination of who is eligible.
    #[test]
    fn a_tie_waits_for_the_council_only_where_its_order_would_change_something() {
        use WhenIneligible::{LeaveVacant, PassDown};
        let table = [
            // Ineligible units that are passed over leave one unit for the flag.
            (PassDown, [false, false], 1),
            (PassDown, [false, true], 0),
            (PassDown, [true, false], 0),
            (PassDown, [true, true], 0),
            // The award of an ineligible unit is vacant: which one, the order decides.
            (LeaveVacant, [false, false], 1),
            (LeaveVacant, [false, true], 1),
            (LeaveVacant, [true, false], 1),
            (LeaveVacant, [true, true], 0),
        ];
        for (when_ineligible, disciplined, expected) in table {
            let tied = ["A", "B"].into_iter().zip(disciplined);
            let mut contenders: Vec<Contender> = tied
                .map(|(code, disciplined)| Contender { facts: facts(disciplined), ..contender(code, 900, 0) })
                .collect();
            contenders.push(contender("C", 800, 0));
            let ranking = Inputs { when_ineligible, ..inputs(contenders) }.rank();
            assert_eq!(ranking.unresolved_ties.len(), expected, "{when_ineligible:?} {disciplined:?}");
            if expected == 0 && disciplined == [true, true] {
                let award = if when_ineligible == LeaveVacant { "merit" } else { "flag" };
                assert_eq!(ranking.rows[2].award_code.as_deref(), Some(award), "{when_ineligible:?}");
            }
        }
    }

    /// A chain may end without the council; what the council decided counts all the same.
    #[test]
    fn the_council_decides_whatever_the_chain_names() {
        for chain in [vec![], vec!["base_points".to_owned()], vec!["fewer_deductions".to_owned()]] {
            let mut inputs = inputs(vec![contender("A", 800, 50), contender("B", 800, 50)]);
            inputs.tie_break = chain;
            assert_eq!(inputs.rank().unresolved_ties.len(), 1);
            inputs.decisions = vec![vec![id("B"), id("A")]];
            let ranking = inputs.rank();
            assert_eq!(ranking.unresolved_ties, []);
            assert_eq!(places(&ranking), [("B", Some(1), Some("flag")), ("A", Some(2), Some("merit"))]);
        }
    }

    #[test]
    fn base_points_break_a_tie_before_the_council_must() {
        let ranking = inputs(vec![contender("A", 800, 50), contender("B", 810, 40)]).rank();
        assert_eq!(places(&ranking), [("B", Some(1), Some("flag")), ("A", Some(2), Some("merit"))]);
    }

    #[test]
    fn a_tie_across_the_line_of_the_flag_waits_for_the_council() {
        let mut inputs = inputs(vec![contender("A", 800, 50), contender("B", 800, 50), contender("C", 700, 0)]);
        let ranking = inputs.rank();
        assert_eq!(
            ranking.unresolved_ties,
            [UnresolvedTie { group_code: None, unit_ids: vec![id("A"), id("B")], award_code: "flag".into() }]
        );
        assert_eq!(places(&ranking), [("A", Some(1), None), ("B", Some(1), None), ("C", Some(3), Some("merit"))]);
        inputs.decisions = vec![vec![id("B"), id("A")]];
        assert_eq!(
            places(&inputs.rank()),
            [("B", Some(1), Some("flag")), ("A", Some(2), Some("merit")), ("C", Some(3), Some("merit"))]
        );
        // A decision about another group says nothing about this one.
        inputs.decisions = vec![vec![id("B"), id("A"), id("C")]];
        assert_eq!(inputs.rank().unresolved_ties.len(), 1);
    }

    #[test]
    fn an_ineligible_leader_keeps_the_rank_and_passes_the_flag_down() {
        let mut inputs = inputs(vec![
            contender("A", 900, 0),
            contender("B", 850, 0),
            contender("C", 840, 0),
            contender("D", 830, 0),
        ]);
        inputs.contenders[0].facts = facts(true);
        let ranking = inputs.rank();
        assert_eq!(
            places(&ranking),
            [
                ("A", Some(1), None),
                ("B", Some(2), Some("flag")),
                ("C", Some(3), Some("merit")),
                ("D", Some(4), Some("merit"))
            ]
        );
        assert_eq!(ranking.rows[0].ineligible_reasons, ["nobody_disciplined"]);
        inputs.when_ineligible = WhenIneligible::LeaveVacant;
        assert_eq!(
            places(&inputs.rank()),
            [("A", Some(1), None), ("B", Some(2), Some("merit")), ("C", Some(3), Some("merit")), ("D", Some(4), None)]
        );
    }

    #[test]
    fn an_ineligible_unit_in_a_tie_makes_nothing_to_decide() {
        let mut inputs = inputs(vec![contender("A", 900, 0), contender("B", 900, 0)]);
        inputs.contenders[0].facts = facts(true);
        let ranking = inputs.rank();
        assert_eq!((places(&ranking)[1], ranking.unresolved_ties.len()), (("B", Some(1), Some("flag")), 0));
    }

    #[test]
    fn facts_are_needed_only_down_to_the_last_award() {
        let mut inputs = inputs(
            ["A", "B", "C", "D"]
                .iter()
                .zip([900, 800, 700, 600])
                .map(|(code, base)| contender(code, base, 0))
                .collect(),
        );
        inputs.contenders[3].facts = None;
        assert_eq!(inputs.rank().facts_missing, Vec::<String>::new());
        inputs.contenders[1].facts = None;
        let ranking = inputs.rank();
        assert_eq!((ranking.facts_missing, ranking.rows[1].eligible), (vec!["B".to_owned()], None));
    }

    #[test]
    fn a_missed_sheet_comes_last_without_figures() {
        let mut inputs = inputs(vec![contender("A", 0, 0), contender("B", 800, 0)]);
        inputs.contenders[0] = Contender { missed: true, totals: None, ..inputs.contenders[0].clone() };
        let ranking = inputs.rank();
        let last = &ranking.rows[1];
        assert_eq!(
            (last.rank, last.total, last.eligible, last.ineligible_reasons.as_slice()),
            (None, None, Some(false), ["missed".to_owned()].as_slice())
        );
    }

    #[test]
    fn the_chain_may_ask_a_section_and_the_deductions() {
        let mut inputs = inputs(vec![contender("A", 800, 0), contender("B", 800, 0), contender("C", 800, 0)]);
        inputs.tie_break = vec!["section:A.I".into(), "fewer_deductions".into()];
        inputs.contenders[2].breakdown.nodes.insert("A.I".into(), Points::from_hundredths(100));
        inputs.contenders[0].breakdown.deducted = Points::from_hundredths(1000);
        assert_eq!(places(&inputs.rank()).iter().map(|place| place.0).collect::<Vec<_>>(), ["C", "B", "A"]);
    }

    /// B of the second group is better than all of the first, and takes nothing from them.
    #[test]
    fn each_group_has_its_own_ranks_and_awards() {
        let a = Contender { missed: true, totals: None, ..contender("A", 0, 0) };
        let ranking = in_groups(vec![
            ("K2", contender("B", 950, 0)),
            ("K1", a),
            ("K1", contender("C", 900, 0)),
            ("K2", contender("D", 940, 0)),
            ("K1", contender("E", 800, 0)),
        ])
        .rank();
        let expected = [
            ("C", Some(1), Some("flag")),
            ("E", Some(2), Some("merit")),
            ("A", None, None),
            ("B", Some(1), Some("merit")),
            ("D", Some(2), None),
        ];
        assert_eq!(places(&ranking), expected);
        let groups: Vec<_> = ranking.rows.iter().filter_map(|row| row.group_code.as_deref()).collect();
        assert_eq!(groups, ["K1", "K1", "K1", "K2", "K2"]);
        assert_eq!((ranking.ranked_in(Some("K1")), ranking.ranked_in(Some("K2"))), (2, 2));
        assert_eq!(places(&ranking.of_group("K2")), expected[3..]);
    }

    /// Equal figures tie within a group alone; a decision on one tie leaves the other.
    #[test]
    fn ties_are_of_one_group() {
        let same = |code: &str| contender(code, 900, 0);
        let mut inputs = in_groups(vec![("K1", same("A")), ("K1", same("B")), ("K2", same("C")), ("K2", same("D"))]);
        let ranking = inputs.rank();
        let tie = |group: &str, units: [&str; 2], award: &str| UnresolvedTie {
            group_code: Some(group.into()),
            unit_ids: units.map(id).to_vec(),
            award_code: award.into(),
        };
        assert_eq!(ranking.unresolved_ties, [tie("K1", ["A", "B"], "flag"), tie("K2", ["C", "D"], "merit")]);
        assert_eq!(ranking.tied_with(&id("C")), [&id("C"), &id("D")]);
        inputs.decisions = vec![vec![id("D"), id("C")], vec![id("A"), id("C")]];
        let decided = inputs.rank();
        assert_eq!(decided.unresolved_ties, [tie("K1", ["A", "B"], "flag")]);
        assert_eq!(places(&decided)[2..], [("D", Some(1), Some("merit")), ("C", Some(2), None)]);
    }

    #[test]
    fn facts_are_needed_down_to_the_last_award_of_each_group() {
        let unknown = |code: &str, base| Contender { facts: None, ..contender(code, base, 0) };
        let inputs = in_groups(vec![
            ("K1", contender("A", 900, 0)),
            ("K1", unknown("B", 800)),
            ("K2", contender("C", 900, 0)),
            ("K2", unknown("D", 800)),
        ]);
        assert_eq!(inputs.rank().facts_missing, ["B"]);
    }

    /// What was frozen before there were groups has the same text, and so the same hash.
    #[test]
    fn inputs_without_groups_are_written_as_before() {
        let unit_id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000002");
        let before = inputs(vec![Contender { unit_id, ..contender("A", 900, 0) }]);
        let text = serde_json::to_string(&before).unwrap();
        assert!(!text.contains("group"), "{text}");
        assert_eq!(serde_json::from_str::<Inputs>(&text).unwrap(), before);
        let row = r#"{"rank": 1, "unit_id": "018b88d6-5f80-7000-8000-000000000002", "unit_code": "A", "unit_name": "A",
            "base": 1, "bonus": 0, "total": 1, "tied": false, "eligible": true, "ineligible_reasons": [], "award_code": null}"#;
        let row = serde_json::from_str::<RankingRow>(row).unwrap();
        assert_eq!((row.group_code, row.penalty), (None, Points::ZERO));
    }

    proptest! {
        #[test]
        fn the_ranking_of_groups_is_that_of_each_group_alone(
            units in proptest::collection::vec((0_usize..3, 0_i64..4, 0_i64..2, 0_u8..8), 0..14),
            quotas in proptest::collection::vec(1_i32..3, 3),
        ) {
            let make = |(at, (group, base, bonus, kind)): (usize, &(usize, i64, i64, u8))| {
                let made = contender(&format!("U{at:02}"), *base, *bonus);
                let made = match kind {
                    0 => Contender { missed: true, totals: None, ..made },
                    1 => Contender { facts: facts(true), ..made },
                    2 => Contender { facts: None, ..made },
                    _ => made,
                };
                Contender { group_code: Some(format!("K{group}")), ..made }
            };
            let contenders: Vec<Contender> = units.iter().enumerate().map(make).collect();
            let award = |quota: &i32| Award { code: "flag".into(), title: "flag".into(), quota: *quota };
            let groups = quotas.iter().enumerate().map(|(at, quota)| RankedGroup { code: format!("K{at}"), awards: vec![award(quota)] });
            let all = Inputs { groups: groups.collect(), ..inputs(contenders.clone()) };
            let mut alone = Ranking::default();
            for group in &all.groups {
                let own = contenders.iter().filter(|contender| contender.group_code.as_ref() == Some(&group.code));
                let of_group = Inputs { awards: group.awards.clone(), ..inputs(own.cloned().collect()) }.rank();
                alone.rows.extend(of_group.rows);
                alone.unresolved_ties.extend(of_group.unresolved_ties);
                alone.facts_missing.extend(of_group.facts_missing);
            }
            prop_assert_eq!(all.rank(), alone);
        }

        #[test]
        fn the_order_of_arrival_changes_nothing_and_quotas_hold(totals in proptest::collection::vec((0_i64..5, 0_i64..3, any::<bool>()), 0..12), turn in 0_usize..12) {
            let make = |(at, (base, bonus, bad)): (usize, &(i64, i64, bool))| Contender { facts: facts(*bad), ..contender(&format!("U{at:02}"), *base, *bonus) };
            let contenders: Vec<Contender> = totals.iter().enumerate().map(make).collect();
            let mut turned = contenders.clone();
            turned.rotate_left(turn.min(totals.len()));
            let ranking = inputs(contenders).rank();
            prop_assert_eq!(&inputs(turned).rank(), &ranking);
            let taken = |code: &str| ranking.rows.iter().filter(|row| row.award_code.as_deref() == Some(code)).count();
            prop_assert!(taken("flag") <= 1 && taken("merit") <= 2);
            prop_assert!(ranking.rows.iter().all(|row| row.award_code.is_none() || row.eligible == Some(true)));
            // The oracle: a rank is one more than the number of better units.
            for row in &ranking.rows {
                let better = ranking.rows.iter().filter(|other| (other.total, other.base) > (row.total, row.base)).count();
                prop_assert_eq!(row.rank, Some(i32::try_from(better).unwrap() + 1));
            }
        }
    }

    /// A with the flag, B and C with merit, D next; who is withdrawn takes nothing, and keeps the rank.
    #[test]
    fn a_withdrawn_award_passes_down_or_stays_vacant() {
        let four = vec![contender("A", 900, 0), contender("B", 890, 0), contender("C", 880, 0), contender("D", 870, 0)];
        let withdrawn = |code: &str, pass_down| Withdrawal { unit_id: id(code), pass_down };
        let table = [
            (vec![withdrawn("A", true)], [None, Some("flag"), Some("merit"), Some("merit")]),
            (vec![withdrawn("A", false)], [None, Some("merit"), Some("merit"), None]),
            (vec![withdrawn("C", true)], [Some("flag"), Some("merit"), None, Some("merit")]),
            (vec![withdrawn("A", true), withdrawn("B", true)], [None, None, Some("flag"), Some("merit")]),
            (vec![withdrawn("D", true)], [Some("flag"), Some("merit"), Some("merit"), None]),
        ];
        for when_ineligible in [WhenIneligible::PassDown, WhenIneligible::LeaveVacant] {
            for (withdrawals, expected) in &table {
                let inputs = Inputs { withdrawals: withdrawals.clone(), when_ineligible, ..inputs(four.clone()) };
                let ranking = inputs.rank();
                let found: Vec<_> = places(&ranking).into_iter().map(|(_, rank, award)| (rank, award)).collect();
                let expected: Vec<_> = (1..).map(Some).zip(*expected).collect();
                assert_eq!(found, expected, "{withdrawals:?}");
            }
        }
    }
}
