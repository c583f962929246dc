//! What proves a line: files and documents of the eGov system, on their way with the sheet.

use serde_json::{Value, json};

use thidua::clock::{Clock, Ids};
use thidua::config::{Config, Storage};
use thidua::server::{self, Kind};

use crate::support::s3::Store;
use crate::support::year::{head, lines};
use crate::support::{App, Part, Response, apply, at_once, egov_document, on_both};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n\x00\xff\r\n--xy is not the boundary\n%%EOF\n";
const OTHER_PDF: &[u8] = b"%PDF-1.4\nanother";
/// SHA-256 of [`PDF`], by `sha256sum`.
const PDF_SHA256: &str = "9ae250954729763542db26666ac191ad4d4d65e58d38ef51a3d70b0b9ea726f4";
/// SHA-256 of [`OTHER_PDF`], by `sha256sum`.
const OTHER_SHA256: &str = "bc19092a510ea496a44c1680b2ccff21a05eae947cd3926d99c238ddd7957b44";
const MIB: usize = 1024 * 1024;

/// The texts of a form that is right.
const TEXTS: [Part; 3] = [
    Part::Text("criterion_code", "A.II.1"),
    Part::Text("title", "Báo cáo quý III"),
    Part::Text("classification", "none"),
];

/// A form that is right, with this file.
fn with_file<'a>(name: &'a str, bytes: &'a [u8]) -> Vec<Part<'a>> {
    TEXTS.into_iter().chain([Part::File(name, bytes)]).collect()
}

fn upload(app: &App, person: &str, sheet: &str, parts: &[Part]) -> Response {
    app.request(person, "POST", &format!("{sheet}/evidence")).form(parts).send()
}

/// Adds a file and gives the path of the piece.
#[track_caller]
fn added(app: &App, sheet: &str, bytes: &[u8]) -> String {
    let piece = upload(app, "th-editor", sheet, &with_file("bao-cao.pdf", bytes)).expect(201);
    format!("/v1/evidence/{}", piece["id"].as_str().unwrap())
}

#[track_caller]
fn remove(app: &App, person: &str, piece: &str) -> Response {
    let tag = app.tag(person, piece);
    app.request(person, "DELETE", piece).if_match(&tag).send()
}

/// The digests of the files that a person sees on a sheet.
fn seen(app: &App, person: &str, sheet: &str) -> Vec<String> {
    let list = app.get(person, &format!("{sheet}/evidence")).expect(200);
    let items = list["items"].as_array().unwrap();
    items.iter().map(|piece| piece["file"]["sha256"].as_str().unwrap()[..8].to_owned()).collect()
}

fn digest(bytes: &[u8]) -> String {
    if bytes == PDF { PDF_SHA256[..8].to_owned() } else { OTHER_SHA256[..8].to_owned() }
}

/// The guideline's table, asking for evidence of A.II.1.
fn asking_for_evidence() -> Value {
    let guideline: Value = serde_json::from_str(include_str!("../../../openapi/examples/criteria-2023.json")).unwrap();
    let mut parts = guideline["parts"].clone();
    let criterion = &mut parts[0]["children"][1]["children"][0];
    assert_eq!(criterion["code"], "A.II.1");
    criterion["evidence_required"] = json!(true);
    json!({"code": "2024", "title": "Bảng tiêu chí có minh chứng", "year": 2024, "total_points": 1000, "parts": parts})
}

/// TH sent a sheet with [`PDF`], got it back until 14 November, took that off and added [`OTHER_PDF`].
fn returned_and_changed(app: &App) -> (String, [String; 2]) {
    let sheet = app.new_sheet("TH");
    let first = added(app, &sheet, PDF);
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let reason = json!({"reason": "Minh chứng không đọc được", "due_on": "2023-11-14"});
    app.act("appraiser", &sheet, "return", Some(&reason)).expect(200);
    assert_eq!(remove(app, "th-editor", &first).status, 204);
    let second = added(app, &sheet, OTHER_PDF);
    (sheet, [first, second])
}

