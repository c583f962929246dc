//! Drafts of the documents that an office signs.

use actix_web::http::header;
use actix_web::web;
use bytes::Bytes;

use crate::domain::access::action::Action;
use crate::error::{Code, Error};
use crate::http::call::{Call, Reply};
use crate::http::files::{self, FileBytes};
use crate::http::operation::{Operation, operations, reads};
use crate::service::award::documents::{self, Draft};
use crate::service::tag;

/// Returns the operations on drafts.
pub fn operations() -> Vec<Operation> {
    let mut all = operations![Awards, "award_proposals";
        proposal_draft: reads(Action::ReadProposal).refuses(&[Code::DraftNotAvailable]),
    ];
    all.extend(operations![Reviews, "council_sessions";
        minutes_draft: reads(Action::ReadSessions),
    ]);
    all.extend(operations![Results, "periods";
        notice_draft: reads(Action::ReadRanking).refuses(&[Code::InvalidState]),
    ]);
    all
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

async fn file(call: &Call, draft: Draft) -> Reply {
    let name = draft.file_name();
    let written = web::block(move || draft.write()).await.map_err(Error::internal).and_then(|written| written);
    let bytes = Bytes::from(written.map_err(|error| call.problem(error))?);
    let etag = tag::of_body(&bytes);
    if call.etag_matches(&etag) {
        return Ok(files::not_modified(&etag));
    }
    Ok(files::attachment_response(&name, DOCX).insert_header((header::ETAG, etag)).body(bytes))
}

/// Draft a document of the dossier.
///
/// A DOCX file in Vietnamese, in the form of Decree 30/2020/NĐ-CP, filled from the data, with dots where something has
/// to be completed by hand. There are drafts of `proposal_letter` and `achievement_report`; any other document is
/// rejected with `draft_not_available`. The report has the points of each section if the caller may read the unit's
/// submission.
#[utoipa::path(get, path = "/v1/award-proposals/{id}/documents/{code}/draft", operation_id = "draft_document", params(("code" = String, Path, description = "Code of the document.", example = "proposal_letter")),
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document")))]
async fn proposal_draft(call: Call) -> Reply {
    let (id, code) = (call.id("id")?, call.segment("code"));
    let mut call = call.accepting_any();
    let draft = call.fetch(move |conn, context| documents::of_proposal(conn, context, &id, &code)).await?;
    file(&call, draft).await
}

/// Draft the minutes of a session.
///
/// A DOCX file in Vietnamese, in the form of Decree 30/2020/NĐ-CP: who presides, attendance, written opinions, quorum,
/// agenda, the results as they are now, votes with their thresholds, and the decisions on ties that the session took if the caller may read them. Possible in every state, to prepare the
/// session as well.
#[utoipa::path(get, path = "/v1/council-sessions/{id}/minutes/draft", operation_id = "draft_minutes",
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document")))]
async fn minutes_draft(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let draft = call.fetch(move |conn, context| documents::of_session(conn, context, &id)).await?;
    file(&call, draft).await
}

/// Draft the result notice.
///
/// A DOCX file in Vietnamese, in the form of Decree 30/2020/NĐ-CP, with the final ranking. Possible from the
/// finalisation on; number and date are filled in once the results are announced. Visible to those who see the ranking.
#[utoipa::path(get, path = "/v1/periods/{id}/notice/draft", operation_id = "draft_notice",
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document")))]
async fn notice_draft(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let draft = call.fetch(move |conn, context| documents::of_period(conn, context, &id)).await?;
    file(&call, draft).await
}
