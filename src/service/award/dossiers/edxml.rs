//! The edXML envelope of a dossier (QCVN 102:2016/BTTTT), unsigned.
//!
//! The order of the elements and their prefixes are those that platforms in use exchange: the prefix inside the envelope,
//! the default namespace for the attachments. Lists of codes are not public, so their elements stay empty, as does
//! everything that the data do not tell. The national axis has not accepted an envelope of this service.

use std::io;

use chrono::NaiveDate;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::Dossier;
use crate::domain::award::award_proposal::Document;
use crate::domain::file::AttachedFile;
use crate::error::{Code, Error};

const NAMESPACE: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";
const PREFIX: &str = "edXML:";
const LABEL: &str = " Chưa ký số; chưa được Trục liên thông văn bản quốc gia xác nhận. \
                     Unsigned; not yet accepted by the national document exchange axis. ";
/// Who receives a dossier, as the guideline names them.
const RECEIVER: &str = "Hội đồng Thi đua - Khen thưởng tỉnh";

/// What the sender adds to a dossier.
#[derive(Debug, Clone, Default)]
pub struct Posting {
    /// Number and symbol of the proposal letter.
    pub number: Option<String>,
    /// Date of the proposal letter.
    pub issued_on: Option<NaiveDate>,
    /// Code of the receiving agency.
    pub receiver: Option<String>,
}

/// An envelope without its attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What precedes the attachments.
    pub head: String,
    /// What follows them.
    pub tail: String,
}

/// An element: a name with text or with children.
enum Element<'a> {
    Text(&'static str, &'a str),
    Owned(&'static str, String),
    Parent(&'static str, Vec<Element<'a>>),
}

use Element::{Owned, Parent, Text};

/// Returns the envelope of a dossier.
///
/// # Errors
/// `agency_code_missing` where the office has no code.
pub fn envelope(dossier: &Dossier, posting: &Posting) -> Result<Envelope, Error> {
    let code = dossier.organization.agency_code.as_deref().ok_or(Code::AgencyCodeMissing)?;
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write_head(&mut writer, dossier, posting, code).map_err(Error::internal)?;
    let head = String::from_utf8(writer.into_inner()).map_err(Error::internal)?;
    Ok(Envelope { head, tail: "\n  </AttachmentEncoded>\n</edXML>\n".to_owned() })
}

type Xml = Writer<Vec<u8>>;

fn write_head(writer: &mut Xml, dossier: &Dossier, posting: &Posting, code: &str) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Comment(BytesText::from_escaped(LABEL)))?;
    writer.write_event(Event::Start(BytesStart::new("edXML").with_attributes([("xmlns", NAMESPACE)])))?;
    let root = BytesStart::new(format!("{PREFIX}edXMLEnvelope")).with_attributes([("xmlns:edXML", NAMESPACE)]);
    writer.write_event(Event::Start(root))?;
    write(writer, PREFIX, &header(dossier, posting, code))?;
    writer.write_event(Event::Start(BytesStart::new(format!("{PREFIX}edXMLBody"))))?;
    let manifest = BytesStart::new(format!("{PREFIX}edXMLManifest")).with_attributes([("version", "1.0")]);
    writer.write_event(Event::Start(manifest))?;
    for (at, (document, file)) in dossier.attached().enumerate() {
        let reference = vec![
            Owned("ContentId", content_id(at)),
            Text("ContentType", &file.media_type),
            Text("Description", &document.title),
            Text("AttachmentName", &file.name),
        ];
        write(writer, PREFIX, &Parent("Reference", reference))?;
    }
    for name in ["edXMLManifest", "edXMLBody", "edXMLEnvelope"] {
        writer.write_event(Event::End(BytesEnd::new(format!("{PREFIX}{name}"))))?;
    }
    writer.write_event(Event::Start(BytesStart::new("AttachmentEncoded")))
}

/// Returns an attachment up to its content, and what follows the content.
pub fn attachment(at: usize, document: &Document, file: &AttachedFile) -> io::Result<(String, String)> {
    let mut writer = Writer::new(Vec::new());
    let fields = [
        Owned("ContentId", content_id(at)),
        Text("AttachmentName", &file.name),
        Text("Description", &document.title),
        Text("ContentType", &file.media_type),
    ];
    for field in &fields {
        write(&mut writer, "", field)?;
    }
    let fields = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    let before = format!("\n    <Attachment>{fields}<ContentTransferEncoded>");
    Ok((before, "</ContentTransferEncoded></Attachment>".to_owned()))
}

