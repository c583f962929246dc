use proptest::prelude::*;

use super::award_lines::{Direction, SmallestChange, smallest_change};
use super::*;
use crate::domain::assessment::facts::{PartyCellRating, UnitFacts};
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::eligibility::Condition;
use crate::domain::award::ranking::{Contender, RankedGroup};
use crate::domain::criteria::criteria_set::{CriteriaContent, Node, NotApplicable, Part, PartKind};
use crate::domain::criteria::rules::{Answer, DeductionPerCaseRule, ManualRule, Rule};
use crate::domain::criteria::scoring::Line;

fn p(points: i64) -> Points {
    Points::from_hundredths(points * 100)
}

fn cent(hundredths: i64) -> Points {
    Points::from_hundredths(hundredths)
}

fn id(code: &str) -> Id {
    Id::from_uuid_text(format!("{code:0>36}"))
}

fn node(code: &str, max: Option<i64>, rule: Option<Rule>, children: Vec<Node>) -> Node {
    Node { code: code.into(), title: code.into(), max_points: max.map(p), children, rule, ..Node::default() }
}

fn manual(code: &str, max: Option<i64>) -> Node {
    node(code, max, Some(Rule::Manual(ManualRule { step: None })), Vec::new())
}

fn deducting(code: &str) -> Node {
    let rule = Rule::DeductionPerCase(DeductionPerCaseRule { points_per_case: p(5), floor: Some(Points::ZERO) });
    node(code, Some(20), Some(rule), Vec::new())
}

/// Part A of 100: A.1 of 40, A.2 and A.3 that share 20, A.4 and A.5 of 20 each that lose at most `max_deduction` together.
fn table(max_deduction: Option<i64>) -> ScoringTable {
    let children =
        vec![manual("A.1", Some(40)), manual("A.2", None), manual("A.3", None), deducting("A.4"), deducting("A.5")];
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
        not_applicable: NotApplicable::Excluded,
        parts: vec![part],
        ..CriteriaContent::default()
    })
}

/// Hundredths of A.1 to A.5; `None` does not apply.
fn sheet(points: [Option<i64>; 5]) -> Sheet {
    let line = |points: Option<i64>| {
        let scored = match points.map(cent) {
            Some(points) => (serde_json::from_str(&format!("{{\"points\":{points}}}")).unwrap(), points),
            None => (Answer::NOT_APPLICABLE, Points::ZERO),
        };
        Line { scored: Some(scored), ..Line::default() }
    };
    Sheet(points.into_iter().map(line).collect())
}

fn whole(points: [i64; 5]) -> Sheet {
    sheet(points.map(|points| Some(points * 100)))
}

struct Scene {
    table: ScoringTable,
    /// Code, whether somebody was disciplined, and the stages.
    units: Vec<(&'static str, bool, Vec<Sheet>)>,
    tie_break: Vec<String>,
    when_ineligible: WhenIneligible,
}

impl Scene {
    fn of(units: Vec<(&'static str, bool, Vec<Sheet>)>) -> Self {
        let tie_break = vec!["section:A.1".to_owned(), "council_decision".to_owned()];
        Scene { table: table(None), units, tie_break, when_ineligible: WhenIneligible::PassDown }
    }

    fn inputs(&self) -> Inputs {
        let contenders = self.units.iter().map(|(code, disciplined, stages)| {
            let tally = stages.last().map(|sheet| self.table.tally(sheet));
            Contender {
                unit_id: id(code),
                unit_code: (*code).to_owned(),
                unit_name: (*code).to_owned(),
                missed: stages.is_empty(),
                totals: tally.as_ref().and_then(|tally| tally.totals),
                breakdown: tally.map(|tally| self.table.breakdown(&tally)).unwrap_or_default(),
                facts: Some(UnitFacts {
                    anybody_disciplined: *disciplined,
                    party_cell_rating: PartyCellRating::Good,
                    under_inspection: false,
                    source_document: None,
                }),
                group_code: None,
            }
        });
        let award = |code: &str, quota| Award { code: code.into(), title: code.into(), quota };
        Inputs {
            contenders: contenders.collect(),
            tie_break: self.tie_break.clone(),
            awards: vec![award("flag", 1), award("merit", 1)],
            eligibility: vec![Condition::NobodyDisciplined {}],
            when_ineligible: self.when_ineligible,
            decisions: Vec::new(),
            withdrawals: Vec::new(),
            groups: Vec::new(),
        }
    }

    fn sheets(&self) -> Vec<UnitSheets<'_>> {
        let with = self.units.iter().filter_map(|(code, _, stages)| {
            Some(UnitSheets {
                unit_id: id(code),
                table: &self.table,
                own: stages.first()?,
                appraisal: stages.get(1),
                council: stages.get(2),
            })
        });
        with.collect()
    }

