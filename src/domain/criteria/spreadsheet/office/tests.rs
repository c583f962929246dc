use super::super::{Reading, read as read_as, write};
use super::*;
use crate::domain::criteria::criteria_set::tests::guideline;
use crate::domain::criteria::rules::{AllOrNothingRule, DeductionPerCaseRule};

fn read(grid: &Grid) -> Result<Table, Vec<Fault>> {
    read_as(grid, &Reading::default())
}

fn grid(rows: Vec<Vec<Cell>>) -> Grid {
    let rows = (1..).zip(rows).map(|(number, cells)| Row { number, cells, ..Row::default() }).collect();
    Grid { sheet: "Sheet1".into(), rows, ..Grid::default() }
}

/// Rows of number, text and points, as typed; the headings are in row 1.
fn typed(rows: &[[&str; 3]]) -> Grid {
    let row = |cells: &[&str; 3]| cells.iter().map(|text| Cell::text(*text)).collect();
    grid([["STT", "NỘI DUNG", "ĐIỂM"]].iter().chain(rows).map(row).collect())
}

/// Code and points of everything that was read.
fn codes(table: &Table) -> Vec<(String, String)> {
    fn add(nodes: &[Node], list: &mut Vec<(String, String)>) {
        for node in nodes {
            list.push((node.code.clone(), node.max_points.map_or_else(|| "–".into(), |points| points.to_string())));
            add(&node.children, list);
        }
    }
    let mut list = Vec::new();
    for part in &table.parts {
        list.push((part.code.clone(), part.max_points.to_string()));
        add(&part.children, &mut list);
    }
    list
}

fn found(faults: &[Fault]) -> Vec<(Code, u64, &str)> {
    let place = |fault: &Fault| (fault.code, fault.params["row"].as_u64().unwrap());
    faults.iter().map(|fault| (place(fault).0, place(fault).1, fault.params["column"].as_str().unwrap())).collect()
}

/// The guideline's own table: its two rules are recognised by their phrases, and A.I.1 and A.I.2 share points.
#[test]
fn the_guideline_as_it_is_printed_is_its_data() {
    let table = read(&grid(write(&guideline(), Shape::Office))).unwrap();
    assert_eq!(table.parts, guideline().parts);
    assert_eq!((table.total_points, table.heading.year), (guideline().total_points, Some(2023)));
    assert_eq!(table.heading.title, Some(guideline().title));
    let guessed: Vec<&str> = table
        .warnings
        .iter()
        .map(|warning| warning.params.get("rule").and_then(|rule| rule.as_str()).unwrap_or(warning.code.row().code))
        .collect();
    // The bands of VI.4 and VI.5 are left open by the guideline.
    assert_eq!(guessed, ["all_or_nothing", "deduction_per_case", "rule_unsure", "rule_unsure"]);
}

#[test]
fn parts_sections_items_and_what_they_are_divided_into() {
    let table = read(&typed(&[
        ["A", "ĐIỂM CHUẨN", "1.000"],
        ["I", "Nhiệm vụ", "700"],
        ["1", "Chương trình công tác", "500"],
        ["1.1", "Đúng hạn", "300"],
        ["1.2", "Chất lượng", "200"],
        ["2)", "Phối hợp", ""],
        ["a)", "Trong cơ quan", ""],
        ["b)", "Ngoài cơ quan", "150,5"],
        ["II.", "Nội quy", "300"],
        ["B", "ĐIỂM THƯỞNG", "50"],
        ["(1)", "- Sáng kiến", "50"],
        ["", "TỔNG CỘNG", "1.050"],
        ["", "CHÁNH VĂN PHÒNG", ""],
    ]))
    .unwrap();
    let expected = [
        ("A", "1000"),
        ("A.I", "700"),
        ("A.I.1", "500"),
        ("A.I.1.1", "300"),
        ("A.I.1.2", "200"),
        ("A.I.2", "–"),
        ("A.I.2.a", "–"),
        ("A.I.2.b", "150.5"),
        ("A.II", "300"),
        ("B", "50"),
        ("B.1", "50"),
    ];
    assert_eq!(codes(&table), expected.map(|(code, points)| (code.to_owned(), points.to_owned())));
    assert_eq!(table.parts[1].kind, PartKind::Bonus);
    assert_eq!(table.parts[1].children[0].title, "Sáng kiến");
    assert_eq!((table.total_points.to_string().as_str(), table.warnings.len()), ("1050", 0));
}