/// Points are claimed for A.II.1: not without a piece of evidence.
#[apply(on_both)]
fn a_criterion_that_asks_for_evidence_is_sent_with_it(app: &App) {
    let sheet = app.sheet_of_table(&asking_for_evidence());
    app.write("TH", &sheet, &[]);
    let wanting = ("evidence_required".to_owned(), "/scores/3".to_owned());
    let readiness = app.get("th-head", &format!("{sheet}/readiness"));
    assert_eq!((readiness.json()["ready"].clone(), readiness.faults()), (json!(false), vec![wanting.clone()]));
    let refusal = app.act("th-head", &sheet, "submit", None).refused(422, "validation_failed");
    assert_eq!(refusal.faults(), [wanting]);
    added(app, &sheet, PDF);
    assert_eq!(app.get("th-head", &format!("{sheet}/readiness")).expect(200), json!({"ready": true, "errors": []}));
    assert_eq!(app.act("th-head", &sheet, "submit", None).expect(200)["status"], "submitted");
}

/// Who claims nothing has nothing to prove; what proves another line proves not this one.
#[apply(on_both)]
fn only_claimed_points_are_to_be_proved_and_each_line_by_its_own(app: &App) {
    let sheet = app.sheet_of_table(&asking_for_evidence());
    app.write("TH", &sheet, &[]);
    app.post("th-head", &format!("{sheet}/evidence/references"), &egov_document("A.II.2")).expect(201);
    app.act("th-head", &sheet, "submit", None).refused(422, "validation_failed");
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":0}"#)]).expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
}

#[apply(on_both)]
fn a_file_is_kept_as_it_came(app: &App) {
    let sheet = app.new_sheet("TH");
    let response = upload(app, "th-editor", &sheet, &with_file("báo cáo.pdf", PDF));
    let location = response.header("location").to_owned();
    assert_eq!(response.etag(), app.tag("th-editor", &sheet));
    let piece = response.expect(201);
    assert_eq!((piece["kind"].as_str(), piece["criterion_code"].as_str()), (Some("file"), Some("A.II.1")));
    let file = json!({"name": "báo cáo.pdf", "media_type": "application/pdf", "size": PDF.len(), "sha256": PDF_SHA256, "attached_at": "2023-11-01T01:00:00.000Z"});
    assert_eq!(piece["file"], file);
    assert_eq!(app.get("th-head", &location).expect(200), piece);
    let content = app.get("th-head", &format!("{location}/content"));
    assert_eq!((content.status, content.bytes.as_slice()), (200, PDF));
    assert_eq!(content.header("content-disposition"), "attachment; filename*=UTF-8''b%C3%A1o%20c%C3%A1o.pdf");
    assert_eq!(
        (content.header("x-content-type-options"), content.header("content-type")),
        ("nosniff", "application/pdf")
    );
    assert!(content.header("content-security-policy").contains("sandbox"));
    assert_eq!(content.header("content-length"), PDF.len().to_string());
    assert_eq!(content.header("repr-digest"), "sha-256=:muJQlUcpdjVC2yZmasGRrU1NZeWNOO9Ro9cLC56nJvQ=:");
    let known =
        app.request("th-head", "GET", &format!("{location}/content")).header("if-none-match", &content.etag()).send();
    assert_eq!((known.status, known.bytes.len()), (304, 0));
}

#[apply(on_both)]
fn a_document_of_the_egov_system_is_named_as_it_is(app: &App) {
    let sheet = app.new_sheet("TH");
    let piece = app.post("th-editor", &format!("{sheet}/evidence/references"), &egov_document("A.II.1")).expect(201);
    for (name, value) in
        egov_document("A.II.1").as_object().unwrap().iter().filter(|(name, _)| *name != "classification")
    {
        assert_eq!(&piece[name], value, "{name}");
    }
    assert_eq!(piece["file"], Value::Null);
    let path = format!("/v1/evidence/{}", piece["id"].as_str().unwrap());
    app.get("th-editor", &format!("{path}/content")).refused(404, "not_found");
}

