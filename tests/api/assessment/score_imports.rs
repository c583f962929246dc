//! Scores from a workbook that was exported, filled in and sent back.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::support::{App, Part, Response, apply, on_both};

/// The sheets of a workbook with their cells.
type Sheets = Vec<(String, Vec<Vec<Data>>)>;

fn opened(bytes: &[u8]) -> Sheets {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = |(name, range): (String, calamine::Range<Data>)| {
        assert_eq!(range.start(), Some((0, 0)), "{name}");
        (name, range.rows().map(<[Data]>::to_vec).collect())
    };
    workbook.worksheets().into_iter().map(sheet).collect()
}

/// Saves the cells alone, as another program would that cares for nothing else.
fn saved(sheets: &Sheets) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, cells) in (0_u32..).zip(rows) {
            for (column, cell) in (0_u16..).zip(cells) {
                match cell {
                    Data::Empty => {}
                    Data::Float(number) => {
                        sheet.write_number(row, column, *number).unwrap();
                    }
                    Data::Int(number) => {
                        let number = i32::try_from(*number).unwrap();
                        sheet.write_number(row, column, number).unwrap();
                    }
                    other @ (Data::String(_)
                    | Data::Bool(_)
                    | Data::DateTime(_)
                    | Data::DateTimeIso(_)
                    | Data::DurationIso(_)
                    | Data::Error(_)) => {
                        sheet.write_string(row, column, other.to_string()).unwrap();
                    }
                }
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// Where a criterion is in a sheet, and the column of a heading.
fn place(rows: &[Vec<Data>], code: &str, heading: &str) -> (usize, usize) {
    let headings = rows.iter().position(|row| row.iter().any(|cell| cell == "Mã tiêu chí")).unwrap();
    let column =
        |heading: &str| rows[headings].iter().position(|cell| cell == heading).unwrap_or_else(|| panic!("{heading}"));
    let codes = column("Mã tiêu chí");
    let row = rows.iter().position(|row| row[codes] == code).unwrap_or_else(|| panic!("{code}"));
    (row, column(heading))
}

fn cell<'a>(sheets: &'a mut Sheets, sheet: &str, code: &str, heading: &str) -> &'a mut Data {
    let (_, rows) = sheets.iter_mut().find(|(name, _)| name == sheet).unwrap();
    let (row, column) = place(rows, code, heading);
    &mut rows[row][column]
}

fn text(text: &str) -> Data {
    Data::String(text.to_owned())
}

fn send(app: &App, person: &str, file: &[u8], [stage, mode, dry_run]: [&str; 3]) -> Response {
    let path = format!("{}/scores/import", app.period());
    let parts = [
        Part::Text("stage", stage),
        Part::Text("mode", mode),
        Part::Text("dry_run", dry_run),
        Part::File("cham-diem.xlsx", file),
    ];
    app.request(person, "POST", &path).form(&parts).send()
}

#[track_caller]
fn exported(app: &App, person: &str, path: &str) -> Vec<u8> {
    let response = app.get(person, path);
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.bytes));
    response.bytes
}

fn of_period(app: &App, person: &str) -> Vec<u8> {
    exported(app, person, &format!("{}/export.xlsx", app.period()))
}

/// The form of a sheet as its head exports it, with other points for a criterion.
pub fn filled_in(app: &App, head: &str, sheet: &str, (unit, code, points): (&str, &str, f64)) -> Vec<u8> {
    let mut form = opened(&exported(app, head, &format!("{sheet}/export.xlsx")));
    *cell(&mut form, unit, code, "Tự chấm") = Data::Float(points);
    saved(&form)
}

fn audited(app: &App) -> Value {
    app.get("auditor", "/v1/audit-entries?sort=-sequence&limit=1").expect(200)["items"][0]["id"].clone()
}

/// The place, criterion and code of each refused line.
fn refused(answer: &Value) -> Vec<(String, String)> {
    let results = answer["results"].as_array().unwrap();
    let word = |result: &Value| {
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        let error = &result["errors"][0];
        assert_eq!(
            (&error["params"]["sheet"], &error["params"]["row"], &error["pointer"]),
            (&result["sheet"], &result["row"], &json!("/file")),
            "{result}"
        );
        (format!("{} {}", text("criterion_code"), error["params"]["column"].as_str().unwrap()), text("code"))
    };
    results.iter().filter(|result| result["status"] == "refused").map(word).collect()
}