/// A subtotal does not end the table, and an item may begin with the same words.
#[test]
fn the_last_total_is_that_of_the_table() {
    let table = read(&typed(&[
        ["A", "ĐIỂM CHUẨN", "90"],
        ["1", "Tổng điểm các phong trào", "90"],
        ["", "Tổng cộng phần A", "90"],
        ["B", "ĐIỂM THƯỞNG", "10"],
        ["1", "Sáng kiến", "10"],
        ["", "TỔNG ĐIỂM", "100"],
        ["", "Người lập biểu", ""],
    ]))
    .unwrap();
    assert_eq!((table.parts.len(), table.total_points.to_string().as_str(), table.warnings.len()), (2, "100", 0));
}

/// An item with lines of points below it and items of its own is neither.
#[test]
fn levels_of_an_item_with_subitems_are_rejected() {
    let rows = [["A", "ĐIỂM CHUẨN", "10"], ["I", "Mục", "10"], ["", "Tốt", "5"], ["1", "Một", "10"]];
    assert_eq!(found(&read(&typed(&rows)).unwrap_err()), [(Code::RowOutOfPlace, 3, "B")]);
}

/// C is a part after B, and a hundred nowhere; I after eight parts would be a section.
#[test]
fn a_letter_that_is_a_roman_numeral_is_decided_by_its_predecessors() {
    let mut rows = Vec::new();
    for part in ["A", "B", "C", "D"] {
        rows.push([part, "Phần", "10"]);
        rows.push(["I", "Mục", "5"]);
        rows.push(["II", "Mục", "5"]);
    }
    let table = read(&typed(&rows)).unwrap();
    let parts: Vec<&str> = table.parts.iter().map(|part| part.code.as_str()).collect();
    assert_eq!(parts, ["A", "B", "C", "D"]);
    assert!(table.parts.iter().all(|part| part.children.len() == 2));
    assert_eq!(table.parts[2].children[0].code, "C.I");
}

#[test]
fn lines_with_points_under_an_item_are_its_levels() {
    let table = read(&typed(&[
        ["A", "ĐIỂM CHUẨN", "40"],
        ["1", "Chi bộ được xếp loại:", "40"],
        ["", "- Hoàn thành xuất sắc nhiệm vụ", "40"],
        ["-", "Hoàn thành tốt nhiệm vụ", "30"],
        ["", "Hoàn thành tốt nhiệm vụ", "20,5"],
    ]))
    .unwrap();
    let Some(Rule::Levels(LevelsRule { levels })) = &table.parts[0].children[0].rule else {
        panic!("{:?}", table.parts)
    };
    let levels: Vec<_> =
        levels.iter().map(|level| (level.code.as_str(), level.title.as_str(), level.points.to_string())).collect();
    let expected = [
        ("hoan_thanh_xuat_sac_nhiem_vu", "Hoàn thành xuất sắc nhiệm vụ", "40".to_owned()),
        ("hoan_thanh_tot_nhiem_vu", "Hoàn thành tốt nhiệm vụ", "30".to_owned()),
        ("hoan_thanh_tot_nhiem_vu_2", "Hoàn thành tốt nhiệm vụ", "20.5".to_owned()),
    ];
    assert_eq!(levels, expected);
    assert_eq!(found(&table.warnings), [(Code::RuleGuessed, 3, "B")]);
}

#[test]
fn the_phrases_of_the_guideline_are_recognised() {
    let per_case = |points: i64| {
        Rule::DeductionPerCase(DeductionPerCaseRule {
            points_per_case: Points::from_hundredths(points),
            floor: Some(Points::ZERO),
        })
    };
    for (title, rule) in [
        ("Lập hồ sơ. Không thực hiện không tính điểm.", Rule::AllOrNothing(AllOrNothingRule {})),
        ("Nếu có trường hợp bị phản ánh thì trừ 10 điểm/01 trường hợp", per_case(1000)),
        ("Trừ 2,5 điểm/lần vi phạm", per_case(250)),
        ("Trừ 5 điểm/1 văn bản trễ hạn", per_case(500)),
        ("Trừ 5 điểm nếu trễ hạn", Rule::Manual(ManualRule { step: None })),
        ("Trừ mười điểm/01 trường hợp", Rule::Manual(ManualRule { step: None })),
        ("Không lập hồ sơ", Rule::Manual(ManualRule { step: None })),
    ] {
        let table = read(&typed(&[["A", "ĐIỂM CHUẨN", "20"], ["1", title, "20"]])).unwrap();
        assert_eq!(table.parts[0].children[0].rule, Some(rule), "{title}");
    }
}

