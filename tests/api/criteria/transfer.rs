//! Tables of criteria as files: in from what offices have, out and in again as they were.

use std::io::Cursor;

use serde_json::{Value, json};

use crate::support::{App, Part, Response, apply, on_both};

const GUIDELINE: &str = include_str!("../../../openapi/examples/criteria-2023.json");
const BLOCK: &str = include_str!("../../../examples/criteria/block-950-50.json");
const TARGETS: &str = include_str!("../../../examples/criteria/yearly-targets.json");
const GUIDELINE_XLSX: &[u8] = include_bytes!("../../../examples/criteria/guideline-2023.xlsx");
const BLOCK_XLSX: &[u8] = include_bytes!("../../../examples/criteria/block-950-50.xlsx");
const TARGETS_XLSX: &[u8] = include_bytes!("../../../examples/criteria/yearly-targets.xlsx");
/// The printed table, typed into LibreOffice Calc and saved there.
const FROM_LIBREOFFICE: &[u8] = include_bytes!("files/guideline-2023-libreoffice.xlsx");
const CSV_FROM_LIBREOFFICE: &[u8] = include_bytes!("files/guideline-2023-libreoffice.csv");

fn import(app: &App, query: &str, bytes: &[u8], texts: &[(&str, &str)]) -> Response {
    let texts = texts.iter().map(|(name, text)| Part::Text(name, text));
    let parts: Vec<Part> = texts.chain([Part::File("bang.xlsx", bytes)]).collect();
    app.request("admin", "POST", &format!("/v1/criteria-sets/import{query}"))
        .header("accept-language", "en")
        .form(&parts)
        .send()
}

/// What a table says, whichever answer it stands in.
fn says(view: &Value) -> Value {
    let names = ["code", "title", "year", "legal_basis", "total_points", "not_applicable", "parts"];
    names.iter().map(|name| ((*name).to_owned(), view[name].clone())).collect()
}

fn parts(json: &str) -> Value {
    serde_json::from_str::<Value>(json).unwrap()["parts"].clone()
}

/// Parts as their author writes them: an answer names as well what has been left out.
fn as_written(parts: &Value) -> Value {
    match parts {
        Value::Object(fields) => {
            let is_said = |name: &str, value: &Value| match name {
                "evidence_required" => *value == true,
                "children" => *value != json!([]),
                "combine" => *value != "sum",
                "scored_by" => *value != "unit",
                "max_points" => true,
                _ => !value.is_null(),
            };
            let said = fields.iter().filter(|(name, value)| is_said(name, value));
            said.map(|(name, value)| (name.clone(), as_written(value))).collect()
        }
        Value::Array(items) => items.iter().map(as_written).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => parts.clone(),
    }
}

fn codes(faults: &Value) -> Vec<&str> {
    faults.as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect()
}

fn download(app: &App, path: &str) -> Response {
    let response = app.get("admin", path);
    assert_eq!(response.status, 200, "{path}: {}", String::from_utf8_lossy(&response.bytes));
    assert!(response.header("content-disposition").starts_with("attachment"), "{path}");
    assert_eq!(response.header("x-content-type-options"), "nosniff");
    response
}

/// Rows of number, text and points as CSV, the headings in row 1.
fn csv(rows: &[&str]) -> Vec<u8> {
    format!("STT,NỘI DUNG,ĐIỂM\n{}\n", rows.join("\n")).into_bytes()
}

/// The guideline's printed table, from our own spreadsheet and from an office suite's: exactly its data.
#[apply(on_both)]
fn the_guidelines_table_as_a_spreadsheet_is_its_data(app: &App) {
    let texts = [("code", "BANG-1"), ("year", "2023"), ("legal_basis", "Hướng dẫn số 1/HD-VP")];
    let imported = import(app, "", GUIDELINE_XLSX, &texts);
    let location = imported.header("location").to_owned();
    let imported = imported.expect(201);
    assert_eq!(
        (&imported["format"], &imported["shape"], &imported["dry_run"]),
        (&json!("xlsx"), &json!("office"), &json!(false))
    );
    let set = app.get("admin", &location).expect(200);
    assert_eq!(set, imported["criteria_set"]);
    assert_eq!(
        (&as_written(&set["parts"]), &set["total_points"], &set["status"]),
        (&parts(GUIDELINE), &json!(1000), &json!("draft"))
    );
    assert_eq!((&set["code"], &set["legal_basis"]), (&json!("BANG-1"), &json!("Hướng dẫn số 1/HD-VP")));
    assert_eq!(set["title"], serde_json::from_str::<Value>(GUIDELINE).unwrap()["title"]);
    assert_eq!(imported["errors"], json!([]));
    // Two rules told from their phrases, and 150 points that two criteria share.
    assert_eq!(
        codes(&imported["warnings"]),
        ["rule_guessed", "rule_guessed", "rule_unsure", "rule_unsure", "points_shared"]
    );
    assert_eq!(
        imported["warnings"][0]["params"],
        json!({"sheet": "Bảng tiêu chí", "row": 14, "column": "B", "rule": "all_or_nothing"})
    );
    assert_eq!(
        imported["warnings"][0]["message"],
        "Row 14: the rule all or nothing was inferred from the text; please check it."
    );
    app.act("admin", &location, "publish", None).expect(200);
}