fn review(app: &App, person: &str, sheet: &str) -> Value {
    let id = sheet.rsplit('/').next().unwrap();
    let listed = app.get(person, &format!("/v1/reviews?submission_id={id}")).expect(200);
    let id = listed["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned();
    app.get(person, &format!("/v1/reviews/{id}")).expect(200)
}

fn line<'a>(review: &'a Value, code: &str) -> &'a Value {
    review["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == code).unwrap()
}

#[apply(on_both)]
fn a_file_that_nobody_has_filled_in_changes_nothing(app: &App) {
    let sheets = app.in_appraisal(&[("KT", &[("A.II.1", r#"{"points":27.5}"#)]), ("TH", &[])]);
    let before = audited(app);
    for person in ["hctc-appraiser", "secretary"] {
        let stage = if person == "secretary" { "council" } else { "appraisal" };
        let file = of_period(app, person);
        for file in [file.clone(), saved(&opened(&file))] {
            let answer = send(app, person, &file, [stage, "atomic", "false"]).expect(200);
            assert_eq!((&answer["results"], &answer["applied"]), (&json!([]), &json!(0)));
            // Two sheets of 28 criteria; a missed one is a form without lines.
            assert!(answer["unchanged"].as_i64().unwrap() >= 56, "{answer}");
            assert_eq!(answer["skipped_sheets"], json!(["Tổng hợp", "Xếp hạng"]));
        }
    }
    assert_eq!(audited(app), before);
    for sheet in &sheets {
        let id = sheet.rsplit('/').next().unwrap();
        assert_eq!(app.get("appraiser", &format!("/v1/reviews?submission_id={id}")).expect(200)["items"], json!([]));
    }
}

/// Rows and columns are not where they were: what counts is the code and the heading.
#[apply(on_both)]
fn what_is_filled_in_is_written_wherever_it_stands(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[])]);
    let mut file = opened(&of_period(app, "hctc-appraiser"));
    *cell(&mut file, "TH", "A.II.1", "Thẩm định") = text("27,5");
    *cell(&mut file, "TH", "A.II.1", "Ghi chú") = text("Trình chậm");
    *cell(&mut file, "TH", "A.III.1", "Thẩm định") = Data::Float(0.0);
    *cell(&mut file, "TH", "A.IV.4", "Trả lời – thẩm định") = Data::Float(1.0);
    *cell(&mut file, "TH", "A.II.2", "Ghi chú") = text("Đã xem");
    let (_, rows) = file.iter_mut().find(|(name, _)| name == "TH").unwrap();
    let (row, _) = place(rows, "A.II.1", "Thẩm định");
    let headings = rows.iter().position(|row| row.iter().any(|cell| cell == "Mã tiêu chí")).unwrap();
    let (head, lines) = rows.split_at_mut(headings + 1);
    lines.reverse();
    for row in head[headings..].iter_mut().chain(lines) {
        row.reverse();
    }
    let moved = headings + 1 + (rows.len() - 1 - row) + 1;
    let answer = send(app, "hctc-appraiser", &saved(&file), ["appraisal", "atomic", "false"]).expect(200);
    assert_eq!((&answer["applied"], &answer["refused"]), (&json!(4), &json!(0)), "{answer}");
    let of =
        |code: &str| answer["results"].as_array().unwrap().iter().find(|line| line["criterion_code"] == code).unwrap();
    assert_eq!((&of("A.II.1")["row"], &of("A.II.1")["sheet"]), (&json!(moved), &json!("TH")));
    let review = review(app, "hctc-appraiser", &sheets[0]);
    let points = |code: &str| line(&review, code)["points"].clone();
    assert_eq!(
        ["A.II.1", "A.III.1", "A.IV.4", "A.II.2", "A.II.3"].map(points),
        [json!(27.5), json!(0), json!(10), json!(20), json!(30)]
    );
    assert_eq!(
        (&line(&review, "A.II.1")["reason"], &line(&review, "A.II.2")["reason"]),
        (&json!("Trình chậm"), &json!("Đã xem"))
    );
    // Sent again, every line is so already.
    let again = send(app, "hctc-appraiser", &saved(&file), ["appraisal", "atomic", "false"]).expect(200);
    assert_eq!((&again["applied"], &again["refused"]), (&json!(0), &json!(0)), "{again}");
}

#[apply(on_both)]
fn every_cell_that_cannot_be_read_is_named(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[])]);
    let mut file = opened(&of_period(app, "hctc-appraiser"));
    *cell(&mut file, "TH", "A.II.1", "Thẩm định") = text("hai mươi");
    *cell(&mut file, "TH", "A.II.2", "Nội dung") = text("Việc khác");
    *cell(&mut file, "TH", "A.II.3", "Điểm tối đa") = Data::Float(300.0);
    *cell(&mut file, "TH", "A.IV.4", "Thẩm định") = Data::Float(10.0);
    *cell(&mut file, "TH", "A.III.1", "Trả lời – thẩm định") = text("không");
    *cell(&mut file, "TH", "A.III.1", "Thẩm định") = Data::Float(20.0);
    *cell(&mut file, "TH", "A.III.2", "Thẩm định") = Data::Float(41.0);
    *cell(&mut file, "TH", "A.II.4", "Thẩm định") = Data::Float(19.0);
    *cell(&mut file, "TH", "A.II", "Thẩm định") = Data::Float(1.0);
    *cell(&mut file, "TH", "A.V.1", "Mã tiêu chí") = text("A.V.9");
    let file = saved(&file);
    let expected = [
        ("A.II.1 E", "number_unreadable"),
        ("A.II.2 B", "cell_changed"),
        ("A.II.3 C", "cell_changed"),
        ("A.III.1 E", "points_disagree"),
        ("A.III.2 E", "score_out_of_range"),
        ("A.IV.4 E", "answer_missing"),
        ("A.V.9 H", "unknown_criterion"),
    ]
    .map(|(place, code)| (place.to_owned(), code.to_owned()));
    let before = audited(app);
    let whole = send(app, "hctc-appraiser", &file, ["appraisal", "atomic", "false"]).refused(422, "validation_failed");
    assert_eq!(whole.faults().len(), expected.len(), "{:?}", whole.faults());
    let tried = send(app, "hctc-appraiser", &file, ["appraisal", "per_item", "true"]).expect(200);
    assert_eq!((refused(&tried), &tried["applied"]), (expected.to_vec(), &json!(1)));
    assert_eq!(audited(app), before);
    let done = send(app, "hctc-appraiser", &file, ["appraisal", "per_item", "false"]).expect(200);
    assert_eq!((refused(&done), &done["applied"]), (expected.to_vec(), &json!(1)));
    assert_eq!(line(&review(app, "hctc-appraiser", &sheets[0]), "A.II.4")["points"], 19);
}