/// The guideline, A.II.3: no state secrets on connected machines. Nothing of them is stored, not even for a moment longer.
#[apply(on_both)]
fn nothing_classified_is_taken(app: &App) {
    let sheet = app.new_sheet("TH");
    for degree in ["confidential", "secret", "top_secret"] {
        let [code, title, _] = TEXTS;
        let marked = Part::Text("classification", degree);
        let file = Part::File("mat.pdf", PDF);
        for parts in [[marked, code, title, file], [code, title, file, marked]] {
            let refusal = upload(app, "th-editor", &sheet, &parts).refused(422, "classified_content");
            assert_eq!(refusal.faults(), [("classified_content".to_owned(), "/classification".to_owned())]);
        }
        let mut body = egov_document("A.II.1");
        body["classification"] = json!(degree);
        app.post("th-editor", &format!("{sheet}/evidence/references"), &body).refused(422, "classified_content");
    }
    assert_eq!(app.stored_files(), Vec::<String>::new());
    assert_eq!(seen(app, "th-editor", &sheet), Vec::<String>::new());
}

#[apply(on_both)]
fn a_form_that_does_not_fit_is_refused_with_its_place(app: &App) {
    let sheet = app.new_sheet("TH");
    let [code, title, none] = TEXTS;
    let file = Part::File("a.pdf", PDF);
    let long = "x".repeat(17 * 1024);
    let table: [(&[Part], u16, &str, &str); 10] = [
        (&[code, title, none], 400, "invalid_body", "/file"),
        (&[title, none, file], 400, "invalid_body", "/criterion_code"),
        (&[code, title, file], 400, "invalid_body", "/classification"),
        (&[code, title, none, none, file], 400, "invalid_body", "/classification"),
        (&[code, title, none, file, file], 400, "invalid_body", "/file"),
        (&[code, title, none, Part::Text("kind", "file"), file], 400, "invalid_body", "/kind"),
        (&[code, title, Part::Text("classification", "open"), file], 400, "invalid_body", "/classification"),
        (&[code, Part::Text("title", &long), none, file], 422, "text_too_long", "/title"),
        (&[Part::Text("criterion_code", "A.IX.1"), title, none, file], 422, "unknown_criterion", "/criterion_code"),
        (&[code, Part::Text("title", " "), none, file], 422, "text_empty", "/title"),
    ];
    for (parts, status, problem, place) in table {
        let refusal = upload(app, "th-editor", &sheet, parts).refused(status, problem);
        assert_eq!(refusal.faults(), [(problem.to_owned(), place.to_owned())], "{parts:?}");
    }
    for (bytes, problem) in [(&b"<html><script>"[..], "file_type_not_allowed"), (b"", "file_empty")] {
        upload(app, "th-editor", &sheet, &with_file("a.pdf", bytes)).refused(422, problem);
    }
    let path = format!("{sheet}/evidence");
    app.request("th-editor", "POST", &path).raw("text/plain", "x").send().refused(415, "unsupported_media_type");
    app.request("th-editor", "POST", &path)
        .raw("multipart/form-data; boundary=xyz", "no form")
        .send()
        .refused(400, "invalid_body");
    app.sweep();
    assert_eq!(app.stored_files(), Vec::<String>::new());
}

#[apply(on_both)]
fn a_document_that_does_not_fit_is_refused_with_its_place(app: &App) {
    let sheet = app.new_sheet("TH");
    for (field, value, status, problem) in [
        ("kind", json!("file"), 400, "invalid_body"),
        ("issued_on", json!("2023-11-02"), 422, "implausible_date"),
        ("issued_on", json!("5/10/2023"), 400, "invalid_body"),
        ("url", json!("javascript:alert(1)"), 422, "url_invalid"),
        ("url", json!("egov.example.vn/12"), 422, "url_invalid"),
        ("url", json!("https://egov.example.vn/\n12"), 422, "url_invalid"),
        ("url", json!("https://bank.example.vn@evil.example/"), 422, "url_invalid"),
        ("issued_on", json!("0000-01-01"), 422, "implausible_date"),
        ("number", json!(""), 422, "text_empty"),
        ("issuer", json!("\u{0}"), 422, "text_invalid"),
        ("criterion_code", json!("A.II"), 422, "unknown_criterion"),
    ] {
        let mut body = egov_document("A.II.1");
        body[field] = value;
        let refusal = app.post("th-editor", &format!("{sheet}/evidence/references"), &body).refused(status, problem);
        assert_eq!(refusal.faults(), [(problem.to_owned(), format!("/{field}"))], "{body}");
    }
}