/// The office's own file has no remarks of ours; all else is the data.
#[apply(on_both)]
fn a_table_from_libreoffice_is_imported(app: &App) {
    let mut printed: Value = parts(GUIDELINE);
    without_notes(&mut printed);
    for (code, bytes, format) in [("LO-XLSX", FROM_LIBREOFFICE, "xlsx"), ("LO-CSV", CSV_FROM_LIBREOFFICE, "csv")] {
        let imported = import(app, "", bytes, &[("code", code)]).expect(201);
        assert_eq!((&imported["format"], &imported["shape"]), (&json!(format), &json!("office")));
        assert_eq!(
            (&as_written(&imported["criteria_set"]["parts"]), &imported["criteria_set"]["year"]),
            (&printed, &json!(2023)),
            "{code}"
        );
        assert_eq!(imported["errors"], json!([]));
    }
}

#[apply(on_both)]
fn what_is_exported_is_imported_again_as_it_was(app: &App) {
    for (at, table) in [BLOCK, TARGETS].into_iter().enumerate() {
        let body: Value = serde_json::from_str(table).unwrap();
        let made = app.post("admin", "/v1/criteria-sets", &body).expect(201);
        let path = format!("/v1/criteria-sets/{}/export.", made["id"].as_str().unwrap());
        for format in ["json", "csv", "xlsx"] {
            let file = download(app, &format!("{path}{format}"));
            assert_eq!(
                file.header("content-disposition").replace("%2D", "-"),
                format!("attachment; filename*=UTF-8''{}.{format}", body["code"].as_str().unwrap())
            );
            let imported = import(app, "", &file.bytes, &[("code", &format!("AGAIN-{at}-{format}"))]).expect(201);
            assert_eq!(imported["format"], format);
            let mut again = says(&imported["criteria_set"]);
            again["code"] = body["code"].clone();
            assert_eq!(again, says(&made), "{format}");
            let known =
                app.request("admin", "GET", &format!("{path}{format}")).header("if-none-match", &file.etag()).send();
            assert_eq!((known.status, known.bytes.len()), (304, 0));
        }
    }
}

/// The examples in the repository say the same in both formats.
#[apply(on_both)]
fn the_examples_are_the_same_as_spreadsheets(app: &App) {
    for (json, xlsx) in [(BLOCK, BLOCK_XLSX), (TARGETS, TARGETS_XLSX)] {
        let read = import(app, "?dry_run=true", xlsx, &[]).expect(200);
        let table: Value = serde_json::from_str(json).unwrap();
        assert_eq!(
            (&as_written(&read["content"]["parts"]), &read["content"]["code"], &read["shape"]),
            (&table["parts"], &table["code"], &json!("full"))
        );
        assert_eq!((&read["errors"], &read["warnings"]), (&json!([]), &json!([])));
    }
}

/// The template is a table itself: filled in or not, it is read without a fault.
#[apply(on_both)]
fn the_template_can_be_imported(app: &App) {
    for (format, shape) in [("xlsx", "full"), ("xlsx", "office"), ("csv", "full"), ("csv", "office")] {
        let file = download(app, &format!("/v1/criteria-sets/template.{format}?shape={shape}"));
        let read = import(app, "?dry_run=true", &file.bytes, &[("code", "T")]).expect(200);
        assert_eq!(
            (&read["shape"], &read["errors"], &read["content"]["total_points"]),
            (&json!(shape), &json!([]), &json!(1000)),
            "{format} {shape}"
        );
    }
    let text = String::from_utf8(download(app, "/v1/criteria-sets/template.csv").bytes).unwrap();
    for rule in [
        "target_ratio",
        "best_of",
        "levels",
        "rank_bands",
        "bonus_penalty",
        "deduct_once",
        "deduction_steps",
        "award_per_case",
    ] {
        assert!(text.contains(rule), "{rule}");
    }
    assert_eq!(app.get("th-editor", "/v1/criteria-sets/template.csv").status, 200);
}

