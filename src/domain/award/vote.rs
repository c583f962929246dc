//! Votes of the council on awards, each with the share of all members that it needs. They never change the ranking.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::assessment::period::Period;
use crate::domain::award::council_session::{Attendance, Quorum};
use crate::domain::text::Check;
use crate::domain::time::deserialize_day;
use crate::error::{Code, Fault};

/// The council on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Council {
    /// Its members, each with the unit that the member belongs to.
    pub members: Vec<(Id, Option<Id>)>,
    /// Members and the units from whose submissions declared conflicts keep them away.
    pub recused: Vec<(Id, Id)>,
}

impl Council {
    /// Whether somebody belongs to it.
    pub fn contains(&self, member_id: &Id) -> bool {
        self.members.iter().any(|(id, _)| id == member_id)
    }

    /// Returns the ids of its members.
    pub fn ids(&self) -> Vec<Id> {
        self.members.iter().map(|(id, _)| *id).collect()
    }

    /// Returns the members who may vote on a unit: those whom neither the own unit nor a declared conflict keeps away.
    fn voters(&self, unit_id: &Id) -> impl Iterator<Item = &Id> {
        let keeps_away =
            |(id, unit): &(Id, Option<Id>)| unit.as_ref() == Some(unit_id) || self.recused.contains(&(*id, *unit_id));
        self.members.iter().filter(move |member| !keeps_away(member)).map(|(id, _)| id)
    }
}

/// The share of all council members who must be in favour of an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteThreshold {
    /// First day of the sessions that it applies to. A later one replaces it.
    #[serde(deserialize_with = "deserialize_day")]
    pub valid_from_on: NaiveDate,
    /// Code of the award that it applies to; null for every award that has none of its own.
    #[serde(default)]
    #[schema(example = "emulation_flag")]
    pub award_code: Option<String>,
    /// Numerator of the share.
    #[schema(minimum = 1, maximum = 100, example = 80)]
    pub numerator: i32,
    /// Denominator of the share.
    #[schema(minimum = 1, maximum = 100, example = 100)]
    pub denominator: i32,
}

impl VoteThreshold {
    const fn share(&self) -> Quorum {
        Quorum { numerator: self.numerator, denominator: self.denominator }
    }
}

/// Normalises the thresholds of an organisation and records every fault.
pub fn clean_thresholds(thresholds: &mut [VoteThreshold], check: &mut Check) {
    let mut seen = std::collections::HashSet::new();
    for (at, threshold) in thresholds.iter_mut().enumerate() {
        let pointer = format!("/thresholds/{at}");
        if let Some(code) = &mut threshold.award_code {
            *code = check.code(&format!("{pointer}/award_code"), code);
        }
        check.ensure(threshold.share().is_share(), &format!("{pointer}/numerator"), Code::NumberOutOfRange);
        let on = threshold.valid_from_on;
        check.date(&format!("{pointer}/valid_from_on"), on, (first_day(), last_day()));
        if !seen.insert((on, threshold.award_code.clone())) {
            let fault = Fault::at(format!("{pointer}/valid_from_on"), Code::Duplicate);
            check.faults.push(fault.with("value", on.to_string()));
        }
    }
}

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(NaiveDate::MIN)
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2100, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// Returns the share that an award needs in a session of a day: the latest of the award's own, otherwise the latest of
/// those for every award; `None` where neither is set.
fn share_on(thresholds: &[VoteThreshold], award_code: &str, day: NaiveDate) -> Option<Quorum> {
    let in_force = thresholds.iter().filter(|threshold| threshold.valid_from_on <= day);
    let applies = in_force.filter(|threshold| threshold.award_code.as_deref().is_none_or(|code| code == award_code));
    applies.max_by_key(|threshold| (threshold.award_code.is_some(), threshold.valid_from_on)).map(VoteThreshold::share)
}

/// The count of a vote on giving a unit an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouncilBallot)]
pub struct Ballot {
    /// Id of the unit.
    pub unit_id: Id,
    /// Code of the award.
    #[schema(example = "emulation_flag")]
    pub award_code: String,
    /// Members in favour.
    #[schema(minimum = 0, maximum = 10000)]
    pub in_favour: i32,
    /// Members against.
    #[schema(minimum = 0, maximum = 10000)]
    pub against: i32,
    /// Members who abstained.
    #[schema(minimum = 0, maximum = 10000)]
    pub abstained: i32,
}

/// A recorded vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The count.
    pub ballot: Ballot,
    /// Members of the council who may vote on the unit, present or not.
    pub members: i32,
    /// The share of them that it needs; `None` where none was set.
    pub share: Option<Quorum>,
}

impl Vote {
    /// Returns how many members must be in favour; `None` where no threshold was set.
    pub fn needed(&self) -> Option<i32> {
        self.share.map(|share| share.of(self.members))
    }

    /// Whether enough members were in favour; `None` where no threshold was set. Nobody decides nothing.
    pub fn passed(&self) -> Option<bool> {
        self.needed().map(|needed| needed > 0 && self.ballot.in_favour >= needed)
    }
}

