//! Dossiers that are handed on: as an archive, and as an edXML envelope.

use std::io::{Cursor, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{App, Response, apply, on_both};

/// TH with two of three documents: one of three mebibytes, which is more than a chunk and no multiple of three.
fn incomplete_dossier(app: &App) -> (String, Vec<u8>) {
    app.announced(&[("TH", &[])]);
    let proposal = app.first_proposal();
    let mut large = b"%PDF-1.7\n".to_vec();
    large.extend((0..3 * 1024 * 1024 + 1_u32).map(|at| u8::try_from(at * 7 % 251).unwrap()));
    for (code, name, bytes) in
        [("proposal_letter", "tờ trình.pdf", large.as_slice()), ("achievement_report", "../x<&>.pdf", b"%PDF-1.7\n")]
    {
        let request = app.request("secretary", "PUT", &format!("{proposal}/documents/{code}"));
        request.if_match(&app.tag("secretary", &proposal)).file(name, bytes).send().expect(200);
    }
    (proposal, large)
}

/// The entries of an archive, in order.
fn entries(response: &Response) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(&response.bytes)).unwrap();
    let mut entry = |at| {
        let mut entry = archive.by_index(at).unwrap();
        let (name, mut bytes) = (entry.name().unwrap().to_string(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    };
    (0..4).map(&mut entry).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is attached is inside, under its code; the manifest has the digest of everything; what is missing is named.
#[apply(on_both)]
fn a_dossier_is_an_archive_with_a_manifest(app: &App) {
    let (proposal, large) = incomplete_dossier(app);
    let response = app.get("th-head", &format!("{proposal}/dossier.zip"));
    assert_eq!((response.status, response.header("content-type")), (200, "application/zip"));
    let entries = entries(&response);
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["metadata.json", "documents/proposal_letter.pdf", "documents/achievement_report.pdf", "manifest.sha256"];
    assert_eq!(names, expected);
    assert!(entries[1].1 == large);
    let lines: String = entries[..3].iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect();
    assert_eq!(String::from_utf8_lossy(&entries[3].1), lines);
    let metadata: Value = serde_json::from_slice(&entries[0].1).unwrap();
    let seen = app.get("th-head", &proposal).expect(200);
    let of_metadata = &metadata["proposal"];
    assert_eq!((&of_metadata["dossier"], &of_metadata["rank"]), (&seen["dossier"], &json!(1)));
    assert_eq!((&metadata["unit"]["code"], &metadata["notice"]["number"]), (&json!("TH"), &json!("1234/TB-VP")));
    let documents = of_metadata["dossier"]["documents"].as_array().unwrap();
    assert!(
        documents.iter().any(|document| document["code"] == "party_cell_rating" && document["status"] == "missing")
    );
}

/// The tag follows the documents; another unit's dossier is not there.
#[apply(on_both)]
fn an_unchanged_dossier_is_not_sent_again(app: &App) {
    let (proposal, _) = incomplete_dossier(app);
    let path = format!("{proposal}/dossier.zip");
    let first = app.get("secretary", &path);
    let again = || app.request("secretary", "GET", &path).header("if-none-match", &first.etag()).send().status;
    assert_eq!((again(), app.get("secretary", &path).bytes == first.bytes), (304, true));
    let attach = app.request("secretary", "PUT", &format!("{proposal}/documents/party_cell_rating"));
    attach.if_match(&app.tag("secretary", &proposal)).file("x.pdf", b"%PDF-1.7\n").send().expect(200);
    assert_eq!(again(), 200);
    app.get("kt-head", &path).refused(404, "not_found");
}

/// The paths of the elements that have text, with their text, and the comment of the document.
fn elements(xml: &[u8]) -> (Vec<(String, String)>, String) {
    let mut reader = Reader::from_reader(xml);
    let (mut path, mut found, mut comment, mut buffer) = (Vec::new(), Vec::new(), String::new(), Vec::new());
    loop {
        match reader.read_event_into(&mut buffer).unwrap() {
            Event::Start(start) => path.push(start.name().as_ref().to_string()),
            Event::End(_) => drop(path.pop()),
            Event::Text(text) => {
                let text = text.to_string();
                if !text.trim().is_empty() {
                    found.push((path.join(">"), text));
                }
            }
            Event::GeneralRef(entity) => {
                found.push((path.join(">"), format!("&{};", &*entity)));
            }
            Event::Comment(text) => comment = text.to_string(),
            Event::Eof => return (found, comment),
            Event::Empty(_) | Event::CData(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        buffer.clear();
    }
}

/// The names of the elements between two tags of the envelope, in order.
fn children(xml: &str, of: &str) -> Vec<String> {
    let inside = xml.split_once(&format!("<{of}>")).unwrap().1.split_once(&format!("</{of}>")).unwrap().0;
    let (mut depth, mut names) = (0, Vec::new());
    for tag in inside.split('<').skip(1) {
        match tag.strip_prefix('/') {
            Some(_) => depth -= 1,
            None => {
                if depth == 0 {
                    names.push(tag.split(['>', ' ', '/']).next().unwrap().to_owned());
                }
                depth += i32::from(!tag.split_once('>').unwrap().0.ends_with('/'));
            }
        }
    }
    names
}

/// The order and the prefixes of the envelope, and every document byte for byte.
#[apply(on_both)]
fn an_envelope_has_the_structure_of_edxml(app: &App) {
    let (proposal, large) = incomplete_dossier(app);
    let path = format!("{proposal}/export.edxml?number=12/TTr-VP&issued_on=2023-12-01&receiver=000.00.11.H53");
    app.get("secretary", &path).refused(409, "agency_code_missing");
    let office = app.get("admin", "/v1/organizations").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let office = format!("/v1/organizations/{office}");
    let request = app.request("operator", "PATCH", &office).if_match(&app.tag("operator", &office));
    request.json(&json!({"agency_code": "000.00.20.H53"})).send().expect(200);
    let response = app.get("secretary", &path);
    assert_eq!((response.status, response.header("content-type")), (200, "application/xml"));
    let xml = String::from_utf8(response.bytes.clone()).unwrap();
    let (found, comment) = elements(&response.bytes);
    assert!(comment.contains("chưa được Trục liên thông văn bản quốc gia xác nhận"), "{comment}");
    let namespace = "http://www.mic.gov.vn/TBT/QCVN_102_2016";
    assert!(xml.contains(&format!("<edXML xmlns=\"{namespace}\">")));
    assert!(xml.contains(&format!("<edXML:edXMLEnvelope xmlns:edXML=\"{namespace}\">")));
    let with_prefix = |names: &str| names.split(' ').map(|name| format!("edXML:{name}")).collect::<Vec<_>>();
    for (parent, names) in [
        ("edXML:edXMLHeader", "MessageHeader TraceHeaderList"),
        (
            "edXML:MessageHeader",
            "From To DocumentId Code PromulgationInfo DocumentType Subject Content SignerInfo DueDate OtherInfo SteeringType \
             ToPlaces",
        ),
        ("edXML:From", "OrganId OrganizationInCharge OrganName OrganAdd Email Telephone Fax Website"),
        (
            "edXML:OtherInfo",
            "Priority SphereOfPromulgation TyperNotation PromulgationAmount PageAmount Direction Appendixes",
        ),
        ("edXML:Bussiness", "DocumentId BussinessDocType BussinessDocReason Paper StaffInfo"),
    ] {
        assert_eq!(children(&xml, parent), with_prefix(names), "{parent}");
    }
    let text = |end: &str| found.iter().find(|(path, _)| path.ends_with(end)).map(|(_, text)| text.as_str());
    for (end, expected) in [
        ("From>edXML:OrganId", "000.00.20.H53"),
        ("To>edXML:OrganId", "000.00.11.H53"),
        ("MessageHeader>edXML:DocumentId", "000.00.20.H53,2023/12/01,12/TTr-VP"),
        ("edXML:CodeNumber", "12"),
        ("edXML:CodeNotation", "TTr-VP"),
        ("edXML:PromulgationDate", "2023/12/01"),
        ("edXML:Subject", "Đề nghị tặng Cờ thi đua xuất sắc năm 2023 cho tập thể Phòng Tổng hợp"),
        ("edXML:Appendix", "Báo cáo thành tích của tập thể"),
        ("Reference>edXML:ContentId", "cid:1"),
        ("Attachment>ContentId", "cid:1"),
    ] {
        assert_eq!(text(end), Some(expected), "{end}");
    }
    let contents = found.iter().filter(|(path, _)| path == "edXML>AttachmentEncoded>Attachment>ContentTransferEncoded");
    let contents: Vec<Vec<u8>> = contents.map(|(_, text)| STANDARD.decode(text).unwrap()).collect();
    assert!(contents == [large, b"%PDF-1.7\n".to_vec()]);
    assert!(xml.contains("x&lt;&amp;&gt;.pdf</AttachmentName>"));
    assert!(!xml.contains("Signature"));
}