fn content_id(at: usize) -> String {
    format!("cid:{}", at + 1)
}

fn header<'a>(dossier: &'a Dossier, posting: &'a Posting, code: &'a str) -> Element<'a> {
    let Dossier { proposal, unit, period, organization } = dossier;
    let year = period.rules.year;
    let award = period.rules.award_title(proposal.group_code.as_deref(), &proposal.award_code);
    let subject = format!("Đề nghị tặng {award} năm {year} cho tập thể {}", unit.name);
    let number = posting.number.as_deref().unwrap_or_default();
    let (digits, notation) = number.split_once('/').unwrap_or((number, ""));
    let on = posting.issued_on.map(|on| on.format("%Y/%m/%d").to_string()).unwrap_or_default();
    let document_id = match number.is_empty() || on.is_empty() {
        true => String::new(),
        false => format!("{code},{on},{number}"),
    };
    let changed_at = proposal.updated_at.with_timezone(&organization.zone()).format("%Y/%m/%d %H:%M:%S").to_string();
    let letter = |document: &&Document| document.code == "proposal_letter";
    let others = dossier.attached().map(|(document, _)| document).filter(|document| !letter(document));
    let appendixes = others.map(|document| Text("Appendix", &document.title)).collect();
    let mut message = vec![Parent("From", party(code, &organization.name))];
    message.extend(posting.receiver.as_deref().map(|receiver| Parent("To", party(receiver, RECEIVER))));
    message.extend([
        Owned("DocumentId", document_id.clone()),
        Parent("Code", vec![Text("CodeNumber", digits), Text("CodeNotation", notation)]),
        Parent("PromulgationInfo", vec![Text("Place", ""), Owned("PromulgationDate", on)]),
        Parent("DocumentType", vec![Text("Type", ""), Text("TypeDetail", ""), Text("TypeName", "Tờ trình")]),
        Owned("Subject", subject.clone()),
        Owned("Content", subject),
        Parent("SignerInfo", vec![Text("Competence", ""), Text("Position", ""), Text("FullName", "")]),
        Text("DueDate", ""),
        Parent(
            "OtherInfo",
            vec![
                Text("Priority", "0"),
                Text("SphereOfPromulgation", ""),
                Text("TyperNotation", "TTr"),
                Text("PromulgationAmount", ""),
                Text("PageAmount", ""),
                Text("Direction", "false"),
                Parent("Appendixes", appendixes),
            ],
        ),
        Text("SteeringType", ""),
        Parent("ToPlaces", vec![Text("Place", RECEIVER)]),
    ]);
    let staff = ["Department", "Staff", "Email", "Mobile"].map(|name| Text(name, "")).into();
    let business = vec![
        Owned("DocumentId", document_id),
        Text("BussinessDocType", "0"),
        Text("BussinessDocReason", "Văn bản điện tử mới"),
        Text("Paper", "0"),
        Parent("StaffInfo", staff),
    ];
    let trace = vec![
        Parent("TraceHeader", vec![Text("OrganId", code), Owned("Timestamp", changed_at)]),
        Parent("Bussiness", business),
    ];
    Parent("edXMLHeader", vec![Parent("MessageHeader", message), Parent("TraceHeaderList", trace)])
}

fn party<'a>(code: &'a str, name: &'a str) -> Vec<Element<'a>> {
    let unknown = ["OrganAdd", "Email", "Telephone", "Fax", "Website"].map(|name| Text(name, ""));
    let known = [Text("OrganId", code), Text("OrganizationInCharge", name), Text("OrganName", name)];
    known.into_iter().chain(unknown).collect()
}

fn write(writer: &mut Xml, prefix: &str, element: &Element) -> io::Result<()> {
    let (Text(name, _) | Owned(name, _) | Parent(name, _)) = element;
    let name = format!("{prefix}{name}");
    let text = match element {
        Text(_, text) => *text,
        Owned(_, text) => text,
        Parent(_, children) => {
            writer.write_event(Event::Start(BytesStart::new(name.as_str())))?;
            for child in children {
                write(writer, prefix, child)?;
            }
            return writer.write_event(Event::End(BytesEnd::new(name.as_str())));
        }
    };
    // What XML cannot contain.
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    writer.write_event(Event::Start(BytesStart::new(name.as_str())))?;
    writer.write_event(Event::Text(BytesText::new(&text)))?;
    writer.write_event(Event::End(BytesEnd::new(name.as_str())))
}