#[test]
fn a_table_without_parts_is_one_of_base_points() {
    let table = read(&typed(&[["I", "Nhiệm vụ", "70"], ["1", "Công tác", "70"], ["II", "Nội quy", "30"]])).unwrap();
    let expected = [("A", "100"), ("A.I", "70"), ("A.I.1", "70"), ("A.II", "30")];
    assert_eq!(codes(&table), expected.map(|(code, points)| (code.to_owned(), points.to_owned())));
    assert_eq!(found(&table.warnings), [(Code::PartImplied, 2, "B")]);
}

#[test]
fn what_was_inferred_is_a_warning() {
    let table = read(&typed(&[
        ["A", "ĐIỂM CHUẨN", "30"],
        ["1", "Một", "10"],
        ["", "và còn nữa", ""],
        ["3", "Ba", "20"],
        ["STT", "NỘI DUNG", "ĐIỂM"],
        ["C", "Phần", "5"],
    ]))
    .unwrap();
    assert_eq!(table.parts[0].children[0].title, "Một và còn nữa");
    assert_eq!(
        found(&table.warnings),
        [(Code::RowJoined, 4, "B"), (Code::NumberingGap, 5, "A"), (Code::NumberingGap, 7, "A")]
    );
    assert_eq!(table.warnings[1].params["expected"], 2);
}

#[test]
fn each_mistake_has_its_row_and_column() {
    let below = |row: [&'static str; 3]| typed(&[["A", "ĐIỂM CHUẨN", "30"], row]);
    for (row, code, column) in [
        (["1", "", "10"], Code::Required, "B"),
        (["1", "Một", "mười"], Code::NumberUnreadable, "C"),
        (["1", "Một", "1,005"], Code::PointsPrecision, "C"),
        (["?", "Một", "10"], Code::RowNumberUnreadable, "A"),
        (["", "", "10"], Code::Required, "B"),
        (["", "Hoàn thành tốt", "10"], Code::RowOutOfPlace, "A"),
    ] {
        assert_eq!(found(&read(&below(row)).unwrap_err()), [(code, 3, column)], "{row:?}");
    }
    let without_points = typed(&[["A", "ĐIỂM CHUẨN", ""], ["1", "Một", ""]]);
    assert_eq!(found(&read(&without_points).unwrap_err()), [(Code::Required, 2, "C")]);
}

#[test]
fn the_rows_above_the_headings_name_the_table() {
    let mut rows = vec![
        vec![Cell::text("ỦY BAN NHÂN DÂN TỈNH")],
        vec![Cell::Empty, Cell::text("BẢNG TIÊU CHÍ THI ĐUA NĂM 2024")],
        vec![Cell::Empty, Cell::text("(Kèm theo Hướng dẫn số 12/HD-VP ngày 05/01/2024)")],
    ];
    rows.extend(typed(&[["A", "ĐIỂM CHUẨN", "10"], ["1", "Một", "10"]]).rows.into_iter().map(|row| row.cells));
    let heading = read(&grid(rows)).unwrap().heading;
    assert_eq!(heading.title.as_deref(), Some("BẢNG TIÊU CHÍ THI ĐUA NĂM 2024"));
    assert_eq!(
        (heading.year, heading.legal_basis.as_deref()),
        (Some(2024), Some("Hướng dẫn số 12/HD-VP ngày 05/01/2024"))
    );
}

#[test]
fn a_sheet_without_headings_is_no_table() {
    let faults = read(&grid(vec![vec![Cell::text("STT"), Cell::text("Họ tên")]])).unwrap_err();
    assert_eq!((faults[0].code, &faults[0].params["sheet"]), (Code::HeadingNotFound, &serde_json::json!("Sheet1")));
}

#[test]
fn roman_numbers_are_read_as_they_are_written() {
    for (word, value) in [
        ("I", Some(1)),
        ("IV", Some(4)),
        ("VIII", Some(8)),
        ("XIX", Some(19)),
        ("XC", Some(90)),
        ("IIII", None),
        ("VX", None),
        ("", None),
    ] {
        assert_eq!(roman(word), value, "{word}");
    }
}