#[apply(on_both)]
fn a_file_of_20_mib_is_taken_and_a_byte_more_is_not(app: &App) {
    let sheet = app.new_sheet("TH");
    let mut bytes = PDF.to_vec();
    bytes.resize(20 * MIB, b'x');
    let piece = added(app, &sheet, &bytes);
    assert_eq!(app.get("th-editor", &format!("{piece}/content")).bytes.len(), 20 * MIB);
    bytes.push(b'x');
    upload(app, "th-editor", &sheet, &with_file("a.pdf", &bytes)).refused(413, "file_too_large");
    assert_eq!(app.stored_files().len(), 1);
}

#[apply(on_both)]
fn evidence_is_for_those_who_may_see_the_sheet(app: &App) {
    let sheet = app.new_sheet("TH");
    let piece = added(app, &sheet, PDF);
    let paths = [format!("{sheet}/evidence"), piece.clone(), format!("{piece}/content")];
    let see = |person: &str| paths.each_ref().map(|path| app.get(person, path).status);
    for person in ["th-editor", "th-head", "auditor"] {
        assert_eq!(see(person), [200, 200, 200], "{person}");
    }
    for person in
        ["kt-head", "appraiser", "hctc-appraiser", "secretary", "council-chair", "admin", "operator", "so-khdt-admin"]
    {
        assert_eq!(see(person), [404, 404, 404], "{person}");
    }
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    for person in ["appraiser", "secretary"] {
        assert_eq!(see(person), [200, 200, 200], "{person}");
        app.post(person, &format!("{sheet}/evidence/references"), &egov_document("A.II.1"))
            .refused(403, "role_required");
        upload(app, person, &sheet, &with_file("a.pdf", PDF)).refused(403, "role_required");
        app.request(person, "DELETE", &piece).if_match("*").send().refused(403, "role_required");
    }
    for person in ["kt-head", "council-chair", "admin"] {
        assert_eq!(see(person), [404, 404, 404], "{person}");
        upload(app, person, &sheet, &with_file("a.pdf", PDF)).refused(404, "not_found");
        app.request(person, "DELETE", &piece).if_match("*").send().refused(404, "not_found");
    }
}

#[apply(on_both)]
fn a_sheet_that_was_sent_keeps_its_evidence(app: &App) {
    let sheet = app.new_sheet("TH");
    let piece = added(app, &sheet, PDF);
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    upload(app, "th-editor", &sheet, &with_file("a.pdf", OTHER_PDF)).refused(409, "invalid_state");
    app.post("th-editor", &format!("{sheet}/evidence/references"), &egov_document("A.II.1"))
        .refused(409, "invalid_state");
    remove(app, "th-editor", &piece).refused(409, "invalid_state");
    assert_eq!(app.stored_files().len(), 1);
}

#[apply(on_both)]
fn the_gate_closes_for_evidence_too(app: &App) {
    let sheet = app.new_sheet("TH");
    let piece = added(app, &sheet, PDF);
    let tag = app.tag("th-editor", &sheet);
    app.set_clock("2023-11-10T17:00:00.000Z");
    upload(app, "th-editor", &sheet, &with_file("a.pdf", PDF)).refused(409, "deadline_passed");
    app.request("th-editor", "DELETE", &piece).if_match(&tag).send().refused(409, "deadline_passed");
}

/// Who submits has seen what is sent: a piece that came or went meanwhile makes the tag stale.
#[apply(on_both)]
fn evidence_moves_the_tag_of_its_sheet(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let before = app.tag("th-head", &sheet);
    let piece = added(app, &sheet, PDF);
    let submit = |tag: &str| app.request("th-head", "POST", &format!("{sheet}/submit")).if_match(tag).send();
    submit(&before).refused(412, "version_mismatch");
    let with_piece = app.tag("th-head", &format!("{sheet}/evidence"));
    assert_eq!(with_piece, app.tag("th-head", &format!("{sheet}/scores")));
    app.request("th-head", "DELETE", &piece).send().refused(428, "precondition_required");
    app.request("th-head", "DELETE", &piece).if_match(&before).send().refused(412, "version_mismatch");
    let gone = app.request("th-head", "DELETE", &piece).if_match(&with_piece).send();
    assert_eq!((gone.status, gone.bytes.len(), gone.etag()), (204, 0, app.tag("th-head", &sheet)));
    app.get("th-head", &piece).refused(404, "not_found");
    submit(&with_piece).refused(412, "version_mismatch");
}

