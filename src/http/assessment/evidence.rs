//! The evidence of a sheet: `/v1/submissions/{id}/evidence` and `/v1/evidence`.

use actix_web::{HttpRequest, web};
use chrono::NaiveDate;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::evidence::{Classification, EgovDocument, Evidence, EvidenceKind, Label};
use crate::error::{Code, Error};
use crate::http::call::{Call, Reply};
use crate::http::files::{self, FileBytes, FileView};
use crate::http::operation::{Operation, creates, deletes, lists, operations, reads};
use crate::http::page::ListView;
use crate::http::time::{Day, Instant};
use crate::http::{State, json, upload};
use crate::service::assessment::evidence::{self, EvidenceCase, NewEvidence, NewProof};
use crate::service::{self, Answer, Input};

/// The operations on `evidence`.
pub fn operations() -> Vec<Operation> {
    operations![Evidence, "evidence";
        list: lists(Action::ReadSubmission),
        add: creates(Action::WriteEvidence).refuses(ADD_REFUSALS),
        add_reference: creates(Action::WriteEvidence).refuses(ADD_REFERENCE_REFUSALS),
        get: reads(Action::ReadSubmission),
        content: reads(Action::ReadSubmission),
        remove: deletes(Action::WriteEvidence).refuses(REMOVE_REFUSALS),
    ]
}

const ADD_REFUSALS: &[Code] = &[
    Code::InvalidState,
    Code::DeadlinePassed,
    Code::NotOwnUnit,
    Code::TooManyPieces,
    Code::ClassifiedContent,
    Code::UnknownCriterion,
    Code::FileTypeNotAllowed,
    Code::FileTooLarge,
    Code::FileEmpty,
];
const ADD_REFERENCE_REFUSALS: &[Code] = &[
    Code::InvalidState,
    Code::DeadlinePassed,
    Code::NotOwnUnit,
    Code::TooManyPieces,
    Code::ClassifiedContent,
    Code::UnknownCriterion,
    Code::DateOutOfRange,
    Code::UrlInvalid,
];
const REMOVE_REFUSALS: &[Code] = &[Code::InvalidState, Code::DeadlinePassed];

/// A piece of evidence: a file, or a document that the eGov system keeps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
struct EvidenceView {
    id: Id,
    submission_id: Id,
    /// Which line it proves.
    #[schema(example = "A.II.1")]
    criterion_code: String,
    title: String,
    kind: EvidenceKind,
    /// The file; null for a document. Its bytes: `GET /v1/evidence/{id}/content`.
    file: Option<FileView>,
    /// The document's number and symbol; null for a file, as the three below.
    #[schema(example = "12/BC-TH")]
    number: Option<String>,
    issued_on: Option<NaiveDate>,
    issuer: Option<String>,
    /// Where the document can be read.
    url: Option<String>,
    /// Taken off the sheet since; it stays with the revisions that were sent with it.
    removed: bool,
    /// The member who added it.
    added_by: Id,
    created_at: Instant,
}

impl From<&Evidence> for EvidenceView {
    fn from(piece: &Evidence) -> Self {
        let document = piece.proof.document();
        EvidenceView {
            id: piece.id,
            submission_id: piece.submission_id,
            criterion_code: piece.criterion_code.clone(),
            title: piece.title.clone(),
            kind: piece.proof.kind(),
            file: piece.proof.file().map(FileView::from),
            number: document.map(|document| document.number.clone()),
            issued_on: document.map(|document| document.issued_on),
            issuer: document.map(|document| document.issuer.clone()),
            url: document.and_then(|document| document.url.clone()),
            removed: !piece.is_current(),
            added_by: piece.added_by,
            created_at: Instant(piece.created_at),
        }
    }
}

/// A form with one file. Texts that stand before the file are refused before it is read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EvidenceForm {
    #[schema(example = "A.II.1")]
    criterion_code: String,
    title: String,
    /// Anything but `none` is refused.
    classification: Classification,
    /// PDF, DOCX, XLSX, PNG or JPEG by its bytes, at most 20 MiB.
    #[serde(default)]
    #[schema(value_type = String, format = Binary, required = true)]
    #[expect(dead_code, reason = "the file is read part by part; this is its place in the document")]
    file: (),
}

/// The kind of what is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DocumentKind {
    EgovDocument,
}

/// A document that the office's eGov system keeps.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EgovDocument, example = json!({"criterion_code": "A.II.1", "title": "Báo cáo tham mưu quý III", "classification": "none",
    "kind": "egov_document", "number": "12/BC-TH", "issued_on": "2023-10-05", "issuer": "Phòng Tổng hợp", "url": "https://egov.example.vn/van-ban/12"}))]
struct DocumentBody {
    criterion_code: String,
    title: String,
    /// Anything but `none` is refused.
    classification: Classification,
    #[expect(dead_code, reason = "a body without it, or with another, is refused as it is read")]
    kind: DocumentKind,
    /// Its number and symbol.
    number: String,
    /// Its date; not after today.
    issued_on: Day,
    /// Who issued it.
    issuer: String,
    /// Where it can be read.
    url: Option<String>,
}

