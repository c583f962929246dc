//! Evidence for the lines of a submission: `/v1/submissions/{id}/evidence` and `/v1/evidence`.

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

/// Returns the operations on `evidence`.
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
    Code::ImplausibleDate,
    Code::UrlInvalid,
];
const REMOVE_REFUSALS: &[Code] = &[Code::InvalidState, Code::DeadlinePassed];

/// A piece of evidence: an uploaded file, or a reference to a document in the eGov system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
struct EvidenceView {
    /// Id of the piece of evidence.
    id: Id,
    /// The submission that it belongs to.
    submission_id: Id,
    /// Code of the criterion that it supports.
    #[schema(example = "A.II.1")]
    criterion_code: String,
    /// Title shown to reviewers.
    title: String,
    /// Whether it is a file or a document in the eGov system.
    kind: EvidenceKind,
    /// The uploaded file; null for a document. Download it with `GET /v1/evidence/{id}/content`.
    file: Option<FileView>,
    /// Number and symbol of the document; null for a file.
    #[schema(example = "12/BC-TH")]
    number: Option<String>,
    /// Date of the document; null for a file.
    issued_on: Option<NaiveDate>,
    /// Authority that issued the document; null for a file.
    issuer: Option<String>,
    /// Web address of the document; null if there is none.
    url: Option<String>,
    /// Whether it has been removed from the submission. It remains part of the revisions that it was submitted with.
    removed: bool,
    /// Id of the member who added it.
    added_by: Id,
    /// When the piece of evidence was created.
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

/// A form with one file. Text fields that precede the file are checked before the file is read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EvidenceForm {
    /// Code of the criterion that the file supports.
    #[schema(example = "A.II.1")]
    criterion_code: String,
    /// Title shown to reviewers; at most 1,000 characters.
    title: String,
    /// Security classification of the file. Anything but `none` is rejected.
    classification: Classification,
    /// The file, at most 20 MiB. PDF, DOCX, XLSX, PNG and JPEG are accepted, determined by the content.
    #[serde(default)]
    #[schema(value_type = String, format = Binary, required = true)]
    #[expect(dead_code, reason = "the file is read part by part; this is its place in the document")]
    file: (),
}

/// The kind of evidence that is not a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DocumentKind {
    /// A document in the office's eGov system.
    EgovDocument,
}

/// A reference to a document in the office's eGov system.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EgovDocument, example = json!({"criterion_code": "A.II.1", "title": "Báo cáo tham mưu quý III", "classification": "none",
    "kind": "egov_document", "number": "12/BC-TH", "issued_on": "2023-10-05", "issuer": "Phòng Tổng hợp", "url": "https://egov.example.vn/van-ban/12"}))]
struct DocumentBody {
    /// Code of the criterion that the document supports.
    criterion_code: String,
    /// Title shown to reviewers; at most 1,000 characters.
    title: String,
    /// Security classification of the document. Anything but `none` is rejected.
    classification: Classification,
    /// Always `egov_document`.
    #[expect(dead_code, reason = "a body without it, or with another, is refused as it is read")]
    kind: DocumentKind,
    /// Number and symbol of the document; at most 64 characters.
    number: String,
    /// Date of the document; not in the future.
    issued_on: Day,
    /// Authority that issued the document; at most 1,000 characters.
    issuer: String,
    /// Web address of the document, `http` or `https`.
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

/// List the evidence of a submission.
///
/// In the order in which it was added. While a submission is back with its unit, other callers see the evidence as it
/// was last submitted.
#[utoipa::path(get, path = "/v1/submissions/{id}/evidence", responses((status = 200, description = "A page of the evidence.", body = ListView<EvidenceView>)))]
async fn list(mut call: Call) -> Reply {
    let (id, asked) = (call.id("id")?, call.page_in_order());
    call.read(move |conn, context| {
        let (pieces, tag) = evidence::list(conn, context, &id)?;
        let page = asked.answer_of_all(pieces, |piece| piece.id.to_string(), |piece| EvidenceView::from(&piece))?;
        Ok(Answer { etag: Some(tag.header()), ..page })
    })
    .await
}

/// Add a reference to an eGov document as evidence.
///
/// Adding evidence changes the `ETag` of the submission; the response carries the new one.
#[utoipa::path(post, path = "/v1/submissions/{id}/evidence/references", request_body = DocumentBody,
    responses((status = 201, description = "Added.", body = EvidenceView)))]
async fn add_reference(call: Call) -> Reply {
    let input = call.body::<DocumentBody>().map(NewEvidence::from);
    added(call, input).await
}

/// Add a file as evidence.
///
/// Adding evidence changes the `ETag` of the submission; the response carries the new one.
#[utoipa::path(post, path = "/v1/submissions/{id}/evidence",
    request_body(content = EvidenceForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Added.", body = EvidenceView)))]
async fn add(http: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Reply {
    let (http, payload) = (&http, payload.into_inner());
    let mut call = Call::without_body(http).await?;
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

/// Rejects a classified file as soon as its classification is known.
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

/// Get a piece of evidence.
#[utoipa::path(get, path = "/v1/evidence/{id}", responses((status = 200, description = "The piece of evidence.", body = EvidenceView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let details = context.get::<EvidenceCase>(conn, &id)?;
        Ok(Answer::ok(&EvidenceView::from(&details.visible.piece), details.tag.header())?)
    })
    .await
}

/// Download the file of a piece of evidence.
///
/// Served as an attachment that browsers do not render, with its digest in `Repr-Digest`. Returns 404 for a document of
/// the eGov system, which has no file.
#[utoipa::path(get, path = "/v1/evidence/{id}/content",
    responses((status = 200, description = "The file.", body = FileBytes, content_type = "application/octet-stream")))]
async fn content(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let file = call.fetch(move |conn, context| evidence::file(conn, context, &id)).await?;
    files::attachment(&call, file).await
}

/// Remove a piece of evidence from the submission.
///
/// Possible while the submission can be edited, with the `ETag` of the submission. Evidence that was submitted remains
/// part of its revisions.
#[utoipa::path(delete, path = "/v1/evidence/{id}", operation_id = "delete", responses((status = 204, description = "Removed. The `ETag` header carries the new tag of the submission.")))]
async fn remove(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        let tag = evidence::remove(conn, context, &id)?;
        Ok(Answer { etag: Some(tag.header()), ..Answer::nothing() })
    })
    .await
}