/// While a sheet is with its unit again, everybody else sees what was sent.
#[apply(on_both)]
fn a_returned_sheet_shows_others_the_evidence_that_was_sent(app: &App) {
    let (sheet, [first, second]) = returned_and_changed(app);
    assert_eq!(seen(app, "th-head", &sheet), [digest(OTHER_PDF)]);
    assert_eq!(seen(app, "appraiser", &sheet), [digest(PDF)]);
    app.get("appraiser", &second).refused(404, "not_found");
    app.request("appraiser", "DELETE", &second).if_match("*").send().refused(404, "not_found");
    // What the unit has done to it since is not to be seen either.
    assert_eq!(app.get("appraiser", &first).expect(200)["removed"], false);
    assert_eq!(app.get("appraiser", &format!("{sheet}/evidence")).expect(200)["items"][0]["removed"], false);
    assert_eq!(app.get("th-head", &first).expect(200)["removed"], true);
    app.get("appraiser", &format!("{second}/content")).refused(404, "not_found");
    app.act("th-head", &sheet, "submit", None).expect(200);
    assert_eq!(seen(app, "appraiser", &sheet), [digest(OTHER_PDF)]);
    let frozen = |number: i32| -> Vec<String> {
        let revision = app.get("appraiser", &format!("{sheet}/revisions/{number}")).expect(200);
        let evidence = revision["content"]["evidence"].as_array().unwrap().clone();
        evidence.iter().map(|piece| piece["sha256"].as_str().unwrap()[..8].to_owned()).collect()
    };
    assert_eq!((frozen(1), frozen(2)), (vec![digest(PDF)], vec![digest(OTHER_PDF)]));
    assert_eq!(app.get("appraiser", &first).expect(200)["removed"], true);
    assert_eq!(app.get("appraiser", &format!("{first}/content")).bytes, PDF);
    app.sweep();
    assert_eq!(app.stored_files().len(), 2);
}

/// Not sent again in time, a sheet stands as it was last sent, its evidence with it.
#[apply(on_both)]
fn the_clock_gives_back_the_evidence_that_was_sent(app: &App) {
    let (sheet, [first, second]) = returned_and_changed(app);
    app.set_clock("2023-11-14T17:00:00.000Z");
    assert_eq!(seen(app, "th-head", &sheet), [digest(PDF)]);
    assert_eq!(app.get("th-head", &first).expect(200)["removed"], false);
    app.get("th-head", &second).refused(404, "not_found");
    app.sweep();
    assert_eq!(app.stored_files(), [format!("sha256/{}/{PDF_SHA256}", &PDF_SHA256[..2])]);
}

/// What was sent and taken off cannot be taken off again.
#[apply(on_both)]
fn evidence_is_removed_once(app: &App) {
    let (_, [first, _]) = returned_and_changed(app);
    remove(app, "th-editor", &first).refused(409, "invalid_state");
}

/// The answer to an upload may be lost on its way: sent again with its key, it adds nothing.
#[apply(on_both)]
fn an_upload_with_a_key_adds_once(app: &App) {
    let sheet = app.new_sheet("TH");
    let send = |bytes: &[u8]| {
        app.request("th-editor", "POST", &format!("{sheet}/evidence"))
            .header("idempotency-key", "k1")
            .form(&with_file("a.pdf", bytes))
            .send()
    };
    let first = send(PDF);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = send(PDF);
    assert_eq!((again.header("idempotency-replayed"), again.bytes.clone()), ("true", first.bytes));
    send(OTHER_PDF).refused(422, "idempotency_key_reused");
    assert_eq!(seen(app, "th-editor", &sheet).len(), 1);
    app.request("th-head", "PUT", &format!("{sheet}/scores")).if_match("*").json(&lines(&[])).send().expect(200);
    app.act(&head("TH"), &sheet, "submit", None).expect(200);
    assert_eq!(send(PDF).header("idempotency-replayed"), "true");
}