impl From<DocumentBody> for NewEvidence {
    fn from(body: DocumentBody) -> Self {
        let DocumentBody { criterion_code, title, classification, number, issued_on, issuer, url, .. } = body;
        NewEvidence {
            label: Label { criterion_code, title, classification },
            proof: NewProof::EgovDocument(EgovDocument { number, issued_on: issued_on.into(), issuer, url }),
        }
    }
}

/// List the evidence of a sheet that the caller may see.
///
/// In the order in which it was added. While a sheet is with its unit again, others see what was last sent.
#[utoipa::path(get, path = "/v1/submissions/{id}/evidence", responses((status = 200, description = "All of it.", body = ListView<EvidenceView>)))]
async fn list(mut call: Call) -> Reply {
    let (id, asked) = (call.id("id")?, call.page_in_order());
    call.read(move |conn, context| {
        let (pieces, tag) = evidence::list(conn, context, &id)?;
        let page = asked.answer_of_all(pieces, |piece| piece.id.to_string(), |piece| EvidenceView::from(&piece))?;
        Ok(Answer { etag: Some(tag.header()), ..page })
    })
    .await
}

/// Add a document of the eGov system as a piece of evidence.
///
/// The sheet's tag moves on: the answer carries the new one.
#[utoipa::path(post, path = "/v1/submissions/{id}/evidence/references", request_body = DocumentBody,
    responses((status = 201, description = "Added.", body = EvidenceView)))]
async fn add_reference(call: Call) -> Reply {
    let input = call.body::<DocumentBody>().map(NewEvidence::from);
    added(call, input).await
}

/// Add a file as a piece of evidence.
///
/// The sheet's tag moves on: the answer carries the new one.
#[utoipa::path(post, path = "/v1/submissions/{id}/evidence",
    request_body(content = EvidenceForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Added.", body = EvidenceView)))]
async fn add(http: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Reply {
    let (http, payload) = (&http, payload.into_inner());
    let mut call = Call::without_body(http)?;
    let (id, has_idempotency_key) = (call.id("id")?, call.has_idempotency_key());
    call.fetch(move |conn, context| evidence::may_add(conn, context, &id, has_idempotency_key)).await?;
    let app = &state.app;
    let known = ["criterion_code", "title", "classification"];
    let received = upload::receive(http, payload, &app.files, &app.ids.next(), &known, accept).await;
    let form = received.map_err(|error| call.problem(error))?;
    let call = call.with_form(&form.digest());
    let label = form.read::<EvidenceForm>();
    let upload::Form { name, file, .. } = form;
    let input = match label {
        Ok(EvidenceForm { criterion_code, title, classification, .. }) => {
            let stored = service::files::promote(app, file).await.map_err(|error| call.problem(error))?;
            let label = Label { criterion_code, title, classification };
            Ok(NewEvidence { label, proof: NewProof::File { name, stored } })
        }
        Err(error) => {
            app.files.discard(&file).await;
            Err(error)
        }
    };
    added(call, input).await
}

/// Refuses a classified file as soon as it is said to be one.
fn accept(field: &str, text: &str) -> Result<(), Error> {
    if field != "classification" {
        return Ok(());
    }
    let known = Classification::deserialize(text.into_deserializer());
    known.map_err(|_: serde::de::value::Error| json::invalid("", "unknown_value", Some(field)))?.accept()
}

async fn added(call: Call, input: Input<NewEvidence>) -> Reply {
    let id = call.id("id")?;
    call.write(move |conn, context| {
        let added = evidence::add(conn, context, &id, &input)?;
        let piece = &added.visible.piece;
        Ok(Answer::created(&EvidenceView::from(piece), added.tag.header(), format!("/v1/evidence/{}", piece.id))?)
    })
    .await
}

/// Read a piece of evidence.
#[utoipa::path(get, path = "/v1/evidence/{id}", responses((status = 200, description = "What is said of it.", body = EvidenceView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let details = context.get::<EvidenceCase>(conn, &id)?;
        Ok(Answer::ok(&EvidenceView::from(&details.visible.piece), details.tag.header())?)
    })
    .await
}

/// Read the file of a piece of evidence.
///
/// As an attachment that no browser runs, with its digest in `Repr-Digest`. A document of the eGov system has none: 404.
#[utoipa::path(get, path = "/v1/evidence/{id}/content",
    responses((status = 200, description = "The file.", body = FileBytes, content_type = "application/octet-stream")))]
async fn content(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let file = call.fetch(move |conn, context| evidence::file(conn, context, &id)).await?;
    files::attachment(&call, file).await
}

/// Take a piece of evidence off the sheet.
///
/// Only while the sheet is editable, with the sheet's tag. What was sent stays with the revisions that were sent with it.
#[utoipa::path(delete, path = "/v1/evidence/{id}", operation_id = "delete", responses((status = 204, description = "Taken off; the header carries the sheet's new tag.")))]
async fn remove(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        let tag = evidence::remove(conn, context, &id)?;
        Ok(Answer { etag: Some(tag.header()), ..Answer::nothing() })
    })
    .await
}
