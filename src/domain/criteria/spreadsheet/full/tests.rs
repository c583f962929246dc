use proptest::prelude::*;

use super::super::{Reading, read as read_as, write};
use super::*;
use crate::domain::Quantity;
use crate::domain::criteria::criteria_set::tests::guideline;
use crate::domain::criteria::rules::{
    AllOrNothingRule, AwardPerCaseRule, Band, BestOfRule, BonusPenaltyRule, Case, CaseListRule, CaseStart, Choice,
    Counting, DeductOnceRule, DeductionPerCaseRule, DeductionStepsRule, LevelsRule, ManualRule, OverFulfilment,
    OverRate, OverSteps, Per, PercentPoints, RankBandsRule, RatioBandsRule, Step, TargetRatioRule,
};
use crate::domain::criteria::sheet_row::HEADINGS;

fn read(grid: &Grid) -> Result<Table, Vec<Fault>> {
    read_as(grid, &Reading::default())
}

/// Returns what was written as it is read: without blank rows and cells.
fn grid(rows: Vec<Vec<Cell>>) -> Grid {
    let rows = (1..).zip(rows).map(|(number, cells)| Row { number, cells, ..Row::default() }).collect();
    Grid { sheet: "Bảng tiêu chí".into(), rows, ..Grid::default() }
}

fn content(table: Table) -> CriteriaContent {
    let Heading { code, title, year, legal_basis, not_applicable, minimum_total } = table.heading;
    CriteriaContent {
        code: code.unwrap(),
        title: title.unwrap(),
        year: year.unwrap(),
        legal_basis,
        total_points: table.total_points,
        minimum_total,
        not_applicable,
        limits: table.limits,
        parts: table.parts,
    }
}

fn points() -> impl Strategy<Value = Points> {
    (0_i64..=100_000_000).prop_map(Points::from_hundredths)
}

fn signed() -> impl Strategy<Value = Points> {
    (-100_000_000_i64..=100_000_000).prop_map(Points::from_hundredths)
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (0_i64..=1_000_000_000_000).prop_map(Quantity::from_units)
}

fn text() -> impl Strategy<Value = String> {
    "[A-Za-zĐđ(=+'@-][A-Za-z ăâêôơưđ,;\"|]{0,12}x"
}

fn case() -> impl Strategy<Value = Case> {
    let counting = prop_oneof![Just(Counting::Full), Just(Counting::Started), Just(Counting::ProRata)];
    let per = (0_u32..100, counting).prop_map(|(count, counting)| Per { count, counting });
    let limit = proptest::option::of(points());
    ("[a-z_]{1,8}", text(), signed(), proptest::option::of(per), any::<bool>(), limit)
        .prop_map(|(code, title, points, per, once, limit)| Case { code, title, points, per, once, limit })
}

fn case_list() -> impl Strategy<Value = Rule> {
    let start = prop_oneof![Just(CaseStart::Max), Just(CaseStart::Zero), signed().prop_map(CaseStart::Points)];
    let bound = || proptest::option::of(signed());
    (start, proptest::collection::vec(case(), 0..4), bound(), bound())
        .prop_map(|(start, cases, min, max)| Rule::CaseList(CaseListRule { start, cases, min, max }))
}

fn percents(least: usize) -> impl Strategy<Value = Vec<PercentPoints>> {
    let percent = (quantity(), points()).prop_map(|(from_percent, points)| PercentPoints { from_percent, points });
    proptest::collection::vec(percent, least..4)
}

fn over() -> impl Strategy<Value = Option<OverFulfilment>> {
    let rate =
        (points(), points()).prop_map(|(points_per_percent, max_points)| OverRate { points_per_percent, max_points });
    proptest::option::of(prop_oneof![
        percents(1).prop_map(|steps| OverFulfilment::Steps(OverSteps { steps })),
        rate.prop_map(OverFulfilment::Rate),
    ])
}

fn form() -> impl Strategy<Value = NotApplicable> {
    use NotApplicable::{Excluded, FullPoints, Refused, Rescaled, RescaledTotal};
    prop_oneof![Just(Refused), Just(Excluded), Just(Rescaled), Just(RescaledTotal), Just(FullPoints)]
}

fn combine() -> impl Strategy<Value = Combine> {
    prop_oneof![Just(Combine::Sum), Just(Combine::CappedSum), Just(Combine::Highest)]
}

fn floors() -> impl Strategy<Value = Option<Option<Points>>> {
    proptest::option::of(proptest::option::of(signed()))
}

fn limits() -> impl Strategy<Value = Vec<Limit>> {
    let bound = || proptest::option::of(points());
    let limit = ("[a-z_]{1,8}", text(), proptest::collection::vec("[A-Z][A-Z.0-9]{0,6}", 1..3), bound(), bound());
    let limit = limit.prop_map(|(code, title, criteria, max_deduction, max_award)| Limit {
        code,
        title,
        criteria,
        max_deduction,
        max_award,
    });
    proptest::collection::vec(limit, 0..3)
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    let choice = ("[a-z_]{1,8}", "[A-Za-zĐđ(=+'@-][A-Za-z ăâêôơưđ,;\"|]{0,12}x", points());
    proptest::collection::vec(choice.prop_map(|(code, title, points)| Choice { code, title, points }), 0..4)
}

