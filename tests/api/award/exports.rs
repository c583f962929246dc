//! The export of a whole period: who sees what of it, and that the result follows from it.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{App, Response, apply, on_both};

/// TH first with 1000, KT second with 987.5; the council took 2.5 points of KT's B.1.
fn year(app: &App) -> String {
    let sheets = app.in_council_review(&[("KT", &[("B.1", r#"{"points":30}"#)]), ("TH", &[])]);
    app.review("secretary", &sheets[0], "council", &[("B.1", r#"{"points":27.5}"#, "=Chưa đủ minh chứng")]);
    app.review("secretary", &sheets[1], "council", &[]);
    ["KT", "TH"].into_iter().for_each(|unit| app.good_facts(unit));
    app.set_clock("2023-11-28T02:00:00.000Z");
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
    app.period()
}

fn announce(app: &App) {
    app.set_clock("2023-11-30T02:00:00.000Z");
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
}

fn units_of(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["unit_code"].as_str().unwrap()).collect()
}

/// A number of an export in hundredths.
fn hundredths(number: &Value) -> i64 {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap()
}

/// Recounts totals, ranks, awards and the commitment of an export from its lines, with nothing else at hand.
fn recount(export: &Value) {
    let parts = export["criteria_set"]["parts"].as_array().unwrap();
    let bonus: Vec<String> = parts
        .iter()
        .filter(|part| part["kind"] == "bonus")
        .map(|part| format!("{}.", part["code"].as_str().unwrap()))
        .collect();
    let mut counted: Vec<(i64, i64, &str)> = Vec::new();
    for sheet in export["submissions"].as_array().unwrap().iter().filter(|sheet| sheet["status"] != "missed") {
        let (mut total, mut base) = (0, 0);
        for line in sheet["scores"].as_array().unwrap() {
            let stages = ["council", "appraisal", "self"].map(|stage| &line[stage]["points"]);
            let points = hundredths(stages.into_iter().find(|points| !points.is_null()).unwrap());
            total += points;
            let code = line["criterion_code"].as_str().unwrap();
            base += if bonus.iter().any(|part| code.starts_with(part)) { 0 } else { points };
        }
        counted.push((total, base, sheet["unit_code"].as_str().unwrap()));
    }
    counted.sort_by(|a, b| b.cmp(a));
    let mut awards = export["period"]["rules"]["awards"].as_array().unwrap().iter().flat_map(|award| {
        std::iter::repeat_n(&award["code"], usize::try_from(award["quota"].as_u64().unwrap()).unwrap())
    });
    let rows = export["ranking"]["rows"].as_array().unwrap();
    for ((rank, (total, base, unit)), row) in (1..).zip(&counted).zip(rows) {
        assert_eq!((hundredths(&row["total"]), hundredths(&row["base"])), (*total, *base), "{unit}");
        assert_eq!((&row["rank"], &row["unit_code"]), (&json!(rank), &json!(unit)));
        assert_eq!(&row["award_code"], awards.next().unwrap(), "{unit}");
    }
    let salted = format!("{}{}", export["ranking"]["salt"].as_str().unwrap(), export["inputs"].as_str().unwrap());
    let digest: String = Sha256::digest(salted).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(export["ranking"]["commitment"], digest);
}

#[apply(on_both)]
fn the_result_follows_from_the_export(app: &App) {
    let path = format!("{}/export.json", year(app));
    let export = app.get("auditor", &path).expect(200);
    assert_eq!(export["submissions"][0]["totals"]["final"], json!(null));
    recount(&export);
    announce(app);
    let export = app.get("auditor", &path).expect(200);
    recount(&export);
    let due: Vec<&Value> =
        export["award_proposals"].as_array().unwrap().iter().map(|proposal| &proposal["dossier"]["due_on"]).collect();
    assert_eq!(due, [&json!("2023-12-07"), &json!("2023-12-07")]);
}

/// Before the announcement nobody outside of the council knows that there is anything; after it a unit has its own sheet
/// and every row of the ranking, without the salt; an admin has no sheet at all.
#[apply(on_both)]
fn an_export_shows_what_the_ranking_and_the_sheets_show(app: &App) {
    let period = year(app);
    let export = |person: &str| app.get(person, &format!("{period}/export.json"));
    for person in ["th-head", "admin", "integration", "deadline-checker"] {
        for format in ["json", "csv", "xlsx"] {
            app.get(person, &format!("{period}/export.{format}")).refused(404, "not_found");
        }
    }
    announce(app);
    let of_unit = export("th-head").expect(200);
    assert_eq!(units_of(&of_unit["submissions"]), ["TH"]);
    assert_eq!(of_unit["ranking"]["rows"].as_array().unwrap().len(), 8);
    assert_eq!((&of_unit["ranking"]["salt"], &of_unit["inputs"]), (&json!(null), &json!(null)));
    assert_eq!((&of_unit["tie_decisions"], of_unit["facts"].as_array().unwrap().len()), (&json!(null), 1));
    assert_eq!(of_unit["award_proposals"].as_array().unwrap().len(), 1);
    let of_admin = export("admin").expect(200);
    assert_eq!(
        (&of_admin["submissions"], &of_admin["facts"], &of_admin["award_proposals"]),
        (&json!([]), &json!([]), &json!([]))
    );
    // A member of the council who belongs to TH keeps away from TH's sheet, and from what all inputs would tell.
    let of_council = export("th-council").expect(200);
    assert!(!units_of(&of_council["submissions"]).contains(&"TH"));
    assert_eq!(of_council["ranking"]["salt"], json!(null));
    assert_eq!(export("council-chair").expect(200)["ranking"]["salt"].as_str().map(str::len), Some(64));
}

fn sheet(response: &Response, name: &str) -> Vec<Vec<String>> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(response.bytes.as_slice())).unwrap();
    let range = workbook.worksheet_range(name).unwrap();
    let text = |cell: &Data| cell.to_string();
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

#[track_caller]
fn row<'a>(rows: &'a [Vec<String>], column: usize, text: &str) -> &'a [String] {
    rows.iter()
        .find(|row| row.get(column).is_some_and(|cell| cell == text))
        .unwrap_or_else(|| panic!("{text}: {rows:?}"))
}

/// The guideline's order, a column for each unit and stage, a page to sign for each unit; what looks like a formula is a
/// text.
#[apply(on_both)]
fn the_workbook_is_ready_to_print_and_sign(app: &App) {
    let period = year(app);
    let workbook = app.get("auditor", &format!("{period}/export.xlsx"));
    assert_eq!(workbook.status, 200);
    let summary = sheet(&workbook, "Tổng hợp");
    let columns: Vec<usize> = ["KT – tự chấm", "KT – thẩm định", "KT – Hội đồng", "TH – Hội đồng"]
        .map(|heading| summary[0].iter().position(|cell| cell == heading).unwrap())
        .into();
    let of = |code: &str| columns.iter().map(|at| row(&summary, 0, code)[*at].as_str()).collect::<Vec<_>>();
    assert_eq!((of("B.1"), of("B")), (vec!["30", "30", "27.5", "40"], vec!["90", "90", "87.5", "100"]));
    let total = row(&summary, 2, "TỔNG ĐIỂM");
    assert_eq!(columns.iter().map(|at| total[*at].as_str()).collect::<Vec<_>>(), ["990", "990", "987.5", "1000"]);
    let codes: Vec<&str> = summary.iter().skip(1).map(|row| row[0].as_str()).take(5).collect();
    assert_eq!(codes, ["A", "A.I", "A.I.1", "A.I.2", "A.I.3"]);
    assert_eq!(row(&sheet(&workbook, "Xếp hạng"), 1, "KT")[..6], ["2", "KT", "Phòng Kinh tế", "900", "87.5", "987.5"]);
    let page = sheet(&workbook, "KT");
    assert_eq!(
        row(&page, 0, "BẢNG CHẤM ĐIỂM THI ĐUA NĂM 2023").len(),
        7 + 4,
        "seven are printed, four read a filled form back"
    );
    let line = row(&page, 6, "=Chưa đủ minh chứng");
    assert_eq!(line[2..6], ["40", "30", "30", "27.5"]);
    row(&page, 2, "Thủ trưởng đơn vị");
    let again = app.request("auditor", "GET", &format!("{period}/export.xlsx"));
    assert_eq!(again.header("if-none-match", &workbook.etag()).send().status, 304);
}

/// Headings are in the language that is asked for; what the office wrote is its own.
#[apply(on_both)]
fn tables_are_headed_in_the_language_that_is_asked_for(app: &App) {
    let period = year(app);
    let export = |format: &str, language: &str| {
        let request = app.request("auditor", "GET", &format!("{period}/export.{format}"));
        request.header("accept-language", language).send()
    };
    let text = String::from_utf8(export("csv", "en").bytes).unwrap();
    assert!(
        text.starts_with("\u{feff}Code,No.,Criterion,Maximum,BTCD – self-assessment,BTCD – appraisal,BTCD – council,"),
        "{text}"
    );
    assert!(text.contains(",TOTAL,1000,") && text.contains("Rank,Unit code,Unit,Base points,"), "{text}");
    assert!(text.contains("1,TH,Phòng Tổng hợp,900,100,1000,Cờ thi đua xuất sắc"), "{text}");
    let answer = export("csv", "fr, vi;q=0.5");
    assert_eq!(answer.header("content-language"), "vi");
    assert!(answer.header("vary").starts_with("accept-language"), "{}", answer.header("vary"));
    let text = String::from_utf8(answer.bytes).unwrap();
    assert!(text.starts_with("\u{feff}Mã,STT,Nội dung,Điểm tối đa,BTCD – tự chấm,"), "{text}");
    let workbook = export("xlsx", "en");
    assert_eq!(row(&sheet(&workbook, "Ranking"), 1, "KT")[..6], ["2", "KT", "Phòng Kinh tế", "900", "87.5", "987.5"]);
    let page = sheet(&workbook, "KT");
    row(&page, 0, "EMULATION SCORE SHEET 2023");
    row(&page, 2, "Head of the unit");
    // Another language is another file.
    assert_ne!(workbook.etag(), export("xlsx", "vi").etag());
    assert_eq!(export("json", "en").bytes, export("json", "vi").bytes);
}

/// The names of units are of somebody's making: in a table of text they cannot become formulas, in full width neither.
#[apply(on_both)]
fn the_table_of_text_is_inert(app: &App) {
    let (unit, name) = (app.unit_id("NC"), "＝HYPERLINK(1)");
    let unit = format!("/v1/units/{unit}");
    let request = app.request("admin", "PATCH", &unit).if_match(&app.tag("admin", &unit));
    request.json(&json!({"name": name})).send().expect(200);
    let period = year(app);
    let table = app.get("auditor", &format!("{period}/export.csv"));
    let text = String::from_utf8(table.bytes.clone()).unwrap();
    assert!(text.starts_with('\u{feff}') && table.header("content-type") == "text/csv; charset=utf-8");
    assert!(text.contains(",'＝HYPERLINK(1),"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("B.1,1,") && line.contains(",30,30,27.5,")), "{text}");
    assert!(text.lines().any(|line| line == "1,TH,Phòng Tổng hợp,900,100,1000,Cờ thi đua xuất sắc"), "{text}");
}

/// What a unit has not sent is nobody else's, in an export neither.
#[apply(on_both)]
fn an_unsent_sheet_is_not_exported(app: &App) {
    let draft = app.new_sheet("TH");
    app.patch("th-head", &draft, &[("A.II.1", r#"{"points":7}"#)]).expect(200);
    let path = format!("{}/export.json", app.period());
    assert_eq!(app.get("secretary", &path).expect(200)["submissions"], json!([]));
    let of_auditor = app.get("auditor", &path).expect(200);
    assert_eq!(units_of(&of_auditor["submissions"]), ["TH"]);
}
