//! The signed minutes of a session: `/v1/council-sessions/{id}/minutes`.

use actix_web::dev::Payload;
use actix_web::{HttpRequest, web};

use crate::domain::access::action::Action;
use crate::error::Code;
use crate::http::award::award_proposals::FileForm;
use crate::http::award::council_sessions::{SessionView, details_answer};
use crate::http::call::{Call, Reply};
use crate::http::files::{self, FileBytes};
use crate::http::operation::{Operation, changes, operations, reads};
use crate::http::{State, upload};
use crate::service;
use crate::service::award::minutes;

/// Returns the operations on minutes.
pub fn operations() -> Vec<Operation> {
    operations![Reviews, "council_sessions";
        attach_minutes: changes(Action::AttachMinutes).refuses(ATTACH_REFUSALS),
        get_minutes: reads(Action::ReadSessions),
    ]
}

const ATTACH_REFUSALS: &[Code] = &[Code::InvalidState, Code::FileTypeNotAllowed, Code::FileTooLarge, Code::FileEmpty];

/// Attach the minutes of a session.
///
/// A PDF or DOCX file, once the session was held, and after it was closed as well, since minutes are signed later. Replaces
/// minutes that were attached before, which the audit names.
#[utoipa::path(put, path = "/v1/council-sessions/{id}/minutes", request_body(content = FileForm, content_type = "multipart/form-data"), responses((status = 200, description = "Attached.", body = SessionView)))]
async fn attach_minutes(http: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Reply {
    let mut call = Call::without_body(&http).await?;
    let id = call.id("id")?;
    call.fetch(move |conn, context| minutes::may_attach(conn, context, &id)).await?;
    let payload: Payload = payload.into_inner();
    let app = &state.app;
    let received = upload::receive(&http, payload, &app.files, &app.ids.next(), &[], |_, _| Ok(())).await;
    let upload::Form { name, file, .. } = received.map_err(|error| call.problem(error))?;
    if let Err(error) = minutes::check_type(&file.stored) {
        app.files.discard(&file).await;
        return Err(call.problem(error));
    }
    let stored = service::files::promote(app, file).await.map_err(|error| call.problem(error))?;
    call.write(move |conn, context| details_answer(&minutes::attach(conn, context, &id, &name, &stored)?)).await
}

/// Download the minutes of a session.
#[utoipa::path(get, path = "/v1/council-sessions/{id}/minutes", responses((status = 200, description = "The file, as an attachment with its digest.", body = FileBytes, content_type = "application/octet-stream")))]
async fn get_minutes(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let file = call.fetch(move |conn, context| minutes::get(conn, context, &id)).await?;
    files::attachment(&call, file).await
}