/// What votes are held against.
pub struct VoteTerms<'a> {
    /// Day of the session.
    pub held_on: NaiveDate,
    /// Who is there.
    pub attendance: &'a [Attendance],
    /// The council on that day.
    pub council: &'a Council,
    /// The period that the session decides on.
    pub period: &'a Period,
    /// The thresholds of the organisation.
    pub thresholds: &'a [VoteThreshold],
}

impl VoteTerms<'_> {
    /// Returns the votes with their thresholds, and records units and awards that are not of the period, a vote that is
    /// recorded twice, and more votes than the members present may cast.
    pub fn judge(&self, ballots: &[Ballot], check: &mut Check) -> Vec<Vote> {
        let mut seen = std::collections::HashSet::new();
        let judged = ballots.iter().enumerate().map(|(at, ballot)| {
            let pointer = format!("/votes/{at}");
            let of_period = self.period.rules.unit_ids.contains(&ballot.unit_id);
            check.ensure(of_period, &format!("{pointer}/unit_id"), Code::UnknownReference);
            let awards = self.period.rules.awards_of(self.period.group_code_of(&ballot.unit_id));
            let is_given = awards.iter().any(|award| award.code == ballot.award_code);
            check.ensure(is_given, &format!("{pointer}/award_code"), Code::UnknownReference);
            if !seen.insert((ballot.unit_id, &ballot.award_code)) {
                let fault = Fault::at(format!("{pointer}/award_code"), Code::Duplicate);
                check.faults.push(fault.with("value", ballot.award_code.as_str()));
            }
            self.count(ballot, &pointer, check)
        });
        judged.collect()
    }

    fn count(&self, ballot: &Ballot, pointer: &str, check: &mut Check) -> Vote {
        let counts = [("in_favour", ballot.in_favour), ("against", ballot.against), ("abstained", ballot.abstained)];
        for (name, count) in counts {
            check.ensure((0..=10_000).contains(&count), &format!("{pointer}/{name}"), Code::NumberOutOfRange);
        }
        let is_here = |id: &&Id| self.attendance.iter().any(|entry| entry.present && entry.member_id == **id);
        let here = self.council.voters(&ballot.unit_id).filter(is_here).count();
        let cast: i64 = counts.iter().map(|(_, count)| i64::from(*count)).sum();
        if i64::try_from(here).is_ok_and(|here| cast > here) {
            check.faults.push(Fault::at(pointer, Code::TooManyVotes).with("max", here).with("got", cast));
        }
        let members = i32::try_from(self.council.voters(&ballot.unit_id).count()).unwrap_or(i32::MAX);
        Vote { ballot: ballot.clone(), members, share: share_on(self.thresholds, &ballot.award_code, self.held_on) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: u8) -> Id {
        Id::from_uuid_text(format!("018b88d6-5f80-7000-8000-0000000000{last:02x}"))
    }

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn threshold(from: &str, award_code: Option<&str>, numerator: i32) -> VoteThreshold {
        let award_code = award_code.map(str::to_owned);
        VoteThreshold { valid_from_on: on(from), award_code, numerator, denominator: 100 }
    }

    /// 80 % until the end of 2023, 90 % after; a flag of its own from July 2024.
    #[test]
    fn the_latest_threshold_of_the_award_counts_otherwise_the_latest_of_all() {
        let thresholds = [
            threshold("2020-01-01", None, 80),
            threshold("2024-01-01", None, 90),
            threshold("2024-07-01", Some("flag"), 95),
        ];
        for (day, award, expected) in [
            ("2019-12-31", "flag", None),
            ("2020-01-01", "flag", Some(80)),
            ("2023-12-31", "flag", Some(80)),
            ("2024-01-01", "flag", Some(90)),
            ("2024-07-01", "flag", Some(95)),
            ("2024-07-01", "merit", Some(90)),
        ] {
            let share = share_on(&thresholds, award, on(day)).map(|share| share.numerator);
            assert_eq!(share, expected, "{day} {award}");
        }
    }

    /// Of six members, one of the unit and one with a declared conflict: four may vote, and 80 % of four are 3.2.
    #[test]
    fn a_share_of_all_who_may_vote_is_rounded_up() {
        let mut council = Council { members: (1..=6).map(|last| (id(last), None)).collect(), recused: Vec::new() };
        council.members[0].1 = Some(id(0x10));
        council.recused.push((id(2), id(0x10)));
        for (unit, members, needed) in [(0x10, 4, 4), (0x11, 6, 5)] {
            let count = i32::try_from(council.voters(&id(unit)).count()).unwrap();
            let ballot =
                Ballot { unit_id: id(unit), award_code: "flag".into(), in_favour: 4, against: 0, abstained: 0 };
            let share = Some(Quorum { numerator: 80, denominator: 100 });
            let vote = Vote { ballot, members: count, share };
            assert_eq!((vote.members, vote.needed(), vote.passed()), (members, Some(needed), Some(needed <= 4)));
            assert_eq!(Vote { share: None, ..vote.clone() }.passed(), None);
            assert_eq!(Vote { members: 0, ..vote }.passed(), Some(false));
        }
    }
}
