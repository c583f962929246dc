//! A script that knows nothing of this service recounts made-up periods from their exports.

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::Points;
use crate::domain::assessment::facts::{PartyCellRating, UnitFacts};
use crate::domain::assessment::group::Group;
use crate::domain::assessment::period::{
    CouncilScoring, DossierDeadline, DossierSemantics, LateSubmissions, Period, default_tie_break,
};
use crate::domain::assessment::submission::{Submission, SubmissionCase};
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::award_proposal::{Proposal, ProposalStatus};
use crate::domain::award::eligibility::Condition;
use crate::domain::award::ranking::{Contender, Inputs};
use crate::domain::award::tie_decision::TieDecision;
use crate::domain::criteria::criteria_set::{CriteriaContent, Node, NotApplicable, Part, PartKind};
use crate::domain::criteria::rules::{Answer, DeductionPerCaseRule, ManualRule, Rule};
use crate::domain::criteria::scoring::{Breakdown, Line, ScoringTable, Tally};
use crate::domain::office::organization::Organization;
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::calendar::{CalendarDay, DayKind, DayStatus, WorkingCalendar};
use crate::domain::time::zone;
use crate::service::assessment::facts::RecordedFacts;
use crate::service::award::exports::ExportedUnit;
use crate::service::award::ranking::{RankingDetails, RankingStatus};
use crate::service::schedule::calendar::dossier_reckoning;
use crate::service::sha256_hex;

/// Numbers that are the same at every run: xorshift.
struct Chance(u64);

impl Chance {
    /// A number below `bound`.
    fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Whether something happens that happens in so many of a hundred cases.
    fn percent(&mut self, cases: i64) -> bool {
        self.below(100) < cases
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        let at = self.below(i64::try_from(all.len()).unwrap());
        all[usize::try_from(at).unwrap()].clone()
    }

    fn shuffled<T>(&mut self, mut all: Vec<T>) -> Vec<T> {
        for at in (1..all.len()).rev() {
            let other = usize::try_from(self.below(i64::try_from(at).unwrap() + 1)).unwrap();
            all.swap(at, other);
        }
        all
    }
}

fn id(number: i64) -> Id {
    Id::from_uuid_text(format!("018b88d6-5f80-7000-8000-{number:012}"))
}

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2023-11-30T02:00:00Z").unwrap().to_utc()
}

fn p(points: i64) -> Points {
    Points::from_hundredths(points * 100)
}

fn node(code: &str, max: Option<i64>, rule: Option<Rule>, children: Vec<Node>) -> Node {
    let max_points = max.map(p);
    Node { code: code.into(), title: code.into(), max_points, children, rule, ..Node::default() }
}

/// A table with two to five criteria: manual, deducting twice, two that share the points of a section, and a bonus.
fn content(chance: &mut Chance) -> CriteriaContent {
    let manual = |code: &str, max| node(code, max, Some(Rule::Manual(ManualRule { step: None })), Vec::new());
    let deducting = |code: &str| {
        let rule = Rule::DeductionPerCase(DeductionPerCaseRule { points_per_case: p(5), floor: Some(Points::ZERO) });
        node(code, Some(20), Some(rule), Vec::new())
    };
    let shared = node("A.3", Some(30), None, vec![manual("A.3.1", None), manual("A.3.2", None)]);
    let mut children = vec![manual("A.1", Some(40))];
    if chance.percent(60) {
        children.push(node("A.2", Some(40), None, vec![deducting("A.2.1"), deducting("A.2.2")]));
    }
    if chance.percent(60) {
        children.push(shared);
    }
    let max = children.iter().filter_map(|child| child.max_points).sum::<Points>();
    let part = |code: &str, kind, max_points, max_deduction, children| Part {
        code: code.to_owned(),
        title: code.to_owned(),
        kind,
        max_points,
        max_deduction,

        children,
        ..Part::default()
    };
    let cap = chance.percent(50).then(|| p(5 + chance.below(20)));
    let parts = vec![
        part("A", PartKind::Base, max, cap, children),
        part("B", PartKind::Bonus, p(10), None, vec![manual("B.1", Some(10))]),
    ];
    CriteriaContent {
        code: "T".into(),
        title: "T".into(),
        year: 2023,
        legal_basis: None,
        total_points: max + p(10),
        not_applicable: chance.one_of(&[NotApplicable::Refused, NotApplicable::Excluded, NotApplicable::Rescaled]),
        parts,
        ..CriteriaContent::default()
    }
}