fn rule() -> impl Strategy<Value = Rule> {
    let bands = (1_u32..100, 1_u32..100, points()).prop_map(|(from, to, points)| Band { from, to, points });
    let steps = (0_u32..100, points()).prop_map(|(cases, deduction)| Step { cases, deduction });
    let ratio_bands =
        (percents(0), proptest::option::of(quantity()), over()).prop_map(|(bands, target, over_fulfilment)| {
            Rule::RatioBands(RatioBandsRule { bands, target, over_fulfilment })
        });
    prop_oneof![
        case_list(),
        ratio_bands,
        proptest::option::of(points()).prop_map(|step| Rule::Manual(ManualRule { step })),
        Just(Rule::AllOrNothing(AllOrNothingRule {})),
        choices().prop_map(|levels| Rule::Levels(LevelsRule { levels })),
        proptest::collection::vec(bands, 0..4).prop_map(|bands| Rule::RankBands(RankBandsRule { bands })),
        (points(), proptest::option::of(signed())).prop_map(|(points_per_case, floor)| Rule::DeductionPerCase(
            DeductionPerCaseRule { points_per_case, floor }
        )),
        proptest::collection::vec(steps, 0..4).prop_map(|steps| Rule::DeductionSteps(DeductionStepsRule { steps })),
        points().prop_map(|deduction| Rule::DeductOnce(DeductOnceRule { deduction })),
        points().prop_map(|points_per_case| Rule::AwardPerCase(AwardPerCaseRule { points_per_case })),
        [points(), points(), points(), points()].prop_map(|[start, bonus_per_case, penalty_per_case, min]| {
            Rule::BonusPenalty(BonusPenaltyRule { start, bonus_per_case, penalty_per_case, min })
        }),
        (proptest::option::of(quantity()), over())
            .prop_map(|(target, over_fulfilment)| Rule::TargetRatio(TargetRatioRule { target, over_fulfilment })),
        choices().prop_map(|options| Rule::BestOf(BestOfRule { options })),
    ]
}

fn node(depth: u32) -> BoxedStrategy<Node> {
    let below =
        if depth == 0 { Just(Vec::new()).boxed() } else { proptest::collection::vec(node(depth - 1), 0..3).boxed() };
    let text = "[A-Za-zĐđ(=+'@-][A-Za-z ăâêôơưđ,;\"\n|]{0,20}x";
    let fields =
        ("[A-Z][A-Z.0-9]{0,6}", text, proptest::option::of(points()), proptest::option::of(text), any::<bool>());
    let further = (floors(), proptest::option::of(points()), combine(), proptest::option::of(points()), any::<bool>());
    (fields, further, proptest::option::of(form()), below, proptest::option::of(rule()))
        .prop_map(|(fields, further, not_applicable, children, rule)| {
            let (code, title, max_points, note, evidence_required) = fields;
            let (min_points, bonus_max_points, combine, max_deduction, by_unit) = further;
            let scored_by = if by_unit { ScoredBy::Unit } else { ScoredBy::StandingBody };
            Node {
                code,
                title,
                max_points,
                min_points,
                bonus_max_points,
                combine,
                max_deduction,
                scored_by,
                not_applicable,
                note,
                evidence_required,
                children,
                rule,
            }
        })
        .boxed()
}