    fn analysed(&self, but: Option<&str>) -> Analysis {
        let inputs = self.inputs();
        let ranking = inputs.rank();
        let mut sheets = self.sheets();
        sheets.retain(|sheets| but.is_none_or(|but| sheets.unit_id != id(but)));
        analyse(&Material { inputs: Some(&inputs), ranking: &ranking, sheets, earlier: Vec::new() })
    }
}

/// By hand: K 88 and disciplined, L 86, M 84, N 80; O missed.
///
/// | unit | self | appraisal | council |
/// |------|------|-----------|---------|
/// | K | 38 10 10 15 15 = 88 | the same | the same |
/// | L | 40 10 10 15 15 = 90 | A.1 36 = 86 | the same |
/// | M | 40 10 10 20 10 = 90 | A.1 38 = 88 | A.1 34 = 84 |
/// | N | 30 10 10 15 15 = 80 | A.1 31 = 81 | A.1 30 = 80 |
fn four_units() -> Scene {
    let unchanged = whole([38, 10, 10, 15, 15]);
    let l = [whole([40, 10, 10, 15, 15]), whole([36, 10, 10, 15, 15]), whole([36, 10, 10, 15, 15])];
    let m = [40, 38, 34].map(|first| whole([first, 10, 10, 20, 10]));
    let n = [30, 31, 30].map(|first| whole([first, 10, 10, 15, 15]));
    Scene::of(vec![
        ("K", true, vec![unchanged.clone(), unchanged.clone(), unchanged]),
        ("L", false, l.into()),
        ("M", false, m.into()),
        ("N", false, n.into()),
        ("O", false, Vec::new()),
    ])
}

/// The same four units as a group beside another with a table of its own, which changes nothing for them.
#[test]
fn a_group_is_analysed_as_if_it_were_alone() {
    let (first, mut second) = (four_units(), four_units());
    second.table = table(Some(5));
    second.units = [("X", 39), ("Y", 37), ("Z", 30)]
        .map(|(code, points)| (code, false, vec![whole([points, 10, 10, 15, 10])]))
        .into();
    let in_group = |scene: &Scene, code: &str| {
        let own = Inputs { contenders: Vec::new(), ..scene.inputs() };
        let grouped =
            scene.inputs().contenders.into_iter().map(|one| Contender { group_code: Some(code.into()), ..one });
        (own, grouped.collect::<Vec<_>>())
    };
    let ((own, of_first), (_, of_second)) = (in_group(&first, "K1"), in_group(&second, "K2"));
    let groups = ["K1", "K2"].map(|code| RankedGroup { code: code.into(), awards: own.awards.clone() });
    let inputs =
        Inputs { contenders: [of_first, of_second].concat(), groups: groups.into(), awards: Vec::new(), ..own };
    let ranking = inputs.rank();
    let sheets = [first.sheets(), second.sheets()].concat();
    let both = analyse(&Material { inputs: Some(&inputs), ranking: &ranking, sheets, earlier: Vec::new() });
    let alone = [first.analysed(None), second.analysed(None)];
    /// The text of something, as it would be without groups.
    fn text(value: &impl Serialize) -> String {
        let text = serde_json::to_string(value).unwrap();
        ["K1", "K2"]
            .iter()
            .fold(text, |text, code| text.replace(&format!("\"group_code\":\"{code}\""), "\"group_code\":null"))
    }
    let lines = alone.iter().flat_map(|one| one.award_lines.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(text(&both.award_lines.unwrap()), text(&lines));
    let criteria = alone.iter().flat_map(|one| one.criteria.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(text(&both.criteria.unwrap()), text(&criteria));
    let changes = alone.iter().flat_map(|one| one.without_criterion.clone().unwrap().changes).collect::<Vec<_>>();
    assert_eq!(text(&both.without_criterion.unwrap().changes), text(&changes));
    let units: Vec<&UnitAnalysis> = alone.iter().flat_map(|one| &one.units).collect();
    assert_eq!(text(&both.units.iter().collect::<Vec<_>>()), text(&units));
    assert!(both.complete && both.units.iter().all(|unit| unit.group_code.is_some()));
}

#[test]
fn award_lines_lie_between_the_last_taker_and_the_next_eligible_unit() {
    let lines = four_units().analysed(None).award_lines.unwrap();
    let of = |line: &AwardLine| {
        (line.upper.unit_code.clone(), line.lower.unit_code.clone(), line.margin, line.separated_by.clone())
    };
    let total = Some("total".to_owned());
    // K leads and takes nothing: 86 − 84 = 2 below the flag, 84 − 80 = 4 below the certificate.
    assert_eq!(of(&lines[0]), ("L".into(), "M".into(), p(2), total.clone()));
    assert_eq!(of(&lines[1]), ("M".into(), "N".into(), p(4), total));
    assert_eq!((lines[0].needed, lines[0].tied), (cent(201), false));
    // M could still have 6 in A.1 and 10 in A.5: the 10 come first and are enough.
    let rise = lines[0].rise.as_ref().unwrap();
    let of = |change: &SmallestChange| -> Vec<(String, Points, Points, Points)> {
        let lines = change.lines.iter();
        lines.map(|line| (line.criterion_code.clone(), line.points, line.limit, line.effect)).collect()
    };
    assert_eq!(of(rise), [("A.5".to_owned(), p(10), p(20), p(10))]);
    // L could lose 36 in A.1.
    assert_eq!(of(lines[0].fall.as_ref().unwrap()), [("A.1".to_owned(), p(36), Points::ZERO, p(-36))]);
}

#[test]
fn a_vacant_place_moves_the_lines_up() {
    let mut scene = four_units();
    scene.when_ineligible = WhenIneligible::LeaveVacant;
    let lines = scene.analysed(None).award_lines.unwrap();
    let of = |line: &AwardLine| (line.upper.unit_code.clone(), line.lower.unit_code.clone(), line.margin);
    // K holds the place of the flag, which stays vacant: 88 − 86 = 2. L takes the certificate: 86 − 84 = 2.
    assert_eq!(
        lines.iter().map(of).collect::<Vec<_>>(),
        [("K".into(), "L".into(), p(2)), ("L".into(), "M".into(), p(2))]
    );
}

#[test]
fn an_award_line_says_what_separates_equal_totals() {
    let equal = |first: [i64; 5], second: [i64; 5], decided: bool| {
        let scene = Scene::of(vec![("L", false, vec![whole(first)]), ("M", false, vec![whole(second)])]);
        let mut inputs = scene.inputs();
        if decided {
            inputs.decisions = vec![vec![id("M"), id("L")]];
        }
        let ranking = inputs.rank();
        let sheets = scene.sheets();
        let analysis = analyse(&Material { inputs: Some(&inputs), ranking: &ranking, sheets, earlier: Vec::new() });
        let line = analysis.award_lines.unwrap().remove(0);
        (line.upper.unit_code, line.margin, line.tied, line.separated_by)
    };
    let (a, b) = ([30, 10, 10, 20, 20], [40, 0, 10, 20, 20]);
    assert_eq!(equal(a, b, false), ("M".into(), p(0), false, Some("section:A.1".into())));
    assert_eq!(equal(a, a, false), ("L".into(), p(0), true, None));
    assert_eq!(equal(a, a, true), ("M".into(), p(0), false, Some("council_decision".into())));
}

#[test]
fn the_last_of_the_certificates_has_no_line_below_it() {
    let two = Scene::of(vec![("L", false, vec![whole([30; 5])]), ("M", false, vec![whole([20; 5])])]);
    assert_eq!(two.analysed(None).award_lines.unwrap().len(), 1);
}

#[test]
fn what_each_stage_moved_shows_for_units_and_criteria() {
    let analysis = four_units().analysed(None);
    let figures = |movement: &Movement| {
        (movement.compared, movement.raised, movement.lowered, movement.sum_raised, movement.sum_lowered, movement.net)
    };
    let m = &analysis.units[2];
    assert_eq!((m.unit_code.as_str(), m.self_minus_final), ("M", p(6)));
    assert_eq!(figures(m.self_to_appraisal.as_ref().unwrap()), (5, 0, 1, p(0), p(-2), p(-2)));
    assert_eq!(figures(m.appraisal_to_council.as_ref().unwrap()), (5, 0, 1, p(0), p(-4), p(-4)));
    // Over the units: L −4, M −2, N +1; then M −4, N −1.
    let criteria = analysis.criteria.unwrap();
    assert_eq!(figures(criteria[0].self_to_appraisal.as_ref().unwrap()), (4, 1, 2, p(1), p(-6), p(-5)));
    assert_eq!(figures(criteria[0].appraisal_to_council.as_ref().unwrap()), (4, 0, 2, p(0), p(-5), p(-5)));
    // Of 1, 1, 2, 4, 4 the median is 2.
    assert_eq!((criteria[0].tolerance, criteria[1].tolerance), (p(2), p(0)));
    // Of 30, 34, 36, 38 the median is 35; A.2 and A.3 separate nobody.
    assert_eq!((criteria[0].lowest, criteria[0].median, criteria[0].highest), (Some(p(30)), Some(p(35)), Some(p(38))));
    assert_eq!(
        criteria.iter().map(|criterion| criterion.separates).collect::<Vec<_>>(),
        [true, false, false, true, true]
    );
    // The flag's line of 2 is within the tolerance of A.1, the certificate's of 4 is not.
    let discuss = analysis.discuss_first.unwrap();
    assert_eq!(discuss.len(), 1);
    assert_eq!((discuss[0].award_code.as_str(), discuss[0].margin, discuss[0].tolerance), ("flag", p(2), p(2)));
    assert_eq!(discuss[0].criterion_codes, ["A.1"]);
}

#[test]
fn the_narrowest_line_is_discussed_first() {
    let mut scene = four_units();
    // M 85.5 is 0.5 below L; N 85.25 is 0.25 below M. A.1 departed by 1, 2, 2.5, 4 and 4.5: the median is 2.5.
    scene.units[2].2[2] = sheet([3550, 1000, 1000, 2000, 1000].map(Some));
    scene.units[3].2[2] = sheet([3550, 1000, 1000, 1500, 1475].map(Some));
    let discuss = scene.analysed(None).discuss_first.unwrap();
    let of: Vec<_> = discuss.iter().map(|line| (line.award_code.as_str(), line.margin, line.tolerance)).collect();
    assert_eq!(of, [("merit", cent(25), cent(250)), ("flag", cent(50), cent(250))]);
    // A.5 of N departed by 0.25.
    assert_eq!(
        (&discuss[0].criterion_codes[..], &discuss[1].criterion_codes[..]),
        (&["A.1".to_owned(), "A.5".to_owned()][..], &["A.1".to_owned()][..])
    );
}

/// Without A.1: K 50, L 50, M 50, N 50: all tied. Without A.4: K 73, L 71, M 64, N 65: N before M.
#[test]
fn leaving_a_criterion_out_ranks_anew() {
    let without = four_units().analysed(None).without_criterion.unwrap();
    let of = |code: &str| {
        let change = without.changes.iter().find(|change| change.criterion_code == code).unwrap();
        let unit = |unit: &without_criterion::UnitWithoutCriterion| {
            let awards = [&unit.award_code, &unit.award_code_without].map(|code| code.clone().unwrap_or_default());
            format!(
                "{} {:?}→{:?} {}→{}",
                unit.unit_code,
                unit.rank.unwrap(),
                unit.rank_without.unwrap(),
                awards[0],
                awards[1]
            )
        };
        change.units.iter().map(unit).collect::<Vec<_>>()
    };
    assert_eq!(of("A.1"), ["L 2→1 flag→", "M 3→1 merit→", "N 4→1 →"]);
    assert_eq!(of("A.4"), ["M 3→4 merit→", "N 4→3 →merit"]);
    // A.2 and A.3 separate nobody; without A.5 it is K 73, L 71, M 74, N 65: M first.
    assert_eq!(of("A.5"), ["K 1→2 →", "L 2→3 flag→merit", "M 3→1 merit→flag"]);
    assert_eq!((without.changes.len(), without.unchanged_count), (3, 2));
}

#[test]
fn losses_are_measured_against_the_maximum_the_best_and_the_median() {
    let analysis = four_units().analysed(None);
    let m = &analysis.units[2];
    let of = |loss: &Loss| (loss.code.clone(), loss.lost, loss.best.unwrap(), loss.median.unwrap());
    // A: of 88, 86, 84, 80 the median is 85. A.5: of 15, 15, 10, 15 it is 15.
    assert_eq!(
        m.losses.iter().map(of).collect::<Vec<_>>(),
        [("A".into(), p(16), p(88), p(85)), ("A.1".into(), p(6), p(38), p(35)), ("A.5".into(), p(10), p(15), p(15))]
    );
    assert_eq!((m.compared.total.points, m.compared.total.best, m.compared.total.median), (p(84), p(88), p(85)));
}

/// Whoever may not see the scores of M gets what follows from the ranking, and from the others' own scores.
#[test]
fn what_a_viewer_does_not_see_is_in_nothing() {
    let analysis = four_units().analysed(Some("M"));
    assert!(!analysis.complete);
    assert!(analysis.criteria.is_none() && analysis.discuss_first.is_none() && analysis.without_criterion.is_none());
    let lines = analysis.award_lines.unwrap();
    assert_eq!((lines[0].rise.is_none(), lines[0].fall.is_none()), (true, false));
    assert_eq!((lines[1].rise.is_none(), lines[1].fall.is_none()), (false, true));
    let codes: Vec<&str> = analysis.units.iter().map(|unit| unit.unit_code.as_str()).collect();
    assert_eq!(codes, ["K", "L", "N"]);
    assert!(
        analysis.units.iter().flat_map(|unit| &unit.losses).all(|loss| loss.best.is_none() && loss.median.is_none())
    );
}

fn change(table: &ScoringTable, sheet: &Sheet, needed: i64, direction: Direction) -> Vec<String> {
    let sheets = UnitSheets { unit_id: id("L"), table, own: sheet, appraisal: None, council: None };
    let change = smallest_change(&sheets, cent(needed), direction);
    assert_eq!(change.possible, !change.lines.is_empty());
    change.lines.iter().map(|line| format!("{} {}", line.criterion_code, line.effect)).collect()
}

#[test]
fn the_smallest_change_knows_shared_points_and_caps() {
    let (plain, capped) = (table(None), table(Some(10)));
    // A.1 30 of 40; A.2 and A.3 have 5 and 7 of the shared 20; A.4 and A.5 lost 10 and 15.
    let one = whole([30, 5, 7, 10, 5]);
    let (up, down) = (Direction::Up, Direction::Down);
    assert_eq!(change(&plain, &one, 1500, up), ["A.5 15"]);
    assert_eq!(change(&plain, &one, 1501, up), ["A.5 15", "A.1 10"]);
    // 15 + 10 + 10 + 8: of the two that share, one is enough.
    assert_eq!(change(&plain, &one, 4300, up), ["A.5 15", "A.1 10", "A.4 10", "A.2 8"]);
    assert_eq!(change(&plain, &one, 4301, up), Vec::<String>::new());
    assert_eq!(change(&plain, &one, 3000, down), ["A.1 -30"]);
    // Of the 25 lost 10 count: A.5 alone gives nothing back, both together the 10, and A.2 is not needed then.
    assert_eq!(change(&capped, &one, 1800, up), ["A.1 10", "A.2 8"]);
    assert_eq!(change(&capped, &one, 1801, up), ["A.1 10", "A.5 0", "A.4 0"]);
    assert_eq!(change(&capped, &one, 2800, up), ["A.1 10", "A.2 8", "A.5 0", "A.4 0"]);
    // What does not apply cannot change.
    assert_eq!(change(&plain, &sheet([None, Some(500), Some(700), Some(1000), None]), 1000, up), ["A.4 10"]);
}

proptest! {
    /// Against every subset of the lines: none of the found lines can be left out, what is impossible is impossible, and
    /// where no cap is in the way, no other lines are fewer.
    #[test]
    fn no_change_is_smaller(
        points in proptest::array::uniform5(0_i64..=10), needed in 1_i64..=7000, cap in proptest::option::of(1_i64..=40), up in any::<bool>()
    ) {
        let table = table(cap);
        let sheet = whole([points[0] * 4, points[1], points[2], points[3] * 2, points[4] * 2]);
        let direction = if up { Direction::Up } else { Direction::Down };
        let sheets = UnitSheets { unit_id: id("L"), table: &table, own: &sheet, appraisal: None, council: None };
        let found = smallest_change(&sheets, cent(needed), direction);
        let before = table.total(&sheet);
        let crosses = |lines: &[usize]| {
            let mut after = sheet.clone();
            for line in lines {
                let limit = if up { table.highest(&after, *line) } else { table.lowest(&after, *line) };
                after.set_points(*line, limit.unwrap());
            }
            let by = if up { table.total(&after) - before } else { before - table.total(&after) };
            by >= cent(needed)
        };
        let subsets = (0_usize..32).map(|bits| (0..5).filter(|line| bits >> line & 1 == 1).collect::<Vec<usize>>());
        let fewest = subsets.filter(|lines| crosses(lines)).map(|lines| lines.len()).min();
        prop_assert_eq!(found.possible, fewest.is_some());
        let lines: Vec<usize> =
            found.lines.iter().map(|line| table.position(&line.criterion_code).unwrap()).collect();
        if let Some(fewest) = fewest {
            prop_assert!(crosses(&lines));
            for left_out in &lines {
                let rest: Vec<usize> = lines.iter().copied().filter(|line| line != left_out).collect();
                prop_assert!(!crosses(&rest));
            }
            prop_assert!(cap.is_some() || lines.len() == fewest, "{:?} {}", lines, fewest);
        }
    }

    #[test]
    fn the_median_is_the_middle(mut points in proptest::collection::vec(-500_i64..=500, 1..8)) {
        let found = median(points.iter().copied().map(cent).collect()).unwrap().hundredths();
        points.sort_unstable();
        let (low, high) = (points[(points.len() - 1) / 2], points[points.len() / 2]);
        // Half up: twice the median is the sum of the two in the middle, or one more.
        prop_assert!(2 * found - low - high == 0 || 2 * found - low - high == 1);
    }
}