/// A unit fills in the form of its own sheet before anybody else sees it.
#[apply(on_both)]
fn a_unit_fills_in_its_own_form(app: &App) {
    let sheet = app.new_sheet("TH");
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":7}"#), ("A.II.2", r#"{"points":3}"#)]).expect(200);
    let path = format!("{sheet}/export.xlsx");
    let mut file = opened(&exported(app, "th-editor", &path));
    for person in ["kt-head", "appraiser", "admin", "so-khdt-admin"] {
        app.get(person, &path).refused(404, "not_found");
    }
    assert_eq!(file.len(), 1);
    *cell(&mut file, "TH", "A.II.1", "Tự chấm") = Data::Empty;
    *cell(&mut file, "TH", "A.II.2", "Ghi chú") = text("Có tài liệu");
    *cell(&mut file, "TH", "A.III.1", "Trả lời – tự chấm") = text("Có");
    *cell(&mut file, "TH", "A.III.1", "Tự chấm") = Data::Float(20.0);
    let file = saved(&file);
    let version = app.get("th-head", &sheet).expect(200)["version"].as_i64().unwrap();
    let answer = send(app, "th-editor", &file, ["self", "atomic", "false"]).expect(200);
    assert_eq!((&answer["applied"], &answer["unchanged"]), (&json!(3), &json!(25)), "{answer}");
    let seen = app.get("th-head", &format!("{sheet}/scores")).expect(200);
    let own = |code: &str| line(&seen, code)["self"].clone();
    assert_eq!(own("A.II.1"), Value::Null);
    assert_eq!((&own("A.II.2")["points"], &own("A.II.2")["note"]), (&json!(3), &json!("Có tài liệu")));
    assert_eq!(own("A.III.1")["answer"]["achieved"], true);
    assert_eq!(app.get("th-head", &sheet).expect(200)["version"], version + 1);
    // The sheet has moved on since the file was exported.
    app.patch("th-head", &sheet, &[("A.II.4", r#"{"points":1}"#)]).expect(200);
    let stale = send(app, "th-editor", &file, ["self", "per_item", "false"]).expect(200);
    assert!(refused(&stale).iter().all(|(_, code)| code == "version_mismatch") && stale["applied"] == 0, "{stale}");
    let stale = send(app, "th-editor", &file, ["self", "atomic", "false"]).refused(409, "guard_failed");
    assert_eq!(stale.faults()[0], ("version_mismatch".to_owned(), "/file".to_owned()));
}

#[apply(on_both)]
fn a_sheet_that_one_may_not_know_of_is_not_there(app: &App) {
    app.in_appraisal(&[("HCTC", &[]), ("TH", &[])]);
    let mut file = opened(&of_period(app, "appraiser"));
    *cell(&mut file, "HCTC", "A.II.1", "Thẩm định") = Data::Float(1.0);
    *cell(&mut file, "TH", "A.II.1", "Thẩm định") = Data::Float(1.0);
    let answer = send(app, "hctc-appraiser", &saved(&file), ["appraisal", "per_item", "false"]).expect(200);
    assert_eq!((refused(&answer), &answer["applied"]), (vec![(" H".to_owned(), "not_found".to_owned())], &json!(1)));
    for person in ["admin", "auditor", "deadline-checker"] {
        send(app, person, &saved(&file), ["appraisal", "per_item", "false"]).refused(403, "role_required");
    }
    send(app, "so-khdt-admin", &saved(&file), ["appraisal", "per_item", "false"]).refused(404, "not_found");
    send(app, "th-head", &saved(&file), ["appraisal", "per_item", "false"]).refused(403, "role_required");
}

#[apply(on_both)]
fn what_is_no_exported_workbook_is_refused(app: &App) {
    let sheet = app.new_sheet("TH");
    let form = exported(app, "th-head", &format!("{sheet}/export.xlsx"));
    let by = |file: &[u8], stage: &str| send(app, "th-head", file, [stage, "atomic", "false"]);
    by(b"A;B\n", "self").refused(400, "invalid_body");
    by(b"PK\x03\x04 and nothing else", "self").refused(422, "spreadsheet_unreadable");
    by(&form[..form.len() / 2], "self").refused(422, "spreadsheet_unreadable");
    by(&vec![0; 6 * 1024 * 1024], "self").refused(413, "file_too_large");
    by(&form, "final").refused(400, "invalid_body");
    by(include_bytes!("../../../examples/criteria/guideline-2023.xlsx"), "self").refused(422, "form_not_found");
    let mut lacking = opened(&form);
    let (_, rows) = &mut lacking[0];
    let (_, column) = place(rows, "A.II.1", "Điểm tối đa");
    rows.iter_mut().for_each(|row| drop(row.remove(column)));
    by(&saved(&lacking), "self").refused(422, "form_not_found");
    let path = format!("{}/scores/import", app.period());
    app.post("th-head", &path, &json!({})).refused(415, "unsupported_media_type");
    // The same request again, under its key: the first answer.
    let keyed = || {
        let parts = [Part::Text("stage", "self"), Part::Text("mode", "atomic"), Part::File("a.xlsx", &form)];
        app.request("th-head", "POST", &path).header("idempotency-key", "k-1").form(&parts).send()
    };
    let (first, again) = (keyed(), keyed());
    assert_eq!(
        (first.status, again.header("idempotency-replayed")),
        (200, "true"),
        "{}",
        String::from_utf8_lossy(&first.bytes)
    );
    assert_eq!(first.bytes, again.bytes);
}