#[apply(on_both)]
fn a_dry_run_tells_and_adds_nothing(app: &App) {
    let count = || app.get("admin", "/v1/criteria-sets").expect(200)["items"].as_array().unwrap().len();
    let before = count();
    let told = import(app, "?dry_run=true", GUIDELINE_XLSX, &[("code", "X")]).expect(200);
    assert_eq!(
        (&told["criteria_set"], &told["content"]["code"], &told["dry_run"]),
        (&Value::Null, &json!("X"), &json!(true))
    );
    assert_eq!(count(), before);
    let taken = app.get("admin", "/v1/criteria-sets").expect(200)["items"][0]["code"].as_str().unwrap().to_owned();
    import(app, "?dry_run=true", GUIDELINE_XLSX, &[("code", &taken)]).refused(409, "already_exists");
    import(app, "?dry_run=perhaps", GUIDELINE_XLSX, &[("code", "X")]).refused(400, "invalid_parameter");
}

/// Everything that is wrong, at once, where it stands.
#[apply(on_both)]
fn what_cannot_be_read_is_told_with_sheet_row_and_column(app: &App) {
    let bytes = csv(&["A,ĐIỂM CHUẨN,100", "I,Nhiệm vụ,một trăm", "1,,10", "?,Hai,10"]);
    let refusal =
        import(app, "", &bytes, &[("code", "X"), ("title", "X"), ("year", "2024")]).refused(422, "validation_failed");
    let places: Vec<_> = refusal.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["code"].clone(), fault["params"]["row"].clone(), fault["params"]["column"].clone()))
        .collect();
    assert_eq!(
        places,
        [
            (json!("number_unreadable"), json!(3), json!("C")),
            (json!("required"), json!(4), json!("B")),
            (json!("row_number_unreadable"), json!(5), json!("A")),
        ]
    );
    assert_eq!(refusal.json()["errors"][0]["message"], "Row 3, column C: “một trăm” is not a number.");
    let too_long = format!("1,{},10", "x".repeat(1001));
    let refusal =
        import(app, "", &csv(&["A,ĐIỂM CHUẨN,10", &too_long]), &[("code", "X"), ("title", "X"), ("year", "2024")])
            .refused(422, "text_too_long");
    assert_eq!(
        (&refusal.json()["errors"][0]["params"]["row"], &refusal.json()["errors"][0]["pointer"]),
        (&json!(3), &json!("/file"))
    );
}