pub fn any_content() -> impl Strategy<Value = CriteriaContent> {
    let part = (
        "[A-Z]",
        "[A-ZĐ]{1,9}",
        prop_oneof![Just(PartKind::Base), Just(PartKind::Bonus), Just(PartKind::Penalty)],
        points(),
        proptest::option::of(points()),
        (floors(), combine(), proptest::option::of(form())),
        proptest::collection::vec(node(2), 0..3),
    );
    let part = part.prop_map(|(code, title, kind, max_points, max_deduction, further, children)| {
        let (min_points, combine, not_applicable) = further;
        Part { code, title, kind, max_points, min_points, combine, max_deduction, not_applicable, note: None, children }
    });
    let heading =
        ("[A-Z0-9-]{1,9}", "[A-ZĐa-z]{1,20}", 2000..2100, proptest::option::of("[A-Z][a-z ]{0,9}x"), points(), form());
    (heading, signed(), limits(), proptest::collection::vec(part, 0..3)).prop_map(
        |((code, title, year, legal_basis, total_points, not_applicable), minimum_total, limits, parts)| {
            CriteriaContent {
                code,
                title,
                year,
                legal_basis,
                total_points,
                minimum_total,
                not_applicable,
                limits,
                parts,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(table in any_content()) {
        let read = read(&grid(write(&table, Shape::Full)));
        prop_assert_eq!(read.map(content), Ok(table));
    }
}

#[test]
fn the_guideline_is_written_and_read_back() {
    let read = read(&grid(write(&guideline(), Shape::Full))).unwrap();
    assert_eq!((read.shape, read.warnings.len()), (Shape::Full, 0));
    assert_eq!(content(read), guideline());
}

/// A row of the full shape: heading and text, as a person would fill it in.
fn filled(cells: &[(&str, &str)]) -> Vec<Cell> {
    let cell = |heading: &&str| {
        cells.iter().find(|(known, _)| known == heading).map_or(Cell::Empty, |(_, text)| Cell::text(*text))
    };
    HEADINGS.iter().map(cell).collect()
}

const PART: &[(&str, &str)] =
    &[("row", "part"), ("code", "A"), ("title", "Điểm chuẩn"), ("kind", "base"), ("max_points", "10")];
const CRITERION: &[(&str, &str)] = &[
    ("row", "criterion"),
    ("depth", "1"),
    ("code", "A.1"),
    ("title", "Nội quy"),
    ("max_points", "10"),
    ("rule", "manual"),
];

fn but(
    row: &[(&'static str, &'static str)],
    heading: &'static str,
    text: &'static str,
) -> Vec<(&'static str, &'static str)> {
    let mut row: Vec<_> = row.iter().copied().filter(|(known, _)| *known != heading).collect();
    row.push((heading, text));
    row
}

/// The headings in row 1, the part in row 2, the row under test in row 3.
#[test]
fn each_mistake_has_its_row_and_column() {
    type Filled = Vec<(&'static str, &'static str)>;
    let table: [(Filled, Code, &str); 15] = [
        (but(CRITERION, "row", ""), Code::Required, "A"),
        (but(CRITERION, "row", "criteria"), Code::UnknownWord, "A"),
        (but(CRITERION, "depth", ""), Code::Required, "B"),
        (but(CRITERION, "depth", "2"), Code::DepthInvalid, "B"),
        (but(CRITERION, "depth", "0"), Code::DepthInvalid, "B"),
        (but(CRITERION, "code", ""), Code::Required, "C"),
        (but(CRITERION, "title", ""), Code::Required, "D"),
        (but(CRITERION, "max_points", "mười"), Code::NumberUnreadable, "F"),
        (but(CRITERION, "max_points", "10.005"), Code::PointsPrecision, "F"),
        (but(CRITERION, "evidence_required", "maybe"), Code::UnknownWord, "I"),
        (but(CRITERION, "rule", "guess"), Code::UnknownWord, "J"),
        (but(CRITERION, "floor", "0"), Code::CellNotAsked, "M"),
        (but(CRITERION, "kind", "base"), Code::CellNotAsked, "E"),
        (but(CRITERION, "rule", "deduct_once"), Code::Required, "N"),
        (vec![("row", "level"), ("code", "a"), ("title", "A"), ("points", "1")], Code::RowOutOfPlace, "A"),
    ];
    for (row, code, column) in table {
        let headings = HEADINGS.iter().map(|heading| Cell::text(*heading)).collect();
        let faults = read(&grid(vec![headings, filled(PART), filled(&row)])).unwrap_err();
        let found: Vec<_> =
            faults.iter().map(|fault| (fault.code, &fault.params["row"], &fault.params["column"])).collect();
        assert_eq!(found, [(code, &serde_json::json!(3), &serde_json::json!(column))], "{row:?}");
    }
}

/// A level under a rule that has none, and all mistakes of all rows at once.
#[test]
fn all_mistakes_come_at_once() {
    let headings = HEADINGS.iter().map(|heading| Cell::text(*heading)).collect();
    let band = [("row", "band"), ("from", "1"), ("to", "x"), ("points", "1")];
    let rows = vec![
        headings,
        filled(PART),
        filled(&but(CRITERION, "rule", "rank_bands")),
        filled(&band),
        filled(&but(CRITERION, "code", "")),
    ];
    let faults = read(&grid(rows)).unwrap_err();
    let found: Vec<_> = faults.iter().map(|fault| (fault.code, fault.params["row"].as_u64().unwrap())).collect();
    assert_eq!(found, [(Code::NumberUnreadable, 4), (Code::Required, 5)]);
}

#[test]
fn findings_about_the_tree_have_the_row_they_came_from() {
    let mut table = guideline();
    table.parts[0].children[3].children[3].rule = Some(Rule::DeductionPerCase(DeductionPerCaseRule {
        points_per_case: Points::from_hundredths(100),
        floor: Some(Points::from_hundredths(2_001)),
    }));
    let read = read(&grid(write(&table, Shape::Full))).unwrap();
    let placed = read.placed(table.findings().errors);
    // The headings, the set, part A, four sections with three, four, three and four criteria: A.IV.4.
    assert_eq!((placed[0].code, placed[0].params["row"].as_u64()), (Code::RuleExceedsMax, Some(21)));
    assert_eq!(placed[0].params["sheet"], "Bảng tiêu chí");
}
