//! The proposals that follow the announcement, their dossiers and their decisions.

use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n\x00\xff\r\n--xy is not the boundary\n%%EOF\n";
const DOCUMENTS: [&str; 3] = ["proposal_letter", "party_cell_rating", "achievement_report"];
const MIB: usize = 1024 * 1024;

/// TH takes the flag with 1000, KT and NC the certificates with 990 and 980, HCTC nothing with 970. Gives the proposals by unit.
fn announced(app: &App) -> impl Fn(&str) -> String {
    app.announced(&[
        ("HCTC", &[("B.1", r#"{"points":10}"#)]),
        ("KT", &[("B.1", r#"{"points":30}"#)]),
        ("NC", &[("B.1", r#"{"points":20}"#)]),
        ("TH", &[]),
    ]);
    let proposals = app.get("secretary", "/v1/award-proposals").expect(200);
    let unit_ids = ["KT", "NC", "TH"].map(|unit| (unit, app.unit_id(unit)));
    move |unit| {
        let unit_id = &unit_ids.iter().find(|(code, _)| *code == unit).unwrap().1;
        let proposal = proposals["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|proposal| proposal["unit_id"] == json!(unit_id))
            .unwrap();
        format!("/v1/award-proposals/{}", proposal["id"].as_str().unwrap())
    }
}

fn attach(app: &App, person: &str, proposal: &str, code: &str, name: &str, bytes: &[u8]) -> Response {
    let tag = app.tag(person, proposal);
    app.request(person, "PUT", &format!("{proposal}/documents/{code}")).if_match(&tag).file(name, bytes).send()
}

fn complete(app: &App, proposal: &str) {
    for code in DOCUMENTS {
        attach(app, "secretary", proposal, code, &format!("{code}.pdf"), PDF).expect(200);
    }
}

/// A complete dossier that was sent.
fn submitted(app: &App, proposal: &str) {
    complete(app, proposal);
    app.act("secretary", proposal, "submit", None).expect(200);
}

fn record(app: &App, person: &str, proposal: &str, decision: &Value) -> Response {
    app.act(person, proposal, "record-decision", Some(decision))
}

fn approval() -> Value {
    json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-11-30"})
}

/// One flag and two certificates, in order of precedence; the fourth gets none.
#[apply(on_both)]
fn announcing_proposes_one_for_each_award_taken(app: &App) {
    let _proposal = announced(app);
    let proposals = app.get("secretary", "/v1/award-proposals").expect(200);
    let mut made: Vec<(i64, String, Value, Value)> = proposals["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["rank"].as_i64().unwrap(),
                it["award_code"].as_str().unwrap().to_owned(),
                it["total"].clone(),
                it["unit_id"].clone(),
            )
        })
        .collect();
    made.sort_by_key(|(rank, ..)| *rank);
    let expected =
        [("TH", "emulation_flag", 1000), ("KT", "certificate_of_merit", 990), ("NC", "certificate_of_merit", 980)];
    let expected: Vec<_> = (1..)
        .zip(expected)
        .map(|(rank, (unit, award, total))| (rank, award.to_owned(), json!(total), json!(app.unit_id(unit))))
        .collect();
    assert_eq!(made, expected);
}

/// One of three documents is there: the two others are named, and the proposal stays a draft.
#[apply(on_both)]
fn a_dossier_is_sent_complete(app: &App) {
    let proposal = announced(app)("TH");
    attach(app, "secretary", &proposal, "party_cell_rating", "xep-loai.pdf", PDF).expect(200);
    let refusal = app.act("secretary", &proposal, "submit", None).refused(409, "guard_failed");
    let body = refusal.json();
    let missing: Vec<(&Value, &Value)> =
        body["errors"].as_array().unwrap().iter().map(|error| (&error["code"], &error["params"]["document"])).collect();
    let code = json!("document_missing");
    assert_eq!(missing, [(&code, &json!("proposal_letter")), (&code, &json!("achievement_report"))]);
    assert_eq!(app.get("secretary", &proposal).expect(200)["status"], "draft");
}

/// Three documents: complete, and sent.
#[apply(on_both)]
fn a_complete_dossier_is_sent(app: &App) {
    let proposal = announced(app)("TH");
    complete(app, &proposal);
    assert_eq!(app.get("secretary", &proposal).expect(200)["dossier"]["complete"], true);
    let sent = app.act("council-chair", &proposal, "submit", None).expect(200);
    assert_eq!((&sent["status"], &sent["submitted_at"]), (&json!("submitted"), &json!("2023-11-30T02:00:00.000Z")));
}

/// A page of HTML stays one under the name of a PDF, and a PDF under any name is welcome.
#[apply(on_both)]
fn the_bytes_tell_the_type_and_not_the_name(app: &App) {
    let proposal = announced(app)("TH");
    for bytes in [
        &b"<html><script>alert(1)</script></html>"[..],
        b"PK\x03\x04 no office document",
        b"MZ\x90\x00",
        b"GIF89a",
        b"%PD",
    ] {
        let response = attach(app, "secretary", &proposal, "proposal_letter", "to-trinh.pdf", bytes);
        assert_eq!(
            (response.status, response.code().as_str()),
            (422, "file_type_not_allowed"),
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
    let attached = attach(app, "secretary", &proposal, "proposal_letter", "to-trinh.html", PDF).expect(200);
    let file = &attached["dossier"]["documents"][0]["file"];
    assert_eq!((&file["media_type"], &file["name"]), (&json!("application/pdf"), &json!("to-trinh.html")));
}

/// A page of HTML is none either for having the letters of a PDF somewhere inside.
#[apply(on_both)]
fn a_page_that_mentions_a_pdf_is_no_pdf(app: &App) {
    let proposal = announced(app)("TH");
    let page = b"<html><script>alert(1)</script>%PDF-1.7</html>";
    attach(app, "secretary", &proposal, "proposal_letter", "to-trinh.pdf", page).refused(422, "file_type_not_allowed");
}

/// A file without a byte is none.
#[apply(on_both)]
fn an_empty_file_is_refused(app: &App) {
    let proposal = announced(app)("TH");
    attach(app, "secretary", &proposal, "proposal_letter", "to-trinh.pdf", b"").refused(422, "file_empty");
    assert_eq!(app.get("secretary", &proposal).expect(200)["dossier"]["documents"][0]["status"], "missing");
}

/// 20 MiB are taken, one byte more is not.
#[apply(on_both)]
fn twenty_mebibytes_are_the_limit(app: &App) {
    let proposal = announced(app)("TH");
    let mut bytes = PDF.to_vec();
    bytes.resize(20 * MIB + 1, b'x');
    attach(app, "secretary", &proposal, "proposal_letter", "to-trinh.pdf", &bytes).refused(413, "file_too_large");
    bytes.pop();
    let attached = attach(app, "secretary", &proposal, "proposal_letter", "to-trinh.pdf", &bytes).expect(200);
    assert_eq!(attached["dossier"]["documents"][0]["file"]["size"], 20 * MIB);
}

/// What was attached is read back byte for byte, as a file to be saved and not to be shown.
#[apply(on_both)]
fn a_document_is_read_back_byte_for_byte(app: &App) {
    let proposal = announced(app)("TH");
    attach(app, "secretary", &proposal, "proposal_letter", "tờ trình.pdf", PDF).expect(200);
    let document = app.get("secretary", &format!("{proposal}/documents/proposal_letter"));
    assert_eq!((document.status, document.bytes.as_slice()), (200, PDF));
    assert_eq!(document.header("content-type"), "application/pdf");
    assert_eq!(document.header("x-content-type-options"), "nosniff");
    assert!(
        document.header("content-disposition").starts_with("attachment"),
        "{}",
        document.header("content-disposition")
    );
}

/// A second file takes the place of the first.
#[apply(on_both)]
fn a_document_is_replaced(app: &App) {
    let proposal = announced(app)("TH");
    attach(app, "secretary", &proposal, "proposal_letter", "1.pdf", PDF).expect(200);
    attach(app, "secretary", &proposal, "proposal_letter", "2.pdf", b"%PDF-1.7 second").expect(200);
    assert_eq!(app.get("secretary", &format!("{proposal}/documents/proposal_letter")).bytes, b"%PDF-1.7 second");
}

/// A document that the period does not ask for, and one that is not attached yet, are not there.
#[apply(on_both)]
fn a_document_that_is_not_there_is_not_found(app: &App) {
    let proposal = announced(app)("TH");
    app.get("secretary", &format!("{proposal}/documents/proposal_letter")).refused(404, "not_found");
    attach(app, "secretary", &proposal, "family_photo", "anh.pdf", PDF).refused(404, "not_found");
}

/// Nobody replaces a document of which they did not see what is there.
#[apply(on_both)]
fn attaching_needs_the_tag(app: &App) {
    let proposal = announced(app)("TH");
    let path = format!("{proposal}/documents/proposal_letter");
    app.request("secretary", "PUT", &path).file("1.pdf", PDF).send().refused(428, "precondition_required");
    let stale = app.tag("secretary", &proposal);
    attach(app, "secretary", &proposal, "party_cell_rating", "1.pdf", PDF).expect(200);
    app.request("secretary", "PUT", &path).if_match(&stale).file("1.pdf", PDF).send().refused(412, "version_mismatch");
}

/// Sent back with a reason, mended, sent again.
#[apply(on_both)]
fn a_returned_dossier_is_sent_again(app: &App) {
    let proposal = announced(app)("TH");
    submitted(app, &proposal);
    let returned = app.act("secretary", &proposal, "return", Some(&json!({"reason": "Thiếu chữ ký"}))).expect(200);
    assert_eq!((&returned["status"], &returned["return_reason"]), (&json!("returned"), &json!("Thiếu chữ ký")));
    attach(app, "th-head", &proposal, "achievement_report", "bao-cao.pdf", PDF).expect(200);
    assert_eq!(app.act("secretary", &proposal, "submit", None).expect(200)["status"], "submitted");
}

/// Sending back needs a reason, and something that was sent.
#[apply(on_both)]
fn a_dossier_goes_back_with_a_reason(app: &App) {
    let proposal = announced(app)("TH");
    app.act("secretary", &proposal, "return", Some(&json!({"reason": "Thiếu chữ ký"}))).refused(409, "invalid_state");
    submitted(app, &proposal);
    let refusal = app.act("secretary", &proposal, "return", Some(&json!({"reason": ""}))).refused(422, "text_empty");
    assert_eq!(refusal.faults(), [("text_empty".to_owned(), "/reason".to_owned())]);
}

/// What was sent is not changed under the eyes of those who decide.
#[apply(on_both)]
fn a_sent_dossier_takes_no_document(app: &App) {
    let proposal = announced(app)("TH");
    submitted(app, &proposal);
    attach(app, "secretary", &proposal, "proposal_letter", "2.pdf", PDF).refused(409, "invalid_state");
    attach(app, "th-head", &proposal, "achievement_report", "2.pdf", PDF).refused(409, "invalid_state");
}

/// Without a number and without a day: both are told at once.
#[apply(on_both)]
fn an_approval_has_a_number_and_a_date(app: &App) {
    let proposal = announced(app)("TH");
    submitted(app, &proposal);
    let refusal =
        record(app, "secretary", &proposal, &json!({"outcome": "approved"})).refused(422, "validation_failed");
    let mut pointers: Vec<String> = refusal.faults().into_iter().map(|(_, pointer)| pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/decided_on", "/decision_number"]);
    let approved = record(app, "secretary", &proposal, &approval()).expect(200);
    assert_eq!(
        (&approved["status"], &approved["decision_number"], &approved["decided_on"]),
        (&json!("approved"), &json!("3456/QĐ-UBND"), &json!("2023-11-30"))
    );
}

/// A unit that gets nothing is told why, and nobody takes the award in its place.
#[apply(on_both)]
fn a_declined_award_has_a_reason_and_is_not_passed_down(app: &App) {
    let proposal = announced(app)("NC");
    submitted(app, &proposal);
    let refusal = record(app, "secretary", &proposal, &json!({"outcome": "declined"})).refused(422, "reason_missing");
    assert_eq!(refusal.faults(), [("reason_missing".to_owned(), "/reason".to_owned())]);
    let declined = record(app, "secretary", &proposal, &json!({"outcome": "declined", "reason": "Không đủ điều kiện"}))
        .expect(200);
    assert_eq!((&declined["status"], &declined["decision_reason"]), (&json!("declined"), &json!("Không đủ điều kiện")));
    assert_eq!(app.get("secretary", "/v1/award-proposals").expect(200)["items"].as_array().unwrap().len(), 3);
    assert_eq!(app.get("hctc-head", "/v1/award-proposals").expect(200)["items"], json!([]));
}

/// A draft is not decided, and what is decided is not decided again.
#[apply(on_both)]
fn a_proposal_is_decided_once(app: &App) {
    let proposal = announced(app)("TH");
    record(app, "secretary", &proposal, &approval()).refused(409, "invalid_state");
    submitted(app, &proposal);
    record(app, "secretary", &proposal, &approval()).expect(200);
    record(app, "secretary", &proposal, &json!({"outcome": "declined", "reason": "Nhầm"}))
        .refused(409, "invalid_state");
}

/// The head of TH sees TH's proposal, alone in its list; KT's is not there, and neither is its document.
#[apply(on_both)]
fn a_unit_sees_its_own_proposal_alone(app: &App) {
    let proposal = announced(app);
    let listed = app.get("th-head", "/v1/award-proposals").expect(200);
    let units: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|proposal| &proposal["unit_id"]).collect();
    assert_eq!(units, [&json!(app.unit_id("TH"))]);
    app.get("th-head", &proposal("TH")).expect(200);
    attach(app, "secretary", &proposal("KT"), "achievement_report", "kt.pdf", PDF).expect(200);
    app.get("th-head", &proposal("KT")).refused(404, "not_found");
    app.get("th-head", &format!("{}/documents/achievement_report", proposal("KT"))).refused(404, "not_found");
    let put = app.request("th-head", "PUT", &format!("{}/documents/achievement_report", proposal("KT"))).if_match("*");
    put.file("bao-cao.pdf", PDF).send().refused(404, "not_found");
}

/// The head attaches the unit's own report and nothing else; the editor reads.
#[apply(on_both)]
fn a_unit_head_attaches_the_achievement_report_alone(app: &App) {
    let proposal = announced(app)("TH");
    attach(app, "th-head", &proposal, "proposal_letter", "to-trinh.pdf", PDF).refused(403, "role_required");
    attach(app, "th-editor", &proposal, "achievement_report", "bao-cao.pdf", PDF).refused(403, "role_required");
    app.act("th-head", &proposal, "submit", None).refused(403, "role_required");
    let attached = attach(app, "th-head", &proposal, "achievement_report", "bao-cao.pdf", PDF).expect(200);
    let document = |at: usize| attached["dossier"]["documents"][at]["status"].clone();
    assert_eq!([document(0), document(1), document(2)], [json!("missing"), json!("missing"), json!("attached")]);
}

/// The eGov system records the decision on the unit that its token names, and knows of no other.
#[apply(on_both)]
fn the_integration_records_decisions_of_its_units(app: &App) {
    let proposal = announced(app);
    submitted(app, &proposal("TH"));
    submitted(app, &proposal("KT"));
    assert_eq!(record(app, "integration", &proposal("TH"), &approval()).expect(200)["status"], "approved");
    app.get("integration", &proposal("KT")).refused(404, "not_found");
}

/// What it may not read alone it does not read in a list either.
#[apply(on_both)]
fn the_integration_lists_the_proposals_of_its_units_alone(app: &App) {
    let _proposal = announced(app);
    let listed = app.get("integration", "/v1/award-proposals").expect(200);
    let units: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|proposal| &proposal["unit_id"]).collect();
    assert_eq!(units, [&json!(app.unit_id("TH"))]);
}

/// The council is told of the proposals and decides none of them; the appraiser neither.
#[apply(on_both)]
fn others_read_and_do_not_decide(app: &App) {
    let proposal = announced(app)("TH");
    submitted(app, &proposal);
    for person in ["council-chair", "kt-council", "hctc-appraiser", "auditor"] {
        record(app, person, &proposal, &approval()).refused(403, "role_required");
    }
    assert_eq!(app.get("auditor", &proposal).expect(200)["status"], "submitted");
}

/// Only what the dossier asks for is offered: here nobody asks for the unit's own report.
#[apply(on_both)]
fn a_document_that_is_not_asked_for_is_not_offered(app: &App) {
    app.finalized(&[("TH", &[])]);
    let offered = |person: &str, proposal: &str| -> Vec<String> {
        let seen = app.get(person, proposal).expect(200);
        let both = ["allowed_actions", "blocked_actions"].map(|list| seen[list].as_array().unwrap().clone()).concat();
        let names = both.iter().map(|offer| offer["action"].as_str().unwrap().to_owned());
        names.filter(|name| name.starts_with("attach")).collect()
    };
    let letter = r#"[{"code": "proposal_letter", "title": "Tờ trình"}]"#;
    crate::backends::execute(app, &format!("UPDATE periods SET required_documents = '{letter}'")).unwrap();
    app.set_clock("2023-11-30T02:00:00.000Z");
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
    let proposal = app.first_proposal();
    assert_eq!(offered("secretary", &proposal), ["attach_document"]);
    assert_eq!(offered("th-head", &proposal), [""; 0]);
    attach(app, "secretary", &proposal, "achievement_report", "1.pdf", PDF).refused(404, "not_found");
}

/// The notice is of 30 November: nobody decided on its proposals before it, and nobody has decided tomorrow.
#[apply(on_both)]
fn a_decision_is_between_the_notice_and_today(app: &App) {
    let proposal = announced(app)("TH");
    submitted(app, &proposal);
    app.set_clock("2023-12-20T02:00:00.000Z");
    for decided_on in ["1999-12-20", "2023-11-29", "2023-12-21"] {
        let decision = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": decided_on});
        let refusal = record(app, "secretary", &proposal, &decision).refused(422, "implausible_date");
        assert_eq!(refusal.faults(), [("implausible_date".to_owned(), "/decided_on".to_owned())], "{decided_on}");
        let range = json!({"earliest": "2023-11-30", "latest": "2023-12-20"});
        assert_eq!(refusal.json()["errors"][0]["params"], range);
    }
    record(app, "secretary", &proposal, &approval()).expect(200);
}
