//! `/v1/audit-entries`.

use actix_web::web;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{OpenApi, ToSchema};

use super::call::{Call, Reply};
use super::page::ListView;
use super::{reading, resource};
use crate::domain::submission::instant;
use crate::service::audit;
use crate::store::audit::{Entry, Filter};

/// The paths of this page.
#[derive(OpenApi)]
#[openapi(paths(list), components(schemas(EntryView, ActorView, SubjectView)))]
pub struct Api;

/// Puts the paths on their handlers.
pub fn mount(config: &mut web::ServiceConfig) {
    config.service(resource("/v1/audit-entries").route(reading(list)));
}

/// Who made a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditActor)]
struct ActorView {
    /// `system` for what the clock or the command line did.
    issuer: String,
    subject: String,
}

/// What was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditSubject)]
struct SubjectView {
    #[serde(rename = "type")]
    #[schema(example = "submission")]
    kind: String,
    id: String,
}

/// A change, written in the transaction of the change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct EntryView {
    id: String,
    at: String,
    request_id: String,
    actor: ActorView,
    #[schema(example = "submission.submit")]
    action: String,
    subject: SubjectView,
    /// As it was; null where nothing was, or where it holds scores that the caller may not see.
    #[schema(value_type = Option<Object>)]
    before: Option<Box<RawValue>>,
    /// As it became.
    #[schema(value_type = Option<Object>)]
    after: Option<Box<RawValue>>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let raw = |text: Option<String>| text.and_then(|text| RawValue::from_string(text).ok());
        EntryView {
            id: entry.id,
            at: instant(entry.at.and_utc()),
            request_id: entry.request_id,
            actor: ActorView { issuer: entry.actor_issuer, subject: entry.actor_subject },
            action: entry.action,
            subject: SubjectView { kind: entry.subject_type, id: entry.subject_id },
            before: raw(entry.before_state),
            after: raw(entry.after_state),
        }
    }
}

/// List who changed what.
///
/// Whole for the auditor; the admin sees no scores.
#[utoipa::path(get, path = "/v1/audit-entries", tag = "audit", responses((status = 200, description = "A page, oldest first unless `sort=-id`.", body = ListView<EntryView>)))]
async fn list(mut call: Call) -> Reply {
    let query = call.query();
    let organization_id = query.id("organization_id");
    let filter = Filter {
        subject_types: query.words("subject_type"),
        subject_id: query.id("subject_id").map(|id| id.to_string()),
        actions: query.words("action"),
    };
    let asked = query.page(&["id"]);
    call.read(move |conn, context| {
        let rows = audit::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.id.clone(), EntryView::from)?)
    })
    .await
}