/// Few different figures, so that totals are often equal.
fn sheet(chance: &mut Chance, table: &ScoringTable, policy: NotApplicable, review: bool) -> Sheet {
    let mut left_of_share = 30;
    let lines = table.criteria.iter().map(|criterion| {
        let most = criterion.ceiling().hundredths() / 100;
        if review && policy != NotApplicable::Refused && chance.percent(15) {
            return Line { scored: Some((Answer::NOT_APPLICABLE, Points::ZERO)), ..Line::default() };
        }
        let points = match (criterion.max_points, criterion.rule.start(criterion.bounds).is_some()) {
            (_, true) => p(20 - 5 * chance.below(3)),
            (None, _) => p(10 * chance.below(left_of_share / 10 + 1)),
            (Some(_), _) => Points::from_hundredths(250 * (most * 100 / 250 - chance.below(2))),
        };
        if criterion.max_points.is_none() {
            left_of_share -= points.hundredths() / 100;
        }
        let answer = serde_json::from_str(&format!("{{\"points\":{points}}}")).unwrap();
        Line { scored: Some((answer, points)), ..Line::default() }
    });
    Sheet(lines.collect())
}

fn rules(chance: &mut Chance, at: i64) -> PeriodRules {
    let day = |text: &str| text.parse().unwrap();
    let award = |code: &str, quota| Award { code: code.into(), title: code.into(), quota };
    let chains = [
        default_tie_break(),
        vec!["council_decision".to_owned()],
        vec!["fewer_deductions".to_owned(), "base_points".to_owned()],
        vec!["section:A.3".to_owned(), "council_decision".to_owned()],
    ];
    let conditions = [
        Condition::NobodyDisciplined {},
        Condition::PartyCellRatingAtLeast { rating: PartyCellRating::Good },
        Condition::NotUnderInspection {},
    ];
    PeriodRules {
        code: format!("P-{at}"),
        title: "Thi đua".into(),
        year: 2023,
        criteria_set_id: id(1),
        unit_ids: Vec::new(),
        schedule: crate::domain::assessment::period::Schedule {
            self_assessment_due_on: day("2023-11-10"),
            appraisal_due_on: day("2023-11-20"),
            council_review_from_on: day("2023-11-21"),
            council_review_to_on: day("2023-11-30"),
            result_notice_due_on: day("2023-12-05"),
        },
        late_submissions: LateSubmissions::default(),
        council_scoring: CouncilScoring::default(),
        tie_break: chance.one_of(&chains),
        awards: vec![award("flag", 1), award("merit", i32::try_from(1 + chance.below(2)).unwrap())],
        groups: Vec::new(),
        eligibility: conditions.into_iter().filter(|_| chance.percent(80)).collect(),
        when_ineligible: chance.one_of(&[WhenIneligible::PassDown, WhenIneligible::LeaveVacant]),
        required_documents: Vec::new(),
        dossier_deadline: DossierDeadline {
            working_days: i32::try_from(1 + chance.below(12)).unwrap(),
            semantics: chance.one_of(&[DossierSemantics::NotLaterThan, DossierSemantics::NotBefore]),
        },
    }
}

fn facts(chance: &mut Chance, unit_id: Id) -> RecordedFacts {
    let ratings = [
        PartyCellRating::Outstanding,
        PartyCellRating::Good,
        PartyCellRating::Good,
        PartyCellRating::Satisfactory,
        PartyCellRating::Unsatisfactory,
    ];
    let facts = UnitFacts {
        anybody_disciplined: chance.percent(20),
        party_cell_rating: chance.one_of(&ratings),
        under_inspection: chance.percent(10),
        source_document: None,
    };
    RecordedFacts { unit_id, facts, version: 1, created_at: now(), updated_at: now() }
}