/// A draft may still have errors; they come with the row to be mended.
#[apply(on_both)]
fn what_hinders_publishing_is_told_with_its_row(app: &App) {
    let bytes = csv(&["A,ĐIỂM CHUẨN,100", "1,Một,60", "2,Hai,50", ",TỔNG ĐIỂM,90"]);
    let imported = import(app, "", &bytes, &[("code", "X"), ("title", "X"), ("year", "2024")]).expect(201);
    let errors: Vec<_> = imported["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["code"].as_str().unwrap(), fault["params"]["row"].as_u64().unwrap()))
        .collect();
    assert_eq!(errors, [("part_sum_mismatch", 5), ("children_exceed_parent", 2)]);
}

#[apply(on_both)]
fn what_neither_file_nor_caller_says_is_asked_for(app: &App) {
    let refusal = import(app, "", &csv(&["A,ĐIỂM CHUẨN,10", "1,Một,10"]), &[]).refused(422, "validation_failed");
    let asked: Vec<_> = refusal.faults();
    assert_eq!(asked, ["/code", "/title", "/year"].map(|place| ("required".to_owned(), place.to_owned())));
    import(app, "", &csv(&["A,ĐIỂM CHUẨN,10"]), &[("year", "năm nay")]).refused(400, "invalid_body");
    import(app, "", &csv(&["A,ĐIỂM CHUẨN,10"]), &[("colour", "red")]).refused(400, "invalid_body");
}

#[apply(on_both)]
fn a_file_without_a_table_is_refused(app: &App) {
    let texts = [("code", "X"), ("title", "X"), ("year", "2024")];
    let big = vec![b'x'; 5 * 1024 * 1024 + 1];
    for (bytes, status, code) in [
        (&b"PK\x03\x04"[..], 422, "spreadsheet_unreadable"),
        (b"%PDF-1.7", 422, "format_not_read"),
        (b"", 422, "heading_not_found"),
        (b"{\"code\":", 400, "malformed_json"),
        (b"{\"code\":\"X\"}", 400, "invalid_body"),
        (&big, 413, "file_too_large"),
    ] {
        import(app, "", bytes, &texts).refused(status, code);
    }
    app.request("admin", "POST", "/v1/criteria-sets/import")
        .raw("text/csv", "x")
        .send()
        .refused(415, "unsupported_media_type");
}

#[apply(on_both)]
fn a_table_is_imported_by_who_may_write_it(app: &App) {
    let parts = [Part::Text("code", "X"), Part::File("a.xlsx", GUIDELINE_XLSX)];
    for person in ["secretary", "appraiser", "th-head", "auditor", "integration", "operator"] {
        app.request(person, "POST", "/v1/criteria-sets/import").form(&parts).send().refused(403, "role_required");
    }
    app.post("admin", "/v1/criteria-sets/import", &serde_json::from_str(BLOCK).unwrap())
        .refused(415, "unsupported_media_type");
    let draft = import(app, "", BLOCK.as_bytes(), &[]).expect(201);
    let export = format!("/v1/criteria-sets/{}/export.json", draft["criteria_set"]["id"].as_str().unwrap());
    app.get("secretary", &export).expect(200);
    for person in ["th-head", "council-chair", "so-khdt-admin"] {
        app.get(person, &export).refused(404, "not_found");
    }
    app.get("admin", &export.replace("json", "csv?shape=round")).refused(400, "invalid_parameter");
    let entries = app.get("auditor", "/v1/audit-entries?action=criteria_set.import").expect(200)["items"].clone();
    assert_eq!((entries.as_array().unwrap().len(), &entries[0]["after"]["code"]), (1, &draft["criteria_set"]["code"]));
}

#[apply(on_both)]
fn an_import_with_a_key_adds_once(app: &App) {
    let send = |bytes: &[u8]| {
        app.request("admin", "POST", "/v1/criteria-sets/import")
            .header("idempotency-key", "k")
            .form(&[Part::Text("code", "X"), Part::File("a.xlsx", bytes)])
            .send()
    };
    let first = send(GUIDELINE_XLSX);
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let again = send(GUIDELINE_XLSX);
    assert_eq!((again.header("idempotency-replayed"), again.bytes.clone()), ("true", first.bytes));
    send(BLOCK_XLSX).refused(422, "idempotency_key_reused");
}

/// The table stands twice in the repository: for who looks for examples, and for who reads the document.
#[test]
fn the_guidelines_table_is_one() {
    assert_eq!(GUIDELINE, include_str!("../../../examples/criteria/guideline-2023.json"));
}

fn without_notes(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("note");
            fields.values_mut().for_each(without_notes);
        }
        Value::Array(items) => items.iter_mut().for_each(without_notes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The spreadsheets in the repository are those that the service writes today.
#[test]
fn the_spreadsheets_in_the_repository_are_written_by_the_service() {
    let app = App::on_sqlite();
    for (json, xlsx, shape) in
        [(GUIDELINE, GUIDELINE_XLSX, "office"), (BLOCK, BLOCK_XLSX, "full"), (TARGETS, TARGETS_XLSX, "full")]
    {
        let mut body: Value = serde_json::from_str(json).unwrap();
        body.as_object_mut().unwrap().retain(|name, _| {
            [
                "code",
                "title",
                "year",
                "legal_basis",
                "total_points",
                "minimum_total",
                "parts",
                "limits",
                "not_applicable",
            ]
            .contains(&name.as_str())
        });
        if shape == "office" {
            body["code"] = json!("OFFICE");
        }
        let id = app.post("admin", "/v1/criteria-sets", &body).expect(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/criteria-sets/{id}/export.xlsx?shape={shape}");
        let written = app.get("admin", &path).bytes;
        assert_eq!(sheet_of(&written), sheet_of(xlsx), "write it anew: GET {path}");
    }
}

/// What a workbook's first sheet holds.
fn sheet_of(xlsx: &[u8]) -> Vec<Vec<String>> {
    use calamine::{Reader as _, Xlsx};
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(xlsx.to_vec())).unwrap();
    let range = workbook.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}