/// One file, however many pieces name it; it goes when the last of them is gone, and not before.
#[apply(on_both)]
fn a_file_stays_as_long_as_a_piece_names_it(app: &App) {
    let sheet = app.new_sheet("TH");
    let pieces: Vec<String> = at_once(4, |_| added(app, &sheet, PDF));
    assert_eq!(app.stored_files(), [format!("sha256/{}/{PDF_SHA256}", &PDF_SHA256[..2])]);
    for piece in &pieces[1..] {
        assert_eq!(remove(app, "th-editor", piece).status, 204);
    }
    app.sweep();
    assert_eq!(app.get("th-editor", &format!("{}/content", pieces[0])).bytes, PDF);
    assert_eq!(remove(app, "th-editor", &pieces[0]).status, 204);
    app.sweep();
    assert_eq!(app.stored_files(), Vec::<String>::new());
    added(app, &sheet, PDF);
    assert_eq!(app.stored_files().len(), 1);
}

#[apply(on_both)]
fn what_is_done_to_evidence_is_written_down(app: &App) {
    let sheet = app.new_sheet("TH");
    let piece = added(app, &sheet, PDF);
    remove(app, "th-head", &piece);
    let entries = app.get("auditor", "/v1/audit-entries?subject_type=evidence").expect(200)["items"].clone();
    let told = |at: usize| (entries[at]["action"].as_str().unwrap(), entries[at]["actor"]["subject"].as_str().unwrap());
    assert_eq!((told(0), told(1)), (("evidence.add", "th-editor"), ("evidence.remove", "th-head")));
    assert_eq!((&entries[0]["after"]["sha256"], &entries[0]["before"]), (&json!(PDF_SHA256), &Value::Null));
    assert_eq!((&entries[1]["before"]["sha256"], &entries[1]["after"]), (&json!(PDF_SHA256), &Value::Null));
}

/// Documents in an S3-compatible store: the same acts, and nothing left behind.
#[test]
fn documents_may_lie_in_an_s3_compatible_store() {
    let store = Store::start();
    let app = App::configured(|config| config.storage = Storage::S3(store.place.clone()));
    let sheet = app.new_sheet("TH");
    let mut big = PDF.to_vec();
    big.resize(20 * MIB, b'x');
    let (small, large) = (added(&app, &sheet, PDF), added(&app, &sheet, &big));
    assert_eq!(store.objects().len(), 2);
    assert!(
        store.objects().contains(&format!("thidua/sha256/{}/{PDF_SHA256}", &PDF_SHA256[..2])),
        "{:?}",
        store.objects()
    );
    assert_eq!(app.get("th-head", &format!("{small}/content")).bytes, PDF);
    assert!(app.get("th-head", &format!("{large}/content")).bytes == big);
    upload(&app, "th-editor", &sheet, &with_file("a.pdf", b"<html>")).refused(422, "file_type_not_allowed");
    big.push(b'x');
    upload(&app, "th-editor", &sheet, &with_file("a.pdf", &big)).refused(413, "file_too_large");
    assert_eq!(remove(&app, "th-editor", &large).status, 204);
    app.sweep();
    assert_eq!(store.objects().len(), 1);
    assert_eq!(app.get("th-head", &format!("{small}/content")).bytes, PDF);
}

/// A wrong secret is told at the start, not by the first upload.
#[test]
fn a_store_that_does_not_let_us_in_keeps_the_service_from_starting() {
    let mut place = Store::start().place;
    place.credentials = Some(("key".into(), "wrong".into()));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let mut config = Config::of_sandbox(&url, 0, folder.path()).unwrap();
    config.storage = Storage::S3(place);
    let open = async move {
        let house = server::open(&config, Clock::System, Ids::Random).await.unwrap();
        server::bind(&config, house, &Kind::Production).await.map(drop)
    };
    let opened = std::thread::spawn(|| actix_web::rt::System::new().block_on(open)).join().unwrap();
    assert!(opened.is_err());
}