fn decision(number: i64, unit_ids: Vec<Id>) -> TieDecision {
    TieDecision {
        id: id(900 + number),
        organization_id: id(2),
        period_id: id(3),
        unit_ids,
        reason: "Biểu quyết".into(),
        council_session_id: id(4),
        decided_by: id(5),
        totals: None,
        totals_on: None,
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

/// National days and an organisation's own in the weeks after a notice; the own one of a date comes last.
fn calendar(chance: &mut Chance, notice_on: NaiveDate) -> (Vec<CalendarDay>, WorkingCalendar) {
    let mut days = Vec::new();
    for on in notice_on.iter_days().take(40) {
        for organization_id in [None, Some(id(2))] {
            if chance.percent(10) {
                let kind = chance.one_of(&[DayKind::Holiday, DayKind::SubstituteOff, DayKind::SwapWork]);
                let (status, version) = (DayStatus::Official, 1);
                let (name, legal_basis) = ("x".to_owned(), "x".to_owned());
                days.push(CalendarDay {
                    id: String::new(),
                    organization_id,
                    on,
                    kind,
                    name,
                    status,
                    legal_basis,
                    version,
                });
            }
        }
    }
    let of = |own: bool| {
        let of_one = days.iter().filter(move |day| day.organization_id.is_some() == own);
        of_one.map(|day| (day.on, day.kind, day.status)).collect::<Vec<_>>()
    };
    let working = of(false).into_iter().collect::<WorkingCalendar>().overlaid(of(true));
    (days, working)
}

/// Puts units into two groups, the second of which may have a table and awards of its own; none half of the time.
fn groups(chance: &mut Chance, units: &[ExportedUnit]) -> Vec<Group> {
    if chance.percent(50) {
        return Vec::new();
    }
    let award = |code: &str| Award { code: code.into(), title: code.into(), quota: 1 };
    let all: Vec<Id> = units.iter().map(|unit| unit.key.id).collect();
    let (first, second): (Vec<Id>, Vec<Id>) = all.into_iter().partition(|_| chance.percent(50));
    let of = |code: &str, unit_ids, criteria_set_id, awards| Group {
        code: code.into(),
        title: code.into(),
        unit_ids,
        criteria_set_id,
        awards,
    };
    let own_table = chance.percent(50).then(|| id(6));
    let own_awards = chance.percent(50).then(|| vec![award("merit")]);
    vec![of("K1", first, None, None), of("K2", second, own_table, own_awards)]
}

struct Made {
    sheets: Vec<ExportedSheet>,
    contenders: Vec<Contender>,
    facts: Vec<RecordedFacts>,
}

fn units(chance: &mut Chance, units: &[ExportedUnit], period: &Period, contents: &[(Id, &CriteriaContent)]) -> Made {
    let mut made = Made { sheets: Vec::new(), contenders: Vec::new(), facts: Vec::new() };
    for unit in units {
        let set_id = period.criteria_set_of(&unit.key.id);
        let content = contents.iter().find(|(id, _)| *id == set_id).unwrap().1;
        let table = std::sync::Arc::new(ScoringTable::of(content));
        let missed = chance.percent(15);
        let mut stages = [false, true, true].map(|review| sheet(chance, &table, content.not_applicable, review));
        if chance.percent(50) {
            stages[2] = stages[1].copied();
        }
        let tally: Tally = table.tally(&stages[2]);
        let recorded = chance.percent(85).then(|| facts(chance, unit.key.id));
        made.contenders.push(Contender {
            unit_id: unit.key.id,
            unit_code: unit.key.code.clone(),
            unit_name: unit.name.clone(),
            missed,
            totals: tally.totals.filter(|_| !missed),
            breakdown: if missed { Breakdown::default() } else { table.breakdown(&tally) },
            facts: recorded.as_ref().map(|recorded| recorded.facts.clone()),
            group_code: period.group_code_of(&unit.key.id).map(str::to_owned),
        });
        made.facts.extend(recorded);
        let [own, appraisal, council] = stages.map(|stage| Some(stage).filter(|_| !missed));
        let status = if missed { SubmissionStatus::Missed } else { SubmissionStatus::Finalized };
        let submission = Submission {
            id: unit.key.id,
            organization_id: id(2),
            period_id: id(3),
            unit_id: unit.key.id,
            status,
            revision: i32::from(!missed),
            late: false,
            due_on: "2023-11-10".parse().unwrap(),
            closes_at: None,
            submitted_at: None,
            return_reason: None,
            totals: None,
            version: 1,
            created_at: now(),
            updated_at: now(),
        };
        made.sheets.push(ExportedSheet {
            state: String::new(),
            case: SubmissionCase {
                submission,
                unit: unit.key.clone(),
                period_status: PeriodStatus::Announced,
                appraisal_due_on: "2023-11-20".parse().unwrap(),
                criteria_set_id: set_id,
                council_scoring: CouncilScoring::Agreed,
                zone: zone("Asia/Ho_Chi_Minh").unwrap(),
                set_aside_at: None,
                stand_ins: Vec::new(),
            },
            unit_name: unit.name.clone(),
            table: std::sync::Arc::clone(&table),
            own,
            appraisal,
            council,
            made_alone: Vec::new(),
            sees_result: true,
        });
    }
    made
}

fn proposal(
    row: &crate::domain::award::ranking::RankingRow,
    term: crate::domain::award::award_proposal::DossierTerm,
) -> Proposal {
    Proposal {
        id: row.unit_id,
        organization_id: id(2),
        period_id: id(3),
        unit_id: row.unit_id,
        group_code: row.group_code.clone(),
        award_code: row.award_code.clone().unwrap(),
        award_quota: 1,
        slot: 1,
        rank: row.rank.unwrap(),
        total: row.total.unwrap(),
        eligibility: Vec::new(),
        term,
        documents: Vec::new(),
        status: ProposalStatus::Draft,
        submitted_at: None,
        return_reason: None,
        decision: None,
        withdrawn: None,
        stale: false,
        superseded_decisions: Vec::new(),
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

/// What a made-up period has of what makes results differ.
#[derive(Debug, Default)]
struct Seen {
    ties: usize,
    decided: usize,
    missed: usize,
    ineligible: usize,
    awards: usize,
    left_out: usize,
    grouped: usize,
    own_tables: usize,
}

fn made_up(chance: &mut Chance, at: i64, seen: &mut Seen) -> PeriodExport {
    let (content, other) = (content(chance), content(chance));
    let rules = rules(chance, at);
    let named =
        ["A", "B", "C", "D", "E", "F"].into_iter().zip(10..).take(usize::try_from(3 + chance.below(4)).unwrap());
    let all: Vec<ExportedUnit> = named
        .map(|(code, number)| ExportedUnit { key: UnitKey { id: id(number), code: code.into() }, name: code.into() })
        .collect();
    let groups = groups(chance, &all);
    let rules = PeriodRules { unit_ids: all.iter().map(|unit| unit.key.id).collect(), groups, ..rules };
    let mut period = Period::draft(id(3), id(2), rules.clone(), now());
    let Made { sheets, contenders, facts } = units(chance, &all, &period, &[(id(1), &content), (id(6), &other)]);
    seen.grouped += usize::from(!rules.groups.is_empty());
    let own_table = rules.groups.iter().find(|group| group.criteria_set_id.is_some() && !group.unit_ids.is_empty());
    seen.own_tables += usize::from(own_table.is_some());
    let group_contents = own_table.map(|group| (group.code.clone(), other)).into_iter().collect();
    let mut inputs = Inputs {
        contenders,
        tie_break: rules.tie_break.clone(),
        awards: rules.awards.clone(),
        eligibility: rules.eligibility.clone(),
        when_ineligible: rules.when_ineligible,
        decisions: Vec::new(),
        withdrawals: Vec::new(),
        groups: rules.ranked_groups(),
    };
    let tied = inputs.rank();
    let mut decisions = Vec::new();
    for (number, rows) in
        (0..).zip(tied.rows.chunk_by(|a, b| a.tied && (a.rank, &a.group_code) == (b.rank, &b.group_code)))
    {
        if rows.len() < 2 {
            continue;
        }
        seen.ties += 1;
        let unit_ids: Vec<Id> = rows.iter().map(|row| row.unit_id).collect();
        let stands = chance.percent(90);
        let decision = decision(number, chance.shuffled(unit_ids));
        if stands {
            seen.decided += 1;
            inputs.decisions.push(decision.unit_ids.clone());
        }
        decisions.push((decision, stands));
    }
    let ranking = inputs.rank();
    let notice_on: NaiveDate = "2023-11-30".parse().unwrap();
    let (calendar_days, calendar) = calendar(chance, notice_on);
    let term = dossier_reckoning(&calendar, notice_on, &rules.dossier_deadline).unwrap().0;
    let taking = ranking.rows.iter().filter(|row| row.award_code.is_some());
    let proposals: Vec<Proposal> = taking.map(|row| proposal(row, term.clone())).collect();
    seen.missed += sheets.iter().filter(|sheet| sheet.own.is_none()).count();
    seen.ineligible += ranking.rows.iter().filter(|row| row.rank.is_some() && row.eligible == Some(false)).count();
    seen.awards += proposals.len();
    seen.left_out += sheets
        .iter()
        .filter(|sheet| sheet.council.as_ref().is_some_and(|sheet| sheet.0.iter().any(Line::is_not_applicable)))
        .count();
    let text = serde_json::to_string(&inputs).unwrap();
    let salt = format!("{at:064}");
    period.status = PeriodStatus::Announced;
    period.notice = Some(Notice { number: "1/TB".into(), on: notice_on });
    PeriodExport {
        organization: Organization {
            id: id(2),
            code: "VP".into(),
            name: "Văn phòng".into(),
            time_zone: "Asia/Ho_Chi_Minh".into(),
            agency_code: None,
            vote_thresholds: Vec::new(),
            version: 1,
            created_at: now(),
            updated_at: now(),
        },
        period,
        content,
        group_contents,
        units: all,
        sheets,
        facts,
        tie_decisions: Some(decisions),
        ranking: RankingDetails {
            status: RankingStatus::Announced,
            version: 1,
            latest_version: Some(1),
            inputs_sha256: Some(sha256_hex(text.as_bytes())),
            commitment: Some(sha256_hex(format!("{salt}{text}").as_bytes())),
            salt: Some(salt),
            ranking,
        },
        inputs: Some(text),
        proposals,
        calendar_days,
    }
}

/// Runs the script on files, and returns whether nothing differs, and what it printed.
fn recounted(files: &[std::path::PathBuf]) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recount/recount.py");
    let ran = Command::new("python3").arg(script).args(files).output().unwrap();
    (ran.status.success(), [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat())
}

#[test]
fn five_hundred_results_are_recounted_from_their_exports() {
    let folder = tempfile::tempdir().unwrap();
    let (mut chance, mut seen) = (Chance(20_231_130), Seen::default());
    let files: Vec<_> = (0..500)
        .map(|at| {
            let file = folder.path().join(format!("{at}.json"));
            std::fs::write(&file, json(made_up(&mut chance, at, &mut seen)).unwrap()).unwrap();
            file
        })
        .collect();
    let counts = [
        seen.ties,
        seen.decided,
        seen.missed,
        seen.ineligible,
        seen.awards,
        seen.left_out,
        seen.grouped,
        seen.own_tables,
    ];
    assert!(counts.iter().all(|count| *count > 100), "{seen:?}");
    let (agrees, told) = recounted(&files);
    assert!(agrees, "{told}");
    assert_eq!(told.trim(), "500 recounted, nothing differs");
}

/// A hundredth more, an award to another, a day later, other inputs: each is found.
#[test]
fn a_result_that_does_not_follow_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.json");
    let (mut chance, mut seen) = (Chance(1), Seen::default());
    let export = (0..100)
        .map(|at| json(made_up(&mut chance, at, &mut seen)).unwrap())
        .map(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).unwrap())
        .find(|export| export["award_proposals"].as_array().is_some_and(|proposals| proposals.len() > 1))
        .unwrap();
    let days = &export["period"]["rules"]["dossier_deadline"]["semantics"];
    let day = if days == "not_before" { "opens_on" } else { "due_on" };
    let dossier = format!("/award_proposals/0/dossier/{day}");
    for (pointer, value) in [
        ("/ranking/rows/0/total", serde_json::json!(1.25)),
        ("/ranking/rows/0/award_code", serde_json::json!("other")),
        ("/ranking/rows/0/rank", serde_json::json!(3)),
        ("/ranking/commitment", serde_json::json!("0")),
        (dossier.as_str(), serde_json::json!("2024-02-01")),
    ] {
        let mut altered = export.clone();
        *altered.pointer_mut(pointer).unwrap() = value;
        std::fs::write(&file, altered.to_string()).unwrap();
        assert!(!recounted(std::slice::from_ref(&file)).0, "{pointer}");
    }
    std::fs::write(&file, export.to_string()).unwrap();
    assert!(recounted(&[file]).0);
}
